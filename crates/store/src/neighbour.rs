//! Customers and what they hold, as other marketplaces name them.

use crate::{
    DbError, Key, Page, Tx,
    instance::{Instance, place},
    legible,
};
use db::{
    Run,
    schema::{instances, neighbour_customers},
};
use diesel::prelude::*;
use domain::instance::InstanceState;

/// A buyer as a seller knows it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = neighbour_customers)]
pub struct Customer {
    pub seller_id: Key,
    pub buyer_id: Key,
    pub identifier: String,
    /// Twelve digits.
    pub number: String,
}

/// # Errors
/// [`DbError`]; a unique violation when the number is another buyer's.
pub fn insert(tx: &mut Tx, customer: &Customer) -> Result<(), DbError> {
    diesel::insert_into(neighbour_customers::table).values(customer).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn customer(tx: &mut Tx, seller: Key, buyer: Key) -> Result<Option<Customer>, DbError> {
    Ok(neighbour_customers::table.find((seller, buyer)).select(Customer::as_select()).first(tx).optional()?)
}

/// Customers of a seller by their identifiers or their numbers.
///
/// # Errors
/// [`DbError`].
pub fn named(tx: &mut Tx, seller: Key, identifiers: &[String], numbers: &[String]) -> Result<Vec<Customer>, DbError> {
    let named = neighbour_customers::identifier.eq_any(identifiers.to_vec()).or(neighbour_customers::number.eq_any(numbers.to_vec()));
    Ok(neighbour_customers::table.filter(neighbour_customers::seller_id.eq(seller)).filter(named).select(Customer::as_select()).load(tx)?)
}

/// Instances of a buyer of one product, newest first.
///
/// # Errors
/// [`DbError`].
pub fn held(tx: &mut Tx, seller: Key, buyer: Key, product: Key) -> Result<Vec<Instance>, DbError> {
    Ok(instances::table
        .filter(instances::seller_id.eq(seller))
        .filter(instances::buyer_id.eq(buyer))
        .filter(instances::product_id.eq(product))
        .order((instances::created_at.desc(), instances::id.desc()))
        .select(Instance::as_select())
        .load(tx)?)
}

/// What is wanted of the instances of a product; an empty list of buyers or instances finds nothing.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub buyers: Option<Vec<Key>>,
    pub instances: Option<Vec<Key>>,
    pub after: Option<(i64, Key)>,
    pub limit: i64,
}

/// Running instances of a seller's product that were opened by asking, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn running(tx: &mut Tx, seller: Key, product: Key, wanted: &Wanted) -> Result<Vec<Instance>, DbError> {
    let read = |page: Page| {
        let mut query = instances::table
            .filter(instances::seller_id.eq(seller))
            .filter(instances::product_id.eq(product))
            .filter(instances::state.eq(InstanceState::Running))
            .into_boxed();
        if let Some(buyers) = &wanted.buyers {
            query = query.filter(instances::buyer_id.eq_any(buyers.clone()));
        }
        if let Some(ids) = &wanted.instances {
            query = query.filter(instances::id.eq_any(ids.clone()));
        }
        db::readable(tx, oldest_first!(query, page, instances::created_at, instances::id).select(Instance::as_select()))
    };
    Ok(legible(Page { after: wanted.after, ..Page::first(wanted.limit) }, place, read)?.reported())
}

/// Instances of a seller behind some of its addresses, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn at_addresses(tx: &mut Tx, seller: Key, addresses: &[Key], page: Page) -> Result<Vec<Instance>, DbError> {
    let read = |page: Page| {
        let query = instances::table
            .filter(instances::seller_id.eq(seller))
            .filter(instances::address_id.eq_any(addresses.iter().copied().map(Some).collect::<Vec<_>>()))
            .into_boxed();
        db::readable(tx, oldest_first!(query, page, instances::created_at, instances::id).select(Instance::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}
