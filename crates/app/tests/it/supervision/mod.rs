//! Service supervision (`seller-domain 5`).
