//! The example sellers as real processes over loopback: conformance, `yunshi apply`, and a whole life.

use super::{koogallery::set_up_clients, on_both, setup};
use serde_json::{Value, json};
use std::process::Stdio;
use testdb::engines;
use testkit::{Platform, instance_of};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

pub(crate) const KEY: &str = "a-key-of-the-tests";

/// The example sellers that speak every protocol.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Language {
    Python,
    Node,
    Java,
}

impl Language {
    pub(crate) const ALL: [Self; 3] = [Self::Python, Self::Node, Self::Java];

    /// The command that runs a program of the examples.
    pub(crate) fn command(self, folder: &str, name: &str) -> std::process::Command {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let python = set_up_clients();
        let (program, arguments) = match self {
            Self::Python => (python, vec![format!("{root}/examples/{folder}/python/{name}.py")]),
            Self::Node => ("node".to_owned(), vec![format!("{root}/examples/{folder}/node/{name}.mjs")]),
            Self::Java => {
                let class = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
                let path = format!("{root}/target/clients/java:/usr/share/java/gson.jar");
                ("java".to_owned(), ["-XX:+UseSerialGC", "-cp", &path, &class].map(str::to_owned).to_vec())
            }
        };
        let mut command = std::process::Command::new(program);
        command.args(arguments);
        command
    }
}

/// Starts an example seller; its address.
pub(crate) async fn start(language: Language) -> (Child, String) {
    start_with(language, &[]).await
}

/// Likewise, with more in its environment.
pub(crate) async fn start_with(language: Language, env: &[(&str, &str)]) -> (Child, String) {
    let mut child = Command::from(language.command("sellers", "seller"))
        .env("SELLER_KEY", KEY)
        .env("SELLER_LISTEN", "127.0.0.1:0")
        .envs(env.iter().copied())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|e| panic!("{language:?} does not start: {e}"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().expect("the seller says where it listens");
    (child, line.trim_start_matches("listening on ").to_owned())
}

pub(crate) async fn yunshi(args: &[&str], env: &[(&str, &str)]) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yunshi"));
    let output = command.arg("--json").args(args).envs(env.iter().copied()).output().await.unwrap();
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        serde_json::from_slice(&output.stderr).unwrap_or(Value::String(String::from_utf8_lossy(&output.stderr).into_owned()))
    });
    (output.status.code().unwrap(), value)
}

async fn whole_life(language: Language) {
    let (_child, url) = start(language).await;
    let (code, report) = yunshi(&["conformance", "--protocol", "saas-v2", "--url", &format!("{url}/x"), "--key", KEY], &[]).await;
    assert_eq!((code, &report["failed"]), (0, &json!(0)), "{report:#}");
    let (code, report) = yunshi(&["conformance", "--protocol", "saas-v2", "--url", &format!("{url}/x"), "--key", "another-key"], &[]).await;
    assert_eq!(code, 1);
    assert_eq!(report["cases"][0]["reason"]["code"], "authentication_failed");
    assert!(report["cases"][0]["mistakes"].as_array().unwrap().len() >= 4);
    let (code, report) = yunshi(&["conformance", "--protocol", "saas-v1", "--url", &format!("{url}/x"), "--key", KEY], &[]).await;
    assert_eq!((code, &report["failed"]), (0, &json!(0)), "{report:#}");
    let (code, report) = yunshi(&["conformance", "--protocol", "saas-v1", "--url", &format!("{url}/x"), "--key", "another-key"], &[]).await;
    assert_eq!((code, &report["cases"][0]["reason"]["code"]), (1, &json!("body_sign_wrong")), "{report:#}");
    let (code, report) = yunshi(&["conformance", "--protocol", "license-v1", "--url", &format!("{url}/l1"), "--key", KEY], &[]).await;
    assert_eq!((code, &report["passed"]), (0, &json!(11)), "{report:#}");
    for (protocol, cases) in [("order-notify", 2), ("license", 9), ("license-online", 14), ("kit", 15), ("kit-v1", 14)] {
        let run = async |key: &str| yunshi(&["conformance", "--protocol", protocol, "--url", &format!("{url}/x"), "--key", key], &[]).await;
        let (code, report) = run(KEY).await;
        assert_eq!((code, &report["passed"]), (0, &json!(cases)), "{report:#}");
        let (code, report) = run("another-key").await;
        let reason = if protocol == "kit-v1" { "body_sign_wrong" } else { "authentication_failed" };
        assert_eq!((code, &report["cases"][0]["reason"]["code"]), (1, &json!(reason)), "{report:#}");
    }
    for engine in engines() {
        let p = Platform::start(setup(engine)).await;
        sell(&p, &url).await;
        sell_by_v1(&p, &url).await;
    }
}

