//! Sign-ons of people into applications, and the keys that sign id tokens. Times are wall time.

use crate::{DbError, Key, Tx, Written};
use db::{
    Run,
    schema::{sign_ons, signing_keys},
};
use diesel::prelude::*;

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sign_ons)]
pub struct SignOn {
    pub id: Key,
    pub application_id: Key,
    pub instance_id: Key,
    pub user_id: Key,
    pub scope: String,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub nonce: Option<String>,
    pub code_hash: Vec<u8>,
    pub code_expires_at: i64,
    pub code_used_at: Option<i64>,
    pub access_hash: Option<Vec<u8>>,
    pub access_expires_at: Option<i64>,
    pub refresh_hash: Option<Vec<u8>>,
    pub refresh_expires_at: Option<i64>,
    pub former_hash: Option<Vec<u8>>,
    pub begun_at: i64,
    pub ended_at: Option<i64>,
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, sign_on: &SignOn) -> Result<(), DbError> {
    diesel::insert_into(sign_ons::table).values(sign_on).run(tx)?;
    Ok(())
}

/// The sign-on of a code, used or not.
///
/// # Errors
/// [`DbError`].
pub fn any_by_code(tx: &mut Tx, code_hash: &[u8]) -> Result<Option<SignOn>, DbError> {
    Ok(sign_ons::table.filter(sign_ons::code_hash.eq(code_hash)).select(SignOn::as_select()).first(tx).optional()?)
}

/// The sign-on whose access token this is, while both last.
///
/// # Errors
/// [`DbError`].
pub fn any_by_access(tx: &mut Tx, access_hash: &[u8], wall_now: i64) -> Result<Option<SignOn>, DbError> {
    Ok(sign_ons::table
        .filter(sign_ons::access_hash.eq(access_hash))
        .filter(sign_ons::access_expires_at.gt(wall_now))
        .filter(sign_ons::ended_at.is_null())
        .select(SignOn::as_select())
        .first(tx)
        .optional()?)
}

/// The sign-on whose present or former refresh token this is, ended or not.
///
/// # Errors
/// [`DbError`].
pub fn any_by_refresh(tx: &mut Tx, hash: &[u8]) -> Result<Option<SignOn>, DbError> {
    let present = sign_ons::table.filter(sign_ons::refresh_hash.eq(hash)).select(SignOn::as_select()).first(tx).optional()?;
    if present.is_some() {
        return Ok(present);
    }
    Ok(sign_ons::table.filter(sign_ons::former_hash.eq(hash)).select(SignOn::as_select()).first(tx).optional()?)
}

/// The tokens that a sign-on gets.
#[derive(Debug)]
pub struct Tokens<'a> {
    pub access_hash: &'a [u8],
    pub access_expires_at: i64,
    pub refresh_hash: &'a [u8],
    pub refresh_expires_at: i64,
}

/// Uses a code up, once.
///
/// # Errors
/// [`DbError`].
pub fn use_code(tx: &mut Tx, id: Key, at: i64, tokens: &Tokens<'_>) -> Result<Written, DbError> {
    let unused = sign_ons::table.find(id).filter(sign_ons::code_used_at.is_null()).filter(sign_ons::ended_at.is_null());
    let change = (
        sign_ons::code_used_at.eq(at),
        sign_ons::access_hash.eq(tokens.access_hash),
        sign_ons::access_expires_at.eq(tokens.access_expires_at),
        sign_ons::refresh_hash.eq(tokens.refresh_hash),
        sign_ons::refresh_expires_at.eq(tokens.refresh_expires_at),
    );
    Ok(Written::from_rows(diesel::update(unused).set(change).run(tx)?))
}

/// Puts new tokens in the place of those of a refresh token.
///
/// # Errors
/// [`DbError`].
pub fn rotate(tx: &mut Tx, id: Key, former: &[u8], tokens: &Tokens<'_>) -> Result<Written, DbError> {
    let living = sign_ons::table.find(id).filter(sign_ons::refresh_hash.eq(former)).filter(sign_ons::ended_at.is_null());
    let change = (
        sign_ons::former_hash.eq(former),
        sign_ons::access_hash.eq(tokens.access_hash),
        sign_ons::access_expires_at.eq(tokens.access_expires_at),
        sign_ons::refresh_hash.eq(tokens.refresh_hash),
        sign_ons::refresh_expires_at.eq(tokens.refresh_expires_at),
    );
    Ok(Written::from_rows(diesel::update(living).set(change).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn end(tx: &mut Tx, id: Key, at: i64) -> Result<(), DbError> {
    diesel::update(sign_ons::table.find(id).filter(sign_ons::ended_at.is_null())).set(sign_ons::ended_at.eq(at)).run(tx)?;
    Ok(())
}

/// Ends the sign-ons of an instance's application: of one person, or of all.
///
/// # Errors
/// [`DbError`].
pub fn end_all(tx: &mut Tx, instance: Key, user: Option<Key>, at: i64) -> Result<usize, DbError> {
    let living = sign_ons::table.filter(sign_ons::instance_id.eq(instance)).filter(sign_ons::ended_at.is_null());
    Ok(match user {
        Some(user) => diesel::update(living.filter(sign_ons::user_id.eq(user))).set(sign_ons::ended_at.eq(at)).run(tx)?,
        None => diesel::update(living).set(sign_ons::ended_at.eq(at)).run(tx)?,
    })
}

/// Ends the sign-ons of a person into one application, or into all.
///
/// # Errors
/// [`DbError`].
pub fn end_of_user(tx: &mut Tx, user: Key, application: Option<Key>, at: i64) -> Result<usize, DbError> {
    let living = sign_ons::table.filter(sign_ons::user_id.eq(user)).filter(sign_ons::ended_at.is_null());
    Ok(match application {
        Some(a) => diesel::update(living.filter(sign_ons::application_id.eq(a))).set(sign_ons::ended_at.eq(at)).run(tx)?,
        None => diesel::update(living).set(sign_ons::ended_at.eq(at)).run(tx)?,
    })
}

/// Forgets sign-ons that began before a moment: their last token is older than any may be.
///
/// # Errors
/// [`DbError`].
pub fn forget(tx: &mut Tx, before: i64) -> Result<usize, DbError> {
    let old = sign_ons::table
        .filter(sign_ons::begun_at.lt(before))
        .filter(sign_ons::refresh_expires_at.is_null().or(sign_ons::refresh_expires_at.lt(before)));
    Ok(diesel::delete(old).run(tx)?)
}

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
pub struct SigningKey {
    pub id: Key,
    pub private_key: Vec<u8>,
    pub modulus: String,
    pub exponent: String,
    pub created_at: i64,
}

/// The signing keys that are kept, newest first.
///
/// # Errors
/// [`DbError`].
pub fn keys(tx: &mut Tx) -> Result<Vec<SigningKey>, DbError> {
    Ok(signing_keys::table.order((signing_keys::created_at.desc(), signing_keys::id.desc())).select(SigningKey::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn insert_key(tx: &mut Tx, key: &SigningKey) -> Result<(), DbError> {
    diesel::insert_into(signing_keys::table).values(key).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn forget_keys(tx: &mut Tx, before: i64) -> Result<usize, DbError> {
    Ok(diesel::delete(signing_keys::table.filter(signing_keys::created_at.lt(before))).run(tx)?)
}
