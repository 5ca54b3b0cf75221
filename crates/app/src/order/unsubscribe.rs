//! Unsubscription: five days without reason, or a renewal that is not yet effective (`order-life 5`).

use super::{Draft, Full, Sold, fulfil, insert, rows};
use crate::{Caller, Ctx, Error, Tenant, call, event, instance, licence, limit, money};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    limit::Limit,
    listing::AccessType,
    message::MessageEvent,
    money::Money,
    order::{OrderKind, OrderState},
    period::ChargingMode,
    pricing::TermPayment,
    refund::{self, Refund, Situation},
    supervision::CaseState,
    term,
};
use serde_json::json;
use store::{
    Locked,
    instance::Instance,
    order::{self, Line, Order},
};
use wire::saas_v2::{Request, Scene};

/// What is given back, and from what.
struct Case {
    order: Order,
    line: Line,
    instance: Instance,
    /// The term that the order paid.
    term: Option<instance::Paid>,
    refund: Refund,
}

/// What comes back of a line.
#[derive(Debug, Clone)]
pub struct Back {
    pub order: Order,
    pub line: Line,
    pub minor: i64,
}

/// What an unsubscription would do now.
#[derive(Debug, Clone)]
pub struct Preview {
    pub total: Money,
    /// All that comes back, the newest payment first.
    pub backs: Vec<Back>,
    /// When the service ends then, as it is shown; none when it ends at once.
    pub ends_at: Option<Timestamp>,
}

/// Who ends what was bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Buyer,
    /// In the buyer's name: it is none of the unsubscriptions that a buyer has in a year, and not limited by them.
    Seller,
}

fn decide(tx: &mut Tx, ctx: &Ctx, caller: &Caller, number: &str, by: By) -> Result<Case, Error> {
    let Full { order, mut lines } = super::show(tx, Tenant::Buyer(Key::of(caller.account_id)), number)?;
    let line = lines.pop().ok_or_else(|| Error::row("orders", number, "has no line"))?;
    if order.state != OrderState::Completed {
        if store::supervision::of_order(tx, order.id)?.is_some_and(|case| case.state == CaseState::Open) {
            let detail = "the order is under service supervision; ask the seller for a negotiated refund there";
            return Err(Error::conflict("refund.negotiate", detail));
        }
        return Err(Error::conflict("refund.order_state", format!("the order is {}; only a completed one is unsubscribed", order.state)));
    }
    if order.on_demand {
        return Err(Error::conflict("refund.on_demand", "what is billed by use is not unsubscribed; release the instance"));
    }
    let instance = order.instance_id.map(|id| store::instance::lookup(tx, Tenant::Any, id)).transpose()?.flatten();
    let instance = instance.ok_or_else(|| Error::row("orders", number, "has no instance"))?;
    let site = ctx.site(order.site);
    let mut terms = instance::paid_terms(tx, &site, instance.id)?;
    let own = terms.iter().position(|t| t.term.line_id == line.id);
    let new_year = site.start_of(site.day_of(ctx.now).first_of_year());
    let situation = Situation {
        now: ctx.now,
        // A renewal with change is effective at once: like a change it is not given back alone.
        order_kind: if Sold::of(&line)?.changed_from.is_some() { OrderKind::Change } else { order.kind },
        instance_state: instance.state,
        opened_at: instance.opened_at.map(Moment::at),
        term_start: own.and_then(|i| terms.get(i)).map(|t| t.span().start),
        is_last_term: own.is_some_and(|i| terms.len() == i.saturating_add(1)),
        // A seller who ends it knows what they gave out.
        file_until: match by {
            By::Buyer => licence::given_until(tx, instance.id)?,
            By::Seller => None,
        },
        // What the operator gave back before is no unsubscription: the rest comes back, and the service ends.
        refunded: order::any_unsubscription_of(tx, order.id)?,
        open_order: instance.open_order_id.is_some(),
        supervised: instance.access_type.is_licence() || !store::supervision::any_of_instances(tx, &[instance.id])?.is_empty(),
        package: line.charging_mode == ChargingMode::OnDemandPackage,
        unsubscribed_this_year: match by {
            By::Buyer => order::unsubscriptions_since(tx, order.buyer_id, Moment::of(new_year))?,
            By::Seller => 0,
        },
    };
    let refund = refund::decide(&situation).map_err(|e| Error::conflict(e.code(), e.to_string()))?;
    let term = own.map(|i| terms.swap_remove(i));
    Ok(Case { order, line, instance, term, refund })
}

