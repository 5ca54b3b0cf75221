//! Licences under service supervision as pages and the command line show them.

use super::{
    licence, on_both_from,
    supervision::{FROM, buy, list},
};
use serde_json::{Value, json};
use testkit::{Platform, Signed, instance_of};

const ACTIVATE: &str = "/api/mkp-openapi-public/global/v1/license/activate";

async fn activate(p: &Platform, code: &str) -> String {
    let body = json!({ "license": code }).to_string().into_bytes();
    let (_, answer) = p.send_signed(&Signed { body, ..p.signed("seller", "POST", ACTIVATE) }).await;
    answer["error_code"].as_str().unwrap().to_owned()
}

/// Buys a code; the order, and the code as its seller sees it.
async fn code(p: &Platform) -> (Value, String) {
    licence::list_shield(p, None).await;
    let order = buy(p, "shield", Some("1y"), json!({})).await;
    let found = p.get("seller", "/api/v1/licences?as=seller").await;
    (order, found["licences"][0]["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_code_stands_in_its_case_once_its_buyer_took_it() {
    on_both_from("2024-09-13T02:00:00Z", async |p| {
        let (order, code) = code(&p).await;
        assert_eq!(activate(&p, &code).await, "92020004", "the buyer has not received it");
        let case = p.case("buyer", &order).await;
        assert_eq!((&case["template_version"], &case["node"], &case["code"]), (&json!(1), &json!("claim"), &Value::Null));
        let case = p.act("buyer", &case, json!({ "verb": "claim" })).await;
        assert_eq!(case["code"], json!(code));
        assert_eq!((&case["refundable"], &case["no_refund"]), (&Value::Null, &json!("supervision.code_taken")));
        assert_eq!(activate(&p, &code).await, "92020000");
        let instance = p.instance(&instance_of(&order)).await;
        assert_eq!((&instance["state"], &p.order(&order).await["state"]), (&json!("running"), &json!("processing")));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn what_was_filled_in_stands_in_the_steps_of_a_case() {
    on_both_from(FROM, async |p| {
        list(&p, "ident", "license_identification", |_| {}).await;
        let order = buy(&p, "ident", Some("1m"), json!({})).await;
        let case = p.case("buyer", &order).await;
        let case = p.act("buyer", &case, json!({ "verb": "submit", "identification_code": "system" })).await;
        let code = case["steps"][1]["data"]["identification_code"].as_str().unwrap().to_owned();
        assert!(code.starts_with("ID") && code.len() == 28, "{case}");
        p.act("seller", &case, json!({ "verb": "return", "reason": "请提供硬件码" })).await;
        let case = p.act("buyer", &case, json!({ "verb": "submit", "identification_code": "00:1A:2B" })).await;
        assert_eq!(case["steps"][3]["data"]["identification_code"], "00:1A:2B", "{case}");
    })
    .await;
}

#[tokio::test]
async fn a_case_is_followed_and_done_on_the_command_line() {
    on_both_from(FROM, async |p| {
        list(&p, "package", "license_package", |_| {}).await;
        let order = buy(&p, "package", Some("1m"), json!({})).await;
        let id = p.case("seller", &order).await["id"].as_str().unwrap().to_owned();
        let yunshi = async |role: &str, arguments: &[&str]| {
            let env = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token(role))];
            super::sellers::yunshi(arguments, &env).await
        };
        let (code, listed) = yunshi("seller", &["supervision", "list", "--as", "seller", "--turn", "seller"]).await;
        assert_eq!((code, &listed["cases"][0]["id"]), (0, &json!(id)));
        let file = tempfile::Builder::new().prefix("proof").suffix(".pdf").tempfile().unwrap();
        std::fs::write(file.path(), super::supervision::PDF).unwrap();
        let (code, sent) = yunshi("seller", &["supervision", "send", &id, "--kind", "other", file.path().to_str().unwrap()]).await;
        assert_eq!(code, 0, "{sent}");
        let document = format!("{}=other", sent["id"].as_str().unwrap());
        let (code, _) = yunshi("seller", &["supervision", "act", &id, "deliver", "--text", "done", "--document", &document]).await;
        assert_eq!(code, 0);
        let (code, refused) = yunshi("seller", &["supervision", "act", &id, "accept"]).await;
        assert_eq!((code, &refused["code"]), (1, &json!("supervision.not_yours")), "{refused}");
        assert_eq!(yunshi("buyer", &["supervision", "appeal", &id, "--text", "no"]).await.0, 0);
        let decide = ["supervision", "decide", &id, "refund", "--amount", "100.00", "--reason", "not there"];
        let (code, over) = yunshi("operator", &decide).await;
        assert_eq!((code, &over["state"]), (0, &json!("cancelled")), "{over}");
        let (code, drawn) = yunshi("operator", &["supervision", "template", "license-code", "3"]).await;
        assert!(code == 0 && drawn["scenes"][0]["mermaid"].as_str().unwrap().starts_with("flowchart LR"), "{drawn}");
        let (code, made) = yunshi("buyer", &["webhook", "add", "https://hooks.example.com/", "--event", "order.opened"]).await;
        assert!(code == 0 && made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
        p.verify().await;
    })
    .await;
}
