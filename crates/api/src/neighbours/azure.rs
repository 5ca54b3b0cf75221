//! Azure SaaS fulfilment 2 and its metering, for publishers' programs that take another base address.

use super::azure_token;
use crate::{koogallery::gateway, open_api_log::Sight, problem::come_again, state::Api};
use app::{Caller, Error, account, cursor, neighbour::azure};
use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::access::{self, Access, Refused, Role};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use std::sync::Arc;
use store::Page;
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::azure::{API_VERSION, EVENTS_MAX, UsageStatus};

/// Subscriptions of one page.
const PAGE: i64 = 100;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(resolve))
        .routes(routes!(list))
        .routes(routes!(show, change, unsubscribe))
        .routes(routes!(plans))
        .routes(routes!(activate))
        .routes(routes!(operations))
        .routes(routes!(operation, update))
        .routes(routes!(usage))
        .routes(routes!(usage_batch))
}

/// A refusal as Azure's clients read it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct AzureProblem {
    code: String,
    message: String,
}

/// Every refusal that an operation may answer with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
enum Refusals {
    #[response(status = 400)]
    Bad(#[to_schema] AzureProblem),
    #[response(status = 401)]
    Unauthorized(#[to_schema] AzureProblem),
    #[response(status = 403)]
    Forbidden(#[to_schema] AzureProblem),
    #[response(status = 404)]
    Unknown(#[to_schema] AzureProblem),
    #[response(status = 409)]
    Conflict(#[to_schema] AzureProblem),
    #[response(status = 413)]
    TooLong(#[to_schema] AzureProblem),
    #[response(status = 429)]
    TooOften(#[to_schema] AzureProblem),
    #[response(status = 500)]
    OurFault(#[to_schema] AzureProblem),
}

/// A refusal in Azure's words.
struct AzureError {
    status: StatusCode,
    code: String,
    message: String,
}

impl AzureError {
    fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "BadArgument".to_owned(), message: message.into() }
    }
}

impl From<Error> for AzureError {
    fn from(e: Error) -> Self {
        let refusal = match e {
            Error::Refused(refusal) => refusal,
            Error::Store(e) if e.is_busy() => {
                let message = "the service is busy; nothing was changed, try again in a moment".to_owned();
                return Self { status: StatusCode::SERVICE_UNAVAILABLE, code: "ServiceUnavailable".to_owned(), message };
            }
            e => {
                tracing::error!(error = %e, source = ?std::error::Error::source(&e), "an Azure operation failed");
                let message = "the server failed; try again".to_owned();
                return Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "UnexpectedError".to_owned(), message };
            }
        };
        let (status, code) = match refusal.code {
            "neighbour.subscription_unknown" | "neighbour.operation_unknown" => (StatusCode::NOT_FOUND, "EntityNotFound"),
            "neighbour.operation_over" => (StatusCode::CONFLICT, "Conflict"),
            "auth.bad_token" => (StatusCode::UNAUTHORIZED, "Unauthorized"),
            _ => (StatusCode::BAD_REQUEST, "BadArgument"),
        };
        let message = refusal.fields.first().map_or(refusal.detail, |f| format!("{}: {}", f.pointer.trim_start_matches('/'), f.detail));
        Self { status, code: code.to_owned(), message }
    }
}

impl IntoResponse for AzureError {
    fn into_response(self) -> Response {
        let (code, message) = (self.code, self.message);
        let document = json!({ "code": code, "message": message, "error": { "code": code, "message": message } });
        come_again((self.status, Json(document)).into_response())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    #[serde(rename = "api-version")]
    api_version: Option<String>,
    continuation_token: Option<String>,
}

/// Lets a request through that carries a token of a seller; the ids of the request go back.
pub async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let mut response = match let_in(&api, request).await {
        Ok(request) => next.run(request).await,
        Err(e) => e.into_response(),
    };
    for name in ["x-ms-requestid", "x-ms-correlationid"] {
        let given = headers.get(name).cloned();
        let made = || HeaderValue::from_str(&uuid_text()).ok();
        if let Some(value) = given.or_else(made) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn uuid_text() -> String {
    use app::{Clock, Ids, MovableClock, RandomIds};
    RandomIds::default().uuid(MovableClock::default().wall()).hyphenated().to_string()
}

async fn let_in(api: &Api, request: Request) -> Result<Request, AzureError> {
    let (mut parts, body) = request.into_parts();
    let body = gateway::read(body).await.map_err(|_| {
        let message = format!("a body has at most {} bytes", gateway::BODY_BYTES_MAX);
        AzureError { status: StatusCode::PAYLOAD_TOO_LARGE, code: "BadArgument".to_owned(), message }
    })?;
    let (method, uri, headers) = (&parts.method, &parts.uri, &parts.headers);
    let bad = || Error::unauthenticated("auth.bad_token", "the token is unknown, expired or revoked; ask for another");
    let header = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = header.and_then(|v| v.strip_prefix("Bearer ")).ok_or_else(bad)?.to_owned();
    let found = api
        .app
        .read_at_the_edge(move |tx, ctx| match azure_token::holder(tx, ctx, &token)? {
            Some((key, access, caller)) => Ok(Some((Some(key), access, caller))),
            None => Ok(account::caller_of_token(tx, ctx, &token)?.map(|caller| (None, "token".to_owned(), caller))),
        })
        .await?;
    let (key, access, caller) = found.ok_or_else(bad)?;
    Sight::of(&parts.extensions).known(caller.account_id, &access, &body);
    if key.is_some_and(|key| api.quotas.requests.check_key(&key).is_err()) {
        let message = "the access key calls too often; call again a little later".to_owned();
        return Err(AzureError { status: StatusCode::TOO_MANY_REQUESTS, code: "TooManyRequests".to_owned(), message });
    }
    let reads = method.is_safe() || uri.path().ends_with("/resolve");
    access::decide(Access::Role(Role::Seller), Some(caller.standing()), !reads).map_err(|refused| AzureError {
        status: StatusCode::FORBIDDEN,
        code: "Forbidden".to_owned(),
        message: match refused {
            Refused::ScopeMissing(scope) => format!("the token lacks the scope {scope}"),
            Refused::WrongRole | Refused::NobodyCalled => "the account of the token is no seller".to_owned(),
        },
    })?;
    let query = Query::<Asked>::try_from_uri(uri).map_err(|e| AzureError::bad(e.body_text()))?;
    match query.api_version.as_deref() {
        Some(API_VERSION) => {
            parts.extensions.insert(Arc::new(caller));
            Ok(Request::from_parts(parts, body.into()))
        }
        _ => Err(AzureError::bad(format!("api-version must be {API_VERSION}"))),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AzureError> {
    serde_json::from_slice(body).map_err(|e| AzureError::bad(format!("the body is not what this operation takes: {e}")))
}

type Seller = Extension<Arc<Caller>>;

/// What a purchase token stands for.
#[utoipa::path(post, path = "/azure/api/saas/subscriptions/resolve", tag = "neighbours", operation_id = "azure_resolve",
    security(("access" = ["seller"])), params(("x-ms-marketplace-token" = String, Header)),
    responses((status = 200, body = Value), Refusals))]
async fn resolve(State(api): State<Api>, Extension(who): Seller, headers: HeaderMap) -> Result<Response, AzureError> {
    let token = headers.get("x-ms-marketplace-token").and_then(|t| t.to_str().ok()).unwrap_or_default().to_owned();
    Ok(Json(api.read(who, move |tx, ctx, who| azure::resolve(tx, ctx, who, &token)).await?).into_response())
}

/// The seller's subscriptions, page by page.
#[utoipa::path(get, path = "/azure/api/saas/subscriptions/", tag = "neighbours", operation_id = "azure_list",
    security(("access" = ["seller"])),
    params(("continuationToken" = Option<String>, Query)), responses((status = 200, body = Value), Refusals))]
async fn list(
    State(api): State<Api>,
    Extension(who): Seller,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, AzureError> {
    let bad = || AzureError::bad("continuationToken is not one of a page before");
    let after = asked.continuation_token.as_deref().map(|token| cursor::read(token).ok_or_else(bad)).transpose()?;
    let page = Page { after, ..Page::first(PAGE) };
    let (subscriptions, next) = api.read(who, move |tx, ctx, who| azure::list(tx, ctx, who, page)).await?;
    let mut answer = json!({ "subscriptions": subscriptions });
    if let Some(token) = next.map(cursor::write) {
        answer["@nextLink"] = format!(
            "{}/azure/api/saas/subscriptions/?api-version={API_VERSION}&continuationToken={token}",
            crate::sign_on::issuer(&headers)
        )
        .into();
    }
    Ok(Json(answer).into_response())
}

/// One subscription.
#[utoipa::path(get, path = "/azure/api/saas/subscriptions/{subscription}", tag = "neighbours", operation_id = "azure_show",
    security(("access" = ["seller"])), params(("subscription" = String, Path)), responses((status = 200, body = Value), Refusals))]
async fn show(State(api): State<Api>, Extension(who): Seller, Path(id): Path<String>) -> Result<Response, AzureError> {
    Ok(Json(api.read(who, move |tx, ctx, who| azure::show(tx, ctx, who, &id)).await?).into_response())
}

/// 202, with where the operation is asked about.
fn accepted(headers: &HeaderMap, subscription: &str, operation: &str) -> Response {
    let root = crate::sign_on::issuer(headers);
    let place = format!("{root}/azure/api/saas/subscriptions/{subscription}/operations/{operation}?api-version={API_VERSION}");
    (StatusCode::ACCEPTED, [("Operation-Location", place)]).into_response()
}

/// Orders another plan for the customer, who pays it.
#[utoipa::path(patch, path = "/azure/api/saas/subscriptions/{subscription}", tag = "neighbours", operation_id = "azure_change",
    security(("access" = ["seller"])), params(("subscription" = String, Path)), request_body = Value,
    responses((status = 202), Refusals))]
async fn change(
    State(api): State<Api>,
    Extension(who): Seller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AzureError> {
    let (wanted, named) = (read(&body)?, id.clone());
    let operation = api.write(who, move |tx, ctx, who| azure::change_plan(tx, ctx, who, &id, &wanted)).await?;
    Ok(accepted(&headers, &named, &operation))
}

/// Ends a subscription in the customer's name.
#[utoipa::path(delete, path = "/azure/api/saas/subscriptions/{subscription}", tag = "neighbours", operation_id = "azure_unsubscribe",
    security(("access" = ["seller"])), params(("subscription" = String, Path)),
    responses((status = 202), Refusals))]
async fn unsubscribe(
    State(api): State<Api>,
    Extension(who): Seller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AzureError> {
    let named = id.clone();
    let operation = api.write(who, move |tx, ctx, who| azure::unsubscribe(tx, ctx, who, &id)).await?;
    Ok(accepted(&headers, &named, &operation))
}

/// The plans that are on sale.
#[utoipa::path(get, path = "/azure/api/saas/subscriptions/{subscription}/listAvailablePlans", tag = "neighbours",
    operation_id = "azure_plans",
    security(("access" = ["seller"])), params(("subscription" = String, Path)), responses((status = 200, body = Value), Refusals))]
