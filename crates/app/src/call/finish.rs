//! An answer and what follows from it, in one transaction.

use super::{Judged, Outgoing, Reading, enqueue, judge, redact};
use crate::{
    Ctx, Error, Tenant, event, instance,
    job::JobKind,
    kit, licence, message,
    order::{self, Detail},
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    call::{Activity, CallState, Outcome},
    id::{AttemptId, CallId},
    instance::InstanceState,
    message::MessageEvent,
};
use jiff::SignedDuration;
use serde_json::json;
use store::Locked;
use store::{
    Written,
    call::{self, Call, Finished, Progress},
    instance::Instance,
};
use wire::{conformance::Exchange, saas_v2::Request};

/// A change of plan that an Azure webhook took note of holds unless its seller refuses it so soon.
const PLAN_REFUSED_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// A seller who is paid for a licence repairs their server and restarts the call (`license-interface 3.3`) for so long; then the
/// money comes back by itself.
pub const LICENCE_DAYS: i64 = 30;

/// What is to be done with the job of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    At(Timestamp),
    Ended,
}

/// Books the end of an attempt. An answer that comes after its call was over is kept, and an instance
/// that the seller opened too late is released.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn finish(tx: &mut Tx, ctx: &Ctx, sent: &Outgoing, exchange: &Exchange) -> Result<Next, Error> {
    let (call, attempt) = (sent.call, sent.attempt);
    let gone = || Error::row("calls", call, "is gone");
    let asked = call::lookup(tx, Tenant::Any, Key::of(call))?.ok_or_else(gone)?;
    let subject =
        store::instance::lock(tx, Tenant::Any, asked.instance_id)?.ok_or_else(|| Error::row("calls", call, "its instance is gone"))?;
    // It may have been given up while this waited for the instance, or an Azure seller decided on it while the webhook answered.
    let found = call::lookup(tx, Tenant::Any, Key::of(call))?.ok_or_else(gone)?;
    let reading = Reading { protocol: sent.protocol, secret: &sent.secret };
    let judged = judge(found.activity, subject.seller_instance_id.as_deref(), reading, exchange);
    let judged = refuse_stolen_id(tx, &subject, judged)?;
    let error = match &judged.outcome {
        Outcome::Failure { text, .. } => Some(text.clone()),
        Outcome::Success | Outcome::Accepted | Outcome::NotYet => None,
    };
    let finished = Finished {
        id: Key::of(attempt),
        outcome: judged.outcome.kind().to_owned(),
        status: exchange.status.map(i64::from),
        answer: exchange.body.as_deref().map(redact),
        duration_ms: exchange.duration_ms,
        error,
    };
    if call::finish_attempt(tx, &finished)? == Written::SomeoneElseWasFirst {
        return Ok(Next::Ended);
    }
    let step = Step { call: found, subject, ids: (call, attempt) };
    if step.call.state != CallState::Due {
        return step.came_late(tx, ctx, &judged);
    }
    match &judged.outcome {
        // An Azure webhook has heard of a change of plan; its seller may still refuse it (`neighbour::azure`).
        Outcome::Accepted if step.call.activity == Activity::Upgrade => {
            step.put_off(tx, ctx.now + PLAN_REFUSED_WITHIN, step.call.failures, None)
        }
        Outcome::Success | Outcome::Accepted => step.succeeded(tx, ctx, &judged),
        Outcome::NotYet => step.not_yet(tx, ctx),
        Outcome::Failure { text, .. } if step.is_final(&judged)? => step.give_up(tx, ctx, text),
        Outcome::Failure { text, .. } => step.failed(tx, ctx, text),
    }
}

/// Ends a call that need not be made as if it had succeeded.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub(crate) fn succeeded_quietly(tx: &mut Tx, ctx: &Ctx, call: &Call, subject: &Locked<Instance>, judged: &Judged) -> Result<(), Error> {
    let step = Step { ids: (call.id.id(), call.id.id()), call: call.clone(), subject: subject.clone() };
    step.succeeded(tx, ctx, judged).map(|_| ())
}

