//! Binding: the buyer's company begins to use an application, tries again what failed, or ends it.

use super::{recorded, tell};
use crate::{Caller, Ctx, Error, Tenant, call, instance, job, job::JobKind};
use db::{Key, Tx};
use domain::{
    access::AccountKind,
    id::{ApplicationId, InstanceId},
    instance::InstanceState,
    kit::BindingState,
};
use serde_json::json;
use store::{
    Locked, Written,
    account::User,
    call::Call,
    instance::Instance,
    kit::{self as rows, Application, Binding, Grant},
    sign_on,
};
use wire::kit::Change;

/// How an instance stands to the application of its product.
#[derive(Clone)]
pub struct Shown {
    pub application: Application,
    pub state: Option<BindingState>,
    pub grants: Vec<(Grant, User)>,
    /// What failed and was not tried again.
    pub failed: Vec<Call>,
}

fn own(tx: &mut Tx, caller: &Caller, id: InstanceId) -> Result<Instance, Error> {
    instance::show(tx, Tenant::Buyer(Key::of(caller.account_id)), id)
}

/// The caller's instance, locked: its binding and its grants are written under that.
fn locked(tx: &mut Tx, caller: &Caller, id: InstanceId) -> Result<Locked<Instance>, Error> {
    instance::locked(tx, Tenant::Buyer(Key::of(caller.account_id)), id)
}

pub(super) fn bound(tx: &mut Tx, caller: &Caller, id: InstanceId) -> Result<(Locked<Instance>, Binding), Error> {
    let found = locked(tx, caller, id)?;
    match rows::any_binding(tx, found.id)? {
        Some(binding) if binding.state == BindingState::Bound => Ok((found, binding)),
        _ => Err(Error::conflict("kit.not_bound", "the application is not bound to your company yet")),
    }
}

/// These instances, locked; those whose application was unbound while this waited for them are left out.
pub(super) fn still_bound(tx: &mut Tx, instances: &[Key]) -> Result<Vec<Locked<Instance>>, Error> {
    let mut locked = store::instance::lock_all(tx, instances)?;
    let bound = rows::any_bound(tx, instances)?;
    locked.retain(|instance| bound.contains(&instance.id));
    Ok(locked)
}

/// What the buyer sees; nothing when the product has no application.
///
/// # Errors
/// `instance.not_found`.
pub fn shown(tx: &mut Tx, caller: &Caller, id: InstanceId) -> Result<Option<Shown>, Error> {
    let found = own(tx, caller, id)?;
    let Some(application) = rows::any_of_product(tx, found.product_id)? else {
        return Ok(None);
    };
    let binding = rows::any_binding(tx, found.id)?;
    Ok(Some(Shown {
        state: binding.as_ref().map(|b| b.state),
        grants: rows::grants(tx, found.id)?,
        failed: tell::failures(tx, &found)?,
        application,
    }))
}

/// Binds the application of a running instance to the caller's company.
///
/// # Errors
/// `instance.not_found`, `kit.enterprises_only`, `kit.no_application`, `kit.not_running`, `kit.already_bound`.
pub fn bind(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId) -> Result<(), Error> {
    let found = locked(tx, caller, id)?;
    if caller.account_kind != AccountKind::Enterprise {
        return Err(Error::conflict(
            "kit.enterprises_only",
            "only companies bind an application; a person logs in at the application itself",
        ));
    }
    let application = rows::any_of_product(tx, found.product_id)?
        .ok_or_else(|| Error::conflict("kit.no_application", "the seller offers no sign-on for this product"))?;
    if found.state != InstanceState::Running {
        return Err(Error::conflict("kit.not_running", "only a running instance can be bound"));
    }
    let row = Binding {
        instance_id: found.id,
        application_id: application.id,
        buyer_id: found.buyer_id,
        state: BindingState::Tenant,
        began_at: ctx.moment(),
    };
    match rows::any_binding(tx, found.id)? {
        None => {
            rows::insert_binding(tx, &row).map_err(|e| if e.is_unique_violation() { db::DbError::Raced.into() } else { Error::from(e) })?
        }
        Some(old) if old.state == BindingState::Removed => {
            if rows::step(tx, found.id, old.state, row.state, Some(row.began_at))? == Written::SomeoneElseWasFirst {
                return Err(db::DbError::Raced.into());
            }
        }
        Some(_) => return Err(Error::conflict("kit.already_bound", "the application is bound, or on its way to it")),
    }
    let data = json!({ "application": application.id.id::<ApplicationId>() });
    recorded(tx, ctx, &found, "kit.binding", &data)?;
    let tenant = tell::tenant(tx, &found, Change::Add)?;
    call::enqueue_kit(tx, ctx, &found, tenant)
}

/// Ends the binding: nobody signs on any more, and the seller is told.
///
/// # Errors
/// `instance.not_found`, `kit.not_bound`.
pub fn unbind(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId) -> Result<(), Error> {
    let found = locked(tx, caller, id)?;
    if remove(tx, ctx, &found)? {
        return Ok(());
    }
    Err(Error::conflict("kit.not_bound", "the application is not bound to your company"))
}

/// The instance ended: so does its binding.
pub(crate) fn instance_ended(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>) -> Result<(), Error> {
    remove(tx, ctx, instance).map(|_| ())
}

fn remove(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>) -> Result<bool, Error> {
    let Some(binding) = rows::any_binding(tx, instance.id)? else {
        return Ok(false);
    };
    if !binding.state.is_known() {
        return Ok(false);
    }
    let (from, to) = (binding.state, BindingState::Removing);
    if rows::step(tx, instance.id, from, to, Some(ctx.moment()))? == Written::SomeoneElseWasFirst {
        return Err(db::DbError::Raced.into());
    }
    rows::delete_grants(tx, instance.id)?;
    sign_on::end_all(tx, instance.id, None, ctx.wall_micros())?;
    recorded(tx, ctx, instance, "kit.removing", &json!({}))?;
    let tenant = tell::tenant(tx, instance, Change::Delete)?;
    call::enqueue_kit(tx, ctx, instance, tenant)?;
    Ok(true)
}

/// Sends again what failed, in its order; says how much that is.
///
/// # Errors
/// `instance.not_found`, `kit.nothing_failed`.
pub fn retry(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId) -> Result<usize, Error> {
    let found = locked(tx, caller, id)?;
    let failed = tell::failures(tx, &found)?;
    if failed.is_empty() {
        return Err(Error::conflict("kit.nothing_failed", "nothing failed that could be sent again"));
    }
    let (mut busy, _) = store::call::place(tx, &found)?;
    for call in &failed {
        let written =
            if busy { store::call::wait_again(tx, &found, call.id)? } else { store::call::restart(tx, &found, call.id, ctx.moment())? };
        if written == Written::SomeoneElseWasFirst {
            return Err(db::DbError::Raced.into());
        }
        if !busy {
            job::schedule_in_lane(tx, ctx, JobKind::Call, call.id, call.seller_id, ctx.now)?;
        }
        busy = true;
    }
    recorded(tx, ctx, &found, "kit.retried", &json!({ "calls": failed.len() }))?;
    Ok(failed.len())
}
