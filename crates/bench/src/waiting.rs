//! What waits in large numbers: timers of open cases, messages of one reader, messages to hand on; and codes activated.

use crate::{
    load,
    platform::{Platform, Role},
};
use app::{Actor, App, MovableClock, RandomIds, Settings, secret::Sealer};
use db::{Db, DbError, Key, Options};
use diesel::{RunQueryDsl, sql_query};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{sync::Arc, time::Instant};
use store::{Page, job, message};
use wire::open_api::aksk;

/// Open cases, and messages of one reader.
const MANY: i64 = 100_000;
/// Messages handed on.
const NEWS: i64 = 20_000;
/// Codes that are activated.
const CODES: usize = 3_000;
const CALLERS: usize = 8;
const READER: &str = "00000000000000000000000000000007";
const ACTIVATE: &str = "/api/mkp-openapi-public/global/v1/license/activate";

/// The figures of one engine.
pub struct Waiting {
    pub due_ms: f64,
    pub inbox_ms: f64,
    pub handed_on_per_second: u64,
}

fn app(db: Db) -> App {
    App {
        db,
        clock: Arc::new(MovableClock::default()),
        ids: Arc::new(RandomIds::default()),
        settings: Arc::new(Settings::default()),
        sealer: Arc::new(Sealer::new(&[7; 32])),
        listings: Arc::default(),
        writes: Arc::default(),
    }
}

/// Numbers in a query, on either engine.
fn numbers(engine: &str, count: i64) -> String {
    match engine {
        "sqlite" => format!("WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {count}) SELECT n FROM g"),
        _ => format!("SELECT n FROM generate_series(1, {count}) AS g(n)"),
    }
}

async fn fill(db: &Db, text: String) {
    db.write(move |tx| sql_query(&text).execute(tx).map_err(DbError::from)).await.unwrap();
}

/// A hundred thousand timers and messages in a seeded database; how long looking at them takes.
pub async fn among_many(engine: &str, server: Option<&str>) -> Waiting {
    let p = Platform::seeded(engine, server).await;
    let app = app(Db::open(&p.database, &Options::default()).unwrap());
    // Only what is measured waits.
    fill(&app.db, "UPDATE messages SET handed_on_at = 1 WHERE handed_on_at IS NULL".to_owned()).await;
    let sqlite = engine == "sqlite";
    let (id, reader) = if sqlite {
        ("randomblob(16)", format!("x'{READER}'"))
    } else {
        ("decode(md5(n::text || random()), 'hex')", format!("decode('{READER}', 'hex')"))
    };
    // Timers of open cases that fall due over half a year.
    fill(&app.db, format!("INSERT INTO jobs (id, kind, subject, lane, due_at, attempts, state, lease_owner, lease_until) SELECT {id}, 'supervision', {id}, '', 4000000000000000 + n, 0, 'due', '', 0 FROM ({}) AS g", numbers(engine, MANY))).await;
    let text = |name: &str, handed: &str, count| {
        format!(
            "INSERT INTO messages (id, account_id, event, params, created_at, name, handed_on_at) SELECT {id}, {reader}, 'order.opened', '{{\"order\":\"CS1\",\"product\":\"p\"}}', n, '{name}' || n, {handed} FROM ({}) AS g",
            numbers(engine, count)
        )
    };
    fill(&app.db, text("inbox:", "1", MANY)).await;
    let key = Key(hex(READER));
    let began = Instant::now();
    app.db.read(job::next_due).await.unwrap();
    let due_ms = began.elapsed().as_secs_f64() * 1_000.0;
    let began = Instant::now();
    app.db
        .read(move |tx| Ok::<_, DbError>((message::list(tx, key, false, None, Page::first(20))?, message::unread(tx, key)?)))
        .await
        .unwrap();
    let inbox_ms = began.elapsed().as_secs_f64() * 1_000.0;
    fill(&app.db, text("news:", "NULL", NEWS)).await;
    let began = Instant::now();
    while app.write(Actor::System, app::message::hand_on).await.unwrap() > 0 {}
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap().max(1);
    Waiting { due_ms, inbox_ms, handed_on_per_second: u64::try_from(NEWS).unwrap() * 1_000 / millis }
}

fn hex(text: &str) -> [u8; 16] {
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
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
    listing["specifications"] = json!([{ "key": "standard", "name": { "zh": "标准", "en": "Standard" }, "charging_mode": "PERIOD", "skus": [{ "key": "-", "month": "0.01" }] }]);
    listing["delivery"] = json!({ "template": { "zh": "激活", "en": "Activated" }, "sla_days": 1 });
    let made = ask(p, Role::Seller, "PUT", "/api/v1/seller/products/by-key/codes", listing).await;
    let shown = ask(p, Role::Seller, "GET", &format!("/api/v1/seller/products/{}", made["id"].as_str().unwrap()), json!({})).await;
    let application = shown["revisions"][0]["id"].as_str().unwrap().to_owned();
    ask(p, Role::Seller, "POST", &format!("/api/v1/seller/applications/{application}/submit"), json!({})).await;
    ask(p, Role::Operator, "POST", &format!("/api/v1/operator/applications/{application}/approve"), json!({})).await;
}

fn activation(p: &Platform, code: &str) -> Vec<u8> {
    let (access, secret) = p.access_key("seller");
    let date = now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let body = json!({ "license": code }).to_string();
    let headers = [("Host", p.address.as_str()), ("X-Sdk-Date", date.as_str()), ("Content-Type", "application/json")];
    let signed = aksk::Request { method: "POST", path: ACTIVATE, query: "", headers: &headers, body: body.as_bytes() };
    let authorization = aksk::sign(&access, &secret, &signed, &["host", "x-sdk-date", "content-type"]);
    format!(
        "POST {ACTIVATE} HTTP/1.1\r\nHost: {}\r\nX-Sdk-Date: {date}\r\nContent-Type: application/json\r\nAuthorization: {authorization}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        p.address,
        body.len()
    )
    .into_bytes()
}

/// Codes bought one by one and activated at once: each closes its order, shares its money and begins its term.
pub async fn activations_per_second(engine: &str, server: Option<&str>) -> u64 {
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
    let requests = codes.iter().map(|code| activation(&p, code)).collect();
    let began = Instant::now();
    load::each(&p.address, CALLERS, requests).await;
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap().max(1);
    let open = ask(&p, Role::Operator, "GET", "/api/v1/supervision?as=operator&state=open&limit=1", json!({})).await;
    assert_eq!(open["total"], 0, "every activation closed its case");
    u64::try_from(CODES).unwrap() * 1_000 / millis
}
