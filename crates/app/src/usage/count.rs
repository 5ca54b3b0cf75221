//! What a rating counts: the records of an hour or day become one charge, drawn from packages first. A record that does
//! not fit is refused by itself and leaves everything as it was.

use super::{Priced, begin_of, cap, hold, must_be_priced, package::Packages, rate::cycle_of};
use crate::{Ctx, Error};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    id::ChargeId,
    money::Currency,
    site::Site,
    usage::{self, CapSide, CapStanding, ChargeState, HoldEnd, Quantity, QuantitySum, Refused, Total},
};
use std::collections::{BTreeMap, btree_map::Entry};
use store::Locked;
use store::{
    instance::Instance,
    usage::{self as rows, Charge, Record},
};

/// A rating of an instance.
pub(super) struct Rating<'a> {
    pub found: &'a Locked<Instance>,
    pub site: Site,
    pub priced: Priced,
    pub packages: Packages,
    /// What was agreed to: a charge of not more does not wait for consent again.
    pub agreed_minor: Option<i64>,
    caps: Vec<CapStanding>,
    /// Whose cap refused records of this month.
    cap_refused: Option<CapSide>,
}

/// What became of the records of an hour or day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Charged,
    /// They wait for consent.
    Held,
    /// All of them are refused.
    Refused,
}

/// What was counted with a record more, and the amount of the charge before it and with it.
type More = (Counted, (i64, i64));

/// What the records of an hour or day come to so far.
#[derive(Clone)]
struct Counted {
    currency: Currency,
    /// The accumulation cycles that they touch, by first moment.
    totals: BTreeMap<Moment, Total>,
    quantity: QuantitySum,
    from_packages: QuantitySum,
}

impl Counted {
    fn of(currency: Currency) -> Self {
        Self { currency, totals: BTreeMap::new(), quantity: QuantitySum::default(), from_packages: QuantitySum::default() }
    }

    fn total(&mut self, tx: &mut Tx, instance: Key, cycle_at: Moment) -> Result<&mut Total, Error> {
        match self.totals.entry(cycle_at) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(empty) => {
                let total = match rows::any_total(tx, instance, cycle_at)? {
                    None => Total::of(self.currency),
                    Some(row) => Total {
                        currency: self.currency,
                        quantity: Quantity(row.quantity),
                        exact: row.exact.parse().map_err(|e| Error::row("usage_totals", cycle_at, e))?,
                        charged_minor: row.charged_minor,
                    },
                };
                Ok(empty.insert(total))
            }
        }
    }

    /// What it is charged as, when it fits: amount, quantity, and what packages gave.
    fn charge(&self) -> Result<(i64, i64, i64), Refused> {
        let stored = |sum: QuantitySum| sum.stored().ok_or(Refused::QuantityTooLarge);
        Ok((usage::charge(self.totals.values())?, stored(self.quantity)?, stored(self.from_packages)?))
    }
}

impl<'a> Rating<'a> {
    /// Ratings of one instance pass one at a time: it is locked.
    pub fn begin(tx: &mut Tx, ctx: &Ctx, found: &'a Locked<Instance>) -> Result<Self, Error> {
        let (priced, site) = (must_be_priced(tx, ctx, found)?, crate::instance::site(tx, ctx, found)?);
        let packages = Packages::load(tx, ctx, &site, found, &priced.of)?;
        Ok(Self { found, site, priced, packages, agreed_minor: None, caps: cap::of_instance(tx, found.id)?, cap_refused: None })
    }

    /// Writes what was drawn from packages; warns and stops as a cap says.
    pub fn end(self, tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
        self.packages.keep(tx, ctx)?;
        if !self.caps.is_empty() { cap::review(tx, ctx, self.found, self.cap_refused) } else { Ok(()) }
    }

    /// What a buyer agrees to passes their own cap; no other cap is lifted by a yes. What waited for consent is judged by the
    /// caps of today, whenever it was used: who sets one while it waits does not consent.
    pub fn agreed(&mut self, amount_minor: i64, by: HoldEnd) {
        self.agreed_minor = Some(amount_minor);
        self.caps.retain(|of| (of.cap.side, by) != (CapSide::Buyer, HoldEnd::Buyer));
        self.caps.iter_mut().for_each(|of| of.set_at = Timestamp::MIN);
    }

    /// Why a cap refuses what a record adds to a charge. Each cap that refuses is asked by itself: a lower one that freezes
    /// lifts no other.
    fn beyond_cap(
        &mut self,
        tx: &mut Tx,
        ctx: &Ctx,
        (begin, record): (Timestamp, &Record),
        (before, after): (i64, i64),
    ) -> Result<Option<String>, Error> {
        if self.caps.is_empty() || after <= before {
            return Ok(None);
        }
        let month = self.site.month_of(begin);
        let charged = cap::charged(tx, &month, self.found.id)?;
        let used = super::span_of(record)?.judged_at();
        let Some(CapStanding { cap, .. }) = self.caps.iter().find(|of| of.refuses(used, charged, after)) else {
            return Ok(None);
        };
        if month == self.site.month_of(ctx.now) {
            self.cap_refused = Some(cap.side);
        }
        Ok(Some(cap::reason(cap, &self.site, &month)))
    }

