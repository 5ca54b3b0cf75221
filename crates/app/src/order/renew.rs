//! Renewal: a term more, at today's price (`order-life 3`).

use super::{
    Draft, Full,
    place::{Pay, placed},
    quote::price_refused,
};
use crate::{Caller, Ctx, Error, Tenant, catalogue};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    id::InstanceId,
    listing::{self, Bilingual, FreezeCause, Listing, Sku, Specification},
    order::OrderKind,
    period::Period,
    pricing::{self, Price},
    site::Site,
    term::{self, Anchor},
};
use std::sync::Arc;
use store::{
    Locked, Written,
    instance::Instance,
    order::Line,
    product::{self, Listed},
};

/// How far ahead of now a term may end.
const YEARS_AHEAD: i64 = 5;

/// The instance of a buyer and what it is sold as: today, or else by the revision that it was bought from.
#[derive(Clone)]
pub(super) struct Subject {
    pub instance: Instance,
    pub listed: Listed,
    pub revision: Key,
    pub listing: Arc<Listing>,
    pub specification: Specification,
    pub site: Site,
    /// The combination that the instance has.
    pub present: Sku,
    pub present_name: Bilingual,
    today: Arc<Listing>,
}

/// Loads the caller's instance for an order on it. A combination that is no longer listed is read from the revision it was
/// bought from.
pub(super) fn subject(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId) -> Result<Subject, Error> {
    let found = store::instance::lookup(tx, Tenant::Buyer(Key::of(caller.account_id)), Key::of(id))?;
    subject_of(tx, ctx, found, id)
}

/// The same with the instance locked, to write an order on it: orders at once are decided one after the other.
pub(super) fn locked_subject(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId) -> Result<(Locked<Instance>, Subject), Error> {
    let locked = crate::instance::locked(tx, Tenant::Buyer(Key::of(caller.account_id)), id)?;
    let subject = subject_of(tx, ctx, Some(Instance::clone(&locked)), id)?;
    Ok((locked, subject))
}

fn subject_of(tx: &mut Tx, ctx: &Ctx, found: Option<Instance>, id: InstanceId) -> Result<Subject, Error> {
    let instance = found.ok_or_else(|| Error::not_found("instance.not_found", "there is no such instance"))?;
    if instance.seller_instance_id.is_none() && instance.state.renewable() {
        let detail = "the seller's system has not opened it yet; it can be renewed when it has";
        return Err(Error::conflict("instance.not_opened_yet", detail));
    }
    let listed = product::any_listed(tx, instance.product_id)?.ok_or_else(|| Error::row("instances", id, "its product is not listed"))?;
    let site = ctx.site(listed.product.site);
    let today = ctx.listings.approved(tx, listed.revision_id)?;
    let bought = ctx.listings.approved(tx, instance.revision_id)?;
    let gone = || Error::row("instances", id, "its combination is not in its revision");
    let was = bought.specification(&instance.specification).ok_or_else(gone)?;
    // Price and content are of one revision, also where a key once changed what it stands for.
    let is_listed = |now: &&Specification| now.sku(&instance.sku).is_some() && listing::is_same(was, now, &instance.sku);
    let (revision, listing) = match today.specification(&instance.specification).filter(is_listed) {
        Some(_) => (listed.revision_id, today.clone()),
        None => (instance.revision_id, bought.clone()),
    };
    let specification = listing.specification(&instance.specification).cloned().ok_or_else(gone)?;
    let present = specification.sku(&instance.sku).cloned().ok_or_else(gone)?;
    let name = |language| specification.sku_name(&present.key, language);
    let present_name = Bilingual { zh: name("zh"), en: name("en") };
    Ok(Subject { instance, listed, revision, listing, specification, site, present, present_name, today })
}

impl Subject {
    pub fn sku(&self, key: &str) -> Result<&Sku, Error> {
        self.specification.sku(key).ok_or_else(|| Error::field("/sku", "sku.not_found", format!("there is no combination {key}")))
    }

