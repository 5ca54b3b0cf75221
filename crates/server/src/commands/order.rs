//! `yunshi order …`.

use super::client::list;
use crate::{
    cli::{Order, OrderFilter},
    output::{self, Failure},
    remote::{Remote, with_query},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const COLUMNS: [&str; 8] = ["order_number", "kind", "state", "total", "net", "refund_state", "customer_name", "created_at"];

fn filter(f: &OrderFilter) -> Vec<(&'static str, Option<String>)> {
    vec![
        ("as", f.role.clone()),
        ("number", f.number.clone()),
        ("customer_name", f.customer.clone()),
        ("user_name", f.user.clone()),
        ("product_name", f.product.clone()),
        ("created_from", f.from.clone()),
        ("created_to", f.to.clone()),
        ("state", f.state.clone()),
    ]
}

/// Runs an order command.
pub async fn run(remote: &Remote, command: &Order, json: bool) -> Result<(), Failure> {
    let post = |path: String, body: Value| async move { remote.post(&path, &body).await };
    let document = match command {
        Order::Place { wait, timeout, .. } => {
            let placed = remote.post("/api/v1/orders", &placing(command)?).await?;
            if *wait { await_end(remote, &placed, *timeout).await? } else { placed }
        }
        Order::Show { number, timeline: false } => remote.get(&format!("/api/v1/orders/{number}")).await?,
        Order::Show { number, timeline: true } => {
            let found = remote.get(&format!("/api/v1/orders/{number}/timeline")).await?;
            output::table(json, &found, "entries", &["at", "kind", "tone", "data"]);
            return Ok(());
        }
        Order::List { filter: f, page } => {
            let found = remote.get(&list("/api/v1/orders", page, &filter(f))).await?;
            output::table(json, &found, "orders", &COLUMNS);
            return Ok(());
        }
        Order::Pay { number } => post(format!("/api/v1/orders/{number}/pay"), json!({})).await?,
        Order::Cancel { number } => post(format!("/api/v1/orders/{number}/cancel"), json!({})).await?,
        Order::Accept { number } => accept(remote, number).await?,
        Order::Refund { number, amount, reason } => super::correction::refund(remote, number, amount, reason).await?,
        Order::Unsubscribe { number, preview: true } => remote.get(&format!("/api/v1/orders/{number}/unsubscribe")).await?,
        Order::Unsubscribe { number, preview: false } => post(format!("/api/v1/orders/{number}/unsubscribe"), json!({})).await?,
        Order::Renew { instance, period, sku, quote: true, .. } => next_term(remote, instance, period, sku.as_ref()).await?,
        Order::Convert { instance, period, quote: true } => next_term(remote, instance, period, None).await?,
        Order::Renew { instance, period, sku, unpaid, quote: false } => {
            post(format!("/api/v1/instances/{instance}/renew"), json!({ "period": period, "sku": sku, "pay": !unpaid })).await?
        }
        Order::Convert { instance, period, quote: false } => {
            post(format!("/api/v1/instances/{instance}/convert"), json!({ "period": period, "pay": true })).await?
        }
        Order::Upgrade { instance, sku, quote: true, .. } => {
            remote.get(&with_query(&format!("/api/v1/instances/{instance}/change-quote"), &[("sku", Some(sku.clone()))])).await?
        }
        Order::Upgrade { instance, sku, unpaid, quote: false } => {
            post(format!("/api/v1/instances/{instance}/change"), json!({ "sku": sku, "pay": !unpaid })).await?
        }
        Order::Export { filter: f, out } => return export(remote, f, out, json).await,
    };
    output::document(json, &document);
    Ok(())
}

/// What a renewal or a conversion would cost.
async fn next_term(remote: &Remote, instance: &str, period: &str, sku: Option<&String>) -> Result<Value, Failure> {
    let query = [("period", Some(period.to_owned())), ("sku", sku.cloned())];
    remote.get(&with_query(&format!("/api/v1/instances/{instance}/renewal-quote"), &query)).await
}

fn placing(command: &Order) -> Result<Value, Failure> {
    let Order::Place { product, spec, sku, period, quantity, trial, inputs, phone, email, with_user_id, unpaid, .. } = command else {
        return Err(Failure::WrongUse("not an order to place".to_owned()));
    };
    let input = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| Failure::WrongUse(format!("--input {text:?}: write NAME=VALUE")))?;
        Ok(json!({ "name": name, "value": value }))
    };
    let mut choice = json!({ "product": product, "specification": spec, "quantity": quantity, "trial": trial });
    if let Some(sku) = sku {
        choice["sku"] = json!(sku);
    }
    if let Some(period) = period {
        choice["period"] = json!(period);
    }
    let inputs: Vec<Value> = inputs.iter().map(input).collect::<Result<_, Failure>>()?;
    let consents = json!({ "mobile_phone": phone, "email": email, "user_id": with_user_id });
    Ok(json!({ "choice": choice, "inputs": inputs, "consents": consents, "pay": !unpaid }))
}

