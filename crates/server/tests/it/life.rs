//! Each row of the life of an order (order-life 2–4).

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, choice, instance_of, number};

#[tokio::test]
async fn a_paid_order_opens_completes_and_settles() {
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
        let seller = p.messages("seller").await;
        assert!(seller.contains(&"sale.bought".to_owned()) && seller.contains(&"sale.opened".to_owned()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_unpaid_order_waits_is_paid_cancelled_or_runs_out() {
    on_both(async |p| {
        let place = async || p.post("buyer", "/api/v1/orders", json!({ "choice": choice("1m") })).await;
        let (cancelled, forgotten, paid) = (place().await, place().await, place().await);
        assert_eq!(cancelled["state"], "pending_payment");
        let path = |o: &serde_json::Value, verb: &str| format!("/api/v1/orders/{}/{verb}", number(o));
        assert_eq!(p.post("buyer", &path(&cancelled, "cancel"), json!({})).await["state"], "cancelled");
        p.post("buyer", &path(&paid, "pay"), json!({})).await;
        assert_eq!(p.refused("buyer", &path(&cancelled, "pay"), json!({})).await, (409, "order.not_payable".into()));
        assert_eq!(p.refused("buyer", &path(&paid, "cancel"), json!({})).await, (409, "order.too_late_to_cancel".into()));
        p.advance("7d").await;
        assert_eq!(p.order(&forgotten).await["state"], "cancelled");
        assert_eq!(p.order(&paid).await["state"], "completed");
        assert_eq!(p.balance().await, "999900.00");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_renewal_appends_a_term_and_keeps_the_day_of_the_month() {
    on_both(async |p| {
        p.advance("26d").await; // 31 January
        let (_, instance) = p.buy_open("1m").await;
        assert_eq!(p.instance(&instance).await["expires_at"], "2024-02-29T15:59:59Z");
        let renewed = p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        assert_eq!((&renewed["kind"], &renewed["state"]), (&json!("renew"), &json!("completed")));
        p.settle().await;
        let found = p.instance(&instance).await;
        assert_eq!(found["expires_at"], "2024-03-31T15:59:59Z");
        assert_eq!(found["terms"][0]["end"], "2024-02-29T15:59:59Z");
        assert_eq!(found["terms"][1]["start"], "2024-02-29T16:00:00Z");
        assert_eq!(found["terms"][1]["not_yet_effective"], true);
        assert_eq!(p.calls(&instance).await.last().unwrap(), &("refreshInstance".to_owned(), "done".to_owned()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_expired_instance_is_frozen_kept_fifteen_days_and_released() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        p.advance("31d").await;
        assert_eq!(p.instance(&instance).await["state"], "running");
        let reminders = p.messages("buyer").await.iter().filter(|e| *e == "instance.ends").count();
        assert_eq!(reminders, 4, "15, 7, 3 and 1 days before");
        p.advance("24h").await;
        let frozen = p.instance(&instance).await;
        assert_eq!((&frozen["state"], &frozen["freeze_cause"]), (&json!("frozen"), &json!("expired")));
        p.advance("14d").await;
        assert_eq!(p.instance(&instance).await["state"], "frozen");
        p.advance("24h").await;
        let released = p.instance(&instance).await;
        assert_eq!(released["state"], "released");
        assert_eq!(released["app"]["password"], serde_json::Value::Null, "log-in data are wiped");
        let calls: Vec<_> = p.calls(&instance).await.into_iter().map(|(a, _)| a).collect();
        assert_eq!(calls, ["newInstance", "queryInstance", "updateInstanceStatus", "releaseInstance"]);
        assert!(p.messages("buyer").await.contains(&"instance.released".to_owned()));
        let renewal = p.refused("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m" })).await;
        assert_eq!(renewal, (409, "instance.not_renewable".into()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_frozen_instance_that_is_renewed_works_again() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        p.advance("35d").await;
        assert_eq!(p.instance(&instance).await["state"], "frozen");
        p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        let found = p.instance(&instance).await;
        assert_eq!((&found["state"], &found["expires_at"]), (&json!("running"), &json!("2024-03-05T15:59:59Z")));
        let calls: Vec<_> = p.calls(&instance).await.into_iter().map(|(a, _)| a).collect();
        assert_eq!(calls[2..], ["updateInstanceStatus", "refreshInstance", "updateInstanceStatus"]);
        p.advance("20d").await;
        assert_eq!(p.instance(&instance).await["state"], "running", "the former release timer is gone");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_trial_is_free_once_and_becomes_formal() {
    on_both(async |p| {
        let trial = json!({ "choice": { "product": "backup", "specification": "standard", "sku": "basic/5", "trial": true } });
        let order = p.post("buyer", "/api/v1/orders", trial.clone()).await;
        assert_eq!((&order["kind"], &order["total"]["amount"]), (&json!("trial"), &json!("0.00")));
        assert_eq!(p.refused("buyer", "/api/v1/orders", trial).await, (409, "trial.had_one".into()));
        p.settle().await;
        let instance = instance_of(&p.order(&order).await);
        assert_eq!(p.instance(&instance).await["expires_at"], "2024-01-19T15:59:59Z");
        let renewal = p.refused("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m" })).await;
        assert_eq!(renewal.1, "instance.trial");
        p.advance("5d").await;
        let formal = p.post("buyer", &format!("/api/v1/instances/{instance}/convert"), json!({ "period": "1m", "pay": true })).await;
        assert_eq!((&formal["kind"], &formal["state"]), (&json!("trial_to_formal"), &json!("completed")));
        p.settle().await;
        let found = p.instance(&instance).await;
        assert_eq!((&found["trial"], &found["expires_at"]), (&json!(false), &json!("2024-02-10T15:59:59Z")));
        assert_eq!(p.balance().await, "999900.00");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_costs_the_documented_fee_and_keeps_the_end() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        let quote = p.get("buyer", &format!("/api/v1/instances/{instance}/change-quote?sku=pro/5")).await;
        assert_eq!(quote["fee"]["amount"], "120.00", "all days are to come on the first day");
        p.advance("15d").await; // 20 January: 16 of 31 days are to come
        let path = format!("/api/v1/instances/{instance}/change");
        let order = p.post("buyer", &path, json!({ "sku": "pro/5", "pay": true })).await;
        // round(220.00 × 16/31) − round(100.00 × 16/31) = 113.55 − 51.61
        assert_eq!((&order["kind"], &order["total"]["amount"]), (&json!("change"), &json!("61.94")));
        p.settle().await;
        let found = p.instance(&instance).await;
        assert_eq!((&found["sku"], &found["expires_at"]), (&json!("pro/5"), &json!("2024-02-05T15:59:59Z")));
        assert_eq!(p.order(&order).await["state"], "completed");
        for (sku, code) in [("pro/5", "change.same"), ("basic/5", "change.not_dearer"), ("none", "sku.not_found")] {
            assert_eq!(p.refused("buyer", &path, json!({ "sku": sku })).await, (422, code.into()));
        }
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn only_one_open_order_per_instance_and_the_second_names_it() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        let path = format!("/api/v1/instances/{instance}/renew");
        let open = p.post("buyer", &path, json!({ "period": "1m" })).await;
        let (status, problem) = p.send("buyer", "POST", &path, Some(&json!({ "period": "1m" }))).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (409, "instance.open_order"));
        assert!(problem["detail"].as_str().unwrap().contains(number(&open)), "{problem}");
        p.post("buyer", &format!("/api/v1/orders/{}/cancel", number(&open)), json!({})).await;
        p.post("buyer", &path, json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn the_operator_freezes_for_a_violation_and_lifts_it() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        let path = |verb: &str| format!("/api/v1/operator/instances/{instance}/{verb}");
        p.post("operator", &path("freeze"), json!({ "reason": "abuse" })).await;
        p.settle().await;
        let found = p.instance(&instance).await;
        assert_eq!((&found["state"], &found["freeze_cause"]), (&json!("frozen"), &json!("violation")));
        assert_eq!(p.refused("operator", &path("freeze"), json!({ "reason": "again" })).await.0, 409);
        p.post("operator", &path("unfreeze"), json!({})).await;
        p.settle().await;
        assert_eq!(p.instance(&instance).await["state"], "running");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_freeze_for_a_violation_outlasts_the_term_and_a_renewal() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await; // until 5 February
        let path = |verb: &str| format!("/api/v1/operator/instances/{instance}/{verb}");
        let cause = async || p.instance(&instance).await["freeze_cause"].clone();
        p.post("operator", &path("freeze"), json!({ "reason": "abuse" })).await;
        p.advance("33d").await;
        assert_eq!(cause().await, "violation");
        let renew = format!("/api/v1/instances/{instance}/renew");
        p.post("buyer", &renew, json!({ "period": "1m", "pay": true })).await;
        assert_eq!((cause().await, p.instance(&instance).await["state"].clone()), (json!("violation"), json!("frozen")));
        p.advance("30d").await; // the renewed term is over too
        assert_eq!(p.post("operator", &path("unfreeze"), json!({})).await["freeze_cause"], "expired", "now for its end");
        p.post("buyer", &renew, json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        assert_eq!(p.instance(&instance).await["state"], "running");
        assert_eq!(p.calls(&instance).await.last().unwrap().0, "updateInstanceStatus");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn the_time_line_tells_each_role_what_it_may_know() {
    on_both(async |p| {
        let (order, _) = p.buy_open("1m").await;
        let path = format!("/api/v1/orders/{}/timeline", number(&order));
        let kinds = async |role: &str| {
            let found = p.get(role, &path).await;
            let entries = found["entries"].as_array().unwrap().clone();
            (entries.iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), found.to_string())
        };
        let (buyer, buyer_text) = kinds("buyer").await;
        for kind in ["order.created", "order.paid", "call.succeeded", "instance.opened", "order.completed"] {
            assert!(buyer.contains(&kind.to_owned()), "{kind} is not in {buyer:?}");
        }
        assert!(!buyer_text.contains("money.completed") && !buyer_text.contains("ledger"));
        let (seller, _) = kinds("seller").await;
        assert!(seller.contains(&"money.completed".to_owned()));
        let (operator, _) = kinds("operator").await;
        assert!(operator.contains(&"ledger.posted".to_owned()));
        let all = format!("{buyer_text}{}{}", kinds("seller").await.1, kinds("operator").await.1);
        assert!(!all.contains("pw-"), "nobody sees a password");
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

/// Automatic renewal as its buyer sets it: the status and the answer.
async fn auto_renewal(p: &Platform, instance: &str, period: Option<&str>) -> (u16, Value) {
    p.send("buyer", "PUT", &format!("/api/v1/instances/{instance}/auto-renewal"), Some(&json!({ "period": period }))).await
}

#[tokio::test]
async fn an_instance_is_renewed_automatically_seven_days_before_its_end() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await; // until 5 February
        let (_, on) = auto_renewal(&p, &instance, Some("1m")).await;
        assert_eq!((&on["auto_renewal"], &on["next_auto_renewal"]), (&json!("1m"), &json!("2024-01-29T02:00:00Z")));
        p.advance("25d").await;
        let renewed = p.instance(&instance).await;
        assert_eq!(
            (&renewed["expires_at"], &renewed["next_auto_renewal"]),
            (&json!("2024-03-05T15:59:59Z"), &json!("2024-02-27T02:00:00Z"))
        );
        assert_eq!(p.balance().await, "999800.00");
        assert_eq!(p.calls(&instance).await.last().unwrap(), &("refreshInstance".to_owned(), "done".to_owned()));
        assert!(p.messages("buyer").await.contains(&"order.renewed".to_owned()));
        // Who gives a renewal back wants no more of them.
        let order = renewed["terms"][1]["order_line"].as_str().unwrap().split_once('-').unwrap().0.to_owned();
        p.post("buyer", &format!("/api/v1/orders/{order}/unsubscribe"), json!({})).await;
        let off = p.instance(&instance).await;
        assert_eq!((&off["auto_renewal"], &off["next_auto_renewal"]), (&json!(null), &json!(null)));
        p.advance("12d").await;
        assert_eq!(p.instance(&instance).await["state"], "frozen");
        let (status, problem) = auto_renewal(&p, &instance, Some("1m")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("instance.not_running")));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn each_failed_try_of_an_automatic_renewal_is_told_and_the_last_switches_it_off() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await; // until 5 February
        auto_renewal(&p, &instance, Some("1m")).await;
        let told = async || {
            let all = p.messages("buyer").await;
            ["refused", "short", "off"].map(|what| all.iter().filter(|e| **e == format!("auto_renewal.{what}")).count())
        };
        p.advance("23d").await;
        // A renewal that waits for payment is in the way of the first try.
        let waiting = p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1y" })).await;
        p.advance("24h").await;
        assert_eq!(told().await, [1, 0, 0]);
        p.post("buyer", &format!("/api/v1/orders/{}/cancel", number(&waiting)), json!({})).await;
        for quantity in [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 999] {
            let choice =
                json!({ "product": "backup", "specification": "standard", "sku": "basic/5", "period": "1m", "quantity": quantity });
            p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
        }
        assert_eq!(p.balance().await, "0.00");
        p.advance("4d").await;
        assert_eq!(told().await, [1, 1, 0], "3 days before");
        p.advance("48h").await;
        assert_eq!(told().await, [1, 2, 0], "1 day before");
        assert_eq!(p.instance(&instance).await["next_auto_renewal"], "2024-02-05T02:00:00Z");
        p.advance("24h").await;
        assert_eq!(told().await, [1, 3, 1], "on the last day");
        assert_eq!(p.instance(&instance).await["auto_renewal"], json!(null));
        let seen = p.get("seller", &format!("/api/v1/instances/{instance}/timeline")).await.to_string();
        assert!(seen.contains("auto_renewal_failed") && !seen.contains("100.00 of") && !seen.contains("CNY 0.00"), "{seen}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn automatic_renewal_is_refused_where_nothing_can_be_renewed_and_may_come_late() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        let (status, problem) = auto_renewal(&p, &instance, Some("7y")).await;
        assert_eq!(status, 422, "{problem}");
        assert_eq!(auto_renewal(&p, &instance, None).await.0, 200, "it was off already");
        let trial = json!({ "choice": { "product": "backup", "specification": "standard", "sku": "basic/5", "trial": true } });
        let trial = p.post("buyer", "/api/v1/orders", trial).await;
        p.settle().await;
        let (status, problem) = auto_renewal(&p, &instance_of(&p.order(&trial).await), Some("1m")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("instance.trial")));
        p.advance("31d").await; // 5 February, 10:00: the hour of the last try has come.
        assert_eq!(auto_renewal(&p, &instance, Some("1m")).await.0, 200);
        p.settle().await;
        assert_eq!(p.instance(&instance).await["expires_at"], "2024-03-05T15:59:59Z");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_renewal_with_change_asks_the_seller_first_and_costs_the_term_and_the_difference() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await; // until 5 February
        let path = format!("/api/v1/instances/{instance}/renew");
        let quote = p.get("buyer", &format!("/api/v1/instances/{instance}/renewal-quote?sku=pro/5&period=1m")).await;
        assert_eq!(quote["fee"]["amount"], "340.00", "220.00 for the month to come, 120.00 for all days of this one");
        let order = p.post("buyer", &path, json!({ "sku": "pro/5", "period": "1m", "pay": true })).await;
        assert_eq!((&order["kind"], &order["state"], &order["total"]["amount"]), (&json!("renew"), &json!("completed"), &json!("340.00")));
        p.settle().await;
        let found = p.instance(&instance).await;
        assert_eq!((&found["sku"], &found["expires_at"]), (&json!("pro/5"), &json!("2024-03-05T15:59:59Z")));
        let paid: Vec<_> = found["terms"].as_array().unwrap().iter().map(|t| t["paid"]["amount"].as_str().unwrap()).collect();
        assert_eq!(paid, ["220.00", "220.00"]);
        let done = |a: &str| (a.to_owned(), "done".to_owned());
        assert_eq!(p.calls(&instance).await[2..], [done("changeInstanceCheck"), done("refreshInstance")]);
        let calls = p.get("seller", &format!("/api/v1/calls?instance={instance}&activity=refreshInstance")).await;
        let call = p.get("seller", &format!("/api/v1/calls/{}", calls["calls"][0]["id"].as_str().unwrap())).await;
        let sent = call["attempts_made"].to_string() + &call.to_string();
        assert!(sent.contains("RENEWAL_CHANGE") && sent.contains("productId"), "{call}");
        let unsubscribe = format!("/api/v1/orders/{}/unsubscribe", number(&order));
        assert_eq!(p.refused("buyer", &unsubscribe, json!({})).await, (409, "refund.change".into()), "it is effective at once");
        // A client that heard no answer asks again with its key: it hears that answer, and the seller is not asked again.
        let smaller = json!({ "sku": "basic/5", "period": "1m", "pay": true });
        let mut answers = vec![];
        for _ in 0..2 {
            let request =
                p.http.post(format!("{}{path}", p.url)).bearer_auth(p.token("buyer")).header("Idempotency-Key", "once").json(&smaller);
            answers.push(request.send().await.unwrap().json::<Value>().await.unwrap());
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0]["total"]["amount"], "100.00", "the difference to a smaller one is not given back");
        p.settle().await;
        assert_eq!(p.calls(&instance).await[4..], [done("changeInstanceCheck"), done("refreshInstance")]);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_renewal_with_a_change_that_the_seller_refuses_changes_nothing_and_leaves_a_message() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        let path = format!("/api/v1/instances/{instance}/renew");
        let wanted = json!({ "sku": "pro/5", "period": "1m", "pay": true });
        let before = p.instance(&instance).await;
        for fault in ["code_000005", "http_500", "not_json", "wrong_signature"] {
            p.fault("backup", fault).await;
            assert_eq!(p.refused("buyer", &path, wanted.clone()).await, (409, "change.refused".into()), "{fault}");
        }
        p.fault("backup", "none").await;
        assert_eq!(p.instance(&instance).await, before);
        assert_eq!(p.balance().await, "999900.00");
        let calls = p.get("seller", &format!("/api/v1/calls?instance={instance}&state=failed")).await;
        let failed = calls["calls"].as_array().unwrap();
        assert_eq!(failed.len(), 4, "{calls}");
        let restart = format!("/api/v1/calls/{}/restart", failed[0]["id"].as_str().unwrap());
        assert_eq!(p.refused("seller", &restart, json!({})).await, (409, "call.order_over".into()));
        for (body, status, code) in [
            (json!({ "sku": "basic/5", "period": "1m" }), 422, "change.same"),
            (json!({ "sku": "none", "period": "1m" }), 422, "sku.not_found"),
            (json!({ "sku": "pro/5", "period": "7d" }), 422, "price.not_sold_per"),
        ] {
            assert_eq!(p.refused("buyer", &path, body).await, (status, code.into()));
        }
        let archive = json!({ "product": "archive", "specification": "standard", "sku": "starter", "period": "1m" });
        let other = p.post("buyer", "/api/v1/orders", json!({ "choice": archive, "pay": true })).await;
        p.settle().await;
        let other = format!("/api/v1/instances/{}/renew", instance_of(&p.order(&other).await));
        assert_eq!(p.refused("buyer", &other, json!({ "sku": "team", "period": "1m" })).await, (409, "change.not_offered".into()));
        p.verify().await;
    })
    .await;
}