/// The same product behind an address that speaks SaaS 1.0: create, renew, expire, renew, release.
async fn sell_by_v1(p: &Platform, url: &str) {
    let put = async |path: &str, body: Value| {
        let (status, value) = p.send("seller", "PUT", path, Some(&body)).await;
        assert_eq!(status, 200, "{path}: {value}");
        value["id"].as_str().unwrap().to_owned()
    };
    put("/api/v1/seller/keys/by-name/old", json!({ "class": "basic", "secret": KEY })).await;
    let address = json!({ "url": format!("{url}/old"), "key": "old", "protocol": "saas-v1", "send_empty_parameters": true });
    let id = put("/api/v1/seller/addresses/by-name/old", address).await;
    let report = p.post("seller", &format!("/api/v1/seller/addresses/{id}/debug"), json!({ "save": true })).await;
    assert_eq!((&report["protocol"], &report["failed"]), (&json!("saas-v1"), &json!(0)), "{report:#}");
    let product = p.get("seller", "/api/v1/seller/products").await["products"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["key"] == "hello")
        .unwrap()
        .clone();
    let shown = p.get("seller", &format!("/api/v1/seller/products/{}", product["id"].as_str().unwrap())).await;
    let approved = shown["revisions"].as_array().unwrap().iter().find(|r| r["state"] == "approved").unwrap();
    let mut listing = approved["listing"].clone();
    listing["interface_address"] = json!(id);
    let product = put("/api/v1/seller/products/by-key/old", listing).await;
    let shown = p.get("seller", &format!("/api/v1/seller/products/{product}")).await;
    let application = shown["revisions"][0]["id"].as_str().unwrap();
    p.post("seller", &format!("/api/v1/seller/applications/{application}/submit"), json!({})).await;
    p.post("operator", &format!("/api/v1/operator/applications/{application}/approve"), json!({})).await;
    let choice = json!({ "product": "old", "specification": "standard", "period": "1m" });
    let placed = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    p.settle().await;
    let order = p.order(&placed).await;
    assert_eq!(order["state"], "completed", "{order}");
    let instance = instance_of(&order);
    let app = p.instance(&instance).await["app"].clone();
    assert!(app["front_end_url"].as_str().unwrap().starts_with("http"), "{app}");
    assert!(app["user_name"] == "admin" && app["password"].as_str().unwrap().starts_with("pw-"), "{app}");
    p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
    p.advance("65d").await;
    assert_eq!(p.instance(&instance).await["state"], "frozen");
    p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
    p.settle().await;
    assert_eq!(p.instance(&instance).await["state"], "running");
    p.advance("60d").await;
    assert_eq!(p.instance(&instance).await["state"], "released");
    let found = p.get("seller", &format!("/api/v1/calls?limit=100&instance={instance}")).await;
    let mut sent = vec![];
    for call in found["calls"].as_array().unwrap().iter().rev() {
        assert_eq!(call["state"], "done", "{call}");
        let full = p.get("seller", &format!("/api/v1/calls/{}", call["id"].as_str().unwrap())).await;
        let request: Value = serde_json::from_str(full["attempts"][0]["request"].as_str().unwrap()).unwrap();
        sent.push(request["activity"].as_str().unwrap().to_owned());
    }
    assert_eq!(sent, ["newInstance", "refreshInstance", "expireInstance", "refreshInstance", "expireInstance", "releaseInstance"]);
    p.verify().await;
}

