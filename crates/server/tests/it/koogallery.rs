//! The open APIs as real clients call them: signatures, refusals, quotas, the order query, both SDK cores.

use super::{on_both, sellers::Language, setup};
use serde_json::{Value, json};
use std::{path::Path, process::Command};
use testdb::Engine;
use testkit::{Platform, number};

const QUERY: &str = "/api/mkp-openapi-public/global/v1/order/query";

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error_code"].as_str().unwrap_or_default())
}

/// The open APIs in the platform's description: method, path, who may call.
async fn operations(p: &Platform) -> Vec<(String, String, String)> {
    let document = p.get("nobody", "/api/v1/openapi.json").await;
    let mut all = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(_, o)| o["tags"] == json!(["koogallery"])) {
            all.push((method.to_uppercase(), path.clone(), operation["security"][0]["access"][0].as_str().unwrap().to_owned()));
        }
    }
    all
}

#[tokio::test]
async fn every_open_api_refuses_nobody_strangers_and_the_wrong_role() {
    let p = Platform::start(setup(Engine::Sqlite)).await;
    let all = operations(&p).await;
    assert!(all.len() >= 3, "{all:?}");
    for (method, path, access) in all {
        let method: &'static str = if method == "GET" { "GET" } else { "POST" };
        let request = p.signed("buyer", method, &path);
        let nobody = p.send_with(&request, &[]).await;
        assert_eq!(code(&nobody), (401, "APIGW.0301"), "{method} {path}: {}", nobody.1);
        let token = format!("Bearer {}", p.token("seller"));
        assert_eq!(code(&p.send_with(&request, &[("Authorization", &token)]).await).0, 401, "a token is no signature");
        let stranger = testkit::Signed { access: "NOSUCHACCESSKEY00000".into(), ..request.clone() };
        let refused = p.send_signed(&stranger).await;
        assert!(refused.1["error_msg"].as_str().unwrap().ends_with("ak NOSUCHACCESSKEY00000 not exist"), "{}", refused.1);
        if access == "seller" {
            let refused = p.send_signed(&request).await;
            assert_eq!(code(&refused), (401, "MKT.0151"), "{method} {path}: {}", refused.1);
        }
    }
}

#[tokio::test]
async fn a_wrong_signature_is_told_what_the_server_computed() {
    let p = Platform::start(setup(Engine::Sqlite)).await;
    let good = p.signed("seller", "GET", &format!("{QUERY}?orderId=MOCKPERIODYEARNEW"));
    assert_eq!(p.send_signed(&good).await.0, 200);
    let wrong = p.send_signed(&testkit::Signed { secret: "another-secret".into(), ..good.clone() }).await;
    assert_eq!(code(&wrong), (401, "APIGW.0301"));
    let said = wrong.1["error_msg"].as_str().unwrap();
    let begin = "Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:GET|";
    assert!(
        said.starts_with(&format!("{begin}{QUERY}/|orderId=MOCKPERIODYEARNEW|content-type:application/json|host:127.0.0.1:")),
        "{said}"
    );
    for (skew, ok) in [(-890, true), (890, true), (-910, false), (910, false)] {
        let answer = p.send_signed(&testkit::Signed { skew, ..good.clone() }).await;
        assert_eq!(answer.0 == 200, ok, "{skew}: {}", answer.1);
        let expired = answer.1["error_msg"].as_str().is_some_and(|m| m.contains("signature expired, signature time:"));
        assert_eq!(expired, !ok, "{}", answer.1);
    }
    for (header, word) in [
        ("SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0", "X-Sdk-Date"),
        ("SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date;x-sdk-date, Signature=0", "twice"),
        ("Basic dTpw", "algorithm"),
    ] {
        let answer = p.send_with(&good, &[("Authorization", header)]).await;
        assert_eq!(code(&answer), (401, "APIGW.0301"));
        assert!(answer.1["error_msg"].as_str().unwrap().contains(word), "{}", answer.1);
    }
    for (method, path, expected) in [
        ("GET", "/api/mkp-openapi-public/global/v1/nothing", (404, "APIGW.0101")),
        ("POST", QUERY, (404, "APIGW.0101")),
        ("GET", "/v3/nothing", (404, "APIGW.0101")),
    ] {
        assert_eq!(code(&p.send_signed(&p.signed("seller", method, path)).await), expected, "{method} {path}");
    }
    let huge = testkit::Signed { body: vec![b'x'; 10 * 1024 * 1024], ..good };
    assert_eq!(code(&p.send_signed(&huge).await), (413, "APIGW.0201"));
}

