//! Usage records a second: pushed over HTTP with both signatures, judged and stored, each known by its key.

use crate::{load, platform::Platform};
use db::{Db, DbError, Options};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use wire::open_api::{aksk, usage};

const PATH: &str = "/api/mkp-openapi-public/global/v1/isv/usage-data";
/// Instances that the records are of.
const INSTANCES: usize = 50;
const BATCHES: usize = 150;
const CALLERS: usize = 8;

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    batches: i64,
    #[diesel(sql_type = BigInt)]
    accepted: i64,
}

async fn counts(db: &Db) -> Counts {
    let text = "SELECT (SELECT COUNT(*) FROM usage_batches) AS batches,
                       (SELECT COUNT(*) FROM usage_records WHERE state = 'accepted') AS accepted";
    db.read(move |tx| sql_query(text).get_result::<Counts>(tx).map_err(DbError::from)).await.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a client has a clock of its own")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A whole signed request.
fn request(p: &Platform, key: &str, body: &[u8]) -> Vec<u8> {
    let (access, secret) = p.access_key("seller");
    let now = now();
    let (date, ts) = (now.strftime("%Y%m%dT%H%M%SZ").to_string(), now.as_millisecond().to_string());
    let headers = [("Host", p.address.as_str()), ("X-Sdk-Date", date.as_str()), ("Content-Type", "application/json")];
    let signed = aksk::Request { method: "POST", path: PATH, query: "", headers: &headers, body };
    let authorization = aksk::sign(&access, &secret, &signed, &["host", "x-sdk-date", "content-type"]);
    let signature = usage::sign(key, &ts, "bench", body);
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {}\r\nX-Sdk-Date: {date}\r\nContent-Type: application/json\r\nAuthorization: {authorization}\r\n\
         signature: {signature}\r\nts: {ts}\r\nnonce: bench\r\nContent-Length: {}\r\n\r\n",
        p.address,
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn body(instances: &[String], batch: usize, end: Timestamp) -> Vec<u8> {
    let time = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let (begin, end) = (time(end - SignedDuration::from_hours(1)), time(end));
    let record = |n: usize| {
        json!({ "instance_id": instances[n % instances.len()], "record_time": end, "begin_time": begin, "end_time": end,
            "usage_value": "0.0001", "metering_sn": format!("bench-{batch}-{n}") })
    };
    let records: Vec<Value> = (0..usage::RECORDS_MAX).map(record).collect();
    json!({ "usage_records": records }).to_string().into_bytes()
}

/// Pushes batches of a thousand until all are judged; records a second from the first push to the last record.
pub async fn records_per_second(engine: &str, server: Option<&str>) -> u64 {
    let p = Platform::seeded(engine, server).await.sandbox().await;
    let (instances, key) = p.metered(INSTANCES).await;
    // Use lies in the past, and after the opening.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let end = now();
    let requests: Vec<Vec<u8>> = (0..BATCHES).map(|batch| request(&p, &key, &body(&instances, batch, end))).collect();
    let db = Db::open(&p.database, &Options::default()).unwrap();
    let all = i64::try_from(BATCHES * usage::RECORDS_MAX).unwrap();
    let started = Instant::now();
    load::each(&p.address, CALLERS, requests).await;
    loop {
        let now = counts(&db).await;
        if now.batches == 0 {
            assert_eq!(now.accepted, all, "every record is accepted once");
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(120), "{} batches wait", now.batches);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    u64::try_from(all).unwrap() * 1_000 / u64::try_from(started.elapsed().as_millis()).unwrap()
}
