//! Webhooks by the Standard Webhooks specification 1.0: headers `webhook-id`, `webhook-timestamp`, `webhook-signature`.
//!
//! ```
//! let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
//! let signature = yunshi_wire::webhook::sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, r#"{"test": 2432232314}"#);
//! assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
//! ```

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What secrets begin with, as receivers write them down.
pub const SECRET_PREFIX: &str = "whsec_";

/// A secret of random bytes in the form that receivers know.
#[must_use]
pub fn secret(random: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(random))
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; the key is what the secret's base64 holds.
#[must_use]
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches(SECRET_PREFIX)).unwrap_or_default();
    // A key of any length is taken.
    let signature = Hmac::<Sha256>::new_from_slice(&key).map(|mut mac| {
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    });
    format!("v1,{}", signature.unwrap_or_default())
}
