//! Floors of the home page: groups of products that the operator puts forward.

use crate::{Ctx, Error, catalogue, event};
use db::{DbError, Tx};
use domain::{id::ProductId, listing::Bilingual, listing_check::FieldError, site::SiteCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::floor;

const FLOORS_MAX: usize = 10;
const PRODUCTS_MAX: usize = 12;

/// A floor: its name, and products in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    pub name: Bilingual,
    pub products: Vec<ProductId>,
}

/// The floors of a site from the top.
///
/// # Errors
/// [`Error::Row`] when a stored text is no floor.
pub fn floors(tx: &mut Tx, site: SiteCode) -> Result<Vec<Floor>, Error> {
    let read = |text: &String| serde_json::from_str(text).map_err(|e| Error::row("floors", site, e));
    floor::list(tx, site.as_str())?.iter().map(read).collect()
}

/// Puts these floors in the place of a site's.
///
/// # Errors
/// `floor.bad` with each wrong field: names in both languages, 1 to 12 products that are listed at the site, each once.
pub fn curate(tx: &mut Tx, ctx: &Ctx, site: SiteCode, new: &[Floor]) -> Result<(), Error> {
    let mut wrong = Vec::new();
    if new.len() > FLOORS_MAX {
        wrong.push(FieldError::new("/floors", "floor.too_many", format!("at most {FLOORS_MAX} floors are shown")));
    }
    for (i, floor) in new.iter().enumerate() {
        for (language, name) in [("zh", &floor.name.zh), ("en", &floor.name.en)] {
            if let Err(e) = domain::text::line(name, 40) {
                wrong.push(FieldError::new(format!("/floors/{i}/name/{language}"), "floor.name", e.to_string()));
            }
        }
        if floor.products.is_empty() || floor.products.len() > PRODUCTS_MAX {
            let detail = format!("choose 1 to {PRODUCTS_MAX} products");
            wrong.push(FieldError::new(format!("/floors/{i}/products"), "floor.products", detail));
        }
        for (j, product) in floor.products.iter().enumerate() {
            let listed = catalogue::listed(tx, ctx, *product).ok().filter(|(l, _)| l.product.site == site);
            let why = match listed {
                None => "is not listed at this site",
                Some(_) if floor.products[..j].contains(product) => "is on this floor already",
                Some(_) => continue,
            };
            wrong.push(FieldError::new(format!("/floors/{i}/products/{j}"), "floor.products", why));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::fields("floor.bad", wrong));
    }
    let write = |f: &Floor| serde_json::to_string(f).map_err(|e| Error::row("floors", site, e));
    match floor::replace(tx, site.as_str(), &new.iter().map(write).collect::<Result<Vec<_>, _>>()?) {
        Err(e) if e.is_unique_violation() => return Err(DbError::Raced.into()),
        result => result?,
    }
    event::record(tx, ctx, "storefront.curated", event::About::default(), &json!({ "site": site.as_str(), "floors": new.len() }))
}
