//! Orders: quoted, placed, paid, fulfilled; renewals, changes, unsubscriptions; their time line.

#![deny(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod auto_renew;
mod cancel;
mod change;
mod consent;
mod convert;
mod failure;
mod fulfil;
mod pay;
mod place;
mod query;
mod quote;
mod recheck;
mod renew;
mod renew_change;
mod renewal;
mod shown;
mod sold;
mod timeline;
mod unsubscribe;
mod whereabouts;

pub use auto_renew::{AutoRenewalQuote, agree_to_auto_renewal, auto_renew, auto_renewal_quote, set_auto_renewal};
pub use cancel::{cancel, cancel_unpaid};
pub use change::{PlaceChange, ask_change, change, change_quote};
pub use consent::Consents;
pub(crate) use consent::of_line as consents_of;
pub use convert::convert;
pub(crate) use failure::{Detail, Failure};
pub use failure::{Ending, reason_for};
pub use fulfil::{FAILED_PER_MONTH, change_done};
pub(crate) use fulfil::{change_failed, complete_all, ids, new_instance, opening_failed, tell_buyer, tell_seller};

pub use pay::pay;
pub use place::{PlaceOrder, place};
pub(crate) use query::expire_estimate;
pub use query::{info, query};
pub use quote::{Choice, Quote, quote};
pub use renew::renew;
pub use renew_change::{RenewWithChange, check as check_change, renew_with_change};
pub use renewal::{Choices, Combination, NextTerm, Quoted, choices, renewal_quote};
pub use shown::price_version;
pub use sold::{Input, Sold};
pub(crate) use sold::{RenewalPrice, TermFee};
pub use timeline::{Entry as TimelineEntry, Tone, of_instance as instance_timeline, of_order as timeline};
pub use unsubscribe::{Back, Preview, ended_by_seller, preview as unsubscribe_preview, unsubscribe};
pub use whereabouts::{NextStep, Place as MoneyPlace, Whereabouts, kept_until, whereabouts};

use crate::{Caller, Ctx, Error, Tenant, event};
use db::{DbError, Key, Moment, Tx};
use domain::{
    Timestamp,
    id::{LineId, OrderId},
    listing::Bilingual,
    money::Money,
    order::{OrderKind, OrderState},
    site::Site,
};
use std::collections::HashMap;
use store::{
    Locked,
    order::{self, Line, Order},
};

/// An order with its lines.
#[derive(Debug, Clone)]
pub struct Full {
    pub order: Order,
    pub lines: Vec<Line>,
}

/// An order by its number, if the tenant may see it.
///
/// # Errors
/// `order.not_found`.
pub fn show(tx: &mut Tx, tenant: Tenant, number: &str) -> Result<Full, Error> {
    let order = order::by_number(tx, tenant, number)?.ok_or_else(|| not_found(number))?;
    let lines = order::lines(tx, order.id)?;
    Ok(Full { order, lines })
}

/// Orders of a list with their lines. One of which a line cannot be read is left out, and reported to whoever runs the platform.
///
/// # Errors
/// [`Error::Store`].
pub fn with_lines(tx: &mut Tx, orders: Vec<Order>) -> Result<Vec<Full>, Error> {
    let ids: Vec<Key> = orders.iter().map(|o| o.id).collect();
    let mut lines: HashMap<Key, Vec<Line>> = HashMap::new();
    for line in order::lines_of(tx, &ids)?.reported() {
        lines.entry(line.order_id).or_default().push(line);
    }
    Ok(orders.into_iter().filter_map(|order| Some(Full { lines: lines.remove(&order.id)?, order })).collect())
}

/// An order that is locked, with its line.
#[derive(Debug)]
pub(crate) struct Held {
    pub order: Locked<Order>,
    pub line: Line,
}

impl Held {
    fn of(tx: &mut Tx, order: Locked<Order>) -> Result<Self, Error> {
        let line = order::lines(tx, order.id)?.pop().ok_or_else(|| Error::row("orders", &order.number, "has no line"))?;
        Ok(Self { order, line })
    }

    fn into_full(self) -> Full {
        Full { order: self.order.into_row(), lines: vec![self.line] }
    }
}

/// An order by its number, locked after its instance until the transaction ends: what both say stays true until then.
///
/// # Errors
/// `order.not_found`.
pub(crate) fn locked(tx: &mut Tx, tenant: Tenant, number: &str) -> Result<Held, Error> {
    let found = order::by_number(tx, tenant, number)?.ok_or_else(|| not_found(number))?;
    locked_as_read(tx, &found)
}

/// An order that was read, locked after its instance.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn locked_as_read(tx: &mut Tx, read: &Order) -> Result<Held, Error> {
    if let Some(instance) = read.instance_id {
        store::instance::lock(tx, Tenant::Any, instance)?;
    }
    let order = order::lock(tx, Tenant::Any, read.id)?.ok_or_else(|| not_found(&read.number))?;
    if order.instance_id != read.instance_id {
        // It was paid in between: its instance is to be locked first, when the unit runs again.
        return Err(DbError::Raced.into());
    }
    Held::of(tx, order)
}

