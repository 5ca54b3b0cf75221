//! The wire formats between a marketplace and a seller's production system, for both sides.
//!
//! The crate knows neither database nor HTTP client: it builds the bytes, signs them, verifies them and
//! reads answers. A seller's server uses [`saas_v2::verify`] and [`saas_v2::Request`] (or [`saas_v1`], [`kit`],
//! [`licence`], [`order_notify`]); a marketplace uses [`saas_v2::Request::to_body`] and [`saas_v2::sign`]. What
//! programs call on the marketplace is in [`open_api`]; [`conformance`] holds the cases that try a server.
//!
//! ```
//! use yunshi_wire::saas_v2::{self, Request};
//!
//! let body = Request::ReleaseInstance { instance_id: "i-1".into(), order: None }.to_body(None);
//! let query = saas_v2::sign("my-access-key", &body, 1_700_000_000_000, "RLLUammMSInlrNWbRLLUammMSInlrNWb");
//! saas_v2::verify("my-access-key", &body, &query.pairs(), 1_700_000_000_500).unwrap();
//! ```

pub mod aws;
pub mod azure;
pub mod conformance;
pub mod field;
pub mod kit;
pub mod licence;
pub mod licence_file;
pub mod licence_online;
pub mod licence_v1;
pub mod open_api;
pub mod order_notify;
mod percent;
pub mod recording;
pub mod reference;
pub mod result_code;
pub mod saas_v1;
pub mod saas_v2;
pub mod webhook;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA256 of data under a key of any length.
pub(crate) fn hmac_bytes(key: &[u8], data: &[u8]) -> Vec<u8> {
    // The fallback cannot be reached: HMAC takes every key.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        },
    )
}

pub(crate) fn hmac_hex(key: &[u8], data: &[u8]) -> String {
    hex::encode(hmac_bytes(key, data))
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
