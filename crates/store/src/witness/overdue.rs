//! What should have happened by now, by business time: a worker that does nothing leaves it.

use super::{Named, Sum};
use crate::{DbError, Tx};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};

const FOUND_MAX: i64 = super::FOUND_MAX;

/// Orders that wait for payment longer than they may; what they cost.
///
/// # Errors
/// [`DbError`].
pub fn late_payments(tx: &mut Tx, before: i64) -> Result<Vec<Sum>, DbError> {
    let text = "SELECT number AS name, currency, total_minor AS amount FROM orders
         WHERE state = 'pending_payment' AND pay_by < $1 LIMIT $2";
    Ok(sql_query(text).bind::<BigInt, _>(before).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}

/// Instances that run after their last term.
///
/// # Errors
/// [`DbError`].
pub fn late_ends(tx: &mut Tx, before: i64) -> Result<Vec<Named>, DbError> {
    let text = "SELECT COALESCE(l.number, i.seller_instance_id, 'an instance of no line') AS name FROM instances i
         LEFT JOIN order_lines l ON l.id = i.line_id WHERE i.state = 'running' AND i.expires_at < $1 LIMIT $2";
    Ok(sql_query(text).bind::<BigInt, _>(before).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}

/// Orders and instances that nothing will end when their time has come: the jobs are gone, or due later than that and than
/// `soon`, for which one is put off that is tried again.
///
/// # Errors
/// [`DbError`].
pub fn lost_jobs(tx: &mut Tx, (unpaid, expiry): (&str, &str), soon: i64) -> Result<Vec<Named>, DbError> {
    let text = "SELECT o.number AS name FROM orders o WHERE o.state = 'pending_payment'
         AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.subject = o.id AND j.kind = $1 AND (j.due_at <= o.pay_by OR j.due_at <= $2))
         UNION ALL SELECT COALESCE(l.number, i.seller_instance_id, 'an instance of no line') AS name FROM instances i
         LEFT JOIN order_lines l ON l.id = i.line_id WHERE i.state = 'running' AND i.expires_at IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.subject = i.id AND j.kind = $3
         AND (j.due_at <= i.expires_at OR j.due_at <= $2)) LIMIT $4";
    // SQLite numbers parameters in the order in which they are met.
    let of_orders = sql_query(text).bind::<Text, _>(unpaid).bind::<BigInt, _>(soon);
    Ok(of_orders.bind::<Text, _>(expiry).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}

/// Lines of a site's sellers that took effect before a moment and stand on no bill; what is due of them.
///
/// # Errors
/// [`DbError`].
pub fn unbilled(tx: &mut Tx, (site, currency): (&str, &str), before: i64) -> Result<Vec<Sum>, DbError> {
    let text = "SELECT l.order_line || ' ' || l.kind AS name, l.currency AS currency, l.payable_minor AS amount FROM bill_lines l
         JOIN accounts a ON a.id = l.seller_id AND a.site = $1
         WHERE l.currency = $2 AND l.bill_id IS NULL AND l.effective_at < $3 LIMIT $4";
    let of_site = sql_query(text).bind::<Text, _>(site).bind::<Text, _>(currency);
    Ok(of_site.bind::<BigInt, _>(before).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}

/// Lines of a site's sellers that stand on no bill while the job of that name which makes the bills is gone, or due after
/// the next run.
///
/// # Errors
/// [`DbError`].
pub fn without_bill_run(tx: &mut Tx, (site, currency): (&str, &str), (job, next): (&str, i64)) -> Result<Vec<Named>, DbError> {
    let text = "SELECT l.order_line || ' ' || l.kind AS name FROM bill_lines l JOIN accounts a ON a.id = l.seller_id AND a.site = $1
         WHERE l.currency = $2 AND l.bill_id IS NULL AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.name = $3 AND j.due_at <= $4)
         LIMIT $5";
    let of_site = sql_query(text).bind::<Text, _>(site).bind::<Text, _>(currency);
    Ok(of_site.bind::<Text, _>(job).bind::<BigInt, _>(next).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}
