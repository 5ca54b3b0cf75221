//! Software whose interface is called after acceptance (seller-domain 5.3, saas-interface 3.3: provisionType 2).

use super::{
    consent::address,
    on_both_from,
    supervision::{FROM, buy, delivered, list},
};
use serde_json::{Value, json};
use testkit::{Platform, instance_of};

fn accepted_first(address: &str) -> impl Fn(&mut Value) + '_ {
    move |listing| {
        listing["supervised"] = json!(true);
        listing["interface_address"] = json!(address);
        listing["delivery"]["call_after_acceptance"] = json!(true);
    }
}

/// An order of such a product, which was delivered by hand.
async fn ordered(p: &Platform) -> (Value, Value) {
    let (address, _) = address(p, "saas-v1").await;
    list(p, "desk", "saas", accepted_first(&address)).await;
    let order = buy(p, "desk", Some("1m"), json!({})).await;
    p.settle().await;
    assert!(calls(p, &order).await.is_empty(), "nothing is called at purchase");
    let case = delivered(p, &order, &["acceptance"], None).await;
    assert!(calls(p, &order).await.is_empty(), "nor at the delivery");
    (order, case)
}

async fn calls(p: &Platform, order: &Value) -> Vec<Value> {
    let found = p.get("seller", &format!("/api/v1/calls?instance={}", instance_of(order))).await;
    found["calls"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_interface_of_saas_1_0_is_called_after_acceptance_when_the_seller_chose_so() {
    on_both_from(FROM, async |p| {
        let (order, case) = ordered(&p).await;
        assert!(p.messages("seller").await.contains(&"sale.supervised".to_owned()));
        p.act("buyer", &case, json!({ "verb": "accept" })).await;
        assert_eq!(p.order(&order).await["state"], "completed");
        p.settle().await;
        let made = calls(&p, &order).await;
        assert_eq!((made.len(), &made[0]["activity"], &made[0]["state"]), (1, &json!("newInstance"), &json!("done")), "{made:?}");
        let full = p.get("seller", &format!("/api/v1/calls/{}", made[0]["id"].as_str().unwrap())).await;
        let sent: Value = serde_json::from_str(full["attempts"][0]["request"].as_str().unwrap()).unwrap();
        assert_eq!(sent["provisionType"].as_str().map_or(sent["provisionType"].to_string(), str::to_owned), "2", "{sent}");
        let instance = p.instance(&instance_of(&order)).await;
        assert!(instance["state"] == "running" && instance["app"]["front_end_url"].is_string(), "{instance}");
        p.post("buyer", &format!("/api/v1/instances/{}/renew", instance_of(&order)), json!({ "period": "1m", "pay": true })).await;
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_order_that_was_accepted_stays_complete_when_the_interface_never_opens_it() {
    on_both_from(FROM, async |p| {
        let (order, case) = ordered(&p).await;
        p.fault("asking", "http_500").await;
        p.act("buyer", &case, json!({ "verb": "accept" })).await;
        p.advance("5h").await;
        assert_eq!(calls(&p, &order).await[0]["state"], "failed");
        assert_eq!(p.order(&order).await["state"], "completed", "it was accepted and paid out");
        assert!(p.messages("seller").await.contains(&"call.given_up".to_owned()));
        let renew = format!("/api/v1/instances/{}/renew", instance_of(&order));
        let refused = p.refused("buyer", &renew, json!({ "period": "1m", "pay": true })).await;
        assert_eq!(refused, (409, "instance.not_opened_yet".to_owned()));
        // It ends like any other, without a call for what the seller does not know.
        p.advance("1500h").await;
        assert_eq!(p.instance(&instance_of(&order)).await["state"], "released");
        assert_eq!(calls(&p, &order).await.len(), 1);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn only_saas_1_0_is_called_after_acceptance() {
    on_both_from(FROM, async |p| {
        let (address, _) = address(&p, "saas-v2").await;
        let at_purchase = |l: &mut Value| {
            accepted_first(&address)(l);
            l["delivery"]["call_after_acceptance"] = json!(false);
        };
        list(&p, "desk", "saas", at_purchase).await;
        let product = p.get("seller", "/api/v1/seller/products?key=desk").await["products"][0]["id"].as_str().unwrap().to_owned();
        let newest = async || p.get("seller", &format!("/api/v1/seller/products/{product}")).await["revisions"][0].clone();
        let mut listing = newest().await["listing"].clone();
        accepted_first(&address)(&mut listing);
        let (status, _) = p.send("seller", "PUT", "/api/v1/seller/products/by-key/desk", Some(&listing)).await;
        assert_eq!(status, 200);
        let submit = format!("/api/v1/seller/applications/{}/submit", newest().await["id"].as_str().unwrap());
        let (status, problem) = p.send("seller", "POST", &submit, Some(&json!({}))).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (422, "application.called_at_purchase"), "{problem}");
        assert!(problem.to_string().contains("/delivery/call_after_acceptance"), "{problem}");
    })
    .await;
}

#[tokio::test]
async fn its_seller_repairs_the_interface_and_restarts_the_call_while_the_instance_lives() {
    on_both_from(FROM, async |p| {
        let (order, case) = ordered(&p).await;
        p.fault("asking", "http_500").await;
        p.act("buyer", &case, json!({ "verb": "accept" })).await;
        p.advance("5h").await;
        p.fault("asking", "none").await;
        let failed = calls(&p, &order).await[0].clone();
        let restart = format!("/api/v1/calls/{}/restart", failed["id"].as_str().unwrap());
        p.post("seller", &restart, json!({})).await;
        p.settle().await;
        let instance = p.instance(&instance_of(&order)).await;
        assert!(instance["state"] == "running" && instance["app"]["front_end_url"].is_string(), "{instance}");
        p.post("buyer", &format!("/api/v1/instances/{}/renew", instance_of(&order)), json!({ "period": "1m", "pay": true })).await;
        // What was never opened and is released gets no call any more.
        p.fault("asking", "http_500").await;
        let order = buy(&p, "desk", Some("1m"), json!({})).await;
        let case = delivered(&p, &order, &["acceptance"], None).await;
        p.act("buyer", &case, json!({ "verb": "accept" })).await;
        p.advance("1500h").await;
        assert_eq!(p.instance(&instance_of(&order)).await["state"], "released");
        let restart = format!("/api/v1/calls/{}/restart", calls(&p, &order).await[0]["id"].as_str().unwrap());
        assert_eq!(p.refused("seller", &restart, json!({})).await, (409, "call.order_over".to_owned()));
        p.verify().await;
    })
    .await;
}