/// Publishes the example product with the seller behind it, and plays create … release.
async fn sell(p: &Platform, url: &str) {
    let seller_url = format!("{url}/hello");
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/saas");
    let env = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("seller")), ("SELLER_URL", &seller_url), ("SELLER_KEY", KEY)];
    let (code, dry) = yunshi(&["apply", "-f", examples, "--dry-run"], &env).await;
    assert_eq!((code, &dry["changes"][2]["action"]), (0, &json!("created")), "{dry}");
    let (code, applied) = yunshi(&["apply", "-f", examples], &env).await;
    assert_eq!((code, &applied["applications"][0]["state"]), (0, &json!("in_review")), "{applied}");
    let application = applied["applications"][0]["id"].as_str().unwrap();
    let as_operator = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("operator"))];
    let (code, approved) = yunshi(&["review", "approve", application], &as_operator).await;
    assert_eq!((code, &approved["state"]), (0, &json!("approved")), "{approved}");
    let (_, again) = yunshi(&["apply", "-f", examples], &env).await;
    assert!(again["changes"].as_array().unwrap().iter().all(|c| c["action"] == "unchanged"), "{again}");
    let as_buyer = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("buyer"))];
    let buy = ["order", "place", "--product", "hello", "--spec", "standard", "--period", "1m", "--wait"];
    let (code, order) = yunshi(&buy, &as_buyer).await;
    assert_eq!((code, &order["state"]), (0, &json!("completed")), "{order}");
    let instance = instance_of(&order);
    let (code, renewed) = yunshi(&["order", "renew", &instance, "--period", "1m"], &as_buyer).await;
    assert_eq!((code, &renewed["state"]), (0, &json!("completed")), "{renewed}");
    let (code, clock) = yunshi(&["clock", "advance", "90d"], &as_buyer).await;
    assert_eq!(code, 0, "{clock}");
    assert_eq!(p.instance(&instance).await["state"], "released");
    let calls: Vec<_> = p.calls(&instance).await;
    assert!(calls.iter().all(|(_, state)| state == "done"), "{calls:?}");
    let sent: Vec<_> = calls.iter().map(|(activity, _)| activity.as_str()).collect();
    assert_eq!(sent, ["newInstance", "queryInstance", "refreshInstance", "updateInstanceStatus", "releaseInstance"]);
    let (code, verified) = yunshi(&["verify"], &as_operator).await;
    assert_eq!((code, &verified["ok"]), (0, &json!(true)), "{verified}");
    let (code, problem) = yunshi(&["order", "show", "CS0000000000AAAAA"], &as_buyer).await;
    assert_eq!((code, &problem["code"]), (1, &json!("order.not_found")));
}

#[tokio::test]
async fn the_python_seller_lives_a_whole_life() {
    whole_life(Language::Python).await;
}

#[tokio::test]
async fn the_node_seller_lives_a_whole_life() {
    whole_life(Language::Node).await;
}

#[tokio::test]
async fn the_java_seller_lives_a_whole_life() {
    whole_life(Language::Java).await;
}

#[tokio::test]
async fn the_rust_seller_is_conformant_and_its_faults_are_found() {
    let p = Platform::start(setup(testdb::Engine::Sqlite)).await;
    let key = p.document["accounts"]["seller"]["interface_key"]["secret"].as_str().unwrap().to_owned();
    let url = format!("{}/sandbox/seller/own", p.url);
    let run = async || yunshi(&["conformance", "--protocol", "saas-v2", "--url", &url, "--key", &key], &[]).await;
    let (code, report) = run().await;
    assert_eq!((code, &report["passed"]), (0, &json!(16)), "{report:#}");
    for (fault, code) in [("not_json", "not_json"), ("http_500", "http_status"), ("no_instance_id", "field_missing")] {
        p.fault("own", fault).await;
        let (exit, report) = run().await;
        assert_eq!((exit, report["cases"][0]["reason"]["code"].as_str().unwrap()), (1, code));
    }
    p.fault("own", "asynchronous").await;
    assert_eq!(run().await.0, 0, "data may come later");
}

