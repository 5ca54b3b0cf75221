//! What service supervision refuses over HTTP: bad files, strangers, edited templates; and templates over a restart.

use super::{
    on_both_from,
    supervision::{FROM, PDF, buy, list},
};
use serde_json::{Value, json};
use testkit::Platform;

#[tokio::test]
async fn a_file_is_sent_as_it_is_and_nothing_in_it_runs_when_it_is_shown() {
    on_both_from(FROM, async |p| {
        list(&p, "data", "data_file", |_| {}).await;
        let order = buy(&p, "data", None, json!({})).await;
        let case = p.case("buyer", &order).await;
        let (status, refused) = p.try_file("buyer", &case, ("requirement", "page.pdf"), b"<script>").await;
        assert_eq!((status, &refused["code"]), (422, &json!("evidence.wrong_content")));
        let (status, refused) = p.try_file("buyer", &case, ("requirement", "long.lic"), &vec![7; (20 << 20) + 1]).await;
        assert_eq!((status, &refused["code"]), (413, &json!("body_too_long")));
        let mut many = Vec::new();
        for i in 0..21 {
            let id = p.send_file("buyer", &case, "requirement", &format!("{i}.pdf"), PDF).await;
            many.push(json!({ "id": id, "kind": "requirement" }));
        }
        let refused = p.act_refused("buyer", &case, json!({ "verb": "submit", "text": "need", "documents": many })).await;
        assert_eq!(refused.0, 422, "a hundred files are too many: {refused:?}");
        p.act("buyer", &case, json!({ "verb": "submit", "text": "need", "documents": [many[0]] })).await;
        // What waits is seen by its sender alone; what was sent, by both.
        let url = |id: &Value| format!("/api/v1/supervision/{}/documents/{}", case["id"].as_str().unwrap(), id.as_str().unwrap());
        assert_eq!(p.send("seller", "GET", &format!("{}?as=seller", url(&many[1]["id"])), None).await.0, 404);
        let shown = p.http.get(format!("{}{}?as=seller", p.url, url(&many[0]["id"]))).bearer_auth(p.token("seller")).send().await.unwrap();
        assert_eq!(shown.headers()["content-type"], "application/pdf");
        assert!(shown.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"), "nothing in it runs");
        assert_eq!(shown.bytes().await.unwrap(), PDF);
    })
    .await;
}

#[tokio::test]
async fn who_is_no_side_of_a_case_finds_nothing_and_may_not_decide() {
    on_both_from(FROM, async |p| {
        list(&p, "service", "human_service", |_| {}).await;
        let order = buy(&p, "service", Some("1m"), json!({})).await;
        let case = p.case("buyer", &order).await;
        let id = case["id"].as_str().unwrap();
        let accept = json!({ "verb": "accept" });
        for role in ["seller2", "buyer2"] {
            let side = role.trim_end_matches('2');
            assert_eq!(p.send(role, "GET", &format!("/api/v1/supervision/{id}?as={side}"), None).await.0, 404, "{role}");
            assert_eq!(p.refused(role, &format!("/api/v1/supervision/{id}/actions?as={side}"), accept.clone()).await.0, 404, "{role}");
        }
        let as_buyer = p.refused("operator", &format!("/api/v1/supervision/{id}/actions?as=operator"), accept).await;
        assert_eq!(as_buyer, (403, "auth.wrong_role".to_owned()), "the platform accepts nothing");
        let close = json!({ "decision": "close", "reason": "x" });
        assert_eq!(p.refused("seller", &format!("/api/v1/operator/supervision/{id}/decide"), close).await.0, 403);
        let newer = buy(&p, "service", Some("1m"), json!({})).await;
        let listed = async |direction: &str| {
            let page = format!("/api/v1/supervision?as=operator&state=open&direction={direction}");
            p.get("operator", &page).await["cases"][0]["order_number"].clone()
        };
        assert_eq!((listed("asc").await, listed("desc").await), (order["order_number"].clone(), newer["order_number"].clone()));
    })
    .await;
}

#[tokio::test]
async fn a_template_is_a_document_that_operators_load() {
    on_both_from(FROM, async |p| {
        let templates = "/api/v1/operator/supervision/templates";
        let mut template = p.get("operator", &format!("{templates}/human-service/2")).await["body"].clone();
        template["nodes"][0]["timers"][0]["days"] = json!(2);
        let load = json!({ "template": template });
        assert_eq!(p.refused("operator", templates, load).await, (409, "supervision.template_fixed".to_owned()));
        template["version"] = json!(3);
        template["valid_from"] = json!("2026-04-01");
        assert_eq!(p.refused("seller", templates, json!({ "template": template })).await.0, 403);
        p.post("operator", templates, json!({ "template": template })).await;
        let list = p.get("operator", templates).await;
        let loaded = list["templates"].as_array().unwrap().iter().find(|t| t["key"] == "human-service" && t["version"] == 3).unwrap();
        assert_eq!(loaded["open_cases"], 0);
        template["nodes"][0]["actions"][0]["to"] = json!("nowhere");
        assert_eq!(p.refused("operator", templates, json!({ "template": template })).await, (422, "supervision.bad_template".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_version_that_was_loaded_before_a_release_brings_it_stays_and_the_node_starts() {
    for engine in testdb::engines() {
        let mut p = Platform::start(super::setup(engine)).await;
        p.kill().await;
        p.execute("UPDATE supervision_templates SET body = replace(body, '\"days\":', '\"days\":1') WHERE key = 'hardware'");
        p.run().await;
        let days = &p.get("operator", "/api/v1/operator/supervision/templates/hardware/1").await["body"].to_string();
        assert!(days.contains("\"days\":11"), "as it was loaded: {days}");
    }
}
