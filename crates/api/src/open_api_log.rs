//! What is called at the open APIs, kept for the holder of the access key: request, answer, time it took.
//!
//! It is written beside the requests, some at once: a crash loses half a second of it, and of many calls in a
//! second only some are kept. Nothing else is made of it.

use crate::{
    auth::Who,
    body::{Flag, PathOf},
    error_page::REQUEST_ID,
    paging::{Listed, Paging, next as after},
    problem::Problem,
    state::Api,
    views::time,
};
use app::secret::Sealed;
use app::{Actor, App, Caller, Clock, Error, Ids, Key, MovableClock, RandomIds, micros};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use domain::{
    id::{AccountId, RequestId},
    text::Line,
};
use governor::{Quota, RateLimiter, clock::DefaultClock, state::keyed::HashMapStateStore};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};
use store::open_api_call::{self as rows, Filter, OpenApiCall};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Kept of a request and of an answer.
const TEXT_MAX: usize = 8_000;
/// Kept of an account in a second, after some more at once; those that fail and those that do not.
const PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
const AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);
/// Waiting to be written at most.
const WAITING_MAX: usize = 2_000;
const SEALED: Sealed = Sealed::OpenApiText;
const WRITTEN_EVERY: Duration = Duration::from_millis(500);

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

type Limiter = RateLimiter<(AccountId, bool), HashMapStateStore<(AccountId, bool)>, DefaultClock>;

/// The calls that wait to be written on this node.
#[derive(Debug)]
pub(crate) struct Log {
    /// Not sealed yet.
    waiting: Mutex<Vec<OpenApiCall>>,
    limits: Limiter,
}

impl Default for Log {
    fn default() -> Self {
        Self { waiting: Mutex::default(), limits: RateLimiter::hashmap(Quota::per_second(PER_SECOND).allow_burst(AT_ONCE)) }
    }
}

impl Log {
    /// Takes a call in; the first of some sets their writing off.
    fn push(self: &Arc<Self>, app: &App, call: OpenApiCall) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING_MAX {
            return;
        }
        waiting.push(call);
        if waiting.len() == 1 {
            let (log, app) = (self.clone(), app.clone());
            tokio::spawn(async move {
                tokio::time::sleep(WRITTEN_EVERY).await;
                let calls = std::mem::take(&mut *log.waiting.lock().unwrap_or_else(PoisonError::into_inner));
                let sealed = app.write(Actor::System, move |tx, ctx| {
                    let seal = |text: &[u8]| ctx.sealer.seal(ctx.ids, SEALED, &String::from_utf8_lossy(text));
                    let sealed = |c: &OpenApiCall| OpenApiCall { request: seal(&c.request), answer: seal(&c.answer), ..c.clone() };
                    Ok(rows::insert(tx, &calls.iter().map(sealed).collect::<Vec<_>>())?)
                });
                if let Err(e) = sealed.await {
                    tracing::warn!(error = %e, "calls of the open APIs were not written down");
                }
            });
        }
    }
}

/// What a gate found out about a request on its way in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sight(Arc<OnceLock<Seen>>);

#[derive(Debug)]
struct Seen {
    account: AccountId,
    access_key: String,
    body: Bytes,
}

impl Sight {
    /// The sight of a request, for its gate.
    pub(crate) fn of(extensions: &axum::http::Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// The key that a request names is known; whether it signed the request is another question.
    pub(crate) fn known(&self, account: AccountId, access_key: &str, body: &[u8]) {
        let body = Bytes::copy_from_slice(&body[..body.len().min(TEXT_MAX)]);
        // A request has one gate.
        let _ = self.0.set(Seen { account, access_key: access_key.to_owned(), body });
    }
}

/// Text as it is kept; other bytes are only counted.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().filter(|c| *c != '\0').take(TEXT_MAX).collect(),
        // Cut within a character, or not text at all.
        Err(e) if e.error_len().is_none() => String::from_utf8_lossy(&bytes[..e.valid_up_to()]).replace('\0', ""),
        Err(_) => format!("({} bytes that are no text)", bytes.len()),
    }
}

/// The code of an answer's document, by the names that the interfaces have for it.
#[must_use]
pub fn code(document: &Value) -> Option<String> {
    let names = ["error_code", "resultCode", "result_code", "__type", "code"];
    let found = names.iter().find_map(|name| document[*name].as_str().filter(|code| !code.is_empty()));
    found.map(|code| code.chars().take(60).collect())
}

/// Whether a code says that all is well: `MKT.0000`, `000000`, `92020000`.
#[must_use]
pub fn is_success(code: &str) -> bool {
    code.ends_with("0000")
}

