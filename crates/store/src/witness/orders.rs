//! Orders, their lines and terms against what the ledger has of them.

use super::{Sum, found};
use crate::{DbError, Tx};

/// Lines that are paid without an entry that took their price into escrow; the price.
///
/// # Errors
/// [`DbError`].
pub fn unpaid(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.number AS name, o.currency AS currency, l.amount_minor AS amount FROM order_lines l JOIN orders o ON o.id = l.order_id
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
        "SELECT l.number AS name, o.currency AS currency, l.refunded_minor - COALESCE(r.back, 0) AS amount FROM order_lines l
         JOIN orders o ON o.id = l.order_id
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
        "SELECT u.number AS name, u.currency AS currency, CAST(-u.total_minor - t.price_minor - COALESCE(f.fees, 0) AS BIGINT) AS amount
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
        "SELECT l.number AS name, o.currency AS currency, l.amount_minor - l.refunded_minor AS amount FROM orders u
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
        "SELECT l.number AS name, o.currency AS currency, l.amount_minor - l.refunded_minor AS amount FROM terms t
         JOIN instances i ON i.id = t.instance_id JOIN order_lines l ON l.id = t.line_id JOIN orders o ON o.id = l.order_id
         WHERE NOT t.removed AND i.ended_at IS NOT NULL AND t.start_at > i.ended_at
         AND l.completed_at IS NOT NULL AND l.amount_minor > l.refunded_minor",
    )
}

/// Orders whose total is not the sum of their lines; the difference.
///
/// # Errors
/// [`DbError`].
pub fn wrong_totals(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT o.number AS name, o.currency AS currency, CAST(o.total_minor - COALESCE(SUM(l.amount_minor), 0) AS BIGINT) AS amount
         FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
         GROUP BY o.id, o.number, o.currency, o.total_minor HAVING o.total_minor <> COALESCE(SUM(l.amount_minor), 0)",
    )
}

/// Lines of which nothing was given back, and whose terms were paid with another sum than they cost; the difference.
///
/// # Errors
/// [`DbError`].
pub fn wrong_term_prices(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.number AS name, o.currency AS currency, CAST(l.amount_minor - SUM(x.minor) AS BIGINT) AS amount
         FROM (SELECT line_id, price_minor AS minor FROM terms UNION ALL SELECT line_id, fee_minor AS minor FROM term_fees) x
         JOIN order_lines l ON l.id = x.line_id JOIN orders o ON o.id = l.order_id WHERE l.refunded_minor = 0
         GROUP BY l.id, l.number, o.currency, l.amount_minor HAVING l.amount_minor <> SUM(x.minor)",
    )
}
