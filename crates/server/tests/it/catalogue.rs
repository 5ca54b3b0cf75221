//! Publishing over HTTP: drafts and reviews as documents, cases that are replayed, the search of the storefront.

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, choice};

/// The listing of a seeded product as its seller has it.
pub(super) async fn listing(p: &Platform, key: &str) -> (String, Value) {
    let products = p.get("seller", "/api/v1/seller/products").await;
    let found = products["products"].as_array().unwrap().iter().find(|x| x["key"] == key).unwrap().clone();
    let id = found["id"].as_str().unwrap().to_owned();
    let detail = p.get("seller", &format!("/api/v1/seller/products/{id}")).await;
    (id, detail["revisions"][0]["listing"].clone())
}

pub(super) async fn put(p: &Platform, key: &str, listing: &Value) -> (u16, Value) {
    p.send("seller", "PUT", &format!("/api/v1/seller/products/by-key/{key}"), Some(listing)).await
}

pub(super) async fn application(p: &Platform, key: &str) -> String {
    let products = p.get("seller", "/api/v1/seller/products").await;
    let found = products["products"].as_array().unwrap().iter().find(|x| x["key"] == key).unwrap().clone();
    found["application_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_draft_is_put_marked_and_approved_as_a_document() {
    on_both(async |p| {
        let (_, mut text) = listing(&p, "backup").await;
        text["specifications"][0]["trial_days"] = json!(200);
        let (status, problem) = put(&p, "backup", &text).await;
        assert_eq!((status, problem["errors"][0]["pointer"].as_str().unwrap()), (422, "/specifications/0/trial_days"));
        text["specifications"][0]["trial_days"] = json!(7);
        text["specifications"][0]["skus"][0]["month"] = json!("150.00");
        text["support"]["hotline"] = json!("");
        assert_eq!(put(&p, "backup", &text).await.1["action"], "updated");
        let id = application(&p, "backup").await;
        assert_eq!(p.send("seller2", "GET", &format!("/api/v1/applications/{id}"), None).await.0, 404);
        let submit = format!("/api/v1/seller/applications/{id}/submit");
        let (status, problem) = p.send("seller", "POST", &submit, Some(&json!({}))).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (422, "application.not_complete"));
        assert_eq!(problem["errors"][0]["pointer"], "/support/hotline");
        text["support"]["hotline"] = json!("400");
        put(&p, "backup", &text).await;
        p.post("seller", &submit, json!({})).await;
        let reject = json!({ "reason": "see the mark", "marks": { "/support/hotline": "nobody answers" } });
        p.post("operator", &format!("/api/v1/operator/applications/{id}/reject"), reject).await;
        let seen = p.get("seller", &format!("/api/v1/applications/{id}")).await;
        assert_eq!(seen["revision"]["marks"]["/support/hotline"], "nobody answers");
        let again = p.refused("operator", &format!("/api/v1/operator/applications/{id}/approve"), json!({})).await;
        assert_eq!(again, (409, "application.decided".into()));
        put(&p, "backup", &text).await;
        p.post("seller", &submit, json!({})).await;
        p.post("operator", &format!("/api/v1/operator/applications/{id}/approve"), json!({})).await;
        assert_eq!(p.post("buyer", "/api/v1/quotes", choice("1m")).await["total"]["amount"], "150.00");
    })
    .await;
}

