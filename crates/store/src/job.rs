//! Jobs: what is due, under lease while somebody does it.

use crate::{DbError, Key, Legible, Moment, Tx, Written};
use db::{Run, schema::jobs};
use diesel::prelude::*;
use domain::job::{JobKind, JobState};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = jobs)]
    pub struct Job of jobs {
        pub id: Key,
        pub kind: JobKind,
        pub subject: Option<Key>,
        pub lane: String,
        pub due_at: Moment,
        pub attempts: i64,
        pub state: JobState,
        pub lease_owner: String,
        /// Wall time; the first moment of 1970 when nobody has the job.
        pub lease_until: Moment,
        pub error: Option<String>,
        pub name: Option<String>,
    }
}

/// A job under the lease of whoever claimed it. Once the lease has run out another may have the job: only its owner ends it,
/// puts it off or sets it aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub job: Key,
    pub owner: String,
}

impl Job {
    /// The lease under which the job was claimed.
    #[must_use]
    pub fn lease(&self) -> Lease {
        Lease { job: self.id, owner: self.lease_owner.clone() }
    }
}

/// # Errors
/// [`DbError`]; a unique violation when a job of the name is there.
pub fn insert(tx: &mut Tx, jobs: &[Job]) -> Result<(), DbError> {
    db::each_part(tx, jobs, |part| db::Insert {
        table: "jobs",
        columns: ["id", "kind", "subject", "lane", "due_at", "attempts", "state", "lease_owner", "lease_until", "error", "name"],
        rows: part.iter().map(values).collect(),
        conflict: "",
    })?;
    Ok(())
}

#[rustfmt::skip]
fn values(j: &Job) -> [db::Value<'_>; 11] {
    db::row![
        &j.id, j.kind.as_str(), &j.subject, &j.lane, j.due_at, j.attempts, j.state.as_str(),
        &j.lease_owner, j.lease_until, &j.error, &j.name,
    ]
}

/// Whether a job of the name waits, and holds it until the transaction ends: who does the job at this moment is
/// awaited, and who begins it then sees what this transaction wrote.
///
/// # Errors
/// [`DbError`].
pub fn hold_named(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    Ok(diesel::update(jobs::table.filter(jobs::name.eq(name))).set(jobs::due_at.eq(jobs::due_at)).run(tx)? > 0)
}

/// Whether a job of a name waits.
///
/// # Errors
/// [`DbError`].
pub fn any_named(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let named: i64 = jobs::table.filter(jobs::name.eq(name)).count().get_result(tx)?;
    Ok(named > 0)
}

/// Takes due jobs under a lease and reads them back, in the order in which they are due. One that cannot be read is set aside for
/// a person: nobody could do it, and it would be claimed for ever.
///
/// # Errors
/// [`DbError`].
pub fn claim(tx: &mut Tx, claim: &db::Claim<'_>) -> Result<Vec<Job>, DbError> {
    let taken = db::claim_jobs(tx, claim)?;
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let read = jobs::table.filter(jobs::id.eq_any(taken.clone())).select(Job::as_select());
    let Legible { mut rows, misfits } = Legible::of(db::readable(tx, read)?);
    if let Some(first) = misfits.first() {
        misfits.iter().for_each(db::Misfit::report);
        let others: Vec<Key> = taken.into_iter().filter(|id| !rows.iter().any(|job: &Job| job.id == *id)).collect();
        let failed = (jobs::state.eq(JobState::Failed), jobs::lease_owner.eq(""), jobs::error.eq(first.what.clone()));
        diesel::update(jobs::table.filter(jobs::id.eq_any(others))).set(failed).run(tx)?;
    }
    rows.sort_by_key(|job| (job.due_at, job.id));
    Ok(rows)
}

/// Whether the lease is held still; it is until the transaction ends.
///
/// # Errors
/// [`DbError`].
pub fn hold(tx: &mut Tx, lease: &Lease) -> Result<Written, DbError> {
    let held = jobs::table.find(lease.job).filter(jobs::lease_owner.eq(&lease.owner));
    Ok(Written::from_rows(diesel::update(held).set(jobs::lease_until.eq(jobs::lease_until)).run(tx)?))
}

/// Removes a job that is done.
///
/// # Errors
/// [`DbError`].
pub fn done(tx: &mut Tx, lease: &Lease) -> Result<Written, DbError> {
    let held = jobs::table.find(lease.job).filter(jobs::lease_owner.eq(&lease.owner));
    Ok(Written::from_rows(diesel::delete(held).run(tx)?))
}