    pub fn sold(&self, sku: &Sku, price: &Price, period: Option<Period>) -> super::Sold {
        let (product, spec) = (&self.listed.product, &self.specification);
        super::Sold {
            access_type: self.listing.access_type,
            // Renewals make no new case (seller-domain 4.3).
            supervised: false,
            product_key: product.key.clone(),
            product_name: self.listing.name.clone(),
            specification_name: spec.name.clone(),
            sku_name: Bilingual { zh: spec.sku_name(&sku.key, "zh"), en: spec.sku_name(&sku.key, "en") },
            seller_name: self.listed.seller_name.clone(),
            support: self.listing.support.clone(),
            unit_minor: price.unit.minor,
            units: price.units,
            by_month_minor: price.by_month.map(|m| m.minor),
            sku_code: catalogue::sku_code(product.id, spec, &sku.key),
            wire_product_id: catalogue::wire_product_id(product.id, &spec.key, &sku.key, period.map(|p| p.unit)),
            inputs: Vec::new(),
            personal: None,
            shipping: None,
            term_fees: Vec::new(),
            renewal: None,
            asked: false,
            changed_from: None,
            changed_from_name: None,
        }
    }

    /// The same for a change to another combination: that one is what is sold today, at today's price.
    pub fn sold_today(&self) -> Result<Self, Error> {
        self.of_today().ok_or_else(|| {
            let detail = format!("the product no longer sells the specification {}; renew it as it is", self.instance.specification);
            Error::field("/sku", "specification.not_found", detail)
        })
    }

    /// The same for a first purchase.
    pub fn sold_anew(&self) -> Result<Self, Error> {
        self.require_tradable()?;
        let buyable = self.listed.product.visibility.buyable();
        self.of_today().filter(|_| buyable).ok_or_else(|| {
            let detail = "what you try is no longer sold; choose another product or specification before the trial ends";
            Error::conflict("product.not_on_sale", detail)
        })
    }

    fn of_today(&self) -> Option<Self> {
        let specification = self.today.specification(&self.instance.specification).filter(|s| s.on_sale)?.clone();
        Some(Self { revision: self.listed.revision_id, listing: self.today.clone(), specification, ..self.clone() })
    }

    /// Another combination than the instance has, that is on sale.
    pub fn other_sku(&self, key: &str) -> Result<&Sku, Error> {
        if self.instance.sku == key {
            return Err(Error::field("/sku", "change.same", "the instance has this combination already; renew it without a change"));
        }
        let new = self.sku(key)?;
        if new.on_sale {
            return Ok(new);
        }
        Err(Error::field("/sku", "price.not_on_sale", "the chosen combination is not on sale"))
    }

    /// What was sold goes on when the product is no longer sold, but not when it is frozen for a violation.
    pub fn require_tradable(&self) -> Result<(), Error> {
        if self.listed.product.freeze_cause == Some(FreezeCause::Violation) {
            let detail = "trading of the product is frozen for a violation; its instances cannot be renewed or changed now";
            return Err(Error::conflict("product.not_on_sale", detail));
        }
        Ok(())
    }

    /// Refuses a term that would end too far ahead.
    pub fn require_near(&self, ctx: &Ctx, period: Period) -> Result<(), Error> {
        let Some((_, anchor)) = self.next_term() else {
            return Ok(());
        };
        let latest = self.site.day_of(ctx.now).saturating_add(jiff::Span::new().years(YEARS_AHEAD));
        let last = term::last_day_after(anchor, period);
        if last <= latest {
            return Ok(());
        }
        let detail = format!("the term would end on {last}; terms end at most {YEARS_AHEAD} years ahead, on {latest} today");
        Err(Error::field("/period", "renewal.too_far_ahead", detail))
    }

    /// Where the next term begins, and what its end is counted from.
    fn next_term(&self) -> Option<(Timestamp, Anchor)> {
        let end = self.instance.expires_at.map(Moment::at)?;
        let day = self.instance.anchor_day.and_then(|d| i8::try_from(d).ok()).unwrap_or(1);
        Some((end, Anchor::after(&self.site, end, day)))
    }

    /// When a term more would end; shown end.
    pub fn end_of_next(&self, period: Period) -> Option<Timestamp> {
        self.next_term().map(|(start, anchor)| term::shown_end(term::term(&self.site, start, anchor, period).end))
    }

    pub fn quantity(&self) -> u32 {
        u32::try_from(self.instance.quantity).unwrap_or(1)
    }
}

/// Refuses an instance that another order has, by that order's number.
pub(super) fn require_free(tx: &mut Tx, instance: &Instance) -> Result<(), Error> {
    let Some(other) = instance.open_order_id else {
        return Ok(());
    };
    let name = store::order::lookup(tx, Tenant::Any, other)?.map_or_else(|| "another order".to_owned(), |o| format!("order {}", o.number));
    Err(Error::conflict("instance.open_order", format!("{name} of this instance is open; pay, cancel or await it first")))
}

