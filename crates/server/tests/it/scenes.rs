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

/// The same accounts behind `yunshi serve`: nobody moves its clock, buys in another's name or breaks a seller.
#[tokio::test]
async fn a_platform_that_is_no_sandbox_plays_nothing() {
    let mut p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    p.kill().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let database = p.database().to_owned();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_yunshi"));
    let files = p.data().join("files");
    command.args(["serve", "--listen", &listen, "--database", &database, "--files"]).arg(&files).current_dir(p.data());
    let _served = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let ready = async { while p.http.get(format!("http://{listen}/readyz")).send().await.is_err() {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), ready).await.expect("it comes up");
    let say = async |role: &str, method: &str, path: &str, body: Value| {
        let request = p.http.request(method.parse().unwrap(), format!("http://{listen}{path}")).bearer_auth(p.token(role));
        let answer = request.json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (_, me) = say("operator", "GET", "/api/v1/me", json!({})).await;
    assert_eq!(me["sandbox"], json!(false), "{me}");
    for (method, path, body) in [
        ("POST", SCENES, json!({ "product": "backup", "scene": "buy" })),
        ("POST", "/api/v1/sandbox/clock/advance", json!({ "by": "1d" })),
        ("POST", "/api/v1/sandbox/faults", json!({ "product": "*", "fault": "http_500" })),
        ("GET", "/api/v1/sandbox", json!({})),
        ("GET", "/api/v1/sandbox/clock", json!({})),
    ] {
        for role in ["seller", "operator"] {
            let (status, refused) = say(role, method, path, body.clone()).await;
            assert_eq!((status, &refused["code"]), (404, &json!("sandbox.only")), "{role} {path}: {refused}");
        }
    }
    assert_eq!(say("buyer", "GET", "/api/v1/orders", json!({})).await.1["orders"], json!([]), "nothing was bought");
}
