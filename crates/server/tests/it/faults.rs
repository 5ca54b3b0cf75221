//! Sellers who are slow, wrong or hostile: each fault has a named outcome, and the money comes back.

use super::{on_both, setup};
use serde_json::{Value, json};
use testdb::Engine;
use testkit::{Platform, Setup, choice, instance_of, number};

/// A platform with short time limits.
async fn hasty(engine: Engine) -> Platform {
    Platform::start(Setup { config: "call_connect_seconds = 0.5\ncall_total_seconds = 0.6\n", ..setup(engine) }).await
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
async fn a_seller_who_never_opens_is_tried_for_three_hours_and_the_money_goes_back() {
    on_both(async |p| {
        p.fault("backup", "code_000005").await;
        let order = p.buy("1m").await;
        p.settle().await;
        assert_eq!(p.balance().await, "999900.00");
        p.advance("170m").await;
        let failed = p.messages("seller").await.iter().filter(|e| *e == "call.failed").count();
        assert!((3..=4).contains(&failed), "a notice at each failure, not {failed}");
        p.advance("15m").await;
        let found = p.order(&order).await;
        assert_eq!(found["state"], "cancelled");
        assert!(found["reason"].as_str().unwrap().starts_with("could not be opened"), "{found}");
        assert_eq!(p.balance().await, "1000000.00");
        assert_eq!(p.instance(&instance_of(&found)).await["state"], "failed");
        assert!(p.messages("buyer").await.contains(&"order.refunded".to_owned()));
        assert!(p.messages("seller").await.contains(&"sale.opening_failed".to_owned()));
        let calls = p.get("seller", &format!("/api/v1/calls?order={}", number(&order))).await;
        assert_eq!((&calls["calls"][0]["state"], &calls["calls"][0]["attempts"]), (&json!("failed"), &json!(4)));
        let restart = format!("/api/v1/calls/{}/restart", calls["calls"][0]["id"].as_str().unwrap());
        assert_eq!(p.refused("seller", &restart, json!({})).await, (409, "call.order_over".into()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn more_than_five_failed_openings_in_a_month_take_the_product_off_sale() {
    on_both(async |p| {
        p.fault("backup", "code_000005").await;
        for _ in 0..5 {
            p.buy("1m").await;
        }
        p.settle().await;
        p.advance("4h").await;
        let visibility = async || p.get("nobody", "/api/v1/products/backup").await["visibility"].as_str().unwrap().to_owned();
        assert_eq!(visibility().await, "on_sale", "five are borne with");
        p.buy("1m").await;
        p.settle().await;
        p.advance("4h").await;
        assert_eq!(visibility().await, "frozen");
        assert_eq!(p.balance().await, "1000000.00");
        let order = json!({ "choice": choice("1m"), "pay": true });
        assert_eq!(p.refused("buyer", "/api/v1/orders", order).await, (409, "product.not_on_sale".into()));
        assert!(p.messages("seller").await.contains(&"product.delisted".to_owned()));
        assert!(p.messages("operator").await.contains(&"product.to_check".to_owned()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_restart_inside_the_window_opens_at_once() {
    on_both(async |p| {
        p.fault("backup", "http_500").await;
        let order = p.buy("1m").await;
        p.settle().await;
        p.fault("backup", "none").await;
        let calls = p.get("seller", &format!("/api/v1/calls?order={}", number(&order))).await;
        let restart = format!("/api/v1/calls/{}/restart", calls["calls"][0]["id"].as_str().unwrap());
        assert_eq!(p.refused("seller2", &restart, json!({})).await, (404, "call.not_found".into()));
        assert_eq!(p.refused("buyer", &restart, json!({})).await.0, 403);
        p.post("seller", &restart, json!({})).await;
        p.settle().await;
        assert_eq!(p.order(&order).await["state"], "completed");
        assert!(p.messages("seller").await.contains(&"call.recovered".to_owned()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn asynchronous_opening_is_polled_until_the_data_come() {
    on_both(async |p| {
        p.fault("backup", "asynchronous").await;
        let order = p.buy("1m").await;
        p.settle().await;
        assert_eq!(p.order(&order).await["state"], "processing");
        p.advance("1m").await;
        let found = p.order(&order).await;
        assert_eq!(found["state"], "completed");
        let calls = p.calls(&instance_of(&found)).await;
        assert_eq!(calls.iter().map(|(a, _)| a.as_str()).collect::<Vec<_>>(), ["newInstance", "queryInstance"]);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn data_that_never_come_end_in_a_refund_and_the_instance_is_released_at_the_sellers() {
    on_both(async |p| {
        p.fault("backup", "no_data").await;
        let order = p.buy("1m").await;
        p.advance("185m").await;
        let found = p.order(&order).await;
        assert_eq!(found["state"], "cancelled");
        assert_eq!(p.balance().await, "1000000.00");
        let calls = p.calls(&instance_of(&found)).await;
        assert_eq!(calls.last().unwrap(), &("releaseInstance".to_owned(), "done".to_owned()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_renewal_that_cannot_be_told_stands_and_reaches_the_operator_after_a_day() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        p.fault("backup", "http_500").await;
        p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        p.advance("3h").await;
        assert_eq!(p.calls(&instance).await.last().unwrap(), &("refreshInstance".to_owned(), "failed".to_owned()));
        assert_eq!(p.instance(&instance).await["expires_at"], "2024-03-05T15:59:59Z", "the buyer has paid: the term stands");
        assert!(p.messages("seller").await.contains(&"call.given_up".to_owned()));
        p.advance("24h").await;
        assert!(p.messages("operator").await.contains(&"call.renewal_stuck".to_owned()));
        p.fault("backup", "none").await;
        let calls = p.get("seller", "/api/v1/calls?state=failed").await;
        p.post("operator", &format!("/api/v1/calls/{}/restart", calls["calls"][0]["id"].as_str().unwrap()), json!({})).await;
        p.settle().await;
        assert_eq!(p.calls(&instance).await.last().unwrap().1, "done");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_that_fails_for_three_hours_is_refunded_and_nothing_changed() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        p.fault("backup", "code_000005").await;
        let order = p.post("buyer", &format!("/api/v1/instances/{instance}/change"), json!({ "sku": "pro/5", "pay": true })).await;
        p.advance("185m").await;
        assert_eq!(p.order(&order).await["state"], "cancelled");
        assert_eq!(p.instance(&instance).await["sku"], "basic/5");
        assert_eq!(p.balance().await, "999900.00");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_failed_freeze_does_not_keep_the_buyer_in_and_later_calls_go_on() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        p.fault("backup", "http_500").await;
        p.advance("33d").await;
        assert_eq!(p.instance(&instance).await["state"], "frozen", "our own state does not wait for the seller");
        assert_eq!(p.calls(&instance).await.last().unwrap().1, "failed");
        p.fault("backup", "none").await;
        p.advance("15d").await;
        assert_eq!(p.calls(&instance).await.last().unwrap(), &("releaseInstance".to_owned(), "done".to_owned()));
        p.verify().await;
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
