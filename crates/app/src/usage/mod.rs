//! Use of on-demand instances: records are received, judged, rated and charged; what is not paid ends in
//! arrears (`open-api 4`, `seller-domain 2.5`, `4.4`).

mod arrears;
mod hourly;
mod judge;
mod meter;
mod rate;
mod receive;

pub use arrears::{freeze_for_arrears, settle};
pub use hourly::{Hourly, Reported, hourly};
pub use judge::judge_batch;
pub use meter::{Day, Metered, metered};
pub use rate::rate;
pub use receive::{BodySignature, receive};

use crate::{Ctx, Error};
use db::{Key, Tx};
use domain::{
    listing::{Sku, Specification},
    usage::{Meter, Tier},
};
use store::instance::Instance;

/// What an instance's use is counted and priced by: as it was when it was bought.
struct Priced {
    meter: Meter,
    tiers: Vec<Tier>,
}

pub(crate) fn is_by_use(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<bool, Error> {
    Ok(priced(tx, ctx, instance)?.is_some())
}

fn priced(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<Option<Priced>, Error> {
    let listing = ctx.listings.approved(tx, instance.revision_id)?;
    let spec = listing.specification(&instance.specification);
    let sku = spec.and_then(|s: &Specification| s.sku(&instance.sku));
    Ok(spec.and_then(|s| s.meter.clone()).zip(sku.map(|s: &Sku| s.tiers.clone())).map(|(meter, tiers)| Priced { meter, tiers }))
}

fn must_be_priced(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<Priced, Error> {
    priced(tx, ctx, instance)?.ok_or_else(|| Error::row("instances", crate::instance::id(instance), "has no meter"))
}

/// The name of the rating job of an instance.
fn rating_job(instance: Key) -> String {
    format!("usage:{}", hex::encode(instance.0))
}
