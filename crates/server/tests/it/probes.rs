//! Probing over real connections: saved cases are replayed (seller-domain 6.3); what follows is tested in `app`.

use serde_json::{Value, json};
use testdb::Engine;
use testkit::{Platform, Setup};

async fn health(p: &Platform, role: &str, key: &str) -> Value {
    let found = p.get(role, &format!("/api/v1/interface-health?limit=100&as={role}")).await;
    found["products"].as_array().unwrap().iter().find(|h| h["key"] == key).unwrap().clone()
}

#[tokio::test]
async fn saved_cases_are_replayed_and_the_health_of_the_product_is_shown() {
    let p = Platform::start(Setup { config: "probing = true\n", ..super::setup(Engine::Sqlite) }).await;
    p.advance("15h").await; // 10:00 at the site until 01:00 of the next day: one afternoon
    let seen = health(&p, "seller", "backup").await;
    assert_eq!((&seen["failing_days"], &seen["failed_orders_max"]), (&json!(0), &json!(5)));
    assert_eq!(seen["days"], json!([{ "day": "2024-01-05", "passed": 1, "failed": 0 }]), "{seen}");
    p.fault("backup", "http_500").await;
    p.advance("120h").await;
    let seen = health(&p, "operator", "backup").await;
    assert_eq!(
        (&seen["visibility"], &seen["newest"]["failed_case"], &seen["newest"]["froze"]),
        (&json!("frozen"), &json!("create"), &json!(true))
    );
    let id = seen["id"].as_str().unwrap();
    let failed = p.get("seller", &format!("/api/v1/probes?as=seller&product={id}&result=failed&limit=100")).await;
    assert_eq!(failed["probes"].as_array().unwrap().len(), 9, "the tenth would be of a product that is frozen: {failed}");
    // Mended, shown by hand, and let go on.
    p.fault("backup", "none").await;
    let now = p.post("seller", &format!("/api/v1/seller/products/{id}/probe"), json!({})).await;
    assert_eq!(now["result"], "passed", "{now}");
    p.post("operator", &format!("/api/v1/operator/products/{id}/unfreeze"), json!({ "reason": "mended" })).await;
    assert_eq!(health(&p, "seller", "backup").await["visibility"], "on_sale");
    p.verify().await;
}

#[tokio::test]
async fn health_is_seen_by_its_seller_and_the_operator_only() {
    let p = Platform::start(super::setup(Engine::Sqlite)).await;
    let mine = health(&p, "seller", "backup").await;
    let id = mine["id"].as_str().unwrap();
    assert_eq!(mine["days"], json!([]), "a sandbox is probed when told to");
    assert_eq!(p.send("seller2", "POST", &format!("/api/v1/seller/products/{id}/probe"), Some(&json!({}))).await.0, 404);
    p.post("seller", &format!("/api/v1/seller/products/{id}/probe"), json!({})).await;
    assert_eq!(p.get("seller2", "/api/v1/probes?as=seller").await["probes"], json!([]));
    assert_eq!(p.get("operator", "/api/v1/probes?as=operator").await["probes"].as_array().unwrap().len(), 1);
    assert_eq!(p.get("buyer", "/api/v1/interface-health?as=buyer").await["products"], json!([]));
}
