//! Order notifications (saas-interface 5): their addresses are declared and debugged, their calls listed. Which address is
//! notified of an order is tested in `app`.

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
async fn an_address_for_notifications_is_debugged_and_notified_of_orders() {
    on_both(async |p| {
        let done = |place: &str| vec![("done".to_owned(), place.to_owned())];
        address(&p, "all-orders", None, true).await;
        address_for(&p, "saas-orders", json!({ "access_type": "saas" }), true).await;
        let (order, _) = p.buy_open("1m").await;
        assert_eq!(told(&p, &order).await, done("saas-orders"));
        address(&p, "backup-orders", Some("backup"), true).await;
        let (order, _) = p.buy_open("1m").await;
        assert_eq!(told(&p, &order).await, done("backup-orders"), "overlaps notify once");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_address_for_notifications_is_refused_by_its_field() {
    on_both(async |p| {
        address(&p, "all-orders", None, false).await;
        let url = format!("{}/sandbox/seller/x", p.url);
        for (more, code) in [
            (json!({ "key": "basic", "protocol": "order-notify" }), "interface.wrong_class"),
            (json!({ "key": "notify", "protocol": "soap" }), "interface.bad_protocol"),
            (json!({ "key": "notify", "protocol": "order-notify", "product": "nothing" }), "product.not_found"),
            (json!({ "key": "basic", "product": "backup" }), "interface.product_not_for_this"),
            (json!({ "key": "notify", "protocol": "order-notify", "access_type": "paper" }), "body.bad_field"),
        ] {
            let mut body = json!({ "url": url });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (status, value) = p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/x", Some(&body)).await;
            assert_eq!((status, value["code"].as_str()), (422, Some(code)), "{body}");
        }
    })
    .await;
}
