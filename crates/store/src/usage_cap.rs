//! What an instance may use in a month at most, as each side said.

use crate::{DbError, Key, Moment, Tx};
use db::{
    Run,
    schema::{former_usage_caps, usage_caps, usage_charges},
};
use diesel::prelude::*;
use domain::usage::{CapAction, CapSide};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable, AsChangeset)]
    #[diesel(table_name = usage_caps)]
    pub struct Cap of usage_caps {
        pub instance_id: Key,
        pub side: CapSide,
        pub amount_minor: i64,
        pub action: CapAction,
        pub set_at: Moment,
        /// yyyy-MM
        pub warned_month: String,
        pub reached_month: String,
    }
}

/// The caps of an instance. The caller has looked up the instance for its tenant.
///
/// # Errors
/// [`DbError`].
pub fn of_instance(tx: &mut Tx, instance: Key) -> Result<Vec<Cap>, DbError> {
    let own = usage_caps::table.filter(usage_caps::instance_id.eq(instance));
    Ok(own.order(usage_caps::side).select(Cap::as_select()).load(tx)?)
}

db::stored! {
    /// A cap as it was between two moments.
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = former_usage_caps)]
    pub struct Former of former_usage_caps {
        pub instance_id: Key,
        pub side: CapSide,
        pub from_at: Moment,
        /// Exclusive.
        pub until_at: Moment,
        pub amount_minor: i64,
        pub action: CapAction,
    }
}

/// The caps that an instance had, in their order. The caller has looked up the instance for its tenant.
///
/// # Errors
/// [`DbError`].
pub fn former(tx: &mut Tx, instance: Key) -> Result<Vec<Former>, DbError> {
    let own = former_usage_caps::table.filter(former_usage_caps::instance_id.eq(instance));
    Ok(own.order((former_usage_caps::side, former_usage_caps::from_at)).select(Former::as_select()).load(tx)?)
}

/// Keeps the cap of one side as it was until a moment, before it is set anew or removed; those that ended before `old` are
/// forgotten.
///
/// # Errors
/// [`DbError`].
pub fn keep(tx: &mut Tx, (instance, side): (Key, CapSide), until_at: Moment, old: Moment) -> Result<(), DbError> {
    let own = former_usage_caps::table.filter(former_usage_caps::instance_id.eq(instance));
    diesel::delete(own.filter(former_usage_caps::until_at.lt(old))).run(tx)?;
    let there = usage_caps::table.find((instance, side)).select(Cap::as_select());
    // One that was set at this very moment was never in force.
    let Some(was) = there.first(tx).optional()?.filter(|was| was.set_at < until_at) else { return Ok(()) };
    let (side, from_at) = (was.side, was.set_at);
    let row = Former { instance_id: instance, side, from_at, until_at, amount_minor: was.amount_minor, action: was.action };
    diesel::insert_into(former_usage_caps::table).values(&row).run(tx)?;
    Ok(())
}

/// Sets a cap, or changes it.
///
/// # Errors
/// [`DbError`].
pub fn put(tx: &mut Tx, row: &Cap) -> Result<(), DbError> {
    let own = usage_caps::table.find((row.instance_id, row.side));
    if diesel::update(own).set(row).run(tx)? == 0 {
        diesel::insert_into(usage_caps::table).values(row).run(tx)?;
    }
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn remove(tx: &mut Tx, instance: Key, side: CapSide) -> Result<(), DbError> {
    diesel::delete(usage_caps::table.find((instance, side))).run(tx)?;
    Ok(())
}

/// What an instance was charged for the use between two moments. The caller has looked up the instance for its tenant.
///
/// # Errors
/// [`DbError`].
pub fn charged_between(tx: &mut Tx, instance: Key, (from, until): (Moment, Moment)) -> Result<i64, DbError> {
    let amounts: Vec<i64> = usage_charges::table
        .filter(usage_charges::instance_id.eq(instance))
        .filter(usage_charges::begin_at.ge(from))
        .filter(usage_charges::begin_at.lt(until))
        .select(usage_charges::amount_minor)
        .load(tx)?;
    let sum: i128 = amounts.into_iter().map(i128::from).sum();
    Ok(i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX }))
}
