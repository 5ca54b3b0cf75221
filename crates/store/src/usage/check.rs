//! Charges, totals and records against each other, for `yunshi verify`.

use super::{Charge, Record};
use crate::{DbError, Key, Tx};
use db::schema::{usage_charges, usage_records};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary},
};
use std::collections::HashMap;

/// The instances that were charged for use.
///
/// # Errors
/// [`DbError`].
pub fn any_charged(tx: &mut Tx) -> Result<Vec<Key>, DbError> {
    Ok(usage_charges::table.select(usage_charges::instance_id).distinct().order(usage_charges::instance_id).load(tx)?)
}

/// A charge.
///
/// # Errors
/// [`DbError`].
pub fn any_charge(tx: &mut Tx, id: Key) -> Result<Option<Charge>, DbError> {
    Ok(usage_charges::table.find(id).select(Charge::as_select()).first(tx).optional()?)
}

/// All charges of an instance, in the order in which they were made.
///
/// # Errors
/// [`DbError`].
pub fn any_charges(tx: &mut Tx, instance: Key) -> Result<Vec<Charge>, DbError> {
    let own = usage_charges::table.filter(usage_charges::instance_id.eq(instance));
    Ok(own.order((usage_charges::created_at, usage_charges::id)).select(Charge::as_select()).load(tx)?)
}

/// All records of an instance that were charged, also those that were corrected since.
///
/// # Errors
/// [`DbError`].
pub fn any_charged_records(tx: &mut Tx, instance: Key) -> Result<Vec<Record>, DbError> {
    let own = usage_records::table.filter(usage_records::instance_id.eq(instance)).filter(usage_records::charge_id.is_not_null());
    Ok(own.order(usage_records::id).select(Record::as_select()).load(tx)?)
}

/// An instance whose totals differ from its charges.
#[derive(Debug)]
pub struct Difference {
    pub instance_id: Key,
    pub counted_minor: i128,
    pub charged_minor: i128,
}

/// Sums of an instance: each in two parts, which a number of the database holds however much there is.
#[derive(Debug, QueryableByName)]
struct Sums {
    #[diesel(sql_type = Binary)]
    instance_id: Key,
    #[diesel(sql_type = BigInt)]
    quantity_high: i64,
    #[diesel(sql_type = BigInt)]
    quantity_low: i64,
    #[diesel(sql_type = BigInt)]
    minor_high: i64,
    #[diesel(sql_type = BigInt)]
    minor_low: i64,
}

impl Sums {
    const PART: i64 = 1_000_000_000;

    fn load(tx: &mut Tx, table: &str, minor: &str) -> Result<HashMap<Key, (i128, i128)>, DbError> {
        let part = Self::PART;
        let sum = |column: &str, how: &str| format!("CAST(SUM({column} {how} {part}) AS BIGINT)");
        let text = format!(
            "SELECT instance_id, {} AS quantity_high, {} AS quantity_low, {} AS minor_high, {} AS minor_low
             FROM {table} GROUP BY instance_id",
            sum("quantity", "/"),
            sum("quantity", "%"),
            sum(minor, "/"),
            sum(minor, "%"),
        );
        let whole = |high: i64, low: i64| i128::from(high) * i128::from(part) + i128::from(low);
        let rows: Vec<Self> = sql_query(text).load(tx)?;
        let sums = rows.into_iter().map(|s| (s.instance_id, (whole(s.quantity_high, s.quantity_low), whole(s.minor_high, s.minor_low))));
        Ok(sums.collect())
    }
}

/// Instances whose totals differ from their charges: quantities or amounts.
///
/// # Errors
/// [`DbError`].
pub fn any_differences(tx: &mut Tx) -> Result<Vec<Difference>, DbError> {
    let counted = Sums::load(tx, "usage_totals", "charged_minor")?;
    let charged = Sums::load(tx, "usage_charges", "amount_minor")?;
    let mut all: Vec<Key> = counted.keys().chain(charged.keys()).copied().collect();
    all.sort_unstable();
    all.dedup();
    let of = |sums: &HashMap<Key, (i128, i128)>, id: &Key| sums.get(id).copied().unwrap_or_default();
    let differ = all.into_iter().map(|id| (id, of(&counted, &id), of(&charged, &id))).filter(|(_, counted, charged)| counted != charged);
    let differ =
        differ.map(|(instance_id, counted, charged)| Difference { instance_id, counted_minor: counted.1, charged_minor: charged.1 });
    Ok(differ.collect())
}

/// Instances with accepted records that came before a moment and are not charged.
///
/// # Errors
/// [`DbError`].
pub fn any_unrated_before(tx: &mut Tx, at: i64) -> Result<Vec<Key>, DbError> {
    let waiting = usage_records::table.filter(usage_records::state.eq("accepted")).filter(usage_records::received_at.lt(at));
    let instances: Vec<Option<Key>> = waiting.select(usage_records::instance_id).distinct().load(tx)?;
    Ok(instances.into_iter().flatten().collect())
}

/// How many charges there are, and what the paid ones come to.
///
/// # Errors
/// [`DbError`].
pub fn any_paid(tx: &mut Tx) -> Result<(i64, i64), DbError> {
    #[derive(QueryableByName)]
    struct Sums {
        #[diesel(sql_type = BigInt)]
        charges: i64,
        #[diesel(sql_type = BigInt)]
        paid: i64,
    }
    let text = "SELECT COUNT(*) AS charges, CAST(COALESCE(SUM(CASE WHEN state = 'paid' THEN amount_minor ELSE 0 END), 0) AS BIGINT) AS paid
                FROM usage_charges";
    let sums: Sums = sql_query(text).get_result(tx)?;
    Ok((sums.charges, sums.paid))
}
