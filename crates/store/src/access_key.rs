//! Access keys: found by their public half.

use crate::{
    DbError, Key, Tx, Written,
    account::{Account, User},
};
use db::{
    Run,
    schema::{access_keys, accounts, users},
};
use diesel::prelude::*;

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = access_keys)]
pub struct AccessKey {
    pub id: Key,
    pub user_id: Key,
    pub access: String,
    pub secret: Vec<u8>,
    pub name: String,
    pub scopes: String,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub last_used_from: Option<String>,
    /// 1 or 2.
    pub slot: i64,
}

/// # Errors
/// [`DbError`]; a unique violation when the public half or the user's slot is taken.
pub fn insert(tx: &mut Tx, key: &AccessKey) -> Result<(), DbError> {
    diesel::insert_into(access_keys::table).values(key).run(tx)?;
    Ok(())
}

/// The key with this public half that is not disabled, and whose it is.
///
/// # Errors
/// [`DbError`].
pub fn living(tx: &mut Tx, access: &str) -> Result<Option<(AccessKey, User, Account)>, DbError> {
    let found = access_keys::table
        .inner_join(users::table.on(users::id.eq(access_keys::user_id)))
        .inner_join(accounts::table.on(accounts::id.eq(users::account_id)))
        .filter(access_keys::access.eq(access))
        .filter(access_keys::disabled_at.is_null())
        .select((AccessKey::as_select(), User::as_select(), Account::as_select()))
        .first(tx);
    Ok(found.optional()?)
}

/// The keys of a user, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn of_user(tx: &mut Tx, user: Key) -> Result<Vec<AccessKey>, DbError> {
    let keys = access_keys::table.filter(access_keys::user_id.eq(user)).order((access_keys::created_at, access_keys::id));
    Ok(keys.select(AccessKey::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn set_disabled(tx: &mut Tx, user: Key, id: Key, at: Option<i64>) -> Result<Written, DbError> {
    let key = access_keys::table.find(id).filter(access_keys::user_id.eq(user));
    Ok(Written::from_rows(diesel::update(key).set(access_keys::disabled_at.eq(at)).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn delete(tx: &mut Tx, user: Key, id: Key) -> Result<Written, DbError> {
    let key = access_keys::table.find(id).filter(access_keys::user_id.eq(user));
    Ok(Written::from_rows(diesel::delete(key).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn used(tx: &mut Tx, id: Key, at: i64, from: &str) -> Result<(), DbError> {
    let times = (access_keys::last_used_at.eq(at), access_keys::last_used_from.eq(from));
    diesel::update(access_keys::table.find(id)).set(times).run(tx)?;
    Ok(())
}
