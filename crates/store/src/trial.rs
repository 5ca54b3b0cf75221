//! Trials that buyers had: one for each buyer and specification.

use crate::{DbError, Key, Tx};
use db::{Run, schema::trials};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = trials)]
pub struct Trial {
    pub buyer_id: Key,
    pub product_id: Key,
    pub specification: String,
    pub order_id: Key,
}

/// Whether a buyer had a trial of a specification.
///
/// # Errors
/// [`DbError`].
pub fn had(tx: &mut Tx, buyer: Key, product: Key, specification: &str) -> Result<bool, DbError> {
    let found: i64 = trials::table.find((buyer, product, specification)).count().get_result(tx)?;
    Ok(found > 0)
}

/// # Errors
/// [`DbError`]; a unique violation when the buyer had one.
pub fn insert(tx: &mut Tx, trial: &Trial) -> Result<(), DbError> {
    diesel::insert_into(trials::table).values(trial).run(tx)?;
    Ok(())
}

/// A trial that was never opened may be had again.
///
/// # Errors
/// [`DbError`].
pub fn remove(tx: &mut Tx, buyer: Key, product: Key, specification: &str) -> Result<(), DbError> {
    diesel::delete(trials::table.find((buyer, product, specification))).run(tx)?;
    Ok(())
}
