//! `make bench`: figures as ratios in one run. Each line goes to `target/bench/figures.jsonl` and into the
//! table on the screen. The load generator runs on the same cores as the server, as does the yardstick.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measurement that breaks ends the run")]

mod codes;
mod gateway;
mod isolation;
mod load;
mod platform;
mod raw;
mod signature;
mod tenants;
mod usage;
mod waiting;

use load::{Load, Measured};
use platform::{Platform, Role};
use serde_json::{Value, json};
use std::{io::Write, time::Duration};

/// Callers at the same time.
const CALLERS: usize = 32;
/// How long each figure is measured.
const SPELL: Duration = Duration::from_secs(5);
/// Rounds of yardstick and figure; the middle ratio counts.
const ROUNDS: usize = 3;

/// One figure with its yardstick and its target.
fn report(name: &str, figure: Value, target: &str) {
    std::fs::create_dir_all("target/bench").unwrap();
    let mut file = std::fs::File::options().create(true).append(true).open("target/bench/figures.jsonl").unwrap();
    let line = json!({ "name": name, "figure": figure, "target": target });
    writeln!(file, "{line}").unwrap();
    println!("{name:<44} {figure}   target {target}");
}

fn per_second(m: &Measured) -> u64 {
    m.per_second()
}

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _ = std::fs::remove_file("target/bench/figures.jsonl");
    // One figure by its name, or all.
    let only = std::env::args().nth(1);
    let wanted = |name: &str| only.as_deref().is_none_or(|o| o == name);
    if wanted("signatures") {
        signatures();
    }
    if wanted("orders") {
        orders_on_sqlite().await;
        if let Ok(server) = std::env::var("YUNSHI_TEST_POSTGRES") {
            orders_on_postgres(&server).await;
        }
    }
    if wanted("usage") {
        usage_records().await;
    }
    if wanted("waiting") {
        what_waits().await;
    }
    if wanted("events") {
        events().await;
    }
    if wanted("activations") {
        activations().await;
    }
    if wanted("reads") {
        reads().await;
    }
    if wanted("gateway") {
        gateway_overhead().await;
    }
    if wanted("start") {
        start_and_memory().await;
    }
    if wanted("tenants") {
        tenants().await;
    }
    if wanted("isolation") {
        dead_seller().await;
        hanging_sellers().await;
    }
}

/// The engines that there are: SQLite, and PostgreSQL where a server is named.
fn engines() -> Vec<(&'static str, Option<String>)> {
    let server = std::env::var("YUNSHI_TEST_POSTGRES").ok();
    std::iter::once(("sqlite", None)).chain(server.map(|s| ("postgres", Some(s)))).collect()
}

/// A hundred thousand open cases, a hundred thousand messages of one reader, and messages to hand on.
async fn what_waits() {
    for (engine, server) in engines() {
        let seen = waiting::among_many(engine, server.as_deref()).await;
        let figure =
            json!({ "due_ms": round(seen.due_ms), "inbox_ms": round(seen.inbox_ms), "handed_on_per_second": seen.handed_on_per_second });
        report(&format!("among 100000 cases and messages, {engine}"), figure, "due < 50 ms, inbox < 50 ms, >= 1000/s");
    }
}

