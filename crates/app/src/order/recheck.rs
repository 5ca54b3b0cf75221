//! What paying an order checks again that was checked when it was placed (`order-life 3`): it may have waited for days.

use super::{Choice, Draft, RenewalPrice, Sold, change, quote, renew, renew_change};
use crate::{Caller, Ctx, Error, event};
use db::Tx;
use domain::{money::Money, order::OrderKind};
use serde_json::json;
use store::{
    Locked,
    order::{self, Line, Order},
};

/// Refuses what could not be ordered any more. A purchase and a renewal keep the price that they were placed with; a
/// change is worked out again: a lower price is taken, a higher one is refused.
///
/// # Errors
/// As placing the order; `order.price_changed`.
pub(super) fn recheck(tx: &mut Tx, ctx: &Ctx, caller: &Caller, order: &mut Locked<Order>, line: &mut Line) -> Result<(), Error> {
    match order.kind {
        kind @ (OrderKind::New | OrderKind::Trial) => {
            let choice = Choice {
                product: line.product_id.id::<domain::id::ProductId>().to_string(),
                specification: line.specification.clone(),
                sku: Some(line.sku.clone()),
                period: if kind == OrderKind::Trial { None } else { line.period },
                quantity: u32::try_from(line.quantity).unwrap_or(0),
                trial: kind == OrderKind::Trial,
            };
            quote(tx, ctx, Some(caller), &ctx.site(order.site), &choice).map(|_| ())
        }
        OrderKind::Renew if Sold::of(line)?.changed_from.is_some() => {
            let now = renew_change::again(tx, ctx, caller, line)?;
            priced_anew(tx, ctx, order, line, now)
        }
        kind @ (OrderKind::Renew | OrderKind::TrialToFormal) => renew::again(tx, ctx, caller, (kind, line)).map(|_| ()),
        OrderKind::Change => {
            let now = change::again(tx, ctx, caller, line)?;
            priced_anew(tx, ctx, order, line, now)
        }
        OrderKind::Unsubscribe => Ok(()),
    }
}

fn priced_anew(tx: &mut Tx, ctx: &Ctx, order: &mut Locked<Order>, line: &mut Line, now: Draft<'_>) -> Result<(), Error> {
    let (price, today) = (super::total(order), Money::new(now.total_minor, order.currency));
    if today.minor > price.minor {
        let detail = format!("the change costs {today} now and no longer {price}; cancel this order and order it again");
        return Err(Error::conflict("order.price_changed", detail));
    }
    // Also at the same price the days that it is for may be others. What automatic renewal takes was shown with the order; less
    // than that is taken as it is now.
    let lower = |shown: RenewalPrice| match now.sold.renewal {
        Some(ref now) if now.period == shown.period && now.minor < shown.minor => now.clone(),
        _ => shown,
    };
    let was = Sold::of(line)?;
    let sold = Sold { renewal: was.renewal.map(lower), asked: was.asked, ..now.sold.clone() };
    line.revision_id = now.revision;
    line.sold = serde_json::to_string(&sold).map_err(|e| Error::row("order_lines", &line.number, e))?;
    line.amount_minor = today.minor;
    order::set_price(tx, order, line)?;
    if today.minor == price.minor {
        return Ok(());
    }
    let about = event::About::order(order.id, order.instance_id);
    event::record(tx, ctx, "order.price_lowered", about, &json!({ "from": price, "amount": today }))
}
