//! Idempotency keys: stored in the transaction of the write, with its answer or before it is known.

use crate::{DbError, Key, Tx};
use db::{Run, schema::idempotency_keys};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub struct Kept {
    pub user_id: Key,
    pub key: String,
    pub inputs_hash: Vec<u8>,
    /// Sealed; none until it is known.
    pub answer: Option<Vec<u8>>,
    pub created_at: i64,
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, user: Key, key: &str) -> Result<Option<Kept>, DbError> {
    Ok(idempotency_keys::table.find((user, key)).select(Kept::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`]; a unique violation when another request with the key was quicker.
pub fn insert(tx: &mut Tx, kept: &Kept) -> Result<(), DbError> {
    diesel::insert_into(idempotency_keys::table).values(kept).run(tx)?;
    Ok(())
}

/// Adds the answer of a write whose transaction did not know it.
///
/// # Errors
/// [`DbError`].
pub fn answered(tx: &mut Tx, user: Key, key: &str, answer: &[u8]) -> Result<(), DbError> {
    diesel::update(idempotency_keys::table.find((user, key))).set(idempotency_keys::answer.eq(answer)).run(tx)?;
    Ok(())
}

/// Forgets keys older than a wall time.
///
/// # Errors
/// [`DbError`].
pub fn forget(tx: &mut Tx, before: i64) -> Result<usize, DbError> {
    Ok(diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(before))).run(tx)?)
}
