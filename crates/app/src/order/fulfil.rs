//! What a paid order does: opens an instance, appends a term, or asks the seller for a change.

use super::{Detail, Failure, Held, Sold};
use crate::{
    Ctx, Error, Tenant, call, catalogue, event, instance, licence, message,
    money::{self, Completion},
    supervision,
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    listing::AccessType,
    message::MessageEvent,
    order::{OrderKind, OrderState},
    period::Period,
};
use serde_json::json;
use store::{
    Locked, Written,
    instance::Instance,
    order::{self, Line, Order, Step},
};
use wire::saas_v2::{OrderIds, Request, Scene};

/// Openings of a product that may fail in a calendar month (`seller-domain 6.3`, `saas-interface 1.2`).
pub const FAILED_PER_MONTH: i64 = 5;

pub(crate) fn ids(order: &Order, line: &Line) -> OrderIds {
    OrderIds { order_id: order.number.clone(), order_line_id: line.number.clone() }
}

/// Begins what the order is for. The order is paid.
pub(super) fn begin(tx: &mut Tx, ctx: &Ctx, order: &Locked<Order>, line: &Line) -> Result<(), Error> {
    match order.kind {
        OrderKind::New | OrderKind::Trial => open(tx, ctx, order, line),
        OrderKind::Renew => renew(tx, ctx, order, line),
        OrderKind::TrialToFormal => make_formal(tx, ctx, order, line),
        OrderKind::Change => ask_for_change(tx, ctx, order, line),
        OrderKind::Unsubscribe => Err(Error::row("orders", &order.number, "an unsubscription is not paid")),
    }
}

fn open(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line) -> Result<(), Error> {
    let listing = ctx.listings.approved(tx, line.revision_id)?;
    let amount = ("amount", super::total(order).to_string());
    let called = listing.access_type.opened_by_interface() && !listing.is_called_after_acceptance();
    let event = if called { MessageEvent::SaleBought } else { MessageEvent::SaleSupervised };
    let instance = if listing.access_type == AccessType::LicenceCode {
        licence::issue(tx, ctx, order, line)?
    } else {
        let instance = instance::reserve(tx, ctx, order, line)?;
        if called {
            call::enqueue_first(tx, ctx, instance, order, &new_instance(order, line))?
        } else {
            let instance = store::instance::insert(tx, instance)?;
            call::notify_of(tx, ctx, &instance, order, line)?;
            instance
        }
    };
    if listing.is_supervised() {
        supervision::begin(tx, ctx, (order, line), &instance, &listing)?;
    }
    tell_seller(tx, ctx, order, event, &[amount])
}

pub(crate) fn new_instance(order: &Order, line: &Line) -> Request {
    Request::NewInstance { order: ids(order, line), business_id: String::new() }
}

/// The instance that a paid order acts on; it may have ended while the order waited.
fn acted_on(tx: &mut Tx, order: &Order) -> Result<Locked<Instance>, Error> {
    let id = order.instance_id.ok_or_else(|| Error::row("orders", &order.number, "has no instance"))?;
    let found = store::instance::lock(tx, Tenant::Any, id)?.ok_or_else(|| Error::row("orders", &order.number, "its instance is gone"))?;
    if found.state.renewable() {
        Ok(found)
    } else {
        Err(Error::conflict("instance.not_renewable", format!("the instance is {}", found.state)))
    }
}

pub(super) fn period_of(line: &Line) -> Result<Period, Error> {
    line.period.ok_or_else(|| Error::row("order_lines", &line.number, "was bought for no period"))
}

/// A renewal's term is appended at once; the seller is told by a call that may take its time.
fn renew(tx: &mut Tx, ctx: &Ctx, order: &Locked<Order>, line: &Line) -> Result<(), Error> {
    let instance = acted_on(tx, order)?;
    let sold = Sold::of(line)?;
    let span = instance::append_term(tx, ctx, &instance, line, period_of(line)?)?;
    let mut scene = Scene::Renewal;
    if sold.changed_from.is_some() {
        store::instance::set_sku(tx, &instance, &line.sku, line.revision_id)?;
        scene = Scene::RenewalChange;
    }
    instance::add_fees(tx, &instance, line)?;
    super::auto_renew::price_follows(tx, &instance, line)?;
    refresh(tx, ctx, &instance, order, line, scene)?;
    instance::unfreeze_if_paid(tx, ctx, &instance, order, span.end)?;
    let _ = completed(tx, ctx, order, line, span.start)?;
    tell_renewed(tx, ctx, order, span.end)
}

