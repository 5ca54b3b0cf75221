//! Licences of all forms (`license-interface`).
