//! The flight recorder: every request, answer, decision and posting of an order, append-only.

use crate::{Ctx, Error};
use db::{Key, Tx};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::event::{self, NewEvent, Seal};

/// What an event is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct About {
    pub order: Option<Key>,
    pub instance: Option<Key>,
    pub product: Option<Key>,
    pub account: Option<Key>,
}

impl About {
    /// What somebody does in his own account.
    #[must_use]
    pub fn account(account: Key) -> Self {
        Self { account: Some(account), ..Self::default() }
    }

    #[must_use]
    pub fn order(order: Key, instance: Option<Key>) -> Self {
        Self { order: Some(order), instance, ..Self::default() }
    }
}

/// Records an event in the transaction that makes it true. It is written with the others of its unit when the unit is
/// done: a use case has half a dozen, and they are one statement. The transaction is asked for so that nobody records
/// outside of one.
///
/// # Errors
/// None; what the database says comes with the end of the unit.
pub fn record(_: &mut Tx, ctx: &Ctx, kind: &str, about: About, data: &Value) -> Result<(), Error> {
    ctx.news.borrow_mut().extend(rows(ctx, about, &[(kind, data)]));
    Ok(())
}

/// Records events of the same thing that happened together, in their order.
///
/// # Errors
/// As [`record`].
pub fn record_all(_: &mut Tx, ctx: &Ctx, about: About, events: &[(&str, &Value)]) -> Result<(), Error> {
    ctx.news.borrow_mut().extend(rows(ctx, about, events));
    Ok(())
}

/// Writes the events of a unit; before others that are inserted by themselves, and when the unit is done.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn write_down(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    let news = ctx.news.take();
    for news in news.chunks(AT_ONCE) {
        event::append(tx, news)?;
    }
    Ok(())
}

/// Events of one insert; a sweep has thousands.
const AT_ONCE: usize = 50;

/// The rows of events, to be inserted with what they tell of.
pub(crate) fn rows(ctx: &Ctx, about: About, events: &[(&str, &Value)]) -> Vec<NewEvent> {
    let actor = ctx.actor.name();
    let new = |&(kind, data): &(&str, &Value)| NewEvent {
        kind: kind.to_owned(),
        at: ctx.now_micros(),
        recorded_at: ctx.wall_micros(),
        actor: actor.clone(),
        order_id: about.order,
        instance_id: about.instance,
        product_id: about.product,
        account_id: about.account,
        data: data.to_string(),
    };
    events.iter().map(new).collect()
}

/// Events that one seal covers at most.
const SEAL_BATCH: i64 = 1_000;

fn chain(former: &[u8], events: &[event::Event]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(former);
    for e in events {
        hash.update(e.seq.to_be_bytes());
        hash.update(e.at.to_be_bytes());
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
}

/// Seals the next events before a horizon into the hash chain, in an order that no commit changes any more.
///
/// # Errors
/// [`Error::Store`]; a unique violation when another node sealed them.
pub fn seal(tx: &mut Tx, ctx: &Ctx, horizon: &Horizon) -> Result<Sealed, Error> {
    if !horizon.is_settled(tx)? {
        return Ok(Sealed::Waiting);
    }
    let (seq, hash) = event::last_seal(tx)?.map_or((0, Vec::new()), |s| (s.last_seq, s.hash));
    let events = event::any_between(tx, seq, horizon.seq, SEAL_BATCH)?;
    let Some(newest) = events.last() else {
        return Ok(Sealed::All);
    };
    let seal = Seal { last_seq: newest.seq, hash: chain(&hash, &events), sealed_at: ctx.wall_micros() };
    event::insert_seal(tx, &seal)?;
    Ok(Sealed::Events(events.len()))
}

/// Walks the chain and names the first seal that does not fit; says how many events are sealed.
///
/// # Errors
/// [`Error::Store`].
pub fn check_seals(tx: &mut Tx) -> Result<(usize, Vec<String>), Error> {
    let (mut seq, mut hash, mut checked) = (0, Vec::new(), 0);
    loop {
        let seals = event::seals_after(tx, seq, 100)?;
        if seals.is_empty() {
            return Ok((checked, Vec::new()));
        }
        for seal in seals {
            // One more than a seal has: a row that was added shows.
            let events = event::any_between(tx, seq, seal.last_seq, SEAL_BATCH + 1)?;
            if chain(&hash, &events) != seal.hash {
                return Ok((checked, vec![format!("events {} to {} were altered", seq + 1, seal.last_seq)]));
            }
            checked += events.len();
            (seq, hash) = (seal.last_seq, seal.hash);
        }
    }
}
