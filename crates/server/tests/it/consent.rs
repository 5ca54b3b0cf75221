//! Personal data: passed to the seller with the buyer's consent only (seller-domain 2.4, open-api 3.1, saas-interface 3.3).

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, instance_of, number};
use wire::saas_v1::secret::{Strength, decrypt};

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

/// Lists `backup` anew, asking for personal data, behind an address that speaks a protocol.
async fn asking(p: &Platform, protocol: &str) -> String {
    let (address, key) = address(p, protocol).await;
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
    key
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
async fn a_seller_gets_what_he_asked_for_and_the_buyer_gave_and_nothing_else() {
    on_both(async |p| {
        asking(&p, "saas-v2").await;
        for (consents, pointer) in [
            (json!({}), "/consents/mobile_phone"),
            (json!({ "mobile_phone": "+86 138 0000 0000" }), "/consents/email"),
            (json!({ "mobile_phone": "call me", "email": "lin@example.com" }), "/consents/mobile_phone"),
            (json!({ "mobile_phone": "+86 138 0000 0000", "email": "lin@example.com", "user_id": true }), "/consents/user_id"),
        ] {
            let (status, problem) = p.send("buyer", "POST", "/api/v1/orders", Some(&order(consents))).await;
            assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{problem}");
        }
        assert_eq!(p.balance().await, "1000000.00", "nothing was bought");
        let given = json!({ "mobile_phone": "+86 138 0000 0000", "email": "lin@example.com" });
        let placed = p.post("buyer", "/api/v1/orders", order(given)).await;
        p.settle().await;
        let info = buyer_info(&p, number(&placed)).await;
        assert_eq!((&info["mobilePhone"], &info["email"], &info["userId"]), (&json!("+86 138 0000 0000"), &json!("lin@example.com"), &Value::Null));
        let renewed = p.post("buyer", &format!("/api/v1/instances/{}/renew", instance_of(&placed)), json!({ "period": "1m", "pay": true })).await;
        assert_eq!(buyer_info(&p, number(&renewed)).await["email"], "lin@example.com", "also of a renewal");
        let (plain, _) = p.buy_open("1m").await;
        assert_eq!(buyer_info(&p, number(&plain)).await["email"], Value::Null, "a product that asks for nothing gets nothing");
        for seen in [p.get("seller", &format!("/api/v1/orders/{}", number(&placed))).await, p.get("seller", "/api/v1/calls?limit=100").await] {
            assert!(!seen.to_string().contains("lin@example.com"), "it is passed by the order query alone: {seen}");
        }
        // In the cart, at its line.
        let choice = json!({ "product": "asking", "specification": "standard", "sku": "basic/5", "period": "1m" });
        let cart = p.post("buyer", "/api/v1/cart", choice).await;
        assert_eq!(cart["lines"][0]["personal_data"], json!(["mobile_phone", "email"]));
        let buy = |consents: Value| json!({ "lines": [{ "line": cart["lines"][0]["id"], "consents": consents }], "total": cart["total"], "pay": true });
        let (status, problem) = p.send("buyer", "POST", "/api/v1/cart/buy", Some(&buy(json!({})))).await;
        assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some("/lines/0/consents/mobile_phone")), "{problem}");
        p.post("buyer", "/api/v1/cart/buy", buy(json!({ "mobile_phone": "13800000000", "email": "lin@example.com" }))).await;
    })
    .await;
}

#[tokio::test]
async fn saas_1_0_gets_them_encrypted_with_the_creation() {
    on_both(async |p| {
        let key = asking(&p, "saas-v1").await;
        let given = json!({ "mobile_phone": "13800000000", "email": "lin@example.com" });
        let placed = p.post("buyer", "/api/v1/orders", order(given)).await;
        p.settle().await;
        assert_eq!(p.order(&placed).await["state"], "completed");
        let calls = p.get("seller", &format!("/api/v1/calls?instance={}", instance_of(&placed))).await;
        let full = p.get("seller", &format!("/api/v1/calls/{}", calls["calls"][0]["id"].as_str().unwrap())).await;
        let sent: Value = serde_json::from_str(full["attempts"][0]["request"].as_str().unwrap()).unwrap();
        for (name, expected) in [("mobilePhone", "13800000000"), ("email", "lin@example.com")] {
            let value = sent[name].as_str().unwrap();
            assert_eq!(decrypt(&key, value, Strength::Aes256).as_deref(), Some(expected), "{name}: {value}");
        }
    })
    .await;
}
