//! Sellers who hang beside sellers who answer: how late a call is that belongs to one of the others.

use crate::platform::Platform;
use db::{Db, DbError, Options};
use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use jiff::Timestamp;
use std::time::Duration;
use wire::saas_v2::Request;

/// Lanes, one per seller; each tenth hangs.
pub const SELLERS: i64 = 10_000;
const CALLS_PER_SECOND: i64 = 500;
const SECONDS: i64 = 40;

/// What was seen.
#[derive(Debug)]
pub struct Seen {
    pub healthy_calls: usize,
    pub p50_ms: i64,
    pub p99_ms: i64,
    pub worst_ms: i64,
    pub mb_after_10_s: u64,
    pub mb_at_the_end: u64,
}

#[derive(QueryableByName)]
struct Late {
    #[diesel(sql_type = BigInt)]
    late: i64,
}

#[expect(clippy::disallowed_methods, reason = "a measurement has a clock of its own")]
fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// Calls that fall due one after the other, over the lanes: on an instance whose server answers, and for each tenth
/// lane on one whose server never does.
async fn fill(db: &Db, start: i64) {
    let request = Request::ReleaseInstance { instance_id: "bench".to_owned(), order: None };
    let request = serde_json::to_string(&request).unwrap();
    let count = CALLS_PER_SECOND * SECONDS;
    db.write(move |tx| -> Result<(), DbError> {
        let series = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
        let lane = format!("(i * 7919 % {SELLERS})");
        let step = 1_000_000 / CALLS_PER_SECOND;
        let calls = format!(
            "{series} INSERT INTO calls (id, seller_id, buyer_id, product_id, instance_id, seq, activity, request, state, attempts,
                 failures, next_at, created_at)
             SELECT CAST(printf('bench-%010d', i) AS BLOB), t.seller_id, t.buyer_id, t.product_id, t.id, 1000 + i, 'releaseInstance', $1,
                 'due', 0, 0, {start} + i * {step}, {start} + i * {step}
             FROM n JOIN instances t ON t.sku = CASE WHEN {lane} % 10 = 0 THEN 'starter' ELSE 'basic/5' END"
        );
        sql_query(calls).bind::<Text, _>(&request).execute(tx)?;
        let jobs = format!(
            "{series} INSERT INTO jobs (id, kind, subject, lane, due_at, attempts, state, lease_owner, lease_until)
             SELECT CAST(printf('bench-%010d', i) AS BLOB), 'call', CAST(printf('bench-%010d', i) AS BLOB), printf('%032x', {lane}),
                 {start} + i * {step}, 0, 'due', '', 0 FROM n"
        );
        sql_query(jobs).execute(tx)?;
        Ok(())
    })
    .await
    .unwrap();
}

/// Opens one instance of each server, lets one of them hang, and looks at when the others were called.
pub async fn beside_hanging_sellers() -> Seen {
    let p = Platform::seeded("sqlite", None).await.sandbox().await;
    p.open_one("archive", "starter").await;
    p.open_one("backup", "basic/5").await;
    p.fault("archive", "time_out").await;
    let db = Db::open(&p.database, &Options::default()).unwrap();
    let start = now() + 5_000_000;
    fill(&db, start).await;
    let until = |seconds: i64| Duration::from_micros(u64::try_from(start + seconds * 1_000_000 - now()).unwrap_or(0));
    tokio::time::sleep(until(10)).await;
    let mb_after_10_s = p.resident_mb();
    tokio::time::sleep(until(SECONDS + 5)).await;
    let mb_at_the_end = p.resident_mb();
    let late: Vec<Late> = db
        .read(|tx| {
            let text = "SELECT a.started_at - c.created_at AS late FROM call_attempts a JOIN calls c ON c.id = a.call_id
                        JOIN instances i ON i.id = c.instance_id
                        WHERE a.number = 1 AND c.seq > 1000 AND i.sku = 'basic/5' ORDER BY 1";
            sql_query(text).load(tx).map_err(DbError::from)
        })
        .await
        .unwrap();
    let ms = |percent: usize| late[(late.len() - 1) * percent / 100].late / 1_000;
    Seen { healthy_calls: late.len(), p50_ms: ms(50), p99_ms: ms(99), worst_ms: ms(100), mb_after_10_s, mb_at_the_end }
}
