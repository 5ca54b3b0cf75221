//! Rating: accepted records become charges, hour by hour or day by day, and each charge is taken from the
//! wallet. All charges of an accumulation cycle together are its exact amount, rounded once.

use super::{arrears, begin_of, count::Rating, later};
use crate::{
    Ctx, Error, Tenant,
    job::{self, JobKind},
};
use db::{Key, Tx};
use domain::{
    Timestamp,
    site::Site,
    usage::{Accumulation, BillingCycle, hour_of},
};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use store::{
    instance,
    usage::{self as rows, Record},
};

/// Records rated in one transaction.
const AT_ONCE: i64 = 2_000;

/// Charges what an instance used and was not charged for.
///
/// # Errors
/// [`Error::Store`].
pub fn rate(tx: &mut Tx, ctx: &Ctx, name: &str) -> Result<(), Error> {
    let instance = key_of(name).ok_or_else(|| Error::row("jobs", name, "names no instance"))?;
    let Some(found) = instance::lock(tx, Tenant::Any, instance)? else {
        return Ok(());
    };
    let mut rating = Rating::begin(tx, ctx, &found)?;
    let records = rows::any_to_rate(tx, instance, AT_ONCE)?;
    let more = i64::try_from(records.len()).unwrap_or(0) == AT_ONCE;
    let mut by_cycle = BTreeMap::<Timestamp, Vec<Record>>::new();
    for record in records {
        let begin = begin_of(&record)?;
        by_cycle.entry(cycle(&rating.site, rating.priced.meter.cycle, begin)).or_default().push(record);
    }
    for (begin, records) in by_cycle {
        rating.charge(tx, ctx, begin, &records)?;
    }
    rating.end(tx, ctx)?;
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
pub(super) fn cycle(site: &Site, cycle: BillingCycle, at: Timestamp) -> Timestamp {
    match cycle {
        BillingCycle::Hour => hour_of(site, at),
        BillingCycle::Day => site.start_of(site.day_of(at)),
    }
}

/// The first moment of the cycle over which quantities accumulate.
pub(super) fn cycle_of(site: &Site, accumulation: Accumulation, at: Timestamp) -> Timestamp {
    let day = site.day_of(at);
    match accumulation {
        Accumulation::Day => site.start_of(day),
        Accumulation::Month => site.start_of(day.first_of_month()),
    }
}

/// The end of an hour or day.
pub(super) fn cycle_end(site: &Site, cycle: BillingCycle, begin: Timestamp) -> Timestamp {
    match cycle {
        BillingCycle::Hour => later(begin, SignedDuration::from_hours(1)),
        BillingCycle::Day => site.start_of(site.day_of(begin).saturating_add(jiff::Span::new().days(1))),
    }
}
