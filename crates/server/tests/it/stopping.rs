//! A process that is asked to stop finishes or gives back what is under way (`operations`, stopping).

use super::{held_seller::HeldSeller, on_both, setup};
use serde_json::Value;
use std::time::{Duration, Instant};
use testdb::{Engine, engines};
use testkit::{Node, Platform, Setup, number};

/// A platform with a worker of its own on `PostgreSQL`, where there can be two processes.
async fn begin(engine: Engine, config: &'static str) -> (Platform, Option<Node>, HeldSeller) {
    let role = if engine == Engine::Postgres { "api" } else { "all" };
    let mut p = Platform::start(Setup { config, role, ..setup(engine) }).await;
    let seller = HeldSeller::take_over(&mut p).await;
    let worker = if engine == Engine::Postgres { Some(p.join("worker").await) } else { None };
    (p, worker, seller)
}

/// Asks the process that works to stop; it says so while it finishes.
async fn ask(p: &Platform, worker: Option<&Node>) {
    let url = worker.map_or(&p.url, |w| &w.url);
    match worker {
        Some(worker) => worker.ask_to_stop().await,
        None => p.ask_to_stop().await,
    }
    while p.http.get(format!("{url}/readyz")).send().await.is_ok_and(|answer| answer.status() != 503) {
        tokio::task::yield_now().await;
    }
}

/// Waits for its end, and starts another in its place.
async fn replace(p: &mut Platform, worker: Option<Node>) -> Option<Node> {
    match worker {
        Some(worker) => {
            worker.ended().await;
            Some(p.join("worker").await)
        }
        None => {
            p.ended().await;
            p.run().await;
            None
        }
    }
}

async fn buy_four(p: &Platform, seller: &HeldSeller) -> Vec<Value> {
    seller.answers(false);
    let mut orders = Vec::new();
    for _ in 0..4 {
        orders.push(p.buy("1m").await);
    }
    seller.asked_for(4).await;
    orders
}

/// The outcomes of the attempts at opening an order.
async fn attempts(p: &Platform, order: &Value) -> Vec<Value> {
    let calls = p.get("seller", &format!("/api/v1/calls?order={}", number(order))).await;
    let first = calls["calls"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
    let call = p.get("seller", &format!("/api/v1/calls/{first}")).await;
    call["attempts"].as_array().unwrap().iter().map(|a| a["outcome"].clone()).collect()
}

#[tokio::test]
async fn calls_under_way_are_finished_and_none_is_made_twice() {
    for engine in engines() {
        let (mut p, worker, seller) = begin(engine, "call_total_seconds = 20.0\njob_lease_seconds = 60\n").await;
        let orders = buy_four(&p, &seller).await;
        ask(&p, worker.as_ref()).await;
        seller.answers(true);
        let _worker = replace(&mut p, worker).await;
        for order in &orders {
            p.wait_for(order, "completed").await;
            assert_eq!(attempts(&p, order).await, ["success"], "{engine:?}");
        }
        assert_eq!(seller.created().len(), 4, "{engine:?}: {:?}", seller.created());
        p.verify().await;
    }
}

#[tokio::test]
async fn what_does_not_end_in_time_is_given_back_and_made_again_at_once() {
    for engine in engines() {
        let config = "call_total_seconds = 40.0\njob_lease_seconds = 300\nstop_seconds = 1\n";
        let (mut p, worker, seller) = begin(engine, config).await;
        let orders = buy_four(&p, &seller).await;
        ask(&p, worker.as_ref()).await;
        let _worker = replace(&mut p, worker).await;
        // Long before the leases of the process that is gone would have run out.
        seller.asked_for(8).await;
        seller.answers(true);
        for order in &orders {
            p.wait_for(order, "completed").await;
            assert_eq!(attempts(&p, order).await, [Value::Null, "success".into()], "{engine:?}: the first one's fate is unknown");
        }
        p.verify().await;
    }
}

#[tokio::test]
async fn a_live_tail_keeps_no_process_from_ending() {
    on_both(async |mut p| {
        let tail = p.http.get(format!("{}/api/v1/calls/stream", p.url)).bearer_auth(p.token("seller")).send().await.unwrap();
        let asked = Instant::now();
        p.stop().await;
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
        assert!(tail.text().await.is_ok(), "the stream ends as streams do");
    })
    .await;
}
