//! Facts of a product, measured from its newest purchases and calls.

use crate::Error;
use db::{Key, Moment, Tx};
use domain::{
    id::ProductId,
    measure::{Facts, Purchase, SAMPLE, Tried},
};
use store::{call, instance};

fn purchases(tx: &mut Tx, product: Option<Key>) -> Result<Vec<Purchase>, Error> {
    let found = instance::any_newest(tx, product, SAMPLE)?;
    let purchase = |(paid, opened, back): (Moment, Option<Moment>, i64)| Purchase {
        paid_at: paid.micros(),
        opened_at: opened.map(Moment::micros),
        refunded: back > 0,
    };
    Ok(found.into_iter().map(purchase).collect())
}

/// The facts of a product.
///
/// # Errors
/// What the database says.
pub fn facts(tx: &mut Tx, product: ProductId) -> Result<Facts, Error> {
    let product = Key::of(product);
    let calls = call::any_newest_of_product(tx, product, SAMPLE)?;
    let tried: Vec<Tried> = calls.into_iter().map(|(attempts, failures)| Tried { attempts, failures }).collect();
    Ok(Facts::of(&purchases(tx, Some(product))?, &tried))
}

/// The median opening time over all products, in milliseconds.
///
/// # Errors
/// What the database says.
pub fn opening_ms(tx: &mut Tx) -> Result<Option<i64>, Error> {
    Ok(Facts::of(&purchases(tx, None)?, &[]).opening_ms)
}