async fn plans(State(api): State<Api>, Extension(who): Seller, Path(id): Path<String>) -> Result<Response, AzureError> {
    let plans = api.read(who, move |tx, ctx, who| azure::plans(tx, ctx, who, &id)).await?;
    Ok(Json(json!({ "plans": plans })).into_response())
}

/// The subscription is set up and runs from now on.
#[utoipa::path(post, path = "/azure/api/saas/subscriptions/{subscription}/activate", tag = "neighbours", operation_id = "azure_activate",
    security(("access" = ["seller"])), params(("subscription" = String, Path)), request_body = Value,
    responses((status = 200), Refusals))]
async fn activate(State(api): State<Api>, Extension(who): Seller, Path(id): Path<String>, body: Bytes) -> Result<StatusCode, AzureError> {
    let wanted = read(if body.is_empty() { b"{}" } else { &body })?;
    api.write(who, move |tx, ctx, who| azure::activate(tx, ctx, who, &id, &wanted)).await?;
    Ok(StatusCode::OK)
}

/// The operations of a subscription that are not over.
#[utoipa::path(get, path = "/azure/api/saas/subscriptions/{subscription}/operations", tag = "neighbours", operation_id = "azure_operations",
    security(("access" = ["seller"])), params(("subscription" = String, Path)), responses((status = 200, body = Value), Refusals))]
