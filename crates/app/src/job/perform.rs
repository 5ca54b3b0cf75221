//! What a due job does: a timer is done in one transaction; what needs the outside world begins in one transaction, is
//! sent by the caller, and is finished in another.

use super::JobKind;
use crate::{Ctx, Error, Tenant, call, instance, message, money, order, probe, supervision, usage};
use db::{Key, Moment, Tx};
use domain::{Timestamp, site::SiteCode};
use store::{
    Written,
    job::{self, Job, Lease},
};
use wire::conformance::Exchange;

/// What is to be done outside the transaction.
pub enum Work {
    /// Nothing: it was done, or there is nothing to do any more.
    Done,
    Call(Box<call::Outgoing>),
    Mail(Box<message::OutgoingMail>),
    Sms(Box<message::OutgoingMail>),
    Webhook(Box<message::OutgoingWebhook>),
    /// Replay the saved cases of this product; see [`finish_probe`].
    Probe(Key),
    /// Write the export that the job names.
    Export,
}

/// Begins a job that fell due.
///
/// # Errors
/// [`Error::Store`].
pub fn begin(tx: &mut Tx, ctx: &Ctx, job: &Job) -> Result<Work, Error> {
    let (kind, subject, lease) = (job.kind, subject(job), job.lease());
    // What leaves the platform is sent by who has the job; calls ask that of their attempt.
    let sends = matches!(kind, JobKind::Mail | JobKind::Sms | JobKind::Webhook | JobKind::Probe | JobKind::Export);
    if sends && job::hold(tx, &lease)? == Written::SomeoneElseWasFirst {
        return Ok(Work::Done);
    }
    match kind {
        JobKind::Call => begin_call(tx, ctx, job),
        JobKind::Mail => begin_text(tx, ctx, job, Work::Mail),
        JobKind::Sms => begin_text(tx, ctx, job, Work::Sms),
        JobKind::Webhook => {
            let sent = message::begin_webhook(tx, ctx, subject)?;
            begun(tx, job, sent.map(|sent| Work::Webhook(Box::new(sent))))
        }
        JobKind::Probe => Ok(Work::Probe(subject)),
        JobKind::Export => Ok(Work::Export),
        // Done by another worker after our lease ran out, or cancelled meanwhile: what it would do may not be done twice.
        timer => {
            lock_subject(tx, timer, subject)?;
            if job::done(tx, &lease)? == Written::Yes {
                fire(tx, ctx, timer, job)?;
            }
            Ok(Work::Done)
        }
    }
}

/// Locks what a timer is about, before its job: who ends the instance or pays the order locks them in this order too.
fn lock_subject(tx: &mut Tx, kind: JobKind, subject: Key) -> Result<(), Error> {
    let instance = match kind {
        JobKind::Reminder
        | JobKind::AutoRenewal
        | JobKind::Expiry
        | JobKind::Release
        | JobKind::UsageCap
        | JobKind::Arrears
        | JobKind::PaidUp
        | JobKind::PackageUsed => Some(subject),
        JobKind::UnpaidOrder => store::order::lookup(tx, Tenant::Any, subject)?.and_then(|o| o.instance_id),
        JobKind::UsageHold => store::usage_hold::lookup(tx, Tenant::Any, subject)?.map(|hold| hold.instance_id),
        _ => None,
    };
    instance.map(|id| store::instance::lock(tx, Tenant::Any, id)).transpose()?;
    if kind == JobKind::UnpaidOrder {
        store::order::lock(tx, Tenant::Any, subject)?;
    }
    Ok(())
}

fn subject(job: &Job) -> Key {
    job.subject.unwrap_or(Key([0; 16]))
}

/// What there is to send, or the end of the job.
fn begun(tx: &mut Tx, job: &Job, work: Option<Work>) -> Result<Work, Error> {
    match work {
        Some(work) => Ok(work),
        None => {
            let _lost = job::done(tx, &job.lease())?;
            Ok(Work::Done)
        }
    }
}

fn begin_text(tx: &mut Tx, ctx: &Ctx, job: &Job, work: fn(Box<message::OutgoingMail>) -> Work) -> Result<Work, Error> {
    match message::begin_mail(tx, ctx, subject(job))? {
        message::BegunMail::Send(sent) => Ok(work(sent)),
        message::BegunMail::Over => begun(tx, job, None),
        message::BegunMail::Gathered(at) => {
            let _lost = job::put_off(tx, &job.lease(), Moment::of(at), None)?;
            Ok(Work::Done)
        }
    }
}

fn begin_call(tx: &mut Tx, ctx: &Ctx, job: &Job) -> Result<Work, Error> {
    match call::begin(tx, ctx, subject(job).id())? {
        call::Begun::Send(outgoing) => return Ok(Work::Call(Box::new(outgoing))),
        call::Begun::Over => {
            let _lost = job::done(tx, &job.lease())?;
        }
        call::Begun::Later(at) => {
            let _lost = job::put_off(tx, &job.lease(), Moment::of(at), None)?;
        }
        call::Begun::Taken => {}
    }
    Ok(Work::Done)
}

