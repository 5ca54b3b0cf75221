//! Upgrade: the same instance with a dearer combination, for a fee (`order-life 3`, `seller-domain 2.5`).

use super::{
    Draft, Full,
    quote::price_refused,
    renew::{self, Subject},
    sold::TermFee,
};
use crate::{Caller, Ctx, Error, from_micros, instance};
use db::Tx;
use domain::{
    id::InstanceId,
    instance::InstanceState,
    listing::Sku,
    money::Money,
    order::OrderKind,
    pricing::{self, PaidTerm, Price},
    term::TermSpan,
};

/// What a buyer wants changed.
#[derive(Debug, Clone)]
pub struct PlaceChange {
    pub instance: InstanceId,
    pub sku: String,
    pub pay: bool,
}

/// The fee of an upgrade, term by term, if it is allowed.
fn fees(tx: &mut Tx, ctx: &Ctx, subject: &Subject, sku: &str) -> Result<(Sku, Vec<TermFee>), Error> {
    let instance = &subject.instance;
    if !subject.specification.upgrade_allowed {
        return Err(Error::conflict("change.not_offered", "the product offers no upgrade"));
    }
    if instance::state(instance)? != InstanceState::Running || instance.trial || instance.expires_at.is_none() {
        return Err(Error::conflict("change.state", "only a running, paid, periodic instance can be upgraded"));
    }
    if instance.sku == sku {
        return Err(Error::field("/sku", "change.same", "the instance has this combination already"));
    }
    let new = subject.sku(sku)?;
    if !new.on_sale {
        return Err(Error::field("/sku", "price.not_on_sale", "the chosen combination is not on sale"));
    }
    let old = subject.sku(&instance.sku)?;
    let dearer = |new: Option<i64>, old: Option<i64>| new.is_some_and(|n| n > old.unwrap_or(0));
    if !dearer(new.month_minor, old.month_minor) && !dearer(new.year_minor, old.year_minor) {
        return Err(Error::field("/sku", "change.not_dearer", "only a dearer combination is an upgrade"));
    }
    Ok((new.clone(), term_fees(tx, ctx, subject, new)?))
}

/// What a combination costs more for the days to come of each term, never less than nothing.
pub(super) fn term_fees(tx: &mut Tx, ctx: &Ctx, subject: &Subject, new: &Sku) -> Result<Vec<TermFee>, Error> {
    let terms = store::instance::terms(tx, subject.instance.id)?;
    let paid = terms
        .iter()
        .map(|t| {
            Ok(PaidTerm {
                span: TermSpan { start: from_micros(t.start_at), end: from_micros(t.end_at) },
                period: t.period.parse().map_err(|e| Error::row("terms", &t.period, e))?,
                paid_minor: t.paid_minor,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let fees = pricing::upgrade_fee(&subject.site, &paid, new, subject.quantity(), ctx.now).map_err(|e| price_refused(&e))?;
    Ok(terms.iter().zip(fees).map(|(t, fee_minor)| TermFee { term: t.id.id(), fee_minor }).collect())
}

/// What an upgrade would cost now.
///
/// # Errors
/// As [`change`].
pub fn change_quote(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, sku: &str) -> Result<Money, Error> {
    let subject = renew::subject(tx, ctx, caller, id)?;
    let (_, fees) = fees(tx, ctx, &subject, sku)?;
    Ok(Money::new(fees.iter().map(|f| f.fee_minor).sum(), subject.site.currency))
}

/// Orders an upgrade of the caller's instance.
///
/// # Errors
/// `change.not_offered`, `change.state`, `change.same`, `change.not_dearer`, `sku.not_found`,
/// `instance.not_found`, `instance.open_order`, `wallet.short`.
pub fn change(tx: &mut Tx, ctx: &Ctx, caller: &Caller, cmd: &PlaceChange) -> Result<Full, Error> {
    let subject = renew::subject(tx, ctx, caller, cmd.instance)?;
    let (sku, term_fees) = fees(tx, ctx, &subject, &cmd.sku)?;
    let total = Money::new(term_fees.iter().map(|f| f.fee_minor).sum(), subject.site.currency);
    let price = Price { unit: total, units: 1, quantity: 1, total, by_month: None };
    let instance = &subject.instance;
    let draft = Draft {
        kind: OrderKind::Change,
        caller,
        seller: instance.seller_id,
        site: subject.site.clone(),
        product: instance.product_id,
        revision: subject.revision,
        specification: instance.specification.clone(),
        sku: sku.key.clone(),
        sold: super::Sold { term_fees, ..subject.sold(&sku, &price, None) },
        period: None,
        charging_mode: subject.specification.charging_mode,
        quantity: subject.quantity(),
        total_minor: total.minor,
        instance: Some(instance.id),
        subject: None,
    };
    renew::taken_and_placed(tx, ctx, instance, draft, cmd.pay)
}