/// Puts a job off and gives its lease back.
///
/// # Errors
/// [`DbError`].
pub fn put_off(tx: &mut Tx, lease: &Lease, due_at: Moment, error: Option<&str>) -> Result<Written, DbError> {
    let held = jobs::table.find(lease.job).filter(jobs::lease_owner.eq(&lease.owner));
    let changed = diesel::update(held)
        .set((
            jobs::due_at.eq(due_at),
            jobs::attempts.eq(jobs::attempts + 1),
            jobs::lease_owner.eq(""),
            jobs::lease_until.eq(0),
            jobs::error.eq(error),
        ))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

/// Gives leases back: the jobs are due as they were before they were claimed. Those that were lost or ended are left alone.
///
/// # Errors
/// [`DbError`].
pub fn give_back(tx: &mut Tx, leases: &[Lease]) -> Result<(), DbError> {
    db::each_part(tx, leases, |part| {
        // A claim has a name of its own, so a job under one of these names is under its own.
        let owners: Vec<&str> = part.iter().map(|lease| lease.owner.as_str()).collect();
        let jobs: Vec<Key> = part.iter().map(|lease| lease.job).collect();
        let held = jobs::table.filter(jobs::id.eq_any(jobs)).filter(jobs::lease_owner.eq_any(owners));
        diesel::update(held).set((jobs::lease_owner.eq(""), jobs::lease_until.eq(0)))
    })?;
    Ok(())
}

/// Sets a job aside for a person.
///
/// # Errors
/// [`DbError`].
pub fn fail(tx: &mut Tx, lease: &Lease, error: &str) -> Result<Written, DbError> {
    let held = jobs::table.find(lease.job).filter(jobs::lease_owner.eq(&lease.owner));
    let failed = (jobs::state.eq(JobState::Failed), jobs::lease_owner.eq(""), jobs::error.eq(error));
    Ok(Written::from_rows(diesel::update(held).set(failed).run(tx)?))
}

/// Removes the jobs of a kind about a subject.
///
/// # Errors
/// [`DbError`].
pub fn cancel(tx: &mut Tx, kind: JobKind, subject: Key) -> Result<usize, DbError> {
    Ok(diesel::delete(jobs::table.filter(jobs::subject.eq(subject)).filter(jobs::kind.eq(kind))).run(tx)?)
}

/// Removes the jobs of a kind about subjects.
///
/// # Errors
/// [`DbError`].
pub fn cancel_each(tx: &mut Tx, kind: JobKind, subjects: &[Key]) -> Result<(), DbError> {
    db::each_part(tx, subjects, |part| {
        diesel::delete(jobs::table.filter(jobs::subject.eq_any(part.to_vec())).filter(jobs::kind.eq(kind)))
    })?;
    Ok(())
}

/// Removes all jobs about a subject.
///
/// # Errors
/// [`DbError`].
pub fn cancel_all(tx: &mut Tx, subject: Key) -> Result<usize, DbError> {
    Ok(diesel::delete(jobs::table.filter(jobs::subject.eq(subject))).run(tx)?)
}

/// Jobs about a subject that wait.
///
/// # Errors
/// [`DbError`].
pub fn of_subject(tx: &mut Tx, subject: Key) -> Result<Vec<Job>, DbError> {
    Ok(jobs::table.filter(jobs::subject.eq(subject)).order(jobs::due_at).select(Job::as_select()).load(tx)?)
}

/// When the next job is due that nobody works on.
///
/// # Errors
/// [`DbError`].
pub fn next_due(tx: &mut Tx) -> Result<Option<Moment>, DbError> {
    let due = jobs::table.filter(jobs::state.eq(JobState::Due)).order(jobs::due_at).select(jobs::due_at);
    // A number beyond all times is never due.
    Ok(due.first(tx).optional()?.and_then(Moment::of_micros))
}

/// Jobs that were set aside.
///
/// # Errors
/// [`DbError`].
pub fn any_failed(tx: &mut Tx) -> Result<Legible<Job>, DbError> {
    let failed = jobs::table.filter(jobs::state.eq(JobState::Failed)).limit(100);
    Ok(Legible::of(db::readable(tx, failed.select(Job::as_select()))?))
}

/// Due jobs that were due before a moment.
///
/// # Errors
/// [`DbError`].
pub fn any_overdue(tx: &mut Tx, before: Moment) -> Result<Legible<Job>, DbError> {
    let due = jobs::table.filter(jobs::state.eq(JobState::Due)).filter(jobs::due_at.lt(before));
    Ok(Legible::of(db::readable(tx, due.order(jobs::due_at).limit(100).select(Job::as_select()))?))
}

/// Takes every lease back: at the start of the only process of an embedded database.
///
/// # Errors
/// [`DbError`].
pub fn release_leases(tx: &mut Tx) -> Result<usize, DbError> {
    let held = jobs::table.filter(jobs::lease_owner.ne(""));
    Ok(diesel::update(held).set((jobs::lease_owner.eq(""), jobs::lease_until.eq(0))).run(tx)?)
}