#[tokio::test]
async fn a_seller_learns_what_was_bought_and_nothing_of_others() {
    on_both(async |p| {
        let choice = json!({ "product": "backup", "specification": "standard", "sku": "basic/5", "period": "12m", "quantity": 2 });
        let body = json!({ "choice": choice, "pay": true });
        let order = p.post("buyer", "/api/v1/orders", body).await;
        p.settle().await;
        let order_id = number(&order);
        let ask = async |role: &str, query: &str| p.send_signed(&p.signed(role, "GET", &format!("{QUERY}?{query}"))).await;
        let (status, found) = ask("seller", &format!("orderId={order_id}")).await;
        assert_eq!((status, &found["resultCode"], &found["resultMsg"]), (200, &json!("MKT.0000"), &json!("Success")), "{found}");
        let info = &found["orderInfo"];
        let line = &info["orderLine"][0];
        assert_eq!((&info["orderId"], &info["orderType"]), (&json!(order_id), &json!("NEW")));
        assert!(info["createTime"].as_str().unwrap().starts_with("20240105") && info["createTime"].as_str().unwrap().len() == 14);
        assert_eq!(line["orderLineId"], format!("{order_id}-000001"));
        assert_eq!((&line["chargingMode"], &line["periodType"], &line["periodNumber"]), (&json!("PERIOD"), &json!("year"), &json!(1)));
        assert_eq!(line["expireTime"], "20250105155959", "an estimate from the order's day");
        assert_eq!(line["productInfo"][0]["linearValue"], 2);
        assert_eq!(line["productInfo"][0]["productName"].as_str().unwrap().split(',').count(), 4, "product,specification,edition,billing");
        assert_eq!(line["currency"], line["currencyAfterDiscount"]);
        let buyer = &info["buyerInfo"];
        assert_eq!((&buyer["customerType"], &buyer["mobilePhone"], &buyer["email"]), (&json!(1), &Value::Null, &Value::Null));
        assert_eq!(buyer["customerId"], p.document["accounts"]["buyer"]["account_id"]);
        let one = ask("seller", &format!("orderId={order_id}&orderLineId={order_id}-000001")).await;
        assert_eq!(one.1["orderInfo"]["orderLine"].as_array().unwrap().len(), 1);
        for (role, query, expected) in [
            ("seller2", format!("orderId={order_id}"), (400, "MKT.0101")),
            ("seller", format!("orderId={order_id}&orderLineId={order_id}-000002"), (400, "MKT.0101")),
            ("seller", "orderId=CS0000000000AAAAA".to_owned(), (400, "MKT.0101")),
            ("seller", String::new(), (400, "MKT.0199")),
            ("seller", format!("orderId={}", "x".repeat(65)), (400, "MKT.0101")),
            ("seller", format!("orderId={order_id}&orderId=1"), (400, "MKT.0101")),
            ("seller", "orderId=%00".to_owned(), (400, "MKT.0101")),
            ("buyer", format!("orderId={order_id}"), (401, "MKT.0151")),
        ] {
            let answer = ask(role, &query).await;
            assert_eq!(code(&answer), expected, "{role} {query}: {}", answer.1);
            assert_eq!(answer.1["resultCode"], answer.1["error_code"]);
        }
        for (id, kind, ..) in wire::open_api::order_query::MOCK {
            assert_eq!(ask("seller2", &format!("orderId={id}")).await.1["orderInfo"]["orderType"], kind, "{id}");
        }
    })
    .await;
}

