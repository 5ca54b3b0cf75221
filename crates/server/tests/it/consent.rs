//! Personal data on the wire: asked for by a listing, given with an order, told by the order query (open-api 3.1).

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, number};

/// An address of the built-in seller that speaks a protocol and passed its cases, and the key to it.
pub(crate) async fn address(p: &Platform, protocol: &str) -> (String, String) {
    let key = p.document["accounts"]["seller"]["interface_key"]["secret"].as_str().unwrap().to_owned();
    let put = async |path: &str, body: Value| {
        let (status, value) = p.send("seller", "PUT", path, Some(&body)).await;
        assert_eq!(status, 200, "{value}");
        value["id"].as_str().unwrap().to_owned()
    };
    put("/api/v1/seller/keys/by-name/own", json!({ "class": "basic", "secret": key })).await;
    let address = json!({ "url": format!("{}/sandbox/seller/asking", p.url), "key": "own", "protocol": protocol });
    let address = put("/api/v1/seller/addresses/by-name/asking", address).await;
    p.post("seller", &format!("/api/v1/seller/addresses/{address}/debug"), json!({ "save": true })).await;
    (address, key)
}

/// Lists a copy of `backup` as `asking`, asking for personal data.
async fn asking(p: &Platform) {
    let (address, _) = address(p, "saas-v2").await;
    let products = p.get("seller", "/api/v1/seller/products?key=backup").await;
    let shown = p.get("seller", &format!("/api/v1/seller/products/{}", products["products"][0]["id"].as_str().unwrap())).await;
    let mut listing = shown["revisions"][0]["listing"].clone();
    listing["interface_address"] = json!(address);
    listing["personal_data"] = json!(["mobile_phone", "email"]);
    let (status, product) = p.send("seller", "PUT", "/api/v1/seller/products/by-key/asking", Some(&listing)).await;
    assert_eq!(status, 200, "{product}");
    let product = product["id"].as_str().unwrap();
    let shown = p.get("seller", &format!("/api/v1/seller/products/{product}")).await;
    let application = shown["revisions"][0]["id"].as_str().unwrap();
    p.post("seller", &format!("/api/v1/seller/applications/{application}/submit"), json!({})).await;
    p.post("operator", &format!("/api/v1/operator/applications/{application}/approve"), json!({})).await;
}

fn order(consents: Value) -> Value {
    let choice = json!({ "product": "asking", "specification": "standard", "sku": "basic/5", "period": "1m" });
    json!({ "choice": choice, "consents": consents, "pay": true })
}

async fn buyer_info(p: &Platform, number: &str) -> Value {
    let request = p.signed("seller", "GET", &format!("/api/mkp-openapi-public/global/v1/order/query?orderId={number}"));
    p.send_signed(&request).await.1["orderInfo"]["buyerInfo"].clone()
}

#[tokio::test]
async fn personal_data_are_given_with_the_order_and_told_by_the_order_query() {
    on_both(async |p| {
        asking(&p).await;
        let (status, problem) = p.send("buyer", "POST", "/api/v1/orders", Some(&order(json!({})))).await;
        assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some("/consents/mobile_phone")), "{problem}");
        let given = json!({ "mobile_phone": "+86 138 0000 0000", "email": "lin@example.com" });
        let placed = p.post("buyer", "/api/v1/orders", order(given)).await;
        p.settle().await;
        let info = buyer_info(&p, number(&placed)).await;
        assert_eq!(
            (&info["mobilePhone"], &info["email"], &info["userId"]),
            (&json!("+86 138 0000 0000"), &json!("lin@example.com"), &Value::Null)
        );
        for seen in
            [p.get("seller", &format!("/api/v1/orders/{}", number(&placed))).await, p.get("seller", "/api/v1/calls?limit=100").await]
        {
            assert!(!seen.to_string().contains("lin@example.com"), "it is passed by the order query alone: {seen}");
        }
        // In the cart, at its line.
        let choice = json!({ "product": "asking", "specification": "standard", "sku": "basic/5", "period": "1m" });
        let cart = p.post("buyer", "/api/v1/cart", choice).await;
        assert_eq!(cart["lines"][0]["personal_data"], json!(["mobile_phone", "email"]));
        let lines = json!([{ "line": cart["lines"][0]["id"], "version": cart["lines"][0]["version"], "consents": {} }]);
        let buy = json!({ "lines": lines, "total": cart["total"], "pay": true });
        let (status, problem) = p.send("buyer", "POST", "/api/v1/cart/buy", Some(&buy)).await;
        assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some("/lines/0/consents/mobile_phone")), "{problem}");
    })
    .await;
}
