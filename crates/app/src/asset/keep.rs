//! Assets are made, and removed when nothing is deployed from them (`seller-domain 2.1`).

use crate::{Caller, Ctx, Error, event, limit};
use db::{Key, Tx};
use domain::limit::Limit;
use domain::{asset::AssetKind, id::AssetId, text::Line};
use serde_json::json;
use store::{
    Written,
    asset::{self as rows, Asset},
};

/// An asset of the caller, without a version yet.
///
/// # Errors
/// `asset.too_many`, `asset.name_taken`, `seller.not_approved`.
pub fn add(tx: &mut Tx, ctx: &Ctx, caller: &Caller, kind: AssetKind, name: Line<60>) -> Result<Asset, Error> {
    let seller = Key::of(caller.account_id);
    crate::seller::require_approved(tx, seller)?;
    limit::room(tx, Limit::Assets, seller, |tx| Ok(limit::number(&rows::list(tx, seller)?)))?;
    let row = Asset {
        id: Key::of(ctx.id::<AssetId>()),
        seller_id: seller,
        kind: kind.as_str().to_owned(),
        name: name.into_string(),
        created_at: ctx.moment(),
    };
    rows::insert(tx, &row).map_err(|e| {
        if e.is_unique_violation() { Error::field("/name", "asset.name_taken", "you have an asset of this name") } else { e.into() }
    })?;
    event::record(tx, ctx, "asset.added", event::About::account(seller), &json!({ "name": row.name, "kind": row.kind }))?;
    Ok(row)
}

/// One of the caller's.
///
/// # Errors
/// `asset.not_found`.
pub fn show(tx: &mut Tx, caller: &Caller, id: AssetId) -> Result<Asset, Error> {
    let missing = || Error::not_found("asset.not_found", "there is no such asset");
    rows::lookup(tx, Key::of(caller.account_id), Key::of(id))?.ok_or_else(missing)
}

/// Removes an asset that no specification is linked to; its files stay, for others may have the same bytes.
///
/// # Errors
/// `asset.not_found`, `asset.linked`.
pub fn remove(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: AssetId) -> Result<(), Error> {
    let found = show(tx, caller, id)?;
    if !rows::links(tx, found.id)?.is_empty() {
        return Err(Error::conflict("asset.linked", "specifications are deployed from this asset; take the links away first"));
    }
    if rows::remove(tx, found.seller_id, found.id)? == Written::SomeoneElseWasFirst {
        return Err(Error::not_found("asset.not_found", "there is no such asset"));
    }
    event::record(tx, ctx, "asset.removed", event::About::account(found.seller_id), &json!({ "name": found.name }))
}
