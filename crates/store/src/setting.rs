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
