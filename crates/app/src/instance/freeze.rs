//! Freezing: at the end of the last term, or by the operator for a violation; and the way back.

use super::{end_of, id};
use crate::{
    Caller, Ctx, Error, Tenant, call, event, interface,
    job::{self, JobKind},
    order,
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    id::InstanceId,
    instance::{FreezeCause, InstanceState, InstanceStep},
    message::MessageEvent,
    term,
};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    Locked, Written,
    instance::{self, Instance, Step},
    order::Order,
};
use wire::conformance::Protocol;
use wire::saas_v2::{Request, Status};

fn set(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    to: InstanceState,
    cause: Option<FreezeCause>,
    reason: Option<&str>,
) -> Result<(), Error> {
    let step = Step { to, freeze_cause: cause, freeze_reason: reason, ended_at: None };
    if instance::step(tx, instance, &step)? == Written::SomeoneElseWasFirst {
        return Err(db::DbError::Raced.into());
    }
    match (instance.state, to) {
        (InstanceState::Frozen, InstanceState::Frozen) => {}
        (_, InstanceState::Frozen) => instance::begin_freeze(tx, instance, ctx.moment())?,
        _ => instance::end_freeze(tx, instance, ctx.moment())?,
    }
    let about = event::About { instance: Some(instance.id), ..event::About::default() };
    event::record(tx, ctx, &format!("instance.{to}"), about, &json!({ "cause": cause, "reason": reason }))
}

/// Tells the seller that an instance was frozen for a cause, or works again.
fn tell_seller(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    order: Option<&Order>,
    cause: Option<FreezeCause>,
) -> Result<(), Error> {
    let status = if cause.is_some() { Status::Freeze } else { Status::Unfreeze };
    // Called after acceptance and not opened since: the seller knows of no instance.
    let Some(instance_id) = instance.seller_instance_id.clone() else {
        return Ok(());
    };
    let request = Request::UpdateInstanceStatus { instance_id, status };
    call::enqueue(tx, ctx, &instance.frozen_for(cause), order, &request)
}

/// What the seller's server of an instance speaks.
fn protocol(tx: &mut Tx, instance: &Instance) -> Result<Protocol, Error> {
    let Some(address) = instance.address_id else {
        return Ok(Protocol::Licence);
    };
    let address = store::interface::address(tx, instance.seller_id, address)?;
    interface::protocol(&address.ok_or_else(|| Error::row("instances", id(instance), "its address is gone"))?)
}

/// The end of the last term: frozen at once, kept for the retention days, then released.
///
/// # Errors
/// [`Error::Store`].
pub fn expire(tx: &mut Tx, ctx: &Ctx, instance: Key) -> Result<(), Error> {
    let Some(found) = instance::lock(tx, Tenant::Any, instance)? else {
        return Ok(());
    };
    let Some(end) = found.expires_at.map(Moment::at).filter(|end| *end <= ctx.now) else {
        return Ok(());
    };
    let release_at = end + SignedDuration::from_hours(24 * ctx.settings.retention_days);
    match found.state {
        InstanceState::Running => {
            set(tx, ctx, &found, InstanceState::Frozen, Some(FreezeCause::Expired), Some("the term ended"))?;
            tell_seller(tx, ctx, &found, None, Some(FreezeCause::Expired))?;
        }
        // Frozen for a violation already, and still for it: a renewal does not lift that.
        InstanceState::Frozen => {}
        InstanceState::Opening | InstanceState::Released | InstanceState::Failed => return Ok(()),
    }
    job::schedule(tx, ctx, JobKind::Release, Some(found.id), release_at)?;
    let until = order::moment(release_at);
    super::tell(tx, ctx, &found, MessageEvent::InstanceFrozen, &[("reason", "the term ended".to_owned()), ("until", until)])
}

/// The version of an instance that a decision about a freeze is made on.
#[must_use]
pub fn freeze_version(found: &Instance) -> String {
    let end = found.expires_at.map_or(0, Moment::micros).to_string();
    crate::version(&[found.state.as_str(), found.freeze_cause.map_or("", FreezeCause::as_str), &end])
}

