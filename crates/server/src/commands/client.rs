//! The smaller client commands.

use crate::{
    cli::{Bill, Calls, Clock, Inbox, Instance, Review},
    output::{self, Failure},
    remote::{Remote, with_query},
};
use serde_json::{Map, Value, json};

/// `yunshi instance …`.
pub async fn instance(remote: &Remote, command: &Instance, json: bool) -> Result<(), Failure> {
    let document = match command {
        Instance::Show { id, timeline: true } => {
            let found = remote.get(&format!("/api/v1/instances/{id}/timeline")).await?;
            output::table(json, &found, "entries", &["at", "kind", "tone", "data"]);
            return Ok(());
        }
        Instance::Show { id, timeline: false } => remote.get(&format!("/api/v1/instances/{id}")).await?,
        Instance::List { role, state } => {
            let path = with_query("/api/v1/instances", &[("as", role.clone()), ("state", state.clone())]);
            let found = remote.get(&path).await?;
            output::table(json, &found, "instances", &["id", "product", "state", "opened_at", "expires_at", "order_number"]);
            return Ok(());
        }
        Instance::Freeze { id, reason } => {
            remote.post(&format!("/api/v1/operator/instances/{id}/freeze"), &json!({ "reason": reason })).await?
        }
        Instance::Unfreeze { id } => remote.post(&format!("/api/v1/operator/instances/{id}/unfreeze"), &json!({})).await?,
    };
    output::document(json, &document);
    Ok(())
}

/// `yunshi calls …`.
pub async fn calls(remote: &Remote, command: &Calls, json: bool) -> Result<(), Failure> {
    let document = match command {
        Calls::List { order, state } => {
            let found = remote.get(&with_query("/api/v1/calls", &[("order", order.clone()), ("state", state.clone())])).await?;
            output::table(json, &found, "calls", &["id", "activity", "state", "attempts", "order_number", "last_error"]);
            return Ok(());
        }
        Calls::Show { id } => remote.get(&format!("/api/v1/calls/{id}")).await?,
        Calls::Restart { id } => remote.post(&format!("/api/v1/calls/{id}/restart"), &json!({})).await?,
    };
    output::document(json, &document);
    Ok(())
}

/// `yunshi review …`.
pub async fn review(remote: &Remote, command: &Review, json: bool) -> Result<(), Failure> {
    let document = match command {
        Review::List { state } => {
            let found = remote.get(&with_query("/api/v1/applications", &[("state", state.clone())])).await?;
            output::table(json, &found, "applications", &["id", "product", "seller", "state", "submitted_at"]);
            return Ok(());
        }
        Review::Approve { id } => remote.post(&format!("/api/v1/operator/applications/{id}/approve"), &json!({})).await?,
        Review::Reject { id, reason, marks } => {
            let mark = |text: &String| {
                let (pointer, why) =
                    text.split_once('=').ok_or_else(|| Failure::WrongUse(format!("--mark {text:?}: write POINTER=REASON")))?;
                Ok((pointer.to_owned(), Value::from(why)))
            };
            let marks: Map<String, Value> = marks.iter().map(mark).collect::<Result<_, Failure>>()?;
            let body = json!({ "reason": reason, "marks": marks });
            remote.post(&format!("/api/v1/operator/applications/{id}/reject"), &body).await?
        }
    };
    output::document(json, &document);
    Ok(())
}

/// `yunshi bill …`.
pub async fn bill(remote: &Remote, command: &Bill, json: bool) -> Result<(), Failure> {
    match command {
        Bill::List { month } => {
            let found = remote.get(&with_query("/api/v1/bills", &[("month", month.clone())])).await?;
            output::table(json, &found, "bills", &["id", "month", "total", "issued_at"]);
        }
        Bill::Show { id } => {
            let found = remote.get(&format!("/api/v1/bills/{id}")).await?;
            output::table(json, &found, "lines", &["order_line", "kind", "amount", "fee", "tax", "payable"]);
        }
    }
    Ok(())
}

/// `yunshi inbox …`.
pub async fn inbox(remote: &Remote, command: &Inbox, json: bool) -> Result<(), Failure> {
    match command {
        Inbox::List { unread } => {
            let found = remote.get(&with_query("/api/v1/inbox", &[("unread", unread.then(|| "true".to_owned()))])).await?;
            output::table(json, &found, "messages", &["at", "type", "read", "title", "body"]);
        }
        Inbox::Read { id } => {
            let body = id.as_ref().map_or_else(|| json!({}), |id| json!({ "id": id }));
            output::document(json, &remote.post("/api/v1/inbox/read", &body).await?);
        }
    }
    Ok(())
}

/// `yunshi clock …`.
pub async fn clock(remote: &Remote, command: &Clock, json: bool) -> Result<(), Failure> {
    let document = match command {
        Clock::Show => remote.get("/api/v1/sandbox/clock").await?,
        Clock::Advance { duration } => remote.post("/api/v1/sandbox/clock/advance", &json!({ "by": duration })).await?,
    };
    output::document(json, &document);
    Ok(())
}
