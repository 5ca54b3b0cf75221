//! Orders and their lines against each other, and against what the ledger and the bills have of them.

use super::{Named, Sum, found, found_names};
use crate::{DbError, Tx};

/// Lines that are paid without an entry that took their price into escrow; the price.
///
/// # Errors
/// [`DbError`].
pub fn unpaid(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.number AS name, o.currency AS currency, l.amount_minor AS amount FROM order_lines l JOIN orders o ON o.id = l.order_id
         LEFT JOIN (SELECT e.line_id AS line_id, e.reference AS reference, CAST(SUM(p.amount_minor) AS BIGINT) AS paid
              FROM ledger_entries e
              JOIN ledger_postings p ON p.entry_id = e.id
              WHERE e.kind = 'payment' AND p.account = 'escrow' GROUP BY e.line_id, e.reference) r
         ON r.line_id = l.id AND r.reference = 'payment:' || l.number
         WHERE o.paid_at IS NOT NULL AND o.kind <> 'unsubscribe' AND l.amount_minor <> COALESCE(r.paid, 0)",
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

/// Lines that do not fit their orders by number, instance or completion, and orders without a line or an event.
///
/// # Errors
/// [`DbError`].
pub fn unfit_lines(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    let mut all = found_names(
        tx,
        "SELECT l.number AS name FROM order_lines l LEFT JOIN orders o ON o.id = l.order_id
         WHERE o.id IS NULL OR substr(l.number, 1, length(o.number) + 1) <> o.number || '-'
         OR (l.instance_id IS NULL) <> (o.instance_id IS NULL) OR l.instance_id <> o.instance_id
         OR (o.kind <> 'unsubscribe' AND (l.completed_at IS NULL) = (o.state = 'completed'))
         OR (o.kind = 'unsubscribe' AND (o.state <> 'completed' OR o.total_minor > 0 OR o.subject_order_id IS NULL))",
    )?;
    let without = "SELECT o.number AS name FROM orders o WHERE NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id)";
    all.extend(found_names(tx, without)?);
    let untold = "SELECT o.number AS name FROM orders o WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.order_id = o.id)";
    all.extend(found_names(tx, untold)?);
    Ok(all)
}

/// Lines of which another amount is on bills than was shared and not taken back; the difference.
///
/// # Errors
/// [`DbError`].
pub fn unreleased(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.number AS name, o.currency AS currency, CAST(CASE WHEN l.completed_at IS NULL THEN l.released_minor
              ELSE l.amount_minor - l.refunded_minor END - COALESCE(b.billed, 0) AS BIGINT) AS amount
         FROM order_lines l JOIN orders o ON o.id = l.order_id
         LEFT JOIN (SELECT line_id, SUM(amount_minor) AS billed,
                    SUM(CASE WHEN kind = 'original' AND part <> '' THEN amount_minor ELSE 0 END) AS parts
              FROM bill_lines WHERE kind <> 'usage' GROUP BY line_id) b ON b.line_id = l.id
         WHERE o.kind <> 'unsubscribe' AND (l.released_minor <> COALESCE(b.parts, 0) OR COALESCE(b.billed, 0) <>
              CASE WHEN l.completed_at IS NULL THEN l.released_minor ELSE l.amount_minor - l.refunded_minor END)",
    )
}
