//! Signatures on one core: built and verified, of bodies of a kilobyte.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use wire::{
    open_api::aksk::{self, Authorization},
    saas_v2,
};

const SPELL: Duration = Duration::from_secs(3);

fn per_second(mut once: impl FnMut(u64)) -> u64 {
    let (began, mut done) = (Instant::now(), 0_u64);
    while began.elapsed() < SPELL {
        for _ in 0..100 {
            once(done);
            done += 1;
        }
    }
    (done as f64 / began.elapsed().as_secs_f64()) as u64
}

/// Calls on sellers: signed and verified a second, the double HMAC of SaaS 2.0.
pub fn saas_v2_per_second() -> u64 {
    let body = format!(r#"{{"activity":"newInstance","businessId":"{}"}}"#, "b".repeat(980));
    let nonce = "RLLUammMSInlrNWbRLLUammMSInlrNWb";
    per_second(|n| {
        let now = 1_700_000_000_000 + i64::try_from(n % 1_000).unwrap_or(0);
        let signed = saas_v2::sign("my-access-key", black_box(&body), now, nonce);
        saas_v2::verify("my-access-key", &body, &signed.pairs(), now).expect("a genuine signature");
    })
}

/// Open APIs: how many microseconds of one core the gateway takes to verify a request with AK and SK.
pub fn gateway_micros() -> f64 {
    let body = vec![b'x'; 1_000];
    let headers = [("Host", "market.example.cn:8080"), ("X-Sdk-Date", "20191115T033655Z"), ("Content-Type", "application/json")];
    let request = aksk::Request {
        method: "POST",
        path: "/api/mkp-openapi-public/global/v1/license/heartbeat",
        query: "",
        headers: &headers,
        body: &body,
    };
    let header = aksk::sign("AK", "SK", &request, &["host", "x-sdk-date", "content-type"]);
    let rate = per_second(|_| {
        let given = Authorization::parse(black_box(&header)).expect("a header");
        aksk::verify(&given, "SK", &request, 1_573_789_015).expect("a genuine signature");
    });
    1_000_000.0 / rate as f64
}
