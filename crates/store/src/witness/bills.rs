//! Bills against the ledger, and their lines against the order lines that they are of.

use super::{Named, Sum, found, found_names};
use crate::{DbError, Key, Tx};
use db::dialect::hex;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};

/// Issued bills whose total is not the sum of their lines; the difference.
///
/// # Errors
/// [`DbError`].
pub fn wrong_bills(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT b.month AS name, b.currency AS currency, CAST(b.total_minor - COALESCE(l.payable, 0) AS BIGINT) AS amount
         FROM bills b LEFT JOIN (SELECT bill_id, CAST(SUM(payable_minor) AS BIGINT) AS payable FROM bill_lines
              WHERE bill_id IS NOT NULL GROUP BY bill_id) l
         ON l.bill_id = b.id WHERE b.total_minor <> COALESCE(l.payable, 0)",
    )
}

/// Lines of bills that do not add up by themselves, or belong to a bill that is not there.
///
/// # Errors
/// [`DbError`].
pub fn wrong_bill_lines(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.order_line || ' ' || l.kind AS name, l.currency AS currency, l.amount_minor - l.fee_minor - l.payable_minor AS amount
         FROM bill_lines l LEFT JOIN bills b ON b.id = l.bill_id
         WHERE l.amount_minor <> l.fee_minor + l.payable_minor
         OR (l.bill_id IS NOT NULL AND (b.id IS NULL OR b.seller_id <> l.seller_id OR b.currency <> l.currency))",
    )
}

/// Sellers to whom the ledger owes another sum than the lines of their bills come to; the difference.
///
/// # Errors
/// [`DbError`].
pub fn due_not_billed(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let seller = hex(tx, "seller_id");
    let text = format!(
        "SELECT x.owner AS name, x.currency AS currency, CAST(SUM(x.minor) AS BIGINT) AS amount
         FROM (SELECT owner, currency, amount_minor AS minor FROM ledger_postings WHERE account = 'seller_payable' UNION ALL
               SELECT {seller} AS owner, currency, -payable_minor AS minor FROM bill_lines) x
         GROUP BY x.owner, x.currency HAVING SUM(x.minor) <> 0"
    );
    found(tx, &text)
}

/// The shares of order lines in the ledger less those of their bill lines, of the entries and of the lines that are wanted.
fn shares(entries: &str, lines: &str) -> String {
    format!(
        "SELECT e.line_id AS line_id, p.currency AS currency,
                CASE WHEN p.account = 'seller_payable' THEN p.amount_minor ELSE 0 END AS payable,
                CASE WHEN p.account = 'seller_payable' THEN 0 ELSE p.amount_minor END AS fee,
                CASE WHEN p.account = 'tax_payable' THEN p.amount_minor ELSE 0 END AS tax
         FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
         WHERE {entries} AND p.account IN ('seller_payable', 'platform_commission', 'tax_payable')
         UNION ALL SELECT line_id, currency, -payable_minor, -fee_minor, -tax_minor FROM bill_lines WHERE {lines}"
    )
}

const DIFFER: &str = "SUM(x.payable) <> 0 OR SUM(x.fee) <> 0 OR SUM(x.tax) <> 0";
/// The first share that differs, and by how much.
const WHICH: &str = "CASE WHEN SUM(x.payable) <> 0 THEN 'payable' WHEN SUM(x.fee) <> 0 THEN 'fee' ELSE 'tax' END";
const BY: &str =
    "CAST(CASE WHEN SUM(x.payable) <> 0 THEN SUM(x.payable) WHEN SUM(x.fee) <> 0 THEN SUM(x.fee) ELSE SUM(x.tax) END AS BIGINT)";

/// Order lines whose shares in the ledger are not those of their bill lines; which share, and by how much.
///
/// # Errors
/// [`DbError`].
pub fn shares_not_billed(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let shares = shares("e.line_id IS NOT NULL", "1 = 1");
    let text = format!(
        "SELECT COALESCE(l.number, 'a line that is gone') || ' ' || {WHICH} AS name, x.currency AS currency, {BY} AS amount
         FROM ({shares}) x LEFT JOIN order_lines l ON l.id = x.line_id
         GROUP BY x.line_id, l.number, x.currency HAVING {DIFFER}"
    );
    found(tx, &text)
}