#[tokio::test]
async fn the_command_line_has_its_exit_codes() {
    let unreachable = [("YUNSHI_SERVER", "http://127.0.0.1:1"), ("YUNSHI_TOKEN", "x")];
    assert_eq!(yunshi(&["order", "list"], &unreachable).await.0, 3);
    assert_eq!(yunshi(&["order", "dance"], &unreachable).await.0, 2);
    let p = Platform::start(setup(testdb::Engine::Sqlite)).await;
    p.fault("backup", "no_data").await;
    let buyer = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("buyer"))];
    let buy =
        ["order", "place", "--product", "backup", "--spec", "standard", "--sku", "basic/5", "--period", "1m", "--wait", "--timeout", "1"];
    assert_eq!(yunshi(&buy, &buyer).await.0, 4);
    let unknown = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", "yst_unknown")];
    let (code, problem) = yunshi(&["order", "list"], &unknown).await;
    assert_eq!((code, problem["code"].as_str().unwrap()), (1, "auth.bad_token"));
}

#[tokio::test]
async fn an_address_keeps_its_protocol_while_instances_are_called_there() {
    on_both(async |p| {
        let (_, instance) = p.buy_open("1m").await;
        let addresses = p.get("seller", "/api/v1/seller/addresses").await;
        let address = addresses["addresses"].as_array().unwrap().iter().find(|a| a["name"] == "backup").unwrap().clone();
        let put = async |protocol: &str| {
            let body = json!({ "url": address["url"], "key": address["key_name"], "protocol": protocol });
            p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/backup", Some(&body)).await
        };
        let (status, refused) = put("saas-v1").await;
        assert_eq!((status, &refused["code"], &refused["errors"][0]["pointer"]), (422, &json!("interface.in_use"), &json!("/protocol")));
        assert_eq!(put("saas-v2").await.0, 200);
        p.advance("60d").await;
        assert_eq!(p.instance(&instance).await["state"], "released");
        let (status, changed) = put("saas-v1").await;
        assert_eq!((status, &changed["action"]), (200, &json!("updated")), "{changed}");
    })
    .await;
}

#[tokio::test]
async fn calls_tail_prints_each_attempt_as_it_ends() {
    let p = Platform::start(setup(testdb::Engine::Sqlite)).await;
    let seller = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("seller"))];
    assert_eq!(yunshi(&["fault", "backup", "nonsense"], &seller).await.0, 1);
    assert_eq!(yunshi(&["fault", "backup", "http_500"], &seller).await, (0, json!({ "product": "backup", "fault": "http_500" })));
    let order = p.buy("1m").await;
    let mut tail = Command::new(env!("CARGO_BIN_EXE_yunshi"))
        .args(["--json", "calls", "tail", "--order", testkit::number(&order)])
        .env("YUNSHI_SERVER", &p.url)
        .env("YUNSHI_TOKEN", p.token("seller"))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next = async || serde_json::from_str::<Value>(&lines.next_line().await.unwrap().unwrap()).unwrap();
    let failed = next().await;
    assert_eq!((&failed["outcome"], &failed["activity"]), (&json!("http_status"), &json!("newInstance")), "{failed}");
    p.fault("backup", "none").await;
    p.advance("1h").await;
    let opened = next().await;
    assert_eq!((&opened["outcome"], &opened["order_number"]), (&json!("success"), &order["order_number"]), "{opened}");
}

