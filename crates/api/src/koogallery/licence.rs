//! What a seller's software asks of its authorisation codes (`license-interface 2.2`): activate, query, usage.

use super::{Activations, gateway::Signed, refusal::GatewayError};
use crate::{problem::come_again, state::Api};
use app::{Caller, Ctx, Error, Tx, licence};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::licence::LicenceState;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::open_api::licence::{Refusal, SUCCESS, Version, activation, question, usage};

/// All of these interfaces lie here, whichever their version.
const PLACE: &str = "/api/mkp-openapi-public/global/";

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(activate))
        .routes(routes!(activate_batch))
        .routes(routes!(query))
        .routes(routes!(query_batch))
        .routes(routes!(report))
}

/// Whether a path is one of these interfaces, whose errors are their own.
pub fn is_here(path: &str) -> bool {
    path.strip_prefix(PLACE).and_then(|rest| rest.split_once('/')).is_some_and(|(_, rest)| rest.starts_with("license/"))
}

/// Another method than POST.
pub fn method_refused() -> Response {
    Refused(Refusal::Method).into_response()
}

/// `error_code` 92020000 on success; another one with its text otherwise, mostly with HTTP 200.
#[derive(Debug, Serialize, ToSchema)]
struct LicenceAnswer {
    #[schema(max_length = 16)]
    error_code: String,
    #[schema(max_length = 1024)]
    error_msg: String,
}

impl LicenceAnswer {
    fn success() -> Self {
        Self { error_code: SUCCESS.to_owned(), error_msg: "success".to_owned() }
    }
}

/// A refusal on its way out.
struct Refused(Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, code, error_msg) = self.0.parts();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        come_again((status, Json(LicenceAnswer { error_code: code.to_owned(), error_msg })).into_response())
    }
}

/// The documented code of a use case's refusal; in a batch an unknown code makes the whole call fail.
fn refused(version: Version, e: &Error) -> Refused {
    let known = match e {
        Error::Refused(refusal) => refusal.code,
        Error::Store(e) if e.is_busy() => return Refusal::Busy.into(),
        _ => "",
    };
    Refused(match (known, version) {
        ("licence.not_found", Version::One) => Refusal::NoSuchCode,
        ("licence.not_found", Version::Batch) => Refusal::InvalidInBatch,
        ("licence.state", _) => Refusal::IllegalState,
        ("licence.not_received", _) => Refusal::NotReceived,
        ("licence.not_activated", _) => Refusal::NotActivated,
        ("licence.real_effect_time", _) => Refusal::InvalidParam,
        _ => {
            tracing::error!(error = %e, cause = ?std::error::Error::source(e), "a licence interface failed");
            Refusal::Internal
        }
    })
}

/// Only JSON is read; what follows the type, such as a character set, does not matter.
fn require_json(headers: &HeaderMap) -> Result<(), Refused> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = given.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Refusal::ContentType.into()) }
}

/// The documented body, for the description; it is read more tolerantly.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct ActivateBody {
    #[schema(min_length = 1, max_length = 64)]
    license: String,
    /// UTC `yyyyMMddHHmmss`; not before the order, not in the future.
    #[schema(max_length = 16)]
    real_effect_time: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct ActivateBatchBody {
    #[schema(min_items = 1, max_items = 100)]
    license_list: Vec<String>,
    #[schema(max_length = 16)]
    real_effect_time: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ActivatedData {
    /// A text that holds JSON: `status`, `expire_time`, `product_id`, `order_id`, `amount`.
    license_code_info: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Activated {
    #[serde(flatten)]
    answer: LicenceAnswer,
    /// Only on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<ActivatedData>,
}

/// The wire's word; a code that was never activated has none and is refused before.
fn word(state: LicenceState) -> &'static str {
    match state {
        LicenceState::NotActivated | LicenceState::Released => "RELEASED",
        LicenceState::Alive => "ALIVE",
        LicenceState::Expired => "EXPIRED",
    }
}

/// Activates a code: its term begins and its order is complete. A second time it is refused.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/license/activate", tag = "koogallery", operation_id = "license_activate",
    security(("access" = ["seller"])), request_body = ActivateBody,
    responses((status = 200, body = Activated), (status = 400, body = LicenceAnswer), (status = 401, body = GatewayError),
        (status = 413, body = GatewayError), (status = 415, body = LicenceAnswer), (status = 429, body = GatewayError)))]