#[tokio::test]
async fn keys_are_issued_twice_rotated_disabled_and_show_their_last_use() {
    on_both(async |p| {
        const KEYS: &str = "/api/v1/me/access-keys";
        let list = async || p.get("seller", KEYS).await["access_keys"].as_array().unwrap().clone();
        assert_eq!((list().await.len(), &list().await[0]["last_used_at"]), (1, &Value::Null));
        let made = p.post("seller", KEYS, json!({ "name": "rotation", "scopes": ["read"] })).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        assert_eq!((text("access_key").len(), text("secret_key").len()), (20, 40));
        assert_eq!(p.refused("seller", KEYS, json!({ "name": "third", "scopes": ["read"] })).await, (409, "access_key.too_many".into()));
        assert_eq!(p.refused("buyer", KEYS, json!({ "name": "none", "scopes": [] })).await, (422, "access_key.scopes_missing".into()));
        assert!(!list().await.iter().any(|k| k.to_string().contains(&text("secret_key"))), "a secret is shown once");
        let request =
            testkit::Signed { access: text("access_key"), secret: text("secret_key"), ..p.signed("seller", "GET", "/v3/auth/domains") };
        let (status, domains) = p.send_signed(&request).await;
        assert_eq!((status, &domains["domains"][0]["id"]), (200, &p.document["accounts"]["seller"]["account_id"]));
        let used = async || list().await.iter().find(|k| k["id"] == made["id"]).unwrap()["last_used_from"] == "127.0.0.1";
        while !used().await {
            tokio::task::yield_now().await;
        }
        let path = format!("{KEYS}/{}", text("id"));
        assert_eq!(p.send("seller2", "PUT", &path, Some(&json!({ "enabled": false }))).await.0, 404, "a stranger's key");
        assert_eq!(p.send("seller2", "DELETE", &path, None).await.0, 404, "a stranger's key");
        for (enabled, status) in [(false, 401), (true, 200)] {
            assert_eq!(p.send("seller", "PUT", &path, Some(&json!({ "enabled": enabled }))).await.0, 200);
            assert_eq!(p.send_signed(&request).await.0, status, "enabled: {enabled}");
        }
        assert_eq!(p.send("seller", "DELETE", &path, None).await.0, 200);
        assert_eq!(code(&p.send_signed(&request).await), (401, "APIGW.0301"));
    })
    .await;
}