fn not_found(number: &str) -> Error {
    Error::not_found("order.not_found", format!("there is no order {number}"))
}

/// Lets the instance of an order go, which is over: another order may take it.
pub(crate) fn let_go(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    let locked = order.instance_id.map(|id| store::instance::lock(tx, Tenant::Any, id)).transpose()?.flatten();
    match locked {
        Some(instance) => Ok(store::instance::give_back(tx, &instance, order.id)?),
        None => Ok(()),
    }
}

/// The total of an order; negative for an unsubscription.
#[must_use]
pub fn total(order: &Order) -> Money {
    Money::new(order.total_minor, order.currency)
}

/// What an order is made of when it is inserted.
pub(crate) struct Draft<'a> {
    pub kind: OrderKind,
    pub caller: &'a Caller,
    pub seller: Key,
    pub site: Site,
    pub product: Key,
    pub revision: Key,
    pub specification: String,
    pub sku: String,
    pub sold: Sold,
    pub period: Option<domain::period::Period>,
    pub charging_mode: domain::period::ChargingMode,
    pub quantity: u32,
    pub total_minor: i64,
    pub instance: Option<Key>,
    pub subject: Option<Key>,
}

/// The rows of an order that waits for payment.
pub(crate) fn rows(ctx: &Ctx, d: Draft<'_>) -> Result<(Order, Line), Error> {
    let mut random = [0; 8];
    ctx.ids.random(&mut random);
    let number = domain::order::number(&d.site, ctx.now, random);
    let pay_within = jiff::SignedDuration::from_hours(ctx.settings.pay_within_days.saturating_mul(24));
    let pay_by = ctx.now.saturating_add(pay_within).unwrap_or(jiff::Timestamp::MAX);
    let order = Order {
        id: Key::of(ctx.id::<OrderId>()),
        kind: d.kind,
        state: OrderState::PendingPayment,
        site: d.site.code,
        currency: d.site.currency,
        total_minor: d.total_minor,
        buyer_id: Key::of(d.caller.account_id),
        seller_id: d.seller,
        customer_name: d.caller.account_name.clone(),
        user_name: d.caller.user_name.clone(),
        product_name: d.sold.product_name.get("zh").to_owned(),
        instance_id: d.instance,
        subject_order_id: d.subject,
        created_at: ctx.moment(),
        pay_by: Some(Moment::of(pay_by)),
        paid_at: None,
        ended_at: None,
        reason: None,
        on_demand: d.charging_mode == domain::period::ChargingMode::OnDemand,
        product_name_en: d.sold.product_name.en.clone(),
        number,
    };
    let line = Line {
        id: Key::of(ctx.id::<LineId>()),
        order_id: order.id,
        number: domain::order::line_number(&order.number, 1),
        product_id: d.product,
        revision_id: d.revision,
        specification: d.specification,
        sku: d.sku,
        sold: serde_json::to_string(&d.sold).map_err(|e| Error::row("order_lines", &order.number, e))?,
        charging_mode: d.charging_mode,
        period: d.period,
        quantity: i64::from(d.quantity),
        amount_minor: d.total_minor,
        refunded_minor: 0,
        completed_at: None,
        instance_id: d.instance,
        released_minor: 0,
    };
    Ok((order, line))
}

/// Inserts an order with its line and the events that tell of it.
pub(crate) fn insert(
    tx: &mut Tx,
    ctx: &Ctx,
    order: Order,
    line: &Line,
    events: &[(&str, &serde_json::Value)],
) -> Result<Locked<Order>, Error> {
    let about = event::About::order(order.id, order.instance_id);
    event::write_down(tx, ctx)?;
    match order::insert(tx, order, line, &event::rows(ctx, about, events)) {
        // A clash of numbers: drawn again when the unit runs again.
        Err(e) if e.is_unique_violation() => Err(DbError::Raced.into()),
        result => Ok(result?),
    }
}

/// What was paid for an order, and what of it came back. An unsubscription has neither: what it gave back stands with the
/// orders that had been paid.
///
/// # Errors
/// `amount.too_large`.
pub fn paid_and_refunded(full: &Full) -> Result<(i64, i64), Error> {
    if full.order.paid_at.is_none() || full.order.kind == OrderKind::Unsubscribe {
        return Ok((0, 0));
    }
    let sum = |of: fn(&Line) -> i64| domain::money::sum(full.lines.iter().map(of));
    Ok((sum(|l| l.amount_minor)?, sum(|l| l.refunded_minor)?))
}

/// The name of the product that an order sold.
pub(crate) fn product_name(order: &Order) -> Bilingual {
    Bilingual::both(&order.product_name, &order.product_name_en)
}

/// A time as messages keep it; each reader sees it in their own zone.
pub(crate) fn moment(at: Timestamp) -> String {
    at.to_string()
}
