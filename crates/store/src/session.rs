//! Log-in sessions and API tokens: found by the hash of their secret only.

use crate::{
    DbError, Key, Tx, Written,
    account::{Account, User},
};
use db::{
    Run,
    schema::{accounts, api_tokens, sessions, users},
};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: Key,
    pub user_id: Key,
    pub secret_hash: Vec<u8>,
    pub csrf: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
    pub ended_at: Option<i64>,
    pub address: String,
    pub agent: String,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_tokens)]
pub struct Token {
    pub id: Key,
    pub user_id: Key,
    pub secret_hash: Vec<u8>,
    pub name: String,
    pub scopes: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, session: &Session) -> Result<(), DbError> {
    diesel::insert_into(sessions::table).values(session).run(tx)?;
    Ok(())
}

/// The living session with this secret, and whose it is.
///
/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, secret_hash: &[u8], wall_now: i64) -> Result<Option<(Session, User, Account)>, DbError> {
    let found = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .inner_join(accounts::table.on(accounts::id.eq(users::account_id)))
        .filter(sessions::secret_hash.eq(secret_hash))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(wall_now))
        .select((Session::as_select(), User::as_select(), Account::as_select()))
        .first(tx);
    Ok(found.optional()?)
}

/// # Errors
/// [`DbError`].
pub fn of_user(tx: &mut Tx, user: Key, wall_now: i64) -> Result<Vec<Session>, DbError> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(wall_now))
        .order(sessions::created_at.desc())
        .select(Session::as_select())
        .load(tx)?)
}

/// Ends one session of a user.
///
/// # Errors
/// [`DbError`].
pub fn end(tx: &mut Tx, user: Key, session: Key, wall_now: i64) -> Result<Written, DbError> {
    let living = sessions::table.find(session).filter(sessions::user_id.eq(user)).filter(sessions::ended_at.is_null());
    Ok(Written::from_rows(diesel::update(living).set(sessions::ended_at.eq(wall_now)).run(tx)?))
}

/// Ends all sessions of a user but one.
///
/// # Errors
/// [`DbError`].
pub fn end_all(tx: &mut Tx, user: Key, but: Option<Key>, wall_now: i64) -> Result<usize, DbError> {
    let but = but.unwrap_or(Key([0; 16]));
    let others = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::ended_at.is_null()).filter(sessions::id.ne(but));
    Ok(diesel::update(others).set(sessions::ended_at.eq(wall_now)).run(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn insert_token(tx: &mut Tx, token: &Token) -> Result<(), DbError> {
    diesel::insert_into(api_tokens::table).values(token).run(tx)?;
    Ok(())
}

/// The living token with this secret, and whose it is.
///
/// # Errors
/// [`DbError`].
pub fn token(tx: &mut Tx, secret_hash: &[u8], wall_now: i64) -> Result<Option<(Token, User, Account)>, DbError> {
    let found = api_tokens::table
        .inner_join(users::table.on(users::id.eq(api_tokens::user_id)))
        .inner_join(accounts::table.on(accounts::id.eq(users::account_id)))
        .filter(api_tokens::secret_hash.eq(secret_hash))
        .filter(api_tokens::revoked_at.is_null())
        .filter(api_tokens::expires_at.is_null().or(api_tokens::expires_at.gt(wall_now)))
        .select((Token::as_select(), User::as_select(), Account::as_select()))
        .first(tx);
    Ok(found.optional()?)
}

/// # Errors
/// [`DbError`].
pub fn tokens_of_user(tx: &mut Tx, user: Key) -> Result<Vec<Token>, DbError> {
    Ok(api_tokens::table
        .filter(api_tokens::user_id.eq(user))
        .filter(api_tokens::revoked_at.is_null())
        .order(api_tokens::created_at.desc())
        .select(Token::as_select())
        .load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn revoke_token(tx: &mut Tx, user: Key, token: Key, wall_now: i64) -> Result<Written, DbError> {
    let living = api_tokens::table.find(token).filter(api_tokens::user_id.eq(user)).filter(api_tokens::revoked_at.is_null());
    Ok(Written::from_rows(diesel::update(living).set(api_tokens::revoked_at.eq(wall_now)).run(tx)?))
}
