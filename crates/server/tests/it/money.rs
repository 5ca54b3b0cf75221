//! Refunds, bills, wallets and exports as clients see them. Their rules are tested in `app`.

use super::on_both;
use serde_json::{Value, json};
use testkit::{choice, instance_of, number};

fn unsubscribe(order: &Value) -> String {
    format!("/api/v1/orders/{}/unsubscribe", number(order))
}

#[tokio::test]
async fn a_refund_and_the_bill_on_which_it_stands_are_shown() {
    on_both(async |p| {
        let (order, instance) = p.buy_open("1m").await;
        let renew = format!("/api/v1/instances/{instance}/renew");
        let renewal = p.post("buyer", &renew, json!({ "period": "1y", "pay": true })).await;
        assert_eq!(p.get("buyer", &unsubscribe(&renewal)).await["refund"]["amount"], "1000.00");
        assert_eq!(p.refused("buyer2", &unsubscribe(&renewal), json!({})).await, (404, "order.not_found".into()));
        let given = p.post("buyer", &unsubscribe(&renewal), json!({})).await;
        assert_eq!((&given["kind"], &given["total"]["amount"]), (&json!("unsubscribe"), &json!("-1000.00")));
        assert_eq!(p.balance().await, "999900.00");
        p.advance("33d").await;
        let bills = p.get("seller", "/api/v1/bills?month=2024-01").await;
        assert_eq!(bills["bills"].as_array().unwrap().len(), 1, "{bills}");
        let bill = p.get("seller", &format!("/api/v1/bills/{}", bills["bills"][0]["id"].as_str().unwrap())).await;
        let mut lines: Vec<_> =
            bill["lines"].as_array().unwrap().iter().map(|l| (l["kind"].as_str(), l["amount"]["amount"].as_str())).collect();
        lines.sort();
        assert_eq!(lines, [("original", "100.00"), ("original", "1000.00"), ("refund", "-1000.00")].map(|(k, a)| (Some(k), Some(a))));
        assert_eq!(bill["total"]["amount"], "95.00", "the first month less 5 % fee; the renewal nets to zero");
        let sides = [&bill["paid"]["amount"], &bill["refunded"]["amount"], &bill["net"]["amount"], &bill["refund_state"]];
        assert_eq!(sides, [&json!("1100.00"), &json!("1000.00"), &json!("100.00"), &json!("part")]);
        let (status, problem) = p.send("buyer", "POST", &unsubscribe(&order), Some(&json!({}))).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (409, "refund.five_days_over"));
        assert!(problem["detail"].as_str().unwrap().contains("2024-01-10"), "{problem}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn what_the_platform_gave_back_is_told_with_its_reason_and_whose_it_is() {
    on_both(async |p| {
        let (order, _) = p.buy_open("1m").await;
        let cny = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
        let refund = json!({ "amount": cny("30.00"), "reason": "a day without service" });
        let done = p.post("operator", &format!("/api/v1/operator/orders/{}/refund", number(&order)), refund).await;
        let of = &done["order"];
        assert_eq!((&of["customer_name"], of["product_name"]["zh"].is_string()), (&order["customer_name"], true), "{done}");
        assert_eq!((&of["paid"], &of["refunded"], &of["net"]), (&cny("100.00"), &cny("30.00"), &cny("70.00")));
        let seen = p.order(&order).await;
        let back = seen["given_back"].as_array().unwrap();
        assert_eq!((back.len(), &back[0]["amount"], &back[0]["reason"]), (1, &cny("30.00"), &json!("a day without service")));
        let preview = p.get("buyer", &unsubscribe(&order)).await;
        assert_eq!((&preview["parts"][0]["refunded"], &preview["refund"]), (&cny("30.00"), &cny("70.00")));
        let wallet = json!({ "account": "buyer_wallet", "owner": p.document["accounts"]["buyer"]["account_id"] });
        let from = json!({ "account": "provider_clearing" });
        let mend = json!({ "from": from, "to": wallet, "amount": cny("1.00"), "reason": "x" });
        let posted = p.post("operator", "/api/v1/operator/corrections", mend).await;
        assert_eq!((&posted["to"]["name"], &posted["from"]["name"]), (&order["customer_name"], &json!(null)), "{posted}");
    })
    .await;
}

#[tokio::test]
async fn a_transfer_is_announced_and_confirmed_by_its_paths() {
    on_both(async |p| {
        let request = json!({ "amount": { "amount": "12.34", "currency": "CNY" }, "reference": "R-1" });
        let transfer = p.post("buyer", "/api/v1/wallet/transfers", request.clone()).await;
        let path = |verb: &str| format!("/api/v1/operator/transfers/{}/{verb}", transfer["id"].as_str().unwrap());
        p.post("operator", &path("confirm"), json!({})).await;
        assert_eq!(p.balance().await, "1000012.34");
        assert_eq!(p.refused("operator", &path("confirm"), json!({})).await, (409, "transfer.decided".into()));
        assert_eq!(p.refused("operator", &path("refuse"), json!({ "reason": "late" })).await, (409, "transfer.decided".into()));
        let dollars = json!({ "amount": { "amount": "1.00", "currency": "USD" }, "reference": "R-2" });
        assert_eq!(p.refused("buyer", "/api/v1/wallet/transfers", dollars).await, (422, "transfer.currency".into()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn orders_that_come_at_the_same_time_spend_each_cent_once() {
    on_both(async |p| {
        // 1,000,000.00 pays for 15 at 66,000.00; the rest is refused.
        let ten = json!({ "product": "backup", "specification": "standard", "sku": "pro/5", "period": "3y", "quantity": 10 });
        let body = json!({ "choice": ten, "pay": true });
        let answers = join((0..24).map(|_| p.send("buyer", "POST", "/api/v1/orders", Some(&body))).collect()).await;
        let paid = answers.iter().filter(|(status, _)| *status == 200).count();
        let short = answers.iter().filter(|(status, problem)| *status == 409 && problem["code"] == "wallet.short").count();
        assert_eq!((paid, short, p.balance().await.as_str()), (15, 9, "10000.00"), "{answers:?}");
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
