//! The hash chain over the events: sealed in an order that commits cannot change, walked by `verify`, and made again with a
//! reason where it was damaged.

use super::{
    About,
    head::{self, Head},
};
use crate::{Ctx, Error};
use db::{Key, Lock, Moment, Tx};
use domain::text;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::event::{self, Event, Seal};

/// Whoever writes the chain holds it until their transaction ends.
const CHAIN: Key = Key(*b"chain of events.");

/// Events that one seal covers at most.
const SEAL_BATCH: i64 = 1_000;

/// What a seal covers of its events from this form on: all of their columns.
const COLUMNS: i64 = 2;
/// The form of new seals: they are made soon after their events, or say why not.
const FORM: i64 = 3;

fn chain(form: i64, former: &[u8], events: &[Event]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(former);
    for e in events {
        hash.update(e.seq.to_be_bytes());
        hash.update(e.at.to_be_bytes());
        if form >= COLUMNS {
            hash.update(e.recorded_at.to_be_bytes());
            for id in [e.order_id, e.instance_id, e.product_id, e.account_id] {
                hash.update([u8::from(id.is_some())]);
                hash.update(id.map_or([0; 16], |id| id.0));
            }
        }
        for text in [&e.kind, &e.actor, &e.data] {
            hash.update(text.len().to_be_bytes());
            hash.update(text.as_bytes());
        }
    }
    hash.finalize().to_vec()
}

/// A place in the events before which no more come once the transactions that were open then have ended: transactions
/// commit in another order than their events stand in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Horizon {
    seq: i64,
    writers: Vec<String>,
}

impl Horizon {
    /// The last committed event, and who may still commit events that stand before it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn now(tx: &mut Tx) -> Result<Self, Error> {
        // In this order: whoever had appended before the last event is open still, or has ended and is seen by the sealer.
        let seq = event::any_last(tx)?;
        Ok(Self { seq, writers: event::any_writers(tx)? })
    }

    fn is_settled(&self, tx: &mut Tx) -> Result<bool, Error> {
        if self.writers.is_empty() {
            return Ok(true);
        }
        let open = event::any_writers(tx)?;
        Ok(!self.writers.iter().any(|w| open.contains(w)))
    }
}

/// What a round of sealing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// So many events; there may be more before the horizon.
    Events(usize),
    /// All before the horizon are sealed.
    All,
    /// A transaction that was open at the horizon is open still.
    Waiting,
    /// The newest seals were taken away or replaced: nothing is sealed over it before a person has looked ([`reseal`]).
    Damaged,
}

/// Seals the next events before a horizon into the hash chain, in an order that no commit changes any more.
///
/// # Errors
/// [`Error::Store`]; a unique violation when another node sealed them.
pub fn seal(tx: &mut Tx, ctx: &Ctx, horizon: &Horizon) -> Result<Sealed, Error> {
    // Several nodes seal: each sees what the one before it wrote.
    db::dialect::one_at_a_time(tx, Lock::Chain, CHAIN)?;
    if !horizon.is_settled(tx)? {
        return Ok(Sealed::Waiting);
    }
    let (newest, head) = (event::last_seal(tx)?, Head::kept(tx)?);
    if head.as_ref().is_some_and(|head| !head.fits(newest.as_ref())) {
        return Ok(Sealed::Damaged);
    }
    let (seq, hash) = newest.as_ref().map_or((FIRST, Vec::new()), |s| (s.last_seq, s.hash.clone()));
    let events = event::any_between(tx, seq, horizon.seq, SEAL_BATCH)?;
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        match (head, newest) {
            (Some(head), _) => head::rounded(tx, ctx, head)?,
            (None, Some(seal)) => head::moved(tx, &seal, None)?,
            (None, None) => {}
        }
        return Ok(Sealed::All);
    };
    let (hash, sealed_at) = (chain(FORM, &hash, &events), ctx.wall_micros());
    let last_round = head.as_ref().map(|head| head.round_at).or(newest.as_ref().filter(|s| s.form < FORM).map(|s| s.sealed_at));
    let seal = Seal { last_seq: last.seq, hash, sealed_at, form: FORM, reason: away(first, last_round, sealed_at) };
    event::insert_seal(tx, &seal)?;
    head::moved(tx, &seal, last_round)?;
    Ok(Sealed::Events(events.len()))
}

