//! Use by the hour, judged at once: what sellers report who meter as for AWS or Azure. One record for an instance and
//! an hour; the same again is no news, another quantity is refused.

use super::{
    judge::{known_by_sn, to_rate},
    later,
};
use crate::{Ctx, Error};
use db::{DbError, Key, Moment, Tx};
use domain::{
    Timestamp,
    usage::{Quantity, UsageState, is_frozen},
};
use jiff::{RoundMode, SignedDuration, TimestampRound, Unit};
use std::collections::BTreeSet;
use store::{
    instance::Instance,
    usage::{self as rows, Record},
};

/// What an instance used at a moment.
#[derive(Clone, Copy)]
pub struct Hourly<'a> {
    /// Which marketplace's rules: part of the record's name.
    pub by: &'static str,
    pub instance: &'a Instance,
    pub at: Timestamp,
    pub quantity: Quantity,
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    pub record: Key,
    /// When the standing record came.
    pub received_at: Moment,
    pub quantity: Quantity,
    /// It stands already.
    pub known: bool,
}

fn hour(at: Timestamp) -> Timestamp {
    at.round(TimestampRound::new().smallest(Unit::Hour).mode(RoundMode::Trunc)).unwrap_or(at)
}

/// Whether a marketplace's rules have a record of an instance for the hour of a moment.
///
/// # Errors
/// [`Error::Store`].
pub fn is_reported(tx: &mut Tx, by: &str, instance: &Instance, at: Timestamp) -> Result<bool, Error> {
    Ok(rows::any_known(tx, known_by_sn(instance.seller_id, &name(by, instance, hour(at))))?.is_some())
}

fn name(by: &str, instance: &Instance, begin: Timestamp) -> String {
    format!("{by}-{}-{}", hex::encode(instance.id.0), begin.strftime("%Y%m%d%H"))
}

/// Whether an instance was frozen when the hour of a moment began: its seller was told to stop its use.
///
/// # Errors
/// [`Error::Store`].
pub fn was_frozen(tx: &mut Tx, instance: Key, at: Timestamp) -> Result<bool, Error> {
    let freezes = store::instance::freezes(tx, &[instance])?;
    let frozen: Vec<_> = freezes.iter().map(|f| (f.from_at.at(), f.until_at.map(Moment::at))).collect();
    Ok(is_frozen(&frozen, hour(at)))
}

/// Books a report, or finds the one of that hour.
///
/// # Errors
/// [`Error::Store`].
pub fn hourly(tx: &mut Tx, ctx: &Ctx, report: &Hourly<'_>) -> Result<Reported, Error> {
    let (instance, begin) = (report.instance, hour(report.at));
    let sn = name(report.by, instance, begin);
    let known_by = known_by_sn(instance.seller_id, &sn);
    if let Some(known) = rows::any_known(tx, known_by)? {
        rows::came_again(tx, known_by)?;
        let quantity = Quantity(known.quantity.unwrap_or_default());
        return Ok(Reported { record: known.id, received_at: known.received_at, quantity, known: true });
    }
    let row = Record {
        id: ctx.key(),
        known_by,
        seller_id: instance.seller_id,
        instance_id: Some(instance.id),
        sent_instance: instance.seller_instance_id.clone().unwrap_or_default(),
        metering_sn: Some(sn),
        begin_at: Some(Moment::of(begin)),
        end_at: Some(Moment::of(later(begin, SignedDuration::from_hours(1)))),
        quantity: Some(report.quantity.0),
        sent_value: report.quantity.to_string(),
        state: UsageState::Accepted,
        reason: None,
        repeats: 0,
        corrects_id: None,
        charge_id: None,
        received_at: ctx.moment(),
        package_id: None,
        hold_id: None,
    };
    if rows::insert_new(tx, std::slice::from_ref(&row))?.is_empty() {
        // Reported twice at the same moment: this unit runs again and finds the other.
        return Err(DbError::Raced.into());
    }
    to_rate(tx, ctx, BTreeSet::from([instance.id]))?;
    Ok(Reported { record: row.id, received_at: row.received_at, quantity: report.quantity, known: false })
}
