//! Shops, carts and the home page.
