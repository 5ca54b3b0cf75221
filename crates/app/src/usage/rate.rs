//! Rating: accepted records become charges, hour by hour or day by day, and each charge is taken from the
//! wallet. All charges of an accumulation cycle together are its exact amount, rounded once.

use super::{Priced, arrears, must_be_priced, package::Packages};
use crate::{
    Ctx, Error, Tenant, from_micros,
    job::{self, JobKind},
    micros,
};
use db::{Key, Tx};
use domain::{
    Timestamp,
    id::ChargeId,
    site::Site,
    usage::{Accumulation, BillingCycle, Quantity, Total},
};
use jiff::{SignedDuration, Unit};
use std::collections::{BTreeMap, btree_map::Entry};
use store::{
    instance::{self, Instance},
    usage::{self as rows, Charge, Record},
};

/// Records rated in one transaction.
const AT_ONCE: i64 = 2_000;

/// Charges what an instance used and was not charged for.
///
/// # Errors
/// [`Error::Store`].
pub fn rate(tx: &mut Tx, ctx: &Ctx, name: &str) -> Result<(), Error> {
    let instance = key_of(name).ok_or_else(|| Error::row("jobs", name, "names no instance"))?;
    let Some(found) = instance::lookup(tx, Tenant::Any, instance)? else {
        return Ok(());
    };
    let records = rows::any_to_rate(tx, instance, AT_ONCE)?;
    let more = i64::try_from(records.len()).unwrap_or(0) == AT_ONCE;
    let (priced, site) = (must_be_priced(tx, ctx, &found)?, crate::instance::site(tx, ctx, &found)?);
    let mut packages = Packages::load(tx, ctx, &site, &found, &priced.of)?;
    let mut by_cycle = BTreeMap::<Timestamp, Vec<Record>>::new();
    for record in records {
        let begin = from_micros(record.begin_at.unwrap_or_default());
        by_cycle.entry(cycle(&site, priced.meter.cycle, begin)).or_default().push(record);
    }
    for (begin, records) in by_cycle {
        charge(tx, ctx, &found, &site, &priced, &mut packages, begin, &records)?;
    }
    packages.keep(tx, ctx)?;
    arrears::settle(tx, ctx, found.buyer_id)?;
    if more {
        job::schedule_named(tx, ctx, JobKind::UsageRating, name, ctx.now)?;
    }
    Ok(())
}

fn key_of(name: &str) -> Option<Key> {
    let mut key = [0; 16];
    hex::decode_to_slice(name.strip_prefix("usage:")?, &mut key).ok()?;
    Some(Key(key))
}

/// The first moment of the hour or day that a moment lies in, at the site.
fn cycle(site: &Site, cycle: BillingCycle, at: Timestamp) -> Timestamp {
    match cycle {
        BillingCycle::Hour => at.round(jiff::TimestampRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc)).unwrap_or(at),
        BillingCycle::Day => site.start_of(site.day_of(at)),
    }
}

/// The first moment of the cycle over which quantities accumulate.
fn accumulation(site: &Site, accumulation: Accumulation, at: Timestamp) -> Timestamp {
    let day = site.day_of(at);
    match accumulation {
        Accumulation::Day => site.start_of(day),
        Accumulation::Month => site.start_of(day.first_of_month()),
    }
}

/// The totals of the cycles that a rating touches.
#[derive(Default)]
struct Totals(BTreeMap<i64, Total>);

impl Totals {
    fn of(&mut self, tx: &mut Tx, instance: Key, cycle_at: i64) -> Result<&mut Total, Error> {
        match self.0.entry(cycle_at) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(empty) => {
                let total = match rows::any_total(tx, instance, cycle_at)? {
                    None => Total::default(),
                    Some(row) => Total {
                        quantity: Quantity(row.quantity),
                        exact: row.exact.parse().map_err(|e| Error::row("usage_totals", cycle_at, e))?,
                        charged_minor: row.charged_minor,
                    },
                };
                Ok(empty.insert(total))
            }
        }
    }
}

/// One charge for the records of one hour or day.
#[expect(clippy::too_many_arguments, reason = "what a charge is made of")]
fn charge(
    tx: &mut Tx,
    ctx: &Ctx,
    found: &Instance,
    site: &Site,
    priced: &Priced,
    packages: &mut Packages<'_>,
    begin: Timestamp,
    records: &[Record],
) -> Result<(), Error> {
    let (model, tiers) = (priced.meter.model, priced.tiers.as_slice());
    let (mut totals, mut quantity, mut from_packages) = (Totals::default(), 0, 0);
    let cycle_of = |record: &Record| {
        let at = from_micros(record.begin_at.unwrap_or_default());
        micros(accumulation(site, priced.meter.accumulation, at))
    };
    for record in records {
        if let Some(old) = counted_before(tx, record)? {
            let back = packages.give_back(tx, &old)?;
            totals.of(tx, found.id, cycle_of(&old))?.count(model, tiers, back.rest, true);
            quantity -= back.rest.0;
            from_packages -= back.given.0;
        }
        let drawn = packages.draw(tx, record)?;
        totals.of(tx, found.id, cycle_of(record))?.count(model, tiers, drawn.rest, false);
        quantity += drawn.rest.0;
        from_packages += drawn.given.0;
    }
    let mut amount_minor = 0;
    for (cycle_at, mut total) in totals.0 {
        amount_minor += total.charge();
        let row = rows::Total {
            instance_id: found.id,
            cycle_at,
            quantity: total.quantity.0,
            exact: total.exact.to_string(),
            charged_minor: total.charged_minor,
        };
        rows::put_total(tx, &row)?;
    }
    let row = Charge {
        id: Key::of(ctx.id::<ChargeId>()),
        instance_id: found.id,
        buyer_id: found.buyer_id,
        seller_id: found.seller_id,
        begin_at: micros(begin),
        quantity,
        currency: site.currency.as_str().to_owned(),
        amount_minor,
        state: "due".to_owned(),
        created_at: ctx.now_micros(),
        paid_at: None,
        from_packages,
    };
    rows::insert_charge(tx, &row)?;
    let ids: Vec<Key> = records.iter().map(|r| r.id).collect();
    Ok(rows::set_charged(tx, &ids, row.id)?)
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

/// The end of an hour or day.
pub(super) fn cycle_end(site: &Site, cycle: BillingCycle, begin: Timestamp) -> Timestamp {
    match cycle {
        BillingCycle::Hour => begin + SignedDuration::from_hours(1),
        BillingCycle::Day => site.start_of(site.day_of(begin).saturating_add(jiff::Span::new().days(1))),
    }
}
