//! Licences that sellers make: 1.x with the purchase (`license-interface 3`), on-line opening by application (`4`).

use super::{
    licence::{address, list_as},
    on_both,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::{Platform, Signed, instance_of, number};

async fn buy(p: &Platform) -> (Value, String) {
    let choice = json!({ "product": "shield", "specification": "standard", "period": "1y" });
    let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    p.settle().await;
    let id = instance_of(&order);
    (order, id)
}

async fn renew(p: &Platform, id: &str) -> Value {
    let order = p.post("buyer", &format!("/api/v1/instances/{id}/renew"), json!({ "period": "1y", "pay": true })).await;
    p.settle().await;
    order
}

/// What was sent for an instance, in order.
async fn sent(p: &Platform, id: &str) -> Vec<Value> {
    let calls = p.get("seller", &format!("/api/v1/calls?limit=100&instance={id}")).await;
    let mut sent = Vec::new();
    for call in calls["calls"].as_array().unwrap().iter().rev() {
        let full = p.get("seller", &format!("/api/v1/calls/{}", call["id"].as_str().unwrap())).await;
        sent.push(serde_json::from_str::<Value>(full["attempts"][0]["request"].as_str().unwrap()).unwrap());
    }
    sent
}

fn activities(p: &[Value]) -> Vec<&str> {
    p.iter().map(|s| s["activity"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_licence_of_1_x_comes_with_the_purchase_and_hears_of_its_end() {
    on_both(async |p| {
        list_as(&p, "license_1x", Some(&address(&p, "license-v1", "basic").await)).await;
        let (order, id) = buy(&p).await;
        assert_eq!(p.order(&order).await["state"], "completed");
        let seen = p.instance(&id).await;
        let wire = seen["seller_instance_id"].as_str().unwrap();
        assert_eq!(seen["licence_text"], format!("LICENCE-{wire}"));
        assert_eq!(p.get("seller", &format!("/api/v1/instances/{id}")).await["licence_text"], Value::Null, "only for its buyer");
        let first = p.get("seller", &format!("/api/v1/calls?instance={id}")).await["calls"][0]["id"].as_str().unwrap().to_owned();
        let shown = p.get("seller", &format!("/api/v1/calls/{first}")).await["attempts"][0]["answer"].to_string();
        assert!(!shown.contains("LICENCE-"), "messages keep no licence: {shown}");
        renew(&p, &id).await;
        p.advance("740d").await;
        assert_eq!(p.instance(&id).await["state"], "frozen");
        renew(&p, &id).await;
        assert_eq!(p.instance(&id).await["state"], "running");
        p.post("operator", &format!("/api/v1/operator/instances/{id}/freeze"), json!({ "reason": "abuse" })).await;
        p.post("operator", &format!("/api/v1/operator/instances/{id}/unfreeze"), json!({})).await;
        p.advance("390d").await;
        let sent = sent(&p, &id).await;
        assert_eq!(
            activities(&sent),
            ["getLicense", "refreshLicense", "expireLicense", "refreshLicense", "expireLicense", "releaseLicense"],
            "for a violation 1.x has no call"
        );
        assert_eq!(
            (&sent[0]["chargingMode"], &sent[0]["periodType"], &sent[0]["orderId"]),
            (&json!("1"), &json!("year"), &json!(number(&order)))
        );
        assert_eq!(sent[5]["orderId"], json!(number(&order)), "the first purchase");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_licence_of_1_x_that_does_not_come_waits_for_the_seller() {
    on_both(async |p| {
        list_as(&p, "license_1x", Some(&address(&p, "license-v1", "basic").await)).await;
        p.fault("shield", "http_500").await;
        let (order, id) = buy(&p).await;
        p.advance("5h").await;
        let call = p.get("seller", &format!("/api/v1/calls?instance={id}")).await["calls"][0].clone();
        assert_eq!((&call["state"], &call["attempts"]), (&json!("failed"), &json!(4)), "3 hours, once per hour: {call}");
        assert_eq!(p.order(&order).await["state"], "processing", "the node stays with the seller");
        p.verify().await;
        p.fault("shield", "none").await;
        p.post("seller", &format!("/api/v1/calls/{}/restart", call["id"].as_str().unwrap()), json!({})).await;
        p.settle().await;
        assert_eq!(p.order(&order).await["state"], "completed");
        // A renewal is called once, the end of a term once more.
        p.fault("shield", "code_000005").await;
        renew(&p, &id).await;
        p.advance("750d").await;
        let calls = p.get("seller", &format!("/api/v1/calls?limit=100&instance={id}")).await;
        let tries: Vec<(String, i64)> = calls["calls"]
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .map(|c| (c["activity"].as_str().unwrap().to_owned(), c["attempts"].as_i64().unwrap()))
            .collect();
        let expected = [("getLicense", 5), ("refreshLicense", 1), ("expireLicense", 2), ("releaseLicense", 1)];
        assert_eq!(tries, expected.map(|(a, n)| (a.to_owned(), n)));
    })
    .await;
}

const BOUNDARY: &str = "a-boundary-of-the-tests";

/// Uploads for an event; the code that is answered.
async fn upload(p: &Platform, role: &str, event: &str, said: &Value, file: Option<&str>) -> (u16, String) {
    let part = |head: &str, body: &str| format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
    let mut body = part("name=\"isvUpdateFileReq\"", &said.to_string());
    if let Some(file) = file {
        body += &part("name=\"file\"; filename=\"x.lic\"", file);
    }
    body += &format!("--{BOUNDARY}--\r\n");
    let path = format!("/api/mkp-openapi-public/global/v1/market-event/{event}/file");
    let request = Signed {
        body: body.into_bytes(),
        content_type: "multipart/form-data; boundary=a-boundary-of-the-tests",
        ..p.signed(role, "POST", &path)
    };
    let (status, answer) = p.send_signed(&request).await;
    (status, answer["error_code"].as_str().unwrap().to_owned())
}

fn file(content: &str) -> Value {
    json!({ "type": "FILE", "sha256": hex::encode(Sha256::digest(content)), "file_name": "../x y.lic" })
}

async fn applications(p: &Platform, id: &str) -> Value {
    p.get("buyer", &format!("/api/v1/instances/{id}/licence-applications")).await["applications"].clone()
}

#[tokio::test]
async fn a_buyer_asks_for_licences_and_the_seller_uploads_them() {
    on_both(async |p| {
        list_as(&p, "license_online", Some(&address(&p, "license-online", "basic").await)).await;
        let (order, id) = buy(&p).await;
        assert_eq!(p.order(&order).await["state"], "completed", "open once the seller gave an id");
        let path = format!("/api/v1/instances/{id}/licence-applications");
        let asked = p.post("buyer", &path, json!({ "device_fingerprint": "00-16-3E|disk|board|cpu" })).await;
        let event = asked["event_id"].as_str().unwrap().to_owned();
        assert_eq!(p.refused("buyer", &path, json!({})).await, (409, "licence.application_open".to_owned()));
        p.settle().await;
        assert_eq!(applications(&p, &id).await[0]["state"], "accepted");
        let sent = sent(&p, &id).await;
        assert_eq!(activities(&sent), ["newInstance", "getLicenseAsync"], "nothing is queried");
        assert_eq!((&sent[1]["eventId"], &sent[1]["deviceFingerprint"]), (&json!(event), &json!("00-16-3E|disk|board|cpu")));
        assert!(
            sent[1]["effectiveTime"].as_str().unwrap().ends_with(" z") && sent[1]["expireTime"] == "2025-01-05 15:59:59 z",
            "{}",
            sent[1]
        );
        // What is wrong changes nothing.
        for (role, said, content, expected) in [
            ("seller2", file("text"), Some("text"), (200, "91381034")),
            ("seller", json!({ "type": "FILE", "sha256": "00" }), Some("text"), (400, "MKT.0101")),
            ("seller", json!({ "type": "FILE", "sha256": "00" }), None, (400, "MKT.0199")),
            ("seller", json!({ "type": "PAPER" }), None, (400, "MKT.0101")),
            ("seller", json!({ "type": "CHARACTERS", "characters": "x".repeat(1025) }), None, (400, "MKT.0101")),
        ] {
            let (status, code) = upload(&p, role, &event, &said, content).await;
            assert_eq!((status, code.as_str()), expected, "{said}");
        }
        assert_eq!(applications(&p, &id).await[0]["state"], "accepted");
        assert_eq!(
            p.send("buyer", "GET", &format!("/api/v1/licence-applications/{event}/file"), None).await.1["code"],
            "licence.not_delivered"
        );
        let content = "-----LICENCE-----";
        for _ in 0..2 {
            assert_eq!(upload(&p, "seller", &event, &file(content), Some(content)).await, (200, "MKT.0000".to_owned()), "also again");
        }
        assert_eq!(upload(&p, "seller", &event, &file("other"), Some("other")).await.1, "91381034", "one licence for one event");
        let seen = applications(&p, &id).await;
        assert_eq!((&seen[0]["state"], &seen[0]["file_name"]), (&json!("delivered"), &json!("../x y.lic")));
        let url = format!("{}/api/v1/licence-applications/{event}/file", p.url);
        let got = p.http.get(&url).bearer_auth(p.token("buyer")).send().await.unwrap();
        assert_eq!(got.headers()["content-disposition"], "attachment; filename=\"..xy.lic\"");
        assert_eq!(got.text().await.unwrap(), content);
        assert_eq!(p.send("buyer2", "GET", &format!("/api/v1/licence-applications/{event}/file"), None).await.0, 404);
        // Characters, for a second licence.
        let asked = p.post("buyer", &path, json!({})).await;
        p.settle().await;
        let event = asked["event_id"].as_str().unwrap();
        let said = json!({ "type": "CHARACTERS", "characters": "ABCD-EFGH" });
        assert_eq!(upload(&p, "seller", event, &said, None).await.1, "MKT.0000");
        assert!(p.messages("buyer").await.iter().filter(|m| *m == "licence.delivered").count() == 2);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_instance_of_on_line_opening_lives_as_in_saas_2_0_and_names_the_renewal_that_is_given_back() {
    on_both(async |p| {
        list_as(&p, "license_online", Some(&address(&p, "license-online", "basic").await)).await;
        let (_, id) = buy(&p).await;
        let renewal = renew(&p, &id).await;
        p.post("buyer", &format!("/api/v1/orders/{}/unsubscribe", number(&renewal)), json!({})).await;
        p.advance("390d").await;
        let sent = sent(&p, &id).await;
        assert_eq!(activities(&sent), ["newInstance", "refreshInstance", "refreshInstance", "updateInstanceStatus", "releaseInstance"]);
        assert_eq!((&sent[2]["scene"], &sent[2]["orderId"]), (&json!("UNSUBSCRIBE_RENEWAL_PERIOD"), &json!(number(&renewal))));
        assert_eq!(
            p.refused("buyer", &format!("/api/v1/instances/{id}/licence-applications"), json!({})).await,
            (409, "instance.state".to_owned())
        );
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_application_that_the_seller_refuses_is_told_and_may_be_made_again() {
    on_both(async |p| {
        list_as(&p, "license_online", Some(&address(&p, "license-online", "basic").await)).await;
        let (_, id) = buy(&p).await;
        p.fault("shield", "code_000900").await;
        let path = format!("/api/v1/instances/{id}/licence-applications");
        p.post("buyer", &path, json!({})).await;
        p.settle().await;
        let seen = applications(&p, &id).await;
        assert_eq!(seen[0]["state"], "failed");
        assert!(seen[0]["error"].as_str().unwrap().starts_with("resultCode 000900"), "{seen}");
        assert_eq!(p.calls(&id).await[1], ("getLicenseAsync".to_owned(), "failed".to_owned()), "a refusal is not repeated");
        assert!(p.messages("buyer").await.contains(&"licence.refused".to_owned()));
        p.fault("shield", "none").await;
        p.post("buyer", &path, json!({})).await;
        p.settle().await;
        assert_eq!(applications(&p, &id).await[0]["state"], "accepted");
        // Taken, but nothing is uploaded for a day: it may be asked for again, and the end of the instance ends it.
        assert_eq!(p.refused("buyer", &path, json!({})).await.1, "licence.application_open");
        p.advance("25h").await;
        p.post("buyer", &path, json!({})).await;
        p.settle().await;
        p.advance("400d").await;
        let states: Vec<Value> = applications(&p, &id).await.as_array().unwrap().iter().map(|a| a["state"].clone()).collect();
        assert_eq!(states, ["failed", "failed", "failed"]);
        // Not opened within two hours: refunded.
        p.fault("shield", "code_000005").await;
        let (order, _) = buy(&p).await;
        p.advance("150m").await;
        assert_eq!(p.order(&order).await["state"], "cancelled");
        p.verify().await;
    })
    .await;
}
