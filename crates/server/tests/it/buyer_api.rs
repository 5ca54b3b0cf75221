//! The buyer-side APIs (`open-api 7`), as programs with AK and SK call them.

use super::{koogallery::client_in, on_both, sellers::Language};
use serde_json::{Value, json};
use testkit::{Platform, Signed};

const OPEN: &str = "/api/mkp-openapi-public/global/v1/";

async fn ask(p: &Platform, role: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = Signed { body: body.to_string().into_bytes(), ..p.signed(role, "POST", &format!("{OPEN}{path}")) };
    p.send_signed(&request).await
}

async fn done(p: &Platform, path: &str, body: &Value) -> Value {
    let (status, answer) = ask(p, "buyer", path, body).await;
    assert_eq!((status, &answer["error_code"]), (200, &json!("MKT.0000")), "{path}: {answer}");
    answer
}

fn backup(period: &str) -> Value {
    json!({ "product_id": "backup", "specification": "standard", "sku": "basic/5", "period": period })
}

#[tokio::test]
async fn orders_are_created_all_or_none_and_once_for_a_token() {
    on_both(async |p| {
        let wrong = json!({ "orders": [backup("1m"), backup("9q")], "auto_pay": true });
        assert_eq!(ask(&p, "buyer", "order/batch-order", &wrong).await.0, 400);
        let unknown = json!({ "orders": [backup("1m"), { "product_id": "nothing", "specification": "s" }], "auto_pay": true });
        let (status, answer) = ask(&p, "buyer", "order/batch-order", &unknown).await;
        assert_eq!((status, &answer["error_code"]), (400, &json!("MKT.0101")));
        assert!(answer["error_msg"].as_str().unwrap().contains("orders/1: "), "{answer}");
        assert_eq!((done(&p, "query-orders", &json!({})).await["orders"].clone(), p.balance().await), (json!([]), "1000000.00".to_owned()));
        let good = json!({ "orders": [backup("1m"), backup("1y")], "auto_pay": true, "client_token": "t-1" });
        let made = done(&p, "order/batch-order", &good).await;
        let balance = p.balance().await;
        assert_eq!(done(&p, "order/batch-order", &good).await, made, "a repeat answers the same");
        assert_eq!(p.balance().await, balance, "and costs nothing");
        p.settle().await;
        let ids: Vec<&str> = made["orders"].as_array().unwrap().iter().map(|o| o["order_id"].as_str().unwrap()).collect();
        let shown = done(&p, "order-detail/query", &json!({ "order_id": ids[0] })).await;
        assert_eq!((&shown["order"]["status"], &shown["order_info"]["orderType"]), (&json!("completed"), &json!("NEW")), "{shown}");
        let instance = shown["order"]["instance_ids"][0].as_str().unwrap();
        let app = done(&p, "saas-instance/query", &json!({ "instance_id": instance })).await;
        assert!(app["app_info"]["password"].as_str().unwrap().starts_with("pw-") && app["status"] == "running", "{app}");
        // Pages.
        let first = done(&p, "query-orders", &json!({ "limit": 1 })).await;
        let second = done(&p, "query-orders", &json!({ "limit": 1, "cursor": first["next_cursor"] })).await;
        assert_eq!((&first["orders"][0]["order_id"], &second["orders"][0]["order_id"]), (&json!(ids[1]), &json!(ids[0])));
        // Not paid, then cancelled; a paid one is not, and then neither is.
        let unpaid = done(&p, "order/batch-order", &json!({ "orders": [backup("2m")] })).await["orders"][0]["order_id"].clone();
        let both = json!({ "order_ids": [unpaid, ids[0]] });
        assert_eq!(ask(&p, "buyer", "order/batch-cancel", &both).await.0, 400);
        let waiting = done(&p, "query-orders", &json!({ "status": "pending_payment" })).await;
        assert_eq!(waiting["orders"][0]["order_id"], unpaid, "all or none");
        let cancelled = done(&p, "order/batch-cancel", &json!({ "order_ids": [unpaid] })).await;
        assert_eq!(cancelled["orders"][0]["status"], "cancelled");
        let agreed = done(&p, "subscription-agreements-query", &json!({ "product_ids": ["backup"] })).await;
        assert!(agreed["agreements"][0]["content"].as_str().unwrap().len() > 20, "{agreed}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn what_belongs_to_another_buyer_is_not_there_and_wrong_bodies_say_what_is_wrong() {
    on_both(async |p| {
        let (order, instance) = p.buy_open("1m").await;
        let number = order["order_number"].clone();
        for (path, body) in [
            ("order-detail/query", json!({ "order_id": number })),
            ("saas-instance/query", json!({ "instance_id": instance })),
            ("order/batch-cancel", json!({ "order_ids": [number] })),
        ] {
            let (status, answer) = ask(&p, "buyer2", path, &body).await;
            assert_eq!((status, &answer["error_code"]), (400, &json!("MKT.0101")), "{path}: {answer}");
            let (status, answer) = ask(&p, "operator", path, &body).await;
            assert_eq!((status, &answer["error_code"]), (401, &json!("MKT.0151")), "{path}: {answer}");
        }
        assert_eq!(ask(&p, "buyer2", "query-orders", &json!({})).await.1["orders"], json!([]));
        for (path, body, word) in [
            ("order/batch-order", json!({}), "orders"),
            ("order/batch-order", json!({ "orders": [] }), "orders is mandatory"),
            ("order/batch-order", json!({ "orders": vec![backup("1m"); 21] }), "at most 20"),
            ("order/batch-order", json!({ "orders": [backup("1m")], "client_token": "with blank" }), "1 to 100 visible"),
            ("query-orders", json!({ "limit": 101 }), "limit"),
            ("query-orders", json!({ "status": "lost" }), "status"),
            ("query-orders", json!({ "cursor": "x" }), "cursor"),
            ("saas-instance/query", json!({ "instance_id": "x" }), "instance_id"),
            ("subscription-agreements-query", json!({ "product_ids": ["none"] }), "none"),
        ] {
            let (status, answer) = ask(&p, "buyer", path, &body).await;
            assert!(status == 400 && answer["error_msg"].as_str().unwrap().contains(word), "{path} {body}: {status} {answer}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_public_sdk_cores_and_a_java_client_call_every_buyer_side_operation() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    for language in Language::ALL {
        let run = |path: &str, body: Value| {
            let (code, answer) = client_in(&p, language, "buyer", &["buyer", path, &body.to_string()], &[]);
            assert_eq!((code, &answer["error_code"]), (0, &json!("MKT.0000")), "{language:?} {path}: {answer}");
            answer
        };
        let made = run("order/batch-order", json!({ "orders": [backup("1m")], "auto_pay": true }));
        p.settle().await;
        let order = made["orders"][0]["order_id"].clone();
        let shown = run("order-detail/query", json!({ "order_id": order }));
        run("saas-instance/query", json!({ "instance_id": shown["order"]["instance_ids"][0] }));
        assert_eq!(run("query-orders", json!({ "limit": 1 }))["orders"][0]["order_id"], order);
        let unpaid = run("order/batch-order", json!({ "orders": [backup("1m")] }));
        run("order/batch-cancel", json!({ "order_ids": [unpaid["orders"][0]["order_id"]] }));
        run("subscription-agreements-query", json!({ "product_ids": ["backup"] }));
    }
}
