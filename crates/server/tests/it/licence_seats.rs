//! Floating seats and machines of licences by code over HTTP: the software's interfaces, and the page of a licence.

use super::{licence::list_with, on_both_from};
use serde_json::{Value, json};
use testkit::Platform;

const FROM: &str = "2026-01-05T02:00:00Z";
const HERE: &str = "00-1A-2B|DISK1|BOARD|CPU";
const TAKE: &str = "/api/v1/licence-seats/take";
const RENEW: &str = "/api/v1/licence-seats/renew";
const RETURN: &str = "/api/v1/licence-seats/return";

/// Buys a code under rules, and takes it from supervision.
pub(crate) async fn bought(p: &Platform, rules: Value, quantity: u32) -> (Value, String) {
    list_with(p, "shield", |listing| listing["specifications"][0]["licence"] = rules.clone()).await;
    super::licence::buy(p, quantity).await
}

fn take(code: &str, client: &str) -> Value {
    json!({ "code": code, "client": client })
}

fn lease(code: &str, seat: &Value) -> Value {
    json!({ "code": code, "lease": seat["lease"] })
}

async fn held(p: &Platform, role: &str, code: &str) -> Vec<String> {
    let found = p.get(role, &format!("/api/v1/licences/{code}")).await;
    found["rights"]["held"].as_array().unwrap().iter().map(|s| s["client"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_seat_is_leased_renewed_and_returned_and_its_first_use_completes_the_order() {
    on_both_from(FROM, async |p| {
        let features = json!([
            { "code": "scan", "name": { "zh": "查杀", "en": "Scan" }, "value": "true" },
            { "code": "endpoints", "name": { "zh": "终端数", "en": "Endpoints" }, "value": "500" },
        ]);
        let rules = json!({ "seats": 1, "lease_minutes": 30, "features": features });
        let (order, code) = bought(&p, rules, 2).await;
        let ann = p.post("nobody", TAKE, take(&code, "ann")).await;
        assert_eq!((&ann["held"], &ann["seats"], &ann["standing"]), (&json!(1), &json!(2), &json!("valid")));
        assert_eq!(ann["features"], json!({ "scan": "true", "endpoints": "500" }));
        assert_eq!(p.order(&order).await["state"], "completed", "the first use activates the code");
        let bob = p.post("nobody", TAKE, take(&code, "bob")).await;
        assert_eq!(bob["held"], 2);
        let full = p.refused("nobody", TAKE, take(&code, "cid")).await;
        assert_eq!(full, (409, "licence.no_seat_free".to_owned()), "two units, two seats");
        // The same client again has its own seat, under a new lease: what another process of it held is lost.
        let again = p.post("nobody", TAKE, take(&code, "ann")).await;
        assert_eq!(again["held"], 2);
        assert_eq!(p.refused("nobody", RENEW, lease(&code, &ann)).await, (409, "licence.seat_lost".to_owned()));
        p.advance("29m").await;
        let renewed = p.post("nobody", RENEW, lease(&code, &again)).await;
        assert!(renewed["lease_until"].as_str().unwrap() > again["lease_until"].as_str().unwrap());
        p.advance("2m").await;
        assert_eq!(held(&p, "buyer", &code).await, ["ann"], "bob's lease is over");
        let cid = p.post("nobody", TAKE, take(&code, "cid")).await;
        assert_eq!(p.refused("nobody", RENEW, lease(&code, &bob)).await, (409, "licence.seat_lost".to_owned()), "somebody sits there");
        p.post("nobody", RETURN, lease(&code, &cid)).await;
        p.post("nobody", RETURN, lease(&code, &cid)).await;
        assert_eq!(held(&p, "seller", &code).await, ["ann"], "a second return changes nothing");
        let days = p.get("seller", &format!("/api/v1/licences/{code}")).await;
        assert_eq!(days["days"][0]["clients"], 3, "they are the active clients of the day");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn machines_and_seats_stand_on_the_page_of_a_licence_and_are_released_there() {
    on_both_from(FROM, async |p| {
        let (_, code) = bought(&p, json!({ "seats": 5, "nodes": 1, "node_releases": 1, "take_over": "idle" }), 1).await;
        let on = |client: &str, machine: &str| json!({ "code": code, "client": client, "fingerprint": machine });
        let bad_lease = json!({ "code": code, "lease": "z".repeat(32) });
        assert_eq!(p.refused("nobody", RETURN, bad_lease).await, (422, "licence.bad_lease".to_owned()));
        for (bad, pointer) in [(take(&code, "ann"), "/fingerprint"), (on("", HERE), "/client"), (on(&"x".repeat(257), HERE), "/client")] {
            let (status, answer) = p.send("nobody", "POST", TAKE, Some(&bad)).await;
            assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!(pointer)), "{answer}");
        }
        assert_eq!(p.refused("nobody", TAKE, take("PL1", "ann")).await, (404, "licence.not_found".to_owned()));
        let mut wish = on("ann", HERE);
        wish["take_over"] = json!(true);
        p.post("nobody", TAKE, wish).await;
        let elsewhere = p.refused("nobody", TAKE, on("cid", "other|other|other|other")).await;
        assert_eq!(elsewhere, (409, "licence.node_limit".to_owned()));
        let seat = format!("/api/v1/licences/{code}/seats/0/release");
        assert_eq!(p.refused("buyer2", &seat, json!({})).await, (404, "licence.not_found".to_owned()));
        p.post("buyer", &seat, json!({})).await;
        assert!(held(&p, "seller", &code).await.is_empty());
        let rights = p.get("buyer", &format!("/api/v1/licences/{code}")).await["rights"].clone();
        let node = rights["bound"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!((rights["bound"].as_array().unwrap().len(), &rights["nodes"]), (1, &json!(1)));
        let release = format!("/api/v1/licences/{code}/nodes/{node}/release");
        assert_eq!(p.refused("buyer2", &release, json!({})).await.0, 404);
        p.post("buyer", &release, json!({})).await;
        assert_eq!(p.refused("seller", &release, json!({})).await, (404, "licence.no_such_node".to_owned()));
    })
    .await;
}
