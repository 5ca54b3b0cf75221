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
async fn what_is_sent_after_acceptance_and_what_it_opened_is_shown_to_both_sides() {
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
        assert!(p.case("buyer", &order).await["app"]["front_end_url"].is_string(), "the application's data are in the case");
        let instance = p.instance(&instance_of(&order)).await;
        assert!(instance["state"] == "running" && instance["app"]["front_end_url"].is_string(), "{instance}");
        p.post("buyer", &format!("/api/v1/instances/{}/renew", instance_of(&order)), json!({ "period": "1m", "pay": true })).await;
        p.verify().await;
    })
    .await;
}
