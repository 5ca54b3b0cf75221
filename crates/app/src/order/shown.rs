//! The price that a buyer was shown before they ordered. Who says which one they saw is charged no other.

use super::{RenewalPrice, Sold};
use crate::{Actor, Ctx, Error, version};
use db::Tx;
use domain::{
    listing::{Sku, Specification},
    money::Money,
    period::ChargingMode,
    usage::{Meter, Tier},
};
use store::order::{Line, Order};

/// The prices of use of a combination and how they are counted.
pub(super) fn by_use<'a>(spec: &'a Specification, sku: &'a Sku) -> Option<(&'a Meter, &'a [Tier])> {
    spec.meter.as_ref().filter(|_| !sku.tiers.is_empty()).map(|meter| (meter, sku.tiers.as_slice()))
}

/// The version of a price: what is taken now, what automatic renewal takes for a term then, and the prices of use with how they
/// are counted. Another one when any of these is another, and the same wherever it is shown.
pub(super) fn version_of(total: Money, renewal: Option<&RenewalPrice>, by_use: Option<(&Meter, &[Tier])>) -> String {
    let renewal = renewal.map_or_else(String::new, |r| format!("{} {}", r.period, r.minor));
    let counted = by_use.map_or_else(String::new, |(m, _)| format!("{} {} {}", m.cycle, m.model, m.accumulation));
    let tiers: Vec<String> = by_use.iter().flat_map(|(_, t)| *t).map(|tier| format!("{:?} {}", tier.up_to, tier.price)).collect();
    version(&[&total.to_string(), &renewal, &counted, &tiers.join(", ")])
}

/// The version of the price of an order.
///
/// # Errors
/// [`Error::Row`], what the database says.
pub fn price_version(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line) -> Result<String, Error> {
    let listing = ctx.listings.approved(tx, line.revision_id)?;
    let spec = listing.specification(&line.specification);
    let by_use = spec.and_then(|spec| by_use(spec, spec.sku(&line.sku)?));
    Ok(version_of(super::total(order), Sold::of(line)?.renewal.as_ref(), by_use))
}

/// Refuses an order of the caller whose price is another than the one that they say they saw.
///
/// # Errors
/// `price.changed`.
pub(super) fn require(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line) -> Result<(), Error> {
    let Actor::Caller(caller) = ctx.actor else { return Ok(()) };
    let Some(seen) = &caller.seen else { return Ok(()) };
    if *seen == price_version(tx, ctx, order, line)? {
        return Ok(());
    }
    let now = if line.charging_mode == ChargingMode::OnDemand {
        "its prices of use are others now".to_owned()
    } else {
        format!("it costs {} now", super::total(order))
    };
    let detail = format!("prices have changed since you looked; {now}: look at the price again and order then");
    Err(Error::conflict("price.changed", detail))
}