async fn activate(State(api): State<Api>, Signed(caller): Signed, headers: HeaderMap, body: Bytes) -> Result<Json<Activated>, Refused> {
    #[derive(Serialize)]
    struct Info<'a> {
        status: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        expire_time: Option<&'a str>,
        product_id: &'a str,
        order_id: &'a str,
        amount: i64,
    }
    require_json(&headers)?;
    let asked = activation(Version::One, &body)?;
    let code = asked.licences.into_iter().next().ok_or(Refusal::Internal)?;
    let a = Activations::activate(&api, caller, code, asked.real_effect_time).await.map_err(|e| refused(Version::One, &e))?;
    let info = Info {
        status: word(a.state),
        expire_time: a.expire_time.as_deref(),
        product_id: &a.product_id,
        order_id: &a.order_id,
        amount: a.amount,
    };
    let data = ActivatedData { license_code_info: serde_json::to_string(&info).unwrap_or_default() };
    Ok(Json(Activated { answer: LicenceAnswer::success(), data: Some(data) }))
}

/// Activates up to 100 codes, all or none.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v2/license/activate", tag = "koogallery",
    operation_id = "license_activate_batch",
    security(("access" = ["seller"])), request_body = ActivateBatchBody,
    responses((status = 200, body = LicenceAnswer), (status = 400, body = LicenceAnswer), (status = 401, body = GatewayError),
        (status = 413, body = GatewayError), (status = 415, body = LicenceAnswer), (status = 429, body = GatewayError)))]
