//! Around the products: carts, sections of the home page, shops, measured facts, figures by month.

mod carts;
mod facts;
mod floors;
mod instances;
mod pictures;