#[tokio::test]
async fn a_submission_replays_the_saved_cases() {
    on_both(async |p| {
        let (_, text) = listing(&p, "backup").await;
        assert_eq!(put(&p, "second", &text).await.0, 200);
        let submit = format!("/api/v1/seller/applications/{}/submit", application(&p, "second").await);
        p.fault("backup", "http_500").await;
        assert_eq!(p.refused("seller", &submit, json!({})).await, (422, "application.case_failed".into()));
        p.fault("backup", "none").await;
        p.post("seller", &submit, json!({})).await;
        let key = p
            .send(
                "seller",
                "PUT",
                "/api/v1/seller/addresses/by-name/fresh",
                Some(&json!({ "url": format!("{}/sandbox/seller/fresh", p.url), "key": "basic" })),
            )
            .await
            .1;
        let mut fresh = text.clone();
        fresh["interface_address"] = key["id"].clone();
        put(&p, "third", &fresh).await;
        let submit = format!("/api/v1/seller/applications/{}/submit", application(&p, "third").await);
        assert_eq!(p.refused("seller", &submit, json!({})).await, (422, "application.cases_missing".into()));
    })
    .await;
}

#[tokio::test]
async fn the_secret_of_a_key_is_shown_once() {
    on_both(async |p| {
        let bad = json!({ "url": "http://10.0.0.1/x", "key": "basic" });
        let (status, problem) = p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/bad", Some(&bad)).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (422, "interface.bad_url"));
        let key = p.post("seller", "/api/v1/seller/keys", json!({ "name": "two", "class": "general" })).await;
        assert!(key["secret"].as_str().unwrap().len() > 20);
        let listed = p.get("seller", "/api/v1/seller/keys").await;
        assert!(!listed.to_string().contains(key["secret"].as_str().unwrap()), "the secret is shown once");
        let wrong = json!({ "url": "https://a.example.com/x", "key": "two" });
        let (status, problem) = p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/bad", Some(&wrong)).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (422, "interface.wrong_class"));
        let used = listed["keys"].as_array().unwrap().iter().find(|k| k["name"] == "basic").unwrap()["id"].as_str().unwrap().to_owned();
        let (status, problem) = p.send("seller", "DELETE", &format!("/api/v1/seller/keys/{used}"), None).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), (409, "interface.key_in_use"));
    })
    .await;
}

#[tokio::test]
async fn products_are_found_in_both_languages_filtered_and_paged() {
    on_both(async |p| {
        let keys = async |query: &str| {
            let found = p.get("nobody", &format!("/api/v1/products?{query}")).await;
            let mut keys: Vec<String> =
                found["products"].as_array().unwrap().iter().map(|c| c["key"].as_str().unwrap().to_owned()).collect();
            keys.sort();
            keys
        };
        assert_eq!(keys("").await, ["archive", "assess", "backup", "helpdesk", "transcribe"]);
        assert!(keys("q=%E5%A4%87%E4%BB%BD").await.contains(&"backup".to_owned()), "备份");
        assert!(keys("q=%E4%BA%91%E5%A4%87%E4%BB%BD").await.contains(&"backup".to_owned()), "two-character Chinese words");
        assert_eq!(keys("q=Helpdesk").await, ["helpdesk"]);
        assert_eq!(keys("category=storage").await, ["archive", "backup"]);
        assert_eq!(keys("charging=ONE_TIME").await, ["assess"]);
        assert_eq!(keys("charging=ON_DEMAND").await, ["transcribe"]);
        assert_eq!(keys("trial=true").await, ["backup", "helpdesk"]);
        assert_eq!(keys("price_from=40.00&price_to=120.00").await, ["backup", "helpdesk"]);
        assert_eq!(keys("q=nothingofthekind").await, [""; 0]);
        let first = p.get("nobody", "/api/v1/products?sort=price_up").await;
        assert_eq!(first["products"][0]["key"], "transcribe", "by use nothing is paid in advance");
        assert_eq!(first["products"][1]["key"], "archive");
        assert_eq!(first["with_trial"], 2);
        let page = p.get("nobody", "/api/v1/products/backup").await;
        assert!(page["description_html"]["zh"].as_str().unwrap().contains("<h2>"));
        assert_eq!(page["support"]["hotline"], "400-000-0002");
        assert_eq!(p.send("nobody", "GET", "/api/v1/products?category=nonsense", None).await.0, 422);
    })
    .await;
}

