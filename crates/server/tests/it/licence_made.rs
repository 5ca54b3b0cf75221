//! Licences that sellers make over HTTP: the text of 1.x, and the files of on-line opening (`license-interface 3`, `4`).

use super::{
    licence::{address, list_as},
    on_both,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::{Platform, Signed, instance_of};

async fn buy(p: &Platform) -> (Value, String) {
    let choice = json!({ "product": "shield", "specification": "standard", "period": "1y" });
    let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    p.settle().await;
    let id = instance_of(&order);
    (order, id)
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
async fn the_text_of_a_licence_is_shown_to_its_buyer_alone() {
    on_both(async |p| {
        list_as(&p, "license_1x", Some(&address(&p, "license-v1", "basic").await)).await;
        let (_, id) = buy(&p).await;
        let seen = p.instance(&id).await;
        let wire = seen["seller_instance_id"].as_str().unwrap();
        assert_eq!(seen["licence_text"], format!("LICENCE-{wire}"));
        assert_eq!(p.get("seller", &format!("/api/v1/instances/{id}")).await["licence_text"], Value::Null, "only for its buyer");
        let first = p.get("seller", &format!("/api/v1/calls?instance={id}")).await["calls"][0]["id"].as_str().unwrap().to_owned();
        let shown = p.get("seller", &format!("/api/v1/calls/{first}")).await["attempts"][0]["answer"].to_string();
        assert!(!shown.contains("LICENCE-"), "messages keep no licence: {shown}");
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
async fn a_licence_is_uploaded_as_a_form_with_a_file_and_downloaded_as_a_file() {
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
