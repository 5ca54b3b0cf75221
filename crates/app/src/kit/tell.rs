//! What is told to the seller, and what follows from his answer.

use super::{ACTIVITIES, recorded, secret};
use crate::{Ctx, Error, call, interface, message};
use db::{Key, Tx};
use domain::{
    call::Activity,
    id::{AccountId, ApplicationId, UserId},
    kit::{BindingState, GrantRole},
    message::MessageEvent,
};
use serde_json::json;
use store::{
    Locked, Written,
    call::Call,
    instance::Instance,
    kit::{self as rows, Application, Grant},
    organisation,
};
use wire::kit::{Change, Department, Member, Of, Request};

/// The buyer as the seller knows him: the account's id; there is no other code or login domain here.
pub(super) fn tenant(tx: &mut Tx, instance: &Instance, change: Change) -> Result<Request, Error> {
    let buyer: AccountId = instance.buyer_id.id();
    let account = store::account::lookup(tx, instance.buyer_id)?.ok_or_else(|| Error::row("accounts", buyer, "is gone"))?;
    let line = store::order::any_line(tx, instance.line_id)?
        .ok_or_else(|| Error::row("instances", crate::instance::id(instance), "has no line"))?;
    let order_id = line.number.split('-').next().unwrap_or_default().to_owned();
    Ok(Request::Tenant { change, order_id, tenant_code: buyer.to_string(), name: account.name.clone(), domain_name: account.name })
}

/// The secret is put in when it is sent: it is not kept in clear. The newest one counts, and the newest name.
pub(super) fn credential(application: &Application, change: Change) -> Request {
    Request::Application {
        change,
        app_id: application.id.id::<ApplicationId>().to_string(),
        name: application.name.clone(),
        client_id: application.client_id.clone(),
        client_secret: String::new(),
    }
}

pub(super) fn users(application: Key, change: Change, users: Vec<Member>) -> Request {
    Request::Users { change, app_id: application.id::<ApplicationId>().to_string(), users }
}

/// A colleague as the seller hears of him.
pub(super) fn member(tx: &mut Tx, ctx: &Ctx, account: Key, user: Key, grant: &Grant) -> Result<Member, Error> {
    let found = organisation::colleague(tx, account, user)?.ok_or_else(|| Error::row("users", user.id::<UserId>(), "has left"))?;
    let person = crate::organisation::shown(tx, ctx, &found)?;
    Ok(Member {
        user_name: found.0.login,
        name: person.name,
        // Whoever belongs to no department belongs to the company.
        org_code: person.department.unwrap_or_else(|| account.id::<AccountId>().to_string()),
        administrator: grant.role == GrantRole::Admin,
        enabled: true,
        position: person.title,
        employee_code: person.employee_code,
        employee_type: person.employee_type,
        mobile: person.mobile,
        email: person.email,
    })
}

/// The company itself stands above its departments, so that everybody belongs somewhere.
fn all_departments(tx: &mut Tx, account: Key) -> Result<Vec<Department>, Error> {
    let company = account.id::<AccountId>().to_string();
    let name = store::account::lookup(tx, account)?.map_or_else(String::new, |a| a.name);
    let all = organisation::departments(tx, account)?;
    let code_of = |id: Key| all.iter().find(|d| d.id == id).map(|d| d.code.clone());
    let below = all.iter().map(|d| Department {
        code: d.code.clone(),
        name: d.name.clone(),
        parent: Some(d.parent_id.and_then(code_of).unwrap_or_else(|| company.clone())),
    });
    Ok([Department { code: company.clone(), name, parent: None }].into_iter().chain(below).collect())
}

