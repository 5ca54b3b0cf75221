//! Putting into a cart, changing quantities, taking out.

use super::choice;
use crate::{
    Caller, Ctx, Error, limit,
    order::{self, Choice},
};
use db::{DbError, Key, Tx};
use domain::id::CartLineId;
use domain::limit::Limit;
use store::{
    Written,
    cart::{self, CartLine},
};

const QUANTITY_MAX: i64 = 1_000;

/// Puts a choice into the caller's cart; the same choice again adds to its line.
///
/// # Errors
/// As `order::quote`; `cart.trial`, `cart.full`, `price.quantity`.
pub fn add(tx: &mut Tx, ctx: &Ctx, caller: &Caller, wanted: &Choice) -> Result<(), Error> {
    if wanted.trial {
        return Err(Error::field("/trial", "cart.trial", "a trial costs nothing; start it from the product's page"));
    }
    let quote = order::quote(tx, ctx, Some(caller), &ctx.site(caller.site), wanted)?;
    let buyer = Key::of(caller.account_id);
    let line = CartLine {
        id: ctx.key(),
        buyer_id: buyer,
        product_id: quote.listed.product.id,
        specification: quote.specification.key.clone(),
        sku: quote.sku.key.clone(),
        period: quote.period.map_or_else(String::new, |p| p.to_string()),
        quantity: i64::from(quote.quantity),
        created_at: ctx.now_micros(),
    };
    limit::hold(tx, Limit::CartLines, buyer)?;
    let lines = cart::lines(tx, buyer)?;
    let same = |l: &&CartLine| {
        (l.product_id, &l.specification, &l.sku, &l.period) == (line.product_id, &line.specification, &line.sku, &line.period)
    };
    if let Some(there) = lines.iter().find(same) {
        return match cart::add_quantity(tx, buyer, there.id, line.quantity, QUANTITY_MAX)? {
            Written::Yes => Ok(()),
            // It was bought or removed meanwhile.
            Written::SomeoneElseWasFirst => Err(DbError::Raced.into()),
        };
    }
    limit::room(tx, Limit::CartLines, buyer, |_| Ok(limit::number(&lines)))?;
    match cart::insert(tx, &line) {
        Err(e) if e.is_unique_violation() => Err(DbError::Raced.into()),
        result => Ok(result?),
    }
}

fn not_found() -> Error {
    Error::not_found("cart.not_found", "there is no such line in your cart")
}

/// Sets the quantity of a line.
///
/// # Errors
/// `cart.not_found`; as `order::quote`.
pub fn change(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: CartLineId, quantity: u32) -> Result<(), Error> {
    let buyer = Key::of(caller.account_id);
    let line = cart::lines(tx, buyer)?.into_iter().find(|l| l.id == Key::of(id)).ok_or_else(not_found)?;
    let wanted = Choice { quantity, ..choice(&line)? };
    order::quote(tx, ctx, Some(caller), &ctx.site(caller.site), &wanted)?;
    match cart::set_quantity(tx, buyer, line.id, i64::from(quantity))? {
        Written::Yes => Ok(()),
        Written::SomeoneElseWasFirst => Err(not_found()),
    }
}

/// Takes a line out.
///
/// # Errors
/// `cart.not_found`.
pub fn remove(tx: &mut Tx, caller: &Caller, id: CartLineId) -> Result<(), Error> {
    match cart::delete(tx, Key::of(caller.account_id), Key::of(id))? {
        Written::Yes => Ok(()),
        Written::SomeoneElseWasFirst => Err(not_found()),
    }
}
