//! Recordings of a seller's traffic: taken from the production-interface messages, played against an address.

use crate::{
    auth::Who,
    body::{Body, Params, PathOf},
    call::tenant,
    problem::Problem,
    state::Api,
};
use app::{Error, Key, call, interface};
use axum::{Json, extract::State};
use domain::{
    id::{AddressId, InstanceId},
    text::Line,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::recording::{Recorded, Recording};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(take)).routes(routes!(play))
}

/// What a replay from here may take; the command line has no end.
const WITHIN: Duration = Duration::from_secs(60);
/// Exchanges in a replay from here.
const EXCHANGES_MAX: usize = 200;

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExchangeBody {
    /// When it was asked, RFC 3339.
    #[schema(max_length = 40)]
    at: String,
    /// Such as `saas-v2`.
    #[schema(max_length = 40)]
    protocol: String,
    #[schema(max_length = 60)]
    activity: String,
    /// The body that was posted, or the parameters as a JSON object.
    #[schema(max_length = 20000)]
    request: String,
    /// HTTP status; null when nothing came.
    status: Option<u16>,
    /// Passwords and licences are blotted out.
    #[schema(max_length = 20000)]
    answer: Option<String>,
}

/// What a seller's servers were asked and answered, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct RecordingView {
    exchanges: Vec<ExchangeBody>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TakeParams {
    #[serde(default)]
    #[param(value_type = Option<String>)]
    instance: Option<InstanceId>,
    /// Order number.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    order: Option<Line<40>>,
    /// One of the caller's interface addresses.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    address: Option<AddressId>,
}

/// The exchanges of the newest 500 production-interface messages, or of an instance, order or address among them: a recording.
#[utoipa::path(get, path = "/api/v1/recording", tag = "calls", operation_id = "recording_take", security(("access" = ["user"])),
    params(TakeParams), responses((status = 200, body = RecordingView)))]
async fn take(State(api): State<Api>, Who(caller): Who, Params(p): Params<TakeParams>) -> Result<Json<RecordingView>, Problem> {
    let narrowed = call::Narrowed { instance: p.instance.map(Key::of), order: p.order.map(Line::into_string), url: None };
    let found = api
        .read(caller, move |tx, ctx, who| {
            let url = p.address.map(|id| interface::target(tx, ctx, Key::of(who.account_id), id)).transpose()?.map(|t| t.address.url);
            call::recording(tx, tenant(who)?, &call::Narrowed { url, ..narrowed.clone() })
        })
        .await?;
    let view = |r: Recorded| ExchangeBody {
        at: r.at,
        protocol: r.protocol,
        activity: r.activity,
        request: r.request,
        status: r.status,
        answer: r.answer,
    };
    Ok(Json(RecordingView { exchanges: found.exchanges.into_iter().map(view).collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlayBody {
    #[schema(min_items = 1, max_items = 200)]
    exchanges: Vec<ExchangeBody>,
    /// Give orders new numbers, for a server that remembers the former ones.
    #[serde(default)]
    fresh: bool,
}

/// What a replay found.
#[derive(Debug, Serialize, ToSchema)]
struct ReplayView {
    protocol: String,
    same: usize,
    /// Those that differ and those that failed.
    different: usize,
    skipped: usize,
    #[schema(value_type = Vec<ReplayedView>)]
    cases: Vec<worker::Replayed>,
}

/// One question of a recording and what came of it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `worker::Replayed` for clients")]
struct ReplayedView {
    activity: String,
    /// When it was recorded.
    at: String,
    /// `same`, `differs`, `fail` (no answer, or one that cannot be read) or `skip`.
    result: String,
    reason: Option<crate::debugger::DebugReason>,
    differences: Vec<DifferenceView>,
    url: Option<String>,
    request: Option<String>,
    recorded: Option<String>,
    status: Option<u16>,
    answer: Option<String>,
    duration_ms: i64,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `wire::recording::Difference` for clients")]
struct DifferenceView {
    /// JSON pointer into the answer; empty for the whole of it.
    pointer: String,
    /// `changed`, `missing`, `new`, `type` or `status`.
    kind: String,
    recorded: String,
    now: String,
    /// Whether the marketplace would behave otherwise; other differences are only shown.
    matters: bool,
}

/// Plays the exchanges of an address's protocol against it, in order and signed anew, and compares the answers.
#[utoipa::path(post, path = "/api/v1/seller/addresses/{id}/replay", tag = "seller", operation_id = "interface_replay",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), request_body = PlayBody, responses((status = 200, body = ReplayView)))]
async fn play(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AddressId>,
    body: Body<PlayBody>,
) -> Result<Json<ReplayView>, Problem> {
    let PlayBody { exchanges, fresh } = body.value;
    if exchanges.is_empty() || exchanges.len() > EXCHANGES_MAX {
        let detail = format!("a recording has 1 to {EXCHANGES_MAX} exchanges here; play a longer one with `yunshi replay`");
        return Err(Error::field("/exchanges", "recording.length", detail).into());
    }
    let target = api.read(caller.clone(), move |tx, ctx, who| interface::target(tx, ctx, Key::of(who.account_id), id)).await?;
    let read = |e: ExchangeBody| Recorded {
        at: e.at,
        protocol: e.protocol,
        activity: e.activity,
        request: e.request,
        status: e.status,
        answer: e.answer,
    };
    let recording = Recording { exchanges: exchanges.into_iter().map(read).collect() };
    if !recording.exchanges.iter().any(|e| e.protocol == target.protocol.name()) {
        let detail = format!("nothing of the recording is of {}, which the address speaks", target.protocol.name());
        return Err(Error::field("/exchanges", "recording.protocol", detail).into());
    }
    let subject = worker::Subject { protocol: target.protocol, url: &target.address.url, key: &target.secret };
    api.begin(caller).await?;
    let playing = worker::Playing { fresh, within: WITHIN };
    let report = worker::replay(api.worker.client(), subject, &recording, playing).await;
    let worker::ReplayReport { protocol, same, different, skipped, cases } = report;
    Ok(Json(ReplayView { protocol: protocol.to_owned(), same, different, skipped, cases }))
}