/// A timer that fell due, in the transaction that removes it.
fn fire(tx: &mut Tx, ctx: &Ctx, kind: JobKind, job: &Job) -> Result<(), Error> {
    let (subject, name) = (subject(job), job.name.as_deref().unwrap_or_default());
    match kind {
        JobKind::UnpaidOrder => order::cancel_unpaid(tx, ctx, subject),
        JobKind::Reminder => instance::remind(tx, ctx, subject),
        JobKind::AutoRenewal => order::auto_renew(tx, ctx, subject),
        JobKind::Expiry => instance::expire(tx, ctx, subject),
        JobKind::Release => instance::release_expired(tx, ctx, subject),
        JobKind::RenewalStuck => call::renewal_stuck(tx, ctx, subject),
        JobKind::NoLicence => call::no_licence(tx, ctx, subject),
        JobKind::UsageBatch => usage::judge_batch(tx, ctx, subject),
        JobKind::UsageRating => usage::rate(tx, ctx, name),
        JobKind::UsageHold => usage::hold_over(tx, ctx, subject),
        JobKind::UsageCap => usage::month_over(tx, ctx, subject),
        JobKind::Arrears => usage::freeze_for_arrears(tx, ctx, subject),
        JobKind::PackageUsed => usage::review_package(tx, ctx, subject),
        JobKind::PaidUp => usage::paid_up(tx, ctx, subject).map(drop),
        JobKind::Supervision => supervision::fall_due(tx, ctx, subject),
        JobKind::Bills => bills(tx, ctx, name),
        JobKind::ProbeRound => probe::round(tx, ctx, name),
        JobKind::OpenCases => supervision::tell_open(tx, ctx, name),
        JobKind::Call | JobKind::Export | JobKind::Probe | JobKind::Mail | JobKind::Sms | JobKind::Webhook => {
            Err(Error::row("jobs", kind, "is not a timer"))
        }
    }
}

fn bills(tx: &mut Tx, ctx: &Ctx, name: &str) -> Result<(), Error> {
    let code: SiteCode = name.trim_start_matches("bills:").parse().map_err(|e| Error::row("jobs", name, e))?;
    let site = ctx.site(code);
    money::issue_bills(tx, ctx, &site)?;
    super::schedule_named(tx, ctx, JobKind::Bills, name, money::next_bill_run(&site, ctx.now))
}

/// The end of an attempt of a call, and what follows.
///
/// # Errors
/// As [`call::finish`].
pub fn finish_call(tx: &mut Tx, ctx: &Ctx, lease: &Lease, sent: &call::Outgoing, exchange: &Exchange) -> Result<(), Error> {
    let next = match call::finish(tx, ctx, sent, exchange)? {
        call::Next::At(at) => Some(at),
        call::Next::Ended => None,
    };
    again(tx, lease, next)
}

/// The end of an attempt to send a mail or an SMS, which took so many milliseconds.
///
/// # Errors
/// As [`message::finish_mail`].
pub fn finish_mail(
    tx: &mut Tx,
    ctx: &Ctx,
    lease: &Lease,
    sent: &message::OutgoingMail,
    result: &Result<(), String>,
    duration_ms: i64,
) -> Result<(), Error> {
    // Sent by another worker after our lease ran out: what came of that stands.
    if job::hold(tx, lease)? == Written::SomeoneElseWasFirst {
        return Ok(());
    }
    let next = message::finish_mail(tx, ctx, sent, result, duration_ms)?;
    again(tx, lease, next)
}

/// The end of an attempt to send to an endpoint.
///
/// # Errors
/// As [`message::finish_webhook`].
pub fn finish_webhook(
    tx: &mut Tx,
    ctx: &Ctx,
    lease: &Lease,
    sent: &message::OutgoingWebhook,
    answered: &message::Answered,
) -> Result<(), Error> {
    // As with a mail.
    if job::hold(tx, lease)? == Written::SomeoneElseWasFirst {
        return Ok(());
    }
    let next = message::finish_webhook(tx, ctx, sent, answered)?;
    again(tx, lease, next)
}

/// The end of a probe; without a result nobody is called for the product, or it is not on sale.
///
/// # Errors
/// As [`probe::finish`].
pub fn finish_probe(tx: &mut Tx, ctx: &Ctx, job: &Job, result: Option<&probe::Probed>) -> Result<(), Error> {
    // Done by another worker after our lease ran out.
    if job::done(tx, &job.lease())? == Written::SomeoneElseWasFirst {
        return Ok(());
    }
    let product = subject(job);
    if let Some(result) = result {
        probe::finish(tx, ctx, product, result)?;
    }
    probe::next_of_seller(tx, ctx, product)
}

/// The job is done, or due again. Who has lost its lease leaves it to the one who has it now.
fn again(tx: &mut Tx, lease: &Lease, next: Option<Timestamp>) -> Result<(), Error> {
    let _lost = match next {
        Some(at) => job::put_off(tx, lease, Moment::of(at), None)?,
        None => job::done(tx, lease)?,
    };
    Ok(())
}
