//! Cases of service supervision as programs rely on them: fixed words for flows, nodes and actions, whatever the keys of
//! the templates are. Words that are not fixed stay as the template has them.

use crate::output::Failure;
use serde_json::{Map, Value, json};

/// Key of a built-in template, and the flow's fixed word.
const FLOWS: [(&str, &str); 11] = [
    ("human-service", "human.standard"),
    ("human-service-milestones", "human.milestones"),
    ("site-building", "human.site_building"),
    ("saas", "saas.supervised"),
    ("license-file", "license.offline"),
    ("license-identification", "license.identification"),
    ("license-code", "license.code"),
    ("license-package", "license.package"),
    ("hardware", "hardware"),
    ("orchestration", "orchestration"),
    ("data-file", "data_file"),
];

/// Verb of a template, and the action's fixed word.
const VERBS: [(&str, &str); 2] = [("claim", "take"), ("prove", "upload_proof")];

/// Step of a negotiated refund, and the action's fixed word.
const REFUND_STEPS: [(&str, &str); 5] = [
    ("agree", "agree_refund"),
    ("reject", "refuse_refund"),
    ("withdraw", "withdraw_refund"),
    ("confirm", "confirm_refund"),
    ("refuse", "refuse_refund"),
];

/// What an action of the command line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// A verb of the present node.
    Act(String),
    Appeal,
    Decide,
    AskRefund,
    RefundStep(String),
}

/// What a word does for a party; a template's own verb is as good as the fixed word.
pub fn doing(word: &str, party: &str) -> Doing {
    let of = |step: &str| Doing::RefundStep(step.to_owned());
    match word {
        "appeal" => Doing::Appeal,
        "decide" => Doing::Decide,
        "request_refund" => Doing::AskRefund,
        "refuse_refund" if party == "operator" => of("refuse"),
        "send_back" | "inspected" | "damaged" => of(word),
        _ => match REFUND_STEPS.iter().find(|(_, fixed)| *fixed == word) {
            Some((step, _)) => of(step),
            None => Doing::Act(VERBS.iter().find(|(_, fixed)| *fixed == word).map_or(word, |(verb, _)| verb).to_owned()),
        },
    }
}

/// The five key elements from `NAME=VALUE`s, none without any; a list is named once for each of its members. Which there
/// are, and what they must be, the server says.
///
/// # Errors
/// Wrong use, when one has no value or is named twice.
pub fn elements(given: &[String]) -> Result<Option<Value>, Failure> {
    let mut named = Map::new();
    for element in given {
        let wrong = |text: &str| Failure::WrongUse(format!("--element {element}: {text}"));
        let (name, value) = element.split_once('=').ok_or_else(|| wrong("write NAME=VALUE, such as customer_name=示例公司"))?;
        if name == "order_numbers" {
            let list = named.entry(name).or_insert_with(|| json!([]));
            list.as_array_mut().into_iter().for_each(|list| list.push(json!(value)));
        } else if named.insert(name.to_owned(), json!(value)).is_some() {
            return Err(wrong("is named twice"));
        }
    }
    Ok((!named.is_empty()).then_some(Value::Object(named)))
}

