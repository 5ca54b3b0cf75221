//! What an instance may use in a month at most, as each side said.

use crate::{DbError, Key, Tx};
use db::{
    Run,
    schema::{usage_caps, usage_charges},
};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = usage_caps)]
pub struct Cap {
    pub instance_id: Key,
    /// `buyer` or `seller`.
    pub side: String,
    pub amount_minor: i64,
    /// `freeze` or `refuse`.
    pub action: String,
    pub set_at: i64,
    /// yyyy-MM
    pub warned_month: String,
    pub reached_month: String,
}

/// The caps of an instance. The caller has looked up the instance for its tenant.
///
/// # Errors
/// [`DbError`].
pub fn of_instance(tx: &mut Tx, instance: Key) -> Result<Vec<Cap>, DbError> {
    let own = usage_caps::table.filter(usage_caps::instance_id.eq(instance));
    Ok(own.order(usage_caps::side).select(Cap::as_select()).load(tx)?)
}

/// Sets a cap, or changes it.
///
/// # Errors
/// [`DbError`].
pub fn put(tx: &mut Tx, row: &Cap) -> Result<(), DbError> {
    let own = usage_caps::table.find((row.instance_id, row.side.clone()));
    if diesel::update(own).set(row).run(tx)? == 0 {
        diesel::insert_into(usage_caps::table).values(row).run(tx)?;
    }
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn remove(tx: &mut Tx, instance: Key, side: &str) -> Result<(), DbError> {
    diesel::delete(usage_caps::table.find((instance, side.to_owned()))).run(tx)?;
    Ok(())
}

/// What an instance was charged for the use between two moments. The caller has looked up the instance for its tenant.
///
/// # Errors
/// [`DbError`].
pub fn charged_between(tx: &mut Tx, instance: Key, (from, until): (i64, i64)) -> Result<i64, DbError> {
    let amounts: Vec<i64> = usage_charges::table
        .filter(usage_charges::instance_id.eq(instance))
        .filter(usage_charges::begin_at.ge(from))
        .filter(usage_charges::begin_at.lt(until))
        .select(usage_charges::amount_minor)
        .load(tx)?;
    let sum: i128 = amounts.into_iter().map(i128::from).sum();
    Ok(i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX }))
}
