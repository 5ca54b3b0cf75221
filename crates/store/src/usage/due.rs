//! What is due for use: owed by its buyer, or to be given back by a correction.

use super::Charge;
use crate::{DbError, Key, Moment, Tx};
use db::schema::usage_charges;
use diesel::{dsl::sql, expression::SqlLiteral, prelude::*, sql_types::BigInt};

/// What a buyer owes for use, oldest first, without what corrects it: the charges after one, by its moment and id.
///
/// # Errors
/// [`DbError`].
pub fn due(tx: &mut Tx, buyer: Key, (at, id): (Moment, Key), limit: i64) -> Result<Vec<Charge>, DbError> {
    let later = usage_charges::created_at.eq(at).and(usage_charges::id.gt(id));
    Ok(usage_charges::table
        .filter(usage_charges::buyer_id.eq(buyer))
        .filter(usage_charges::state.eq("due"))
        .filter(usage_charges::amount_minor.ge(0))
        .filter(usage_charges::created_at.ge(at))
        .filter(usage_charges::created_at.gt(at).or(later))
        .order((usage_charges::created_at, usage_charges::id))
        .limit(limit)
        .select(Charge::as_select())
        .load(tx)?)
}

/// The instances for the use of which a buyer owes something.
///
/// # Errors
/// [`DbError`].
pub fn owing_instances(tx: &mut Tx, buyer: Key) -> Result<Vec<Key>, DbError> {
    Ok(usage_charges::table
        .filter(usage_charges::buyer_id.eq(buyer))
        .filter(usage_charges::state.eq("due"))
        .filter(usage_charges::amount_minor.ge(0))
        .select(usage_charges::instance_id)
        .distinct()
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
pub fn oldest_due(tx: &mut Tx, buyer: Key, instance: Key) -> Result<Option<Moment>, DbError> {
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
    Ok(sum(of.filter(usage_charges::state.eq("due")).select(parts()).first(tx)?))
}

/// What a buyer owes for the use of all instances.
///
/// # Errors
/// [`DbError`].
pub fn due_of_buyer(tx: &mut Tx, buyer: Key) -> Result<i64, DbError> {
    let of = usage_charges::table.filter(usage_charges::buyer_id.eq(buyer)).filter(usage_charges::state.eq("due"));
    Ok(sum(of.select(parts()).first(tx)?))
}

/// What was taken from the wallet for an instance.
///
/// # Errors
/// [`DbError`].
pub fn paid_of_instance(tx: &mut Tx, instance: Key) -> Result<i64, DbError> {
    let of = usage_charges::table.filter(usage_charges::instance_id.eq(instance));
    Ok(sum(of.filter(usage_charges::state.eq("paid")).select(parts()).first(tx)?))
}

/// Amounts are added up in two parts by the database: neither can be more than it holds.
const PART: i128 = 1_000_000;

type Part = SqlLiteral<BigInt>;

fn parts() -> (Part, Part) {
    let part = |of: &str| sql::<BigInt>(&format!("CAST(COALESCE(SUM(amount_minor {of} {PART}), 0) AS BIGINT)"));
    (part("/"), part("%"))
}

fn sum((whole, rest): (i64, i64)) -> i64 {
    let sum = i128::from(whole) * PART + i128::from(rest);
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}