#[tokio::test]
async fn eight_at_once_issue_no_more_than_two_keys() {
    on_both(async |p| {
        const KEYS: &str = "/api/v1/me/access-keys";
        let p = std::sync::Arc::new(p);
        let tries: Vec<_> = (0..8)
            .map(|n| {
                let p = p.clone();
                tokio::spawn(async move {
                    p.send("seller", "POST", KEYS, Some(&json!({ "name": format!("k{n}"), "scopes": ["read"] }))).await.0
                })
            })
            .collect();
        let mut statuses = vec![];
        for one in tries {
            statuses.push(one.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409], "the sandbox's key is the first");
        assert_eq!(p.get("seller", KEYS).await["access_keys"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_calls_or_fails_too_often_is_stopped_and_others_are_not() {
    let p = Platform::start(testkit::Setup { config: "open_api_per_second = 5\n", ..setup(Engine::Sqlite) }).await;
    let good = p.signed("seller", "GET", "/v3/auth/domains");
    let mut answers = vec![];
    for _ in 0..30 {
        answers.push(p.send_signed(&good).await);
    }
    assert!(answers[..5].iter().all(|a| a.0 == 200), "{answers:?}");
    let limited = answers.iter().find(|a| a.0 == 429).expect("30 at once are too many");
    assert_eq!(limited.1["error_code"], "APIGW.0308");
    assert_eq!(p.send_signed(&p.signed("seller2", "GET", "/v3/auth/domains")).await.0, 200);
    let bad = testkit::Signed { secret: "guess".into(), ..p.signed("buyer", "GET", "/v3/auth/domains") };
    let mut last = (0, Value::Null);
    for _ in 0..40 {
        last = p.send_signed(&bad).await;
    }
    let said = last.1["error_msg"].as_str().unwrap();
    assert!(said.ends_with("AK access failed to reach the limit, forbidden"), "{said}");
}

/// Installs what the example clients need; the Python to run them with.
pub(crate) fn set_up_clients() -> String {
    let done = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/setup-clients")).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// Runs an example client; exit code and what it printed.
pub(crate) fn client(p: &Platform, program: &str, file: &str, role: &str, arguments: &[&str]) -> (i32, Value) {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clients"));
    let mut command = Command::new(program);
    command.arg(root.join(file));
    run(p, command, role, arguments, &[])
}

/// Runs the example client of a language.
pub(crate) fn client_in(p: &Platform, language: Language, role: &str, arguments: &[&str], more: &[(&str, &str)]) -> (i32, Value) {
    run(p, language.command("clients", "client"), role, arguments, more)
}

fn run(p: &Platform, mut command: Command, role: &str, arguments: &[&str], more: &[(&str, &str)]) -> (i32, Value) {
    let text = |name: &str| p.document["accounts"][role][name].as_str().unwrap();
    let output = command
        .args(arguments)
        .envs([("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_ACCESS_KEY", text("access_key")), ("YUNSHI_SECRET_KEY", text("secret_key"))])
        .envs(more.iter().copied())
        .output()
        .unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    let code = output.status.code().unwrap();
    let stream = String::from_utf8(if code == 0 { output.stdout } else { output.stderr }).unwrap();
    let last = stream.lines().last().unwrap_or_default();
    (code, serde_json::from_str(last).unwrap_or_else(|_| panic!("{command:?}: {stream}")))
}

/// Every licence operation, with test codes.
async fn licences_by_client(p: &Platform, language: Language) {
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(p.post("seller", "/api/v1/seller/test-codes", json!({})).await["code"].as_str().unwrap().to_owned());
    }
    let run = |arguments: &[&str]| {
        let (code, answer) = client_in(p, language, "seller", arguments, &[]);
        assert_eq!(code, 0, "{language:?} {arguments:?}: {answer}");
        answer
    };
    assert_eq!(run(&["licence-query", &codes[0]])["error_code"], "92020011", "{language:?}");
    let activated = run(&["licence-activate", &codes[0]]);
    assert!(activated["data"]["license_code_info"].as_str().unwrap().contains("\"status\":\"ALIVE\""), "{language:?}: {activated}");
    assert_eq!(run(&["licence-activate", &codes[1], &codes[2]])["error_code"], "92020000", "{language:?}");
    assert_eq!(run(&["licence-activate", &codes[0]])["error_code"], "92020003", "{language:?}");
    assert_eq!(run(&["licence-query", &codes[0]])["data"]["license_code"], json!(codes[0]), "{language:?}");
    assert_eq!(run(&["licence-query", &codes[1], &codes[2]])["data"][1]["license_code"], json!(codes[2]), "{language:?}");
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clients/README.md");
    assert_eq!(run(&["licence-upload", "EV0", readme])["error_code"], "91381034", "{language:?}: asked for by nobody, but read");
    assert_eq!(run(&["licence-usage", &codes[0], "device-1", "device-2"])["error_code"], "92020000", "{language:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_public_sdk_cores_and_a_java_client_call_every_operation() {
    let p = Platform::start(setup(Engine::Sqlite)).await;
    let (order, _) = p.buy_open("1m").await;
    let key = p.post("seller", "/api/v1/seller/keys", json!({ "name": "usage", "class": "basic" })).await;
    for language in Language::ALL {
        let serial = format!("{language:?}");
        let (code, domains) = client_in(&p, language, "seller", &["whoami"], &[]);
        assert_eq!((code, &domains["domains"][0]["id"]), (0, &p.document["accounts"]["seller"]["account_id"]), "{language:?}: {domains}");
        let (code, found) = client_in(&p, language, "seller", &["order-query", number(&order)], &[]);
        assert_eq!((code, &found["orderInfo"]["orderId"]), (0, &order["order_number"]), "{language:?}: {found}");
        let line = format!("{}-000001", number(&order));
        let (code, found) = client_in(&p, language, "seller", &["order-query", number(&order), &line], &[]);
        assert_eq!((code, &found["orderInfo"]["orderLine"][0]["orderLineId"]), (0, &json!(line)), "{language:?}: {found}");
        let push = ["usage-push", "nobody's", "20240105T010000Z", "20240105T020000Z", "12.5", &serial];
        let (code, pushed) = client_in(&p, language, "seller", &push, &[("YUNSHI_INTERFACE_KEY", key["secret"].as_str().unwrap())]);
        assert_eq!((code, &pushed["error_code"]), (0, &json!("MKT.0000")), "{language:?}: {pushed}");
        licences_by_client(&p, language).await;
        let asset = p.post("seller", "/api/v1/seller/assets", json!({ "name": serial, "kind": "image" })).await;
        let (code, deployed) = client_in(&p, language, "seller", &["asset", asset["id"].as_str().unwrap(), "image", "1.0"], &[]);
        assert_eq!((code, &deployed["error_code"], &deployed["data"]), (0, &json!("MKT.0000"), &json!([])), "{language:?}: {deployed}");
        let (code, refused) = client_in(&p, language, "buyer", &["order-query", number(&order)], &[]);
        assert_eq!((code, &refused["error_code"], &refused["status"]), (1, &json!("MKT.0151"), &json!(401)), "{language:?}: {refused}");
    }
    p.settle().await;
    let records = p.get("seller", "/api/v1/usage-records").await;
    let came: Vec<_> = records["records"].as_array().unwrap().iter().map(|r| r["metering_sn"].clone()).collect();
    assert!(Language::ALL.iter().all(|l| came.contains(&json!(format!("{l:?}")))), "{records}");
}
