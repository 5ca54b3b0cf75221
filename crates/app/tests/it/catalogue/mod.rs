//! Products, listings and their review; sellers, and their addresses and keys (`seller-domain 1`, `2`, `6`).

pub(crate) mod addresses;
mod applications;
mod kept;
mod sale;
mod sellers;
