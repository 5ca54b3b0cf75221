//! Terms against the lines that paid for them.

use super::{Named, Sum, found, found_names};
use crate::{DbError, Key, Tx, term::Term};
use db::schema::{order_lines, orders, terms};
use diesel::prelude::*;
use domain::order::OrderKind;

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

/// Completed lines that paid for terms, and whose terms that stand are worth another sum than was paid and not given back;
/// the difference. What was given back with its instance keeps its terms as they were.
///
/// # Errors
/// [`DbError`].
pub fn wrong_term_prices(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.number AS name, o.currency AS currency,
                CAST(l.amount_minor - l.refunded_minor - COALESCE(SUM(x.minor), 0) AS BIGINT) AS amount
         FROM order_lines l JOIN orders o ON o.id = l.order_id
         LEFT JOIN (SELECT line_id, price_minor AS minor FROM terms WHERE NOT removed UNION ALL
                    SELECT f.line_id, f.fee_minor FROM term_fees f JOIN terms t ON t.id = f.term_id WHERE NOT t.removed) x
         ON x.line_id = l.id
         WHERE o.state = 'completed' AND (o.kind = 'change' OR (o.kind <> 'unsubscribe' AND l.period IS NOT NULL))
         AND NOT EXISTS (SELECT 1 FROM orders u WHERE u.instance_id = o.instance_id AND u.reason IN ('five_days', 'ended_by_seller'))
         GROUP BY l.id, l.number, o.currency, l.amount_minor, l.refunded_minor
         HAVING l.amount_minor - l.refunded_minor <> COALESCE(SUM(x.minor), 0)",
    )
}

/// Completed lines of a period without their one term, and terms that no line of that period paid for.
///
/// # Errors
/// [`DbError`].
pub fn unlike_their_terms(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    let mut all = found_names(
        tx,
        "SELECT l.number AS name FROM order_lines l JOIN orders o ON o.id = l.order_id LEFT JOIN terms t ON t.line_id = l.id
         WHERE o.state = 'completed' AND o.kind IN ('new', 'trial', 'trial_to_formal', 'renew') AND l.period IS NOT NULL
         GROUP BY l.id, l.number HAVING COUNT(t.id) <> 1",
    )?;
    all.extend(found_names(
        tx,
        "SELECT COALESCE(l.number, 'a term of no line') AS name FROM terms t LEFT JOIN order_lines l ON l.id = t.line_id
         LEFT JOIN orders o ON o.id = l.order_id
         WHERE o.id IS NULL OR o.kind IN ('change', 'unsubscribe') OR o.paid_at IS NULL OR l.instance_id IS NULL
         OR l.instance_id <> t.instance_id OR l.period IS NULL OR l.period <> t.period",
    )?);
    Ok(all)
}

/// A term that stands, with the kind of the order that made it.
#[derive(Debug, Clone)]
pub struct Standing {
    pub term: Term,
    pub kind: Option<OrderKind>,
}

/// The terms of some instances that stand, in order.
///
/// # Errors
/// [`DbError`].
pub fn standing(tx: &mut Tx, instances: &[Key]) -> Result<Vec<Standing>, DbError> {
    let with_orders = terms::table
        .left_join(order_lines::table.on(order_lines::id.eq(terms::line_id)))
        .left_join(orders::table.on(orders::id.nullable().eq(order_lines::order_id.nullable())));
    let of = with_orders.filter(terms::instance_id.eq_any(instances.to_vec())).filter(terms::removed.eq(false));
    let rows: Vec<(Term, Option<OrderKind>)> =
        of.order((terms::instance_id, terms::seq)).select((Term::as_select(), orders::kind.nullable())).load(tx)?;
    Ok(rows.into_iter().map(|(term, kind)| Standing { term, kind }).collect())
}
