//! The head of the chain of events: how far it reaches, and when all events were sealed last. It is kept beside the seals, so
//! that it shows when the newest of them are taken away, and whether events are sealed late because nobody sealed.

use crate::{Ctx, Error};
use db::{Moment, Tx};
use domain::Timestamp;
use jiff::SignedDuration;
use store::{event::Seal, setting};

const NAME: &str = "chain_head";
/// How often it is written while nothing happens.
const EVERY: SignedDuration = SignedDuration::from_mins(5);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// When a round of sealing left no event unsealed, by the wall clock in microseconds; 0 before the first.
    pub round_at: i64,
    /// The end of the newest seal, and its hash in hexadecimal.
    pub seq: i64,
    pub hash: String,
}

impl Head {
    /// The head as it is kept; it begins with the database. Releases before kept none.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn kept(tx: &mut Tx) -> Result<Option<Self>, Error> {
        let Some(text) = setting::get(tx, NAME)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        let mut words = text.split(' ');
        let mut number = || words.next().and_then(|word| word.parse().ok());
        let (round_at, seq) = (number(), number());
        match (round_at, seq, words.next()) {
            (Some(round_at), Some(seq), Some(hash)) => Ok(Some(Self { round_at, seq, hash: hash.to_owned() })),
            // It names no seal that there is: that is damage, and a person seals again.
            _ => Ok(Some(Self { round_at: 0, seq: i64::MIN, hash: text })),
        }
    }

    /// Whether the newest seal is the one that it names. That of a new database names none.
    #[must_use]
    pub fn fits(&self, newest: Option<&Seal>) -> bool {
        match newest {
            Some(seal) => seal.last_seq == self.seq && hex::encode(&seal.hash) == self.hash,
            None => self.seq == i64::MIN && self.hash.is_empty(),
        }
    }

    fn put(&self, tx: &mut Tx) -> Result<(), Error> {
        Ok(setting::put(tx, NAME, &format!("{} {} {}", self.round_at, self.seq, self.hash))?)
    }
}

/// When a node was last seen to run: it sealed, or something happened.
///
/// # Errors
/// [`Error::Store`].
pub fn last_alive(tx: &mut Tx) -> Result<Option<Timestamp>, Error> {
    let round = Head::kept(tx)?.map(|head| head.round_at).filter(|at| *at > 0);
    let last = store::event::any_last(tx)?;
    let event = store::event::any_between(tx, last.saturating_sub(1), last, 1)?.first().map(|e| e.recorded_at);
    Ok(round.max(event).and_then(Moment::of_micros).map(Moment::at))
}

/// A seal was made; when all events were sealed last stays.
pub(super) fn moved(tx: &mut Tx, seal: &Seal, last_round: Option<i64>) -> Result<(), Error> {
    let round_at = last_round.unwrap_or(seal.sealed_at);
    Head { round_at, seq: seal.last_seq, hash: hex::encode(&seal.hash) }.put(tx)
}

/// The chain ends at the newest seal that there is, whatever was kept.
pub(super) fn ends_here(tx: &mut Tx, former: Option<&Head>) -> Result<(), Error> {
    match store::event::last_seal(tx)? {
        Some(seal) => moved(tx, &seal, former.map(|head| head.round_at)),
        None => Ok(setting::put(tx, NAME, "")?),
    }
}

/// No event is left unsealed.
pub(super) fn rounded(tx: &mut Tx, ctx: &Ctx, former: Head) -> Result<(), Error> {
    let now = ctx.wall_micros();
    // One in the future was noted by a clock that was put right since.
    let since = now.saturating_sub(former.round_at);
    if (0..i64::try_from(EVERY.as_micros()).unwrap_or(i64::MAX)).contains(&since) {
        return Ok(());
    }
    Head { round_at: now, ..former }.put(tx)
}
