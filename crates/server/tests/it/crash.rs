//! A process that is killed in the middle of a busy moment starts again where it stopped: nothing is lost,
//! nothing is done twice.

use super::setup;
use serde_json::json;
use std::time::Duration;
use testdb::engines;
use testkit::{Platform, Setup, choice, instance_of, number};

/// What a killed process held is free again after so long.
const SHORT_LEASE: &str = "call_total_seconds = 3.0\njob_lease_seconds = 8\n";

#[tokio::test]
async fn killed_in_a_busy_moment_nothing_is_lost_and_nothing_done_twice() {
    for engine in engines() {
        let mut p = Platform::start(Setup { config: SHORT_LEASE, ..setup(engine) }).await;
        let mut answered = Vec::new();
        for round in 0..4u64 {
            let body = json!({ "choice": choice("1m"), "pay": true });
            let (http, url, token) = (p.http.clone(), p.url.clone(), p.token("buyer").to_owned());
            let (told, mut orders) = tokio::sync::mpsc::unbounded_channel();
            let buyers: Vec<_> = (0..8)
                .map(|_| {
                    let (http, url, token, body, told) = (http.clone(), url.clone(), token.clone(), body.clone(), told.clone());
                    tokio::spawn(async move {
                        while let Ok(response) = http.post(format!("{url}/api/v1/orders")).bearer_auth(&token).json(&body).send().await {
                            let Ok(order) = response.json::<serde_json::Value>().await else {
                                return;
                            };
                            if told.send(order).is_err() {
                                return;
                            }
                        }
                    })
                })
                .collect();
            drop(told);
            // The cut comes after so many answers, at another place of the work each time.
            let enough = 15 + usize::try_from(round).unwrap() * 7;
            let mut seen = 0;
            while let Ok(Some(order)) = tokio::time::timeout(Duration::from_secs(30), orders.recv()).await {
                answered.push(order);
                seen += 1;
                if seen == enough {
                    p.kill().await;
                }
            }
            for buyer in buyers {
                buyer.await.unwrap();
            }
            p.run().await;
            p.verify().await;
        }
        // A lease of the dead process runs out by wall time on PostgreSQL; on SQLite it is taken back.
        for order in &answered {
            let found = p.wait_for_long(order, "completed").await;
            assert_eq!(found["lines"][0]["instances"].as_array().unwrap().len(), 1, "{}", number(order));
        }
        let seen = p.get("operator", "/api/v1/orders?limit=1&state=completed").await;
        assert_eq!(seen["orders"].as_array().unwrap().len(), 1);
        p.settle().await;
        p.verify().await;
    }
}

/// Cuts the power, starts again, and checks the books.
async fn cut(p: &mut Platform) {
    p.kill().await;
    p.run().await;
    p.verify().await;
}

#[tokio::test]
async fn killed_after_every_step_of_its_life_an_instance_goes_on_as_if_nothing_was() {
    for engine in engines() {
        let mut p = Platform::start(Setup { config: SHORT_LEASE, ..setup(engine) }).await;
        let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice("1m") })).await;
        cut(&mut p).await;
        p.post("buyer", &format!("/api/v1/orders/{}/pay", number(&order)), json!({})).await;
        cut(&mut p).await;
        let order = p.wait_for_long(&order, "completed").await;
        cut(&mut p).await;
        let instance = instance_of(&order);
        let renew = format!("/api/v1/instances/{instance}/renew");
        let renewal = p.post("buyer", &renew, json!({ "period": "1m", "pay": true })).await;
        cut(&mut p).await;
        assert_eq!(p.instance(&instance).await["terms"].as_array().unwrap().len(), 2);
        p.post("buyer", &format!("/api/v1/orders/{}/unsubscribe", number(&renewal)), json!({})).await;
        cut(&mut p).await;
        assert_eq!(p.instance(&instance).await["terms"].as_array().unwrap().len(), 1);
        p.advance("32d").await;
        cut(&mut p).await;
        assert_eq!(p.instance(&instance).await["state"], "frozen");
        p.post("buyer", &renew, json!({ "period": "1m", "pay": true })).await;
        cut(&mut p).await;
        assert_eq!(p.instance(&instance).await["state"], "running");
        p.advance("50d").await;
        cut(&mut p).await;
        assert_eq!(p.instance(&instance).await["state"], "released");
        p.settle().await;
        let calls = p.calls(&instance).await;
        let made: Vec<&str> = calls.iter().map(|(activity, _)| activity.as_str()).collect();
        let expected = [
            "newInstance",
            "queryInstance",
            "refreshInstance",
            "refreshInstance",
            "updateInstanceStatus",
            "refreshInstance",
            "updateInstanceStatus",
            "updateInstanceStatus",
            "releaseInstance",
        ];
        assert_eq!(made, expected, "each call was made once on {engine:?}");
        assert!(calls.iter().all(|(_, state)| state == "done"), "{calls:?}");
        assert_eq!(p.balance().await, "999800.00");
        p.verify().await;
    }
}

#[tokio::test]
async fn an_attempt_that_was_in_flight_is_of_unknown_fate_and_made_again() {
    for engine in engines() {
        let mut p = Platform::start(Setup { config: SHORT_LEASE, ..setup(engine) }).await;
        p.fault("backup", "slow").await;
        let order = p.buy("1m").await;
        let attempts = async |p: &Platform| {
            let calls = p.get("seller", &format!("/api/v1/calls?order={}", number(&order))).await;
            let id = calls["calls"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
            p.get("seller", &format!("/api/v1/calls/{id}")).await["attempts"].as_array().unwrap().clone()
        };
        while attempts(&p).await.is_empty() {
            tokio::task::yield_now().await;
        }
        // Faults are the built-in seller's and end with the process.
        cut(&mut p).await;
        let order = p.wait_for_long(&order, "completed").await;
        let made = attempts(&p).await;
        assert_eq!(made.iter().filter(|a| a["outcome"].is_null()).count(), 1, "{engine:?}: {made:?}");
        assert_eq!(order["lines"][0]["instances"].as_array().unwrap().len(), 1);
        p.verify().await;
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_written_stops_nothing() {
    for engine in engines() {
        let p = Platform::start(Setup { mute: true, ..setup(engine) }).await;
        let order = p.buy("1m").await;
        assert_eq!(p.wait_for(&order, "completed").await["state"], "completed", "the worker goes on");
        let (status, told) = p.send("operator", "GET", "/readyz", None).await;
        assert_eq!((status, &told["ready"], &told["worker"]["ok"]), (200, &json!(true), &json!(true)), "{told}");
    }
}
