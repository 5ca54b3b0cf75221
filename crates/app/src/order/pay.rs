//! Paying an order from the wallet: the money goes to escrow and fulfilment begins.

use super::{Full, fulfil, kind, recheck, state};
use crate::{Caller, Ctx, Error, Tenant, event, job, money};
use db::{Key, Tx};
use domain::{
    id::InstanceId,
    order::{OrderKind, OrderState, OrderStep},
};
use serde_json::{Value, json};
use store::{
    Written,
    order::{self, Line, Order, Step},
};

fn not_payable(e: impl std::fmt::Display) -> Error {
    Error::conflict("order.not_payable", e.to_string())
}

/// Pays an order of the caller that waits for payment.
///
/// # Errors
/// `order.not_found`, `order.not_payable`, `order.price_changed`, `wallet.short`; what placing the order is refused for.
pub fn pay(tx: &mut Tx, ctx: &Ctx, caller: &Caller, number: &str) -> Result<Full, Error> {
    let Full { mut order, mut lines } = super::locked(tx, Tenant::Buyer(Key::of(caller.account_id)), number)?;
    let mut line = lines.pop().ok_or_else(|| Error::row("orders", number, "has no line"))?;
    store::job::cancel(tx, job::JobKind::UnpaidOrder.as_str(), order.id)?;
    let (from, instance) = (order.state.clone(), order.instance_id);
    state(&order)?.after(OrderStep::Pay).map_err(not_payable)?;
    if let Some(pay_by) = order.pay_by.filter(|pay_by| *pay_by < ctx.now_micros()) {
        let until = super::moment(crate::from_micros(pay_by));
        return Err(not_payable(format!("it was to be paid until {until}; order it again at today's price")));
    }
    recheck::recheck(tx, ctx, caller, &mut order, &mut line)?;
    mark_paid(ctx, &mut order, &mut line)?;
    let step = Step { id: order.id, from: &from, to: &order.state, paid_at: order.paid_at, ended_at: None, reason: None };
    if order::step(tx, &step)? == Written::SomeoneElseWasFirst {
        return Err(not_payable("the order changed while you were paying"));
    }
    if let (None, Some(reserved)) = (instance, order.instance_id) {
        order::set_instance(tx, order.id, line.id, reserved)?;
    }
    let about = event::About::order(order.id, order.instance_id);
    event::record(tx, ctx, "order.paid", about, &paid_data(&order)?)?;
    take_and_begin(tx, ctx, order, line)
}

/// Stores an order that is paid as it is placed.
pub(super) fn placed_and_paid(tx: &mut Tx, ctx: &Ctx, mut order: Order, mut line: Line, created: &Value) -> Result<Full, Error> {
    mark_paid(ctx, &mut order, &mut line)?;
    super::insert(tx, ctx, &order, &line, &[("order.created", created), ("order.paid", &paid_data(&order)?)])?;
    take_and_begin(tx, ctx, order, line)
}

fn paid_data(order: &Order) -> Result<Value, Error> {
    Ok(json!({ "amount": super::total(order)?, "by": "wallet" }))
}

/// The order as it is once paid. A purchase gets the id of the instance that it will open.
fn mark_paid(ctx: &Ctx, order: &mut Order, line: &mut Line) -> Result<(), Error> {
    let paid: OrderState = state(order)?.after(OrderStep::Pay).map_err(not_payable)?;
    paid.as_str().clone_into(&mut order.state);
    order.paid_at = Some(ctx.now_micros());
    if matches!(kind(order)?, OrderKind::New | OrderKind::Trial) {
        let reserved = Key::of(ctx.id::<InstanceId>());
        (order.instance_id, line.instance_id) = (Some(reserved), Some(reserved));
    }
    Ok(())
}

fn take_and_begin(tx: &mut Tx, ctx: &Ctx, order: Order, line: Line) -> Result<Full, Error> {
    money::pay(tx, ctx, &money::Wallet, &order, &line)?;
    fulfil::begin(tx, ctx, &order, &line)?;
    match kind(&order)? {
        OrderKind::New | OrderKind::Trial | OrderKind::Change | OrderKind::Unsubscribe => Ok(Full { order, lines: vec![line] }),
        // These are complete as soon as they are paid.
        OrderKind::Renew | OrderKind::TrialToFormal => super::show(tx, Tenant::Any, &order.number),
    }
}