async fn await_end(remote: &Remote, placed: &Value, timeout: u64) -> Result<Value, Failure> {
    let number = placed["order_number"].as_str().unwrap_or_default();
    let until = Instant::now() + Duration::from_secs(timeout);
    loop {
        let order = remote.get(&format!("/api/v1/orders/{number}")).await?;
        if matches!(order["state"].as_str(), Some("completed" | "cancelled")) {
            return Ok(order);
        }
        if Instant::now() > until {
            let state = order["state"].as_str().unwrap_or_default();
            return Err(Failure::WaitedTooLong(format!(
                "order {number} is still {state} after {timeout} s; see `yunshi order show {number} --timeline`"
            )));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Accepts what the case of an order delivered; the order then.
async fn accept(remote: &Remote, number: &str) -> Result<Value, Failure> {
    let filters = [("as", Some("buyer".to_owned())), ("order_number", Some(number.to_owned()))];
    let found = remote.get(&with_query("/api/v1/supervision", &filters)).await?;
    // The filter takes a part of a number; only the whole one says which order is meant.
    let own = found["cases"].as_array().and_then(|cases| cases.iter().find(|c| c["order_number"] == number));
    let Some(id) = own.and_then(|case| case["id"].as_str()) else {
        return Err(Failure::Failed(format!("order {number} is not under service supervision; see `yunshi order show {number}`")));
    };
    remote.post(&format!("/api/v1/supervision/{id}/actions?as=buyer"), &json!({ "verb": "accept" })).await?;
    remote.get(&format!("/api/v1/orders/{number}")).await
}

async fn export(remote: &Remote, f: &OrderFilter, out: &std::path::Path, json: bool) -> Result<(), Failure> {
    let body: serde_json::Map<String, Value> =
        filter(f).into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect();
    let mut export = remote.post("/api/v1/orders-exports", &Value::Object(body)).await?;
    let id = export["id"].as_str().unwrap_or_default().to_owned();
    while matches!(export["state"].as_str(), Some("waiting" | "running")) {
        match export["rows_total"].as_i64() {
            Some(total) => eprintln!("{} of {total} rows", export["rows_done"]),
            None => eprintln!("counting the rows"),
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        export = remote.get(&format!("/api/v1/orders-exports/{id}")).await?;
    }
    if export["state"] != "done" {
        return Err(Failure::Failed(format!("the export failed: {}", export["error"])));
    }
    let bytes = remote.bytes(&format!("/api/v1/orders-exports/{id}/file")).await?;
    std::fs::write(out, &bytes).map_err(|e| Failure::Failed(format!("{}: {e}", out.display())))?;
    output::document(json, &json!({ "file": out.display().to_string(), "rows": export["rows_done"] }));
    Ok(())
}
