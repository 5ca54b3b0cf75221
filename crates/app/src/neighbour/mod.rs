//! Sellers who speak to AWS Marketplace or Azure already: the same orders, instances and usage records under the
//! names of those. Such a seller asks; what a call would have told it, it learns by asking.

pub mod azure;
mod customer;
mod entitlement;
mod meter;
mod quiet;
mod registration;

pub use entitlement::{Page, entitlements};
pub use meter::{Metered, batch_meter};
pub(crate) use quiet::{Quiet, without_call};
pub use registration::{Landing, landing, resolve, resolve_customer};

use crate::{Ctx, Error, interface};
use db::Tx;
use domain::instance::InstanceState;
use store::instance::Instance;
use wire::conformance::Protocol;

/// What the seller of an instance speaks.
///
/// # Errors
/// [`Error::Row`].
pub fn protocol(tx: &mut Tx, instance: &Instance) -> Result<Option<Protocol>, Error> {
    let Some(address) = instance.address_id else {
        return Ok(None);
    };
    store::interface::address(tx, instance.seller_id, address)?.map(|a| interface::protocol(&a)).transpose()
}

/// Whether the buyer sets an instance up on the seller's page.
///
/// # Errors
/// [`Error::Row`].
pub fn is_set_up_there(tx: &mut Tx, instance: &Instance) -> Result<bool, Error> {
    let ended = matches!(instance.state, InstanceState::Released | InstanceState::Failed);
    Ok(!ended && matches!(protocol(tx, instance)?, Some(Protocol::SaasAws | Protocol::SaasAzure)))
}

fn guid(instance: &Instance) -> String {
    domain::neighbour::guid(crate::instance::id(instance))
}

/// The name of what an instance has of its product.
#[must_use]
pub fn plan(instance: &Instance) -> String {
    domain::neighbour::plan(&instance.specification, &instance.sku)
}

/// A product of the seller, by its key.
fn product(tx: &mut Tx, seller: db::Key, code: &str) -> Result<store::product::Product, Error> {
    let unknown =
        || Error::not_found("neighbour.product_unknown", format!("you have no product {}", code.chars().take(80).collect::<String>()));
    store::product::by_key(tx, seller, code)?.ok_or_else(unknown)
}

/// Whether a word is a plan of the product that is billed by use, as it is on sale now.
fn is_metered_plan(tx: &mut Tx, ctx: &Ctx, product: &store::product::Product, word: &str) -> Result<bool, Error> {
    let Some(revision) = product.revision_id else {
        return Ok(false);
    };
    let listing = ctx.listings.approved(tx, revision)?;
    let mut metered = listing.specifications.iter().filter(|s| s.meter.is_some());
    Ok(metered.any(|s| s.skus.iter().any(|sku| domain::neighbour::plan(&s.key, &sku.key) == word)))
}
