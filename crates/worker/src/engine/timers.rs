//! What a timer that fell due does.

use app::{Ctx, Error, call, instance, job::JobKind, money, order, supervision, usage};
use db::{Key, Tx};
use domain::site::SiteCode;
use store::job::{self, Job};

/// A timer fell due: does it and removes the job in one transaction.
pub(super) fn run(tx: &mut Tx, ctx: &Ctx, kind: JobKind, job: &Job) -> Result<(), Error> {
    // Done by somebody else after our lease ran out, or called off meanwhile: what it would do may not be done twice.
    if job::done(tx, job.id)? == 0 {
        return Ok(());
    }
    let subject = job.subject.unwrap_or(Key([0; 16]));
    match kind {
        JobKind::UnpaidOrder => order::cancel_unpaid(tx, ctx, subject),
        JobKind::Reminder => instance::remind(tx, ctx, subject),
        JobKind::AutoRenewal => order::auto_renew(tx, ctx, subject),
        JobKind::Expiry => instance::expire(tx, ctx, subject),
        JobKind::Release => instance::release_expired(tx, ctx, subject),
        JobKind::RenewalStuck => call::renewal_stuck(tx, ctx, subject),
        JobKind::UsageBatch => usage::judge_batch(tx, ctx, subject),
        JobKind::UsageRating => usage::rate(tx, ctx, job.name.as_deref().unwrap_or_default()),
        JobKind::Arrears => usage::freeze_for_arrears(tx, ctx, subject),
        JobKind::Supervision => supervision::fall_due(tx, ctx, subject),
        JobKind::Bills => bills(tx, ctx, job),
        JobKind::ProbeRound => app::probe::round(tx, ctx, job.name.as_deref().unwrap_or_default()),
        JobKind::OpenCases => supervision::tell_open(tx, ctx, job.name.as_deref().unwrap_or_default()),
        JobKind::Call | JobKind::Export | JobKind::Probe | JobKind::Mail | JobKind::Sms | JobKind::Webhook => {
            Err(Error::row("jobs", kind, "is not a timer"))
        }
    }
}

fn bills(tx: &mut Tx, ctx: &Ctx, job: &Job) -> Result<(), Error> {
    let name = job.name.as_deref().unwrap_or_default();
    let code: SiteCode = name.trim_start_matches("bills:").parse().map_err(|e| Error::row("jobs", name, e))?;
    let site = ctx.site(code);
    money::issue_bills(tx, ctx, &site)?;
    app::job::schedule_named(tx, ctx, JobKind::Bills, name, money::next_bill_run(&site, ctx.now))
}
