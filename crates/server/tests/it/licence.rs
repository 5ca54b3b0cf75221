//! Licences by authorisation code: bought, activated and asked about by the seller's software, told of what becomes of
//! them (`license-interface 2`).

use super::{on_both_from, sellers::yunshi};
use serde_json::{Value, json};
use testkit::{Platform, Signed, instance_of, number};

/// Codes of orders from 2025-05-22 on go to both sides at once (2.1).
const FROM: &str = "2026-01-05T02:00:00Z";
const ACTIVATE: &str = "/api/mkp-openapi-public/global/v1/license/activate";
const ACTIVATE_BATCH: &str = "/api/mkp-openapi-public/global/v2/license/activate";
const QUERY: &str = "/api/mkp-openapi-public/global/v1/license/heartbeat";
const QUERY_BATCH: &str = "/api/mkp-openapi-public/global/v2/license/heartbeat";
const USAGE: &str = "/api/mkp-openapi-public/global/v2/license/software-usage-info";

/// Lists the example product; with an address, its server hears of codes.
pub(crate) async fn list_shield(p: &Platform, address: Option<&str>) {
    list_as(p, "license_code", address).await;
}

/// Lists the example product in one of the forms of licences.
pub(crate) async fn list_as(p: &Platform, access_type: &str, address: Option<&str>) {
    list_under(p, "shield", access_type, address).await;
}

/// Likewise, under a key of its own.
pub(crate) async fn list_under(p: &Platform, key: &str, access_type: &str, address: Option<&str>) {
    let change = |listing: &mut Value| {
        listing["access_type"] = json!(access_type);
        listing["interface_address"] = json!(address);
        if access_type != "license_code" {
            listing["delivery"] = Value::Null;
            listing["specifications"][0]["licence"] = Value::Null;
        }
    };
    list_with(p, key, change).await;
}

/// Lists the example product with changes.
pub(crate) async fn list_with(p: &Platform, key: &str, change: impl Fn(&mut Value)) {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/license");
    let env = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("seller"))];
    let (code, applied) = yunshi(&["apply", "-f", examples, "--draft"], &env).await;
    assert_eq!(code, 0, "{applied:#}");
    let newest = async |key: &str| {
        let products = p.get("seller", &format!("/api/v1/seller/products?key={key}")).await;
        p.get("seller", &format!("/api/v1/seller/products/{}", products["products"][0]["id"].as_str().unwrap())).await["revisions"][0]
            .clone()
    };
    let mut listing = newest("shield").await["listing"].clone();
    change(&mut listing);
    let (status, refused) = p.send("seller", "PUT", &format!("/api/v1/seller/products/by-key/{key}"), Some(&listing)).await;
    assert_eq!(status, 200, "{refused}");
    let application = newest(key).await["id"].as_str().unwrap().to_owned();
    p.post("seller", &format!("/api/v1/seller/applications/{application}/submit"), json!({})).await;
    p.post("operator", &format!("/api/v1/operator/applications/{application}/approve"), json!({})).await;
}

/// Buys a code; its order and the code.
pub(crate) async fn buy(p: &Platform, quantity: u32) -> (Value, String) {
    let choice = json!({ "product": "shield", "specification": "standard", "period": "1y", "quantity": quantity });
    let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    p.settle().await;
    let before = p.instance(&instance_of(&order)).await;
    assert_eq!((&before["licence"]["code"], &before["seller_instance_id"]), (&json!(null), &json!(null)), "not before it is taken");
    let case = p.case("buyer", &order).await;
    p.act("buyer", &case, json!({ "verb": "claim" })).await;
    let licence = p.instance(&instance_of(&order)).await["licence"].clone();
    assert_eq!(licence["state"], "not_activated", "{licence}");
    (order, licence["code"].as_str().unwrap().to_owned())
}

