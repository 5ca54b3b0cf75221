//! Sellers who are slow, wrong or hostile, over real connections; what follows from each fault is tested in `app`.

use super::{on_both, setup};
use serde_json::{Value, json};
use testdb::Engine;
use testkit::{Platform, Setup, choice, number};

/// A platform with short time limits.
async fn hasty(engine: Engine) -> Platform {
    Platform::start(Setup { config: "call_connect_seconds = 0.5\ncall_total_seconds = 0.6\n", ..setup(engine) }).await
}

#[tokio::test]
async fn every_fault_has_a_named_outcome() {
    let p = hasty(Engine::Sqlite).await;
    for (fault, outcome) in [
        ("time_out", "timed_out"),
        ("slow", "timed_out"),
        ("never_ending", "timed_out"),
        ("http_500", "http_status"),
        ("wrong_signature", "authentication_failed"),
        ("code_000002", "invalid_parameter"),
        ("code_000005", "internal_error"),
        ("code_000100", "no_resource"),
        ("not_json", "not_json"),
        ("truncated", "not_json"),
        ("huge", "too_large"),
        ("redirect", "redirect"),
        ("no_instance_id", "field_missing"),
    ] {
        p.fault("backup", fault).await;
        let order = p.buy("1m").await;
        p.settle().await;
        let calls = p.get("seller", &format!("/api/v1/calls?order={}", number(&order))).await;
        let id = calls["calls"][0]["id"].as_str().unwrap();
        let call = p.get("seller", &format!("/api/v1/calls/{id}")).await;
        assert_eq!(call["attempts"][0]["outcome"], outcome, "{fault}: {call}");
        assert_eq!(p.order(&order).await["state"], "processing");
    }
    p.fault("backup", "none").await;
    p.advance("65m").await;
    let open = p.get("buyer", "/api/v1/orders?state=processing").await;
    assert_eq!(open["orders"].as_array().unwrap().len(), 0, "all were opened by the next try");
    p.verify().await;
}

#[tokio::test]
async fn a_message_is_shown_with_its_attempts_and_restarted_by_its_seller() {
    on_both(async |p| {
        p.fault("backup", "code_000005").await;
        let order = p.buy("1m").await;
        p.settle().await;
        let calls = p.get("seller", &format!("/api/v1/calls?order={}", number(&order))).await;
        let call = &calls["calls"][0];
        assert_eq!((&call["activity"], &call["state"], &call["attempts"]), (&json!("newInstance"), &json!("due"), &json!(1)));
        let restart = format!("/api/v1/calls/{}/restart", call["id"].as_str().unwrap());
        assert_eq!(p.refused("seller2", &restart, json!({})).await, (404, "call.not_found".into()));
        assert_eq!(p.refused("buyer", &restart, json!({})).await.0, 403);
        p.advance("185m").await;
        let found = p.order(&order).await;
        assert_eq!(found["state"], "cancelled");
        assert_eq!(found["reason"], "could not be opened", "what was answered is the seller's to know");
        assert_eq!((&found["money"]["place"], &found["money"]["next"]), (&json!("wallet"), &json!("order_again")));
        let order = format!("/api/v1/orders/{}", number(&found));
        let instance = format!("/api/v1/instances/{}", found["instance_id"].as_str().unwrap());
        let theirs = p.get("seller", &order).await;
        assert!(theirs["reason"].as_str().unwrap().starts_with("could not be opened: resultCode 000005"), "{theirs}");
        for path in [&order, &format!("{order}/timeline"), &instance, &format!("{instance}/timeline"), "/api/v1/orders", "/api/v1/inbox"] {
            let read = p.get("buyer", path).await.to_string();
            assert!(!read.contains("resultCode") && !read.contains("000005"), "{path}: {read}");
        }
        assert_eq!(p.refused("seller", &restart, json!({})).await, (409, "call.order_over".into()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn several_messages_are_restarted_and_one_that_cannot_be_keeps_none_back() {
    on_both(async |p| {
        let (_, one) = p.buy_open("1m").await;
        let (_, two) = p.buy_open("1m").await;
        p.fault("backup", "code_000005").await;
        for instance in [&one, &two] {
            p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        }
        p.advance("3h").await;
        let failed = p.get("seller", "/api/v1/calls?state=failed").await;
        let mut ids: Vec<Value> = failed["calls"].as_array().unwrap().iter().map(|c| c["id"].clone()).collect();
        assert_eq!(ids.len(), 2, "{failed}");
        let done = p.get("seller", "/api/v1/calls?state=done").await["calls"][0]["id"].clone();
        ids.push(done);
        p.fault("backup", "none").await;
        let answer = p.post("seller", "/api/v1/calls/restart", json!({ "ids": ids })).await;
        let went: Vec<bool> = answer["calls"].as_array().unwrap().iter().map(|c| c["restarted"].as_bool().unwrap()).collect();
        assert_eq!((went, &answer["calls"][2]["code"]), (vec![true, true, false], &json!("call.state")), "{answer}");
        p.settle().await;
        assert_eq!(p.get("seller", "/api/v1/calls?state=failed").await["calls"], json!([]));
        let others = p.post("seller2", "/api/v1/calls/restart", json!({ "ids": ids })).await;
        assert!(others["calls"].as_array().unwrap().iter().all(|c| c["code"] == "call.not_found"), "{others}");
        assert_eq!(p.refused("seller", "/api/v1/calls/restart", json!({ "ids": [] })).await, (422, "calls.how_many".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_product_that_was_taken_off_sale_is_shown_frozen_and_not_sold() {
    on_both(async |p| {
        p.fault("backup", "code_000005").await;
        for _ in 0..6 {
            p.buy("1m").await;
        }
        p.advance("4h").await;
        assert_eq!(p.get("nobody", "/api/v1/products/backup").await["visibility"], "frozen");
        let order = json!({ "choice": choice("1m"), "pay": true });
        assert_eq!(p.refused("buyer", "/api/v1/orders", order).await, (409, "product.not_on_sale".into()));
    })
    .await;
}

#[tokio::test]
async fn a_dead_seller_does_not_delay_another_ones_order() {
    let p = Platform::start(setup(Engine::Sqlite)).await;
    p.fault("backup", "time_out").await;
    for _ in 0..60 {
        p.buy("1m").await;
    }
    let choice = json!({ "product": "archive", "specification": "standard", "sku": "starter", "period": "1m" });
    let other = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    p.wait_for(&other, "completed").await;
    // It overtook: calls that were due before it have not been sent yet.
    let calls = p.get("operator", "/api/v1/calls?state=due&limit=100").await;
    let unsent = calls["calls"].as_array().unwrap().iter().filter(|c| c["attempts"] == 0).count();
    assert!(unsent > 20, "only {unsent} calls of the dead seller still wait");
}
