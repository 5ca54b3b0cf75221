//! The debugger: cases run against a seller's server, and single requests as they were edited.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    problem::Problem,
    state::Api,
};
use app::{Error, Key, interface};
use axum::{Json, extract::State};
use domain::{id::AddressId, text::Line};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::conformance::{Protocol, Scenario};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(debug)).routes(routes!(send))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DebugBody {
    /// Names of cases; all when left out. Later ones need the instance that `create` gives.
    #[serde(default)]
    #[schema(max_items = 20)]
    scenarios: Vec<String>,
    /// Save the cases that pass.
    #[serde(default)]
    save: bool,
}

/// What the debugger found.
#[derive(Debug, Serialize, ToSchema)]
struct DebugReport {
    protocol: String,
    passed: usize,
    failed: usize,
    #[schema(value_type = Vec<DebugCase>)]
    cases: Vec<worker::CaseResult>,
}

/// One case: request, answer, verdict in words, and the signature step by step.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `worker::CaseResult` for clients")]
struct DebugCase {
    name: String,
    mandatory: bool,
    result: String,
    reason: Option<DebugReason>,
    activity: Option<String>,
    /// `POST` or `GET`.
    method: Option<String>,
    url: Option<String>,
    request: Option<String>,
    status: Option<u16>,
    answer: Option<String>,
    duration_ms: i64,
    steps: Vec<DebugStep>,
    mistakes: Vec<DebugMistake>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `wire::conformance::Reason` for clients")]
pub(crate) struct DebugReason {
    code: String,
    text: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `wire::conformance::Step` for clients")]
struct DebugStep {
    /// `body_hash`, `text`, `result`; SaaS 1.0: `joined`, `key`, `token`.
    name: String,
    value: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `wire::saas_v2::Mistake` for clients")]
struct DebugMistake {
    name: String,
    signature: String,
}

fn scenarios(protocol: Protocol, names: &[String]) -> Result<Vec<Scenario>, Error> {
    let all = protocol.scenarios();
    if names.is_empty() {
        return Ok(all.to_vec());
    }
    let known = || all.iter().map(|s| s.name()).collect::<Vec<_>>().join(", ");
    let read = |(i, name): (usize, &String)| {
        all.iter()
            .copied()
            .find(|s| s.name() == name)
            .ok_or_else(|| Error::field(&format!("/scenarios/{i}"), "interface.scenario", format!("choose one of {}", known())))
    };
    names.iter().enumerate().map(read).collect()
}

/// Calls the address with signed sample requests and checks each answer against the reference.
#[utoipa::path(post, path = "/api/v1/seller/addresses/{id}/debug", tag = "seller", operation_id = "interface_debug",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), request_body = DebugBody, responses((status = 200, body = DebugReport)))]
async fn debug(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AddressId>,
    body: Body<DebugBody>,
) -> Result<Json<DebugReport>, Problem> {
    let target = api.read(caller.clone(), move |tx, ctx, who| interface::target(tx, ctx, Key::of(who.account_id), id)).await?;
    let chosen = scenarios(target.protocol, &body.value.scenarios)?;
    api.begin(caller.clone()).await?;
    let subject = worker::Subject { protocol: target.protocol, url: &target.address.url, key: &target.secret };
    let report = worker::run_suite(api.worker.client(), subject, &chosen).await;
    if body.value.save {
        let passed: Vec<interface::Passed> = report
            .cases
            .iter()
            .filter(|c| c.result == "pass")
            .map(|c| interface::Passed {
                scenario: c.name.clone(),
                request: c.request.clone().unwrap_or_default(),
                answer: c.answer.clone().unwrap_or_default(),
            })
            .collect();
        api.write(caller, move |tx, ctx, _| passed.iter().try_for_each(|p| interface::save_case(tx, ctx, &target.address, p))).await?;
    }
    Ok(Json(DebugReport { protocol: report.protocol.to_owned(), passed: report.passed, failed: report.failed, cases: report.cases }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SendBody {
    /// The body to be posted, or for SaaS 1.0 and licence 1.x the parameters as a JSON object.
    #[schema(max_length = 20000)]
    request: String,
    /// Kit: the call, such as `tenantSync`.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 60)]
    path: Option<Line<60>>,
}

/// Sends a request as it was edited, signed anew with the address's key.
#[utoipa::path(post, path = "/api/v1/seller/addresses/{id}/send", tag = "seller", operation_id = "interface_send",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), request_body = SendBody, responses((status = 200, body = DebugCase)))]
async fn send(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AddressId>,
    body: Body<SendBody>,
) -> Result<Json<worker::CaseResult>, Problem> {
    let SendBody { request, path } = body.value;
    if request.chars().count() > 20_000 {
        return Err(Error::field("/request", "interface.request", "a request has at most 20,000 characters").into());
    }
    let target = api.read(caller.clone(), move |tx, ctx, who| interface::target(tx, ctx, Key::of(who.account_id), id)).await?;
    api.begin(caller).await?;
    let subject = worker::Subject { protocol: target.protocol, url: &target.address.url, key: &target.secret };
    let sent = worker::send_edited(api.worker.client(), subject, &request, path.as_ref().map(Line::as_str)).await;
    Ok(Json(sent.map_err(|detail| Error::field("/request", "interface.request", detail))?))
}