async fn ask_as(p: &Platform, role: &str, path: &str, body: &Value) -> Value {
    let request = Signed { body: body.to_string().into_bytes(), ..p.signed(role, "POST", path) };
    let (status, answer) = p.send_signed(&request).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

async fn ask(p: &Platform, path: &str, body: Value) -> Value {
    ask_as(p, "seller", path, &body).await
}

fn code(answer: &Value) -> &str {
    answer["error_code"].as_str().unwrap()
}

/// A debugged address of the built-in seller.
pub(crate) async fn address(p: &Platform, protocol: &str, class: &str) -> String {
    let key = p.document["accounts"]["seller"]["interface_key"]["secret"].as_str().unwrap();
    let body = json!({ "class": class, "secret": key });
    assert_eq!(p.send("seller", "PUT", "/api/v1/seller/keys/by-name/codes", Some(&body)).await.0, 200);
    let url = format!("{}/sandbox/seller/shield", p.url);
    let body = json!({ "url": url, "key": "codes", "protocol": protocol });
    let (status, address) = p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/codes", Some(&body)).await;
    assert_eq!(status, 200, "{address}");
    let id = address["id"].as_str().unwrap().to_owned();
    let report = p.post("seller", &format!("/api/v1/seller/addresses/{id}/debug"), json!({ "save": true })).await;
    assert_eq!((&report["protocol"], &report["failed"]), (&json!(protocol), &json!(0)), "{report:#}");
    id
}

#[tokio::test]
async fn a_code_is_bought_activated_asked_about_and_ends() {
    on_both_from(FROM, async |p| {
        list_shield(&p, None).await;
        let (order, licence) = buy(&p, 2).await;
        assert!(licence.starts_with("PL") && licence.len() == 28, "{licence}");
        assert_eq!(p.order(&order).await["state"], "processing", "the money waits for the activation");
        assert_eq!(code(&ask(&p, QUERY, json!({ "license": licence })).await), "92020011", "never activated");
        p.advance("30h").await;
        let refused = ask(&p, ACTIVATE, json!({ "license": licence, "real_effect_time": "20260105015959" })).await;
        assert_eq!(code(&refused), "92020002", "before the order");
        let answer = ask(&p, ACTIVATE, json!({ "license": licence, "real_effect_time": "20260105120000" })).await;
        assert_eq!((code(&answer), &answer["error_msg"]), ("92020000", &json!("success")), "{answer}");
        let info: Value = serde_json::from_str(answer["data"]["license_code_info"].as_str().unwrap()).unwrap();
        let expected = json!({
            "status": "ALIVE", "expire_time": "20270106155959", "product_id": info["product_id"], "order_id": number(&order), "amount": 2,
        });
        assert_eq!(info, expected);
        let again = ask(&p, ACTIVATE, json!({ "license": licence })).await;
        assert_eq!((code(&again), &again["error_msg"]), ("92020003", &json!("illegal state")));
        assert_eq!(p.order(&order).await["state"], "completed");
        let instance = p.instance(&instance_of(&order)).await;
        let opened = (&instance["state"], &instance["opened_at"]);
        assert_eq!(opened, (&json!("running"), &instance["licence"]["activated_at"]), "{instance}");
        assert!(instance["opened_at"].as_str().unwrap().starts_with("2026-01-06T08:00:0"), "{instance}");
        assert_eq!(instance["licence"]["real_effect_at"], "2026-01-05T12:00:00Z", "both times are kept");
        let heartbeat = json!({ "thirdPartyAccount": "device-1", "ip": "10.0.0.1" });
        let found = ask(&p, QUERY, json!({ "license": licence, "heartbeatInfo": heartbeat })).await;
        let data = &found["data"];
        assert_eq!((&data["license_code"], &data["status"]), (&json!(licence), &json!("ALIVE")));
        assert!(data["activate_time"].as_str().unwrap().starts_with("202601060800"), "{data}");
        let bought = (&data["expire_time"], &data["amount"], &data["order_id"]);
        assert_eq!(bought, (&json!("20270106155959"), &json!(2), &json!(number(&order))));
        // Renewed, frozen at the end, alive after another renewal, released.
        let id = instance_of(&order);
        let renew = async || p.post("buyer", &format!("/api/v1/instances/{id}/renew"), json!({ "period": "1y", "pay": true })).await;
        renew().await;
        assert_eq!(ask(&p, QUERY, json!({ "license": licence })).await["data"]["expire_time"], "20280106155959");
        p.advance("735d").await;
        assert_eq!(ask(&p, QUERY, json!({ "license": licence })).await["data"]["status"], "EXPIRED");
        renew().await;
        assert_eq!(ask(&p, QUERY, json!({ "license": licence })).await["data"]["status"], "ALIVE");
        p.advance("385d").await;
        assert_eq!(ask(&p, QUERY, json!({ "license": licence })).await["data"]["status"], "RELEASED");
        assert_eq!(code(&ask(&p, ACTIVATE, json!({ "license": licence })).await), "92020003");
        assert!(p.calls(&id).await.is_empty(), "a seller who only asks is not called");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_answered_by_one_result_and_asked_about_in_the_order_of_the_request() {
    on_both_from(FROM, async |p| {
        list_shield(&p, None).await;
        let ((_, first), (_, second)) = (buy(&p, 1).await, buy(&p, 1).await);
        let wrong = ask(&p, ACTIVATE_BATCH, json!({ "license_list": [first, "PL0000000000000000000000000"] })).await;
        assert_eq!((code(&wrong), &wrong["error_msg"]), ("92020020", &json!("Invalid license code exists.")));
        assert_eq!(code(&ask(&p, QUERY_BATCH, json!({ "license_list": [first] })).await), "92020011");
        let answer = ask(&p, ACTIVATE_BATCH, json!({ "license_list": [second, first] })).await;
        assert_eq!(answer, json!({ "error_code": "92020000", "error_msg": "success" }), "no result per code");
        assert_eq!(code(&ask(&p, ACTIVATE_BATCH, json!({ "license_list": [first] })).await), "92020003");
        let found = ask(&p, QUERY_BATCH, json!({ "license_list": [second, first] })).await;
        let codes: Vec<&str> = found["data"].as_array().unwrap().iter().map(|d| d["license_code"].as_str().unwrap()).collect();
        assert_eq!(codes, [second.as_str(), first.as_str()]);
    })
    .await;
}

#[tokio::test]
async fn reported_clients_stand_on_the_page_of_a_licence_for_its_sides_alone() {
    on_both_from(FROM, async |p| {
        list_shield(&p, None).await;
        let (_, licence) = buy(&p, 1).await;
        let report = |items: Value| json!({ "usage_info": [{ "license": licence, "software_usage_Info": items }] });
        assert_eq!(code(&ask(&p, USAGE, report(json!([{ "id": "a" }]))).await), "92020011");
        ask(&p, ACTIVATE, json!({ "license": licence })).await;
        ask(&p, USAGE, report(json!([{ "id": "a" }, { "id": "b" }, { "id": "a" }]))).await;
        ask(&p, QUERY, json!({ "license": licence, "heartbeatInfo": { "thirdPartyAccount": "c" } })).await;
        p.advance("24h").await;
        ask(&p, USAGE, report(json!([{ "active_num": 7 }]))).await;
        for role in ["buyer", "seller", "operator"] {
            let shown = p.get(role, &format!("/api/v1/licences/{licence}")).await;
            assert_eq!(shown["days"], json!([{ "day": "2026-01-05", "clients": 3 }, { "day": "2026-01-06", "clients": 7 }]), "{role}");
        }
        assert_eq!(p.send("buyer2", "GET", &format!("/api/v1/licences/{licence}"), None).await.0, 404);
        assert_eq!(p.get("buyer2", "/api/v1/licences").await["licences"], json!([]));
        let unknown = json!({ "usage_info": [{ "license": "PL1", "software_usage_Info": [{ "id": "d" }] }] });
        assert_eq!(code(&ask(&p, USAGE, unknown).await), "92020020");
    })
    .await;
}

#[tokio::test]
async fn codes_of_others_do_not_exist_and_wrong_requests_get_their_documented_codes() {
    on_both_from(FROM, async |p| {
        list_shield(&p, None).await;
        let (_, licence) = buy(&p, 1).await;
        let body = json!({ "license": licence });
        assert_eq!(code(&ask_as(&p, "seller2", ACTIVATE, &body).await), "92020005", "another seller's");
        assert_eq!(code(&ask_as(&p, "seller2", QUERY, &body).await), "92020005");
        assert_eq!(code(&ask(&p, QUERY, json!({ "license": "PLNOSUCH" })).await), "92020005");
        let good = p.signed("seller", "POST", ACTIVATE);
        for (bytes, status, expected) in [
            (b"{".to_vec(), 400, "95000004"),
            (b"\xff\xfe".to_vec(), 400, "95000004"),
            (b"{}".to_vec(), 400, "95000001"),
            (format!(r#"{{"license":"{}"}}"#, "P".repeat(65)).into_bytes(), 400, "95000001"),
        ] {
            let (found, answer) = p.send_signed(&Signed { body: bytes, ..good.clone() }).await;
            assert_eq!((found, code(&answer)), (status, expected), "{answer}");
        }
        let (status, answer) = p.send_signed(&p.signed("seller", "GET", ACTIVATE)).await;
        assert_eq!((status, code(&answer)), (405, "95000002"));
        let plain = Signed { body: body.to_string().into_bytes(), content_type: "text/plain", ..good.clone() };
        let (status, answer) = p.send_signed(&plain).await;
        assert_eq!((status, code(&answer)), (415, "95000003"));
        let huge = Signed { body: vec![b' '; 10 * 1024 * 1024], ..good };
        assert_eq!(p.send_signed(&huge).await.0, 413);
        assert_eq!(p.order(&p.get("buyer", "/api/v1/orders").await["orders"][0]).await["state"], "processing", "nothing was stored");
    })
    .await;
}

#[tokio::test]
async fn test_codes_are_listed_on_the_command_line_and_on_no_page_of_licences() {
    on_both_from(FROM, async |p| {
        let made = p.post("seller", "/api/v1/seller/test-codes", json!({})).await;
        let test = made["code"].as_str().unwrap();
        assert_eq!(code(&ask(&p, ACTIVATE, json!({ "license": test })).await), "92020000");
        assert_eq!(ask(&p, QUERY, json!({ "license": test })).await["data"]["order_id"], "MOCKPERIODYEARNEW");
        let env = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("seller"))];
        let (exit, shown) = yunshi(&["licence", "test-codes"], &env).await;
        assert_eq!((exit, &shown["test_codes"][0]["proven"]), (0, &json!(true)), "{shown}");
        assert_eq!(p.get("seller", "/api/v1/licences?as=seller").await["licences"], json!([]), "test codes are not sold");
        assert_eq!(p.send("seller", "GET", &format!("/api/v1/licences/{test}"), None).await.0, 404);
        assert_eq!(p.refused("buyer", "/api/v1/seller/test-codes", json!({})).await.0, 403);
    })
    .await;
}

#[tokio::test]
async fn a_crash_costs_the_statistics_of_a_moment_and_no_state() {
    on_both_from(FROM, async |mut p| {
        list_shield(&p, None).await;
        let (_, code_of) = buy(&p, 1).await;
        assert_eq!(code(&ask(&p, ACTIVATE, json!({ "license": code_of })).await), "92020000");
        let used = json!({ "usage_info": [{ "license": code_of, "software_usage_Info": [{ "id": "ann" }, { "id": "bob" }] }] });
        assert_eq!(code(&ask(&p, USAGE, used.clone()).await), "92020000");
        p.kill().await;
        p.run().await;
        let path = format!("/api/v1/licences/{code_of}");
        let after = p.get("seller", &path).await;
        assert_eq!(after["state"], "alive", "{after}");
        let counted = after["days"][0]["clients"].as_i64().unwrap_or(0);
        assert!(counted == 0 || counted == 2, "all of a moment or nothing: {after}");
        // Said again, each client is counted once.
        for _ in 0..2 {
            assert_eq!(code(&ask(&p, USAGE, used.clone()).await), "92020000");
        }
        assert_eq!(p.get("seller", &path).await["days"][0]["clients"], 2);
        p.verify().await;
    })
    .await;
}
