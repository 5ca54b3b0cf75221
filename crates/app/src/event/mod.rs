//! The flight recorder: every request, answer, decision and posting of an order, append-only.

mod chain;
mod head;

pub use chain::{Horizon, Resealed, Sealed, check_seals, reseal, seal};
pub use head::last_alive;

use crate::{Ctx, Error};
use db::{Key, Tx};
use serde_json::Value;
use store::event::{self, NewEvent};

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