    fn cycle_of(&self, record: &Record) -> Result<Moment, Error> {
        Ok(Moment::of(cycle_of(&self.site, self.priced.meter.accumulation, begin_of(record)?)))
    }

    /// One charge for the records of an hour or day, or the question whether it is agreed to.
    pub fn charge(&mut self, tx: &mut Tx, ctx: &Ctx, begin: Timestamp, records: &[Record]) -> Result<Outcome, Error> {
        let whole = self.packages.mark();
        let (mut counted, mut kept) = (Counted::of(self.site.currency), Vec::new());
        for record in records {
            let before = self.packages.mark();
            let refused = match self.with(tx, &counted, record)? {
                Ok((more, amounts)) => match self.beyond_cap(tx, ctx, (begin, record), amounts)? {
                    None => {
                        counted = more;
                        kept.push(record.id);
                        continue;
                    }
                    Some(reason) => reason,
                },
                Err(refused) => refused.to_string(),
            };
            self.packages.back_to(&before);
            super::refuse(tx, ctx, record, &refused)?;
        }
        if kept.is_empty() {
            return Ok(Outcome::Refused);
        }
        let (amount, quantity, _) = counted.charge().map_err(|e| Error::row("usage_charges", crate::instance::id(self.found), e))?;
        if let Some(held) = hold::proposed(tx, ctx, self, begin, (amount, quantity), self.agreed_minor)? {
            self.packages.back_to(&whole);
            hold::place(tx, ctx, self, held, &kept)?;
            return Ok(Outcome::Held);
        }
        self.keep(tx, ctx, begin, counted, &kept)?;
        Ok(Outcome::Charged)
    }

    /// With a record more, and the amount of the charge before it and with it; the inner error says why it does not fit.
    fn with(&mut self, tx: &mut Tx, counted: &Counted, record: &Record) -> Result<Result<More, Refused>, Error> {
        let (id, model, mut next) = (self.found.id, self.priced.meter.model, counted.clone());
        if let Some(old) = counted_before(tx, record)? {
            let back = self.packages.give_back(tx, &old)?;
            let total = next.total(tx, id, self.cycle_of(&old)?)?;
            let less = total.without(model, &self.priced.tiers, back.rest);
            *total = less.ok_or_else(|| Error::row("usage_totals", hex::encode(id.0), "has less than a correction takes back"))?;
            next.quantity = next.quantity.minus(back.rest);
            next.from_packages = next.from_packages.minus(back.given);
        }
        let drawn = self.packages.draw(tx, record)?;
        let total = next.total(tx, id, self.cycle_of(record)?)?;
        match total.with(model, &self.priced.tiers, drawn.rest) {
            Ok(more) => *total = more,
            Err(refused) => return Ok(Err(refused)),
        }
        next.quantity = next.quantity.plus(drawn.rest);
        next.from_packages = next.from_packages.plus(drawn.given);
        let amount = |counted: &Counted| counted.charge().map(|(amount, ..)| amount);
        Ok(amount(counted).and_then(|before| Ok((before, amount(&next)?))).map(|amounts| (next, amounts)))
    }

    fn keep(&self, tx: &mut Tx, ctx: &Ctx, begin: Timestamp, counted: Counted, records: &[Key]) -> Result<(), Error> {
        let name = || crate::instance::id(self.found);
        let (amount_minor, quantity, from_packages) = counted.charge().map_err(|e| Error::row("usage_charges", name(), e))?;
        for (cycle_at, total) in counted.totals {
            let row = rows::Total {
                instance_id: self.found.id,
                cycle_at,
                quantity: total.quantity.0,
                exact: total.exact.to_string(),
                charged_minor: total.comes_to().map_err(|e| Error::row("usage_totals", name(), e))?,
            };
            rows::put_total(tx, &row)?;
        }
        let row = Charge {
            id: Key::of(ctx.id::<ChargeId>()),
            instance_id: self.found.id,
            buyer_id: self.found.buyer_id,
            seller_id: self.found.seller_id,
            begin_at: Moment::of(begin),
            quantity,
            currency: self.site.currency,
            amount_minor,
            state: ChargeState::Due,
            created_at: ctx.moment(),
            paid_at: None,
            from_packages,
        };
        rows::insert_charge(tx, &row)?;
        Ok(rows::set_charged(tx, records, row.id)?)
    }
}

/// The record that was charged in place of this one. Those that were replaced before they were charged were
/// never counted.
fn counted_before(tx: &mut Tx, record: &Record) -> Result<Option<Record>, Error> {
    let mut before = record.corrects_id;
    while let Some(id) = before {
        let old = rows::any_record(tx, id)?.ok_or_else(|| Error::row("usage_records", hex::encode(id.0), "is gone"))?;
        if old.charge_id.is_some() {
            return Ok(Some(old));
        }
        before = old.corrects_id;
    }
    Ok(None)
}
