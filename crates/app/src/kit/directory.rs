//! Changes of a company's people and departments, told to the sellers of its bound applications.

use super::{bind::still_bound, tell};
use crate::{Ctx, Error, call};
use db::{Key, Tx};
use domain::id::AccountId;
use store::{
    Locked,
    instance::Instance,
    kit::{self as rows},
    organisation, sign_on,
};
use wire::kit::{Change, Request};

/// A department was made, changed or deleted. Those that are still being bound hear of all of them anyway.
pub(crate) fn department_changed(
    tx: &mut Tx,
    ctx: &Ctx,
    account: Key,
    change: Change,
    department: &organisation::Department,
    parent: Option<&str>,
) -> Result<(), Error> {
    let parent = parent.map_or_else(|| account.id::<AccountId>().to_string(), str::to_owned);
    let department = wire::kit::Department { code: department.code.clone(), name: department.name.clone(), parent: Some(parent) };
    let bound = rows::bound(tx, account)?;
    for instance in still_bound(tx, &bound)? {
        call::enqueue_kit(tx, ctx, &instance, Request::Department { change, department: department.clone() })?;
    }
    Ok(())
}

/// What is known of a colleague changed.
pub(crate) fn colleague_changed(tx: &mut Tx, ctx: &Ctx, account: Key, user: Key) -> Result<(), Error> {
    for (grant, instance, application) in granted(tx, user)? {
        let member = tell::member(tx, ctx, account, user, &grant)?;
        call::enqueue_kit(tx, ctx, &instance, tell::users(application.id, Change::Modify, vec![member]))?;
    }
    Ok(())
}

/// A colleague is about to leave: their grants go, and the sellers delete them.
pub(crate) fn colleague_left(tx: &mut Tx, ctx: &Ctx, account: Key, user: Key) -> Result<(), Error> {
    for (grant, instance, application) in granted(tx, user)? {
        let member = wire::kit::Member { enabled: false, ..tell::member(tx, ctx, account, user, &grant)? };
        let _there = rows::delete_grant(tx, instance.id, user)?;
        call::enqueue_kit(tx, ctx, &instance, tell::users(application.id, Change::Delete, vec![member]))?;
    }
    sign_on::end_of_user(tx, user, None, ctx.wall_micros())?;
    Ok(())
}

/// What a colleague was granted, with its instances locked.
fn granted(tx: &mut Tx, user: Key) -> Result<Vec<(rows::Grant, Locked<Instance>, rows::Application)>, Error> {
    let before: Vec<Key> = rows::granted(tx, user)?.into_iter().map(|(_, instance, _)| instance.id).collect();
    let locked = store::instance::lock_all(tx, &before)?;
    // A grant may have been withdrawn, and an application unbound, while this waited for the instances.
    let still = rows::granted(tx, user)?;
    let with_lock = |(grant, instance, application): (rows::Grant, Instance, rows::Application)| {
        let locked = locked.iter().find(|l| l.id == instance.id)?;
        Some((grant, locked.clone(), application))
    };
    Ok(still.into_iter().filter_map(with_lock).collect())
}
