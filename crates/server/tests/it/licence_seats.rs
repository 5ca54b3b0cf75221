//! Floating seats and machines of licences by code: leased, renewed, returned, taken over, released.

use super::{licence::list_with, on_both_from};
use serde_json::{Value, json};
use testkit::{Platform, instance_of};

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
        let rules = json!({ "seats": 1, "lease_minutes": 30, "features": [{ "code": "scan", "name": { "zh": "查杀", "en": "Scan" }, "value": "true" },
            { "code": "endpoints", "name": { "zh": "终端数", "en": "Endpoints" }, "value": "500" }] });
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
async fn a_seat_is_taken_over_by_the_rules_only_and_each_side_may_put_a_client_out() {
    on_both_from(FROM, async |p| {
        let (_, code) = bought(&p, json!({ "seats": 1, "lease_minutes": 60, "take_over": "idle" }), 1).await;
        let ann = p.post("nobody", TAKE, take(&code, "ann")).await;
        let wish = json!({ "code": code, "client": "bob", "take_over": true });
        p.advance("29m").await;
        assert_eq!(p.refused("nobody", TAKE, wish.clone()).await.1, "licence.no_seat_free", "not idle for half of the lease");
        p.advance("1m").await;
        assert_eq!(p.refused("nobody", TAKE, take(&code, "bob")).await.1, "licence.no_seat_free", "nobody is put out unasked");
        p.post("nobody", TAKE, wish).await;
        assert_eq!(p.refused("nobody", RENEW, lease(&code, &ann)).await.1, "licence.seat_lost");
        let instance = p.get("buyer", &format!("/api/v1/licences/{code}")).await["instance"].as_str().unwrap().to_owned();
        let told = p.get("buyer", &format!("/api/v1/instances/{instance}/timeline")).await.to_string();
        assert!(told.contains("licence.seat_taken_over"), "it is on the flight recorder: {told}");
        let seat = format!("/api/v1/licences/{code}/seats/0/release");
        assert_eq!(p.refused("buyer2", &seat, json!({})).await, (404, "licence.not_found".to_owned()));
        assert_eq!(p.refused("seller2", &seat, json!({})).await, (404, "licence.not_found".to_owned()));
        p.post("buyer", &seat, json!({})).await;
        assert_eq!(p.refused("buyer", &seat, json!({})).await, (404, "licence.no_such_seat".to_owned()));
        assert!(held(&p, "buyer", &code).await.is_empty());
        p.post("nobody", TAKE, take(&code, "cid")).await;
        p.post("seller", &seat, json!({})).await;
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn never_more_seats_are_held_than_were_bought_whoever_comes_at_once() {
    on_both_from(FROM, async |p| {
        let (_, code) = bought(&p, json!({ "seats": 3 }), 1).await;
        let asks = (0..24).map(|n| {
            let (http, url, body) = (p.http.clone(), format!("{}{TAKE}", p.url), take(&code, &format!("client-{}", n % 12)));
            tokio::spawn(async move { http.post(url).json(&body).send().await.unwrap().status().as_u16() })
        });
        let mut answers = Vec::new();
        for ask in asks.collect::<Vec<_>>() {
            answers.push(ask.await.unwrap());
        }
        assert!(answers.iter().all(|s| [200, 409].contains(s)), "seated or refused: {answers:?}");
        assert_eq!(held(&p, "buyer", &code).await.len(), 3, "{answers:?}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_licence_is_bound_to_its_machines_which_the_buyer_releases_so_often_only() {
    on_both_from(FROM, async |p| {
        let (_, code) = bought(&p, json!({ "seats": 5, "nodes": 1, "node_releases": 1 }), 1).await;
        let on = |client: &str, machine: &str| json!({ "code": code, "client": client, "fingerprint": machine });
        let (status, missing) = p.send("nobody", "POST", TAKE, Some(&take(&code, "ann"))).await;
        assert_eq!((status, &missing["errors"][0]["pointer"]), (422, &json!("/fingerprint")), "{missing}");
        let ann = p.post("nobody", TAKE, on("ann", HERE)).await;
        p.post("nobody", TAKE, on("bob", "00-1a-2b|disk9|board|cpu")).await;
        assert_eq!(p.refused("nobody", TAKE, on("cid", "other|other|other|other")).await, (409, "licence.node_limit".to_owned()));
        let rights = p.get("buyer", &format!("/api/v1/licences/{code}")).await["rights"].clone();
        let node = rights["bound"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!((rights["bound"].as_array().unwrap().len(), &rights["nodes"]), (1, &json!(1)), "a new disk is no new machine");
        let release = |node: &str| format!("/api/v1/licences/{code}/nodes/{node}/release");
        assert_eq!(p.refused("buyer2", &release(&node), json!({})).await.0, 404);
        p.post("buyer", &release(&node), json!({})).await;
        assert_eq!(p.refused("buyer", &release(&node), json!({})).await.1, "licence.node_releases", "once in 30 days");
        assert_eq!(p.refused("nobody", RENEW, lease(&code, &ann)).await.1, "licence.seat_lost", "its seats went with it");
        p.post("nobody", TAKE, on("cid", "other|other|other|other")).await;
        let node = p.get("seller", &format!("/api/v1/licences/{code}")).await["rights"]["bound"][0]["id"].as_str().unwrap().to_owned();
        p.post("seller", &release(&node), json!({})).await;
        assert_eq!(p.refused("seller", &release(&node), json!({})).await, (404, "licence.no_such_node".to_owned()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn of_machines_that_come_at_once_no_more_are_bound_than_were_bought_and_none_twice() {
    on_both_from(FROM, async |p| {
        let (_, code) = bought(&p, json!({ "seats": 50, "nodes": 2 }), 1).await;
        let asks = (0..16).map(|n| {
            let body = json!({ "code": code, "client": format!("client-{n}"), "fingerprint": format!("machine-{}", n % 4) });
            let (http, url) = (p.http.clone(), format!("{}{TAKE}", p.url));
            tokio::spawn(async move { http.post(url).json(&body).send().await.unwrap().status().as_u16() })
        });
        let mut seated = 0;
        for ask in asks.collect::<Vec<_>>() {
            let status = ask.await.unwrap();
            assert!([200, 409].contains(&status), "seated or refused: {status}");
            seated += usize::from(status == 200);
        }
        let rights = p.get("buyer", &format!("/api/v1/licences/{code}")).await["rights"].clone();
        assert_eq!(rights["bound"].as_array().unwrap().len(), 2, "{rights}");
        assert_eq!((seated, rights["held"].as_array().unwrap().len()), (8, 8), "all clients of both machines, and nobody else");
    })
    .await;
}

#[tokio::test]
async fn software_works_through_the_grace_and_stops_when_it_is_over_frozen_or_released() {
    on_both_from(FROM, async |p| {
        let (order, code) = bought(&p, json!({ "seats": 1, "grace_days": 7 }), 1).await;
        p.post("nobody", TAKE, take(&code, "ann")).await;
        p.advance("8784h").await;
        let late = p.post("nobody", TAKE, take(&code, "ann")).await;
        assert_eq!(late["standing"], "grace", "the term of a year is over: {late}");
        p.advance("168h").await;
        assert_eq!(p.refused("nobody", TAKE, take(&code, "ann")).await, (409, "licence.over".to_owned()));
        p.post("buyer", &format!("/api/v1/instances/{}/renew", instance_of(&order)), json!({ "period": "1y", "pay": true })).await;
        p.settle().await;
        assert_eq!(p.post("nobody", TAKE, take(&code, "ann")).await["standing"], "valid");
        let freeze = format!("/api/v1/operator/instances/{}/freeze", instance_of(&order));
        p.post("operator", &freeze, json!({ "reason": "misused" })).await;
        assert_eq!(p.refused("nobody", TAKE, take(&code, "ann")).await.1, "licence.over", "a violation has no grace");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_code_no_seat_or_not_taken_yet_is_refused() {
    on_both_from(FROM, async |p| {
        let (_, plain) = bought(&p, json!({}), 1).await;
        assert_eq!(p.refused("nobody", TAKE, take("PL1", "ann")).await, (404, "licence.not_found".to_owned()));
        assert_eq!(p.refused("nobody", TAKE, take(&plain, "ann")).await, (409, "licence.no_seats".to_owned()));
        for (bad, pointer) in
            [(json!({ "code": plain, "client": "" }), "/client"), (json!({ "code": plain, "client": "x".repeat(257) }), "/client")]
        {
            let (status, answer) = p.send("nobody", "POST", TAKE, Some(&bad)).await;
            assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!(pointer)), "{answer}");
        }
        let bad = json!({ "code": plain, "lease": "z".repeat(32) });
        assert_eq!(p.refused("nobody", RETURN, bad).await.1, "licence.bad_lease");
        // Rules are checked like the rest of a listing.
        let wrong = list_with_refused(&p, json!({ "seats": 0, "take_over": "own" })).await;
        assert!(wrong.contains("/specifications/0/licence/seats"), "{wrong}");
    })
    .await;
}

#[tokio::test]
async fn a_code_that_its_buyer_has_not_taken_is_no_good_in_the_flow_that_makes_him_take_it() {
    on_both_from("2024-10-01T02:00:00Z", async |p| {
        list_with(&p, "shield", |listing| listing["specifications"][0]["licence"] = json!({ "seats": 1, "files": true })).await;
        let choice = json!({ "product": "shield", "specification": "standard", "period": "1y", "quantity": 1 });
        let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
        p.settle().await;
        let code = p.get("seller", "/api/v1/licences?as=seller").await["licences"][0]["code"].clone();
        let early = p.refused("nobody", TAKE, json!({ "code": code, "client": "ann" })).await;
        assert_eq!(early, (409, "licence.not_received".to_owned()));
        let early = p.refused("nobody", "/api/v1/licence-files", json!({ "code": code })).await;
        assert_eq!(early, (409, "licence.not_received".to_owned()));
        assert_ne!(p.order(&order).await["state"], "completed");
    })
    .await;
}

async fn list_with_refused(p: &Platform, rules: Value) -> String {
    let products = p.get("seller", "/api/v1/seller/products?key=shield").await;
    let id = products["products"][0]["id"].as_str().unwrap();
    let mut listing = p.get("seller", &format!("/api/v1/seller/products/{id}")).await["revisions"][0]["listing"].clone();
    listing["specifications"][0]["licence"] = rules;
    let (status, answer) = p.send("seller", "PUT", "/api/v1/seller/products/by-key/shield", Some(&listing)).await;
    assert_eq!(status, 422, "{answer}");
    answer.to_string()
}
