//! The gateway before the open APIs.

use api::koogallery::{in_own_words, licence::is_here};
use axum::{Router, body::Body, http::Request, routing::get};
use tower::ServiceExt;

#[test]
fn the_place_is_recognised_in_both_versions() {
    assert!(
        is_here("/api/mkp-openapi-public/global/v1/license/activate") && is_here("/api/mkp-openapi-public/global/v2/license/heartbeat")
    );
    assert!(!is_here("/api/mkp-openapi-public/global/v1/order/query") && !is_here("/v3/license/activate"));
}

#[tokio::test]
async fn a_panic_is_answered_as_the_gateway_answers() {
    async fn broken() -> &'static str {
        panic!("broken on purpose")
    }
    let router = in_own_words(Router::<()>::new().fallback(get(broken)));
    let answer = router.oneshot(Request::get("/x").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 500);
    let named = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
    let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((document["error_code"].as_str(), document["request_id"].as_str()), (Some("APIGW.9999"), Some(named.as_str())));
}
