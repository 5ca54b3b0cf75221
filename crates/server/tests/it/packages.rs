//! On-demand packages as buyers and sellers see them (open-api 3.1, 4); the rules are tested in `app`.

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, Signed, instance_of, number};
use wire::open_api::usage::sign;

const PUSH: &str = "/api/mkp-openapi-public/global/v1/isv/usage-data";

/// Buys something of the speech product and waits until it is open.
async fn bought(p: &Platform, choice: Value) -> (Value, Value) {
    let mut choice = choice;
    choice["product"] = json!("transcribe");
    let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    p.settle().await;
    let order = p.order(&order).await;
    assert_eq!(order["state"], "completed", "{order}");
    let instance = p.instance(&instance_of(&order)).await;
    (order, instance)
}

/// Pushes 1,000 minutes of the hour after the purchase for a package alone.
async fn use_up(p: &Platform, key: &str, package: &Value) {
    let record = json!({ "instance_id": package["seller_instance_id"], "record_time": "20240105T040100Z", "begin_time": "20240105T030000Z",
        "end_time": "20240105T040000Z", "usage_value": "1000", "metering_sn": "all" });
    let body = json!({ "usage_records": [record] }).to_string().into_bytes();
    let signature = sign(key, "1706688300000", "n-1", &body);
    let request = Signed { body, ..p.signed("seller", "POST", PUSH) };
    let (status, answer) = p.send_signed_with(&request, &[("signature", &signature), ("ts", "1706688300000"), ("nonce", "n-1")]).await;
    assert_eq!((status, &answer["error_code"]), (200, &json!("MKT.0000")), "{answer}");
    p.advance("1h").await;
}

#[tokio::test]
async fn a_package_is_shown_with_what_is_left_and_freezes_when_it_is_used_up() {
    on_both(async |p| {
        let key = p.post("seller", "/api/v1/seller/keys", json!({ "name": "usage", "class": "basic" })).await;
        let (_, running) = bought(&p, json!({ "specification": "minutes" })).await;
        bought(&p, json!({ "specification": "pack", "sku": "s", "period": "2m" })).await;
        let (_, package) = bought(&p, json!({ "specification": "once", "period": "1y" })).await;
        let of = async |what: &str, of: &Value| p.get("buyer", &format!("/api/v1/instances/{}/{what}", of["id"].as_str().unwrap())).await;
        let shown = of("usage", &running).await["packages"][0].clone();
        assert_eq!((&shown["quota"], &shown["used"], &shown["end"]), (&json!("1000"), &json!("0"), &json!("2024-02-05T15:59:59Z")));
        p.advance("3h").await;
        use_up(&p, key["secret"].as_str().unwrap(), &package).await;
        let seen = of("package", &package).await;
        assert_eq!((&seen["quota"], &seen["left"], &seen["end"]), (&json!("1000"), &json!("0"), &json!("2025-01-05T15:59:59Z")));
        let stopped = p.instance(package["id"].as_str().unwrap()).await;
        assert_eq!((&stopped["state"], &stopped["freeze_cause"]), (&json!("frozen"), &json!("used_up")));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_package_is_listed_and_queried_as_an_order_of_its_own() {
    on_both(async |p| {
        let (order, package) = bought(&p, json!({ "specification": "pack", "sku": "s", "period": "1m" })).await;
        let back = format!("/api/v1/orders/{}/unsubscribe", number(&order));
        assert_eq!(p.refused("buyer", &back, json!({})).await, (409, "refund.package".into()));
        let id = package["id"].as_str().unwrap();
        assert_eq!(p.send("buyer", "GET", &format!("/api/v1/instances/{id}/usage"), None).await.0, 409);
        let (_, running) = bought(&p, json!({ "specification": "minutes" })).await;
        let not = p.send("buyer", "GET", &format!("/api/v1/instances/{}/package", running["id"].as_str().unwrap()), None).await;
        assert_eq!((not.0, &not.1["code"]), (409, &json!("instance.not_a_package")));
        let query = p.signed("seller", "GET", &format!("/api/mkp-openapi-public/global/v1/order/query?orderId={}", number(&order)));
        let (status, answer) = p.send_signed(&query).await;
        let line = &answer["orderInfo"]["orderLine"][0];
        assert_eq!((status, &line["chargingMode"], &line["periodType"]), (200, &json!("ON_DEMAND_PKG"), &json!(null)), "{answer}");
        assert_eq!(line["expireTime"], "20240205155959");
        let listed = p.get("seller", "/api/v1/orders?as=seller").await;
        assert_eq!(listed["orders"].as_array().unwrap().iter().map(number).collect::<Vec<_>>(), [number(&order)]);
    })
    .await;
}
