//! What `yunshi verify` looks for: rows that contradict each other. Each answer is bounded.

use crate::{DbError, Key, Tx, ledger::Sum};
use db::schema::{ledger_entries, ledger_postings};
use diesel::{prelude::*, sql_query, sql_types::BigInt};
use ledger::AccountKind;

/// Rows that a check names at most, and one more.
const FOUND_MAX: i64 = 51;

fn found(tx: &mut Tx, text: &str) -> Result<Vec<Sum>, DbError> {
    Ok(sql_query(format!("{text} LIMIT $1")).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}

/// Lines that are paid without an entry that took their price into escrow; the price.
///
/// # Errors
/// [`DbError`].
pub fn unpaid(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.number AS name, l.amount_minor AS amount FROM order_lines l JOIN orders o ON o.id = l.order_id
         LEFT JOIN ledger_entries e ON e.reference = 'payment:' || l.number
         LEFT JOIN ledger_postings p ON p.entry_id = e.id AND p.account = 'escrow'
         WHERE o.paid_at IS NOT NULL AND o.kind <> 'unsubscribe' AND l.amount_minor <> 0
         AND (p.amount_minor IS NULL OR p.amount_minor <> l.amount_minor)",
    )
}

/// Lines of which another amount came back to a wallet than they say; the difference.
///
/// # Errors
/// [`DbError`].
pub fn wrong_refunds(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.number AS name, l.refunded_minor - COALESCE(r.back, 0) AS amount FROM order_lines l
         LEFT JOIN (SELECT e.line_id AS line_id, CAST(SUM(p.amount_minor) AS BIGINT) AS back FROM ledger_entries e
              JOIN ledger_postings p ON p.entry_id = e.id
              WHERE e.kind IN ('refund', 'refund_before_completion') AND p.account = 'buyer_wallet' GROUP BY e.line_id) r
         ON r.line_id = l.id WHERE l.refunded_minor <> COALESCE(r.back, 0)",
    )
}

/// Renewals that were given back for another sum than was paid for their terms; the difference.
///
/// # Errors
/// [`DbError`].
pub fn wrong_renewals(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT u.number AS name, CAST(-u.total_minor - t.price_minor - COALESCE(f.fees, 0) AS BIGINT) AS amount
         FROM terms t JOIN order_lines l ON l.id = t.line_id
         JOIN orders u ON u.subject_order_id = l.order_id AND u.reason = 'renewal_not_effective'
         LEFT JOIN (SELECT term_id, SUM(fee_minor) AS fees FROM term_fees GROUP BY term_id) f ON f.term_id = t.id
         WHERE t.removed AND -u.total_minor <> t.price_minor + COALESCE(f.fees, 0)",
    )
}

/// Lines of an instance that was unsubscribed as a whole of which not everything came back; what is missing.
///
/// # Errors
/// [`DbError`].
pub fn kept_after_unsubscription(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.number AS name, l.amount_minor - l.refunded_minor AS amount FROM orders u
         JOIN order_lines l ON l.instance_id = u.instance_id JOIN orders o ON o.id = l.order_id
         WHERE u.kind = 'unsubscribe' AND u.reason = 'five_days' AND o.kind <> 'unsubscribe' AND o.state = 'completed'
         AND l.amount_minor <> l.refunded_minor",
    )
}

/// Lines that paid for a term of an instance that had ended when it began; what was paid and not given back.
///
/// # Errors
/// [`DbError`].
pub fn paid_for_nothing(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.number AS name, l.amount_minor - l.refunded_minor AS amount FROM terms t
         JOIN instances i ON i.id = t.instance_id JOIN order_lines l ON l.id = t.line_id
         WHERE NOT t.removed AND i.ended_at IS NOT NULL AND t.start_at > i.ended_at
         AND l.completed_at IS NOT NULL AND l.amount_minor > l.refunded_minor",
    )
}

/// Instances whose paid charges by use come to less than nothing; the sum.
///
/// # Errors
/// [`DbError`].
pub fn charged_below_zero(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT i.seller_instance_id AS name, CAST(SUM(c.amount_minor) AS BIGINT) AS amount FROM usage_charges c
         JOIN instances i ON i.id = c.instance_id WHERE c.state = 'paid'
         GROUP BY c.instance_id, i.seller_instance_id HAVING SUM(c.amount_minor) < 0",
    )
}

/// A credit to a wallet.
#[derive(Debug, Clone, Queryable)]
pub struct Credit {
    pub entry: Key,
    pub kind: String,
    pub reference: String,
    pub line: Option<Key>,
    pub owner: String,
    pub amount_minor: i64,
}

/// Credits to wallets, a page at a time by entry.
///
/// # Errors
/// [`DbError`].
pub fn credits(tx: &mut Tx, after: Option<Key>, limit: i64) -> Result<Vec<Credit>, DbError> {
    let mut query = ledger_entries::table
        .inner_join(ledger_postings::table)
        .filter(ledger_postings::account.eq(AccountKind::BuyerWallet.as_str()))
        .filter(ledger_postings::amount_minor.gt(0))
        .order(ledger_entries::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(ledger_entries::id.gt(after));
    }
    let columns = (
        ledger_entries::id,
        ledger_entries::kind,
        ledger_entries::reference,
        ledger_entries::line_id,
        ledger_postings::owner,
        ledger_postings::amount_minor,
    );
    Ok(query.select(columns).load(tx)?)
}
