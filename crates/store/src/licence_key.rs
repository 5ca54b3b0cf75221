//! Keys of sellers that sign licence files and leases.

use crate::{DbError, Key, Tx};
use db::{Run, schema::licence_keys};
use diesel::prelude::*;

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = licence_keys)]
pub struct LicenceKey {
    pub id: Key,
    pub seller_id: Key,
    pub public_key: Vec<u8>,
    /// Sealed.
    pub private_key: Vec<u8>,
    pub created_at: i64,
}

/// The keys of a seller, the newest first.
///
/// # Errors
/// [`DbError`].
pub fn of_seller(tx: &mut Tx, seller: Key) -> Result<Vec<LicenceKey>, DbError> {
    let own = licence_keys::table.filter(licence_keys::seller_id.eq(seller));
    Ok(own.order((licence_keys::created_at.desc(), licence_keys::id.desc())).select(LicenceKey::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, key: &LicenceKey) -> Result<(), DbError> {
    diesel::insert_into(licence_keys::table).values(key).run(tx)?;
    Ok(())
}
