//! Use of on-demand instances: records are received, judged, rated and charged; what is not paid ends in
//! arrears (`open-api 4`, `seller-domain 2.5`, `4.4`).
//!
//! Sellers choose the numbers, so no sum of them may wrap: what is added up is wide or checked.

#![deny(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod arrears;
mod cap;
mod count;
mod hold;
mod hourly;
mod judge;
mod meter;
mod package;
mod rate;
mod reason;
mod receive;
mod recount;
mod tried;

pub use arrears::{freeze_for_arrears, paid_up, settle};
pub use cap::{Caps, caps, month_over, set_cap, stop_if_capped};
pub use hold::{decide_hold, hold_over};
pub use hourly::{Hourly, Reported, hourly, is_reported, was_frozen};
pub use judge::judge_batch;
pub use meter::{Day, Metered, metered, unit};
pub use package::{Left, left, review_package, stop_if_used_up};
pub use rate::rate;
pub use reason::reason;
pub use receive::{BodySignature, receive};
pub use recount::recount;

use crate::{
    Ctx, Error,
    job::{self, JobKind},
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    listing::Specification,
    usage::{Meter, Span, Tier},
};
use jiff::SignedDuration;
use store::{
    instance::Instance,
    usage::{self as rows, Record, Standing},
};

/// What an instance's use is counted and priced by: as it was when it was bought.
struct Priced {
    /// The specification that is billed by use.
    of: String,
    meter: Meter,
    /// None for a package that stops when it is used up: nothing beyond it is charged.
    tiers: Vec<Tier>,
}

/// The measured time of a record that was taken.
fn span_of(record: &Record) -> Result<Span, Error> {
    let of = |at: Option<Moment>| at.map(Moment::at).ok_or_else(|| Error::row("usage_records", hex::encode(record.id.0), "has no time"));
    Ok(Span { begin: of(record.begin_at)?, end: of(record.end_at)? })
}

/// When the use began that a record tells of.
fn begin_of(record: &Record) -> Result<Timestamp, Error> {
    Ok(span_of(record)?.begin)
}

pub(crate) fn is_by_use(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<bool, Error> {
    Ok(priced(tx, ctx, instance)?.is_some_and(|p| p.of == instance.specification))
}

fn priced(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<Option<Priced>, Error> {
    let listing = ctx.listings.approved(tx, instance.revision_id)?;
    let spec = listing.specification(&instance.specification);
    let Some((spec, sku)) = spec.and_then(|s: &Specification| Some((s, s.sku(&instance.sku)?))) else {
        return Ok(None);
    };
    // A package that stops may be used alone: then the records name it as their instance.
    let own = spec.package.as_ref().filter(|p| p.stop_when_used_up);
    let of = own.map_or(Some(spec), |p| listing.specification(&p.of));
    Ok(of.and_then(|of| Some(Priced { of: of.key.clone(), meter: of.meter.clone()?, tiers: sku.tiers.clone() })))
}

fn must_be_priced(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<Priced, Error> {
    priced(tx, ctx, instance)?.ok_or_else(|| Error::row("instances", crate::instance::id(instance), "has no meter"))
}

/// A moment later; the end of the calendar when there is none.
fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Refuses a record that was accepted; what it should have replaced stands again.
fn refuse(tx: &mut Tx, ctx: &Ctx, record: &Record, reason: &str) -> Result<(), Error> {
    rows::refuse(tx, record.id, reason)?;
    let Some(old) = record.corrects_id else {
        return Ok(());
    };
    let stands = rows::stand_again(tx, old)?;
    match record.instance_id {
        Some(instance) if stands == Standing::Accepted => {
            job::schedule_named(tx, ctx, JobKind::UsageRating, &rating_job(instance), ctx.now)
        }
        _ => Ok(()),
    }
}

/// The name of the rating job of an instance.
pub(crate) fn rating_job(instance: Key) -> String {
    format!("usage:{}", hex::encode(instance.0))
}
