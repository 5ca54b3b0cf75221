//! Domains of sellers.

use crate::{DbError, Key, Tx, Written};
use db::{Run, schema::seller_domains};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = seller_domains)]
pub struct SellerDomain {
    pub id: Key,
    pub seller_id: Key,
    pub name: String,
    pub proof: String,
    pub created_at: i64,
    pub proven_at: Option<i64>,
    pub proven_by: Option<String>,
}

/// # Errors
/// [`DbError`]; a unique violation when the seller has it.
pub fn insert(tx: &mut Tx, domain: &SellerDomain) -> Result<(), DbError> {
    diesel::insert_into(seller_domains::table).values(domain).run(tx)?;
    Ok(())
}

/// All of a seller, by name.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, seller: Key) -> Result<Vec<SellerDomain>, DbError> {
    let own = seller_domains::table.filter(seller_domains::seller_id.eq(seller));
    Ok(own.order(seller_domains::name).select(SellerDomain::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, seller: Key, id: Key) -> Result<Option<SellerDomain>, DbError> {
    let own = seller_domains::table.find(id).filter(seller_domains::seller_id.eq(seller));
    Ok(own.select(SellerDomain::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn set_proven(tx: &mut Tx, id: Key, at: i64, by: &str) -> Result<(), DbError> {
    let proven = (seller_domains::proven_at.eq(at), seller_domains::proven_by.eq(by));
    diesel::update(seller_domains::table.find(id)).set(proven).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn remove(tx: &mut Tx, seller: Key, id: Key) -> Result<Written, DbError> {
    let own = seller_domains::table.find(id).filter(seller_domains::seller_id.eq(seller));
    Ok(Written::from_rows(diesel::delete(own).run(tx)?))
}
