//! Replays the saved cases of a product, within a time.

use crate::{Client, Subject, run_while_passing};
use app::{
    Actor, App, Error, Key,
    probe::{self, Probed},
};
use std::time::{Duration, Instant};

/// The whole of a probe: shorter than the lease of its job, however slow the server is.
const PATIENCE: Duration = Duration::from_secs(45);

/// Probes a product now; nothing when nobody is called for it or it is not on sale.
///
/// # Errors
/// What the database says.
pub async fn probe(app: &App, client: &Client, product: Key) -> Result<Option<Probed>, Error> {
    let Some(prepared) = app.read(Actor::System, move |tx, ctx| probe::prepare(tx, ctx, product)).await? else {
        return Ok(None);
    };
    let began = Instant::now();
    let target = &prepared.target;
    let subject = Subject { protocol: target.protocol, url: &target.address.url, key: &target.secret };
    let report = tokio::time::timeout(PATIENCE, run_while_passing(client, subject, &prepared.scenarios)).await;
    let cases = report.as_ref().map_or(0, |r| r.cases.len());
    let failed = match &report {
        Err(_) => Some(("all".to_owned(), format!("the cases took more than {} seconds", PATIENCE.as_secs()))),
        Ok(report) => report.cases.iter().find(|c| c.result != "pass").map(|c| {
            let reason = c.reason.as_ref().map_or_else(String::new, |r| r.text.chars().take(500).collect());
            (c.name.to_owned(), reason)
        }),
    };
    let answered = report.as_ref().is_ok_and(|r| r.cases.last().is_none_or(|c| c.status.is_some()));
    let duration_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    Ok(Some(Probed { cases: i64::try_from(cases).unwrap_or(0), failed, duration_ms, answered }))
}
