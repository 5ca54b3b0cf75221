//! Settings that belong to the database, such as the sandbox's clock.

use crate::{DbError, Tx};
use db::schema::settings;
use diesel::prelude::*;

/// # Errors
/// [`DbError`].
pub fn get(tx: &mut Tx, name: &str) -> Result<Option<String>, DbError> {
    Ok(settings::table.find(name).select(settings::value).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn put(tx: &mut Tx, name: &str, value: &str) -> Result<(), DbError> {
    db::dialect::setting_put(tx, name, value)
}

/// Stores a setting unless it is there; the value that it has then. Of several who do so at once one is first.
///
/// # Errors
/// [`DbError`].
pub fn put_new(tx: &mut Tx, name: &str, value: &str) -> Result<String, DbError> {
    db::dialect::setting_put_new(tx, name, value)?;
    Ok(get(tx, name)?.unwrap_or_else(|| value.to_owned()))
}
