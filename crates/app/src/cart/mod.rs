//! Carts (购物车): what a buyer means to buy, priced anew whenever it is looked at, bought in one transaction.

mod checkout;
mod edit;
mod view;

pub use checkout::{BuyCart, Chosen, buy};
pub use edit::{add, change, remove};
pub use view::{CartView, Priced, view};

use crate::{Error, order::Choice};
use domain::id::ProductId;
use store::cart::CartLine;

/// The choice that a line stands for.
fn choice(line: &CartLine) -> Result<Choice, Error> {
    let bad = |e: String| Error::row("cart_lines", hex::encode(line.id.0), e);
    let period = Some(line.period.as_str()).filter(|p| !p.is_empty());
    Ok(Choice {
        product: line.product_id.id::<ProductId>().to_string(),
        specification: line.specification.clone(),
        sku: Some(line.sku.clone()),
        period: period.map(str::parse).transpose().map_err(|e: domain::period::BadPeriod| bad(e.to_string()))?,
        quantity: u32::try_from(line.quantity).map_err(|e| bad(e.to_string()))?,
        trial: false,
    })
}