fn fixed<'a>(words: &[(&str, &'a str)], word: &'a str) -> &'a str {
    words.iter().find(|(own, _)| *own == word).map_or(word, |(_, fixed)| fixed)
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Where a case stands.
fn node(case: &Value) -> &str {
    match (word(case, "state"), word(case, "node")) {
        ("completed", _) => "done",
        ("cancelled", _) => "cancelled",
        (_, "submit") => "submit_requirement",
        (_, "confirm") => "confirm_requirement",
        (_, "claim") => "take_code",
        (_, "activate") if case["claimed_at"].is_null() => "take_code",
        (_, "prove") => "upload_proof",
        (_, node) if ["deliver", "design", "build"].iter().any(|n| node.starts_with(n)) => "deliver",
        (_, node) if node.starts_with("accept") => "accept",
        (_, node) if node.starts_with("review") => "platform_review",
        (_, node) => node,
    }
}

/// What the caller may do now.
fn actions(case: &Value) -> Vec<&str> {
    let list = |name: &str| case[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut all: Vec<&str> = list("actions").iter().map(|a| fixed(&VERBS, word(a, "verb"))).collect();
    all.extend(list("refund_steps").iter().filter_map(Value::as_str).map(|step| fixed(&REFUND_STEPS, step)));
    if case["may_appeal"] == true {
        all.push("appeal");
    }
    if word(case, "party") == "operator" && !case["appeal"].is_null() {
        all.push("decide");
    }
    if !case["refundable"].is_null() {
        all.push("request_refund");
    }
    all
}

fn evidence(case: &Value) -> Vec<Value> {
    let steps = case["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |step: &Value| {
        let documents = step["documents"].as_array().cloned().unwrap_or_default();
        let (by, at) = (step["party"].clone(), step["at"].clone());
        documents.into_iter().map(move |d| json!({ "name": d["name"], "kind": d["kind"], "by": by, "at": at })).collect::<Vec<_>>()
    };
    steps.iter().flat_map(of).collect()
}

/// The document of a case: `case` as the API shows it, `order` its order.
pub fn document(case: &Value, order: &Value) -> Value {
    let line = &order["lines"][0];
    json!({
        "id": case["id"], "order_number": case["order_number"], "order_line": line["line_number"], "product": line["product"],
        "product_name": case["product_name"], "customer_name": case["customer_name"], "access_type": case["access_type"],
        "template": fixed(&FLOWS, word(case, "template")), "template_version": case["template_version"], "scene": case["scene"],
        "state": case["state"], "node": node(case), "actor": case["waits_for"][0], "actions": actions(case), "due_at": case["due_at"],
        "frozen": !case["appeal"].is_null(), "evidence": evidence(case), "opening_time": case["opening_time"],
        "started_at": case["started_at"], "ended_at": case["ended_at"],
    })
}

/// The first kind of which an action still lacks files that it cannot be done without.
pub fn lacking<'a>(action: &'a Value, named: &[Value]) -> Option<&'a str> {
    let kinds = action["evidence"].as_array().map(Vec::as_slice).unwrap_or_default();
    let least = |e: &Value| usize::try_from(e["min"].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
    let short = kinds.iter().find(|e| named.iter().filter(|n| n["kind"] == e["kind"]).count() < least(e));
    short.map(|e| word(e, "kind"))
}

/// What a file proves when nobody says so: what the action still lacks, else what it takes.
pub fn kind_of_file(action: &Value, named: &[Value]) -> String {
    let takes = || action["evidence"][0]["kind"].as_str();
    lacking(action, named).or_else(takes).unwrap_or("other").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_words_lead_to_what_templates_call_theirs() {
        let act = |verb: &str| Doing::Act(verb.to_owned());
        let step = |step: &str| Doing::RefundStep(step.to_owned());
        for (word, party, does) in [
            ("take", "buyer", act("claim")),
            ("claim", "buyer", act("claim")),
            ("upload_proof", "seller", act("prove")),
            ("submit", "buyer", act("submit")),
            ("appeal", "seller", Doing::Appeal),
            ("decide", "operator", Doing::Decide),
            ("request_refund", "buyer", Doing::AskRefund),
            ("agree_refund", "seller", step("agree")),
            ("refuse_refund", "seller", step("reject")),
            ("refuse_refund", "operator", step("refuse")),
            ("withdraw_refund", "buyer", step("withdraw")),
        ] {
            assert_eq!(doing(word, party), does, "{word} by {party}");
        }
    }

    #[test]
    fn every_node_of_the_built_in_flows_has_a_fixed_word() {
        let fixed =
            ["submit_requirement", "confirm_requirement", "deliver", "platform_review", "accept", "take_code", "activate", "upload_proof"];
        for template in ::domain::supervision::built_in() {
            assert!(FLOWS.iter().any(|(key, _)| *key == template.key), "{}", template.key);
            for own in &template.nodes {
                let case = json!({ "state": "open", "node": own.key, "claimed_at": "2026-01-01T00:00:00Z" });
                assert!(fixed.contains(&node(&case)), "{} of {}", own.key, template.key);
            }
        }
        assert_eq!(node(&json!({ "state": "open", "node": "activate", "claimed_at": null })), "take_code");
        assert_eq!(node(&json!({ "state": "completed", "node": "accept" })), "done");
    }

    #[test]
    fn a_file_proves_what_is_still_missing() {
        let action = json!({ "evidence": [{ "kind": "acceptance", "min": 1 }, { "kind": "statement_of_work", "min": 1 }] });
        assert_eq!(kind_of_file(&action, &[]), "acceptance");
        let half = [json!({ "kind": "acceptance" })];
        assert_eq!((kind_of_file(&action, &half), lacking(&action, &half)), ("statement_of_work".to_owned(), Some("statement_of_work")));
        let whole = [json!({ "kind": "acceptance" }), json!({ "kind": "statement_of_work" })];
        assert_eq!((kind_of_file(&action, &whole), lacking(&action, &whole)), ("acceptance".to_owned(), None));
        assert_eq!(kind_of_file(&json!({ "evidence": [] }), &[]), "other");
    }
}
