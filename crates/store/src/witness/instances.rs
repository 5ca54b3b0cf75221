//! Instances against the lines that bought them and the events that say what became of them.

use super::{Named, found_names};
use crate::{DbError, Tx};

/// The instance by the line that opened it, or by the seller's name for it.
const NAME: &str = "COALESCE(l.number, i.seller_instance_id, 'an instance of no line')";

/// Instances that are others than their lines say: of another order, buyer, seller or product, of another combination or
/// quantity than was completed last, or not there.
///
/// # Errors
/// [`DbError`].
pub fn unlike_their_lines(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    let mut all = found_names(
        tx,
        &format!(
            "SELECT {NAME} AS name FROM instances i LEFT JOIN order_lines l ON l.id = i.line_id LEFT JOIN orders o ON o.id = l.order_id
             WHERE o.id IS NULL OR l.instance_id IS NULL OR l.instance_id <> i.id OR o.buyer_id <> i.buyer_id OR o.seller_id <> i.seller_id
             OR l.product_id <> i.product_id OR l.specification <> i.specification OR l.quantity <> i.quantity"
        ),
    )?;
    let done = "order_lines d JOIN orders o ON o.id = d.order_id
         WHERE d.instance_id = i.id AND d.completed_at IS NOT NULL AND o.kind <> 'unsubscribe'";
    // What was completed last; several at one moment are equally last. Before the first, what was ordered.
    all.extend(found_names(
        tx,
        &format!(
            "SELECT {NAME} AS name FROM instances i JOIN order_lines l ON l.id = i.line_id
             WHERE i.sku <> CASE WHEN EXISTS (SELECT 1 FROM {done}) THEN COALESCE((SELECT MAX(d.sku) FROM {done} AND d.sku = i.sku
                   AND d.completed_at = (SELECT MAX(d.completed_at) FROM {done})), '') ELSE l.sku END"
        ),
    )?);
    all.extend(found_names(
        tx,
        "SELECT o.number AS name FROM orders o LEFT JOIN instances i ON i.id = o.instance_id
         WHERE i.id IS NULL AND (o.instance_id IS NOT NULL OR o.paid_at IS NOT NULL)",
    )?);
    Ok(all)
}

/// Instances that ended without an event of it, or go on after one.
///
/// # Errors
/// [`DbError`].
pub fn unlike_their_events(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    let mut all = found_names(
        tx,
        &format!(
            "SELECT {NAME} AS name FROM events e JOIN instances i ON i.id = e.instance_id LEFT JOIN order_lines l ON l.id = i.line_id
             WHERE (e.kind = 'instance.released' AND i.state <> 'released') OR (e.kind = 'instance.failed' AND i.state <> 'failed')"
        ),
    )?;
    all.extend(found_names(
        tx,
        &format!(
            "SELECT {NAME} AS name FROM instances i LEFT JOIN order_lines l ON l.id = i.line_id WHERE i.state IN ('released', 'failed')
             AND NOT EXISTS (SELECT 1 FROM events e WHERE e.instance_id = i.id AND e.kind = 'instance.' || i.state)"
        ),
    )?);
    Ok(all)
}

/// Instances that wait for an order which is over, gone or another's: no other could be placed.
///
/// # Errors
/// [`DbError`].
pub fn held_for_nothing(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    found_names(
        tx,
        &format!(
            "SELECT {NAME} AS name FROM instances i LEFT JOIN order_lines l ON l.id = i.line_id LEFT JOIN orders o ON o.id = i.open_order_id
             WHERE i.open_order_id IS NOT NULL AND i.state IN ('opening', 'running', 'frozen')
             AND (o.id IS NULL OR o.instance_id IS NULL OR o.instance_id <> i.id OR o.state NOT IN ('pending_payment', 'processing'))"
        ),
    )
}

/// Completed trials that are not kept, so that the buyer could have another one.
///
/// # Errors
/// [`DbError`].
pub fn without_trial(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    found_names(
        tx,
        "SELECT l.number AS name FROM orders o JOIN order_lines l ON l.order_id = o.id
         LEFT JOIN trials t ON t.buyer_id = o.buyer_id AND t.product_id = l.product_id AND t.specification = l.specification
         WHERE o.kind = 'trial' AND o.state = 'completed' AND t.buyer_id IS NULL",
    )
}
