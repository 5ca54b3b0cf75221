//! Cancelling an order that was not paid, by the buyer or by the timer.

use super::{Full, Held};
use crate::{Caller, Ctx, Error, Tenant, event, job, message};
use db::{Key, Tx};
use domain::{
    message::MessageEvent,
    order::{OrderState, OrderStep},
};
use serde_json::json;
use store::{
    Locked, Written,
    order::{self, Order, Step},
};

/// Cancels an unpaid order of the caller.
///
/// # Errors
/// `order.not_found`, `order.too_late_to_cancel`.
pub fn cancel(tx: &mut Tx, ctx: &Ctx, caller: &Caller, number: &str) -> Result<Full, Error> {
    let tenant = Tenant::Buyer(Key::of(caller.account_id));
    let Held { order, line } = super::locked(tx, tenant, number)?;
    let order = end(tx, ctx, order, "cancelled by the buyer")?;
    store::job::cancel(tx, job::JobKind::UnpaidOrder, order.id)?;
    Ok(Held { order, line }.into_full())
}

/// The timer's side: an order that is still unpaid is cancelled, any other is left alone.
///
/// # Errors
/// [`Error::Store`].
pub fn cancel_unpaid(tx: &mut Tx, ctx: &Ctx, order: Key) -> Result<(), Error> {
    let Some(read) = order::lookup(tx, Tenant::Any, order)? else { return Ok(()) };
    let order = super::locked_as_read(tx, &read)?.order;
    if order.state == OrderState::PendingPayment { end(tx, ctx, order, "not paid in time").map(drop) } else { Ok(()) }
}

fn end(tx: &mut Tx, ctx: &Ctx, mut order: Locked<Order>, reason: &str) -> Result<Locked<Order>, Error> {
    let too_late = |e: &dyn std::fmt::Display| Error::conflict("order.too_late_to_cancel", e.to_string());
    let cancelled = order.state.after(OrderStep::Cancel).map_err(|e| too_late(&e))?;
    let step = Step { from: order.state, to: cancelled, paid_at: None, ended_at: Some(ctx.moment()), reason: Some(reason) };
    if order::step(tx, &mut order, &step)? == Written::SomeoneElseWasFirst {
        return Err(too_late(&"the order changed while you were cancelling it"));
    }
    super::let_go(tx, &order)?;
    event::record(tx, ctx, "order.cancelled", event::About::order(order.id, order.instance_id), &json!({ "reason": reason }))?;
    let send = message::Send {
        event: MessageEvent::OrderCancelled,
        account: Some(order.buyer_id),
        order: Some(order.id),
        subject: Some(order.number.clone()),
        about: order.number.clone(),
        params: &[
            ("order", order.number.clone().into()),
            ("product", super::product_name(&order).into()),
            ("reason", reason.to_owned().into()),
        ],
    };
    message::send(tx, ctx, &send)?;
    Ok(order)
}