#[tokio::test]
async fn a_recording_is_played_against_another_build_of_the_server_and_says_what_differs() {
    on_both(async |p| {
        let (order, instance) = p.buy_open("1m").await;
        p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        p.advance("90d").await;
        let seller = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("seller"))];
        let (code, recording) = yunshi(&["calls", "record", "--instance", &instance], &seller).await;
        let asked: Vec<_> = recording["exchanges"].as_array().unwrap().iter().map(|e| e["activity"].as_str().unwrap()).collect();
        let all = ["newInstance", "queryInstance", "refreshInstance", "updateInstanceStatus", "releaseInstance"];
        assert_eq!((code, asked.as_slice()), (0, &all[..]), "{recording:#}");
        let (_, of_order) = yunshi(&["calls", "record", "--order", testkit::number(&order)], &seller).await;
        assert_eq!(of_order["exchanges"].as_array().unwrap().len(), 2, "a renewal is an order of its own");
        let (_, of_address) = yunshi(&["calls", "record", "--address", "backup"], &seller).await;
        assert_eq!(of_address["exchanges"].as_array().unwrap().len(), 5);
        let addresses = p.get("seller", "/api/v1/seller/addresses").await;
        let address = addresses["addresses"].as_array().unwrap().iter().find(|a| a["name"] == "backup").unwrap().clone();
        let other = json!({ "url": format!("{}/sandbox/seller/back", p.url), "key": address["key_name"], "protocol": "saas-v2" });
        let (status, made) = p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/other", Some(&other)).await;
        assert_eq!(status, 200, "{made}");
        assert_eq!(yunshi(&["calls", "record", "--address", "other"], &seller).await.1["exchanges"], json!([]));
        assert_eq!(yunshi(&["calls", "record", "--address", "none"], &seller).await.0, 2);
        let folder = tempfile::tempdir().unwrap();
        let (file, junit) = (folder.path().join("traffic.json"), folder.path().join("replay.xml"));
        std::fs::write(&file, recording.to_string()).unwrap();
        let (file, junit) = (file.to_str().unwrap(), junit.to_str().unwrap());
        // Another program that speaks the same protocol: it has an administrator's page less.
        let (_child, url) = start(Language::Node).await;
        let play = async |more: &[&str]| {
            let url = format!("{url}/x");
            let mut arguments = vec!["replay", file, "--url", &url, "--key", KEY, "--junit", junit];
            arguments.extend(more);
            yunshi(&arguments, &[]).await
        };
        let (code, report) = play(&[]).await;
        assert_eq!((code, &report["same"], &report["different"]), (1, &json!(4), &json!(1)), "{report:#}");
        let differences = report["cases"][1]["differences"].as_array().unwrap();
        let found = differences.iter().find(|d| d["pointer"] == "/info/0/appInfo/adminUrl").unwrap();
        assert_eq!((&found["kind"], &found["matters"]), (&json!("missing"), &json!(true)));
        assert!(std::fs::read_to_string(junit).unwrap().contains("failures=\"1\""));
        let created = |report: &Value| report["cases"][0]["answer"].clone();
        let again = play(&["--fresh"]).await.1;
        assert_ne!(created(&again), created(&report), "another order, another instance");
        let (code, wrong) = yunshi(&["replay", file, "--url", &url, "--key", "another-key"], &[]).await;
        assert_eq!((code, &wrong["different"]), (1, &json!(5)), "{wrong:#}");
        assert_eq!(yunshi(&["replay", "/nowhere", "--url", &url, "--key", KEY], &[]).await.0, 2);
        // On the platform, against the server that was recorded: nothing is different.
        let path = format!("/api/v1/seller/addresses/{}/replay", address["id"].as_str().unwrap());
        let report = p.post("seller", &path, json!({ "exchanges": recording["exchanges"], "fresh": true })).await;
        assert_eq!((&report["same"], &report["different"]), (&json!(5), &json!(0)), "{report:#}");
        p.fault("backup", "code_000005").await;
        let report = p.post("seller", &path, json!({ "exchanges": recording["exchanges"] })).await;
        assert_eq!(report["cases"][2]["differences"][0]["pointer"], "/resultCode", "{report:#}");
        let mut foreign = recording["exchanges"][0].clone();
        foreign["protocol"] = json!("kit");
        assert_eq!(p.refused("seller", &path, json!({ "exchanges": [foreign] })).await, (422, "recording.protocol".into()));
        assert_eq!(p.refused("seller", &path, json!({ "exchanges": [] })).await, (422, "recording.length".into()));
        // Nobody sees or plays another's.
        let theirs = p.get("seller2", &format!("/api/v1/recording?instance={instance}")).await;
        assert_eq!(theirs["exchanges"], json!([]));
        assert_eq!(p.send("buyer", "GET", "/api/v1/recording", None).await.0, 403);
        assert_eq!(p.send("seller2", "POST", &path, Some(&json!({ "exchanges": recording["exchanges"] }))).await.0, 404);
    })
    .await;
}
