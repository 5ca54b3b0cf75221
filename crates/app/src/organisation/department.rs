//! Departments: a tree whose codes never change.

use super::recorded;
use crate::{Caller, Ctx, Error, interface::Change, kit, limit};
use db::{Key, Tx};
use domain::limit::Limit;
use domain::organisation::in_a_circle;
use serde_json::json;
use store::organisation::{self as rows, Department};

/// Makes a department, or changes the one of this code.
///
/// # Errors
/// `department.parent_not_found`, `department.circle`, `department.too_many`.
pub fn put(tx: &mut Tx, ctx: &Ctx, caller: &Caller, code: &str, name: &str, parent: Option<&str>) -> Result<(Department, Change), Error> {
    let account = Key::of(caller.account_id);
    rows::hold(tx, account)?;
    let all = rows::departments(tx, account)?;
    let parent_id = match parent {
        None => None,
        Some(parent) => {
            let found = all.iter().find(|d| d.code == parent);
            Some(found.ok_or_else(|| Error::field("/parent", "department.parent_not_found", "there is no department of this code"))?.id)
        }
    };
    let old = all.iter().find(|d| d.code == code);
    let row = Department {
        id: old.map_or_else(|| ctx.key(), |d| d.id),
        account_id: account,
        code: code.to_owned(),
        name: name.to_owned(),
        parent_id,
        created_at: old.map_or(ctx.moment(), |d| d.created_at),
    };
    let change = match old {
        Some(old) if (old.name.as_str(), old.parent_id) == (name, parent_id) => return Ok((row, Change::Unchanged)),
        Some(old) => {
            let parents: Vec<(Key, Option<Key>)> = all.iter().map(|d| (d.id, d.parent_id)).collect();
            if in_a_circle(&parents, old.id, parent_id) {
                return Err(Error::field("/parent", "department.circle", "a department cannot lie below itself"));
            }
            rows::update_department(tx, old.id, name, parent_id)?;
            Change::Updated
        }
        None => {
            limit::room(tx, Limit::Departments, account, |_| Ok(limit::number(&all)))?;
            rows::insert_department(tx, &row)?;
            Change::Created
        }
    };
    recorded(tx, ctx, caller, "department.saved", &json!({ "code": code, "name": name, "parent": parent }))?;
    let said = if change == Change::Created { wire::kit::Change::Add } else { wire::kit::Change::Modify };
    kit::department_changed(tx, ctx, account, said, &row, parent)?;
    Ok((row, change))
}

/// Deletes a department that nobody belongs to and none lies below.
///
/// # Errors
/// `department.not_found`, `department.not_empty`.
pub fn delete(tx: &mut Tx, ctx: &Ctx, caller: &Caller, code: &str) -> Result<(), Error> {
    let account = Key::of(caller.account_id);
    rows::hold(tx, account)?;
    let all = rows::departments(tx, account)?;
    let found = all.iter().find(|d| d.code == code);
    let found = found.ok_or_else(|| Error::not_found("department.not_found", "there is no department of this code"))?;
    if all.iter().any(|d| d.parent_id == Some(found.id)) || rows::has_people(tx, found.id)? {
        let detail = "people belong to it, are invited to it, or a department lies below it; move them first";
        return Err(Error::conflict("department.not_empty", detail));
    }
    rows::empty_department(tx, found.id)?;
    rows::delete_department(tx, found.id)?;
    recorded(tx, ctx, caller, "department.deleted", &json!({ "code": code }))?;
    let parent = found.parent_id.and_then(|id| all.iter().find(|d| d.id == id));
    kit::department_changed(tx, ctx, account, wire::kit::Change::Delete, found, parent.map(|d| d.code.as_str()))
}
