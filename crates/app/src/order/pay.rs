//! Paying an order from the wallet: the money goes to escrow and fulfilment begins.

use super::{Full, Held, fulfil, recheck};
use crate::{Caller, Ctx, Error, Tenant, event, job, money};
use db::{Key, Tx};
use domain::{
    id::InstanceId,
    order::{OrderKind, OrderStep},
};
use serde_json::{Value, json};
use store::{
    Locked, Written,
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
    let Held { mut order, mut line } = super::locked(tx, Tenant::Buyer(Key::of(caller.account_id)), number)?;
    store::job::cancel(tx, job::JobKind::UnpaidOrder, order.id)?;
    let to = order.state.after(OrderStep::Pay).map_err(not_payable)?;
    if let Some(pay_by) = order.pay_by.filter(|pay_by| *pay_by < ctx.moment()) {
        let until = super::moment(pay_by.at());
        return Err(not_payable(format!("it was to be paid until {until}; order it again at today's price")));
    }
    recheck::recheck(tx, ctx, caller, &mut order, &mut line)?;
    let step = Step { from: order.state, to, paid_at: Some(ctx.moment()), ended_at: None, reason: None };
    if order::step(tx, &mut order, &step)? == Written::SomeoneElseWasFirst {
        return Err(not_payable("the order changed while you were paying"));
    }
    if let Some(reserved) = reserved(ctx, &order) {
        order::set_instance(tx, &mut order, &mut line, reserved)?;
    }
    let about = event::About::order(order.id, order.instance_id);
    event::record(tx, ctx, "order.paid", about, &paid_data(&order))?;
    take_and_begin(tx, ctx, order, line)
}

/// Stores an order that is paid as it is placed.
pub(super) fn placed_and_paid(tx: &mut Tx, ctx: &Ctx, mut order: Order, mut line: Line, created: &Value) -> Result<Full, Error> {
    order.state = order.state.after(OrderStep::Pay).map_err(not_payable)?;
    order.paid_at = Some(ctx.moment());
    if let Some(reserved) = reserved(ctx, &order) {
        (order.instance_id, line.instance_id) = (Some(reserved), Some(reserved));
    }
    let data = paid_data(&order);
    let order = super::insert(tx, ctx, order, &line, &[("order.created", created), ("order.paid", &data)])?;
    take_and_begin(tx, ctx, order, line)
}

fn paid_data(order: &Order) -> Value {
    json!({ "amount": super::total(order), "by": "wallet" })
}

/// The id of the instance that a purchase opens once it is paid.
fn reserved(ctx: &Ctx, order: &Order) -> Option<Key> {
    matches!(order.kind, OrderKind::New | OrderKind::Trial).then(|| Key::of(ctx.id::<InstanceId>()))
}

fn take_and_begin(tx: &mut Tx, ctx: &Ctx, order: Locked<Order>, line: Line) -> Result<Full, Error> {
    money::pay(tx, ctx, &money::Wallet, &order, &line)?;
    fulfil::begin(tx, ctx, &order, &line)?;
    match order.kind {
        OrderKind::New | OrderKind::Trial | OrderKind::Change | OrderKind::Unsubscribe => Ok(Held { order, line }.into_full()),
        // These are complete as soon as they are paid.
        OrderKind::Renew | OrderKind::TrialToFormal => super::show(tx, Tenant::Any, &order.number),
    }
}
