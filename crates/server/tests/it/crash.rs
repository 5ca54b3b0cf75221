//! A process that is killed in the middle of a busy moment starts again where it stopped: nothing is lost,
//! nothing is done twice.

use super::setup;
use serde_json::json;
use std::time::Duration;
use testdb::ENGINES;
use testkit::{Platform, choice, number};

#[tokio::test]
async fn killed_in_a_busy_moment_nothing_is_lost_and_nothing_done_twice() {
    for engine in ENGINES {
        let mut p = Platform::start(setup(engine)).await;
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
