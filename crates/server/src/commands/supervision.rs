//! `yunshi supervision …` and `yunshi webhook …`.

use super::client::list;
use crate::{
    cli::{Supervision, Webhook},
    output::{self, Failure},
    remote::{Remote, with_query},
};
use serde_json::{Map, Value, json};
use std::path::Path;

const COLUMNS: [&str; 7] = ["id", "order_number", "product_name", "state", "node", "waits_for", "started_at"];

fn at(id: &str, more: &str, role: Option<&String>) -> String {
    with_query(&format!("/api/v1/supervision/{id}{more}"), &[("as", role.cloned())])
}

pub async fn run(remote: &Remote, command: &Supervision, json: bool) -> Result<(), Failure> {
    let case = match command {
        Supervision::List { role, state, turn, order, page } => {
            let filters = [("as", role.clone()), ("state", state.clone()), ("turn", turn.clone()), ("order_number", order.clone())];
            output::table(json, &remote.get(&list("/api/v1/supervision", page, &filters)).await?, "cases", &COLUMNS);
            return Ok(());
        }
        Supervision::Templates | Supervision::Template { .. } | Supervision::Load { .. } => return templates(remote, command, json).await,
        Supervision::Show { id, role } => remote.get(&at(id, "", role.as_ref())).await?,
        Supervision::Send { id, kind, file, role } => {
            output::document(json, &send(remote, id, (kind, role.as_ref()), file).await?);
            return Ok(());
        }
        Supervision::Act { id, role, .. } if role.as_deref() == Some("operator") => {
            remote.post(&format!("/api/v1/operator/supervision/{id}/actions"), &act(command)?).await?
        }
        Supervision::Act { id, role, .. } => remote.post(&at(id, "/actions", role.as_ref()), &act(command)?).await?,
        Supervision::Appeal { id, text, role } => remote.post(&at(id, "/appeals", role.as_ref()), &json!({ "text": text })).await?,
        Supervision::Decide { id, decision, amount, currency, reason } => {
            let amount = amount.as_ref().map(|amount| json!({ "amount": amount, "currency": currency }));
            let body = json!({ "decision": decision, "amount": amount, "reason": reason });
            remote.post(&format!("/api/v1/operator/supervision/{id}/decide"), &body).await?
        }
    };
    show(&case, json);
    Ok(())
}

/// A case: its facts, what was done, and what may be done.
fn show(case: &Value, json: bool) {
    if json {
        return output::document(true, case);
    }
    output::table(false, &json!({ "cases": [case] }), "cases", &COLUMNS);
    output::table(false, case, "steps", &["at", "party", "actor", "kind", "from", "to"]);
    output::table(false, case, "actions", &["verb", "to", "share"]);
}

/// What is done at a node, with what it asks for.
fn act(command: &Supervision) -> Result<Value, Failure> {
    let Supervision::Act { verb, text, reason, opening, carrier, number, code, documents, .. } = command else {
        return Ok(Value::Null);
    };
    let mut body = Map::from_iter([("verb".to_owned(), json!(verb))]);
    let given = [
        ("text", text),
        ("reason", reason),
        ("opening_time", opening),
        ("carrier", carrier),
        ("tracking_number", number),
        ("identification_code", code),
    ];
    body.extend(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))));
    let mut named = Vec::new();
    for document in documents {
        let wrong =
            || Failure::WrongUse(format!("--document {document}: write the file's id and what it proves, such as doc_…=acceptance"));
        let (id, kind) = document.split_once('=').ok_or_else(wrong)?;
        named.push(json!({ "id": id, "kind": kind }));
    }
    body.insert("documents".to_owned(), json!(named));
    Ok(Value::Object(body))
}

async fn send(remote: &Remote, id: &str, (kind, role): (&str, Option<&String>), file: &Path) -> Result<Value, Failure> {
    let wrong = |text: &str| Failure::WrongUse(format!("{}: {text}", file.display()));
    let name = file.file_name().and_then(|n| n.to_str()).ok_or_else(|| wrong("name a file"))?;
    let bytes = std::fs::read(file).map_err(|e| wrong(&e.to_string()))?;
    let query = [("as", role.cloned()), ("kind", Some(kind.to_owned())), ("name", Some(name.to_owned()))];
    remote.post_bytes(&with_query(&format!("/api/v1/supervision/{id}/documents"), &query), bytes).await
}

async fn templates(remote: &Remote, command: &Supervision, json: bool) -> Result<(), Failure> {
    let path = "/api/v1/operator/supervision/templates";
    match command {
        Supervision::Template { key, version, scene } => {
            let found = remote.get(&format!("{path}/{key}/{version}")).await?;
            let drawn = found["scenes"].as_array().and_then(|all| all.iter().find(|s| s["scene"] == *scene));
            let drawn = drawn.ok_or_else(|| Failure::WrongUse(format!("there is no scene {scene}")))?;
            if json { output::document(true, &found) } else { output::plain(drawn["mermaid"].as_str().unwrap_or_default()) }
        }
        Supervision::Load { file } => {
            let wrong = |text: String| Failure::WrongUse(format!("{}: {text}", file.display()));
            let text = std::fs::read_to_string(file).map_err(|e| wrong(e.to_string()))?;
            let template: Value = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
            output::document(json, &remote.post(path, &json!({ "template": template })).await?);
        }
        _ => output::table(
            json,
            &remote.get(path).await?,
            "templates",
            &["key", "version", "access_type", "flow", "valid_from", "open_cases"],
        ),
    }
    Ok(())
}

pub async fn webhook(remote: &Remote, command: &Webhook, json: bool) -> Result<(), Failure> {
    let one = |id: &str, more: &str| format!("/api/v1/webhooks/{id}{more}");
    let done = match command {
        Webhook::List => {
            let found = remote.get("/api/v1/webhooks").await?;
            output::table(json, &found, "endpoints", &["id", "url", "events", "enabled", "created_at"]);
            return Ok(());
        }
        Webhook::Deliveries { id, page } => {
            let found = remote.get(&list(&one(id, "/deliveries"), page, &[])).await?;
            output::table(json, &found, "deliveries", &["id", "event", "state", "created_at", "next_at", "error"]);
            return Ok(());
        }
        Webhook::Add { url, events } => remote.post("/api/v1/webhooks", &json!({ "url": url, "events": events })).await?,
        Webhook::Rotate { id } => remote.post(&one(id, "/rotate"), &json!({})).await?,
        Webhook::Test { id } => remote.post(&one(id, "/test"), &json!({})).await?,
        Webhook::Replay { delivery } => remote.post(&format!("/api/v1/webhook-deliveries/{delivery}/replay"), &json!({})).await?,
        Webhook::Remove { id } => remote.delete(&one(id, "")).await?,
    };
    output::document(json, &done);
    Ok(())
}
