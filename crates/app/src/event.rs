//! The flight recorder: every request, answer, decision and posting of an order, append-only.

use crate::{Ctx, Error, micros};
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
/// On several nodes an event may become visible after a later one; older than this, none comes any more.
const SETTLED: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

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

/// Seals the next events into the hash chain; says how many.
///
/// # Errors
/// [`Error::Store`].
pub fn seal(tx: &mut Tx, ctx: &Ctx) -> Result<usize, Error> {
    let last = event::last_seal(tx)?;
    let (seq, hash) = last.map_or((0, Vec::new()), |s| (s.last_seq, s.hash));
    let events = event::any_after(tx, seq, micros(ctx.wall - SETTLED), SEAL_BATCH)?;
    if let Some(newest) = events.last() {
        let seal = Seal { last_seq: newest.seq, hash: chain(&hash, &events), sealed_at: ctx.wall_micros() };
        event::insert_seal(tx, &seal)?;
    }
    Ok(events.len())
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
            let mut events = event::any_after(tx, seq, i64::MAX, SEAL_BATCH)?;
            events.retain(|e| e.seq <= seal.last_seq);
            if chain(&hash, &events) != seal.hash {
                return Ok((checked, vec![format!("events {} to {} were altered", seq + 1, seal.last_seq)]));
            }
            checked += events.len();
            (seq, hash) = (seal.last_seq, seal.hash);
        }
    }
}
