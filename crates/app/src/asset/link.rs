//! Specifications are linked to the asset they are deployed from; a listed product needs no new release for it
//! (`deployment-and-messages 1`).

use super::keep::show;
use crate::{Caller, Ctx, Error, event};
use db::{Key, Tx};
use domain::id::{AssetId, ProductId};
use serde_json::json;
use store::{
    Written,
    asset::{self as rows, Asset, Link},
    product,
};

/// A link that came or went.
fn recorded(tx: &mut Tx, ctx: &Ctx, kind: &str, found: &Asset, of: (ProductId, &str)) -> Result<(), Error> {
    let data = json!({ "asset": found.name, "product": of.0, "specification": of.1 });
    event::record(tx, ctx, kind, event::About::account(found.seller_id), &data)
}

/// Links an asset to a specification of a listed product, both the caller's. A link that is there stays.
///
/// # Errors
/// `asset.not_found`, `product.not_found`, `specification.not_found`.
pub fn link(tx: &mut Tx, ctx: &Ctx, caller: &Caller, asset: AssetId, product: ProductId, spec: &str) -> Result<(), Error> {
    let found = show(tx, caller, asset)?;
    let listed = product::any_listed(tx, Key::of(product))?.filter(|l| l.product.seller_id == found.seller_id);
    let listed = listed.ok_or_else(|| Error::field("/product", "product.not_found", "you have no such listed product"))?;
    let listing = ctx.listings.approved(tx, listed.revision_id)?;
    if listing.specification(spec).is_none() {
        return Err(Error::field("/specification", "specification.not_found", format!("the product has no specification {spec}")));
    }
    let row = Link { asset_id: found.id, product_id: listed.product.id, specification: spec.to_owned(), created_at: ctx.moment() };
    let known = rows::links(tx, found.id)?.into_iter().any(|l| l.product_id == row.product_id && l.specification == row.specification);
    if known {
        return Ok(());
    }
    match rows::insert_link(tx, &row) {
        Err(e) if e.is_unique_violation() => return Err(db::DbError::Raced.into()),
        result => result?,
    }
    recorded(tx, ctx, "asset.linked", &found, (product, spec))
}

/// Takes a link away.
///
/// # Errors
/// `asset.not_found`, `asset.link_not_found`.
pub fn unlink(tx: &mut Tx, ctx: &Ctx, caller: &Caller, asset: AssetId, product: ProductId, spec: &str) -> Result<(), Error> {
    let found = show(tx, caller, asset)?;
    if rows::remove_link(tx, found.id, Key::of(product), spec)? == Written::SomeoneElseWasFirst {
        return Err(Error::not_found("asset.link_not_found", "the asset is not linked to this specification"));
    }
    recorded(tx, ctx, "asset.unlinked", &found, (product, spec))
}
