//! Granting an application to colleagues, and withdrawing it.

use super::{bind::bound, recorded, tell};
use crate::{Caller, Ctx, Error, call};
use db::{Key, Tx};
use domain::{
    id::{InstanceId, UserId},
    kit::GrantRole,
};
use serde_json::json;
use store::{
    Written,
    kit::{self as rows, Grant},
    organisation, sign_on,
};
use wire::kit::Change;

/// Colleagues that are told in one message.
const AT_ONCE: usize = 100;

/// Grants a bound application to colleagues; one who has it gets the role.
///
/// # Errors
/// `instance.not_found`, `kit.not_bound`, `kit.too_many`, `colleague.not_found`.
pub fn grant(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, users: &[UserId], role: GrantRole) -> Result<(), Error> {
    // As whoever removes a colleague does, who tells the sellers of what they were granted.
    organisation::hold(tx, Key::of(caller.account_id))?;
    let (instance, binding) = bound(tx, caller, id)?;
    if users.is_empty() || users.len() > AT_ONCE {
        return Err(Error::field("/users", "kit.too_many", format!("name 1 to {AT_ONCE} colleagues")));
    }
    let account = instance.buyer_id;
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    for (n, user) in users.iter().enumerate() {
        let key = Key::of(*user);
        if organisation::colleague(tx, account, key)?.is_none() {
            return Err(Error::field(&format!("/users/{n}"), "colleague.not_found", "there is no such colleague"));
        }
        let old = rows::grant(tx, instance.id, key)?;
        if old.as_ref().is_some_and(|g| g.role == role) {
            continue;
        }
        let new = Grant { instance_id: instance.id, user_id: key, role, granted_at: ctx.moment(), signed_on_at: None };
        rows::put_grant(tx, &new)?;
        let member = tell::member(tx, ctx, account, key, &new)?;
        if old.is_some() { &mut changed } else { &mut added }.push(member);
    }
    recorded(tx, ctx, &instance, "kit.granted", &json!({ "users": users, "role": role }))?;
    for (change, members) in [(Change::Add, added), (Change::Modify, changed)] {
        if !members.is_empty() {
            call::enqueue_kit(tx, ctx, &instance, tell::users(binding.application_id, change, members))?;
        }
    }
    Ok(())
}

/// Withdraws a bound application from a colleague: they are signed off at once.
///
/// # Errors
/// `instance.not_found`, `kit.not_bound`, `kit.not_granted`.
pub fn withdraw(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, user: UserId) -> Result<(), Error> {
    let (instance, binding) = bound(tx, caller, id)?;
    let key = Key::of(user);
    let missing = || Error::not_found("kit.not_granted", "the application was not granted to this colleague");
    let old = rows::grant(tx, instance.id, key)?.ok_or_else(missing)?;
    let member = tell::member(tx, ctx, instance.buyer_id, key, &old)?;
    if rows::delete_grant(tx, instance.id, key)? == Written::SomeoneElseWasFirst {
        return Err(missing());
    }
    sign_on::end_all(tx, instance.id, Some(key), ctx.wall_micros())?;
    recorded(tx, ctx, &instance, "kit.withdrawn", &json!({ "user": user }))?;
    call::enqueue_kit(tx, ctx, &instance, tell::users(binding.application_id, Change::Withdraw, vec![member]))
}