/// Gives up a call that was not made, or whose seller refused it by another way.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub(crate) fn given_up_quietly(tx: &mut Tx, ctx: &Ctx, call: &Call, subject: &Locked<Instance>, reason: &str) -> Result<(), Error> {
    let step = Step { ids: (call.id.id(), call.id.id()), call: call.clone(), subject: subject.clone() };
    step.give_up(tx, ctx, reason).map(|_| ())
}

/// An instance id belongs to one instance of a product, and an instance keeps the first id it got.
fn refuse_stolen_id(tx: &mut Tx, subject: &Instance, judged: Judged) -> Result<Judged, Error> {
    let Some(id) = &judged.instance_id else {
        return Ok(judged);
    };
    let refused = |kind, text: &str| Judged { outcome: Outcome::failure(kind, text), instance_id: None, app: None, licence: None };
    match &subject.seller_instance_id {
        Some(known) if known == id => Ok(judged),
        Some(_) => Ok(refused("instance_id_changed", "the seller gave another instanceId for the same order line")),
        None if store::instance::any_with_seller_id(tx, subject.product_id, id)? => {
            Ok(refused("instance_id_taken", "the seller gave an instanceId that another order line has"))
        }
        None => Ok(judged),
    }
}

/// A licence was not given in time: everything goes back, unless its seller has the call sent again at this moment.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn no_licence(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let Some(asked) = call::lookup(tx, Tenant::Any, id)? else { return Ok(()) };
    let Some(subject) = store::instance::lock(tx, Tenant::Any, asked.instance_id)? else { return Ok(()) };
    match call::lookup(tx, Tenant::Any, id)? {
        Some(found) if found.state == CallState::Failed && subject.state == InstanceState::Opening => {
            let reason = format!("the seller gave no licence within {LICENCE_DAYS} days");
            order::opening_failed(tx, ctx, &subject, found.order_id, Detail::new(&reason))
        }
        // It is under way again: when it fails, this is asked again.
        _ => Ok(()),
    }
}

struct Step {
    call: Call,
    subject: Locked<Instance>,
    ids: (CallId, AttemptId),
}

impl Step {
    fn order_name(&self) -> String {
        self.call.order_number.clone().unwrap_or_else(|| instance::id(&self.subject).to_string())
    }

    fn event(&self, tx: &mut Tx, ctx: &Ctx, kind: &str, data: &serde_json::Value) -> Result<(), Error> {
        let about = event::About { order: self.call.order_id, instance: Some(self.subject.id), ..event::About::default() };
        event::record(tx, ctx, kind, about, data)
    }

    fn tell_seller(&self, tx: &mut Tx, ctx: &Ctx, event: MessageEvent, more: &[(&str, String)]) -> Result<(), Error> {
        let mut params = vec![("activity", message::Param::from(self.call.activity.to_string())), ("order", self.order_name().into())];
        params.extend(more.iter().map(|(field, text)| (*field, text.clone().into())));
        let send = message::Send {
            event,
            account: Some(self.call.seller_id),
            order: self.call.order_id,
            subject: Some(self.call.id.id::<CallId>().to_string()),
            about: format!("{} {}", self.ids.0, self.call.attempts),
            params: &params,
        };
        message::send(tx, ctx, &send)
    }

    fn succeeded(&self, tx: &mut Tx, ctx: &Ctx, judged: &Judged) -> Result<Next, Error> {
        let progress = Progress {
            id: self.call.id,
            state: CallState::Done,
            failures: self.call.failures,
            next_at: None,
            ended_at: Some(ctx.moment()),
            error: None,
        };
        call::progress(tx, &self.subject, &progress)?;
        if self.call.failures > 0 {
            self.tell_seller(tx, ctx, MessageEvent::CallRecovered, &[("attempts", self.call.attempts.to_string())])?;
        }
        match self.call.activity {
            Activity::Create | Activity::GetLicence => self.created(tx, ctx, judged)?,
            Activity::Apply => licence::accepted(tx, &self.call)?,
            Activity::Query => {
                if let Some(app) = &judged.app {
                    instance::opened(tx, ctx, &self.subject, app)?;
                }
            }
            Activity::Upgrade => order::change_done(tx, ctx, &self.subject, self.call.order_id)?,
            Activity::Refresh
            | Activity::UpdateStatus
            | Activity::Release
            | Activity::ChangeCheck
            | Activity::RefreshCode
            | Activity::UpdateCodeStatus
            | Activity::ReleaseCode
            | Activity::RefreshLicence
            | Activity::ExpireLicence
            | Activity::ReleaseLicence => {}
            a
            @ (Activity::TenantSync | Activity::AllOrgSync | Activity::ApplicationSync | Activity::AuthSync | Activity::SingleOrgSync) => {
                kit::told(tx, ctx, &self.subject, a)?;
            }
            // Beside the others: none waits for it.
            Activity::Notify => return Ok(Next::Ended),
        }
        enqueue::next_in_line(tx, ctx, &self.subject)?;
        Ok(Next::Ended)
    }

