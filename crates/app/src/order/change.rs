//! Upgrade: the same instance with a dearer combination, for a fee (`order-life 3`, `seller-domain 2.5`).

use super::{
    Draft, Full, Sold,
    place::Pay,
    quote::price_refused,
    renew::{self, Subject},
    renewal::Quoted,
    sold::TermFee,
};
use crate::{Caller, Ctx, Error, instance};
use db::Tx;
use domain::{
    id::InstanceId,
    instance::InstanceState,
    listing::Sku,
    money::{self, Money},
    order::OrderKind,
    pricing::{Change, Price},
};
use store::order::Line;

/// What a buyer wants changed.
#[derive(Debug, Clone)]
pub struct PlaceChange {
    pub instance: InstanceId,
    pub sku: String,
    pub pay: bool,
}

/// An upgrade as an order: the fee for the days to come of each term, if it is allowed.
fn draft<'a>(tx: &mut Tx, ctx: &Ctx, caller: &'a Caller, subject: &Subject, sku: &str) -> Result<Draft<'a>, Error> {
    let (instance, subject) = (&subject.instance, &subject.sold_today()?);
    subject.require_tradable()?;
    if !subject.specification.upgrade_allowed {
        return Err(Error::conflict("change.not_offered", "the product offers no upgrade"));
    }
    if instance.state != InstanceState::Running || instance.trial || instance.expires_at.is_none() {
        return Err(Error::conflict("change.state", "only a running, paid, periodic instance can be upgraded"));
    }
    let new = subject.other_sku(sku)?.clone();
    let added = fees(tx, ctx, subject, &new)?;
    if !added.dearer {
        return Err(Error::field("/sku", "change.not_dearer", "only a dearer combination is an upgrade; others come with a renewal"));
    }
    let total = Money::new(added.total()?, subject.site.currency);
    let renewal = super::auto_renew::price_of(tx, &subject.instance, (&subject.specification, &new.key), subject.site.currency)?;
    let price = Price { unit: total, units: 1, quantity: 1, total, by_month: None };
    Ok(Draft {
        kind: OrderKind::Change,
        caller,
        seller: instance.seller_id,
        site: subject.site.clone(),
        product: instance.product_id,
        revision: subject.revision,
        specification: instance.specification.clone(),
        sku: new.key.clone(),
        sold: Sold {
            term_fees: added.fees,
            renewal,
            changed_from_name: Some(subject.present_name.clone()),
            ..subject.sold(&new, &price, None)
        },
        period: None,
        charging_mode: subject.specification.charging_mode,
        quantity: subject.quantity(),
        total_minor: total.minor,
        instance: Some(instance.id),
        subject: None,
    })
}

/// What a change adds to each term, and whether the new choice is dearer.
pub(super) struct Fees {
    pub fees: Vec<TermFee>,
    pub dearer: bool,
}

impl Fees {
    pub fn total(&self) -> Result<i64, Error> {
        Ok(money::sum(self.fees.iter().map(|f| f.fee_minor))?)
    }
}

/// What another combination costs more for the days to come of each term.
pub(super) fn fees(tx: &mut Tx, ctx: &Ctx, subject: &Subject, to: &Sku) -> Result<Fees, Error> {
    let (site, terms) = (&subject.site, instance::paid_terms(tx, &subject.site, subject.instance.id)?);
    let priced: Vec<_> = terms.iter().map(instance::Paid::priced).collect();
    let change = Change { from: &subject.present, to, quantity: subject.quantity() };
    let fees = change.fees(site, &priced, ctx.now).map_err(|e| price_refused(&e))?;
    let dearer = change.is_dearer(site, &priced, ctx.now).map_err(|e| price_refused(&e))?;
    let fees = terms.iter().zip(fees).map(|(t, fee)| TermFee { term: t.term.id.id(), fee_minor: fee.fee_minor, days: fee.days });
    Ok(Fees { fees: fees.collect(), dearer })
}

/// What an upgrade would cost now.
///
/// # Errors
/// As [`change`].
pub fn change_quote(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, sku: &str) -> Result<Quoted, Error> {
    let subject = renew::subject(tx, ctx, caller, id)?;
    let draft = draft(tx, ctx, caller, &subject, sku)?;
    Ok(Quoted::of(ctx, &subject, &draft))
}

/// Orders an upgrade of the caller's instance.
///
/// # Errors
/// `change.not_offered`, `change.state`, `change.same`, `change.not_dearer`, `specification.not_found`, `sku.not_found`,
/// `price.not_on_sale`, `product.not_on_sale`, `instance.not_found`, `instance.open_order`, `price.changed`, `wallet.short`.
pub fn change(tx: &mut Tx, ctx: &Ctx, caller: &Caller, cmd: &PlaceChange) -> Result<Full, Error> {
    let (locked, subject) = renew::locked_subject(tx, ctx, caller, cmd.instance)?;
    let draft = draft(tx, ctx, caller, &subject, &cmd.sku)?;
    renew::taken_and_placed(tx, ctx, &locked, draft, cmd.pay)
}

/// Orders an upgrade in the name of the caller, who did not ask for it themselves: it waits until they pay it, also when it
/// costs nothing. They saw no price of the next term, so automatic renewal asks them before it takes more than the last one.
///
/// # Errors
/// As [`change`].
pub fn ask_change(tx: &mut Tx, ctx: &Ctx, caller: &Caller, (id, sku): (InstanceId, &str)) -> Result<Full, Error> {
    let (locked, subject) = renew::locked_subject(tx, ctx, caller, id)?;
    let mut draft = draft(tx, ctx, caller, &subject, sku)?;
    draft.sold = Sold { renewal: None, asked: true, ..draft.sold };
    renew::taken_and_placed(tx, ctx, &locked, draft, Pay::Asked)
}

/// The same upgrade as an order of today.
pub(super) fn again<'a>(tx: &mut Tx, ctx: &Ctx, caller: &'a Caller, line: &Line) -> Result<Draft<'a>, Error> {
    let id = line.instance_id.ok_or_else(|| Error::row("order_lines", &line.number, "has no instance"))?;
    let subject = renew::subject(tx, ctx, caller, id.id())?;
    draft(tx, ctx, caller, &subject, &line.sku)
}