/// Orders a renewal of the caller's instance.
///
/// # Errors
/// `instance.not_found`, `instance.not_renewable`, `instance.trial`, `instance.one_time`, `instance.open_order`, `price.…`,
/// `price.changed`, `renewal.too_far_ahead`, `product.not_on_sale`, `wallet.short`.
pub fn renew(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, period: Period, pay: bool) -> Result<Full, Error> {
    ordered(tx, ctx, caller, id, OrderKind::Renew, period, pay)
}

/// A renewal, or the conversion of a trial.
#[expect(clippy::too_many_arguments, reason = "renewal and conversion differ by the kind alone")]
pub(super) fn ordered(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    id: InstanceId,
    kind: OrderKind,
    period: Period,
    pay: bool,
) -> Result<Full, Error> {
    let (locked, subject) = locked_subject(tx, ctx, caller, id)?;
    let draft = draft_now(ctx, caller, &subject, kind, period)?;
    taken_and_placed(tx, ctx, &locked, draft, pay)
}

/// A renewal that does not end too far ahead, or the conversion of a trial: that is the first purchase of it, so it is of what is
/// sold today.
pub(super) fn draft_now<'a>(ctx: &Ctx, caller: &'a Caller, subject: &Subject, kind: OrderKind, period: Period) -> Result<Draft<'a>, Error> {
    if kind != OrderKind::TrialToFormal {
        let draft = draft(caller, subject, kind, period)?;
        subject.require_near(ctx, period)?;
        return Ok(draft);
    }
    let subject = &subject.sold_anew()?;
    draft_of(caller, subject, kind, period, subject.sku(&subject.instance.sku)?)
}

/// What a term more costs today, as an order; refused where the instance or the price list does not allow it.
pub(super) fn draft<'a>(caller: &'a Caller, subject: &Subject, kind: OrderKind, period: Period) -> Result<Draft<'a>, Error> {
    // What was sold once may be renewed also when the combination is no longer sold to others.
    let sku = Sku { on_sale: true, ..subject.present.clone() };
    draft_of(caller, subject, kind, period, &sku)
}

/// The same for a combination that may be another one.
pub(super) fn draft_of<'a>(caller: &'a Caller, subject: &Subject, kind: OrderKind, period: Period, sku: &Sku) -> Result<Draft<'a>, Error> {
    let instance = &subject.instance;
    subject.require_tradable()?;
    if !instance.state.renewable() {
        return Err(Error::conflict("instance.not_renewable", format!("the instance is {}", instance.state)));
    }
    match kind {
        OrderKind::Renew if instance.trial => {
            return Err(Error::conflict("instance.trial", "a trial is converted, not renewed"));
        }
        OrderKind::TrialToFormal if !instance.trial => {
            return Err(Error::conflict("instance.not_trial", "the instance is no trial; renew it"));
        }
        _ if instance.expires_at.is_none() => {
            return Err(Error::conflict("instance.one_time", "a one-time purchase has no term to renew"));
        }
        _ => {}
    }
    let price = pricing::price(&subject.specification, sku, Some(period), subject.quantity(), subject.site.currency)
        .map_err(|e| price_refused(&e))?;
    Ok(Draft {
        kind,
        caller,
        seller: instance.seller_id,
        site: subject.site.clone(),
        product: instance.product_id,
        revision: subject.revision,
        specification: instance.specification.clone(),
        sku: sku.key.clone(),
        sold: subject.sold(sku, &price, Some(period)),
        period: Some(period),
        charging_mode: subject.specification.charging_mode,
        quantity: subject.quantity(),
        total_minor: price.total.minor,
        instance: Some(instance.id),
        subject: None,
    })
}

/// Places an order on an instance that no other order has.
pub(super) fn taken_and_placed(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    draft: Draft<'_>,
    pay: impl Into<Pay>,
) -> Result<Full, Error> {
    require_free(tx, instance)?;
    let (order, line) = super::rows(ctx, draft)?;
    if store::instance::take(tx, instance, order.id)? == Written::SomeoneElseWasFirst {
        // Another order came between; the unit runs again and names it.
        return Err(db::DbError::Raced.into());
    }
    placed(tx, ctx, order, line, pay.into())
}

/// The same renewal or conversion as an order of today.
pub(super) fn again<'a>(tx: &mut Tx, ctx: &Ctx, caller: &'a Caller, (kind, line): (OrderKind, &Line)) -> Result<Draft<'a>, Error> {
    let id = line.instance_id.ok_or_else(|| Error::row("order_lines", &line.number, "has no instance"))?;
    let subject = subject(tx, ctx, caller, id.id())?;
    draft_now(ctx, caller, &subject, kind, super::fulfil::period_of(line)?)
}
