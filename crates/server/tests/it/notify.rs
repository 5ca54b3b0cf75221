//! Order notifications (saas-interface 5): configured once debugged, beside the calls on the instance,
//! for one product or all, tried for three hours.

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, number};

/// Declares an address for notifications at the built-in seller; debugged when wanted.
async fn address(p: &Platform, name: &str, product: Option<&str>, debug: bool) {
    address_for(p, name, json!({ "product": product }), debug).await;
}

/// Likewise, for what the body says.
async fn address_for(p: &Platform, name: &str, of: Value, debug: bool) {
    let put = async |path: String, body: Value| {
        let (status, value) = p.send("seller", "PUT", &path, Some(&body)).await;
        assert_eq!(status, 200, "{path}: {value}");
        value["id"].as_str().unwrap().to_owned()
    };
    let secret = p.document["accounts"]["seller"]["interface_key"]["secret"].as_str().unwrap();
    put("/api/v1/seller/keys/by-name/notify".into(), json!({ "class": "general", "secret": secret })).await;
    let url = format!("{}/sandbox/seller/{name}", p.url);
    let mut body = json!({ "url": url, "key": "notify", "protocol": "order-notify" });
    body.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
    let id = put(format!("/api/v1/seller/addresses/by-name/{name}"), body).await;
    if debug {
        let report = p.post("seller", &format!("/api/v1/seller/addresses/{id}/debug"), json!({ "save": true })).await;
        assert_eq!((&report["protocol"], &report["passed"]), (&json!("order-notify"), &json!(2)), "{report:#}");
    }
}

/// The notifications of an order: their state, and where they were sent.
async fn told(p: &Platform, order: &Value) -> Vec<(String, String)> {
    let found = p.get("seller", &format!("/api/v1/calls?activity=orderNotify&order={}", number(order))).await;
    let mut all = vec![];
    for call in found["calls"].as_array().unwrap() {
        let full = p.get("seller", &format!("/api/v1/calls/{}", call["id"].as_str().unwrap())).await;
        let url = full["attempts"][0]["url"].as_str().unwrap_or_default().to_owned();
        let place = url.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
        all.push((call["state"].as_str().unwrap().to_owned(), place));
    }
    all
}

#[tokio::test]
async fn a_paid_order_is_told_once_at_the_address_for_its_product_or_for_all() {
    on_both(async |p| {
        let (before, _) = p.buy_open("1m").await;
        assert_eq!(told(&p, &before).await, [], "nothing is configured");
        address(&p, "all-orders", None, false).await;
        let (unproven, _) = p.buy_open("1m").await;
        assert_eq!(told(&p, &unproven).await, [], "an address counts once it was debugged");
        address(&p, "all-orders", None, true).await;
        let (order, instance) = p.buy_open("1m").await;
        let done = |place: &str| ("done".to_owned(), place.to_owned());
        assert_eq!(told(&p, &order).await, [done("all-orders")]);
        address(&p, "backup-orders", Some("backup"), true).await;
        let renewal = p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        assert_eq!(told(&p, &renewal).await, [done("backup-orders")], "overlaps notify once");
        let back = p.post("buyer", &format!("/api/v1/orders/{}/unsubscribe", number(&renewal)), json!({})).await;
        p.settle().await;
        assert_eq!(told(&p, &back).await, [], "what is given back was not bought");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_address_for_an_access_type_stands_between_that_of_a_product_and_that_for_all() {
    on_both(async |p| {
        address(&p, "all-orders", None, true).await;
        address_for(&p, "saas-orders", json!({ "access_type": "saas" }), true).await;
        super::licence::list_shield(&p, None).await;
        let done = |place: &str| ("done".to_owned(), place.to_owned());
        let (order, _) = p.buy_open("1m").await;
        assert_eq!(told(&p, &order).await, [done("saas-orders")]);
        let (licence, _) = super::licence::buy(&p, 1).await;
        assert_eq!(told(&p, &licence).await, [done("all-orders")], "a licence is no SaaS");
        address(&p, "backup-orders", Some("backup"), true).await;
        let (order, _) = p.buy_open("1m").await;
        assert_eq!(told(&p, &order).await, [done("backup-orders")], "overlaps notify once");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_notification_that_fails_is_tried_for_three_hours_and_holds_nothing_up() {
    on_both(async |p| {
        address(&p, "deaf", None, true).await;
        p.fault("deaf", "http_500").await;
        let (order, _) = p.buy_open("1m").await;
        assert_eq!(order["state"], "completed", "the instance opens all the same");
        assert_eq!(told(&p, &order).await, [("due".to_owned(), "deaf".to_owned())]);
        p.advance("4h").await;
        assert_eq!(told(&p, &order).await, [("failed".to_owned(), "deaf".to_owned())]);
        let messages = p.messages("seller").await;
        assert!(messages.contains(&"call.failed".to_owned()) && messages.contains(&"call.given_up".to_owned()), "{messages:?}");
        p.fault("deaf", "none").await;
        let call = p.get("seller", "/api/v1/calls?activity=orderNotify").await["calls"][0]["id"].as_str().unwrap().to_owned();
        p.post("seller", &format!("/api/v1/calls/{call}/restart"), json!({})).await;
        p.settle().await;
        assert_eq!(told(&p, &order).await, [("done".to_owned(), "deaf".to_owned())]);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn addresses_of_the_wrong_kind_are_refused() {
    on_both(async |p| {
        address(&p, "all-orders", None, true).await;
        let put = async |body: Value| {
            let (status, value) = p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/x", Some(&body)).await;
            (status, value["code"].as_str().unwrap_or_default().to_owned())
        };
        let url = format!("{}/sandbox/seller/x", p.url);
        for (body, code) in [
            (json!({ "url": url, "key": "basic", "protocol": "order-notify" }), "interface.wrong_class"),
            (json!({ "url": url, "key": "notify", "protocol": "saas-v1" }), "interface.wrong_class"),
            (json!({ "url": url, "key": "notify", "protocol": "soap" }), "interface.bad_protocol"),
            (json!({ "url": url, "key": "notify", "protocol": "order-notify", "product": "nothing" }), "product.not_found"),
            (json!({ "url": url, "key": "basic", "product": "backup" }), "interface.product_not_for_this"),
            (json!({ "url": url, "key": "basic", "access_type": "saas" }), "interface.product_not_for_this"),
            (json!({ "url": url, "key": "notify", "protocol": "order-notify", "access_type": "paper" }), "body.bad_field"),
            (
                json!({ "url": url, "key": "notify", "protocol": "order-notify", "product": "backup", "access_type": "saas" }),
                "interface.product_or_access_type",
            ),
        ] {
            assert_eq!(put(body.clone()).await, (422, code.to_owned()), "{body}");
        }
    })
    .await;
}
