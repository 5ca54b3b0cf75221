//! Licences under service supervision: codes by the rules of their orders' days, files, identification codes, packages;
//! and the flows that are ours.

use super::{
    licence, on_both_from,
    supervision::{FROM, buy, delivered, files, list},
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
async fn an_order_before_2024_09_14_is_claimed_activated_proved_and_accepted_by_itself() {
    on_both_from("2024-09-13T02:00:00Z", async |p| {
        let (order, code) = code(&p).await;
        assert_eq!(activate(&p, &code).await, "92020004", "the buyer has not received it");
        let case = p.case("buyer", &order).await;
        assert_eq!((&case["template_version"], &case["node"], &case["code"]), (&json!(1), &json!("claim"), &Value::Null));
        let case = p.act("buyer", &case, json!({ "verb": "claim" })).await;
        assert_eq!(case["code"], json!(code));
        assert_eq!(p.act_refused("buyer", &case, json!({ "verb": "claim" })).await.1, "supervision.no_such_action", "once");
        let amount = json!({ "amount": "1.00", "currency": "CNY" });
        let path = format!("/api/v1/supervision/{}/refunds", case["id"].as_str().unwrap());
        let refused = p.refused("buyer", &path, json!({ "amount": amount, "reason": "no" })).await;
        assert_eq!(refused, (409, "supervision.code_taken".to_owned()), "a taken code is not given back");
        assert_eq!(activate(&p, &code).await, "92020000");
        let instance = p.instance(&instance_of(&order)).await;
        assert_eq!((&instance["state"], &p.order(&order).await["state"]), (&json!("running"), &json!("processing")));
        // The clock passes the day on which the rules changed: the case keeps those that it began with.
        p.advance("240h").await;
        let case = p.case("seller", &order).await;
        let documents = files(&p, "seller", &case, &["acceptance"]).await;
        let case = p.act("seller", &case, json!({ "verb": "prove", "text": "见附件", "documents": documents })).await;
        assert_eq!((&case["state"], &case["template_version"]), (&json!("completed"), &json!(1)));
        assert_eq!(p.order(&order).await["state"], "completed");
        // An order of today is delivered under the newer rules.
        let (order, code) = code_again(&p).await;
        let case = p.case("buyer", &order).await;
        assert_eq!((&case["template_version"], &case["node"], &case["actions"]), (&json!(2), &json!("deliver"), &json!([])));
        assert_eq!(activate(&p, &code).await, "92020004", "not visible before the delivery");
        p.act("seller", &case, json!({ "verb": "deliver", "text": "ready" })).await;
        let case = p.act("buyer", &case, json!({ "verb": "claim" })).await;
        assert_eq!(case["code"], json!(code));
        assert_eq!(activate(&p, &code).await, "92020000");
        assert_eq!(p.order(&order).await["state"], "completed", "closed by the activation");
        p.verify().await;
    })
    .await;
}

async fn code_again(p: &Platform) -> (Value, String) {
    let order = buy(p, "shield", Some("1y"), json!({})).await;
    let found = p.get("seller", "/api/v1/licences?as=seller").await;
    (order, found["licences"][0]["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_other_licences_and_the_orchestration_go_their_ways() {
    on_both_from(FROM, async |p| {
        list(&p, "ident", "license_identification", |_| {}).await;
        let order = buy(&p, "ident", Some("1m"), json!({})).await;
        let case = p.case("buyer", &order).await;
        let case = p.act("buyer", &case, json!({ "verb": "submit", "identification_code": "system" })).await;
        let code = case["steps"][1]["data"]["identification_code"].as_str().unwrap().to_owned();
        assert!(code.starts_with("ID") && code.len() == 28, "{case}");
        p.act("seller", &case, json!({ "verb": "return", "reason": "请提供硬件码" })).await;
        let case = p.act("buyer", &case, json!({ "verb": "submit", "identification_code": "00:1A:2B" })).await;
        let documents = files(&p, "seller", &case, &["acceptance", "licence_file"]).await;
        p.act("seller", &case, json!({ "verb": "deliver", "text": "done", "documents": documents })).await;
        p.act("buyer", &case, json!({ "verb": "accept" })).await;
        list(&p, "package", "license_package", |_| {}).await;
        let order = buy(&p, "package", Some("1m"), json!({})).await;
        let case = p.case("seller", &order).await;
        p.act("seller", &case, json!({ "verb": "deliver", "text": "deployed" })).await;
        let case = p.act("buyer", &case, json!({ "verb": "accept" })).await;
        assert_eq!(case["state"], "completed");
        list(&p, "composed", "orchestration", |_| {}).await;
        let order = buy(&p, "composed", Some("1m"), json!({})).await;
        let case = delivered(&p, &order, &["acceptance"], None).await;
        assert_eq!(p.act("buyer", &case, json!({ "verb": "accept" })).await["state"], "completed");
        list(&p, "site", "human_service", |l| l["delivery"]["flow"] = json!("site_building")).await;
        let order = buy(&p, "site", Some("1m"), json!({})).await;
        let case = p.case("buyer", &order).await;
        p.act("buyer", &case, json!({ "verb": "submit", "text": "官网" })).await;
        p.act("seller", &case, json!({ "verb": "confirm" })).await;
        let documents = files(&p, "seller", &case, &["delivery"]).await;
        p.act("seller", &case, json!({ "verb": "deliver", "text": "设计稿", "documents": documents })).await;
        p.act("buyer", &case, json!({ "verb": "accept" })).await;
        let documents = files(&p, "seller", &case, &["statement_of_work", "acceptance"]).await;
        p.act("seller", &case, json!({ "verb": "deliver", "text": "上线", "documents": documents })).await;
        assert_eq!(p.act("buyer", &case, json!({ "verb": "accept" })).await["state"], "completed");
        p.verify().await;
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

#[tokio::test]
async fn codes_activated_together_close_their_cases_and_are_each_answered_for_themselves() {
    on_both_from(FROM, async |p| {
        licence::list_shield(&p, None).await;
        for _ in 0..30 {
            buy(&p, "shield", Some("1y"), json!({})).await;
        }
        let found = p.get("seller", "/api/v1/licences?as=seller&limit=100").await;
        let mut codes: Vec<String> = found["licences"].as_array().unwrap().iter().map(|l| l["code"].as_str().unwrap().to_owned()).collect();
        let open = async || p.get("buyer", "/api/v1/supervision?as=buyer&state=open&limit=100").await;
        for case in open().await["cases"].as_array().unwrap() {
            p.act("buyer", case, json!({ "verb": "claim" })).await;
        }
        // More than one statement takes, by one call.
        let batch = codes.split_off(12);
        let body = json!({ "license_list": batch }).to_string().into_bytes();
        let answer = p.send_signed(&Signed { body, ..p.signed("seller", "POST", &ACTIVATE.replace("v1", "v2")) }).await.1;
        assert_eq!((&answer["error_code"], &open().await["total"]), (&json!("92020000"), &json!(12)), "{answer}");
        // The others at the same moment: one of them twice, and one that nobody was given.
        codes.extend([codes[0].clone(), "0".repeat(26)]);
        let mut answers = super::money::join(codes.iter().map(|code| activate(&p, code)).collect()).await;
        assert!(answers[13] != "92020000" && (answers[0] == "92020000") != (answers[12] == "92020000"), "{answers:?}");
        answers.retain(|answer| answer == "92020000");
        assert_eq!((answers.len(), &open().await["total"]), (12, &json!(0)), "each closed its case");
        p.verify().await;
    })
    .await;
}
