//! What should have happened by now, by business time: a worker that does nothing leaves it.

use super::{Named, Sum};
use crate::{DbError, Tx};
use db::dialect::hex;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
};

const FOUND_MAX: i64 = super::FOUND_MAX;
const DAY: i64 = 86_400_000_000;

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

/// What nothing will end or renew when its time has come: its job is gone, or due later than that and than `soon`, for which one
/// is put off that is tried again. The kinds of jobs are of unpaid orders, of expiry, of held charges and of automatic renewal,
/// which is tried for the last time on the last day.
///
/// # Errors
/// [`DbError`].
pub fn lost_jobs(tx: &mut Tx, [unpaid, expiry, hold, renewal]: [&str; 4], soon: i64) -> Result<Vec<Named>, DbError> {
    // SQLite numbers parameters in the order in which they are met.
    let job = |subject: &str, kind: &str, until: &str| {
        format!(
            "NOT EXISTS (SELECT 1 FROM jobs j WHERE j.due_at <= CASE WHEN {until} > $1 THEN {until} ELSE $1 END
         AND j.subject = {subject} AND j.kind = '{kind}')"
        )
    };
    let instance = "SELECT COALESCE(l.number, i.seller_instance_id, 'an instance of no line') AS name FROM instances i
         LEFT JOIN order_lines l ON l.id = i.line_id";
    let text = format!(
        "SELECT o.number AS name FROM orders o WHERE {} AND o.state = 'pending_payment'
         UNION ALL {instance} WHERE {} AND i.state = 'running' AND i.expires_at IS NOT NULL
         UNION ALL {instance} JOIN usage_holds h ON h.instance_id = i.id WHERE {} AND h.state = 'waiting'
         UNION ALL {instance} JOIN auto_renewals a ON a.instance_id = i.id WHERE {} AND i.state = 'running'
         AND i.expires_at - {DAY} > $1 LIMIT $2",
        job("o.id", unpaid, "o.pay_by"),
        job("i.id", expiry, "i.expires_at"),
        job("h.id", hold, "h.until_at"),
        job("i.id", renewal, "i.expires_at"),
    );
    Ok(sql_query(text).bind::<BigInt, _>(soon).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}

/// Buyers who owe for use what their wallets cover; what they owe.
///
/// # Errors
/// [`DbError`].
pub fn covered_charges(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let buyer = hex(tx, "c.buyer_id");
    let text = format!(
        "SELECT 'the wallet ' || b.owner AS name, d.currency AS currency, d.amount AS amount
         FROM (SELECT {buyer} AS owner, c.currency AS currency, CAST(SUM(c.amount_minor) AS BIGINT) AS amount FROM usage_charges c
               WHERE c.state = 'due' GROUP BY c.buyer_id, c.currency HAVING SUM(c.amount_minor) > 0) d
         JOIN ledger_balances b ON b.account = 'buyer_wallet' AND b.owner = d.owner AND b.currency = d.currency
         WHERE b.balance_minor >= d.amount LIMIT $1"
    );
    Ok(sql_query(text).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}

/// Instances whose unpaid charges come to less than nothing, although as much was paid for their use; what their buyers are to
/// be given back.
///
/// # Errors
/// [`DbError`].
pub fn not_given_back(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let text = "SELECT MIN(COALESCE(i.seller_instance_id, 'an instance')) AS name, c.currency AS currency,
              CAST(-SUM(CASE WHEN c.state = 'due' THEN c.amount_minor ELSE 0 END) AS BIGINT) AS amount
         FROM usage_charges c JOIN instances i ON i.id = c.instance_id
         WHERE c.instance_id IN (SELECT d.instance_id FROM usage_charges d WHERE d.state = 'due' AND d.amount_minor < 0)
         GROUP BY c.instance_id, c.currency
         HAVING SUM(CASE WHEN c.state = 'due' THEN c.amount_minor ELSE 0 END) < 0 AND SUM(c.amount_minor) >= 0 LIMIT $1";
    Ok(sql_query(text).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}

/// A currency in which a seller has lines on no bill, with the site of that seller and one of the lines.
#[derive(Debug, QueryableByName)]
pub struct BilledWhere {
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub currency: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub site: Option<String>,
}

/// Where the lines that are on no bill will be billed.
///
/// # Errors
/// [`DbError`].
pub fn billed_where(tx: &mut Tx) -> Result<Vec<BilledWhere>, DbError> {
    let text = "SELECT MIN(l.order_line) AS name, l.currency AS currency, a.site AS site FROM bill_lines l
         LEFT JOIN accounts a ON a.id = l.seller_id WHERE l.bill_id IS NULL GROUP BY a.site, l.currency";
    Ok(sql_query(text).load(tx)?)
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