async fn activate_batch(
    State(api): State<Api>,
    Signed(caller): Signed,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<LicenceAnswer>, Refused> {
    require_json(&headers)?;
    let asked = activation(Version::Batch, &body)?;
    api.write(caller, move |tx, ctx, who| licence::activate(tx, ctx, who, &asked.licences, asked.real_effect_time))
        .await
        .map_err(|e| refused(Version::Batch, &e))?;
    Ok(Json(LicenceAnswer::success()))
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct HeartbeatInfo {
    #[serde(rename = "thirdPartyAccount")]
    #[schema(min_length = 1, max_length = 256)]
    third_party_account: String,
    #[schema(max_length = 32)]
    ip: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct QueryBody {
    #[schema(min_length = 1, max_length = 64)]
    license: String,
    /// Older integrations name their client; usage statistics took its place.
    #[serde(rename = "heartbeatInfo")]
    heartbeat_info: Option<HeartbeatInfo>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct QueryBatchBody {
    #[schema(min_items = 1, max_items = 100)]
    license_list: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LicenceInfo {
    license_code: String,
    /// `ALIVE`, `EXPIRED` or `RELEASED`.
    status: &'static str,
    /// UTC `yyyyMMddHHmmss`.
    activate_time: String,
    /// Left out for a one-time purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_time: Option<String>,
    product_id: String,
    order_id: String,
    amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_name: Option<String>,
}

impl From<licence::Answer> for LicenceInfo {
    fn from(a: licence::Answer) -> Self {
        Self {
            license_code: a.code,
            status: word(a.state),
            activate_time: a.activate_time,
            expire_time: a.expire_time,
            product_id: a.product_id,
            order_id: a.order_id,
            amount: a.amount,
            customer_id: a.customer_id,
            customer_name: a.customer_name,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Queried {
    #[serde(flatten)]
    answer: LicenceAnswer,
    /// Only on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<LicenceInfo>,
}

#[derive(Debug, Serialize, ToSchema)]
struct QueriedBatch {
    #[serde(flatten)]
    answer: LicenceAnswer,
    /// In the order of the request; only on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Vec<LicenceInfo>>,
}

/// Reads; that it was asked is written later, with what others asked.
async fn answered(
    api: Api,
    Signed(caller): Signed,
    headers: HeaderMap,
    body: Bytes,
    version: Version,
) -> Result<Vec<licence::Answer>, Refused> {
    require_json(&headers)?;
    let asked = question(version, &body)?;
    let unit = move |tx: &mut Tx, ctx: &Ctx, who: &Caller| {
        let found = licence::query(tx, ctx, who, &asked.licences)?;
        let heard = licence::Noted::asked(ctx, &found, asked.client.as_deref());
        Ok((found, heard))
    };
    let (found, heard) = api.read(caller, unit).await.map_err(|e| refused(version, &e))?;
    api.tally.hear(&api.app, heard).await.map_err(|e| refused(version, &e))?;
    Ok(found)
}

/// What a code is now; software asks on the first use of each day. Formerly the heartbeat.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/license/heartbeat", tag = "koogallery", operation_id = "license_query",
    security(("access" = ["seller"])), request_body = QueryBody,
    responses((status = 200, body = Queried), (status = 400, body = LicenceAnswer), (status = 401, body = GatewayError),
        (status = 413, body = GatewayError), (status = 415, body = LicenceAnswer), (status = 429, body = GatewayError)))]
async fn query(State(api): State<Api>, signed: Signed, headers: HeaderMap, body: Bytes) -> Result<Json<Queried>, Refused> {
    let found = answered(api, signed, headers, body, Version::One).await?;
    Ok(Json(Queried { answer: LicenceAnswer::success(), data: found.into_iter().next().map(Into::into) }))
}

/// What up to 100 codes are now.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v2/license/heartbeat", tag = "koogallery", operation_id = "license_query_batch",
    security(("access" = ["seller"])), request_body = QueryBatchBody,
    responses((status = 200, body = QueriedBatch), (status = 400, body = LicenceAnswer), (status = 401, body = GatewayError),
        (status = 413, body = GatewayError), (status = 415, body = LicenceAnswer), (status = 429, body = GatewayError)))]
async fn query_batch(State(api): State<Api>, signed: Signed, headers: HeaderMap, body: Bytes) -> Result<Json<QueriedBatch>, Refused> {
    let found = answered(api, signed, headers, body, Version::Batch).await?;
    Ok(Json(QueriedBatch { answer: LicenceAnswer::success(), data: Some(found.into_iter().map(Into::into).collect()) }))
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct UsageReport {
    /// A client's log-in; distinct ones are counted.
    #[schema(max_length = 256)]
    id: Option<String>,
    /// How many clients were active that day.
    #[schema(minimum = 0, maximum = 999_999_999)]
    active_num: Option<i64>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct LicenceUsage {
    #[schema(min_length = 1, max_length = 64)]
    license: String,
    /// Exactly one of `id` and `active_num` in each. The capital I is the wire's.
    #[serde(rename = "software_usage_Info")]
    #[schema(min_items = 1, max_items = 100)]
    software_usage_info: Vec<UsageReport>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct LicenceUsageBody {
    #[schema(min_items = 1, max_items = 100)]
    usage_info: Vec<LicenceUsage>,
}

/// Counts the active clients of a day, for up to 100 codes.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v2/license/software-usage-info", tag = "koogallery",
    operation_id = "license_usage_info", security(("access" = ["seller"])), request_body = LicenceUsageBody,
    responses((status = 200, body = LicenceAnswer), (status = 400, body = LicenceAnswer), (status = 401, body = GatewayError),
        (status = 413, body = GatewayError), (status = 415, body = LicenceAnswer), (status = 429, body = GatewayError)))]
async fn report(State(api): State<Api>, Signed(caller): Signed, headers: HeaderMap, body: Bytes) -> Result<Json<LicenceAnswer>, Refused> {
    require_json(&headers)?;
    let reports = usage(&body)?;
    let heard = api.read(caller, move |tx, ctx, who| licence::report(tx, ctx, who, &reports)).await;
    let heard = heard.map_err(|e| refused(Version::Batch, &e))?;
    api.tally.hear(&api.app, heard).await.map_err(|e| refused(Version::Batch, &e))?;
    Ok(Json(LicenceAnswer::success()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::DbError;

    #[test]
    fn a_busy_database_is_503_in_the_interfaces_own_document_with_the_time_to_come_again() {
        let response = refused(Version::Batch, &Error::Store(DbError::Share)).into_response();
        assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, &b"2"[..]));
    }
}
