//! Probing: saved cases are replayed twice a day; five failing days freeze trading (seller-domain 6.3).

use serde_json::{Value, json};
use testdb::{ENGINES, Engine};
use testkit::{Platform, Setup};

fn setup(engine: Engine) -> Setup {
    Setup { config: "probing = true\n", ..super::setup(engine) }
}

async fn health(p: &Platform, role: &str, key: &str) -> Value {
    let found = p.get(role, &format!("/api/v1/interface-health?limit=100&as={role}")).await;
    found["products"].as_array().unwrap().iter().find(|h| h["key"] == key).unwrap().clone()
}

#[tokio::test]
async fn products_are_probed_morning_and_afternoon_and_frozen_after_five_failing_days() {
    for engine in ENGINES {
        let p = Platform::start(setup(engine)).await;
        p.advance("15h").await; // 10:00 at the site until 01:00 of the next day: one afternoon
        let seen = health(&p, "seller", "backup").await;
        assert_eq!((&seen["failing_days"], &seen["failed_orders_max"]), (&json!(0), &json!(5)));
        assert_eq!(seen["days"], json!([{ "day": "2024-01-05", "passed": 1, "failed": 0 }]), "{seen}");
        p.fault("backup", "http_500").await;
        p.advance("72h").await;
        let seen = health(&p, "seller", "backup").await;
        assert_eq!(
            (&seen["failing_days"], &seen["visibility"], &seen["newest"]["failed_case"]),
            (&json!(3), &json!("on_sale"), &json!("create"))
        );
        let told = p.messages("seller").await.iter().filter(|m| *m == "probe.failed").count();
        assert_eq!(told, 6, "a notice for each failed probe");
        // A day on which one passed begins the count anew.
        p.fault("backup", "none").await;
        let id = seen["id"].as_str().unwrap();
        let now = p.post("seller", &format!("/api/v1/seller/products/{id}/probe"), json!({})).await;
        assert_eq!(now["result"], "passed", "{now}");
        p.fault("backup", "code_000005").await;
        p.advance("24h").await;
        assert_eq!(health(&p, "seller", "backup").await["failing_days"], 0, "one passed on this day");
        p.fault("backup", "http_500").await;
        p.advance("120h").await;
        let seen = health(&p, "operator", "backup").await;
        assert_eq!((&seen["visibility"], &seen["newest"]["froze"]), (&json!("frozen"), &json!(true)), "{seen}");
        assert!(p.messages("seller").await.contains(&"product.unreachable".to_owned()));
        assert!(p.messages("operator").await.contains(&"product.unreachable_to_check".to_owned()));
        let probes = p.get("seller", &format!("/api/v1/probes?as=seller&product={id}&result=failed&limit=100")).await["probes"]
            .as_array()
            .unwrap()
            .len();
        p.advance("48h").await;
        let later = p.get("seller", &format!("/api/v1/probes?as=seller&product={id}&result=failed&limit=100")).await["probes"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(probes, later, "what is frozen is not probed");
        // Mended, shown by hand, and let go on.
        p.fault("backup", "none").await;
        assert_eq!(p.post("seller", &format!("/api/v1/seller/products/{id}/probe"), json!({})).await["result"], "passed");
        p.post("operator", &format!("/api/v1/operator/products/{id}/unfreeze"), json!({ "reason": "mended" })).await;
        p.fault("backup", "http_500").await;
        p.advance("48h").await;
        let seen = health(&p, "seller", "backup").await;
        assert_eq!((&seen["visibility"], seen["failing_days"].as_i64().unwrap() < 3), (&json!("on_sale"), true), "counted anew: {seen}");
        p.verify().await;
    }
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
