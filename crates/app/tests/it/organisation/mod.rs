//! Colleagues and departments (`seller-domain 1`).
