//! Buyers under the names that AWS Marketplace would give them.

use crate::{Ctx, Error};
use db::{DbError, Key, Tx};
use store::neighbour::{self, Customer};

/// The customer that a buyer is to a seller; named now if it was not yet.
///
/// # Errors
/// [`Error::Store`].
pub(super) fn of(tx: &mut Tx, ctx: &Ctx, seller: Key, buyer: Key) -> Result<Customer, Error> {
    if let Some(known) = neighbour::customer(tx, seller, buyer)? {
        return Ok(known);
    }
    let mut random = [0; 8];
    ctx.ids.random(&mut random);
    let number = format!("{:012}", u64::from_be_bytes(random) % 1_000_000_000_000);
    let customer = Customer { seller_id: seller, buyer_id: buyer, identifier: ctx.random_hex(12), number };
    match neighbour::insert(tx, &customer) {
        // The number is taken, or another has just named this buyer: this unit runs again.
        Err(e) if e.is_unique_violation() => Err(DbError::Raced.into()),
        result => Ok(result.map(|()| customer)?),
    }
}
