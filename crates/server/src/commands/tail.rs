//! `yunshi calls tail`: attempts at production calls, printed as they end.

use crate::{
    output::Failure,
    remote::{Remote, with_query},
};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};

/// How often the server is asked for news.
const PERIOD: Duration = Duration::from_secs(1);

/// The calls that moved last, newest first.
async fn newest(remote: &Remote, order: Option<&str>) -> Result<Vec<Value>, Failure> {
    let filter = [("order", order.map(str::to_owned)), ("limit", Some("100".to_owned()))];
    let mut found = remote.get(&with_query("/api/v1/calls", &filter)).await?;
    Ok(match found["calls"].take() {
        Value::Array(calls) => calls,
        _ => Vec::new(),
    })
}

/// The attempts of a call that ended and were not printed yet. One that another followed has ended too, even when
/// its fate is unknown because the server went down meanwhile.
async fn news(remote: &Remote, id: &str, printed: usize) -> Result<Vec<Value>, Failure> {
    let mut call = remote.get(&format!("/api/v1/calls/{id}")).await?;
    let Value::Array(attempts) = call["attempts"].take() else { return Ok(Vec::new()) };
    let last = attempts.len().saturating_sub(1);
    let ended = |(place, attempt): &(usize, Value)| *place < last || !attempt["outcome"].is_null();
    Ok(attempts.into_iter().enumerate().skip(printed).take_while(ended).map(|(_, attempt)| attempt).collect())
}

fn print(call: &Value, attempt: &Value, json: bool) {
    let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
    if json {
        let mut line = attempt.clone();
        line["call"] = call["id"].clone();
        line["activity"] = call["activity"].clone();
        line["order_number"] = call["order_number"].clone();
        println!("{line}");
    } else {
        let duration = attempt["duration_ms"].as_i64().unwrap_or_default();
        println!(
            "{}  {}  {}  {}  {duration} ms  {}",
            text(&attempt["at"]),
            text(&call["order_number"]),
            text(&call["activity"]),
            text(&attempt["outcome"]),
            text(&attempt["error"]),
        );
    }
}

/// Follows the attempts at calls, of one order or of all that the caller may see, until interrupted.
pub async fn calls(remote: &Remote, order: Option<&str>, json: bool) -> Result<(), Failure> {
    let mut printed: HashMap<String, usize> = HashMap::new();
    let mut first = order.is_none();
    loop {
        for call in newest(remote, order).await?.iter().rev() {
            let id = call["id"].as_str().unwrap_or_default();
            let made = call["attempts"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
            let known = printed.entry(id.to_owned()).or_insert(if first { made } else { 0 });
            if made <= *known {
                continue;
            }
            for attempt in news(remote, id, *known).await? {
                *known += 1;
                print(call, &attempt, json);
            }
        }
        first = false;
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
