//! Liveness, readiness, figures, the description of the API, and the operator's verification.

use crate::{auth::Who, problem::Problem, state::Api};
use app::{Actor, Clock, micros, verify};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn api_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(run_verify))
}

pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The worker of this node comes round twice a second; one that has not for so long is stuck.
const ROUND: Duration = Duration::from_secs(60);
/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether this node does its work: its database answers, takes writes and has all migrations, the worker that it has comes round, and it
/// was not asked to stop.
/// A backlog is told and is no reason: other nodes would have it just the same.
pub async fn readyz(State(api): State<Api>) -> Response {
    let now = micros(api.app.env.clock.now());
    let asked = async {
        let next = api.app.read(Actor::System, |tx, _| Ok(store::job::next_due(tx)?)).await.ok()?.map(app::Moment::micros);
        let read_only = api.app.db.read(db::dialect::is_read_only).await.ok()?;
        Some((next, api.app.db.pending_migrations().await.ok()?.len(), read_only))
    };
    let answered = tokio::time::timeout(PATIENCE, asked).await.ok().flatten();
    let round = api.worker.since_round();
    let comes_round = round.is_none_or(|ago| ago < ROUND);
    let stopping = api.worker.is_stopping();
    let ready = !stopping && comes_round && answered.is_some_and(|(_, pending, read_only)| pending == 0 && !read_only);
    let age = answered.and_then(|(next, ..)| next).map_or(0, |due| (now - due).max(0));
    let body = serde_json::json!({
        "ready": ready,
        "stopping": stopping,
        "database": { "engine": api.app.db.engine(), "ok": answered.is_some(), "read_only": answered.is_some_and(|a| a.2) },
        "migrations_pending": answered.map_or(-1, |(_, pending, _)| i64::try_from(pending).unwrap_or(-1)),
        "worker": { "here": round.is_some(), "ok": comes_round, "seconds_since_round": round.map(|ago| ago.as_secs()) },
        "oldest_due_job_seconds": age / 1_000_000,
    });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

pub async fn metrics(State(api): State<Api>) -> Response {
    let text = api.metrics.as_ref().map_or_else(String::new, metrics_exporter_prometheus::PrometheusHandle::render);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

pub async fn openapi_document() -> Json<utoipa::openapi::OpenApi> {
    Json(crate::openapi())
}

/// A readable list of the operations, made from the description.
pub async fn docs() -> Html<String> {
    let document = serde_json::to_value(crate::openapi()).unwrap_or_default();
    let mut rows = String::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
            let summary = if operation["summary"].is_string() { text("summary") } else { text("description") };
            let access = operation["security"][0]["access"][0].as_str().unwrap_or_default();
            rows.push_str(&format!(
                "<tr><td><code>{}</code></td><td><code>{path}</code></td><td>{access}</td><td>{summary}</td></tr>",
                method.to_uppercase()
            ));
        }
    }
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Yunshi API</title><meta name=viewport content='width=device-width'>\
         <style>body{{font:14px/1.5 system-ui;margin:2rem;color:#1c2130}}\
         td,th{{padding:6px 12px;border-bottom:1px solid #e4e7ee;text-align:left;vertical-align:top}}</style>\
         <h1>Yunshi API</h1><p>The description for programs: <a href='/api/v1/openapi.json'>openapi.json</a></p>\
         <table><tr><th>Method<th>Path<th>Who may call<th>Does</tr>{rows}</table></html>"
    ))
}

#[derive(Debug, Serialize, ToSchema)]
struct CheckView {
    name: String,
    ok: bool,
    checked: i64,
    differences: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Verified {
    ok: bool,
    checks: Vec<CheckView>,
}

/// Checks ledger, bills, orders, terms and jobs against each other.
#[utoipa::path(get, path = "/api/v1/operator/verify", tag = "operator", operation_id = "verify", security(("access" = ["operator"])),
    responses((status = 200, body = Verified)))]
async fn run_verify(State(api): State<Api>, Who(caller): Who) -> Result<Json<Verified>, Problem> {
    let checks = api.app.snapshot(Actor::Caller(caller), verify::verify).await?;
    let view = |c: verify::Check| CheckView { name: c.name.to_owned(), ok: c.ok, checked: c.checked, differences: c.differences };
    let ok = checks.iter().all(|c| c.ok);
    Ok(Json(Verified { ok, checks: checks.into_iter().map(view).collect() }))
}
