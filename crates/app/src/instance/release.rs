//! Release: the end of an instance. Log-in data are wiped; the seller is told; nothing is called after.

use crate::{Caller, Ctx, Error, Tenant, call, event, kit, usage};
use db::{Key, Tx};
use domain::{
    id::InstanceId,
    instance::{FreezeCause, InstanceState, InstanceStep},
    message::MessageEvent,
    period::ChargingMode,
};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    Locked, Written,
    instance::{self, AppData, Instance, Step},
};
use wire::saas_v2::{OrderIds, Request};

/// Releases an instance; `order` are the ids of an unsubscription.
///
/// # Errors
/// `instance.state`.
pub fn release(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, reason: &str, order: Option<OrderIds>) -> Result<(), Error> {
    let to = instance.state.after(InstanceStep::Release).map_err(|e| Error::conflict("instance.state", e.to_string()))?;
    instance::set_app(tx, instance, &AppData::default())?;
    let step = Step { to, freeze_cause: None, freeze_reason: None, ended_at: Some(ctx.moment()) };
    if instance::step(tx, instance, &step)? == Written::SomeoneElseWasFirst {
        return Err(db::DbError::Raced.into());
    }
    store::job::cancel_all(tx, instance.id)?;
    let _was_on = store::auto_renewal::remove(tx, instance.id)?;
    let about = event::About { instance: Some(instance.id), ..event::About::default() };
    event::record(tx, ctx, "instance.released", about, &json!({ "reason": reason }))?;
    call::give_up_open(tx, ctx, instance, "the instance was released")?;
    store::licence_application::give_up(tx, instance.id, i64::MAX, "the instance was released")?;
    // Called after acceptance and not opened since: the seller has nothing to release.
    if let Some(wire_id) = instance.seller_instance_id.clone() {
        call::enqueue(tx, ctx, instance, None, &Request::ReleaseInstance { instance_id: wire_id, order })?;
    }
    kit::instance_ended(tx, ctx, instance)?;
    super::tell(tx, ctx, instance, MessageEvent::InstanceReleased, &[("reason", reason.to_owned())])?;
    super::tell(tx, ctx, instance, MessageEvent::SaleReleased, &[("reason", reason.to_owned())])
}

/// The retention after expiry is over.
///
/// # Errors
/// [`Error::Store`].
pub fn release_expired(tx: &mut Tx, ctx: &Ctx, instance: Key) -> Result<(), Error> {
    let Some(found) = instance::lock(tx, Tenant::Any, instance)? else {
        return Ok(());
    };
    let retention = SignedDuration::from_hours(24 * ctx.settings.retention_days);
    // The retention of arrears began with the freeze, which set this timer.
    let by_arrears = found.freeze_cause == Some(FreezeCause::Arrears);
    let over = by_arrears || found.expires_at.is_some_and(|end| end.at() + retention <= ctx.now);
    if found.state != InstanceState::Frozen || !over {
        return Ok(());
    }
    // What it owed was paid a moment ago.
    if by_arrears && usage::paid_up(tx, ctx, found.id)? {
        return Ok(());
    }
    cancel_open_order(tx, ctx, &found)?;
    release(tx, ctx, &found, "the retention period is over", None)
}

/// The buyer ends an instance that is billed by use; what was used until now is still charged.
///
/// # Errors
/// `instance.not_found`, `instance.not_on_demand`, `instance.state`.
pub fn end_on_demand(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId) -> Result<Instance, Error> {
    let tenant = Tenant::Buyer(Key::of(caller.account_id));
    let found = super::locked(tx, tenant, id)?;
    let line = store::order::any_line(tx, found.line_id)?.ok_or_else(|| Error::row("instances", id, "has no line"))?;
    if line.charging_mode != ChargingMode::OnDemand {
        let detail = "only what is billed by use is released by hand; unsubscribe the order, or let the term end";
        return Err(Error::conflict("instance.not_on_demand", detail));
    }
    release(tx, ctx, &found, "released by the buyer", None)?;
    super::show(tx, tenant, id)
}

/// An unpaid renewal of a released instance can no longer be paid.
fn cancel_open_order(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>) -> Result<(), Error> {
    match instance.open_order_id {
        Some(order) => crate::order::cancel_unpaid(tx, ctx, order),
        None => Ok(()),
    }
}
