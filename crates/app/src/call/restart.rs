//! Restart (重新启动) of production-interface messages, and the operator's queue for stuck renewals.

use crate::{
    Ctx, Error, Tenant, event,
    job::{self, JobKind},
    message,
};
use db::{Key, Tx};
use domain::{
    call::{Activity, CallState},
    id::CallId,
    instance::InstanceState,
    message::MessageEvent,
    order::OrderState,
};
use serde_json::json;
use store::{
    Written,
    call::{self, Call},
    instance::{self, Instance},
    order,
};

/// Sends a call again: one that waits for its next try goes now, one that was given up begins anew.
///
/// # Errors
/// `call.not_found`, `call.order_over` when the order was refunded, `call.state`.
pub fn restart(tx: &mut Tx, ctx: &Ctx, tenant: Tenant, id: CallId) -> Result<Call, Error> {
    let missing = || Error::not_found("call.not_found", "there is no such production-interface message");
    let asked = call::lookup(tx, tenant, Key::of(id))?.ok_or_else(missing)?;
    let instance = instance::lock(tx, Tenant::Any, asked.instance_id)?.ok_or_else(|| Error::row("calls", id, "its instance is gone"))?;
    // It may have ended, and its order with it, while this waited for the instance.
    let found = call::lookup(tx, tenant, asked.id)?.ok_or_else(missing)?;
    match found.state {
        CallState::Due => {
            store::job::cancel(tx, JobKind::Call, found.id)?;
        }
        CallState::Failed => {
            refuse_when_over(tx, &found, &instance)?;
            if found.activity != Activity::Notify && call::place(tx, &instance)?.0 {
                return Err(Error::conflict("call.state", "another call of this instance is on its way; wait for it"));
            }
            if call::restart(tx, &instance, found.id, ctx.moment())? == Written::SomeoneElseWasFirst {
                return Err(Error::conflict("call.state", "the message changed meanwhile; load it again"));
            }
        }
        state @ (CallState::Waiting | CallState::Done) => {
            return Err(Error::conflict("call.state", format!("the message is {state} and cannot be restarted")));
        }
    }
    job::schedule_in_lane(tx, ctx, JobKind::Call, found.id, found.seller_id, ctx.now)?;
    let about = event::About { order: found.order_id, instance: Some(found.instance_id), ..event::About::default() };
    event::record(tx, ctx, "call.restarted", about, &json!({ "activity": found.activity }))?;
    call::lookup(tx, tenant, found.id)?.ok_or_else(missing)
}

/// Creation and upgrade are over once the money went back; a released instance gets no call but release.
fn refuse_when_over(tx: &mut Tx, call: &Call, instance: &Instance) -> Result<(), Error> {
    let over = |detail: &str| Err(Error::conflict("call.order_over", detail));
    match call.activity {
        Activity::Create | Activity::Query | Activity::Upgrade | Activity::GetLicence => {
            let order = call.order_id.map(|id| order::lookup(tx, Tenant::Any, id)).transpose()?.flatten();
            // Called after acceptance: the order is complete before the call, which opens what runs already.
            let opens_late = !matches!(call.activity, Activity::Upgrade) && is_not_opened(instance);
            if !opens_late && order.is_none_or(|o| o.state != OrderState::Processing) {
                return over("the order is over: it was refunded, or what it opened was released; the buyer may order again");
            }
        }
        Activity::Refresh
        | Activity::UpdateStatus
        | Activity::RefreshCode
        | Activity::UpdateCodeStatus
        | Activity::RefreshLicence
        | Activity::ExpireLicence => {
            if matches!(instance.state, InstanceState::Released | InstanceState::Failed) {
                return over("the instance was released; it gets no further call");
            }
        }
        Activity::ChangeCheck => return over("the buyer was told; a check is asked again with the next order"),
        Activity::Apply => return over("the buyer was told; they may ask for a licence again"),
        Activity::TenantSync | Activity::AllOrgSync | Activity::ApplicationSync | Activity::AuthSync | Activity::SingleOrgSync => {
            crate::kit::refuse_when_removed(tx, call)?;
        }
        Activity::Release | Activity::ReleaseCode | Activity::ReleaseLicence | Activity::Notify => {}
    }
    Ok(())
}

/// Whether an instance runs or is frozen, and the seller's system never opened it.
fn is_not_opened(instance: &Instance) -> bool {
    instance.seller_instance_id.is_none() && matches!(instance.state, InstanceState::Running | InstanceState::Frozen)
}

/// A day after a renewal's call was given up: still failed, it goes to the operator's queue.
///
/// # Errors
/// [`Error::Store`].
pub fn renewal_stuck(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let Some(found) = call::lookup(tx, Tenant::Any, id)?.filter(|c| c.state == CallState::Failed) else {
        return Ok(());
    };
    let order = found.order_id.map(|id| order::lookup(tx, Tenant::Any, id)).transpose()?.flatten();
    let (number, product) = order.map_or_else(Default::default, |o| (o.number.clone(), crate::order::product_name(&o)));
    let send = message::Send {
        event: MessageEvent::RenewalCallStuck,
        account: None,
        order: found.order_id,
        subject: Some(found.id.id::<CallId>().to_string()),
        about: hex::encode(found.id.0),
        params: &[("order", number.into()), ("product", product.into()), ("error", found.last_error.clone().unwrap_or_default().into())],
    };
    message::send(tx, ctx, &send)
}
