//! The price that a buyer was shown before they ordered. Who says which one they saw is charged no other.

use super::{RenewalPrice, Sold};
use crate::{Actor, Ctx, Error, version};
use db::Tx;
use domain::{money::Money, usage::Tier};
use store::order::{Line, Order};

/// The version of a price: what is taken now, what automatic renewal takes for a term then, and the prices of use. Another one
/// when any of these is another amount, and the same wherever it is shown.
pub(super) fn version_of(total: Money, renewal: Option<&RenewalPrice>, tiers: &[Tier]) -> String {
    let renewal = renewal.map_or_else(String::new, |r| format!("{} {}", r.period, r.minor));
    let tiers: Vec<String> = tiers.iter().map(|tier| format!("{:?} {}", tier.up_to, tier.price)).collect();
    version(&[&total.to_string(), &renewal, &tiers.join(", ")])
}

/// Refuses an order of the caller whose price is another than the one that they say they saw.
///
/// # Errors
/// `price.changed`.
pub(super) fn require(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line) -> Result<(), Error> {
    let Actor::Caller(caller) = ctx.actor else { return Ok(()) };
    let Some(seen) = &caller.seen else { return Ok(()) };
    let listing = ctx.listings.approved(tx, line.revision_id)?;
    let sku = listing.specification(&line.specification).and_then(|spec| spec.sku(&line.sku));
    let tiers = sku.map(|sku| sku.tiers.as_slice()).unwrap_or_default();
    let (total, sold) = (super::total(order)?, Sold::of(line)?);
    if *seen == version_of(total, sold.renewal.as_ref(), tiers) {
        return Ok(());
    }
    let detail = format!("prices have changed since you looked; it costs {total} now: look at the price again and order then");
    Err(Error::conflict("price.changed", detail))
}
