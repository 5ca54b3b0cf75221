//! What is due for use: owed by its buyer, or to be given back by a correction.

use super::Charge;
use crate::{DbError, Key, Tx};
use db::schema::usage_charges;
use diesel::prelude::*;
use std::collections::BTreeSet;

/// What a buyer owes for the use of other instances than these, oldest first, without what corrects it.
///
/// # Errors
/// [`DbError`].
pub fn due(tx: &mut Tx, buyer: Key, but: &BTreeSet<Key>, limit: i64) -> Result<Vec<Charge>, DbError> {
    Ok(usage_charges::table
        .filter(usage_charges::buyer_id.eq(buyer))
        .filter(usage_charges::state.eq("due"))
        .filter(usage_charges::amount_minor.ge(0))
        .filter(usage_charges::instance_id.ne_all(but))
        .order((usage_charges::created_at, usage_charges::id))
        .limit(limit)
        .select(Charge::as_select())
        .load(tx)?)
}

/// The instances for which a buyer is to be given something back by corrections.
///
/// # Errors
/// [`DbError`].
pub fn corrected_instances(tx: &mut Tx, buyer: Key) -> Result<Vec<Key>, DbError> {
    Ok(usage_charges::table
        .filter(usage_charges::buyer_id.eq(buyer))
        .filter(usage_charges::state.eq("due"))
        .filter(usage_charges::amount_minor.lt(0))
        .select(usage_charges::instance_id)
        .distinct()
        .order(usage_charges::instance_id)
        .load(tx)?)
}

/// All that is due for an instance, what corrects it first, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn due_charges(tx: &mut Tx, buyer: Key, instance: Key) -> Result<Vec<Charge>, DbError> {
    let mut found: Vec<Charge> = usage_charges::table
        .filter(usage_charges::buyer_id.eq(buyer))
        .filter(usage_charges::state.eq("due"))
        .filter(usage_charges::instance_id.eq(instance))
        .order((usage_charges::created_at, usage_charges::id))
        .select(Charge::as_select())
        .load(tx)?;
    found.sort_by_key(|charge| charge.amount_minor >= 0);
    Ok(found)
}

/// When the oldest charge of an instance that is not paid was made.
///
/// # Errors
/// [`DbError`].
pub fn oldest_due(tx: &mut Tx, buyer: Key, instance: Key) -> Result<Option<i64>, DbError> {
    let of = usage_charges::table.filter(usage_charges::buyer_id.eq(buyer)).filter(usage_charges::instance_id.eq(instance));
    let owed = of.filter(usage_charges::state.eq("due")).filter(usage_charges::amount_minor.gt(0));
    Ok(owed.select(diesel::dsl::min(usage_charges::created_at)).first(tx)?)
}

/// What an instance owes; more than an amount holds is the largest one.
///
/// # Errors
/// [`DbError`].
pub fn due_of_instance(tx: &mut Tx, buyer: Key, instance: Key) -> Result<i64, DbError> {
    let of = usage_charges::table.filter(usage_charges::buyer_id.eq(buyer)).filter(usage_charges::instance_id.eq(instance));
    let amounts: Vec<i64> = of.filter(usage_charges::state.eq("due")).select(usage_charges::amount_minor).load(tx)?;
    Ok(clamped(amounts.iter().map(|a| i128::from(*a)).sum()))
}

/// What a buyer owes for the use of all instances.
///
/// # Errors
/// [`DbError`].
pub fn due_of_buyer(tx: &mut Tx, buyer: Key) -> Result<i64, DbError> {
    let of = usage_charges::table.filter(usage_charges::buyer_id.eq(buyer)).filter(usage_charges::state.eq("due"));
    let amounts: Vec<i64> = of.select(usage_charges::amount_minor).load(tx)?;
    Ok(clamped(amounts.iter().map(|a| i128::from(*a)).sum()))
}

/// What was taken from the wallet for an instance.
///
/// # Errors
/// [`DbError`].
pub fn paid_of_instance(tx: &mut Tx, instance: Key) -> Result<i64, DbError> {
    let amounts: Vec<i64> = usage_charges::table
        .filter(usage_charges::instance_id.eq(instance))
        .filter(usage_charges::state.eq("paid"))
        .select(usage_charges::amount_minor)
        .load(tx)?;
    Ok(clamped(amounts.iter().map(|a| i128::from(*a)).sum()))
}

fn clamped(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}