async fn operations(State(api): State<Api>, Extension(who): Seller, Path(id): Path<String>) -> Result<Response, AzureError> {
    let operations = api.read(who, move |tx, _, who| azure::operations(tx, who, &id)).await?;
    Ok(Json(json!({ "operations": operations })).into_response())
}

/// One operation.
#[utoipa::path(get, path = "/azure/api/saas/subscriptions/{subscription}/operations/{operation}", tag = "neighbours",
    operation_id = "azure_operation",
    security(("access" = ["seller"])), params(("subscription" = String, Path), ("operation" = String, Path)),
    responses((status = 200, body = Value), Refusals))]
async fn operation(
    State(api): State<Api>,
    Extension(who): Seller,
    Path((subscription, id)): Path<(String, String)>,
) -> Result<Response, AzureError> {
    Ok(Json(api.read(who, move |tx, _, who| azure::operation(tx, who, &subscription, &id)).await?).into_response())
}

/// The seller's word on an operation: `Success` or `Failure`.
#[utoipa::path(patch, path = "/azure/api/saas/subscriptions/{subscription}/operations/{operation}", tag = "neighbours",
    operation_id = "azure_update",
    security(("access" = ["seller"])), params(("subscription" = String, Path), ("operation" = String, Path)), request_body = Value,
    responses((status = 200), Refusals))]