/// Where the calls of the kit on an instance go; nothing when its binding is gone.
pub(crate) fn target(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<interface::Target, Error> {
    let application = application_of(tx, instance)?;
    interface::target(tx, ctx, application.seller_id, application.address_id.id())
}

fn application_of(tx: &mut Tx, instance: &Instance) -> Result<Application, Error> {
    let missing = || Error::row("bindings", crate::instance::id(instance), "has no application");
    let binding = rows::any_binding(tx, instance.id)?.ok_or_else(missing)?;
    rows::any_application(tx, binding.application_id)?.ok_or_else(missing)
}

/// A stored request with what is only known when it is sent, and whom it is about.
pub(crate) fn filled(tx: &mut Tx, ctx: &Ctx, instance: &Instance, stored: &Request) -> Result<(Request, Of), Error> {
    let of = Of { instance_id: crate::instance::wire_id(instance)?, tenant_id: instance.buyer_id.id::<AccountId>().to_string() };
    let request = match stored.clone() {
        Request::AllDepartments { .. } => Request::AllDepartments { departments: all_departments(tx, instance.buyer_id)? },
        Request::Application { change, app_id, client_id, .. } => {
            let application = application_of(tx, instance)?;
            let bad = |e: wire::kit::BadKey| Error::row("applications", &app_id, e);
            let client_secret = wire::kit::encrypt_secret(&application.public_key, &secret(ctx, &application)?).map_err(bad)?;
            Request::Application { change, app_id, name: application.name, client_id, client_secret }
        }
        other => other,
    };
    Ok((request, of))
}

/// A call of the kit succeeded: the binding moves on.
pub(crate) fn told(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, activity: Activity) -> Result<(), Error> {
    let Some(binding) = rows::any_binding(tx, instance.id)? else {
        return Ok(());
    };
    let now = binding.state;
    let expected = match now {
        BindingState::Tenant | BindingState::Removing => Activity::TenantSync,
        BindingState::Departments => Activity::AllOrgSync,
        BindingState::Credential => Activity::ApplicationSync,
        BindingState::Bound | BindingState::Removed => return Ok(()),
    };
    let Some(next) = now.told().filter(|_| activity == expected) else {
        return Ok(());
    };
    if rows::step(tx, instance.id, now, next, None)? == Written::SomeoneElseWasFirst {
        return Err(db::DbError::Raced.into());
    }
    match next {
        BindingState::Departments => call::enqueue_kit(tx, ctx, instance, Request::AllDepartments { departments: Vec::new() }),
        BindingState::Credential => {
            let application = application_of(tx, instance)?;
            call::enqueue_kit(tx, ctx, instance, credential(&application, Change::Add))
        }
        BindingState::Bound => recorded(tx, ctx, instance, "kit.bound", &json!({})),
        BindingState::Removed => recorded(tx, ctx, instance, "kit.removed", &json!({})),
        BindingState::Tenant | BindingState::Removing => Ok(()),
    }
}

/// A call of the kit failed; it is not repeated by itself, so the buyer is told (`saas-interface 4`), not what was answered.
pub(crate) fn failed(tx: &mut Tx, ctx: &Ctx, instance: &Instance, call: &Call) -> Result<(), Error> {
    let application = application_of(tx, instance)?;
    let params = [("application", application.name.into()), ("activity", call.activity.to_string().into())];
    let send = message::Send {
        event: MessageEvent::SyncFailed,
        account: Some(instance.buyer_id),
        order: None,
        subject: Some(crate::instance::id(instance).to_string()),
        about: format!("{} {}", hex::encode(call.id.0), call.attempts),
        params: &params,
    };
    message::send(tx, ctx, &send)
}

/// A call is only sent again while the present binding, or its removal, is what it was made for.
pub(crate) fn refuse_when_removed(tx: &mut Tx, call: &Call) -> Result<(), Error> {
    let over = || Error::conflict("call.order_over", "the application was unbound meanwhile; this message is of no use any more");
    let binding = rows::any_binding(tx, call.instance_id)?.ok_or_else(over)?;
    if call.created_at < binding.began_at || binding.state == BindingState::Removed {
        return Err(over());
    }
    Ok(())
}

/// The failed calls of the present binding, in their order.
pub(super) fn failures(tx: &mut Tx, instance: &Instance) -> Result<Vec<Call>, Error> {
    let Some(binding) = rows::any_binding(tx, instance.id)? else {
        return Ok(Vec::new());
    };
    let names: Vec<&str> = ACTIVITIES.iter().map(|a| a.as_str()).collect();
    Ok(rows::failed_calls(tx, instance.id, &names, binding.began_at)?)
}
