//! One tenant costs others nothing: who hammers one thing, or wants what is locked, is told to come again; nobody else notices.

use super::setup;
use db::{DbError, Key, Local};
use domain::id::InstanceId;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use std::{sync::mpsc, thread::JoinHandle, time::Instant};
use testdb::{Engine, engines};
use testkit::{Platform, choice};
use tokio::task::JoinSet;

/// More than there are connections.
const CALLERS: usize = 40;
const TIMEOUTS: &str = "yunshi_db_lock_timeouts_total";

/// A write on an instance that may be done any number of times.
fn change(p: &Platform, instance: &str) -> RequestBuilder {
    let url = format!("{}/api/v1/instances/{instance}/auto-renewal", p.url);
    p.http.put(url).bearer_auth(p.token("buyer")).json(&json!({ "period": "1m" }))
}

/// The same under a key.
fn keyed(p: &Platform, instance: &str, key: &str) -> RequestBuilder {
    change(p, instance).header("Idempotency-Key", key)
}

/// Another session that has the instance locked until it is let go; on SQLite that is whoever else writes.
struct Lock {
    release: mpsc::Sender<()>,
    held: JoinHandle<()>,
}

impl Lock {
    fn on(p: &Platform, instance: &str) -> Self {
        let key = Key::of(instance.parse::<InstanceId>().unwrap());
        let (release, wait) = mpsc::channel();
        let (locks, locked) = mpsc::channel();
        let mut other = Local::open(p.database()).unwrap();
        let held = std::thread::spawn(move || {
            let hold = |tx: &mut db::Tx| {
                store::instance::lock(tx, store::order::Tenant::Any, key)?;
                locks.send(()).unwrap();
                let _ = wait.recv();
                Ok::<_, DbError>(())
            };
            other.write(hold).unwrap();
        });
        locked.recv().unwrap();
        Self { release, held }
    }

    fn let_go(self) {
        self.release.send(()).unwrap();
        self.held.join().unwrap();
    }
}

/// A figure of the node; nothing before it was counted.
async fn figure(p: &Platform, name: &str) -> u64 {
    let text = p.http.get(format!("{}/metrics", p.url)).send().await.unwrap().text().await.unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0)
}

async fn refusal(response: Response) -> (u16, String, Option<String>) {
    let status = response.status().as_u16();
    let again = response.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned());
    let body: Value = response.json().await.unwrap();
    (status, body["code"].as_str().unwrap_or_default().to_owned(), again)
}

/// Reads and, where the lock is not on all that is written, writes of everybody else.
async fn others(p: &Platform, engine: Engine, instance: &str) {
    for _ in 0..5 {
        p.get("nobody", "/api/v1/products").await;
        p.get("seller", "/api/v1/orders?limit=1").await;
        p.get("buyer2", "/api/v1/wallet").await;
        if engine == Engine::Postgres {
            p.post("buyer2", "/api/v1/orders", json!({ "choice": choice("1m"), "pay": true })).await;
        }
    }
    if engine == Engine::Sqlite {
        p.get("buyer", &format!("/api/v1/instances/{instance}")).await;
    }
}

#[tokio::test]
async fn who_wants_what_is_locked_hears_when_to_come_again_and_nobody_else_notices() {
    for engine in engines() {
        let p = Platform::start(setup(engine)).await;
        let (_, instance) = p.buy_open("1m").await;
        let lock = Lock::on(&p, &instance);
        let first = tokio::spawn(keyed(&p, &instance, "once").send());
        others(&p, engine, &instance).await;
        let refused = refusal(first.await.unwrap().unwrap()).await;
        assert_eq!(refused, (503, "busy.locked".to_owned(), Some("2".to_owned())), "{engine:?}");
        assert_eq!(figure(&p, r#"yunshi_db_refused_total{reason="lock"}"#).await, 1, "{engine:?}");
        let tries = figure(&p, TIMEOUTS).await;
        assert_eq!(tries, if engine == Engine::Postgres { 3 } else { 1 }, "{engine:?}: it does not wait for longer");
        let mut callers = JoinSet::new();
        if engine == Engine::Postgres {
            for n in 0..CALLERS {
                callers.spawn(keyed(&p, &instance, &format!("caller-{n}")).send());
            }
            while figure(&p, TIMEOUTS).await == tries {
                tokio::task::yield_now().await;
            }
            others(&p, engine, &instance).await;
        }
        lock.let_go();
        for response in callers.join_all().await {
            let (status, code, again) = refusal(response.unwrap()).await;
            assert!(status == 200 || (status == 503 && code.starts_with("busy.") && again.is_some()), "{engine:?}: {status} {code}");
        }
        // Nothing was stored by the refused call: the repeat is the first that does something.
        let repeat = keyed(&p, &instance, "once").send().await.unwrap();
        assert_eq!((repeat.status().as_u16(), repeat.headers().get("idempotency-hit")), (200, None), "{engine:?}");
        p.settle().await;
        p.verify().await;
    }
}

#[tokio::test]
async fn twenty_callers_on_one_instance_leave_another_buyer_and_the_worker_alone() {
    for engine in engines() {
        let p = Platform::start(setup(engine)).await;
        let (_, instance) = p.buy_open("1m").await;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let mut callers = JoinSet::new();
        for caller in 0..20 {
            let (stopped, calls) = (stopped.clone(), change(&p, &instance));
            callers.spawn(async move {
                let mut done = 0;
                while !*stopped.borrow() {
                    let call = calls.try_clone().unwrap().header("Idempotency-Key", format!("{caller}-{done}"));
                    let (status, code, again) = refusal(call.send().await.unwrap()).await;
                    assert!(status == 200 || (status == 503 && code == "busy.account" && again.is_some()), "{status} {code}");
                    done += 1;
                }
                done
            });
        }
        for _ in 0..10 {
            let order = p.post("buyer2", "/api/v1/orders", json!({ "choice": choice("1m"), "pay": true })).await;
            p.get("nobody", "/api/v1/products").await;
            let number = order["order_number"].as_str().unwrap().to_owned();
            let began = Instant::now();
            while p.get("buyer2", &format!("/api/v1/orders/{number}")).await["state"] != "completed" {
                assert!(began.elapsed().as_secs() < 60, "{engine:?}: the worker does not come round");
            }
        }
        stop.send(true).unwrap();
        assert!(callers.join_all().await.iter().sum::<i32>() > 20, "{engine:?}: they were there");
        p.verify().await;
    }
}

#[tokio::test]
async fn the_software_of_one_licence_takes_its_buyers_share_and_nobody_elses() {
    let p = Platform::start(setup(Engine::Postgres)).await;
    let (order, code) = super::licence_seats::bought(&p, json!({ "seats": 1 }), 1).await;
    let lock = Lock::on(&p, &testkit::instance_of(&order));
    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        let take = p.http.post(format!("{}/api/v1/licence-seats/take", p.url));
        callers.spawn(take.json(&json!({ "code": code, "client": format!("client {n}") })).send());
    }
    while figure(&p, TIMEOUTS).await == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..5 {
        let log_in = p.http.post(format!("{}/api/v1/session", p.url));
        let answer = log_in.json(&json!({ "login": "buyer2@sandbox", "password": "open-sesame-2026" })).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }
    lock.let_go();
    for response in callers.join_all().await {
        let (status, code, _) = refusal(response.unwrap()).await;
        assert!([200, 409].contains(&status) || (status == 503 && code.starts_with("busy.")), "{status} {code}");
    }
    assert_eq!(figure(&p, r#"yunshi_db_refused_total{reason="connections"}"#).await, 0);
    p.verify().await;
}