/// The same of one line of an order.
///
/// # Errors
/// [`DbError`].
pub fn shares_of_line(tx: &mut Tx, order: Key, line: Key) -> Result<Option<Sum>, DbError> {
    let shares = shares("e.order_id = $1 AND e.line_id = $2", "line_id = $2");
    let text = format!(
        "SELECT {WHICH} AS name, x.currency AS currency, {BY} AS amount FROM ({shares}) x GROUP BY x.currency HAVING {DIFFER} LIMIT 1"
    );
    Ok(sql_query(text).bind::<Binary, _>(order).bind::<Binary, _>(line).get_result(tx).optional()?)
}

/// Lines of bills that are of another order, order line or seller than they say, or that stand on no bill before they may.
///
/// # Errors
/// [`DbError`].
pub fn unfit_bill_lines(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    let mut all = found_names(
        tx,
        "SELECT b.order_line || ' ' || b.kind AS name FROM bill_lines b LEFT JOIN order_lines l ON l.id = b.line_id
         LEFT JOIN orders o ON o.id = l.order_id
         WHERE o.id IS NULL OR b.order_id <> o.id OR b.order_line <> l.number OR b.seller_id <> o.seller_id OR b.currency <> o.currency",
    )?;
    all.extend(untimely_bill_lines(tx)?);
    Ok(all)
}

/// What is on no bill yet and takes effect later than it was complete and its term began, or before its term begins; what is
/// given back stands not later than what it is given back of, or than now.
fn untimely_bill_lines(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    let mut all = found_names(
        tx,
        "SELECT b.order_line || ' ' || b.kind AS name FROM bill_lines b JOIN order_lines l ON l.id = b.line_id
         LEFT JOIN terms t ON t.instance_id = l.instance_id AND t.line_id = l.id
         WHERE b.bill_id IS NULL AND b.kind = 'original' AND b.part = ''
         AND ((b.effective_at > l.completed_at AND b.effective_at > COALESCE(t.start_at, l.completed_at))
              OR (b.effective_at < t.start_at AND l.refunded_minor < l.amount_minor))",
    )?;
    all.extend(found_names(
        tx,
        "SELECT b.order_line || ' ' || b.kind AS name FROM bill_lines b
         JOIN ledger_entries e ON e.kind = 'completion_reversed'
              AND e.reference = 'completion_reversed:' || b.order_line || CASE WHEN b.part = '' THEN '' ELSE ':' || substr(b.part, 7) END
         WHERE b.bill_id IS NULL AND b.kind = 'refund' AND b.effective_at > e.at
         AND NOT EXISTS (SELECT 1 FROM bill_lines o WHERE o.line_id = b.line_id AND o.kind = 'original'
              AND o.effective_at >= b.effective_at)",
    )?);
    Ok(all)
}

/// A bill with where its seller is, and when the last of its lines took effect.
#[derive(Debug, QueryableByName)]
pub struct Billed {
    #[diesel(sql_type = Binary)]
    pub id: Key,
    #[diesel(sql_type = Text)]
    pub month: String,
    #[diesel(sql_type = BigInt)]
    pub issued_at: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub site: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub last_at: Option<i64>,
}

/// The bills, a page at a time by id.
///
/// # Errors
/// [`DbError`].
pub fn bills(tx: &mut Tx, after: Key, limit: i64) -> Result<Vec<Billed>, DbError> {
    let text = "SELECT b.id AS id, b.month AS month, b.issued_at AS issued_at, a.site AS site,
         (SELECT MAX(l.effective_at) FROM bill_lines l WHERE l.bill_id = b.id) AS last_at
         FROM bills b LEFT JOIN accounts a ON a.id = b.seller_id WHERE b.id > $1 ORDER BY b.id LIMIT $2";
    Ok(sql_query(text).bind::<Binary, _>(after).bind::<BigInt, _>(limit).load(tx)?)
}
