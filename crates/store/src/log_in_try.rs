//! How often a login was tried of late.

use crate::{DbError, Tx};
use db::{Run, dialect, schema::log_in_tries};
use diesel::prelude::*;

/// Takes a try from a login's allowance; whether there was one. Times in microseconds.
///
/// # Errors
/// [`DbError`].
pub fn take(tx: &mut Tx, login: &str, now: i64, every: i64, at_once: i64) -> Result<bool, DbError> {
    Ok(dialect::log_in_try(tx, login, now, every, every * (at_once - 1))? == 1)
}

/// Forgets logins whose allowance is whole.
///
/// # Errors
/// [`DbError`].
pub fn forget(tx: &mut Tx, now: i64) -> Result<usize, DbError> {
    Ok(diesel::delete(log_in_tries::table.filter(log_in_tries::whole_at.lt(now))).run(tx)?)
}
