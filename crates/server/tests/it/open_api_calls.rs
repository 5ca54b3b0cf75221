//! What is called at the open APIs is kept for the holder of the key (open-api 1, 3.3).

use super::{on_both, sellers::yunshi};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Platform, Signed};

const QUERY: &str = "/api/mkp-openapi-public/global/v1/order/query";
const CALLS: &str = "/api/v1/open-api-calls";

/// The calls of an account, once so many are there; they are written beside the requests.
pub(super) async fn calls(p: &Platform, role: &str, query: &str, expected: usize) -> Vec<Value> {
    let read = async || p.get(role, &format!("{CALLS}?{query}")).await["calls"].as_array().unwrap().clone();
    let written = async { while read().await.len() < expected {} };
    tokio::time::timeout(Duration::from_secs(20), written).await.expect("the calls are written");
    let found = read().await;
    assert_eq!(found.len(), expected, "{query}: {found:#?}");
    found
}

#[tokio::test]
async fn a_seller_sees_what_its_system_asked_and_why_it_was_refused() {
    on_both(async |p| {
        let ask = |query: &str| p.signed("seller", "GET", &format!("{QUERY}?{query}"));
        assert_eq!(p.send_signed(&ask("orderId=MOCKPERIODYEARNEW")).await.0, 200);
        let (status, refused) = p.send_signed(&Signed { secret: "wrong".to_owned(), ..ask("orderId=MOCKONETIMENEW") }).await;
        assert_eq!(status, 401);
        let record = json!({ "usage_records": [{ "instance_id": "i" }] }).to_string().into_bytes();
        let push = Signed { body: record, ..p.signed("seller", "POST", "/rest/marketplace/v1/isv/usage-data") };
        assert_ne!(p.send_signed(&push).await.0, 200);
        let all = calls(&p, "seller", "", 3).await;
        let seen: Vec<_> = all.iter().map(|c| (c["method"].as_str().unwrap(), c["failed"].as_bool().unwrap())).collect();
        assert_eq!(seen, [("POST", true), ("GET", true), ("GET", false)], "newest first");
        // The refusal with the server's own canonical request, under the id that the answer named.
        let id = refused["request_id"].as_str().unwrap();
        let one = p.get("seller", &format!("{CALLS}/req_{id}")).await;
        assert_eq!((&one["status"], &one["code"]), (&json!(401), &json!("APIGW.0301")), "{one}");
        assert!(one["answer"].as_str().unwrap().contains("x-sdk-date"), "{one}");
        assert_eq!(one["path"], format!("{QUERY}?orderId=MOCKONETIMENEW"));
        let pushed = p.get("seller", &format!("{CALLS}/{}", all[0]["id"].as_str().unwrap())).await;
        assert!(pushed["request"].as_str().unwrap().contains("usage_records"), "{pushed}");
        assert!(!pushed.to_string().contains("Signature="), "headers are not kept");
        // Narrowed.
        assert_eq!(calls(&p, "seller", "failed=true", 2).await.len(), 2);
        assert_eq!(calls(&p, "seller", "path=USAGE-data", 1).await[0]["id"], all[0]["id"]);
        let own = all[0]["access_key"].as_str().unwrap();
        assert_eq!(calls(&p, "seller", &format!("access_key={own}"), 3).await.len(), 3);
        assert_eq!(calls(&p, "seller", "access_key=another", 0).await, Vec::<Value>::new());
        // Nobody else's.
        assert_eq!(calls(&p, "seller2", "", 0).await, Vec::<Value>::new());
        assert_eq!(p.send("seller2", "GET", &format!("{CALLS}/req_{id}"), None).await.1["code"], "open_api_call.not_found");
        let me = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("seller"))];
        assert_eq!(yunshi(&["open-api", "list", "--failed"], &me).await.1["calls"].as_array().unwrap().len(), 2);
        assert_eq!(yunshi(&["open-api", "show", id], &me).await.1["code"], "APIGW.0301");
    })
    .await;
}

#[tokio::test]
async fn of_very_many_calls_in_a_second_only_some_are_kept_and_all_are_answered() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    for n in 0..130 {
        assert_eq!(p.send_signed(&p.signed("seller", "GET", &format!("{QUERY}?orderId=MOCKPERIODYEARNEW&n={n}"))).await.0, 200);
    }
    let mut all = Vec::new();
    let mut path = Some(format!("{CALLS}?limit=100"));
    while let Some(at) = path {
        let page = p.get("seller", &at).await;
        all.extend(page["calls"].as_array().unwrap().clone());
        path = page["next"].as_str().map(|next| format!("{CALLS}?limit=100&cursor={next}"));
        if all.len() < 100 {
            // Not all are written yet.
            all.clear();
            path = Some(format!("{CALLS}?limit=100"));
        }
    }
    assert!((100..130).contains(&all.len()), "{}", all.len());
}
