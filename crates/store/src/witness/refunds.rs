//! What came back against what gave it back: unsubscriptions, decisions of the operator, orders that ended undone.

use super::{Named, Sum, found, found_names};
use crate::{DbError, Tx};

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
         WHERE u.kind = 'unsubscribe' AND u.reason IN ('five_days', 'ended_by_seller') AND o.kind <> 'unsubscribe' AND o.state = 'completed'
         AND l.amount_minor <> l.refunded_minor",
    )
}

/// Instances of whose orders another sum came back than their unsubscriptions, the operator's refunds and the orders that
/// were cancelled say, by the first of their orders; the difference.
///
/// # Errors
/// [`DbError`].
pub fn without_cause(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT MIN(x.number) AS name, MIN(x.currency) AS currency, CAST(SUM(x.minor) AS BIGINT) AS amount
         FROM (SELECT o.instance_id AS instance_id, o.number AS number, o.currency AS currency, l.refunded_minor AS minor
               FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.kind <> 'unsubscribe' AND l.refunded_minor <> 0
               AND (o.state <> 'cancelled' OR EXISTS (SELECT 1 FROM orders u WHERE u.instance_id = o.instance_id
                    AND u.subject_order_id = o.id AND u.kind = 'unsubscribe')) UNION ALL
               SELECT instance_id, number, currency, total_minor FROM orders WHERE kind = 'unsubscribe' UNION ALL
               SELECT o.instance_id, o.number, c.currency, -c.amount_minor FROM corrections c JOIN orders o ON o.id = c.order_id
               WHERE c.kind = 'refund' AND c.state = 'done') x
         GROUP BY x.instance_id HAVING SUM(x.minor) <> 0 OR MIN(x.currency) <> MAX(x.currency)",
    )
}

/// Renewals that were given back and whose terms stand, and the other way about.
///
/// # Errors
/// [`DbError`].
pub fn unlike_removed_terms(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    // By instance as well, which is what terms and orders are found by.
    let mut all = found_names(
        tx,
        "SELECT u.number AS name FROM orders u WHERE u.reason = 'renewal_not_effective' AND u.kind = 'unsubscribe' AND NOT EXISTS
              (SELECT 1 FROM terms t JOIN order_lines l ON l.id = t.line_id
               WHERE t.instance_id = u.instance_id AND t.removed AND l.order_id = u.subject_order_id)",
    )?;
    all.extend(found_names(
        tx,
        "SELECT l.number AS name FROM terms t JOIN order_lines l ON l.id = t.line_id WHERE t.removed AND NOT EXISTS
              (SELECT 1 FROM orders u WHERE u.instance_id = t.instance_id AND u.reason = 'renewal_not_effective'
               AND u.subject_order_id = l.order_id)",
    )?);
    Ok(all)
}
