//! Curated floors of the storefront's home page.

use crate::{DbError, Tx};
use db::{Run, schema::floors};
use diesel::prelude::*;

/// The floors of a site from the top, as their JSON.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, site: &str) -> Result<Vec<String>, DbError> {
    Ok(floors::table.filter(floors::site.eq(site)).order(floors::seq).select(floors::floor).load(tx)?)
}

/// Puts these floors in the place of those that were there.
///
/// # Errors
/// [`DbError`].
pub fn replace(tx: &mut Tx, site: &str, new: &[String]) -> Result<(), DbError> {
    diesel::delete(floors::table.filter(floors::site.eq(site))).run(tx)?;
    for (seq, floor) in (0i64..).zip(new) {
        diesel::insert_into(floors::table).values((floors::site.eq(site), floors::seq.eq(seq), floors::floor.eq(floor))).run(tx)?;
    }
    Ok(())
}
