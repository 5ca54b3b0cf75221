//! The example sellers live through every form of licences, and hear of the orders (`license-interface 2` to `4`,
//! `saas-interface 5`).

use super::{
    koogallery::client_in,
    licence::list_under,
    on_both_from,
    sellers::{KEY, Language, start},
};
use serde_json::{Value, json};
use testkit::{Platform, instance_of};

/// A debugged address at the example seller, with a key of the class that its protocol needs.
async fn address(p: &Platform, url: &str, protocol: &str, class: &str) -> String {
    let put = async |path: String, body: Value| {
        let (status, value) = p.send("seller", "PUT", &path, Some(&body)).await;
        assert_eq!(status, 200, "{path}: {value}");
        value["id"].as_str().unwrap_or_default().to_owned()
    };
    let key = format!("example-{class}");
    put(format!("/api/v1/seller/keys/by-name/{key}"), json!({ "class": class, "secret": KEY })).await;
    let body = json!({ "url": format!("{url}/{protocol}"), "key": key, "protocol": protocol });
    let id = put(format!("/api/v1/seller/addresses/by-name/{protocol}"), body).await;
    let report = p.post("seller", &format!("/api/v1/seller/addresses/{id}/debug"), json!({ "save": true })).await;
    assert_eq!(report["failed"], 0, "{report:#}");
    id
}

async fn buy(p: &Platform, product: &str) -> String {
    let choice = json!({ "product": product, "specification": "standard", "period": "1y" });
    let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    p.settle().await;
    instance_of(&order)
}

async fn renew(p: &Platform, id: &str) -> String {
    let order = p.post("buyer", &format!("/api/v1/instances/{id}/renew"), json!({ "period": "1y", "pay": true })).await;
    p.settle().await;
    order["order_number"].as_str().unwrap().to_owned()
}

/// What the seller was asked about an instance; all of it was done.
async fn asked(p: &Platform, id: &str) -> Vec<String> {
    let calls = p.calls(id).await;
    assert!(calls.iter().all(|(_, state)| state == "done"), "{calls:?}");
    calls.into_iter().map(|(activity, _)| activity).filter(|activity| activity != "orderNotify").collect()
}

async fn lives_of_licences(language: Language) {
    let (_child, url) = start(language).await;
    on_both_from("2026-01-05T02:00:00Z", async |p| {
        address(&p, &url, "order-notify", "general").await;
        list_under(&p, "made", "license_1x", Some(&address(&p, &url, "license-v1", "basic").await)).await;
        list_under(&p, "opened", "license_online", Some(&address(&p, &url, "license-online", "basic").await)).await;
        list_under(&p, "coded", "license_code", Some(&address(&p, &url, "license", "licence").await)).await;
        let (made, opened, coded) = (buy(&p, "made").await, buy(&p, "opened").await, buy(&p, "coded").await);
        // 1.x brings the licence with the purchase.
        assert!(p.instance(&made).await["licence_text"].as_str().is_some_and(|text| !text.is_empty()));
        // The code is activated by a program of the seller's.
        let case = p.get("buyer", "/api/v1/supervision?as=buyer").await["cases"][0].clone();
        let code = p.act("buyer", &case, json!({ "verb": "claim" })).await["code"].as_str().unwrap().to_owned();
        assert_eq!(client_in(&p, language, "seller", &["licence-activate", &code], &[]).0, 0);
        assert_eq!(p.instance(&coded).await["licence"]["state"], "alive");
        // What the buyer asks for is uploaded by a program of the seller's.
        let path = format!("/api/v1/instances/{opened}/licence-applications");
        let event = p.post("buyer", &path, json!({ "device_fingerprint": "mac|disk|board|cpu" })).await["event_id"].clone();
        p.settle().await;
        assert_eq!(p.get("buyer", &path).await["applications"][0]["state"], "accepted");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "-----LICENCE-----").unwrap();
        let upload = ["licence-upload", event.as_str().unwrap(), file.path().to_str().unwrap()];
        assert_eq!(client_in(&p, language, "seller", &upload, &[]).0, 0);
        assert_eq!(p.get("buyer", &path).await["applications"][0]["state"], "delivered");
        // Each is renewed, one renewal is given back, ends, is renewed while frozen, ends again and is released.
        for id in [&made, &opened, &coded] {
            let renewal = renew(&p, id).await;
            if id != &made {
                p.post("buyer", &format!("/api/v1/orders/{renewal}/unsubscribe"), json!({})).await;
            }
        }
        p.advance("371d").await;
        for id in [&opened, &coded] {
            assert_eq!(p.instance(id).await["state"], "frozen");
            renew(&p, id).await;
            assert_eq!(p.instance(id).await["state"], "running");
        }
        p.advance("760d").await;
        for id in [&made, &opened, &coded] {
            assert_eq!(p.instance(id).await["state"], "released");
        }
        assert_eq!(asked(&p, &made).await, ["getLicense", "refreshLicense", "expireLicense", "releaseLicense"]);
        let as_v2 = ["refreshInstance", "refreshInstance", "updateInstanceStatus", "refreshInstance", "updateInstanceStatus"];
        let whole = [&["newInstance", "getLicenseAsync"], &as_v2[..], &["updateInstanceStatus", "releaseInstance"]].concat();
        assert_eq!(asked(&p, &opened).await, whole);
        let codes =
            ["refreshLicenseCode", "refreshLicenseCode", "updateLicenseCodeStatus", "refreshLicenseCode", "updateLicenseCodeStatus"];
        assert_eq!(asked(&p, &coded).await, [&codes[..], &["updateLicenseCodeStatus", "releaseLicenseCode"]].concat());
        let told = p.get("seller", "/api/v1/calls?limit=100&activity=orderNotify").await;
        let states: Vec<&Value> = told["calls"].as_array().unwrap().iter().map(|c| &c["state"]).collect();
        assert!(states.len() >= 8 && states.iter().all(|s| **s == "done"), "three purchases and five renewals: {states:?}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn the_python_seller_lives_through_all_licences() {
    lives_of_licences(Language::Python).await;
}

#[tokio::test]
async fn the_node_seller_lives_through_all_licences() {
    lives_of_licences(Language::Node).await;
}

#[tokio::test]
async fn the_java_seller_lives_through_all_licences() {
    lives_of_licences(Language::Java).await;
}