/// What was paid and not given back.
fn left(line: &Line) -> i64 {
    line.amount_minor.saturating_sub(line.refunded_minor)
}

/// What comes back: all that was paid for the renewal's term, by whichever order, or all that was paid for the instance.
fn backs(tx: &mut Tx, case: &Case) -> Result<Vec<Back>, Error> {
    let mut all = order::any_lines_of_instance(tx, case.instance.id)?;
    all.retain(|(_, order)| order.state == OrderState::Completed && order.kind != OrderKind::Unsubscribe);
    let term = case.term.as_ref().map(|t| t.payments.as_slice()).unwrap_or_default();
    let back = |(line, order): (Line, Order)| {
        let minor = match case.refund {
            Refund::Instance => left(&line),
            Refund::Renewal => money_of(term, &line)?.min(left(&line)),
        };
        Ok(Back { order, line, minor })
    };
    let mut backs: Vec<Back> = all.into_iter().rev().map(back).collect::<Result<_, Error>>()?;
    backs.retain(|b| b.minor > 0);
    Ok(backs)
}

fn money_of(term: &[(Key, TermPayment)], line: &Line) -> Result<i64, Error> {
    Ok(domain::money::sum(term.iter().filter(|(by, _)| *by == line.id).map(|(_, payment)| payment.amount_minor))?)
}

fn total(backs: &[Back]) -> Result<i64, Error> {
    Ok(domain::money::sum(backs.iter().map(|b| b.minor))?)
}

/// What an unsubscription would give back now, and when the service would end.
///
/// # Errors
/// As [`unsubscribe`].
pub fn preview(tx: &mut Tx, ctx: &Ctx, caller: &Caller, number: &str) -> Result<Preview, Error> {
    let case = decide(tx, ctx, caller, number, By::Buyer)?;
    let backs = backs(tx, &case)?;
    let ends_at = match case.refund {
        Refund::Instance => None,
        Refund::Renewal => case.term.as_ref().map(|t| term::shown_end(t.span().start)),
    };
    Ok(Preview { total: Money::new(total(&backs)?, case.order.currency), backs, ends_at })
}

/// Unsubscribes an order of the caller: money, term and call in one transaction. Returns the order of
/// kind unsubscribe.
///
/// # Errors
/// `order.not_found`, `refund.order_state`, `refund.on_demand`, `refund.negotiate`; the codes of `domain::refund::Refused`.
pub fn unsubscribe(tx: &mut Tx, ctx: &Ctx, caller: &Caller, number: &str) -> Result<Full, Error> {
    given_back(tx, ctx, caller, number, By::Buyer)
}

/// Unsubscribes an order in the name of the caller, its buyer: the seller ends it. It is none of the buyer's ten a year.
///
/// # Errors
/// As [`unsubscribe`].
pub fn ended_by_seller(tx: &mut Tx, ctx: &Ctx, caller: &Caller, number: &str) -> Result<Full, Error> {
    given_back(tx, ctx, caller, number, By::Seller)
}

