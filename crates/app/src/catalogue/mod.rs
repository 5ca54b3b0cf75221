//! Products and their listings: drafts, applications, review, what is on sale.

mod change;
mod draft;
mod listings;
mod review;

pub use change::{delist_failing, freeze, freeze_unreachable, set_public, stop, trading_version};
pub use draft::{open_application, save, view as product_view, withdraw};
pub use listings::Listings;
pub use review::{Decision, decide, submit, version};

use crate::{Ctx, Error};
use db::{Key, Tx};
use domain::{
    id::ProductId,
    listing::{Listing, Specification},
    period::PeriodUnit,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::product::{self, Listed, Revision};

/// The listing of a revision.
///
/// # Errors
/// [`Error::Row`] when the stored text is not a listing.
pub fn listing(revision: &Revision) -> Result<Listing, Error> {
    serde_json::from_str(&revision.listing).map_err(|e| Error::row("listing_revisions", hex::encode(revision.id.0), e))
}

/// The `skuCode` of the wire: stays when the period type changes.
#[must_use]
pub fn sku_code(product: Key, specification: &Specification, sku: &str) -> String {
    hex::encode(&Sha256::digest(format!("{}/{}/{sku}", hex::encode(product.0), specification.key))[..16])
}

/// The `productId` of the wire: another one per period type (`order-life 3`).
#[must_use]
pub fn wire_product_id(product: Key, specification: &str, sku: &str, unit: Option<PeriodUnit>) -> String {
    let unit = unit.map_or("once", PeriodUnit::as_str);
    let hash = Sha256::digest(format!("{}/{specification}/{sku}/{unit}", hex::encode(product.0)));
    let digits: u64 = hash.iter().take(7).fold(0, |n, b| n << 8 | u64::from(*b));
    format!("OFFI{:018}", digits % 1_000_000_000_000_000_000)
}

/// A product that may be seen by its link: whatever is listed and not stopped.
///
/// # Errors
/// `product.not_found`.
pub fn listed(tx: &mut Tx, ctx: &Ctx, id: ProductId) -> Result<(Listed, Arc<Listing>), Error> {
    let found = product::any_listed(tx, Key::of(id))?;
    let found = found.ok_or_else(|| Error::not_found("product.not_found", "there is no such product"))?;
    let listing = ctx.listings.approved(tx, found.revision_id)?;
    Ok((found, listing))
}

/// A listed product by id or key at a site.
///
/// # Errors
/// `product.not_found`, `product.ambiguous` when several sellers use the key.
pub fn find(tx: &mut Tx, ctx: &Ctx, site: &str, product: &str) -> Result<(Listed, Arc<Listing>), Error> {
    if let Ok(id) = product.parse::<ProductId>() {
        return listed(tx, ctx, id);
    }
    let mut found = product::any_listed_by_key(tx, site, product)?;
    if found.len() > 1 {
        let detail = format!("{} products have the key {product}; use the id", found.len());
        return Err(Error::conflict("product.ambiguous", detail));
    }
    let found = found.pop().ok_or_else(|| Error::not_found("product.not_found", format!("there is no product {product}")))?;
    let listing = ctx.listings.approved(tx, found.revision_id)?;
    Ok((found, listing))
}
