//! Products, listings and their review (`seller-domain 2`).
