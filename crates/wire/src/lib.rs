//! The wire formats between a marketplace and a seller's production system, for both sides.
//!
//! The crate knows neither database nor HTTP client: it builds the bytes, signs them, verifies them and
//! reads answers. A seller's server uses [`saas_v2::verify`] and [`saas_v2::Request`]; a marketplace uses
//! [`saas_v2::Request::to_body`] and [`saas_v2::sign`].
//!
//! ```
//! use yunshi_wire::saas_v2::{self, Request};
//!
//! let body = Request::ReleaseInstance { instance_id: "i-1".into(), order: None }.to_body(None);
//! let query = saas_v2::sign("my-access-key", &body, 1_700_000_000_000, "RLLUammMSInlrNWbRLLUammMSInlrNWb");
//! saas_v2::verify("my-access-key", &body, &query.pairs(), 1_700_000_000_500).unwrap();
//! ```

pub mod conformance;
pub mod result_code;
pub mod saas_v2;
