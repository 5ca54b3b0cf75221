//! Idempotency keys: the answer of a write, kept in the transaction that made it.

use crate::{DbError, Key, Tx};
use db::{Run, schema::idempotency_keys};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub struct Kept {
    pub account_id: Key,
    pub key: String,
    pub inputs_hash: Vec<u8>,
    pub answer: String,
    pub created_at: i64,
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, account: Key, key: &str) -> Result<Option<Kept>, DbError> {
    Ok(idempotency_keys::table.find((account, key)).select(Kept::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`]; a unique violation when another request with the key was quicker.
pub fn insert(tx: &mut Tx, kept: &Kept) -> Result<(), DbError> {
    diesel::insert_into(idempotency_keys::table).values(kept).run(tx)?;
    Ok(())
}

/// Forgets keys older than a wall time.
///
/// # Errors
/// [`DbError`].
pub fn forget(tx: &mut Tx, before: i64) -> Result<usize, DbError> {
    Ok(diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(before))).run(tx)?)
}
