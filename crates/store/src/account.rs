//! Accounts and the people in them.

use crate::{DbError, Key, Locked, Moment, Tx, Written};
use db::{
    Run,
    schema::{accounts, users},
};
use diesel::prelude::*;
use domain::{
    access::{AccountKind, MemberRole, Roles, StaffRole},
    site::SiteCode,
};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = accounts)]
    pub struct Account of accounts {
        pub id: Key,
        pub name: String,
        pub kind: AccountKind,
        pub site: SiteCode,
        pub roles: Roles,
        pub created_at: Moment,
    }
}

db::stored! {
    #[derive(Clone, Selectable, Insertable)]
    #[diesel(table_name = users)]
    pub struct User of users {
        pub id: Key,
        pub account_id: Key,
        pub login: String,
        pub name: String,
        pub password: String,
        pub staff_role: Option<StaffRole>,
        pub language: String,
        pub dismissed: String,
        pub created_at: Moment,
        pub member_role: MemberRole,
        pub left_at: Option<Moment>,
    }
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, account: &Account) -> Result<(), DbError> {
    diesel::insert_into(accounts::table).values(account).run(tx)?;
    Ok(())
}

/// The administrator of an account who has been there longest.
///
/// # Errors
/// [`DbError`].
pub fn any_administrator(tx: &mut Tx, account: Key) -> Result<Option<User>, DbError> {
    Ok(users::table
        .filter(users::account_id.eq(account))
        .filter(users::member_role.eq("administrator"))
        .filter(users::left_at.is_null())
        .order((users::created_at, users::id))
        .select(User::as_select())
        .first(tx)
        .optional()?)
}

/// # Errors
/// [`DbError`]; a unique violation when the login is taken.
pub fn insert_user(tx: &mut Tx, user: &User) -> Result<(), DbError> {
    diesel::insert_into(users::table).values(user).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, id: Key) -> Result<Option<Account>, DbError> {
    Ok(accounts::table.find(id).select(Account::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn user(tx: &mut Tx, id: Key) -> Result<Option<User>, DbError> {
    Ok(users::table.find(id).select(User::as_select()).first(tx).optional()?)
}

/// A person, locked until the transaction ends: whether they may log in, and with which password, stays true until then.
///
/// # Errors
/// [`DbError`].
pub fn lock_user(tx: &mut Tx, id: Key) -> Result<Option<Locked<User>>, DbError> {
    let found = db::lock(tx, (db::Lock::User, &[id]), users::table.filter(users::id.eq(id)).select(User::as_select()))?;
    Ok(found.into_iter().next().map(Locked::new))
}

/// # Errors
/// [`DbError`].
pub fn user_by_login(tx: &mut Tx, login: &str) -> Result<Option<(User, Account)>, DbError> {
    let found = users::table
        .inner_join(accounts::table.on(accounts::id.eq(users::account_id)))
        .filter(users::login.eq(login))
        .select((User::as_select(), Account::as_select()))
        .first(tx);
    Ok(found.optional()?)
}

/// Adds a role to an account that has not got it.
///
/// # Errors
/// [`DbError`].
pub fn set_roles(tx: &mut Tx, id: Key, roles: &Roles) -> Result<(), DbError> {
    diesel::update(accounts::table.find(id)).set(accounts::roles.eq(roles)).run(tx)?;
    Ok(())
}

/// Changes a password's hash, if it is still what it was.
///
/// # Errors
/// [`DbError`].
pub fn set_password(tx: &mut Tx, user: Key, before: &str, after: &str) -> Result<Written, DbError> {
    let there = users::table.find(user).filter(users::password.eq(before));
    Ok(Written::from_rows(diesel::update(there).set(users::password.eq(after)).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn set_preferences(tx: &mut Tx, user: Key, language: &str, dismissed: &str) -> Result<(), DbError> {
    diesel::update(users::table.find(user)).set((users::language.eq(language), users::dismissed.eq(dismissed))).run(tx)?;
    Ok(())
}

/// How many people of the staff have one of some roles, without one person.
///
/// # Errors
/// [`DbError`].
pub fn any_other_staff(tx: &mut Tx, roles: &[StaffRole], but: Key) -> Result<i64, DbError> {
    let staff = users::table.filter(users::staff_role.eq_any(roles.to_vec())).filter(users::left_at.is_null()).filter(users::id.ne(but));
    Ok(staff.count().get_result(tx)?)
}

/// Accounts that have staff, to whom messages for the operator go.
///
/// # Errors
/// [`DbError`].
pub fn operators(tx: &mut Tx) -> Result<Vec<Key>, DbError> {
    Ok(users::table.filter(users::staff_role.is_not_null()).select(users::account_id).distinct().load(tx)?)
}

/// Whether a site has accounts.
///
/// # Errors
/// [`DbError`].
pub fn any_of_site(tx: &mut Tx, site: &str) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::exists(accounts::table.filter(accounts::site.eq(site.to_owned())))).get_result(tx)?)
}