/// A time of an event or a seal, which may be any number: what the chain shows is that it was altered.
fn shown(micros: i64) -> String {
    Moment::of_micros(micros).map_or_else(|| format!("{micros}, which is no time"), |at| at.to_string())
}

const AWAY: &str = "all events were sealed last at";
const NEVER: &str = "all events were sealed last at no time";

/// Why an event is sealed late: no round was complete since it was recorded, because no node ran or a transaction was open.
fn away(first: &Event, last_round: Option<i64>, now: i64) -> Option<String> {
    let last = last_round.filter(|at| *at < after(first.recorded_at, LATE))?;
    let said = || if last == 0 { NEVER.to_owned() } else { format!("{AWAY} {}", shown(last)) };
    (first.recorded_at < before(now, LATE)).then(said)
}

/// Before every event, also one that was added by hand.
const FIRST: i64 = i64::MIN;
/// Events are sealed within a minute. Older ones without a seal, or with one that was made so late, are named.
const UNSEALED: SignedDuration = SignedDuration::from_hours(1);
const LATE: SignedDuration = SignedDuration::from_mins(15);
/// Seals of the forms before did not say why they were late.
const LATE_BEFORE: SignedDuration = SignedDuration::from_hours(24);

fn after(at: i64, by: SignedDuration) -> i64 {
    at.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX))
}

fn before(at: i64, by: SignedDuration) -> i64 {
    at.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX))
}

/// A place in the chain: the last event that is sealed, and the hash until there.
#[derive(Debug, Clone)]
struct Place {
    seq: i64,
    hash: Vec<u8>,
}

/// What a walk through the chain saw.
struct Walked {
    /// Events under seals that fit.
    sealed: usize,
    /// The end of the last seal that fits.
    fits: Place,
    /// What is wrong with the next one.
    damage: Option<String>,
}

fn walk(tx: &mut Tx) -> Result<Walked, Error> {
    let mut w = Walked { sealed: 0, fits: Place { seq: FIRST, hash: Vec::new() }, damage: None };
    loop {
        let seals = event::seals_after(tx, w.fits.seq, 100)?;
        if seals.is_empty() {
            let newest = event::last_seal(tx)?;
            let head = Head::kept(tx)?;
            // Releases before kept no head.
            let may_miss = newest.as_ref().is_none_or(|seal| seal.form < FORM);
            let reaches = head.as_ref().map_or(may_miss, |head| head.fits(newest.as_ref()));
            let until = head.map_or_else(|| "where is not known".to_owned(), |head| head.seq.to_string());
            w.damage = (!reaches).then(|| format!("events were sealed until {until}, and are until {}: seals are gone", w.fits.seq));
            return Ok(w);
        }
        for seal in seals {
            // One more than a seal has: a row that was added shows.
            let events = event::any_between(tx, w.fits.seq, seal.last_seq, SEAL_BATCH.saturating_add(1))?;
            w.damage = damage(tx, &w.fits, &seal, &events)?;
            if w.damage.is_some() {
                return Ok(w);
            }
            w.sealed = w.sealed.saturating_add(events.len());
            w.fits = Place { seq: seal.last_seq, hash: seal.hash };
        }
    }
}

fn damage(tx: &mut Tx, fits: &Place, seal: &Seal, events: &[Event]) -> Result<Option<String>, Error> {
    let (from, until) = (events.first().map_or(seal.last_seq, |e| e.seq), seal.last_seq);
    if chain(seal.form, &fits.hash, events) != seal.hash {
        return Ok(Some(format!("events {from} to {until} were altered")));
    }
    let limit = if seal.form >= FORM { LATE } else { LATE_BEFORE };
    let Some(late) = events.first().filter(|e| e.recorded_at < before(seal.sealed_at, limit)) else {
        return Ok(None);
    };
    if seal.reason.as_deref().is_some_and(|reason| reason.starts_with(AWAY)) || (seal.reason.is_some() && is_told(tx, seal)?) {
        return Ok(None);
    }
    let (recorded, sealed) = (shown(late.recorded_at), shown(seal.sealed_at));
    Ok(Some(format!("events {from} to {until} are of {recorded} and were sealed at {sealed}: their seal may have been replaced")))
}

