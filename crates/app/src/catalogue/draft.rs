//! Drafts: saved as often as the seller likes, incomplete if need be.

use super::listing;
use crate::{Caller, Ctx, Error, event, interface::Change, picture};
use db::{Key, Tx};
use domain::{
    id::{ProductId, RevisionId},
    listing::{Listing, RevisionState, Visibility},
    picture::PictureKind,
};
use serde_json::json;
use store::{
    Locked, Written,
    product::{self, Product, Revision},
};

/// Saves a draft of the product with the caller's key; makes product and revision when they are missing.
/// A listed product gets a new revision, which is reviewed while the old one sells.
///
/// # Errors
/// `product.bad_key`, `product.in_review`, `seller.not_approved`.
pub fn save(tx: &mut Tx, ctx: &Ctx, caller: &Caller, key: &str, new: &Listing) -> Result<(Locked<Product>, Revision, Change), Error> {
    let fits = (1..=60).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !fits {
        return Err(Error::field("/key", "product.bad_key", "use 1 to 60 lower-case letters, digits or -"));
    }
    let seller = Key::of(caller.account_id);
    crate::seller::require_approved(tx, seller)?;
    own_pictures(tx, seller, new)?;
    let (product, mut change) = match product::by_key(tx, seller, key)? {
        Some(found) => (product::lock(tx, Some(seller), found.id)?.ok_or(db::DbError::Raced)?, Change::Updated),
        None => (create(tx, ctx, caller, key)?, Change::Created),
    };
    let text = serde_json::to_string(new).map_err(|e| Error::row("listing_revisions", key, e))?;
    let revision = match product::open_revision(tx, product.id)? {
        Some(open) if open.state == RevisionState::InReview => {
            if listing(&open)? == *new {
                return Ok((product, open, Change::Unchanged));
            }
            let detail = "the application is in review; withdraw it first, or wait for the decision";
            return Err(Error::conflict("product.in_review", detail));
        }
        Some(open) => {
            if listing(&open)? == *new && open.state == RevisionState::Draft {
                change = Change::Unchanged;
            }
            if product::save_draft(tx, &product, open.id, &text)? == Written::SomeoneElseWasFirst {
                return Err(Error::conflict("product.changed", "the application changed meanwhile; load it again"));
            }
            open
        }
        None => {
            let approved = product.revision_id.map(|id| product::any_revision(tx, id)).transpose()?.flatten();
            if let Some(approved) = approved
                && listing(&approved)? == *new
            {
                return Ok((product, approved, Change::Unchanged));
            }
            next_revision(tx, ctx, &product, text)?
        }
    };
    let revision = product::any_revision(tx, revision.id)?.unwrap_or(revision);
    recorded(tx, ctx, &product, "product.saved", &revision)?;
    Ok((product, revision, change))
}

fn own_pictures(tx: &mut Tx, seller: Key, listing: &Listing) -> Result<(), Error> {
    if let Some(logo) = listing.logo {
        picture::require(tx, seller, PictureKind::Logo, logo, "/logo")?;
    }
    for (i, main) in listing.pictures.iter().enumerate() {
        picture::require(tx, seller, PictureKind::Main, *main, &format!("/pictures/{i}"))?;
    }
    Ok(())
}

fn recorded(tx: &mut Tx, ctx: &Ctx, product: &Product, kind: &str, revision: &Revision) -> Result<(), Error> {
    let about = event::About { product: Some(product.id), account: Some(product.seller_id), ..event::About::default() };
    event::record(tx, ctx, kind, about, &json!({ "revision": revision.number }))
}

fn create(tx: &mut Tx, ctx: &Ctx, caller: &Caller, key: &str) -> Result<Locked<Product>, Error> {
    let product = Product {
        id: ctx.key(),
        seller_id: Key::of(caller.account_id),
        key: key.to_owned(),
        site: caller.site,
        visibility: Visibility::Unlisted,
        revision_id: None,
        created_at: ctx.moment(),
        updated_at: ctx.moment(),
        freeze_cause: None,
    };
    Ok(product::insert(tx, product)?)
}

fn next_revision(tx: &mut Tx, ctx: &Ctx, product: &Locked<Product>, listing: String) -> Result<Revision, Error> {
    let number = product::newest_revision(tx, product.id)?.map_or(1, |r| r.number + 1);
    let revision = Revision {
        id: ctx.key(),
        product_id: product.id,
        number,
        state: RevisionState::Draft,
        listing,
        marks: "{}".to_owned(),
        reason: None,
        created_at: ctx.moment(),
        submitted_at: None,
        decided_at: None,
        decided_by: None,
    };
    product::insert_revision(tx, product, &revision)?;
    Ok(revision)
}

/// A product of the caller with all its revisions, newest first.
///
/// # Errors
/// `product.not_found`.
pub fn view(tx: &mut Tx, caller: &Caller, id: ProductId) -> Result<(Product, Vec<Revision>), Error> {
    let product = product::lookup(tx, Key::of(caller.account_id), Key::of(id))?
        .ok_or_else(|| Error::not_found("product.not_found", "there is no such product"))?;
    let revisions = product::revisions(tx, product.id)?;
    Ok((product, revisions))
}

/// An application of the caller.
///
/// # Errors
/// `application.not_found`.
pub fn open_application(tx: &mut Tx, caller: &Caller, id: RevisionId) -> Result<(Revision, Product), Error> {
    let found = product::application(tx, Some(Key::of(caller.account_id)), Key::of(id))?;
    let (revision, product, _) = found.ok_or_else(|| Error::not_found("application.not_found", "there is no such application"))?;
    Ok((revision, product))
}

/// An application, of one seller or of any, read under the lock of its product.
pub(super) fn locked_application(tx: &mut Tx, seller: Option<Key>, id: RevisionId) -> Result<(Revision, Locked<Product>), Error> {
    let missing = || Error::not_found("application.not_found", "there is no such application");
    let (_, found, _) = product::application(tx, seller, Key::of(id))?.ok_or_else(missing)?;
    let product = product::lock(tx, seller, found.id)?.ok_or_else(missing)?;
    let revision = product::any_revision(tx, Key::of(id))?.ok_or_else(missing)?;
    Ok((revision, product))
}

/// Takes a waiting application back to a draft (撤回).
///
/// # Errors
/// `application.not_found`, `application.not_in_review`.
pub fn withdraw(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: RevisionId) -> Result<(), Error> {
    let (revision, product) = locked_application(tx, Some(Key::of(caller.account_id)), id)?;
    match product::withdraw(tx, &product, revision.id)? {
        Written::Yes => recorded(tx, ctx, &product, "application.withdrawn", &revision),
        Written::SomeoneElseWasFirst => Err(Error::conflict("application.not_in_review", format!("the application is {}", revision.state))),
    }
}
