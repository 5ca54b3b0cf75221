//! The smaller client commands.

use super::tail;
use crate::{
    cli::{Bill, Calls, Clock, Inbox, Instance, OpenApi, Page, Review, Usage},
    output::{self, Failure},
    remote::{Remote, with_query},
};
use serde_json::{Map, Value, json};

/// The path of a page of a list.
pub(super) fn list(path: &str, page: &Page, filters: &[(&str, Option<String>)]) -> String {
    let mut pairs = filters.to_vec();
    pairs.push(("limit", page.limit.map(|l| l.to_string())));
    pairs.push(("cursor", page.cursor.clone()));
    pairs.push(("direction", page.direction.clone()));
    with_query(path, &pairs)
}

/// `yunshi instance …`.
pub async fn instance(remote: &Remote, command: &Instance, json: bool) -> Result<(), Failure> {
    let document = match command {
        Instance::Show { id, timeline: true } => {
            let found = remote.get(&format!("/api/v1/instances/{id}/timeline")).await?;
            output::table(json, &found, "entries", &["at", "kind", "tone", "data"]);
            return Ok(());
        }
        Instance::Show { id, timeline: false } => remote.get(&format!("/api/v1/instances/{id}")).await?,
        Instance::List { role, state, sort, page } => {
            let filters = [("as", role.clone()), ("state", state.clone()), ("sort", sort.clone())];
            let path = list("/api/v1/instances", page, &filters);
            let found = remote.get(&path).await?;
            output::table(json, &found, "instances", &["id", "product", "state", "opened_at", "expires_at", "order_number"]);
            return Ok(());
        }
        Instance::AutoRenew { id, period, price, off: _ } => auto_renew(remote, id, period.as_deref(), price.as_deref()).await?,
        Instance::Release { id } => remote.post(&format!("/api/v1/instances/{id}/release"), &json!({})).await?,
        Instance::Freeze { id, reason } => {
            remote.post(&format!("/api/v1/operator/instances/{id}/freeze"), &json!({ "reason": reason })).await?
        }
        Instance::Unfreeze { id } => remote.post(&format!("/api/v1/operator/instances/{id}/unfreeze"), &json!({})).await?,
    };
    output::document(json, &document);
    Ok(())
}

/// Switches automatic renewal on at the price that is shown, or at the one that was named, or off.
async fn auto_renew(remote: &Remote, id: &str, period: Option<&str>, price: Option<&str>) -> Result<Value, Failure> {
    let path = format!("/api/v1/instances/{id}/auto-renewal");
    let Some(period) = period else {
        return remote.put(&path, &json!({ "period": null })).await;
    };
    let quote = remote.get(&with_query(&path, &[("period", Some(period.to_owned()))])).await?;
    let text = |of: &Value| format!("{} {}", of["amount"].as_str().unwrap_or_default(), of["currency"].as_str().unwrap_or_default());
    let agreed = match price {
        Some(amount) => {
            let (amount, currency) = amount.split_once(' ').unwrap_or((amount, quote["price"]["currency"].as_str().unwrap_or_default()));
            json!({ "amount": amount, "currency": currency })
        }
        None => quote["price"].clone(),
    };
    let switched = remote.put(&path, &json!({ "period": period, "price": agreed })).await?;
    let now = text(&quote["price"]);
    if quote["dearer"] == true {
        eprintln!("A term costs {now} now; the last one cost {}. By switching it on you agreed to {now}.", text(&quote["last"]));
    } else {
        eprintln!("You agreed to {now} for a term; more is not taken without your consent.");
    }
    Ok(switched)
}

/// `yunshi usage …`.
pub async fn usage(remote: &Remote, command: &Usage, json: bool) -> Result<(), Failure> {
    match command {
        Usage::List { state, instance, metering_sn, page } => {
            let filters = [("state", state.clone()), ("instance", instance.clone()), ("metering_sn", metering_sn.clone())];
            let found = remote.get(&list("/api/v1/usage-records", page, &filters)).await?;
            output::table(json, &found, "records", &["metering_sn", "seller_instance_id", "begin", "value", "state", "repeats", "reason"]);
        }
        Usage::Show { instance } => {
            let found = remote.get(&format!("/api/v1/instances/{instance}/usage")).await?;
            output::table(json, &found, "days", &["day", "quantity", "amount"]);
        }
        Usage::Held { state, instance, page } => {
            let filters = [("state", state.clone()), ("instance", instance.clone())];
            let found = remote.get(&list("/api/v1/usage-holds", page, &filters)).await?;
            output::table(json, &found, "holds", &["id", "instance", "begin", "quantity", "amount", "largest", "state", "until"]);
        }
        Usage::Approve { hold, operator } => output::document(json, &decide_hold(remote, hold, *operator, true).await?),
        Usage::Refuse { hold, operator } => output::document(json, &decide_hold(remote, hold, *operator, false).await?),
        Usage::Cap { instance, amount, currency, action, off, side } => {
            let path = format!("/api/v1/instances/{instance}/usage-cap");
            let amount = amount.as_ref().map(|amount| json!({ "amount": amount, "currency": currency }));
            let found = if *off || amount.is_some() {
                remote.put(&path, &json!({ "amount": amount, "action": action, "side": side })).await?
            } else {
                remote.get(&path).await?
            };
            output::document(json, &found);
        }
    }
    Ok(())
}