#[tokio::test]
async fn products_are_hidden_frozen_and_stopped_on_their_pages() {
    on_both(async |p| {
        let (id, _) = listing(&p, "backup").await;
        let buy = async || p.send("buyer", "POST", "/api/v1/orders", Some(&json!({ "choice": choice("1m"), "pay": true }))).await;
        p.post("seller", &format!("/api/v1/seller/products/{id}/public"), json!({ "public": false })).await;
        assert_eq!(buy().await.0, 200, "a hidden product is sold by its link");
        p.post("operator", &format!("/api/v1/operator/products/{id}/freeze"), json!({ "reason": "probes fail" })).await;
        p.post("operator", &format!("/api/v1/operator/products/{id}/unfreeze"), json!({ "reason": "repaired" })).await;
        p.post("seller", &format!("/api/v1/seller/products/{id}/stop"), json!({ "reason": "end of life" })).await;
        assert_eq!(buy().await.1["code"], "product.not_on_sale");
        assert_eq!(p.refused("seller2", &format!("/api/v1/seller/products/{id}/stop"), json!({ "reason": "x" })).await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn who_is_approved_as_a_seller_reaches_the_pages_of_sellers() {
    on_both(async |p| {
        let mut profile = json!({
            "company_name": "新商家", "website": "https://new.example.com", "contact_name": "甲", "contact_mobile": "138",
            "contact_mailbox": "a@b.cn", "address": "x", "service_phone": "400", "service_mailbox": "s@b.cn",
            "business_licence_number": "91", "introduction": "see http://elsewhere",
        });
        let (status, problem) = p.send("buyer", "PUT", "/api/v1/seller/profile", Some(&profile)).await;
        assert_eq!((status, problem["errors"][0]["pointer"].as_str().unwrap()), (422, "/introduction"));
        profile["introduction"] = json!("专注数据");
        assert_eq!(p.send("buyer", "PUT", "/api/v1/seller/profile", Some(&profile)).await.0, 200);
        let id = p.document["accounts"]["buyer"]["account_id"].as_str().unwrap();
        assert_eq!(p.send("buyer", "GET", "/api/v1/seller/products", None).await.0, 403);
        p.post("operator", &format!("/api/v1/operator/sellers/{id}/reject"), json!({ "reason": "licence" })).await;
        assert_eq!(p.send("buyer", "PUT", "/api/v1/seller/profile", Some(&profile)).await.0, 200);
        p.post("operator", &format!("/api/v1/operator/sellers/{id}/approve"), json!({})).await;
        assert_eq!(p.send("buyer", "GET", "/api/v1/seller/products", None).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn an_edited_request_is_signed_anew_and_its_answer_judged() {
    on_both(async |p| {
        let address = p.get("seller", "/api/v1/seller/addresses").await["addresses"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/seller/addresses/{address}/send");
        let body =
            r#"{"activity":"newInstance","businessId":"b-edited","orderId":"CS-EDITED","orderLineId":"CS-EDITED-000001","testFlag":"1"}"#;
        let sent = p.post("seller", &path, json!({ "request": body })).await;
        assert_eq!((&sent["result"], &sent["request"], &sent["status"]), (&json!("pass"), &json!(body), &json!(200)), "{sent}");
        assert_eq!(sent["steps"].as_array().unwrap().len(), 3, "{sent}");
        let wrong = p.post("seller", &path, json!({ "request": r#"{"activity":"dance"}"# })).await;
        assert_eq!((&wrong["result"], &wrong["reason"]["code"]), (&json!("fail"), &json!("invalid_parameter")), "{wrong}");
        assert_eq!(p.send("seller2", "POST", &path, Some(&json!({ "request": body }))).await.0, 404);
        let (status, problem) = p.send("seller", "POST", &path, Some(&json!({ "request": "x".repeat(20_001) }))).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/request")), "{problem}");
    })
    .await;
}