    /// The seller gave the instance an id: it is open when its data came too (1.0), else they are asked for
    /// next, inside the same window.
    fn created(&self, tx: &mut Tx, ctx: &Ctx, judged: &Judged) -> Result<(), Error> {
        let by_order = || self.call.order_number.clone().filter(|_| judged.licence.is_some());
        let Some(id) = judged.instance_id.clone().or_else(by_order) else {
            return Ok(());
        };
        if let Some(licence) = &judged.licence {
            let sealed = ctx.sealer.seal(ctx.ids, instance::LICENCE_COLUMN, licence);
            store::instance::set_licence(tx, &self.subject, &sealed)?;
        }
        if self.subject.seller_instance_id.is_none() {
            let _ = store::instance::set_seller_id(tx, &self.subject, &id)?;
        }
        self.event(tx, ctx, "instance.accepted", &json!({ "seller_instance_id": id }))?;
        if let Some(app) = &judged.app {
            return instance::opened(tx, ctx, &self.subject, app);
        }
        let order = self.call.order_id.zip(self.call.order_number.clone());
        let request = Request::QueryInstance { instance_ids: vec![id] };
        enqueue::enqueue_since(tx, ctx, &self.subject, order, &request, self.call.first_at)
    }

    fn not_yet(&self, tx: &mut Tx, ctx: &Ctx) -> Result<Next, Error> {
        let answers = u32::try_from(self.call.attempts).unwrap_or(u32::MAX);
        match self.next(ctx, answers)? {
            Some(at) => self.put_off(tx, at, self.call.failures, None),
            None => self.give_up(tx, ctx, "the seller was not ready in time"),
        }
    }

    fn failed(&self, tx: &mut Tx, ctx: &Ctx, text: &str) -> Result<Next, Error> {
        let failures = self.call.failures + 1;
        let activity = self.call.activity;
        // Every failed creation is told (seller-domain 6.2); of the others the first one.
        if matches!(activity, Activity::Create | Activity::GetLicence) || failures == 1 {
            self.tell_seller(tx, ctx, MessageEvent::CallFailed, &[("error", text.to_owned())])?;
        }
        let count = if activity == Activity::Query { self.call.attempts } else { failures };
        match self.next(ctx, u32::try_from(count).unwrap_or(u32::MAX))? {
            Some(at) => self.put_off(tx, at, failures, Some(text)),
            None => self.give_up(tx, ctx, text),
        }
    }

    /// An application that the seller refuses is not sent again (`license-interface 4.4`).
    fn is_final(&self, judged: &Judged) -> Result<bool, Error> {
        let refused = ["quota_used_up", "outside_validity", "expiry_needed", "fingerprint_needed"];
        Ok(self.call.activity == Activity::Apply && refused.contains(&judged.outcome.kind()))
    }

    fn next(&self, ctx: &Ctx, failures: u32) -> Result<Option<Timestamp>, Error> {
        let mut jitter = [0];
        ctx.ids.random(&mut jitter);
        let first = self.call.first_at.map_or(ctx.now, Moment::at);
        let access = self.subject.access_type;
        Ok(ctx.settings.schedules.of(access, self.call.activity).next(first, ctx.now, failures, jitter[0]))
    }

    fn put_off(&self, tx: &mut Tx, at: Timestamp, failures: i64, error: Option<&str>) -> Result<Next, Error> {
        let progress = Progress { id: self.call.id, state: CallState::Due, failures, next_at: Some(Moment::of(at)), ended_at: None, error };
        call::progress(tx, &self.subject, &progress)?;
        Ok(Next::At(at))
    }

