//! The life of an order as clients see it: documents, statuses and idempotency keys. Its rules are tested in `app`.

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, choice, instance_of, number};

#[tokio::test]
async fn an_order_its_instance_and_its_calls_are_shown() {
    on_both(async |p| {
        let before = p.balance().await;
        let (order, instance) = p.buy_open("1m").await;
        assert_eq!((before.as_str(), p.balance().await.as_str()), ("1000000.00", "999900.00"));
        assert_eq!(order["total"], json!({ "amount": "100.00", "currency": "CNY" }));
        assert!(number(&order).starts_with("CS2401051000"), "{order}");
        assert_eq!(order["lines"][0]["line_number"], format!("{}-000001", number(&order)));
        let found = p.instance(&instance).await;
        assert_eq!((&found["state"], &found["expires_at"]), (&json!("running"), &json!("2024-02-05T15:59:59Z")));
        assert!(found["app"]["front_end_url"].as_str().unwrap().starts_with("http"));
        assert!(found["app"]["password"].as_str().unwrap().starts_with("pw-"));
        let done = |a: &str| (a.to_owned(), "done".to_owned());
        assert_eq!(p.calls(&instance).await, [done("newInstance"), done("queryInstance")]);
        assert!(p.messages("buyer").await.contains(&"order.opened".to_owned()));
        assert!(p.messages("seller").await.contains(&"sale.opened".to_owned()));
        p.advance("48d").await;
        let released = p.instance(&instance).await;
        assert_eq!((&released["state"], &released["app"]["password"]), (&json!("released"), &Value::Null));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_order_is_paid_and_cancelled_by_its_paths() {
    on_both(async |p| {
        let place = async || p.post("buyer", "/api/v1/orders", json!({ "choice": choice("1m") })).await;
        let (cancelled, paid) = (place().await, place().await);
        assert_eq!(cancelled["state"], "pending_payment");
        let path = |o: &Value, verb: &str| format!("/api/v1/orders/{}/{verb}", number(o));
        assert_eq!(p.post("buyer", &path(&cancelled, "cancel"), json!({})).await["state"], "cancelled");
        p.post("buyer", &path(&paid, "pay"), json!({})).await;
        assert_eq!(p.refused("buyer", &path(&cancelled, "pay"), json!({})).await, (409, "order.not_payable".into()));
        assert_eq!(p.refused("buyer", &path(&paid, "cancel"), json!({})).await, (409, "order.too_late_to_cancel".into()));
        assert_eq!(p.refused("buyer2", &path(&paid, "pay"), json!({})).await, (404, "order.not_found".into()));
        p.settle().await;
        assert_eq!(p.order(&paid).await["state"], "completed");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn renewals_and_their_terms_are_shown_at_the_instance() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        let path = |verb: &str| format!("/api/v1/instances/{instance}/{verb}");
        let renewed = p.post("buyer", &path("renew"), json!({ "period": "1m", "pay": true })).await;
        assert_eq!((&renewed["kind"], &renewed["state"]), (&json!("renew"), &json!("completed")));
        let found = p.instance(&instance).await;
        assert_eq!(found["expires_at"], "2024-03-05T15:59:59Z");
        assert_eq!(
            (&found["terms"][0]["end"], &found["terms"][1]["start"]),
            (&json!("2024-02-05T15:59:59Z"), &json!("2024-02-05T16:00:00Z"))
        );
        assert_eq!((&found["terms"][1]["not_yet_effective"], &found["terms"][1]["paid"]["amount"]), (&json!(true), &json!("100.00")));
        assert_eq!(found["terms"][1]["order_line"], format!("{}-000001", number(&renewed)));
        let open = p.post("buyer", &path("renew"), json!({ "period": "1m" })).await;
        let (status, problem) = p.send("buyer", "POST", &path("renew"), Some(&json!({ "period": "1m" }))).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (409, "instance.open_order"));
        assert!(problem["detail"].as_str().unwrap().contains(number(&open)), "{problem}");
        let set = async |period: Value| p.send("buyer", "PUT", &path("auto-renewal"), Some(&json!({ "period": period }))).await;
        let quote = p.get("buyer", &path("auto-renewal?period=1m")).await;
        assert_eq!(
            (&quote["price"]["amount"], &quote["last"]["amount"], &quote["dearer"]),
            (&json!("100.00"), &json!("100.00"), &json!(false))
        );
        let agree = json!({ "period": "1m", "price": { "amount": "99.00", "currency": "CNY" } });
        let (status, problem) = p.send("buyer", "PUT", &path("auto-renewal"), Some(&agree)).await;
        assert_eq!((status, &problem["code"]), (409, &json!("auto_renewal.price_changed")));
        let on = set(json!("1m")).await.1;
        assert_eq!((&on["auto_renewal"], &on["next_auto_renewal"]), (&json!("1m"), &json!("2024-02-27T02:00:00Z")));
        let off = set(json!(null)).await.1;
        assert_eq!((&off["auto_renewal"], &off["next_auto_renewal"]), (&json!(null), &json!(null)));
        assert_eq!(set(json!("7y")).await.0, 422);
        p.advance("65d").await;
        let (status, problem) = set(json!("1m")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("instance.not_running")));
    })
    .await;
}

#[tokio::test]
async fn a_trial_its_conversion_and_an_upgrade_are_ordered_by_their_paths() {
    on_both(async |p| {
        let trial = json!({ "choice": { "product": "backup", "specification": "standard", "sku": "basic/5", "trial": true } });
        let order = p.post("buyer", "/api/v1/orders", trial.clone()).await;
        assert_eq!((&order["kind"], &order["total"]["amount"]), (&json!("trial"), &json!("0.00")));
        assert_eq!(p.refused("buyer", "/api/v1/orders", trial).await, (409, "trial.had_one".into()));
        p.settle().await;
        let instance = instance_of(&p.order(&order).await);
        let path = |verb: &str| format!("/api/v1/instances/{instance}/{verb}");
        assert_eq!(p.refused("buyer", &path("renew"), json!({ "period": "1m" })).await, (409, "instance.trial".into()));
        let formal = p.post("buyer", &path("convert"), json!({ "period": "1m", "pay": true })).await;
        assert_eq!((&formal["kind"], &formal["state"]), (&json!("trial_to_formal"), &json!("completed")));
        p.settle().await;
        assert_eq!(p.instance(&instance).await["trial"], false);
        assert_eq!(p.get("buyer", &path("change-quote?sku=pro/5")).await["fee"]["amount"], "120.00");
        let change = p.post("buyer", &path("change"), json!({ "sku": "pro/5", "pay": true })).await;
        assert_eq!((&change["kind"], &change["total"]["amount"]), (&json!("change"), &json!("120.00")));
        p.settle().await;
        assert_eq!(p.instance(&instance).await["sku"], "pro/5");
        for (sku, code) in [("pro/5", "change.same"), ("basic/5", "change.not_dearer"), ("none", "sku.not_found")] {
            assert_eq!(p.refused("buyer", &path("change"), json!({ "sku": sku })).await, (422, code.into()));
        }
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_instance_is_frozen_by_the_operator_alone() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        let path = |verb: &str| format!("/api/v1/operator/instances/{instance}/{verb}");
        p.post("operator", &path("freeze"), json!({ "reason": "abuse" })).await;
        p.settle().await;
        let found = p.instance(&instance).await;
        assert_eq!((&found["state"], &found["freeze_cause"]), (&json!("frozen"), &json!("violation")));
        assert_eq!(p.refused("operator", &path("freeze"), json!({ "reason": "again" })).await.0, 409);
        assert_eq!(p.refused("seller", &path("unfreeze"), json!({})).await.0, 403);
        assert_eq!(p.post("operator", &path("unfreeze"), json!({})).await["freeze_cause"], json!(null));
        assert_eq!(p.instance(&instance).await["state"], "running");
    })
    .await;
}

#[tokio::test]
async fn the_time_line_of_an_order_is_found_by_its_sides_alone() {
    on_both(async |p| {
        let (order, instance) = p.buy_open("1m").await;
        let path = format!("/api/v1/orders/{}/timeline", number(&order));
        for (role, kind) in [("buyer", "order.completed"), ("seller", "money.completed"), ("operator", "ledger.posted")] {
            let found = p.get(role, &path).await;
            assert!(found["entries"].as_array().unwrap().iter().any(|e| e["kind"] == kind), "{role}: {found}");
            assert!(!found.to_string().contains("pw-"), "nobody sees a password");
        }
        let seen = p.get("seller", &format!("/api/v1/instances/{instance}/timeline")).await;
        assert!(seen["entries"].as_array().unwrap().iter().any(|e| e["kind"] == "instance.opened"), "{seen}");
        assert_eq!(p.send("buyer2", "GET", &path, None).await.0, 404);
        assert_eq!(p.send("seller2", "GET", &path, None).await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_is_answered_once() {
    on_both(async |p| {
        let body = json!({ "choice": choice("1m"), "pay": true });
        let send = async |body: &serde_json::Value| {
            let request = p.http.post(format!("{}/api/v1/orders", p.url)).bearer_auth(p.token("buyer"));
            let response = request.header("Idempotency-Key", "k-1").json(body).send().await.unwrap();
            let hit = response.headers().contains_key("idempotency-hit");
            (response.status().as_u16(), hit, response.json::<serde_json::Value>().await.unwrap())
        };
        let answers = [send(&body), send(&body), send(&body)];
        let mut numbers = vec![];
        for answer in answers {
            let (status, _, order) = answer.await;
            assert_eq!(status, 200, "{order}");
            numbers.push(number(&order).to_owned());
        }
        numbers.dedup();
        assert_eq!(numbers.len(), 1);
        assert!(send(&body).await.1, "a repeat says that it is one");
        let (status, _, problem) = send(&json!({ "choice": choice("1y"), "pay": true })).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (422, "idempotency.other_inputs"));
        assert_eq!(p.balance().await, "999900.00");
        p.settle().await;
        p.verify().await;
    })
    .await;
}

/// Orders a renewal with change under an idempotency key.
async fn under_a_key(p: &Platform, path: &str, body: &Value) -> Value {
    let request = p.http.post(format!("{}{path}", p.url)).bearer_auth(p.token("buyer")).header("Idempotency-Key", "once").json(body);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_renewal_with_change_is_asked_for_once_under_a_key() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await; // until 5 February
        let path = format!("/api/v1/instances/{instance}/renew");
        let quote = p.get("buyer", &format!("/api/v1/instances/{instance}/renewal-quote?sku=pro/5&period=1m")).await;
        assert_eq!(quote["fee"]["amount"], "340.00");
        let wanted = json!({ "sku": "pro/5", "period": "1m", "pay": true });
        p.fault("backup", "code_000005").await;
        let (status, problem) = p.send("buyer", "POST", &path, Some(&wanted)).await;
        assert_eq!((status, &problem["code"]), (409, &json!("change.refused")));
        assert!(!problem.to_string().contains("000005"), "what the seller's server answered is not the buyer's: {problem}");
        p.fault("backup", "none").await;
        // A client that got no answer repeats with its key: it gets that answer, and the seller is not asked again.
        let answers = [under_a_key(&p, &path, &wanted).await, under_a_key(&p, &path, &wanted).await];
        assert_eq!(answers[0], answers[1]);
        let order = &answers[0];
        assert_eq!((&order["kind"], &order["state"], &order["total"]["amount"]), (&json!("renew"), &json!("completed"), &json!("340.00")));
        p.settle().await;
        let calls = p.calls(&instance).await;
        let calls: Vec<_> = calls[2..].iter().map(|(activity, state)| (activity.as_str(), state.as_str())).collect();
        assert_eq!(calls, [("changeInstanceCheck", "failed"), ("changeInstanceCheck", "done"), ("refreshInstance", "done")]);
        let unsubscribe = format!("/api/v1/orders/{}/unsubscribe", number(order));
        assert_eq!(p.refused("buyer", &unsubscribe, json!({})).await, (409, "refund.change".into()));
        assert_eq!(p.refused("buyer", &path, json!({ "sku": "pro/5", "period": "1m" })).await, (422, "change.same".into()));
        let convert = format!("/api/v1/instances/{instance}/convert");
        assert_eq!(p.refused("buyer", &convert, wanted).await, (422, "change.not_offered".into()));
        p.verify().await;
    })
    .await;
}
