//! SaaS 1.0: calls as GET with an `authToken`, answers signed by `Body-Sign`, log-in data encrypted
//! (`saas-interface 3`).
//!
//! ```
//! use yunshi_wire::saas_v1::{self, Request};
//!
//! let release = Request::ReleaseInstance { instance_id: "a+b/c=".into(), order_id: Some("CS1".into()) };
//! let signed = saas_v1::sign("my-access-key", 1_700_000_000_123, release.parameters(None, false));
//! let read = saas_v1::verify("my-access-key", &signed.query).unwrap();
//! assert_eq!(read["instanceId"], "a+b/c=");
//!
//! let answer = br#"{"resultCode":"000000","resultMsg":"success"}"#;
//! let header = saas_v1::body_sign("my-access-key", answer);
//! saas_v1::verify_body_sign("my-access-key", Some(&header), answer).unwrap();
//! ```

mod request;
pub mod secret;
mod sign;

pub(crate) use request::cleaned;
pub use request::{Charging, FIELDS, Period, Purchase, Request, fields_of};
pub use sign::{BodySignError, Signed, VerifyError, body_sign, joined, known_mistakes, sign, time_stamp, token, verify, verify_body_sign};
