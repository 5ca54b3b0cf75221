//! Buying lines of a cart: an order each, all or none.

use super::choice;
use crate::{
    Caller, Ctx, Error,
    order::{self, Consents, Full, Input, PlaceOrder},
};
use db::{Key, Tx};
use domain::{id::CartLineId, money::Money, supervision::Address};
use store::{Written, cart};

/// A line that is bought, with the inputs that its product asks for.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub line: CartLineId,
    /// The version of the price that the buyer was shown.
    pub version: String,
    pub inputs: Vec<Input>,
    pub consents: Consents,
    pub with_user_id: bool,
    pub shipping: Option<Address>,
}

#[derive(Debug, Clone)]
pub struct BuyCart {
    pub lines: Vec<Chosen>,
    /// What the buyer was shown: another sum now is refused.
    pub total: Money,
    /// Pay at once from the wallet.
    pub pay: bool,
}

/// Places an order for each chosen line, pays them when asked to, and takes the lines out of the cart.
///
/// # Errors
/// `cart.not_found`, `cart.nothing_chosen`, `cart.changed` when the prices, also of use, are no longer those that were shown;
/// as `order::place`, at the line. Nothing is bought then.
pub fn buy(tx: &mut Tx, ctx: &Ctx, caller: &Caller, cmd: &BuyCart) -> Result<Vec<Full>, Error> {
    if cmd.lines.is_empty() {
        return Err(Error::field("/lines", "cart.nothing_chosen", "choose at least one line"));
    }
    let buyer = Key::of(caller.account_id);
    let there = cart::lines(tx, buyer)?;
    let (mut bought, mut sum) = (Vec::new(), 0i64);
    for (i, chosen) in cmd.lines.iter().enumerate() {
        let at = format!("/lines/{i}");
        let twice = cmd.lines[..i].iter().any(|c| c.line == chosen.line);
        let line = there.iter().find(|l| l.id == Key::of(chosen.line)).filter(|_| !twice);
        let line = line.ok_or_else(|| Error::field(&at, "cart.not_found", "there is no such line in your cart"))?;
        // Taken out first: of two who buy it at the same time one finds it gone, and nothing of theirs is bought.
        if cart::delete(tx, buyer, line.id)? == Written::SomeoneElseWasFirst {
            return Err(Error::field(&at, "cart.not_found", "the line was bought or removed meanwhile"));
        }
        let place = PlaceOrder {
            choice: choice(line)?,
            inputs: chosen.inputs.clone(),
            consents: chosen.consents.clone(),
            with_user_id: chosen.with_user_id,
            shipping: chosen.shipping.clone(),
            pay: cmd.pay,
        };
        let full = order::place(tx, ctx, caller, &place).map_err(|e| e.under(&at))?;
        for line in &full.lines {
            if order::price_version(tx, ctx, &full.order, line)? != chosen.version {
                let detail = "the price of this line has changed since you looked; look at the cart again";
                return Err(Error::field(&format!("{at}/version"), "cart.changed", detail));
            }
        }
        sum = sum.saturating_add(full.order.total_minor);
        bought.push(full);
    }
    let total = Money::new(sum, ctx.site(caller.site).currency);
    if total != cmd.total {
        let detail = format!("the lines come to {total} now, not {}; look at the cart again", cmd.total);
        return Err(Error::conflict("cart.changed", detail));
    }
    Ok(bought)
}