fn given_back(tx: &mut Tx, ctx: &Ctx, caller: &Caller, number: &str, by: By) -> Result<Full, Error> {
    let buyer = Key::of(caller.account_id);
    let read = super::show(tx, Tenant::Buyer(buyer), number)?.order;
    let locked = read.instance_id.map(|id| store::instance::lock(tx, Tenant::Any, id)).transpose()?.flatten();
    let all = locked.as_ref().map_or(Ok(Vec::new()), |found| order::any_lines_of_instance(tx, found.id))?;
    let orders = order::lock_all(tx, &all.iter().map(|(_, order)| order.id).collect::<Vec<_>>())?;
    limit::hold(tx, Limit::Unsubscriptions, buyer)?;
    let case = decide(tx, ctx, caller, number, by)?;
    // It was paid between the two looks at it: the unit runs again, and locks its instance.
    let locked = locked.ok_or(db::DbError::Raced)?;
    let backs = backs(tx, &case)?;
    let total = total(&backs)?;
    let (order, line) = insert_order(tx, ctx, caller, (&case, by), total)?;
    for back in &backs {
        let of = orders.iter().find(|o| o.id == back.order.id).ok_or_else(|| Error::row("orders", &back.order.number, "is gone"))?;
        money::refund(tx, ctx, &money::Wallet, of, &back.line, back.minor)?;
    }
    match case.refund {
        Refund::Renewal => remove_renewal(tx, ctx, (&case, &locked), &order, &line)?,
        Refund::Instance => {
            let ids = Some(fulfil::ids(&order, &line));
            instance::release(tx, ctx, &locked, "unsubscribed", ids)?;
        }
    }
    let amount = Money::new(total, order.currency).to_string();
    let reason = format!("order {} was unsubscribed", case.order.number);
    fulfil::tell_buyer(tx, ctx, &order, MessageEvent::OrderRefunded, &[("amount", amount.clone()), ("reason", reason)])?;
    fulfil::tell_seller(tx, ctx, &order, MessageEvent::SaleUnsubscribed, &[("amount", amount)])?;
    super::show(tx, Tenant::Any, &order.number)
}

/// The unsubscription's own order: done at once, its reason names the rule.
fn insert_order(tx: &mut Tx, ctx: &Ctx, caller: &Caller, (case, by): (&Case, By), total: i64) -> Result<(Locked<Order>, Line), Error> {
    let (sold, back) = (Sold::of(&case.line)?, domain::money::difference(0, total)?);
    let draft = Draft {
        kind: OrderKind::Unsubscribe,
        caller,
        seller: case.order.seller_id,
        site: ctx.site(case.order.site),
        product: case.line.product_id,
        revision: case.line.revision_id,
        specification: case.line.specification.clone(),
        sku: case.line.sku.clone(),
        sold: Sold {
            unit_minor: back,
            units: 1,
            by_month_minor: None,
            term_fees: Vec::new(),
            renewal: None,
            changed_from_name: None,
            ..sold
        },
        period: case.line.period,
        charging_mode: case.line.charging_mode,
        quantity: 1,
        total_minor: back,
        instance: Some(case.instance.id),
        subject: Some(case.order.id),
    };
    let (mut order, line) = rows(ctx, draft)?;
    let reason = match (case.refund, by) {
        (Refund::Instance, By::Buyer) => "five_days",
        (Refund::Instance, By::Seller) => "ended_by_seller",
        (Refund::Renewal, _) => "renewal_not_effective",
    };
    order.state = OrderState::Completed;
    order.paid_at = Some(ctx.moment());
    order.ended_at = order.paid_at;
    order.reason = Some(reason.to_owned());
    let order = insert(tx, ctx, order, &line, &[("order.unsubscribed", &json!({ "of": case.order.number, "rule": reason }))])?;
    let about = event::About::order(case.order.id, None);
    event::record(tx, ctx, "order.given_back", about, &json!({ "by": order.number, "rule": reason }))?;
    Ok((order, line))
}

/// Takes the last term away and tells the seller the new end; `orderId` is the unsubscription's
/// (`saas-interface 2.2`).
fn remove_renewal(tx: &mut Tx, ctx: &Ctx, (case, locked): (&Case, &Locked<Instance>), order: &Order, line: &Line) -> Result<(), Error> {
    super::auto_renew::switch_off(tx, ctx, &case.instance, "a renewal was given back")?;
    let end = instance::remove_last_term(tx, ctx, locked, case.line.id)?;
    licence::given_back(tx, locked, end)?;
    // On-line opening names the renewal that is given back, the others the unsubscription (license-interface 4.2).
    let online = case.instance.access_type == AccessType::LicenceOnline;
    let request = Request::RefreshInstance {
        scene: Scene::UnsubscribeRenewalPeriod,
        order: if online { fulfil::ids(&case.order, &case.line) } else { fulfil::ids(order, line) },
        instance_id: instance::wire_id(&case.instance)?,
        product_id: None,
        expire_time: domain::site::wire_time(term::shown_end(end)),
    };
    call::enqueue(tx, ctx, locked, Some(order), &request)
}
