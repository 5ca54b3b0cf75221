//! Scenes that a seller plays by hand in a sandbox (saas-interface 2.2, 2.4).

use super::{on_both, sellers::yunshi};
use serde_json::{Value, json};
use testkit::Platform;

const SCENES: &str = "/api/v1/sandbox/scenes";

async fn play(p: &Platform, scene: &str) -> Value {
    p.post("seller", SCENES, json!({ "product": "backup", "scene": scene })).await
}

/// What the seller's server was asked about an instance since the call before.
async fn heard(p: &Platform, instance: &str, before: &mut usize) -> Vec<String> {
    let all: Vec<String> = p.calls(instance).await.into_iter().map(|(activity, state)| format!("{activity} {state}")).collect();
    let new = all[*before..].to_vec();
    *before = all.len();
    new
}

#[tokio::test]
async fn each_scene_reaches_the_sellers_server() {
    on_both(async |p| {
        let bought = play(&p, "buy").await;
        let instance = bought["instance"].as_str().unwrap().to_owned();
        let mut before = 0;
        assert_eq!(heard(&p, &instance, &mut before).await, ["newInstance done", "queryInstance done"]);
        let all: &[(&str, &[&str], &str)] = &[
            ("renew", &["refreshInstance done"], "running"),
            ("cancel_renewal", &["refreshInstance done"], "running"),
            ("renew_with_change", &["changeInstanceCheck done", "refreshInstance done"], "running"),
            ("upgrade", &["upgradeInstance done"], "running"),
            ("freeze", &["updateInstanceStatus done"], "frozen"),
            ("unfreeze", &["updateInstanceStatus done"], "running"),
            ("expire", &["updateInstanceStatus done"], "frozen"),
            ("renew", &["refreshInstance done", "updateInstanceStatus done"], "running"),
            ("release", &["updateInstanceStatus done", "releaseInstance done"], "released"),
        ];
        for (scene, calls, state) in all {
            let played = play(&p, scene).await;
            assert_eq!(played["instance"], json!(instance), "{scene}: {played}");
            assert_eq!(heard(&p, &instance, &mut before).await, *calls, "{scene}");
            assert_eq!(p.instance(&instance).await["state"], *state, "{scene}");
        }
        // A trial that becomes formal, and an order that is given back.
        let tried = play(&p, "try").await["instance"].as_str().unwrap().to_owned();
        assert_eq!(play(&p, "trial_to_formal").await["instance"], json!(tried));
        assert_eq!(p.instance(&tried).await["trial"], json!(false));
        let bought = play(&p, "buy").await["instance"].as_str().unwrap().to_owned();
        let undone = play(&p, "unsubscribe").await;
        assert_eq!(p.get("buyer", &format!("/api/v1/orders/{}", undone["order_number"].as_str().unwrap())).await["kind"], "unsubscribe");
        assert_eq!(p.instance(&bought).await["state"], "released");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_billed_by_use_is_bought_and_released_and_a_refusal_changes_nothing() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let refused = async |product: &str, scene: &str| p.refused("seller", SCENES, json!({ "product": product, "scene": scene })).await;
    assert_eq!(refused("transcribe", "freeze").await, (409, "scene.nothing_there".into()));
    assert_eq!(refused("transcribe", "try").await, (422, "scene.not_offered".into()));
    assert_eq!(refused("nothing", "buy").await, (404, "product.not_found".into()));
    assert_eq!(refused("backup", "dance").await, (422, "body.bad_field".into()));
    let me = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("seller"))];
    let (code, bought) = yunshi(&["scene", "transcribe", "buy"], &me).await;
    assert_eq!((code, &bought["scene"]), (0, &json!("buy")), "{bought}");
    let instance = bought["instance"].as_str().unwrap();
    assert_eq!(refused("transcribe", "expire").await, (422, "scene.not_offered".into()));
    assert_eq!(refused("transcribe", "unfreeze").await, (409, "scene.nothing_there".into()));
    assert_eq!(yunshi(&["scene", "transcribe", "release"], &me).await.0, 0);
    assert_eq!(p.instance(instance).await["state"], "released");
    p.fault("assess", "http_500").await;
    let shown = p.get("seller", "/api/v1/sandbox").await;
    assert_eq!(shown["faults"], json!([{ "product": "assess", "fault": "http_500" }]));
    assert!(shown["scenes"].as_array().unwrap().contains(&json!("cancel_renewal")));
    assert!(shown["products"].as_array().unwrap().iter().any(|product| product["key"] == "backup"));
    p.verify().await;
}
