//! Licences by code in large numbers: activated one by one, asked about and counted in batches.

use crate::{
    load,
    platform::{Platform, Role},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Instant;
use wire::open_api::aksk;

/// Codes that are bought and activated one by one.
const SINGLE: usize = 3_000;
/// Codes that are bought and activated in batches, for some seconds.
const BATCHED: usize = 18_000;
const CODES: usize = SINGLE + BATCHED;
/// Codes that are asked about and counted.
const ASKED: usize = 3_000;
/// Callers at the same time, as for orders.
const CALLERS: usize = 32;
/// Codes of a batch, as many as the interface takes.
const BATCH: usize = 100;
/// Batches of each kind.
const BATCHES: usize = 600;
const OPEN: &str = "/api/mkp-openapi-public/global";

/// Codes that were bought.
pub struct Codes {
    p: Platform,
    codes: Vec<String>,
}

fn per_second(count: usize, began: Instant) -> u64 {
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap().max(1);
    u64::try_from(count).unwrap() * 1_000 / millis
}

#[expect(clippy::disallowed_methods, reason = "a client has a clock of its own")]
fn now() -> Timestamp {
    Timestamp::now()
}

async fn ask(p: &Platform, role: Role, method: &str, path: &str, body: Value) -> Value {
    let body = (method != "GET").then(|| body.to_string());
    let (status, text) = p.send(role, method, path, body.as_deref()).await;
    assert_eq!(status, 200, "{method} {path}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// Lists the built-in product once more, as a licence by code.
async fn listed(p: &Platform) {
    let products = ask(p, Role::Seller, "GET", "/api/v1/seller/products?key=backup", json!({})).await;
    let whole =
        ask(p, Role::Seller, "GET", &format!("/api/v1/seller/products/{}", products["products"][0]["id"].as_str().unwrap()), json!({}))
            .await;
    let mut listing = whole["revisions"][0]["listing"].clone();
    listing["access_type"] = json!("license_code");
    listing["interface_address"] = Value::Null;
    listing["specifications"] = json!([{
        "key": "standard", "name": { "zh": "标准", "en": "Standard" }, "charging_mode": "PERIOD", "skus": [{ "key": "-", "month": "0.01" }],
    }]);
    listing["delivery"] = json!({ "template": { "zh": "激活", "en": "Activated" }, "sla_days": 1 });
    let made = ask(p, Role::Seller, "PUT", "/api/v1/seller/products/by-key/codes", listing).await;
    let shown = ask(p, Role::Seller, "GET", &format!("/api/v1/seller/products/{}", made["id"].as_str().unwrap()), json!({})).await;
    let application = shown["revisions"][0]["id"].as_str().unwrap().to_owned();
    ask(p, Role::Seller, "POST", &format!("/api/v1/seller/applications/{application}/submit"), json!({})).await;
    ask(p, Role::Operator, "POST", &format!("/api/v1/operator/applications/{application}/approve"), json!({})).await;
}

fn signed(p: &Platform, path: &str, body: &str) -> Vec<u8> {
    let (access, secret) = p.access_key("seller");
    let date = now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let headers = [("Host", p.address.as_str()), ("X-Sdk-Date", date.as_str()), ("Content-Type", "application/json")];
    let signed = aksk::Request { method: "POST", path, query: "", headers: &headers, body: body.as_bytes() };
    let authorization = aksk::sign(&access, &secret, &signed, &["host", "x-sdk-date", "content-type"]);
    format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nX-Sdk-Date: {date}\r\nContent-Type: application/json\r\nAuthorization: {authorization}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        p.address,
        body.len()
    )
    .into_bytes()
}

/// Buys codes one by one.
pub async fn bought(engine: &str, server: Option<&str>) -> Codes {
    let p = Platform::seeded(engine, server).await.sandbox().await;
    listed(&p).await;
    let token = p.token(Role::Buyer);
    let order =
        json!({ "choice": { "product": "codes", "specification": "standard", "period": "1m", "quantity": 1 }, "pay": true }).to_string();
    let orders = (0..CODES).map(|n| load::post(&p.address, "/api/v1/orders", &token, &format!("bench-{n}"), &order)).collect();
    load::each(&p.address, CALLERS, orders).await;
    let (mut codes, mut next) = (Vec::new(), Some(String::new()));
    while let Some(cursor) = next {
        let found = ask(&p, Role::Seller, "GET", &format!("/api/v1/licences?as=seller&limit=100{cursor}"), json!({})).await;
        codes.extend(found["licences"].as_array().unwrap().iter().map(|l| l["code"].as_str().unwrap().to_owned()));
        next = found["next"].as_str().map(|c| format!("&cursor={c}"));
    }
    assert_eq!(codes.len(), CODES);
    Codes { p, codes }
}

impl Codes {
    /// Activates each: it closes its order, shares its money and begins its term. By a call for each, and a hundred by a call.
    pub async fn activations_per_second(&self) -> (u64, u64) {
        let (single, batched) = self.codes.split_at(SINGLE);
        let one = |code: &String| json!({ "license": code });
        let many = |codes: &[String]| json!({ "license_list": codes });
        let figure = (
            self.activated(single.len(), "v1", single.iter().map(one).collect()).await,
            self.activated(batched.len(), "v2", batched.chunks(BATCH).map(many).collect()).await,
        );
        let open = ask(&self.p, Role::Operator, "GET", "/api/v1/supervision?as=operator&state=open&limit=1", json!({})).await;
        assert_eq!(open["total"], 0, "every activation closed its case");
        figure
    }

    async fn activated(&self, codes: usize, version: &str, bodies: Vec<Value>) -> u64 {
        let path = format!("{OPEN}/{version}/license/activate");
        let requests = bodies.iter().map(|body| signed(&self.p, &path, &body.to_string())).collect();
        let began = Instant::now();
        load::each(&self.p.address, CALLERS, requests).await;
        per_second(codes, began)
    }

    async fn batches(&self, path: &str, body: impl Fn(usize, &[String]) -> Value) -> u64 {
        let parts: Vec<&[String]> = self.codes[..ASKED].chunks(BATCH).collect();
        let requests =
            (0..BATCHES).map(|n| signed(&self.p, &format!("{OPEN}{path}"), &body(n, parts[n % parts.len()]).to_string())).collect();
        let began = Instant::now();
        load::each(&self.p.address, CALLERS, requests).await;
        per_second(BATCHES * BATCH, began)
    }

    /// Codes that are asked about, a hundred at a time.
    pub async fn queries_per_second(&self) -> u64 {
        self.batches("/v2/license/heartbeat", |_, codes| json!({ "license_list": codes })).await
    }

    /// Clients that are reported, a new one of each of a hundred codes at a time; all are counted in the end.
    pub async fn clients_per_second(&self) -> u64 {
        let began = Instant::now();
        let usage = |n: usize| move |code: &String| json!({ "license": code, "software_usage_Info": [{ "id": format!("client-{n}") }] });
        self.batches("/v2/license/software-usage-info", |n, codes| json!({ "usage_info": codes.iter().map(usage(n)).collect::<Vec<_>>() }))
            .await;
        // The page writes what waits before it shows it.
        let seen = ask(&self.p, Role::Seller, "GET", &format!("/api/v1/licences/{}", self.codes[0]), json!({})).await;
        assert_eq!(seen["days"][0]["clients"], BATCHES * BATCH / ASKED, "every client was counted");
        per_second(BATCHES * BATCH, began)
    }
}