async fn decide_hold(remote: &Remote, hold: &str, operator: bool, approve: bool) -> Result<serde_json::Value, Failure> {
    let place = if operator { "operator/" } else { "" };
    remote.post(&format!("/api/v1/{place}usage-holds/{hold}/decision"), &json!({ "approve": approve })).await
}

/// `yunshi open-api …`.
pub async fn open_api(remote: &Remote, command: &OpenApi, json: bool) -> Result<(), Failure> {
    match command {
        OpenApi::List { failed, access_key, path, page } => {
            let filters = [("failed", failed.then(|| "true".to_owned())), ("access_key", access_key.clone()), ("path", path.clone())];
            let found = remote.get(&list("/api/v1/open-api-calls", page, &filters)).await?;
            output::table(json, &found, "calls", &["id", "at", "method", "path", "status", "code"]);
        }
        OpenApi::Show { id } => {
            let id = if id.starts_with("req_") { id.clone() } else { format!("req_{id}") };
            output::document(json, &remote.get(&format!("/api/v1/open-api-calls/{id}")).await?);
        }
    }
    Ok(())
}

/// `yunshi calls …`.
pub async fn calls(remote: &Remote, command: &Calls, json: bool) -> Result<(), Failure> {
    let document = match command {
        Calls::Tail { order } => return tail::calls(remote, order.as_deref(), json).await,
        Calls::List { order, state, page } => {
            let found = remote.get(&list("/api/v1/calls", page, &[("order", order.clone()), ("state", state.clone())])).await?;
            output::table(json, &found, "calls", &["id", "activity", "state", "attempts", "order_number", "last_error"]);
            return Ok(());
        }
        Calls::Record { instance, order, address } => {
            let address = match address {
                Some(name) => Some(address_of(remote, name).await?),
                None => None,
            };
            let filters = [("instance", instance.clone()), ("order", order.clone()), ("address", address)];
            let path = with_query("/api/v1/recording", &filters);
            output::document(true, &remote.get(&path).await?);
            return Ok(());
        }
        Calls::Show { id } => remote.get(&format!("/api/v1/calls/{id}")).await?,
        Calls::Restart { id } => remote.post(&format!("/api/v1/calls/{id}/restart"), &json!({})).await?,
    };
    output::document(json, &document);
    Ok(())
}

async fn address_of(remote: &Remote, name: &str) -> Result<String, Failure> {
    let found = remote.get("/api/v1/seller/addresses").await?;
    let addresses = found["addresses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let id = addresses.iter().find(|a| a["name"] == name).and_then(|a| a["id"].as_str());
    id.map(str::to_owned).ok_or_else(|| Failure::WrongUse(format!("you have no interface address {name}")))
}

/// `yunshi review …`.
pub async fn review(remote: &Remote, command: &Review, json: bool) -> Result<(), Failure> {
    let document = match command {
        Review::List { state, page } => {
            let found = remote.get(&list("/api/v1/applications", page, &[("state", state.clone())])).await?;
            output::table(json, &found, "applications", &["id", "product", "seller", "state", "submitted_at", "version"]);
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
        Bill::List { month, page } => {
            let found = remote.get(&list("/api/v1/bills", page, &[("month", month.clone())])).await?;
            output::table(json, &found, "bills", &["id", "month", "paid", "refunded", "net", "refund_state", "total", "issued_at"]);
        }
        Bill::Show { id } => {
            let found = whole_bill(remote, id).await?;
            output::table(json, &found, "lines", &["order_line", "kind", "amount", "fee", "tax", "payable"]);
        }
    }
    Ok(())
}

/// A bill with all its lines, however many pages they fill.
async fn whole_bill(remote: &Remote, id: &str) -> Result<Value, Failure> {
    let path = format!("/api/v1/bills/{id}");
    let mut page = Page { limit: Some(100), ..Page::default() };
    let mut bill = remote.get(&list(&path, &page, &[])).await?;
    while let Some(next) = bill["next"].as_str() {
        page.cursor = Some(next.to_owned());
        let mut more = remote.get(&list(&path, &page, &[])).await?;
        bill["next"] = more["next"].take();
        if let (Some(lines), Value::Array(rest)) = (bill["lines"].as_array_mut(), more["lines"].take()) {
            lines.extend(rest);
        }
    }
    Ok(bill)
}

/// `yunshi inbox …`.
pub async fn inbox(remote: &Remote, command: &Inbox, json: bool) -> Result<(), Failure> {
    match command {
        Inbox::List { unread, page } => {
            let found = remote.get(&list("/api/v1/inbox", page, &[("unread", unread.then(|| "true".to_owned()))])).await?;
            output::table(json, &found, "messages", &["at", "type", "read", "title", "body"]);
        }
        Inbox::Read { id } => {
            let body = id.as_ref().map_or_else(|| json!({}), |id| json!({ "id": id }));
            output::document(json, &remote.post("/api/v1/inbox/read", &body).await?);
        }
    }
    Ok(())
}

/// `yunshi fault …`.
pub async fn fault(remote: &Remote, product: &str, fault: &str, json: bool) -> Result<(), Failure> {
    let set = remote.post("/api/v1/sandbox/faults", &json!({ "product": product, "fault": fault })).await?;
    output::document(json, &set);
    Ok(())
}

/// `yunshi scene …`.
pub async fn scene(remote: &Remote, product: &str, scene: &str, json: bool) -> Result<(), Failure> {
    let played = remote.post("/api/v1/sandbox/scenes", &json!({ "product": product, "scene": scene })).await?;
    output::document(json, &played);
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