async fn update(
    State(api): State<Api>,
    Extension(who): Seller,
    Path((subscription, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, AzureError> {
    let said = read(&body)?;
    api.write(who, move |tx, ctx, who| azure::update(tx, ctx, who, &subscription, &id, &said)).await?;
    Ok(StatusCode::OK)
}

/// Reports what was used in an hour.
#[utoipa::path(post, path = "/azure/api/usageEvent", tag = "neighbours", operation_id = "azure_usage", security(("access" = ["seller"])),
    request_body = Value, responses((status = 200, body = Value), Refusals))]
async fn usage(State(api): State<Api>, Extension(who): Seller, body: Bytes) -> Result<Response, AzureError> {
    let event = read(&body)?;
    let told = api.write(who, move |tx, ctx, who| azure::report(tx, ctx, who, &event)).await?;
    if let Some(accepted) = told.accepted {
        let body =
            json!({ "additionalInfo": { "acceptedMessage": accepted }, "message": "This usage event already exist.", "code": "Conflict" });
        return Ok((StatusCode::CONFLICT, Json(body)).into_response());
    }
    if let Some(fault) = &told.answer.error {
        let code = if fault.code == UsageStatus::ResourceNotFound { json!("ResourceNotFound") } else { json!("BadArgument") };
        let detail = json!({ "message": fault.message, "target": "usageEventRequest", "code": fault.code });
        let body =
            json!({ "message": "One or more errors have occurred.", "target": "usageEventRequest", "details": [detail], "code": code });
        return Ok((StatusCode::BAD_REQUEST, Json(body)).into_response());
    }
    Ok(Json(told.answer).into_response())
}

/// Reports up to 25 usage events, each judged by itself.
#[utoipa::path(post, path = "/azure/api/batchUsageEvent", tag = "neighbours", operation_id = "azure_usage_batch",
    security(("access" = ["seller"])),
    request_body = Value, responses((status = 200, body = Value), Refusals))]
async fn usage_batch(State(api): State<Api>, Extension(who): Seller, body: Bytes) -> Result<Response, AzureError> {
    #[derive(Deserialize)]
    struct Batch {
        request: Vec<wire::azure::UsageEvent>,
    }
    let batch: Batch = read(&body)?;
    if batch.request.len() > EVENTS_MAX {
        return Err(AzureError::bad(format!("send at most {EVENTS_MAX} usage events")));
    }
    let result = api
        .write(who, move |tx, ctx, who| {
            batch.request.iter().map(|e| Ok(azure::report(tx, ctx, who, e)?.answer)).collect::<Result<Vec<_>, Error>>()
        })
        .await?;
    Ok(Json(json!({ "count": result.len(), "result": result })).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::DbError;

    #[test]
    fn a_busy_database_is_503_in_azures_words_with_the_time_to_come_again() {
        let error = AzureError::from(Error::Store(DbError::Locked));
        assert_eq!(error.code, "ServiceUnavailable");
        let response = error.into_response();
        assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, &b"2"[..]));
    }
}
