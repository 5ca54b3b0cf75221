//! `yunshi supervision …` and `yunshi webhook …`.

use super::{
    case::{self, Doing},
    client::list,
};
use crate::{
    cli::{Act, Supervision, Webhook},
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
        Supervision::List { all, role, state, turn, order, page } => {
            let state = state.clone().or_else(|| (!all).then(|| "open".to_owned()));
            let filters = [("as", role.clone()), ("state", state), ("turn", turn.clone()), ("order_number", order.clone())];
            let found = remote.get(&list("/api/v1/supervision", page, &filters)).await?;
            return listed(remote, role.as_ref(), found, json).await;
        }
        Supervision::Templates | Supervision::Template { .. } | Supervision::Load { .. } => return templates(remote, command, json).await,
        Supervision::Show { id, role } => remote.get(&at(id, "", role.as_ref())).await?,
        Supervision::Send { id, kind, file, role } => {
            output::document(json, &send(remote, id, (kind, role.as_ref()), file).await?);
            return Ok(());
        }
        Supervision::Act(asked) => {
            let done = act(remote, asked).await?;
            if json {
                let mut document = documented(remote, &done).await?;
                document["cases"] = json!([document.clone()]);
                output::document(true, &document);
                return Ok(());
            }
            done
        }
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

/// A case, as the API shows it, in the words that programs rely on.
async fn documented(remote: &Remote, shown: &Value) -> Result<Value, Failure> {
    let number = shown["order_number"].as_str().unwrap_or_default();
    let party = shown["party"].as_str().map(str::to_owned);
    let order = remote.get(&with_query(&format!("/api/v1/orders/{number}"), &[("as", party)])).await?;
    Ok(case::document(shown, &order))
}

async fn listed(remote: &Remote, role: Option<&String>, mut found: Value, json: bool) -> Result<(), Failure> {
    if json && let Some(cases) = found["cases"].as_array_mut() {
        for one in cases {
            let shown = remote.get(&at(one["id"].as_str().unwrap_or_default(), "", role)).await?;
            *one = documented(remote, &shown).await?;
        }
    }
    output::table(json, &found, "cases", &COLUMNS);
    Ok(())
}

/// Does what an action says, at the address that is for it.
async fn act(remote: &Remote, asked: &Act) -> Result<Value, Failure> {
    let Act { id, text, opened_at, goods, carrier, number, code, licence, .. } = asked;
    let elements = case::elements(&asked.elements)?;
    let shown = remote.get(&at(id, "", asked.role.as_ref())).await?;
    let party = shown["party"].as_str().unwrap_or_default();
    let doing = case::doing(&asked.action, party);
    let documents = named(remote, asked, &shown, &doing).await?;
    let reason = asked.reason.as_ref().or(text.as_ref());
    let amount = asked.amount.as_ref().map(|amount| json!({ "amount": amount, "currency": shown["paid"]["currency"] }));
    // What only one side may do goes to its address, where others are refused by name.
    let desk = match &doing {
        Doing::Decide => true,
        Doing::Appeal | Doing::AskRefund => false,
        Doing::Act(_) | Doing::RefundStep(_) => party == "operator",
    };
    let (path, body) = match doing {
        Doing::Act(verb) => {
            let given = [("text", text), ("opening_time", opened_at), ("carrier", carrier), ("tracking_number", number)];
            let more = [("identification_code", code), ("licence", licence)];
            let mut body = Map::from_iter([("verb".to_owned(), json!(verb)), ("documents".to_owned(), json!(documents))]);
            body.extend(given.into_iter().chain(more).filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))));
            body.extend(elements.map(|named| ("elements".to_owned(), named)));
            if let Some(own) = &asked.reason {
                body.insert("reason".to_owned(), json!(own));
            } else if asks_reason(&shown, &verb)
                && let Some(text) = body.remove("text")
            {
                body.insert("reason".to_owned(), text);
            }
            ("/actions", Value::Object(body))
        }
        Doing::Appeal => ("/appeals", json!({ "text": reason, "documents": documents })),
        Doing::Decide => {
            let decision = asked.decision.as_deref().unwrap_or(if amount.is_some() { "refund" } else { "continue" });
            ("/decide", json!({ "decision": decision, "amount": amount, "reason": reason }))
        }
        Doing::AskRefund => ("/refunds", json!({ "amount": amount, "reason": reason, "goods": goods })),
        Doing::RefundStep(step) => (
            "/refunds/steps",
            json!({ "step": step, "reason": reason, "carrier": carrier, "tracking_number": number, "documents": documents }),
        ),
    };
    let path = if desk { format!("/api/v1/operator/supervision/{id}{path}") } else { at(id, path, Some(&party.to_owned())) };
    remote.post(&path, &body).await
}

fn action_of<'a>(shown: &'a Value, verb: &str) -> &'a Value {
    let actions = shown["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
    actions.iter().find(|a| a["verb"] == verb).unwrap_or(&Value::Null)
}

/// Whether a verb wants a reason and no text.
fn asks_reason(shown: &Value, verb: &str) -> bool {
    let fields = action_of(shown, verb)["fields"].as_array().cloned().unwrap_or_default();
    fields.iter().any(|f| f["name"] == "reason") && !fields.iter().any(|f| f["name"] == "text")
}

/// The files that an action names: those that were sent, and those that are sent now.
async fn named(remote: &Remote, asked: &Act, shown: &Value, doing: &Doing) -> Result<Vec<Value>, Failure> {
    let mut named = Vec::new();
    for document in &asked.documents {
        let wrong =
            || Failure::WrongUse(format!("--document {document}: write the file's id and what it proves, such as doc_…=acceptance"));
        let (id, kind) = document.split_once('=').ok_or_else(wrong)?;
        named.push(json!({ "id": id, "kind": kind }));
    }
    let action = match doing {
        Doing::Act(verb) => action_of(shown, verb),
        _ => &Value::Null,
    };
    // What cannot be done now is refused without sending anything first, and so is what would not be enough.
    if matches!(doing, Doing::Act(_)) && action.is_null() {
        return Ok(named);
    }
    let mut files = Vec::new();
    for file in &asked.files {
        let (kind, path) = match file.split_once('=') {
            Some((kind, path)) if !kind.contains(['/', '.']) => (kind.to_owned(), path),
            _ if matches!(doing, Doing::RefundStep(step) if step == "agree") => ("agreement".to_owned(), file.as_str()),
            _ => (case::kind_of_file(action, &named), file.as_str()),
        };
        named.push(json!({ "kind": kind }));
        files.push((kind, path));
    }
    if let Some(kind) = case::lacking(action, &named).filter(|_| !files.is_empty()) {
        return Err(Failure::WrongUse(format!("{} also wants a file of the kind {kind}: add --file {kind}=PATH", asked.action)));
    }
    let role = shown["party"].as_str().map(str::to_owned);
    named.truncate(asked.documents.len());
    for (kind, path) in files {
        let sent = send(remote, &asked.id, (&kind, role.as_ref()), Path::new(path)).await?;
        named.push(json!({ "id": sent["id"], "kind": kind }));
    }
    Ok(named)
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
