//! What the AK/SK gateway adds to a request, in a running server: the same small answer by a token and by a signature.

use crate::{
    load::{self, Load},
    platform::{Platform, Role},
};
use std::time::Duration;
use wire::open_api::aksk;

/// Medians in milliseconds, one caller at a time.
pub struct Seen {
    pub by_token_ms: f64,
    pub by_signature_ms: f64,
}

#[expect(clippy::disallowed_methods, reason = "a client has a clock of its own")]
fn signed(p: &Platform, path: &str) -> Vec<u8> {
    let (access, secret) = p.access_key("seller");
    let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let headers = [("Host", p.address.as_str()), ("X-Sdk-Date", date.as_str())];
    let request = aksk::Request { method: "GET", path, query: "", headers: &headers, body: b"" };
    let authorization = aksk::sign(&access, &secret, &request, &["host", "x-sdk-date"]);
    format!("GET {path} HTTP/1.1\r\nHost: {}\r\nX-Sdk-Date: {date}\r\nAuthorization: {authorization}\r\n\r\n", p.address).into_bytes()
}

/// One caller for a spell each; the look-up of the account reads as much as that of the user.
pub async fn overhead(spell: Duration) -> Seen {
    let p = Platform::seeded("sqlite", None).await.sandbox().await;
    let median = async |request: Vec<u8>| {
        let load = Load::of(&p.address, 1, spell);
        load.run(move |_, _| request.clone()).await.percentile_ms(50.0)
    };
    let by_token_ms = median(load::get(&p.address, "/api/v1/me", Some(&p.token(Role::Buyer)))).await;
    let by_signature_ms = median(signed(&p, "/v3/auth/domains")).await;
    Seen { by_token_ms, by_signature_ms }
}