    fn give_up(&self, tx: &mut Tx, ctx: &Ctx, text: &str) -> Result<Next, Error> {
        let progress = Progress {
            id: self.call.id,
            state: CallState::Failed,
            failures: self.call.failures + 1,
            next_at: None,
            ended_at: Some(ctx.moment()),
            error: Some(text),
        };
        call::progress(tx, &self.subject, &progress)?;
        self.event(tx, ctx, "call.given_up", &json!({ "activity": self.call.activity, "reason": text }))?;
        match self.call.activity {
            // Called after acceptance: the order is done and stays so; the seller repairs and restarts.
            Activity::Create | Activity::Query if self.subject.state != InstanceState::Opening => {
                self.tell_seller(tx, ctx, MessageEvent::CallGivenUp, &[("error", text.to_owned())])?;
            }
            Activity::Create | Activity::Query => {
                order::opening_failed(tx, ctx, &self.subject, self.call.order_id, Detail::new(text))?;
            }
            Activity::Upgrade => {
                order::change_failed(tx, ctx, self.call.order_id, Detail::new(text))?;
                self.tell_seller(tx, ctx, MessageEvent::CallGivenUp, &[("error", text.to_owned())])?;
            }
            Activity::Refresh | Activity::RefreshCode | Activity::RefreshLicence => {
                self.tell_seller(tx, ctx, MessageEvent::CallGivenUp, &[("error", text.to_owned())])?;
                let in_a_day = ctx.now + SignedDuration::from_hours(24);
                crate::job::schedule(tx, ctx, JobKind::RenewalStuck, Some(self.call.id), in_a_day)?;
            }
            Activity::Apply => {
                licence::application_refused(tx, ctx, &self.call, Detail::new(text))?;
                self.tell_seller(tx, ctx, MessageEvent::CallGivenUp, &[("error", text.to_owned())])?;
            }
            // The order stays with the seller, who repairs and restarts (license-interface 3.3).
            Activity::GetLicence => {
                self.tell_seller(tx, ctx, MessageEvent::CallGivenUp, &[("error", text.to_owned())])?;
                // A restart gives no more days.
                let end = self.call.created_at.at() + SignedDuration::from_hours(24 * LICENCE_DAYS);
                crate::job::schedule(tx, ctx, JobKind::NoLicence, Some(self.call.id), end)?;
            }
            Activity::UpdateStatus
            | Activity::Release
            | Activity::ChangeCheck
            | Activity::UpdateCodeStatus
            | Activity::ReleaseCode
            | Activity::ExpireLicence
            | Activity::ReleaseLicence => {
                self.tell_seller(tx, ctx, MessageEvent::CallGivenUp, &[("error", text.to_owned())])?;
            }
            Activity::TenantSync | Activity::AllOrgSync | Activity::ApplicationSync | Activity::AuthSync | Activity::SingleOrgSync => {
                self.tell_seller(tx, ctx, MessageEvent::CallGivenUp, &[("error", text.to_owned())])?;
                kit::failed(tx, ctx, &self.subject, &self.call)?;
            }
            Activity::Notify => {
                self.tell_seller(tx, ctx, MessageEvent::CallGivenUp, &[("error", text.to_owned())])?;
                return Ok(Next::Ended);
            }
        }
        enqueue::next_in_line(tx, ctx, &self.subject)?;
        Ok(Next::Ended)
    }

    /// The call was over when the answer came. A creation that succeeded too late is released.
    fn came_late(&self, tx: &mut Tx, ctx: &Ctx, judged: &Judged) -> Result<Next, Error> {
        self.event(tx, ctx, "call.late_answer", &json!({ "activity": self.call.activity, "outcome": judged.outcome.kind() }))?;
        let failed = self.subject.state == InstanceState::Failed;
        if let Some(id) = judged.instance_id.as_ref().filter(|_| failed && self.subject.seller_instance_id.is_none()) {
            let _ = store::instance::set_seller_id(tx, &self.subject, id)?;
            let request = Request::ReleaseInstance { instance_id: id.clone(), order: None };
            enqueue::enqueue(tx, ctx, &self.subject, None, &request)?;
        }
        Ok(Next::Ended)
    }
}
