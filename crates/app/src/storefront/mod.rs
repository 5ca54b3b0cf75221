//! The storefront around the products: curated floors, sellers' shops, measured facts.

mod facts;
mod floors;
mod shop;

pub use facts::{facts, opening_ms};
pub use floors::{Floor, curate, floors};
pub use shop::{Shop, shop};