/// The operator freezes an instance for a violation; its term goes on.
///
/// # Errors
/// `instance.not_found`, `instance.state`, `decision.stale`.
pub fn freeze_for_violation(tx: &mut Tx, ctx: &Ctx, _by: &Caller, instance: InstanceId, reason: &str) -> Result<Instance, Error> {
    let found = super::locked(tx, Tenant::Any, instance)?;
    ctx.require_seen(&freeze_version(&found))?;
    let to = found.state.after(InstanceStep::Freeze).map_err(|e| Error::conflict("instance.state", e.to_string()))?;
    set(tx, ctx, &found, to, Some(FreezeCause::Violation), Some(reason))?;
    tell_seller(tx, ctx, &found, None, Some(FreezeCause::Violation))?;
    let until = found.expires_at.map_or_else(String::new, |e| e.at().to_string());
    super::tell(tx, ctx, &found, MessageEvent::InstanceFrozen, &[("reason", reason.to_owned()), ("until", until)])?;
    super::show(tx, Tenant::Any, instance)
}

/// Frozen because nothing was paid, also when a cap had frozen it already: kept for the retention days, then released.
pub(crate) fn freeze_unpaid(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>, cause: FreezeCause, reason: &str) -> Result<(), Error> {
    if is_capped(found) {
        // The seller's system has stopped it and knows of one freeze at a time.
        set(tx, ctx, found, InstanceState::Frozen, Some(cause), Some(reason))?;
    } else {
        let to = found.state.after(InstanceStep::Freeze).map_err(|e| Error::conflict("instance.state", e.to_string()))?;
        set(tx, ctx, found, to, Some(cause), Some(reason))?;
        tell_seller(tx, ctx, found, None, Some(cause))?;
    }
    let release_at = ctx.now + SignedDuration::from_hours(24 * ctx.settings.retention_days);
    job::schedule(tx, ctx, JobKind::Release, Some(found.id), release_at)?;
    let until = order::moment(release_at);
    super::tell(tx, ctx, found, MessageEvent::InstanceFrozen, &[("reason", reason.to_owned()), ("until", until)])
}

/// A package that stops is used up: it works no more until it is renewed, or a correction gives some of it back. Its
/// term goes on.
pub(crate) fn freeze_used_up(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>) -> Result<(), Error> {
    let reason = "the package is used up";
    set(tx, ctx, found, InstanceState::Frozen, Some(FreezeCause::Expired), Some(reason))?;
    tell_seller(tx, ctx, found, None, Some(FreezeCause::Expired))?;
    let until = order::moment(term::shown_end(end_of(found)?));
    super::tell(tx, ctx, found, MessageEvent::InstanceFrozen, &[("reason", reason.to_owned()), ("until", until)])
}

/// Whether an instance is a package that was used up before its term ended.
#[must_use]
pub fn is_used_up(ctx: &Ctx, found: &Instance) -> bool {
    let by_end = found.state == InstanceState::Frozen && found.freeze_cause == Some(FreezeCause::Expired);
    by_end && found.expires_at.is_some_and(|end| end.at() > ctx.now)
}

/// The cap of a month is reached: it works no more until the cap is raised or removed, or the month ends. Stored as an end
/// like that of a package; what is billed by use has no other.
pub(crate) fn freeze_capped(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>, reason: &str) -> Result<(), Error> {
    set(tx, ctx, found, InstanceState::Frozen, Some(FreezeCause::Expired), Some(reason))?;
    tell_seller(tx, ctx, found, None, Some(FreezeCause::Expired))
}

/// Whether an instance is frozen because the cap of a month is reached.
#[must_use]
pub fn is_capped(found: &Instance) -> bool {
    found.state == InstanceState::Frozen && found.freeze_cause == Some(FreezeCause::Expired) && found.expires_at.is_none()
}

/// The cap was raised or removed, or its month is over.
pub(crate) fn unfreeze_capped(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>) -> Result<(), Error> {
    if !is_capped(found) {
        return Ok(());
    }
    store::job::cancel(tx, JobKind::UsageCap, found.id)?;
    set(tx, ctx, found, InstanceState::Running, None, None)?;
    tell_seller(tx, ctx, found, None, None)?;
    super::tell(tx, ctx, found, MessageEvent::InstanceUnfrozen, &[])?;
    // What became due meanwhile begins its days of grace now.
    crate::usage::settle(tx, ctx, found.buyer_id)
}

/// A correction gave back some of a package that had stopped.
pub(crate) fn unfreeze_refilled(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>) -> Result<(), Error> {
    if !is_used_up(ctx, found) {
        return Ok(());
    }
    set(tx, ctx, found, InstanceState::Running, None, None)?;
    tell_seller(tx, ctx, found, None, None)?;
    super::tell(tx, ctx, found, MessageEvent::InstanceUnfrozen, &[])
}