/// Lets a request through and keeps what was asked and answered, when it names a known key.
pub(crate) async fn watch(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let (sight, started) = (Sight::default(), Instant::now());
    request.extensions_mut().insert(sight.clone());
    let method = request.method().to_string();
    let path = request.uri().path_and_query().map_or_else(String::new, |p| p.as_str().chars().take(1_000).collect());
    let response = next.run(request).await;
    let Some(seen) = sight.0.get() else { return response };
    let (parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else { return Response::from_parts(parts, Body::empty()) };
    let body = body.to_bytes();
    let document = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let code = code(&document);
    let failed = parts.status.as_u16() >= 400 || code.as_ref().is_some_and(|code| !is_success(code));
    if api.log.limits.check_key(&(seen.account, failed)).is_ok() {
        let now = api.app.env.clock.wall();
        let named = parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).and_then(|id| uuid::Uuid::try_parse(id).ok());
        let call = OpenApiCall {
            id: Key::of(RequestId(named.unwrap_or_else(|| RandomIds::default().uuid(MovableClock::default().wall())))),
            account_id: Key::of(seen.account),
            access_key: seen.access_key.clone(),
            at: micros(now),
            method,
            path,
            status: i64::from(parts.status.as_u16()),
            code,
            failed,
            request: text(&seen.body).into_bytes(),
            answer: text(&body[..body.len().min(TEXT_MAX)]).into_bytes(),
            duration_us: i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX),
        };
        api.log.push(&api.app, call);
    }
    Response::from_parts(parts, Body::from(body))
}

#[derive(Debug, Serialize, ToSchema)]
struct OpenApiCallSummary {
    /// `req_` and the request id that the answer named.
    id: String,
    /// Wall time, also in a sandbox whose clock was moved.
    at: String,
    access_key: String,
    method: String,
    path: String,
    status: i64,
    /// The error code or result code of the answer.
    code: Option<String>,
    failed: bool,
    duration_us: i64,
}

fn summary(c: &OpenApiCall) -> OpenApiCallSummary {
    OpenApiCallSummary {
        id: c.id.id::<RequestId>().to_string(),
        at: time(c.at),
        access_key: c.access_key.clone(),
        method: c.method.clone(),
        path: c.path.clone(),
        status: c.status,
        code: c.code.clone(),
        failed: c.failed,
        duration_us: c.duration_us,
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct OpenApiCallList {
    calls: Vec<OpenApiCallSummary>,
    /// Cursor of the next page.
    next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OpenApiCallParams {
    /// `true`: only those that were refused.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    failed: Flag,
    /// The public half of an access key.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    access_key: Option<Line<64>>,
    /// Part of the path or its query.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    path: Option<Line<120>>,
}

/// Calls of the open APIs with the account's access keys, newest first; the newest 5,000 of the last 7 days.
#[utoipa::path(get, path = "/api/v1/open-api-calls", tag = "account", operation_id = "open_api_call_list", security(("access" = ["user"])),
    params(OpenApiCallParams, Paging), responses((status = 200, body = OpenApiCallList)))]
async fn list(
    State(api): State<Api>,
    Who(caller): Who,
    Listed(p, page): Listed<OpenApiCallParams>,
) -> Result<Json<OpenApiCallList>, Problem> {
    let filter = Filter { failed: p.failed.0, access_key: p.access_key.map(Line::into_string), path: p.path.map(Line::into_string) };
    let found = api.read(caller, move |tx, _, who: &Caller| Ok(rows::list(tx, Key::of(who.account_id), &filter, page)?)).await?;
    let next = after(&found, page, |c| (c.at, c.id));
    Ok(Json(OpenApiCallList { calls: found.iter().map(summary).collect(), next }))
}

#[derive(Debug, Serialize, ToSchema)]
struct OpenApiCallView {
    #[serde(flatten)]
    call: OpenApiCallSummary,
    /// The body, its first 8,000 characters; headers are not kept.
    request: String,
    /// The body of the answer, its first 8,000 characters.
    answer: String,
}

/// One call with what was asked and answered.
#[utoipa::path(get, path = "/api/v1/open-api-calls/{id}", tag = "account", operation_id = "open_api_call_show",
    security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = OpenApiCallView)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<RequestId>) -> Result<Json<OpenApiCallView>, Problem> {
    let view = api.read(caller, move |tx, ctx, who| {
        let missing = || Error::not_found("open_api_call.not_found", "there is no such call; they are kept for 7 days");
        let found = rows::lookup(tx, Key::of(who.account_id), Key::of(id))?.ok_or_else(missing)?;
        let open = |sealed: &[u8]| ctx.sealer.open(SEALED, sealed);
        Ok(OpenApiCallView { call: summary(&found), request: open(&found.request)?, answer: open(&found.answer)? })
    });
    Ok(Json(view.await?))
}
