//! Jobs: timers and calls that are due, written in the transaction that makes them due.

mod perform;
mod prepare;

pub use perform::{Work, begin, finish_call, finish_mail, finish_probe, finish_webhook};
pub use prepare::{check_sites, prepare};

use crate::{Ctx, Error};
use db::{DbError, Key, Moment, Tx};
pub use domain::job::JobKind;
use domain::{Timestamp, job::JobState};
use store::job;

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
        kind,
        subject,
        lane: lane.to_owned(),
        // What should have been done by now is due now: it is late only when nobody does it.
        due_at: Moment::of(due.max(ctx.now)),
        attempts: 0,
        state: JobState::Due,
        lease_owner: String::new(),
        lease_until: Moment::of(Timestamp::UNIX_EPOCH),
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
