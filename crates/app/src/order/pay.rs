//! Paying an order from the wallet: the money goes to escrow and fulfilment begins.

use super::{Full, fulfil, state};
use crate::{Caller, Ctx, Error, Tenant, event, job, money};
use db::{Key, Tx};
use domain::order::{OrderState, OrderStep};
use serde_json::json;
use store::{
    Written,
    order::{self, Line, Order, Step},
};

/// Pays an order of the caller.
///
/// # Errors
/// `order.not_found`, `order.not_payable`, `wallet.short`.
pub fn pay(tx: &mut Tx, ctx: &Ctx, caller: &Caller, number: &str) -> Result<Full, Error> {
    let Full { order, mut lines } = super::show(tx, Tenant::Buyer(Key::of(caller.account_id)), number)?;
    let line = lines.pop().ok_or_else(|| Error::row("orders", number, "has no line"))?;
    store::job::cancel(tx, job::JobKind::UnpaidOrder.as_str(), order.id)?;
    pay_placed(tx, ctx, order, line)
}

/// Pays an order that waits for payment, and fulfils it.
pub(super) fn pay_placed(tx: &mut Tx, ctx: &Ctx, mut order: Order, line: Line) -> Result<Full, Error> {
    let not_payable = |e: &dyn std::fmt::Display| Error::conflict("order.not_payable", e.to_string());
    let paid: OrderState = state(&order)?.after(OrderStep::Pay).map_err(|e| not_payable(&e))?;
    let step = Step { id: order.id, from: &order.state, to: paid.as_str(), paid_at: Some(ctx.now_micros()), ended_at: None, reason: None };
    if order::step(tx, &step)? == Written::SomeoneElseWasFirst {
        return Err(not_payable(&"the order changed while you were paying"));
    }
    order.state = paid.as_str().to_owned();
    order.paid_at = Some(ctx.now_micros());
    money::pay(tx, ctx, &money::Wallet, &order, &line)?;
    let about = event::About::order(order.id, order.instance_id);
    event::record(tx, ctx, "order.paid", about, &json!({ "amount": super::total(&order)?, "by": "wallet" }))?;
    fulfil::begin(tx, ctx, &order, &line)?;
    super::show(tx, Tenant::Any, &order.number)
}
