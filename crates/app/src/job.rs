//! Jobs: timers and calls that are due, written in the transaction that makes them due.

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
        /// What was used is unpaid for so long that the instance is frozen. Subject: instance.
        Arrears = "instance.arrears",
        /// A renewal's call is still failed a day later. Subject: call.
        RenewalStuck = "call.renewal_stuck",
        /// Make the monthly bills of a site.
        Bills = "bills",
        /// Write an export. Subject: export.
        Export = "export",
    }
}

/// Makes a job that is due at a business time.
///
/// # Errors
/// [`Error::Store`].
pub fn schedule(tx: &mut Tx, ctx: &Ctx, kind: JobKind, subject: Option<Key>, due: Timestamp) -> Result<(), Error> {
    insert(tx, ctx, kind, subject, "", due, None)
}

/// Makes a job in a lane whose limits it shares.
///
/// # Errors
/// [`Error::Store`].
pub fn schedule_in_lane(tx: &mut Tx, ctx: &Ctx, kind: JobKind, subject: Key, lane: Key, due: Timestamp) -> Result<(), Error> {
    insert(tx, ctx, kind, Some(subject), &hex::encode(lane.0), due, None)
}

/// Makes a job unless one of its name is there.
///
/// # Errors
/// [`Error::Store`].
pub fn schedule_named(tx: &mut Tx, ctx: &Ctx, kind: JobKind, name: &str, due: Timestamp) -> Result<(), Error> {
    if job::named(tx, name)?.is_some() {
        return Ok(());
    }
    insert(tx, ctx, kind, None, "", due, Some(name))
}

#[expect(clippy::too_many_arguments, reason = "the one place where a job's row is made")]
fn insert(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: JobKind,
    subject: Option<Key>,
    lane: &str,
    due: Timestamp,
    name: Option<&str>,
) -> Result<(), Error> {
    let row = job::Job {
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
    };
    match job::insert(tx, &row) {
        Err(e) if e.is_unique_violation() => Err(DbError::Raced.into()),
        result => Ok(result?),
    }
}