fn make_formal(tx: &mut Tx, ctx: &Ctx, order: &Locked<Order>, line: &Line) -> Result<(), Error> {
    let instance = acted_on(tx, order)?;
    let span = instance::make_formal(tx, ctx, &instance, line, period_of(line)?)?;
    // It was sold as of today: what a trial stood for earlier does not come back at the next renewal.
    store::instance::set_sku(tx, &instance, &line.sku, line.revision_id)?;
    refresh(tx, ctx, &instance, order, line, Scene::TrialToFormal)?;
    instance::unfreeze_if_paid(tx, ctx, &instance, order, span.end)?;
    let _ = completed(tx, ctx, order, line, span.start)?;
    tell_renewed(tx, ctx, order, span.end)
}

fn tell_renewed(tx: &mut Tx, ctx: &Ctx, order: &Order, end: Timestamp) -> Result<(), Error> {
    let until = super::moment(domain::term::shown_end(end));
    tell_buyer(tx, ctx, order, MessageEvent::OrderRenewed, &[("until", until.clone())])?;
    tell_seller(tx, ctx, order, MessageEvent::SaleRenewed, &[("until", until)])
}

/// `refreshInstance`; the product id is sent when the period type changed (`order-life 3`).
fn refresh(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, order: &Order, line: &Line, scene: Scene) -> Result<(), Error> {
    let (wire_id, sold) = (instance::wire_id(instance)?, Sold::of(line)?);
    let first = order::any_line(tx, instance.line_id)?.map(|l| Sold::of(&l)).transpose()?;
    let changed = scene == Scene::RenewalChange || first.is_none_or(|f| f.wire_product_id != sold.wire_product_id);
    let end = store::term::of_instance(tx, instance.id)?.last().map_or(ctx.now, |t| t.end_at.at());
    let request = Request::RefreshInstance {
        scene,
        order: ids(order, line),
        instance_id: wire_id,
        product_id: changed.then_some(sold.wire_product_id),
        expire_time: domain::site::wire_time(domain::term::shown_end(end)),
    };
    call::enqueue(tx, ctx, instance, Some(order), &request)
}

fn ask_for_change(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line) -> Result<(), Error> {
    let instance = acted_on(tx, order)?;
    let request = Request::UpgradeInstance { instance_id: instance::wire_id(&instance)?, order: ids(order, line) };
    call::enqueue(tx, ctx, &instance, Some(order), &request)
}

/// The order is done: its state, its money, and the instance is free for another order. Says whether this was the
/// first to end it.
pub(crate) fn completed(tx: &mut Tx, ctx: &Ctx, order: &Locked<Order>, line: &Line, effective_at: Timestamp) -> Result<Written, Error> {
    super::let_go(tx, order)?;
    complete_all(tx, ctx, &[Completion { order, line, effective_at }])
}

