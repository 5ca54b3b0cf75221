//! Carts: what buyers mean to buy.

use crate::{DbError, Key, Tx, Written};
use db::{Run, schema::cart_lines};
use diesel::{prelude::*, sql_types::BigInt};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = cart_lines)]
pub struct CartLine {
    pub id: Key,
    pub buyer_id: Key,
    pub product_id: Key,
    pub specification: String,
    pub sku: String,
    /// Empty for one-time specifications.
    pub period: String,
    pub quantity: i64,
    pub created_at: i64,
}

/// The lines of a buyer in the order in which they came.
///
/// # Errors
/// [`DbError`].
pub fn lines(tx: &mut Tx, buyer: Key) -> Result<Vec<CartLine>, DbError> {
    let own = cart_lines::table.filter(cart_lines::buyer_id.eq(buyer)).order((cart_lines::created_at, cart_lines::id));
    Ok(own.select(CartLine::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`]; a unique violation when the buyer has a line with this choice.
pub fn insert(tx: &mut Tx, line: &CartLine) -> Result<(), DbError> {
    diesel::insert_into(cart_lines::table).values(line).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn set_quantity(tx: &mut Tx, buyer: Key, id: Key, quantity: i64) -> Result<Written, DbError> {
    let own = cart_lines::table.find(id).filter(cart_lines::buyer_id.eq(buyer));
    Ok(Written::from_rows(diesel::update(own).set(cart_lines::quantity.eq(quantity)).run(tx)?))
}

/// Adds to the quantity of a line, up to a limit.
///
/// # Errors
/// [`DbError`].
pub fn add_quantity(tx: &mut Tx, buyer: Key, id: Key, more: i64, max: i64) -> Result<Written, DbError> {
    let own = cart_lines::table.find(id).filter(cart_lines::buyer_id.eq(buyer));
    let sum = cart_lines::quantity + more;
    let quantity = diesel::dsl::case_when(sum.gt(max), max.into_sql::<BigInt>()).otherwise(sum);
    Ok(Written::from_rows(diesel::update(own).set(cart_lines::quantity.eq(quantity)).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn delete(tx: &mut Tx, buyer: Key, id: Key) -> Result<Written, DbError> {
    Ok(Written::from_rows(diesel::delete(cart_lines::table.find(id).filter(cart_lines::buyer_id.eq(buyer))).run(tx)?))
}
