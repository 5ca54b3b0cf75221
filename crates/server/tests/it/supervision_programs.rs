//! Service supervision as programs follow it: the examples, the fixed words of `yunshi supervision`, and each refusal.

use super::{
    on_both_from,
    sellers::yunshi,
    supervision::{FROM, PDF, buy, list},
};
use serde_json::{Value, json};
use testkit::Platform;

/// Lists an example and lets the operator approve it.
async fn example(p: &Platform, name: &str) {
    let folder = format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"));
    let (code, applied) = run(p, "seller", &["apply", "-f", &folder]).await;
    assert_eq!((code, &applied["applications"][0]["state"]), (0, &json!("in_review")), "{applied:#}");
    assert_eq!(run(p, "operator", &["review", "approve", applied["applications"][0]["id"].as_str().unwrap()]).await.0, 0);
}

async fn run(p: &Platform, role: &str, arguments: &[&str]) -> (i32, Value) {
    yunshi(arguments, &[("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token(role))]).await
}

/// The newest case in the words of programs.
async fn newest(p: &Platform, role: &str) -> Value {
    let (code, listed) = run(p, role, &["supervision", "list", "--all", "--as", role, "--limit", "1"]).await;
    assert_eq!(code, 0, "{listed}");
    listed["cases"][0].clone()
}

/// Does something in a case; how it stands then, or why it was refused.
async fn act(p: &Platform, role: &str, id: &str, more: &[&str]) -> (i32, Value) {
    run(p, role, &[&["supervision", "act", id], more].concat()).await
}

fn proof() -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().prefix("proof").suffix(".pdf").tempfile().unwrap();
    std::fs::write(file.path(), PDF).unwrap();
    file
}

#[tokio::test]
async fn the_example_of_a_data_file_is_followed_by_fixed_words_from_the_order_to_the_end() {
    on_both_from(FROM, async |p| {
        example(&p, "data-file").await;
        let (code, order) = run(&p, "buyer", &["order", "place", "--product", "census", "--spec", "standard"]).await;
        assert_eq!((code, &order["total"]), (0, &json!({ "amount": "300.00", "currency": "CNY" })), "{order}");
        let case = newest(&p, "buyer").await;
        let expected = json!({
            "order_number": order["order_number"], "order_line": order["lines"][0]["line_number"],
            "product": "census", "template": "data_file",
            "template_version": 1, "node": "submit_requirement", "actor": "buyer", "actions": ["submit", "appeal", "request_refund"],
            "frozen": false, "evidence": [],
        });
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&case[name], value, "{name} of {case:#}");
        }
        let id = case["id"].as_str().unwrap();
        let file = proof();
        let path = file.path().to_str().unwrap();
        for (role, words, node, actor) in [
            ("buyer", vec!["submit", "--text", "shops of Hangzhou"], "confirm_requirement", json!("seller")),
            ("seller", vec!["return", "--text", "which year?"], "submit_requirement", json!("buyer")),
            ("buyer", vec!["submit", "--text", "2025"], "confirm_requirement", json!("seller")),
            ("seller", vec!["confirm"], "deliver", json!("seller")),
            ("seller", vec!["deliver", "--text", "see the files", "--file", path], "accept", json!("buyer")),
        ] {
            let (code, stands) = act(&p, role, id, &words).await;
            assert_eq!((code, &stands["cases"][0]["node"], &stands["actor"]), (0, &json!(node), &actor), "{words:?}: {stands:#}");
        }
        let number = order["order_number"].as_str().unwrap();
        let (code, _) = run(&p, "buyer", &["order", "accept", &number[..12]]).await;
        assert_eq!((code, newest(&p, "buyer").await["node"].as_str()), (1, Some("accept")), "a part of a number accepts nothing");
        assert_eq!(run(&p, "buyer2", &["order", "accept", number]).await.0, 1, "nor does another buyer");
        let (code, accepted) = run(&p, "buyer", &["order", "accept", number]).await;
        assert_eq!((code, &accepted["state"]), (0, &json!("completed")), "{accepted:#}");
        let (code, again) = act(&p, "buyer", id, &["accept"]).await;
        assert_eq!((code, &again["code"]), (1, &json!("supervision.over")), "{again}");
        let ended = newest(&p, "seller").await;
        assert_eq!((&ended["node"], &ended["actor"]), (&json!("done"), &Value::Null));
        let evidence = &ended["evidence"][0];
        assert_eq!((&evidence["kind"], &evidence["by"]), (&json!("acceptance"), &json!("seller")), "{ended:#}");
        assert_eq!(ended["actions"], json!([]), "{ended:#}");
        let (_, open) = run(&p, "buyer", &["supervision", "list"]).await;
        assert_eq!(open["cases"], json!([]), "without --all the open ones");
        assert_eq!(p.order(&order).await["state"], "completed");
        let (code, inbox) = run(&p, "buyer", &["inbox", "list"]).await;
        assert!(code == 0 && inbox["messages"][0]["type"] == "101", "{inbox:#}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn the_five_key_elements_are_named_on_the_command_line() {
    on_both_from(FROM, async |p| {
        let me = p.get("buyer", "/api/v1/me").await;
        let track = format!("/api/v1/operator/accounts/{}/track", me["account_id"].as_str().unwrap());
        assert_eq!(p.send("operator", "PUT", &track, Some(&json!({ "track": "empowerment_cloud" }))).await.0, 200);
        list(&p, "joint", "license_file", |l| l["joint"] = json!(true)).await;
        let order = buy(&p, "joint", Some("1m"), json!({})).await;
        let case = newest(&p, "seller").await;
        let id = case["id"].as_str().unwrap();
        let proofs = ["acceptance", "validity_screenshot", "statement_of_work", "kit_screenshot", "deployment_screenshot"];
        let file = proof();
        let sent: Vec<String> = proofs.iter().map(|kind| format!("{kind}={}", file.path().display())).collect();
        let half = ["deliver", "--text", "done", "--licence", "LIC-1", "--file", &sent[0], "--file", &sent[1]];
        assert_eq!(act(&p, "seller", id, &half).await.0, 2, "three proofs are missing");
        let number = order["order_number"].as_str().unwrap();
        let line = p.get("seller", &format!("/api/v1/orders/{number}/timeline?as=seller")).await;
        assert!(!line.to_string().contains("supervision.file_sent"), "and none was sent in vain: {line:#}");
        let number = format!("order_numbers={number}");
        let deliver = async |customer: &str, more: &[&str]| {
            let customer = format!("customer_name={customer}");
            let mut words = vec!["deliver", "--text", "done", "--licence", "LIC-1", "--element", &customer, "--element", &number];
            words.extend(["--element", "product_name=Shield Endpoint Protection Licence", "--element", "specification_name=标准版"]);
            words.extend(["--element", "valid_from=2026-03-02", "--element", "valid_to=2026-04-01"]);
            words.extend(more.iter().flat_map(|element| ["--element", element]));
            words.extend(sent.iter().flat_map(|file| ["--file", file.as_str()]));
            act(&p, "seller", id, &words).await
        };
        let (code, refused) = deliver("别人", &[]).await;
        assert_eq!((code, &refused["errors"][0]["pointer"]), (1, &json!("/elements/customer_name")), "{refused}");
        let whole = p.case("seller", &order).await;
        let customer = whole["customer_name"].as_str().unwrap();
        let (code, refused) = deliver(customer, &["colour=red"]).await;
        assert_eq!((code, &refused["errors"][0]["pointer"]), (1, &json!("/elements/colour")), "{refused}");
        assert_eq!(deliver(customer, &["valid_to=2026-04-02"]).await.0, 2, "an element is named once");
        assert_eq!(deliver(customer, &["colour"]).await.0, 2, "with its value");
        let (code, delivered) = deliver(customer, &["order_numbers=CS0000000000AAAAA"]).await;
        assert_eq!(
            (code, &delivered["node"]),
            (0, &json!("platform_review")),
            "several orders of a project in one document: {delivered:#}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_service_is_appealed_decided_and_given_back_on_the_command_line() {
    on_both_from(FROM, async |p| {
        example(&p, "human-service").await;
        let order = run(&p, "buyer", &["order", "place", "--product", "migration", "--spec", "day"]).await.1;
        assert_eq!(order["total"]["amount"], "2000.00", "{order}");
        let case = newest(&p, "buyer").await;
        let id = case["id"].as_str().unwrap();
        assert_eq!(case["template"], "human.standard");
        assert_eq!(act(&p, "seller", id, &["submit", "--text", "x"]).await.1["code"], "supervision.not_yours");
        let (code, early) = act(&p, "seller", id, &["deliver", "--text", "x", "--file", "/no/such/file.pdf"]).await;
        assert_eq!((code, &early["code"]), (1, &json!("supervision.no_such_action")), "nothing is sent for what is refused: {early}");
        assert_eq!(act(&p, "buyer", id, &["decide", "--text", "mine"]).await.1["code"], "auth.wrong_role");
        let (code, appealed) = act(&p, "buyer", id, &["appeal", "--text", "nobody answers"]).await;
        assert_eq!((code, &appealed["frozen"]), (0, &json!(true)), "{appealed:#}");
        assert_eq!(newest(&p, "operator").await["actions"], json!(["decide"]));
        let (code, decided) = act(&p, "operator", id, &["decide", "--text", "go on"]).await;
        assert_eq!((code, &decided["frozen"], &decided["node"]), (0, &json!(false), &json!("submit_requirement")), "{decided:#}");
        let (code, refused) = act(&p, "buyer", id, &["request_refund", "--amount", "2000.01", "--text", "too much"]).await;
        assert_eq!((code, &refused["errors"][0]["pointer"]), (1, &json!("/amount")), "{refused}");
        let (code, asked) = act(&p, "buyer", id, &["request_refund", "--amount", "2000.00", "--text", "not needed any more"]).await;
        assert_eq!((code, &asked["actions"]), (0, &json!(["submit", "withdraw_refund", "appeal"])), "{asked:#}");
        assert_eq!(act(&p, "seller", id, &["refuse_refund", "--text", "begun already"]).await.0, 0);
        assert_eq!(act(&p, "buyer", id, &["request_refund", "--amount", "2000.00", "--text", "we agreed"]).await.0, 0);
        let file = proof();
        let path = file.path().to_str().unwrap();
        let (code, agreed) = act(&p, "seller", id, &["agree_refund", "--text", "agreed", "--file", path]).await;
        assert_eq!((code, &agreed["node"]), (0, &json!("cancelled")), "{agreed:#}");
        assert_eq!(p.balance().await, "1000000.00");
        p.verify().await;
    })
    .await;
}
