//! What service supervision refuses: bad evidence, strangers, races, edited templates.

use super::{
    on_both_from,
    supervision::{FROM, PDF, buy, delivered, files, list},
};
use serde_json::{Value, json};
use testkit::Platform;

/// A human service that was delivered.
async fn to_accept(p: &Platform) -> (Value, Value) {
    list(p, "service", "human_service", |_| {}).await;
    let order = buy(p, "service", Some("1m"), json!({})).await;
    let case = delivered(p, &order, &["statement_of_work", "acceptance"], None).await;
    (order, case)
}

#[tokio::test]
async fn evidence_is_what_it_says_and_is_used_once_by_its_sender() {
    on_both_from(FROM, async |p| {
        list(&p, "data", "data_file", |_| {}).await;
        let order = buy(&p, "data", None, json!({})).await;
        let case = p.case("buyer", &order).await;
        for (name, bytes, code) in [
            ("../../etc/passwd.pdf", PDF, "evidence.bad_name"),
            ("run.exe", b"MZ".as_slice(), "evidence.bad_type"),
            ("empty.pdf", b"", "evidence.empty"),
            ("page.pdf", b"<script>", "evidence.wrong_content"),
        ] {
            let (status, refused) = p.try_file("buyer", &case, ("requirement", name), bytes).await;
            assert_eq!((status, &refused["code"]), (422, &json!(code)), "{name}");
        }
        let (status, refused) = p.try_file("buyer", &case, ("requirement", "long.lic"), &vec![7; (20 << 20) + 1]).await;
        assert_eq!((status, &refused["code"]), (413, &json!("body_too_long")));
        let mut many = Vec::new();
        for i in 0..21 {
            let id = p.send_file("buyer", &case, "requirement", &format!("{i}.pdf"), PDF).await;
            many.push(json!({ "id": id, "kind": "requirement" }));
        }
        let refused = p.act_refused("buyer", &case, json!({ "verb": "submit", "text": "need", "documents": many })).await;
        assert_eq!(refused.0, 422, "a hundred files are too many: {refused:?}");
        let wrong = json!([{ "id": many[0]["id"], "kind": "agreement" }]);
        let refused = p.act_refused("buyer", &case, json!({ "verb": "submit", "text": "need", "documents": wrong })).await;
        assert_eq!(refused.1, "supervision.evidence_not_asked");
        let elements = json!({ "order_numbers": [], "customer_name": "?", "product_name": "?", "specification_name": "?" });
        let unasked = json!({ "verb": "submit", "text": "need", "documents": [many[0]], "elements": elements });
        assert_eq!(p.act_refused("buyer", &case, unasked).await.1, "supervision.field_not_asked", "not compared, where nobody asked");
        let twice = json!([many[0], many[0]]);
        assert_eq!(
            p.act_refused("buyer", &case, json!({ "verb": "submit", "text": "need", "documents": twice })).await.1,
            "evidence.repeated"
        );
        p.act("buyer", &case, json!({ "verb": "submit", "text": "need", "documents": [many[0]] })).await;
        let other = json!({ "verb": "confirm", "documents": [many[1]] });
        assert_eq!(p.act_refused("seller", &case, other).await.1, "supervision.evidence_not_asked");
        p.act("seller", &case, json!({ "verb": "return", "reason": "again" })).await;
        let used = json!({ "verb": "submit", "text": "need", "documents": [many[0]] });
        assert_eq!(p.act_refused("buyer", &case, used).await, (422, "evidence.not_waiting".to_owned()), "each file once");
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
async fn a_case_is_nobody_elses() {
    on_both_from(FROM, async |p| {
        let (_, case) = to_accept(&p).await;
        let id = case["id"].as_str().unwrap();
        let accept = json!({ "verb": "accept" });
        for role in ["seller2", "buyer2"] {
            if p.document["accounts"][role].is_null() {
                continue;
            }
            let side = role.trim_end_matches('2');
            assert_eq!(p.send(role, "GET", &format!("/api/v1/supervision/{id}?as={side}"), None).await.0, 404, "{role}");
            assert_eq!(p.refused(role, &format!("/api/v1/supervision/{id}/actions?as={side}"), accept.clone()).await.0, 404, "{role}");
        }
        assert_eq!(p.act_refused("seller", &case, accept.clone()).await, (409, "supervision.not_yours".to_owned()));
        let as_buyer = p.refused("operator", &format!("/api/v1/supervision/{id}/actions?as=operator"), accept).await;
        assert_eq!(as_buyer, (403, "auth.wrong_role".to_owned()), "the platform accepts nothing");
        let decide =
            p.refused("seller", &format!("/api/v1/operator/supervision/{id}/decide"), json!({ "decision": "close", "reason": "x" })).await;
        assert_eq!(decide.0, 403);
    })
    .await;
}

#[tokio::test]
async fn of_an_acceptance_and_an_appeal_at_once_one_wins_and_the_books_agree() {
    on_both_from(FROM, async |p| {
        for round in 0..4 {
            if round == 0 {
                list(&p, "service", "human_service", |_| {}).await;
            }
            let order = buy(&p, "service", Some("1m"), json!({})).await;
            let case = delivered(&p, &order, &["statement_of_work", "acceptance"], None).await;
            let id = case["id"].as_str().unwrap();
            let (accepts, appeals) =
                (format!("/api/v1/supervision/{id}/actions?as=buyer"), format!("/api/v1/supervision/{id}/appeals?as=seller"));
            let (accept, appeal) = (json!({ "verb": "accept" }), json!({ "text": "stop" }));
            let (accepted, appealed) =
                tokio::join!(p.send("buyer", "POST", &accepts, Some(&accept)), p.send("seller", "POST", &appeals, Some(&appeal)));
            let outcome = (accepted.0, appealed.0);
            assert!(matches!(outcome, (200, 409) | (409, 200)), "exactly one: {outcome:?}");
            let state = p.case("buyer", &order).await["state"].clone();
            assert_eq!(state, if outcome.0 == 200 { "completed" } else { "open" });
        }
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_activation_and_an_agreed_refund_exclude_each_other_and_a_code_is_taken_once() {
    on_both_from(FROM, async |p| {
        super::licence::list_shield(&p, None).await;
        for _ in 0..3 {
            let order = buy(&p, "shield", Some("1y"), json!({})).await;
            let case = p.case("buyer", &order).await;
            let id = case["id"].as_str().unwrap();
            let code = p.get("seller", "/api/v1/licences?as=seller").await["licences"][0]["code"].as_str().unwrap().to_owned();
            let ask = json!({ "amount": { "amount": "500.00", "currency": "CNY" }, "reason": "no" });
            p.post("buyer", &format!("/api/v1/supervision/{id}/refunds"), ask).await;
            let documents = files(&p, "seller", &case, &["agreement"]).await;
            let agree = json!({ "step": "agree", "reason": "ok", "documents": documents });
            let path = format!("/api/v1/supervision/{id}/refunds/steps?as=seller");
            let body = json!({ "license": code }).to_string().into_bytes();
            let signed = testkit::Signed { body, ..p.signed("seller", "POST", "/api/mkp-openapi-public/global/v1/license/activate") };
            let (agreed, activated) = tokio::join!(p.send("seller", "POST", &path, Some(&agree)), p.send_signed(&signed));
            let activated = activated.1["error_code"] == "92020000";
            assert_ne!(agreed.0 == 200, activated, "one of them: {agreed:?}");
            let state = p.case("buyer", &order).await["state"].clone();
            assert_eq!(state, if activated { "completed" } else { "cancelled" });
        }
        let order = buy(&p, "shield", Some("1y"), json!({})).await;
        let case = p.case("buyer", &order).await;
        let (path, claim) = (format!("/api/v1/supervision/{}/actions?as=buyer", case["id"].as_str().unwrap()), json!({ "verb": "claim" }));
        let (one, two) = tokio::join!(p.send("buyer", "POST", &path, Some(&claim)), p.send("buyer", "POST", &path, Some(&claim)));
        assert!(matches!((one.0, two.0), (200, 409) | (409, 200)), "{one:?} {two:?}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_template_is_never_edited_and_a_new_version_is_for_orders_from_its_day_on() {
    on_both_from(FROM, async |p| {
        let (order, case) = to_accept(&p).await;
        let templates = "/api/v1/operator/supervision/templates";
        let mut template = p.get("operator", &format!("{templates}/human-service/2")).await["body"].clone();
        template["nodes"][0]["timers"][0]["days"] = json!(2);
        let load = json!({ "template": template });
        assert_eq!(p.refused("operator", templates, load).await, (409, "supervision.template_fixed".to_owned()), "cases run under it");
        template["version"] = json!(3);
        template["valid_from"] = json!("2026-04-01");
        let mut endless = template.clone();
        endless["nodes"][0]["actions"][0]["to"] = json!("nowhere");
        assert_eq!(p.refused("operator", templates, json!({ "template": endless })).await, (422, "supervision.bad_template".to_owned()));
        assert_eq!(p.refused("seller", templates, json!({ "template": template })).await.0, 403);
        p.post("operator", templates, json!({ "template": template })).await;
        p.post("operator", templates, json!({ "template": template })).await;
        let before = buy(&p, "service", Some("1m"), json!({})).await;
        p.advance("744h").await;
        let after = buy(&p, "service", Some("1m"), json!({})).await;
        let mut versions = Vec::new();
        for order in [&order, &before, &after] {
            versions.push(p.case("buyer", order).await["template_version"].clone());
        }
        assert_eq!(versions, [json!(2), json!(2), json!(3)]);
        assert_eq!(p.act("buyer", &case, json!({ "verb": "accept" })).await["state"], "completed");
        let list = p.get("operator", templates).await;
        let open = |v: u64| {
            list["templates"].as_array().unwrap().iter().find(|t| t["key"] == "human-service" && t["version"] == v).unwrap()["open_cases"]
                .clone()
        };
        assert_eq!((open(1), open(3)), (json!(0), json!(1)));
    })
    .await;
}

#[tokio::test]
async fn a_version_that_was_loaded_before_a_release_brings_it_stays_and_the_node_starts() {
    for engine in testdb::ENGINES {
        let mut p = Platform::start(super::setup(engine)).await;
        p.kill().await;
        p.execute("UPDATE supervision_templates SET body = replace(body, '\"days\":', '\"days\":1') WHERE key = 'hardware'");
        p.run().await;
        let days = &p.get("operator", "/api/v1/operator/supervision/templates/hardware/1").await["body"].to_string();
        assert!(days.contains("\"days\":11"), "as it was loaded: {days}");
    }
}

#[tokio::test]
async fn a_case_that_stays_open_is_told_of_every_week_from_day_180_and_the_clock_may_jump() {
    on_both_from(FROM, async |p| {
        list(&p, "package", "license_package", |_| {}).await;
        let order = buy(&p, "package", Some("1m"), json!({})).await;
        p.advance("4440h").await;
        let said = |role: &'static str, event: &'static str| {
            let p = &p;
            async move { p.messages(role).await.iter().filter(|e| **e == *event).count() }
        };
        assert_eq!(said("seller", "sale.long_open").await, 1, "day 180");
        assert_eq!(said("seller", "sale.reminder").await, 26, "and every week before");
        assert_eq!(said("operator", "supervision.long_open").await, 1, "the account manager too");
        p.advance("336h").await;
        assert_eq!(said("seller", "sale.long_open").await, 3);
        let oldest = p.get("operator", "/api/v1/supervision?as=operator&state=open&direction=asc").await;
        assert_eq!(oldest["cases"][0]["order_number"], order["order_number"], "the oldest first");
        p.verify().await;
    })
    .await;
}