/// Orders are done: their states and money; their instances were let go. When another was first to end one of them, the
/// transaction is to be rolled back.
pub(crate) fn complete_all(tx: &mut Tx, ctx: &Ctx, completions: &[Completion<'_>]) -> Result<Written, Error> {
    let step =
        |paid_at| Step { from: OrderState::Processing, to: OrderState::Completed, paid_at, ended_at: Some(ctx.moment()), reason: None };
    let steps: Vec<_> = completions.iter().map(|c| (c.order, step(c.order.paid_at))).collect();
    if order::step_all(tx, &steps)? == Written::SomeoneElseWasFirst {
        return Ok(Written::SomeoneElseWasFirst);
    }
    for c in completions {
        event::record(tx, ctx, "order.completed", event::About::order(c.order.id, c.order.instance_id), &json!({}))?;
    }
    money::complete(tx, ctx, completions)?;
    Ok(Written::Yes)
}

/// The order failed: the money goes back in full, the reason stays on the order.
fn failed(tx: &mut Tx, ctx: &Ctx, Held { mut order, line }: Held, failure: Failure<'_>) -> Result<(), Error> {
    let reason = failure.whole();
    let step = Step {
        from: OrderState::Processing,
        to: OrderState::Cancelled,
        paid_at: order.paid_at,
        ended_at: Some(ctx.moment()),
        reason: Some(&reason),
    };
    if order::step(tx, &mut order, &step)? == Written::SomeoneElseWasFirst {
        return Ok(());
    }
    super::let_go(tx, &order)?;
    event::record(tx, ctx, "order.failed", event::About::order(order.id, order.instance_id), &json!({ "reason": reason }))?;
    let refunded = money::refund(tx, ctx, &money::Wallet, &order, &line, line.amount_minor)?;
    let amount = domain::money::Money::new(refunded, order.currency).to_string();
    tell_buyer(tx, ctx, &order, MessageEvent::OrderRefunded, &[("amount", amount), ("reason", failure.for_buyer().to_owned())])
}

/// The order of a call on an instance that is locked.
fn held(tx: &mut Tx, order: Option<Key>) -> Result<Option<Held>, Error> {
    let locked = order.map(|id| order::lock(tx, Tenant::Any, id)).transpose()?.flatten();
    locked.map(|order| Held::of(tx, order)).transpose()
}

/// Opening failed for good: refund, and if the seller had given an id, release.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn opening_failed(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    order: Option<Key>,
    error: Detail<'_>,
) -> Result<(), Error> {
    let Some(held) = held(tx, order)? else {
        return Ok(());
    };
    let order = Order::clone(&held.order);
    if !supervision::opening_failed(tx, ctx, order.id, error)? {
        failed(tx, ctx, held, Failure::NotOpened(error))?;
        instance::failed(tx, ctx, instance)?;
    }
    let site = ctx.site(order.site);
    let month = site.start_of(site.day_of(ctx.now).first_of_month());
    let count = store::instance::any_failed_since(tx, instance.product_id, Moment::of(month))?;
    tell_seller(
        tx,
        ctx,
        &order,
        MessageEvent::SaleOpeningFailed,
        &[("reason", error.for_seller().to_owned()), ("count", count.to_string())],
    )?;
    if count > FAILED_PER_MONTH {
        catalogue::delist_failing(tx, ctx, instance.product_id, count, super::product_name(&order))
    } else {
        Ok(())
    }
}

/// The seller upgraded the instance.
///
/// # Errors
/// [`Error::Store`].
pub fn change_done(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, order: Option<Key>) -> Result<(), Error> {
    let Some(held) = held(tx, order)? else {
        return Ok(());
    };
    if !instance.state.renewable() {
        return failed(tx, ctx, held, Failure::InstanceEnded);
    }
    let Held { order, line } = held;
    // Nothing is changed for an order that was refunded, and nothing twice.
    if completed(tx, ctx, &order, &line, ctx.now)? == Written::SomeoneElseWasFirst {
        return Ok(());
    }
    store::instance::set_sku(tx, instance, &line.sku, line.revision_id)?;
    instance::add_fees(tx, instance, &line)?;
    super::auto_renew::price_follows(tx, instance, &line)?;
    tell_buyer(tx, ctx, &order, MessageEvent::OrderChanged, &[])
}

/// The seller did not upgrade the instance in time: refunded and unchanged.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn change_failed(tx: &mut Tx, ctx: &Ctx, order: Option<Key>, error: Detail<'_>) -> Result<(), Error> {
    match held(tx, order)? {
        Some(held) => failed(tx, ctx, held, Failure::NotUpgraded(error)),
        None => Ok(()),
    }
}

pub(crate) fn tell_buyer(tx: &mut Tx, ctx: &Ctx, order: &Order, event: MessageEvent, more: &[(&str, String)]) -> Result<(), Error> {
    tell(tx, ctx, order, event, order.buyer_id, more)
}

pub(crate) fn tell_seller(tx: &mut Tx, ctx: &Ctx, order: &Order, event: MessageEvent, more: &[(&str, String)]) -> Result<(), Error> {
    tell(tx, ctx, order, event, order.seller_id, more)
}

fn tell(tx: &mut Tx, ctx: &Ctx, order: &Order, event: MessageEvent, account: Key, more: &[(&str, String)]) -> Result<(), Error> {
    let mut params: Vec<(&str, message::Param)> = vec![
        ("order", order.number.clone().into()),
        ("product", super::product_name(order).into()),
        ("customer", order.customer_name.clone().into()),
    ];
    params.extend(more.iter().map(|(field, text)| (*field, text.clone().into())));
    let subject = Some(order.number.clone());
    let send =
        message::Send { event, account: Some(account), order: Some(order.id), subject, about: order.number.clone(), params: &params };
    message::send(tx, ctx, &send)
}
