//! Colleagues: their role in the account and their place in the company.

use super::{department_of, recorded};
use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, kit};
use db::{Key, Tx};
use domain::{access::MemberRole, id::UserId};
use serde_json::json;
use store::{
    Written,
    organisation::{self as rows, Colleague, Position},
    session,
};

const MOBILE: Sealed = Sealed::Mobile;
const EMAIL: Sealed = Sealed::Email;

/// A colleague as an administrator writes him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub role: MemberRole,
    /// The code of a department.
    pub department: Option<String>,
    pub title: Option<String>,
    pub employee_code: Option<String>,
    pub employee_type: Option<String>,
    pub mobile: Option<String>,
    pub email: Option<String>,
}

fn find(tx: &mut Tx, account: Key, id: UserId) -> Result<Colleague, Error> {
    rows::colleague(tx, account, Key::of(id))?.ok_or_else(|| Error::not_found("colleague.not_found", "there is no such colleague"))
}

/// A colleague with his personal data in clear.
///
/// # Errors
/// [`Error::Row`].
pub fn shown(tx: &mut Tx, ctx: &Ctx, (user, position): &Colleague) -> Result<Person, Error> {
    let role = user.member_role;
    let plain = Person {
        name: user.name.clone(),
        role,
        department: None,
        title: None,
        employee_code: None,
        employee_type: None,
        mobile: None,
        email: None,
    };
    let Some(p) = position else {
        return Ok(plain);
    };
    let open = |column, value: &Option<Vec<u8>>| value.as_ref().map(|v| ctx.sealer.open(column, v)).transpose();
    let department = match p.department_id {
        None => None,
        Some(id) => rows::departments(tx, p.account_id)?.into_iter().find(|d| d.id == id).map(|d| d.code),
    };
    Ok(Person {
        department,
        title: p.title.clone(),
        employee_code: p.employee_code.clone(),
        employee_type: p.employee_type.clone(),
        mobile: open(MOBILE, &p.mobile)?,
        email: open(EMAIL, &p.email)?,
        ..plain
    })
}

fn refuse_last(tx: &mut Tx, account: Key, user: Key) -> Result<(), Error> {
    if rows::other_administrators(tx, account, user)? == 0 {
        let detail = "this is the only administrator of the account; make another first";
        return Err(Error::conflict("colleague.last_administrator", detail));
    }
    Ok(())
}

/// Writes what is known of a colleague. The sellers of applications that he uses are told.
///
/// # Errors
/// `colleague.not_found`, `colleague.last_administrator`, `department.not_found`.
pub fn change(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: UserId, new: &Person) -> Result<(), Error> {
    let account = Key::of(caller.account_id);
    rows::hold(tx, account)?;
    let old = find(tx, account, id)?;
    let before = shown(tx, ctx, &old)?;
    if before == *new {
        return Ok(());
    }
    if before.role == MemberRole::Administrator && new.role != MemberRole::Administrator {
        refuse_last(tx, account, old.0.id)?;
    }
    let seal = |column, value: &Option<String>| value.as_ref().map(|v| ctx.sealer.seal(ctx.ids, column, v));
    let position = Position {
        user_id: old.0.id,
        account_id: account,
        department_id: department_of(tx, account, new.department.as_deref())?,
        title: new.title.clone(),
        employee_code: new.employee_code.clone(),
        employee_type: new.employee_type.clone(),
        mobile: seal(MOBILE, &new.mobile),
        email: seal(EMAIL, &new.email),
    };
    rows::set_person(tx, old.0.id, &new.name, new.role)?;
    rows::put_position(tx, &position)?;
    recorded(tx, ctx, caller, "colleague.changed", &json!({ "user": id, "role": new.role, "department": new.department }))?;
    kit::colleague_changed(tx, ctx, account, old.0.id)
}

/// Removes a colleague: they are logged out everywhere, their keys and tokens stop, the sellers of their applications are told.
///
/// # Errors
/// `colleague.not_found`, `colleague.last_administrator`.
pub fn remove(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: UserId) -> Result<(), Error> {
    let account = Key::of(caller.account_id);
    rows::hold(tx, account)?;
    let (user, _) = find(tx, account, id)?;
    refuse_last(tx, account, user.id)?;
    kit::colleague_left(tx, ctx, account, user.id)?;
    if rows::leave(tx, user.id, ctx.wall_moment())? == Written::SomeoneElseWasFirst {
        return Err(Error::not_found("colleague.not_found", "there is no such colleague"));
    }
    session::end_all(tx, user.id, None, ctx.wall_micros())?;
    recorded(tx, ctx, caller, "colleague.removed", &json!({ "user": id, "login": user.login }))
}
