//! What an instance used and what it cost, for its buyer and seller.

use super::{
    must_be_priced,
    package::{self, Left},
    rate::cycle_end,
};
use crate::{Ctx, Error, Page, Tenant};
use db::{Moment, Tx};
use domain::{
    Timestamp,
    listing::Bilingual,
    usage::{HoldState, Meter, Quantity, QuantitySum, Tier},
};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use store::{
    instance::Instance,
    usage as rows,
    usage_hold::{Filter as Waiting, Hold},
};

/// Days shown at most.
const DAYS: i64 = 90;
const HOURS: i64 = DAYS.saturating_mul(24);
/// Charges read at most: each hour of that time, and corrections.
const CHARGES_MAX: i64 = HOURS.saturating_mul(4);

/// Held charges shown at most.
const HOLDS_MAX: i64 = 100;

/// A day's use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// yyyy-MM-dd at the site.
    pub day: String,
    /// What was charged; packages gave more.
    pub quantity: QuantitySum,
    pub from_packages: QuantitySum,
    pub amount_minor: i64,
}

/// The meter of an instance, its days, and what is not paid.
#[derive(Clone)]
pub struct Metered {
    pub meter: Meter,
    pub tiers: Vec<Tier>,
    pub days: Vec<Day>,
    pub due_minor: i64,
    /// Up to when use was charged.
    pub until: Option<Timestamp>,
    /// Packages that cover its use now.
    pub packages: Vec<Left>,
    /// Charges that wait for the buyer's consent, newest first.
    pub holds: Vec<Hold>,
}

/// What the quantities of an instance count.
///
/// # Errors
/// [`Error::Row`] when the instance is not billed by use.
pub fn unit(tx: &mut Tx, ctx: &Ctx, found: &Instance) -> Result<Bilingual, Error> {
    Ok(must_be_priced(tx, ctx, found)?.meter.unit)
}

/// What an instance used, and what waits or is not paid.
///
/// # Errors
/// [`Error::Row`] when the instance is not billed by use.
pub fn metered(tx: &mut Tx, ctx: &Ctx, found: &Instance) -> Result<Metered, Error> {
    let priced = must_be_priced(tx, ctx, found)?;
    let site = crate::instance::site(tx, ctx, found)?;
    let since = ctx.now.checked_sub(SignedDuration::from_hours(HOURS)).unwrap_or(Timestamp::MIN);
    let charges = rows::charges(tx, found.id, Moment::of(since), CHARGES_MAX)?;
    let until = charges.last().map(|c| cycle_end(&site, priced.meter.cycle, c.begin_at.at()));
    let mut days = BTreeMap::<String, Day>::new();
    for charge in charges {
        let day = site.day_of(charge.begin_at.at()).to_string();
        let entry = days.entry(day.clone()).or_insert(Day { day, ..Day::default() });
        entry.quantity = entry.quantity.plus(Quantity(charge.quantity));
        entry.from_packages = entry.from_packages.plus(Quantity(charge.from_packages));
        let sum = entry.amount_minor.checked_add(charge.amount_minor);
        entry.amount_minor = sum.ok_or_else(|| Error::row("usage_charges", crate::instance::id(found), "do not fit into a day"))?;
    }
    let due_minor = rows::due_of_instance(tx, found.buyer_id, found.id)?;
    let packages = package::in_force(tx, ctx, found)?;
    let waiting = Waiting { state: Some(HoldState::Waiting), instance: Some(found.id) };
    let holds = store::usage_hold::list(tx, Tenant::Any, &waiting, Page::first(HOLDS_MAX))?;
    Ok(Metered { meter: priced.meter, tiers: priced.tiers, days: days.into_values().collect(), due_minor, until, packages, holds })
}
