//! Pictures of sellers: what is known of them; the bytes are files.

use crate::{DbError, Key, Tx};
use db::{Run, schema::pictures};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = pictures)]
pub struct Picture {
    pub id: Key,
    pub seller_id: Key,
    pub kind: String,
    pub media_type: String,
    pub hash: Vec<u8>,
    pub length: i64,
    pub created_at: i64,
}

/// # Errors
/// [`DbError`]; a unique violation when the seller has this picture already.
pub fn insert(tx: &mut Tx, picture: &Picture) -> Result<(), DbError> {
    diesel::insert_into(pictures::table).values(picture).run(tx)?;
    Ok(())
}

/// The seller's picture with these bytes.
///
/// # Errors
/// [`DbError`].
pub fn by_hash(tx: &mut Tx, seller: Key, kind: &str, hash: &[u8]) -> Result<Option<Picture>, DbError> {
    let same = pictures::table.filter(pictures::seller_id.eq(seller)).filter(pictures::kind.eq(kind)).filter(pictures::hash.eq(hash));
    Ok(same.select(Picture::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, seller: Key, id: Key) -> Result<Option<Picture>, DbError> {
    let own = pictures::table.find(id).filter(pictures::seller_id.eq(seller));
    Ok(own.select(Picture::as_select()).first(tx).optional()?)
}

/// Whoever has it: pictures are public to those who know their id.
///
/// # Errors
/// [`DbError`].
pub fn any_lookup(tx: &mut Tx, id: Key) -> Result<Option<Picture>, DbError> {
    Ok(pictures::table.find(id).select(Picture::as_select()).first(tx).optional()?)
}

/// How many pictures an account has.
///
/// # Errors
/// [`DbError`].
pub fn count(tx: &mut Tx, seller: Key) -> Result<i64, DbError> {
    Ok(pictures::table.filter(pictures::seller_id.eq(seller)).count().get_result(tx)?)
}
