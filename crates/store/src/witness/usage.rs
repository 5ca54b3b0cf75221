//! Charges, totals and records against each other.

use super::{FOUND_MAX, Named, Sum, found, found_names};
use crate::{
    DbError, Key, Tx,
    usage::{Charge, Record, Total},
};
use db::schema::{instances, usage_charges, usage_records, usage_totals};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary},
};

/// The instances that were charged for use, a page at a time by id.
///
/// # Errors
/// [`DbError`].
pub fn charged(tx: &mut Tx, after: Key, limit: i64) -> Result<Vec<Key>, DbError> {
    let next = usage_charges::table.filter(usage_charges::instance_id.gt(after)).select(usage_charges::instance_id);
    Ok(next.distinct().order(usage_charges::instance_id).limit(limit).load(tx)?)
}

/// A charge.
///
/// # Errors
/// [`DbError`].
pub fn charge(tx: &mut Tx, id: Key) -> Result<Option<Charge>, DbError> {
    Ok(usage_charges::table.find(id).select(Charge::as_select()).first(tx).optional()?)
}

/// All charges of an instance, in the order in which they were made.
///
/// # Errors
/// [`DbError`].
pub fn charges(tx: &mut Tx, instance: Key) -> Result<Vec<Charge>, DbError> {
    let own = usage_charges::table.filter(usage_charges::instance_id.eq(instance));
    Ok(own.order((usage_charges::created_at, usage_charges::id)).select(Charge::as_select()).load(tx)?)
}

/// All records of an instance that were charged, also those that were corrected since.
///
/// # Errors
/// [`DbError`].
pub fn charged_records(tx: &mut Tx, instance: Key) -> Result<Vec<Record>, DbError> {
    let own = usage_records::table.filter(usage_records::instance_id.eq(instance)).filter(usage_records::charge_id.is_not_null());
    Ok(own.order(usage_records::id).select(Record::as_select()).load(tx)?)
}

/// An instance whose totals differ from its charges, and by how much.
#[derive(Debug)]
pub struct Difference {
    pub instance_id: Key,
    pub quantity: i128,
    pub minor: i128,
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

const PART: i64 = 1_000_000_000;

/// Instances whose totals differ from their charges: quantities or amounts.
///
/// # Errors
/// [`DbError`].
pub fn differences(tx: &mut Tx) -> Result<Vec<Difference>, DbError> {
    let text = format!(
        "SELECT instance_id, CAST(SUM(sign * (quantity / {PART})) AS BIGINT) AS quantity_high,
                CAST(SUM(sign * (quantity % {PART})) AS BIGINT) AS quantity_low,
                CAST(SUM(sign * (minor / {PART})) AS BIGINT) AS minor_high, CAST(SUM(sign * (minor % {PART})) AS BIGINT) AS minor_low
         FROM (SELECT instance_id, 1 AS sign, quantity, charged_minor AS minor FROM usage_totals UNION ALL
               SELECT instance_id, -1 AS sign, quantity, amount_minor AS minor FROM usage_charges) x GROUP BY instance_id
         HAVING SUM(sign * (quantity / {PART})) * {PART} + SUM(sign * (quantity % {PART})) <> 0
             OR SUM(sign * (minor / {PART})) * {PART} + SUM(sign * (minor % {PART})) <> 0 LIMIT $1"
    );
    let rows: Vec<Sums> = sql_query(text).bind::<BigInt, _>(FOUND_MAX).load(tx)?;
    let whole = |high: i64, low: i64| i128::from(high) * i128::from(PART) + i128::from(low);
    let difference = |s: Sums| Difference {
        instance_id: s.instance_id,
        quantity: whole(s.quantity_high, s.quantity_low),
        minor: whole(s.minor_high, s.minor_low),
    };
    Ok(rows.into_iter().map(difference).collect())
}

/// Instances with accepted records that came before a moment and are not charged, a page at a time by id.
///
/// # Errors
/// [`DbError`].
pub fn unrated_before(tx: &mut Tx, at: i64, after: Key, limit: i64) -> Result<Vec<Key>, DbError> {
    let waiting = usage_records::table.filter(usage_records::state.eq("accepted")).filter(usage_records::received_at.lt(at));
    let next = waiting.filter(usage_records::instance_id.gt(after)).select(usage_records::instance_id.assume_not_null());
    Ok(next.distinct().order(usage_records::instance_id).limit(limit).load(tx)?)
}

/// How many charges there are.
///
/// # Errors
/// [`DbError`].
pub fn charge_count(tx: &mut Tx) -> Result<i64, DbError> {
    Ok(usage_charges::table.count().get_result(tx)?)
}

/// Instances whose paid charges by use come to less than nothing; the sum.
///
/// # Errors
/// [`DbError`].
pub fn charged_below_zero(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT i.seller_instance_id AS name, c.currency AS currency, CAST(SUM(c.amount_minor) AS BIGINT) AS amount FROM usage_charges c
         JOIN instances i ON i.id = c.instance_id WHERE c.state = 'paid'
         GROUP BY c.instance_id, i.seller_instance_id, c.currency HAVING SUM(c.amount_minor) < 0",
    )
}

/// What was counted of an instance, by cycle.
///
/// # Errors
/// [`DbError`].
pub fn totals(tx: &mut Tx, instance: Key) -> Result<Vec<Total>, DbError> {
    let own = usage_totals::table.filter(usage_totals::instance_id.eq(instance));
    Ok(own.order(usage_totals::cycle_at).select(Total::as_select()).load(tx)?)
}

/// Charges of others than their instances are of.
///
/// # Errors
/// [`DbError`].
pub fn charged_to_others(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    found_names(
        tx,
        "SELECT COALESCE(i.seller_instance_id, 'a charge of no instance') AS name FROM usage_charges c
         LEFT JOIN instances i ON i.id = c.instance_id WHERE i.id IS NULL OR i.buyer_id <> c.buyer_id OR i.seller_id <> c.seller_id",
    )
}

/// Records that correct one which is not there, or which stands as if nothing corrected it.
///
/// # Errors
/// [`DbError`].
pub fn corrects_nothing(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    found_names(
        tx,
        "SELECT COALESCE(r.metering_sn, r.sent_instance) AS name FROM usage_records r LEFT JOIN usage_records old ON old.id = r.corrects_id
         WHERE r.corrects_id IS NOT NULL AND (old.id IS NULL OR (r.state = 'charged' AND old.state <> 'corrected'))",
    )
}

/// Records that will be charged, a page at a time by id, each with the seller's name of its instance.
///
/// # Errors
/// [`DbError`].
pub fn to_be_charged(tx: &mut Tx, after: Key, limit: i64) -> Result<Vec<(Record, Option<String>)>, DbError> {
    let with_instances = usage_records::table.left_join(instances::table.on(instances::id.nullable().eq(usage_records::instance_id)));
    let waiting = with_instances.filter(usage_records::state.eq_any(["accepted", "held"])).filter(usage_records::id.gt(after));
    let names = instances::seller_instance_id.nullable();
    Ok(waiting.order(usage_records::id).limit(limit).select((Record::as_select(), names)).load(tx)?)
}
