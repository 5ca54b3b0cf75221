//! Pictures of products and shops: taken in, and checked where they are used.

use crate::{Caller, Ctx, Error, event, limit};
use db::{DbError, Key, Tx};
use domain::limit::Limit;
use domain::{id::PictureId, picture::PictureKind};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::picture::{self, Picture};

/// A picture whose form was checked and whose bytes are kept under [`file`].
#[derive(Debug, Clone)]
pub struct NewPicture {
    pub kind: PictureKind,
    pub media_type: &'static str,
    pub hash: [u8; 32],
    pub length: i64,
}

/// What the bytes of a picture are told apart by.
#[must_use]
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The name of the file with the bytes of this hash.
#[must_use]
pub fn file(hash: &[u8]) -> String {
    format!("pictures/{}", hex::encode(hash))
}

/// Takes a picture of the caller in; the same bytes again are the same picture.
///
/// # Errors
/// `picture.too_many`.
pub fn add(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: &NewPicture) -> Result<Picture, Error> {
    let seller = Key::of(caller.account_id);
    if let Some(known) = picture::by_hash(tx, seller, new.kind.as_str(), &new.hash)? {
        return Ok(known);
    }
    limit::room(tx, Limit::Pictures, seller, |tx| picture::count(tx, seller))?;
    let row = Picture {
        id: ctx.key(),
        seller_id: seller,
        kind: new.kind.as_str().to_owned(),
        media_type: new.media_type.to_owned(),
        hash: new.hash.to_vec(),
        length: new.length,
        created_at: ctx.now_micros(),
    };
    match picture::insert(tx, &row) {
        Err(e) if e.is_unique_violation() => return Err(DbError::Raced.into()),
        result => result?,
    }
    let about = event::About { account: Some(seller), ..event::About::default() };
    event::record(tx, ctx, "picture.added", about, &json!({ "kind": row.kind, "length": row.length }))?;
    Ok(row)
}

/// The caller's picture with these bytes, when it is there.
///
/// # Errors
/// What the database says.
pub fn known(tx: &mut Tx, caller: &Caller, kind: PictureKind, hash: &[u8]) -> Result<Option<PictureId>, Error> {
    Ok(picture::by_hash(tx, Key::of(caller.account_id), kind.as_str(), hash)?.map(|p| p.id.id()))
}

/// A picture by its id; ids are not to be guessed, and what is on sale shows them to everybody.
///
/// # Errors
/// `picture.not_found`.
pub fn find(tx: &mut Tx, id: PictureId) -> Result<Picture, Error> {
    picture::any_lookup(tx, Key::of(id))?.ok_or_else(|| Error::not_found("picture.not_found", "there is no such picture"))
}

/// Refuses a picture that the seller does not have, or that is of another kind.
///
/// # Errors
/// `picture.not_found` at the field.
pub fn require(tx: &mut Tx, seller: Key, kind: PictureKind, id: PictureId, pointer: &str) -> Result<(), Error> {
    match picture::lookup(tx, seller, Key::of(id))? {
        Some(found) if found.kind == kind.as_str() => Ok(()),
        _ => Err(Error::field(pointer, "picture.not_found", format!("you have no picture {id} of the kind {kind}; upload it first"))),
    }
}