/// Everything was paid: an instance that was frozen for arrears works again.
pub(crate) fn unfreeze_after_arrears(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>) -> Result<(), Error> {
    if found.state != InstanceState::Frozen || found.freeze_cause != Some(FreezeCause::Arrears) {
        return Ok(());
    }
    set(tx, ctx, found, InstanceState::Running, None, None)?;
    store::job::cancel(tx, JobKind::Release, found.id)?;
    tell_seller(tx, ctx, found, None, None)?;
    super::tell(tx, ctx, found, MessageEvent::InstanceUnfrozen, &[])
}

/// The operator lifts a freeze for a violation.
///
/// # Errors
/// `instance.not_found`, `instance.state`, `instance.expired`, `instance.capped`, `instance.arrears`, `decision.stale`.
pub fn unfreeze(tx: &mut Tx, ctx: &Ctx, _by: &Caller, instance: InstanceId) -> Result<Instance, Error> {
    let found = super::locked(tx, Tenant::Any, instance)?;
    ctx.require_seen(&freeze_version(&found))?;
    let to = found.state.after(InstanceStep::Unfreeze).map_err(|e| Error::conflict("instance.state", e.to_string()))?;
    if is_capped(&found) {
        let detail = format!(
            "{} is frozen because a cap is reached; it works again when who set it raises or removes it, or the month ends",
            id(&found)
        );
        return Err(Error::conflict("instance.capped", detail));
    }
    if found.freeze_cause == Some(FreezeCause::Expired) {
        return Err(Error::conflict(
            "instance.expired",
            format!("{} is frozen because its term ended; the buyer may renew it", id(&found)),
        ));
    }
    if found.freeze_cause == Some(FreezeCause::Arrears) {
        let detail = format!("{} is frozen because charges are not paid; it works again when the buyer tops the wallet up", id(&found));
        return Err(Error::conflict("instance.arrears", detail));
    }
    if found.expires_at.map(Moment::at).is_some_and(|end| end <= ctx.now) {
        return term_ended_meanwhile(tx, ctx, &found);
    }
    set(tx, ctx, &found, to, None, None)?;
    tell_seller(tx, ctx, &found, None, None)?;
    super::tell(tx, ctx, &found, MessageEvent::InstanceUnfrozen, &[])?;
    // What became due meanwhile begins its days of grace now.
    crate::usage::settle(tx, ctx, found.buyer_id)?;
    let now = super::locked(tx, Tenant::Any, instance)?;
    crate::usage::stop_if_used_up(tx, ctx, &now)?;
    crate::usage::stop_if_capped(tx, ctx, &now)?;
    super::show(tx, Tenant::Any, instance)
}

/// The violation is over, and so is the term: it stays frozen, for its end.
fn term_ended_meanwhile(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>) -> Result<Instance, Error> {
    set(tx, ctx, found, InstanceState::Frozen, Some(FreezeCause::Expired), Some("the term ended"))?;
    // In 1.0 a renewal ends what expireInstance began, not a freeze for a violation.
    let spoken = protocol(tx, found)?;
    if spoken == Protocol::SaasV1 {
        tell_seller(tx, ctx, found, None, None)?;
    }
    // Licence 1.x did not hear of the violation at all.
    if matches!(spoken, Protocol::SaasV1 | Protocol::LicenceV1) {
        tell_seller(tx, ctx, found, None, Some(FreezeCause::Expired))?;
    }
    super::show(tx, Tenant::Any, id(found))
}

/// After a renewal: an instance that was frozen by its end works again, if the new end lies ahead.
pub fn unfreeze_if_paid(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, order: &Order, end: Timestamp) -> Result<(), Error> {
    let by_end = instance.freeze_cause == Some(FreezeCause::Expired);
    if instance.state != InstanceState::Frozen || !by_end || end <= ctx.now {
        return Ok(());
    }
    set(tx, ctx, instance, InstanceState::Running, None, None)?;
    // In 1.0 the renewal itself ends what expireInstance began.
    if protocol(tx, instance)? != Protocol::SaasV1 {
        tell_seller(tx, ctx, instance, Some(order), None)?;
    }
    super::tell(tx, ctx, instance, MessageEvent::InstanceUnfrozen, &[])
}
