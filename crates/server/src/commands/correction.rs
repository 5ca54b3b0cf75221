//! `yunshi correction …` and `yunshi order refund`.

use super::client::list;
use crate::{
    cli::Correction,
    output::{self, Failure},
    remote::Remote,
};
use ::domain::money::Money;
use serde_json::{Value, json};

fn amount(text: &str) -> Result<Value, Failure> {
    let money: Money = text.parse().map_err(|e| Failure::WrongUse(format!("--amount: {e}; write for example '12.00 CNY'")))?;
    serde_json::to_value(money).map_err(Failure::failed)
}

fn place(text: &str) -> Value {
    match text.split_once(':') {
        Some((account, owner)) => json!({ "account": account, "owner": owner }),
        None => json!({ "account": text }),
    }
}

/// Carries out a command.
///
/// # Errors
/// [`Failure`].
pub async fn run(remote: &Remote, command: &Correction, json: bool) -> Result<(), Failure> {
    let document = match command {
        Correction::List { state, kind, order, page } => {
            let filters = [("state", state.clone()), ("kind", kind.clone()), ("order", order.clone())];
            let found = remote.get(&list("/api/v1/operator/corrections", page, &filters)).await?;
            output::table(json, &found, "corrections", &["id", "kind", "state", "amount", "order_number", "asked_by", "reason"]);
            return Ok(());
        }
        Correction::Post { from, to, order_line, amount: text, reason } => {
            let (from, to) = (place(from), place(to));
            let body = json!({ "from": from, "to": to, "order_line": order_line, "amount": amount(text)?, "reason": reason });
            remote.post("/api/v1/operator/corrections", &body).await?
        }
        Correction::Confirm { id } => remote.post(&format!("/api/v1/operator/corrections/{id}/confirm"), &json!({})).await?,
        Correction::Refuse { id, reason } => {
            remote.post(&format!("/api/v1/operator/corrections/{id}/refuse"), &json!({ "reason": reason })).await?
        }
    };
    output::document(json, &document);
    Ok(())
}

/// Gives a part of an order back; an amount without a currency is in that of the order.
///
/// # Errors
/// [`Failure`].
pub async fn refund(remote: &Remote, number: &str, text: &str, reason: &str) -> Result<Value, Failure> {
    let text = if text.contains(' ') {
        text.to_owned()
    } else {
        let order = remote.get(&format!("/api/v1/orders/{number}")).await?;
        format!("{text} {}", order["total"]["currency"].as_str().unwrap_or_default())
    };
    let body = json!({ "amount": amount(&text)?, "reason": reason });
    remote.post(&format!("/api/v1/operator/orders/{number}/refund"), &body).await
}
