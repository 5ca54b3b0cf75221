//! Two processes over one PostgreSQL: what one does the other sees, and one that is gone takes nothing with it.

use super::{held_seller::HeldSeller, setup};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};
use testdb::Engine;
use testkit::{Node, Platform, Setup, choice, number};
use tokio::{io::copy_bidirectional, net::TcpListener, sync::watch};

async fn begin(role: &'static str, config: &'static str) -> Option<Platform> {
    if !Engine::Postgres.is_wanted() {
        return None;
    }
    Some(Platform::start(Setup { role, config, ..setup(Engine::Postgres) }).await)
}

/// What a node answers to a role.
async fn get(p: &Platform, node: &Node, role: &str, path: &str) -> (u16, Value) {
    let mut request = p.http.get(format!("{}{path}", node.url));
    if role != "nobody" {
        request = request.bearer_auth(p.token(role));
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn until(mut seen: impl AsyncFnMut() -> bool) {
    let asked = Instant::now();
    while !seen().await {
        assert!(asked.elapsed() < Duration::from_secs(30), "it is not seen");
        tokio::task::yield_now().await;
    }
}

/// Places orders until nobody answers or nobody wants to hear of them.
fn shop(p: &Platform, told: &tokio::sync::mpsc::UnboundedSender<Value>) -> Vec<tokio::task::JoinHandle<()>> {
    let body = json!({ "choice": choice("1m"), "pay": true });
    let shopper = |_| {
        let request = p.http.post(format!("{}/api/v1/orders", p.url)).bearer_auth(p.token("buyer")).json(&body);
        let told = told.clone();
        tokio::spawn(async move {
            while let Ok(answer) = request.try_clone().unwrap().send().await {
                let Ok(order) = answer.json::<Value>().await else { return };
                if told.send(order).is_err() {
                    return;
                }
            }
        })
    };
    (0..6).map(shopper).collect()
}

#[tokio::test]
async fn of_an_api_node_and_a_worker_either_may_be_killed_and_nothing_is_lost_or_done_twice() {
    let Some(mut p) = begin("api", "call_total_seconds = 2.0\njob_lease_seconds = 7\n").await else { return };
    let seller = HeldSeller::take_over(&mut p).await;
    let mut worker = p.join("worker").await;
    let mut placed = Vec::new();
    for round in 0..4 {
        let (told, mut orders) = tokio::sync::mpsc::unbounded_channel();
        let shoppers = shop(&p, &told);
        drop(told);
        for _ in 0..15 + 5 * round {
            placed.push(orders.recv().await.expect("an order"));
        }
        if round % 2 == 0 {
            worker.kill().await;
            worker = p.join("worker").await;
        } else {
            p.kill().await;
            p.run().await;
        }
        orders.close();
        while let Some(order) = orders.recv().await {
            placed.push(order);
        }
        for shopper in shoppers {
            shopper.await.unwrap();
        }
    }
    for order in &placed {
        let found = p.wait_for_long(order, "completed").await;
        assert_eq!(found["lines"][0]["instances"].as_array().unwrap().len(), 1, "{}", number(order));
    }
    p.settle().await;
    p.verify().await;
    let lines: BTreeSet<_> = seller.created().into_iter().collect();
    assert!(lines.len() >= placed.len(), "each was opened");
    // What was under way when a worker was killed is of unknown fate and asked for again, four calls of a seller at a time.
    let again = seller.created().len() - lines.len();
    assert!(again <= 2 * 2 * 4, "{again} creations were asked for twice");
}

#[tokio::test]
async fn a_worker_whose_clock_is_ninety_seconds_ahead_takes_no_call_that_another_holds() {
    let Some(mut p) = begin("all", "call_total_seconds = 40.0\njob_lease_seconds = 60\n").await else { return };
    // The seller's clock is between the two, so that both are fresh to it.
    let seller = HeldSeller::take_over_ahead(&mut p, 45_000).await;
    seller.answers(false);
    let mut orders = Vec::new();
    for _ in 0..4 {
        orders.push(p.buy("1m").await);
    }
    seller.asked_for(4).await;
    let _worker = p.join_with("worker", &["--clock-ahead", "90"]).await;
    // The lane of the first worker is full, so this one is taken by the other.
    orders.push(p.buy("1m").await);
    seller.asked_for(5).await;
    seller.answers(true);
    for order in &orders {
        p.wait_for(order, "completed").await;
    }
    let lines: BTreeSet<_> = seller.created().into_iter().collect();
    assert_eq!((lines.len(), seller.created().len()), (5, 5), "each was asked for once");
    p.verify().await;
}

#[tokio::test]
async fn a_clock_that_one_process_moves_moves_in_the_other_too() {
    let Some(p) = begin("all", "").await else { return };
    let worker = p.join("worker").await;
    let moved = p.advance("40d").await;
    let day = moved["now"].as_str().unwrap()[..10].to_owned();
    until(async || get(&p, &worker, "buyer", "/api/v1/sandbox/clock").await.1["now"].as_str().unwrap().starts_with(&day)).await;
    let url = format!("{}/api/v1/sandbox/clock/advance", worker.url);
    let back = p.http.post(url).bearer_auth(p.token("operator")).json(&json!({ "by": "1d" })).send().await.unwrap();
    let day = back.json::<Value>().await.unwrap()["now"].as_str().unwrap()[..10].to_owned();
    until(async || p.get("buyer", "/api/v1/sandbox/clock").await["now"].as_str().unwrap().starts_with(&day)).await;
    p.verify().await;
}

#[tokio::test]
async fn a_worker_shows_in_its_storefront_what_was_changed_elsewhere() {
    let Some(p) = begin("api", "").await else { return };
    let worker = p.join("worker").await;
    let shown = async || get(&p, &worker, "nobody", "/api/v1/products?q=backup").await.1.to_string().contains("\"backup\"");
    until(shown).await;
    let id = p.get("nobody", "/api/v1/products/backup").await["id"].as_str().unwrap().to_owned();
    p.post("operator", &format!("/api/v1/operator/products/{id}/freeze"), json!({ "reason": "looked at" })).await;
    until(async || !shown().await).await;
}

/// Passes bytes on between processes and the database until it is told to hold them.
async fn pass_on(to: String) -> (u16, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (hold, held) = watch::channel(false);
    tokio::spawn(async move {
        let to = Arc::new(to);
        while let Ok((mut from, _)) = listener.accept().await {
            let (to, mut held) = (to.clone(), held.clone());
            tokio::spawn(async move {
                let Ok(mut database) = tokio::net::TcpStream::connect(to.as_str()).await else { return };
                loop {
                    tokio::select! {
                        _ = copy_bidirectional(&mut from, &mut database) => return,
                        _ = held.wait_for(|held| *held) => {}
                    }
                    if held.wait_for(|held| !*held).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, hold)
}

#[tokio::test]
async fn readiness_is_answered_within_seconds_while_the_database_is_gone() {
    let Some(mut p) = begin("all", "").await else { return };
    p.stop().await;
    let url = url::Url::parse(p.database()).unwrap();
    let (port, hold) = pass_on(format!("127.0.0.1:{}", url.port().unwrap())).await;
    p.through(&format!("postgres://yunshi@127.0.0.1:{port}{}", url.path()));
    p.run().await;
    hold.send_replace(true);
    for _ in 0..2 {
        let asked = Instant::now();
        let (status, told) = p.send("operator", "GET", "/readyz", None).await;
        assert_eq!((status, &told["database"]["ok"]), (503, &json!(false)), "{told}");
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    }
    hold.send_replace(false);
    until(async || p.send("operator", "GET", "/readyz", None).await.0 == 200).await;
    hold.send_replace(true);
    let asked = Instant::now();
    p.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(30), "it ends without its database too: {:?}", asked.elapsed());
}

/// A database that can only be read, as a standby: a node answers what it can, and says that it is not ready.
#[tokio::test]
async fn a_node_over_a_standby_reads_and_refuses_to_write() {
    let Some(mut p) = begin("all", "").await else { return };
    p.stop().await;
    let name = url::Url::parse(p.database()).unwrap().path().trim_start_matches('/').to_owned();
    p.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    let serve = |role: &str, port: u16| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_yunshi"));
        command.args(["serve", "--role", role, "--migrate", "check", "--listen", &format!("127.0.0.1:{port}"), "--database", p.database()]);
        command.arg("--files").arg(p.data().join("files")).current_dir(p.data()).kill_on_drop(true);
        command
    };
    let refused = serve("worker", 0).output().await.unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("can only be read"), "{said}");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _node = serve("api", port).stderr(std::process::Stdio::null()).spawn().unwrap();
    p.url = format!("http://127.0.0.1:{port}");
    until(async || p.http.get(format!("{}/healthz", p.url)).send().await.is_ok()).await;
    let (status, told) = p.send("nobody", "GET", "/readyz", None).await;
    assert_eq!((status, &told["database"]["read_only"]), (503, &json!(true)), "{told}");
    assert_eq!(p.get("nobody", "/api/v1/products/backup").await["key"], "backup");
    let order = json!({ "choice": choice("1m"), "pay": true });
    assert_eq!(p.refused("buyer", "/api/v1/orders", order).await, (503, "database.read_only".to_owned()));
}