/// Orders beside a thousand messages a second, against orders alone, over all spells.
async fn events() {
    for (engine, server) in engines() {
        let pairs = waiting::beside_events(engine, server.as_deref(), CALLERS, SPELL).await;
        let (alone, beside) = pairs.iter().fold((0, 0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        let mut ratios: Vec<f64> = pairs.iter().map(|(alone, beside)| round(*beside as f64 / *alone as f64)).collect();
        ratios.sort_by(f64::total_cmp);
        report(
            &format!("orders beside 1000 messages/s / alone, {engine}"),
            json!({ "ratio": round(beside as f64 / alone as f64), "spells": ratios }),
            "ratio >= 0.90",
        );
    }
}

/// Another buyer's orders beside twenty callers of one buyer on one instance, against the same orders alone.
async fn tenants() {
    for (engine, server) in engines() {
        let mut rounds = tenants::beside_hammering(engine, server.as_deref(), SPELL).await;
        let ratios = |percent: f64| rounds.iter().map(|r| round(r.ratio(percent))).collect::<Vec<_>>();
        let (p50, p99) = (ratios(50.0), ratios(99.0));
        rounds.sort_by(|a, b| a.ratio(99.0).total_cmp(&b.ratio(99.0)));
        let middle = &rounds[rounds.len() / 2];
        let figure = json!({
            "p50_ratio": median(&p50), "p99_ratio": median(&p99), "p50_ratios": p50, "p99_ratios": p99,
            "alone_ms": [middle.alone.percentile_ms(50.0), middle.alone.percentile_ms(99.0)],
            "beside_ms": [middle.beside.percentile_ms(50.0), middle.beside.percentile_ms(99.0)],
            "hammered_per_second": middle.hammered_per_second, "refused": rounds.iter().map(|r| r.refused).sum::<u64>(),
        });
        report(&format!("orders beside 20 callers of another / alone, {engine}"), figure, "p50 and p99 <= 3");
    }
}

fn median(ratios: &[f64]) -> f64 {
    let mut sorted = ratios.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Codes activated over HTTP, each closing its order; then asked about and counted.
async fn activations() {
    for (engine, server) in engines() {
        let target = if server.is_some() { ">= 2000/s" } else { ">= 5000/s" };
        let codes = codes::bought(engine, server.as_deref()).await;
        let (one_by_one, in_batches) = codes.activations_per_second().await;
        let figure = json!({ "by_single_calls_per_second": one_by_one, "by_hundreds_per_second": in_batches });
        report(&format!("codes activated, {engine}"), figure, target);
        let figure =
            json!({ "asked_per_second": codes.queries_per_second().await, "clients_per_second": codes.clients_per_second().await });
        report(&format!("heartbeats in batches of 100, {engine}"), figure, ">= 20000/s");
    }
}

/// Ten thousand sellers of whom a thousand hang, at 500 calls a second.
async fn hanging_sellers() {
    let seen = isolation::beside_hanging_sellers().await;
    let figure = json!({
        "healthy_calls": seen.healthy_calls, "p50_ms": seen.p50_ms, "p99_ms": seen.p99_ms, "worst_ms": seen.worst_ms,
        "mb_after_10_s": seen.mb_after_10_s, "mb_at_the_end": seen.mb_at_the_end,
    });
    report("due to called beside 1000 of 10000 who hang", figure, "p99 < 1000 ms; memory flat");
}

/// A yardstick and what was measured right after it.
struct Pair {
    bare: u64,
    whole: Measured,
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.whole.per_second() as f64 / self.bare as f64
    }
}

/// Reports the round with the middle ratio: what else the machine does moves each of them.
fn report_pairs(name: &str, yardstick: &str, mut pairs: Vec<Pair>, target: &str) {
    let ratios: Vec<f64> = pairs.iter().map(|p| round(p.ratio())).collect();
    pairs.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let middle = &pairs[pairs.len() / 2];
    let mut figure = json!({
        "http_per_second": middle.whole.per_second(), "ratio": round(middle.ratio()),
        "p99_ms": middle.whole.percentile_ms(99.0), "ratios": ratios,
    });
    figure[yardstick] = json!(middle.bare);
    report(name, figure, target);
}

/// Order placement over HTTP against the same statements in a bare loop with the same group commit.
async fn orders_on_sqlite() {
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let bare = raw::sqlite(folder.path(), CALLERS, SPELL).await;
        let p = Platform::seeded("sqlite", None).await.serve().await;
        pairs.push(Pair { bare, whole: p.place_orders("real", CALLERS, SPELL).await });
    }
    report_pairs("orders over HTTP / raw loop, SQLite", "raw_per_second", pairs, "ratio >= 0.50, >= 5000/s");
}

/// The same on PostgreSQL, against pgbench with the same statements.
async fn orders_on_postgres(server: &str) {
    let mut pairs = Vec::new();
    for round in 0..ROUNDS {
        let bare = raw::pgbench(server, round, CALLERS, SPELL);
        let p = Platform::seeded(&format!("postgres{round}"), Some(server)).await.serve().await;
        pairs.push(Pair { bare, whole: p.place_orders("real", CALLERS, SPELL).await });
    }
    report_pairs("orders over HTTP / pgbench, PostgreSQL", "pgbench_per_second", pairs, "ratio >= 0.70");
}

/// What signatures cost on one core.
fn signatures() {
    report(
        "SaaS 2.0 signatures built and verified, 1 kB",
        json!({ "per_second": signature::saas_v2_per_second() }),
        ">= 100000/s per core",
    );
    report("AK/SK verified by the gateway, 1 kB", json!({ "micros": round(signature::gateway_micros()) }), "< 100 µs");
}

/// Usage records on both engines: durable, judged and told apart.
async fn usage_records() {
    let sqlite = usage::records_per_second("sqlite", None).await;
    report("usage records, SQLite", json!({ "per_second": sqlite }), ">= 40000/s");
    if let Ok(server) = std::env::var("YUNSHI_TEST_POSTGRES") {
        let postgres = usage::records_per_second("postgres_usage", Some(&server)).await;
        report("usage records, PostgreSQL", json!({ "per_second": postgres }), ">= 20000/s");
    }
}

fn round(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

/// Storefront reads, hot: flat out, then p99 at half of that.
async fn reads() {
    let p = Platform::seeded("sqlite", None).await.serve().await;
    for (name, path) in [("product list", "/api/v1/products"), ("product page", "/api/v1/products/backup")] {
        let request = load::get(&p.address, path, None);
        let again = {
            let request = request.clone();
            move |_: usize, _: u64| request.clone()
        };
        let full = Load::of(&p.address, CALLERS, SPELL).run(again.clone()).await;
        let half = Load { rate: Some(full.per_second() / 2), ..Load::of(&p.address, CALLERS, SPELL) };
        let half = half.run(again).await;
        let figure = json!({ "per_second": per_second(&full), "p99_ms_at_half_load": half.percentile_ms(99.0) });
        report(&format!("{name} over HTTP"), figure, ">= 10000/s per core, p99 < 10 ms");
    }
}

async fn gateway_overhead() {
    let seen = gateway::overhead(SPELL).await;
    let added = ((seen.by_signature_ms - seen.by_token_ms) * 100.0).round() / 100.0;
    let figure = json!({ "by_token_ms": seen.by_token_ms, "by_signature_ms": seen.by_signature_ms, "added_ms": added });
    report("AK/SK gateway in a running server, median", figure, "adds < 0.1 ms");
}

async fn start_and_memory() {
    let seeded = Platform::seeded("sqlite", None).await;
    let started = std::time::Instant::now();
    let p = seeded.serve().await;
    let first = started.elapsed();
    tokio::time::sleep(Duration::from_secs(3)).await;
    report("start to first answer", json!({ "ms": u64::try_from(first.as_millis()).unwrap() }), "< 1000 ms");
    report("idle memory", json!({ "mb": p.resident_mb() }), "< 60 MB");
}

/// A thousand orders to a seller who never answers; how long another seller's order takes meanwhile.
async fn dead_seller() {
    let p = Platform::seeded("sqlite", None).await.sandbox().await;
    let alone = p.open_one("archive", "starter").await;
    p.fault("backup", "time_out").await;
    let body = json!({ "choice": { "product": "backup", "specification": "standard", "sku": "basic/5", "period": "1m" }, "pay": true })
        .to_string();
    for _ in 0..1_000 {
        let (status, text) = p.send(Role::Buyer, "POST", "/api/v1/orders", Some(&body)).await;
        assert_eq!(status, 200, "{text}");
    }
    let mut beside = Vec::new();
    for _ in 0..10 {
        beside.push(p.open_one("archive", "starter").await);
    }
    beside.sort();
    let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap();
    let figure = json!({ "alone_ms": ms(alone), "beside_median_ms": ms(beside[5]), "beside_worst_ms": ms(beside[9]) });
    report("another seller's order beside 1000 dead ones", figure, "not delayed");
}
