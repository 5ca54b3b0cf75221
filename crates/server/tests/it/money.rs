//! Refunds and bills, to the cent (order-life 5, money 1).

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, choice, instance_of, number};

fn unsubscribe(order: &Value) -> String {
    format!("/api/v1/orders/{}/unsubscribe", number(order))
}

/// Amount and kind of the lines of the only bill of a month.
async fn bill(p: &Platform, month: &str) -> (String, Vec<(String, String)>) {
    let bills = p.get("seller", &format!("/api/v1/bills?month={month}")).await;
    assert_eq!(bills["bills"].as_array().unwrap().len(), 1, "{bills}");
    let id = bills["bills"][0]["id"].as_str().unwrap();
    let bill = p.get("seller", &format!("/api/v1/bills/{id}")).await;
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let lines = bill["lines"].as_array().unwrap().iter().map(|l| (text(&l["kind"]), text(&l["amount"]["amount"]))).collect();
    (text(&bill["total"]["amount"]), lines)
}

#[tokio::test]
async fn case_a_a_renewal_not_yet_effective_is_refunded_and_the_bill_adds_up_to_nothing() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        let renewal = p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1y", "pay": true })).await;
        assert_eq!(p.balance().await, "998900.00");
        let given = p.post("buyer", &unsubscribe(&renewal), json!({})).await;
        assert_eq!((&given["kind"], &given["total"]["amount"]), (&json!("unsubscribe"), &json!("-1000.00")));
        assert_eq!(p.balance().await, "999900.00");
        p.settle().await;
        let found = p.instance(&instance).await;
        assert_eq!((&found["expires_at"], &found["state"]), (&json!("2024-02-05T15:59:59Z"), &json!("running")));
        assert_eq!(p.calls(&instance).await.last().unwrap().0, "refreshInstance");
        p.advance("33d").await;
        let (total, lines) = bill(&p, "2024-01").await;
        let expected = [("original", "100.00"), ("original", "1000.00"), ("refund", "-1000.00")];
        let mut sorted = lines.clone();
        sorted.sort();
        assert_eq!(sorted, expected.map(|(k, a)| (k.to_owned(), a.to_owned())));
        assert_eq!(total, "95.00", "the first month less 5 % fee; the renewal nets to zero");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn case_b_a_year_by_the_month_unsubscribed_after_two_days() {
    on_both(async |p| {
        let (order, instance) = p.buy_open("12m").await; // 5 January 2024
        assert_eq!(order["total"]["amount"], "1200.00");
        p.advance("48h").await; // 7 January
        p.post("buyer", &unsubscribe(&order), json!({})).await;
        assert_eq!(p.balance().await, "1000000.00");
        p.settle().await;
        assert_eq!(p.instance(&instance).await["state"], "released");
        assert_eq!(p.calls(&instance).await.last().unwrap(), &("releaseInstance".to_owned(), "done".to_owned()));
        p.advance("33d").await;
        let (total, lines) = bill(&p, "2024-01").await;
        assert_eq!(lines, [("original", "1200.00"), ("refund", "-1200.00")].map(|(k, a)| (k.to_owned(), a.to_owned())));
        assert_eq!(total, "0.00");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn after_five_days_a_purchase_stays_and_the_refusal_names_the_rule() {
    on_both(async |p| {
        let (order, instance) = p.buy_open("1m").await;
        assert_eq!(p.refused("buyer2", &unsubscribe(&order), json!({})).await.0, 404);
        p.advance("6d").await;
        let (status, problem) = p.send("buyer", "POST", &unsubscribe(&order), Some(&json!({}))).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (409, "refund.five_days_over"));
        assert!(problem["detail"].as_str().unwrap().contains("2024-01-10"), "{problem}");
        assert_eq!(p.instance(&instance).await["state"], "running");
        let renewal = p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        p.advance("40d").await;
        assert_eq!(p.refused("buyer", &unsubscribe(&renewal), json!({})).await.1, "refund.renewal_effective");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn ten_unsubscriptions_a_year_and_from_the_last_term_backwards() {
    on_both(async |p| {
        for _ in 0..10 {
            let (order, _) = p.buy_open("1m").await;
            p.post("buyer", &unsubscribe(&order), json!({})).await;
        }
        let (order, instance) = p.buy_open("1m").await;
        assert_eq!(p.refused("buyer", &unsubscribe(&order), json!({})).await, (409, "refund.ten_per_year".into()));
        let path = format!("/api/v1/instances/{instance}/renew");
        let first = p.post("buyer", &path, json!({ "period": "1m", "pay": true })).await;
        let second = p.post("buyer", &path, json!({ "period": "1m", "pay": true })).await;
        assert_eq!(p.refused("buyer", &unsubscribe(&first), json!({})).await.1, "refund.not_the_last_term");
        p.post("buyer", &unsubscribe(&second), json!({})).await;
        p.post("buyer", &unsubscribe(&first), json!({})).await;
        assert_eq!(p.refused("buyer", &unsubscribe(&first), json!({})).await.1, "refund.already_refunded");
        p.settle().await;
        assert_eq!(p.balance().await, "999900.00");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_upgraded_and_renewed_purchase_gives_everything_back() {
    on_both(async |p| {
        let (order, instance) = p.buy_open("1m").await;
        p.post("buyer", &format!("/api/v1/instances/{instance}/change"), json!({ "sku": "pro/5", "pay": true })).await;
        p.settle().await;
        p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        assert_eq!(p.balance().await, "999560.00", "100 + 120 + 220");
        let preview = p.get("buyer", &unsubscribe(&order)).await;
        assert_eq!(preview["refund"]["amount"], "440.00");
        p.post("buyer", &unsubscribe(&order), json!({})).await;
        assert_eq!(p.balance().await, "1000000.00");
        p.settle().await;
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_refund_after_the_bill_stands_in_the_next_one() {
    on_both(async |p| {
        p.advance("28d").await; // 2 February
        let (order, _) = p.buy_open("1m").await;
        p.advance("30h").await; // 3 February: the bill of January is made, this line is not on it
        let bills = p.get("seller", "/api/v1/bills").await;
        assert_eq!(bills["bills"].as_array().unwrap().len(), 0, "{bills}");
        p.post("buyer", &unsubscribe(&order), json!({})).await;
        p.advance("33d").await;
        assert_eq!(bill(&p, "2024-02").await.0, "0.00");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_wallet_is_topped_up_by_a_confirmed_transfer_and_never_overdrawn() {
    on_both(async |p| {
        let request = json!({ "amount": { "amount": "12.34", "currency": "CNY" }, "reference": "R-1" });
        let transfer = p.post("buyer", "/api/v1/wallet/transfers", request.clone()).await;
        let path = |verb: &str| format!("/api/v1/operator/transfers/{}/{verb}", transfer["id"].as_str().unwrap());
        assert_eq!(p.balance().await, "1000000.00");
        p.post("operator", &path("confirm"), json!({})).await;
        assert_eq!(p.balance().await, "1000012.34");
        assert_eq!(p.refused("operator", &path("confirm"), json!({})).await, (409, "transfer.decided".into()));
        assert_eq!(p.refused("operator", &path("refuse"), json!({ "reason": "late" })).await.1, "transfer.decided");
        let dollars = json!({ "amount": { "amount": "1.00", "currency": "USD" }, "reference": "R-2" });
        assert_eq!(p.refused("buyer", "/api/v1/wallet/transfers", dollars).await, (422, "transfer.currency".into()));
        let much = json!({ "choice": { "quantity": 1000, "product": "backup", "specification": "standard", "sku": "pro/5", "period": "3y" }, "pay": true });
        assert_eq!(p.refused("buyer", "/api/v1/orders", much).await, (409, "wallet.short".into()));
        assert_eq!(p.balance().await, "1000012.34", "a refused payment changes nothing");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn many_orders_at_once_spend_each_cent_once() {
    on_both(async |p| {
        // 1,000,000.00 pays for 151 years at 6,600.00; the rest is refused.
        let body = json!({ "choice": { "product": "backup", "specification": "standard", "sku": "pro/5", "period": "3y" }, "pay": true });
        let sends = (0..160).map(|_| p.send("buyer", "POST", "/api/v1/orders", Some(&body)));
        let mut paid = 0;
        let tasks: Vec<_> = sends.collect();
        for (status, problem) in join(tasks).await {
            match status {
                200 => paid += 1,
                409 => assert_eq!(problem["code"], "wallet.short"),
                _ => panic!("{status} {problem}"),
            }
        }
        assert_eq!(paid, 151);
        assert_eq!(p.balance().await, "3400.00");
        p.settle().await;
        p.verify().await;
    })
    .await;
}

/// Runs all at the same time.
pub(super) async fn join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|cx| {
        let mut waiting = false;
        for (future, output) in &mut pinned {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    pinned.into_iter().map(|(_, output)| output.unwrap()).collect()
}

#[tokio::test]
async fn an_export_holds_the_orders_and_reports_its_progress() {
    on_both(async |p| {
        let one = p.post("buyer", "/api/v1/orders", json!({ "choice": choice("1m"), "pay": true })).await;
        p.settle().await;
        let once = json!({ "product": "assess", "specification": "once" });
        let inputs = json!([{ "name": "account", "value": "=cmd|calc" }]);
        let two = p.post("buyer", "/api/v1/orders", json!({ "choice": once, "inputs": inputs, "pay": true })).await;
        p.settle().await;
        let done = p.order(&two).await;
        assert_eq!(done["state"], "completed");
        assert_eq!(p.instance(&instance_of(&done)).await["expires_at"], Value::Null, "a one-time purchase has no term");
        for (role, filter, rows) in [
            ("buyer", json!({}), 2),
            ("buyer", json!({ "product_name": "安评" }), 1),
            ("buyer", json!({ "number": number(&one) }), 1),
            ("buyer", json!({ "state": "cancelled" }), 0),
            ("buyer", json!({ "created_from": "2030-01-01T00:00:00Z" }), 0),
            ("seller", json!({ "as": "seller", "customer_name": "青禾", "user_name": "林夏" }), 2),
            ("seller2", json!({ "as": "seller" }), 0),
        ] {
            let export = p.post(role, "/api/v1/orders-exports", filter.clone()).await;
            p.settle().await;
            let path = format!("/api/v1/orders-exports/{}", export["id"].as_str().unwrap());
            let found = p.get(role, &path).await;
            assert_eq!((&found["state"], &found["rows_done"]), (&json!("done"), &json!(rows)), "{filter}");
            let file = p.http.get(format!("{}{path}/file", p.url)).bearer_auth(p.token(role)).send().await.unwrap();
            assert!(file.bytes().await.unwrap().starts_with(b"PK"), "an .xlsx is a zip");
            assert_eq!(p.send("buyer2", "GET", &path, None).await.0, 404);
        }
    })
    .await;
}
