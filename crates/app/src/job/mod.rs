//! Jobs: timers and calls that are due, written in the transaction that makes them due.

mod perform;
mod prepare;

pub use perform::{Work, begin, finish_call, finish_mail, finish_probe, finish_webhook};
pub use prepare::{check_sites, prepare};

use crate::{Ctx, Error};
use db::{DbError, Key, Tx};
use domain::Timestamp;
use store::job;

domain::words! {
    /// What there is to do.
    pub enum JobKind ("job kind") {
        /// Send a production call. Subject: call.
        Call = "call",
        /// Cancel an order that was not paid. Subject: order.
        UnpaidOrder = "order.unpaid",
        /// Remind the buyer that a term ends. Subject: instance.
        Reminder = "instance.reminder",
        /// Try to renew in the buyer's name. Subject: instance.
        AutoRenewal = "instance.auto_renewal",
        /// The last term ends. Subject: instance.
        Expiry = "instance.expiry",
        /// The retention after expiry ends. Subject: instance.
        Release = "instance.release",
        /// Judge the records of a push. Subject: batch.
        UsageBatch = "usage.batch",
        /// Charge what an instance used; named for the instance.
        UsageRating = "usage.rating",
        /// Nobody agreed to a held charge in time. Subject: hold.
        UsageHold = "usage.hold",
        /// The month ends in which a cap stopped an instance. Subject: instance.
        UsageCap = "usage.cap",
        /// What was used is unpaid for so long that the instance is frozen. Subject: instance.
        Arrears = "instance.arrears",
        /// What an instance owed was paid. Subject: instance.
        PaidUp = "instance.paid_up",
        /// A package that stops was drawn from, or something was given back to it. Subject: instance.
        PackageUsed = "package.used",
        /// A renewal's call is still failed a day later. Subject: call.
        RenewalStuck = "call.renewal_stuck",
        /// Something falls due in a case of service supervision. Subject: case.
        Supervision = "supervision",
        /// Tell sellers how many orders are under supervision; named for the site.
        OpenCases = "supervision.open_cases",
        /// Send a message by mail. Subject: delivery.
        Mail = "message.mail",
        /// Send a message by SMS. Subject: delivery.
        Sms = "message.sms",
        /// Send a message to an endpoint. Subject: delivery.
        Webhook = "message.webhook",
        /// Plan the probes of a site; named for it.
        ProbeRound = "probe.round",
        /// Replay the saved cases of a product. Subject: product.
        Probe = "probe",
        /// Make the monthly bills of a site.
        Bills = "bills",
        /// Write an export. Subject: export.
        Export = "export",
    }
}

/// How long a job is kept for who claimed it, in microseconds.
#[must_use]
pub fn lease_micros(ctx: &Ctx) -> i64 {
    i64::try_from(ctx.settings.job_lease.as_micros()).unwrap_or(i64::MAX)
}

/// Makes a job that is due at a business time.
///
/// # Errors
/// [`Error::Store`].
pub fn schedule(tx: &mut Tx, ctx: &Ctx, kind: JobKind, subject: Option<Key>, due: Timestamp) -> Result<(), Error> {
    schedule_all(tx, &[planned(ctx, kind, subject, due)])
}

/// A job that is due at a business time.
pub(crate) fn planned(ctx: &Ctx, kind: JobKind, subject: Option<Key>, due: Timestamp) -> job::Job {
    row(ctx, kind, subject, "", due, None)
}

/// A job in a lane whose limits it shares.
pub(crate) fn in_lane(ctx: &Ctx, kind: JobKind, subject: Key, lane: Key, due: Timestamp) -> job::Job {
    row(ctx, kind, Some(subject), &hex::encode(lane.0), due, None)
}

/// Makes a job in a lane.
///
/// # Errors
/// [`Error::Store`].
pub fn schedule_in_lane(tx: &mut Tx, ctx: &Ctx, kind: JobKind, subject: Key, lane: Key, due: Timestamp) -> Result<(), Error> {
    schedule_all(tx, &[in_lane(ctx, kind, subject, lane, due)])
}

/// Makes a job unless one of its name is there.
///
/// # Errors
/// [`Error::Store`].
pub fn schedule_named(tx: &mut Tx, ctx: &Ctx, kind: JobKind, name: &str, due: Timestamp) -> Result<(), Error> {
    if job::hold_named(tx, name)? {
        return Ok(());
    }
    schedule_all(tx, &[row(ctx, kind, None, "", due, Some(name))])
}

fn row(ctx: &Ctx, kind: JobKind, subject: Option<Key>, lane: &str, due: Timestamp, name: Option<&str>) -> job::Job {
    job::Job {
        id: ctx.key(),
        kind: kind.as_str().to_owned(),
        subject,
        lane: lane.to_owned(),
        due_at: crate::micros(due),
        attempts: 0,
        state: "due".to_owned(),
        lease_owner: String::new(),
        lease_until: 0,
        error: None,
        name: name.map(str::to_owned),
    }
}

/// Makes jobs together.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn schedule_all(tx: &mut Tx, rows: &[job::Job]) -> Result<(), Error> {
    match job::insert(tx, rows) {
        Err(e) if e.is_unique_violation() => Err(DbError::Raced.into()),
        result => Ok(result?),
    }
}
