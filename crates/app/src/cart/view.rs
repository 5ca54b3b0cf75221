//! A cart as it stands: every line with its price of now, or with the reason why it cannot be had.

use super::choice;
use crate::{
    Caller, Ctx, Error,
    order::{self, Quote},
};
use db::{Key, Tx};
use domain::money::Money;
use store::cart::{self, CartLine};

/// A line and what it costs now.
#[derive(Debug)]
pub struct Priced {
    pub line: CartLine,
    /// The refusal when it can no longer be bought.
    pub quote: Result<Box<Quote>, crate::Refusal>,
}

#[derive(Debug)]
pub struct CartView {
    pub lines: Vec<Priced>,
    /// Of the lines that can be bought.
    pub total: Money,
}

/// The caller's cart.
///
/// # Errors
/// What the database says; a line that cannot be had is no error.
pub fn view(tx: &mut Tx, ctx: &Ctx, caller: &Caller) -> Result<CartView, Error> {
    let site = ctx.site(caller.site);
    let mut total = Money::zero(site.currency);
    let mut lines = Vec::new();
    for line in cart::lines(tx, Key::of(caller.account_id))? {
        let quote = match order::quote(tx, ctx, Some(caller), &site, &choice(&line)?) {
            Ok(quote) => {
                let sum = total.minor.checked_add(quote.price.total.minor);
                total.minor = sum.ok_or_else(|| Error::row("cart_lines", hex::encode(line.id.0), "the total is too large"))?;
                Ok(Box::new(quote))
            }
            Err(Error::Refused(why)) => Err(*why),
            Err(other) => return Err(other),
        };
        lines.push(Priced { line, quote });
    }
    Ok(CartView { lines, total })
}