const RESEALED: &str = "chain.resealed";

/// Whether an event says that a seal was made again, and why.
fn is_told(tx: &mut Tx, seal: &Seal) -> Result<bool, Error> {
    let told = |e: &Event| {
        let data: serde_json::Value = serde_json::from_str(&e.data).unwrap_or_default();
        let [first, last] = ["first_seq", "last_seq"].map(|name| data["replaced"][name].as_i64());
        let covers = first.is_some_and(|first| first <= seal.last_seq) && last.is_some_and(|last| seal.last_seq <= last);
        covers && data["reason"].as_str() == seal.reason.as_deref()
    };
    Ok(event::any_of_kind(tx, RESEALED)?.iter().any(told))
}

/// Walks the chain and names the first seal that does not fit, and events that nobody sealed; says how many are sealed.
///
/// # Errors
/// [`Error::Store`].
pub fn check_seals(tx: &mut Tx, ctx: &Ctx) -> Result<(usize, Vec<String>), Error> {
    let walked = walk(tx)?;
    let mut differences: Vec<String> = walked.damage.into_iter().collect();
    let last = event::last_seal(tx)?.map_or(FIRST, |s| s.last_seq);
    let open = event::any_between(tx, last, i64::MAX, 1)?;
    if let Some(e) = open.first().filter(|e| e.recorded_at < before(ctx.wall_micros(), UNSEALED)) {
        differences.push(format!("events from {} on are of {} and not sealed", e.seq, shown(e.recorded_at)));
    }
    Ok((walked.sealed, differences))
}

/// What a chain was made again over.
#[derive(Debug, Clone, Serialize)]
pub struct Resealed {
    pub first_seq: i64,
    pub last_seq: i64,
    /// What was wrong.
    pub damage: String,
    /// The ends of the chain before and after, in hexadecimal.
    pub was: String,
    pub now: String,
}

/// Makes the chain again from its first damage on, over the events as they are. The reason stands in each new seal, and an
/// event says what was replaced.
///
/// # Errors
/// `chain.intact`, `chain.reason`; [`Error::Store`].
pub fn reseal(tx: &mut Tx, ctx: &Ctx, reason: &str) -> Result<Resealed, Error> {
    let reason = text::line(reason, 500).map_err(|e| Error::field("/reason", "chain.reason", e.to_string()))?;
    db::dialect::one_at_a_time(tx, Lock::Chain, CHAIN)?;
    let walked = walk(tx)?;
    let Some(damage) = walked.damage else {
        return Err(Error::conflict("chain.intact", "every seal fits; there is nothing to seal again"));
    };
    let (newest, head) = (event::last_seal(tx)?, Head::kept(tx)?);
    let was = head.as_ref().map_or_else(|| newest.as_ref().map(|s| hex::encode(&s.hash)).unwrap_or_default(), |h| h.hash.clone());
    let end = newest.map(|s| s.last_seq).into_iter().chain(head.as_ref().map(|h| h.seq)).max().unwrap_or(FIRST);
    event::any_remove_seals_after(tx, walked.fits.seq)?;
    let (mut place, mut first_seq) = (walked.fits, None);
    loop {
        let events = event::any_between(tx, place.seq, end, SEAL_BATCH)?;
        let (Some(first), Some(last)) = (events.first(), events.last()) else { break };
        first_seq = first_seq.or(Some(first.seq));
        let hash = chain(FORM, &place.hash, &events);
        let seal = Seal { last_seq: last.seq, hash: hash.clone(), sealed_at: ctx.wall_micros(), form: FORM, reason: Some(reason.clone()) };
        event::insert_seal(tx, &seal)?;
        place = Place { seq: last.seq, hash };
    }
    head::ends_here(tx, head.as_ref())?;
    let done = Resealed { first_seq: first_seq.unwrap_or(end), last_seq: end, damage, was, now: hex::encode(place.hash) };
    let data = json!({ "reason": reason, "replaced": done });
    super::record(tx, ctx, RESEALED, About::default(), &data)?;
    Ok(done)
}
