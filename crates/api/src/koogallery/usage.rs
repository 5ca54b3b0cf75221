//! Usage push (话单): sellers report what was used, by the new interface, the old one and the oldest
//! (`open-api 4`).

use super::{
    gateway::Signed,
    refusal::{GatewayError, Refusal, ServiceError, Unauthorized},
};
use crate::state::Api;
use app::usage::{self, BodySignature};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::open_api::usage::{BadPush, Form, Record, parse};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(push)).routes(routes!(push_old)).routes(routes!(push_oldest))
}

/// Every batch that can be stored is answered so; its records are judged in the background.
#[derive(Debug, Serialize, ToSchema)]
struct Pushed {
    error_code: &'static str,
    error_msg: &'static str,
}

/// The documented body, for the description; it is read more tolerantly.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct UsagePush {
    #[schema(min_items = 1, max_items = 1000)]
    usage_records: Vec<UsageRecord>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct UsageRecord {
    /// The seller's id of an on-demand instance.
    #[schema(min_length = 1, max_length = 64)]
    instance_id: String,
    /// `yyyyMMdd'T'HHmmss'Z'`, UTC.
    #[schema(min_length = 1, max_length = 17)]
    record_time: String,
    #[schema(min_length = 1, max_length = 17)]
    begin_time: String,
    #[schema(min_length = 1, max_length = 17)]
    end_time: String,
    /// More than zero, 12 digits before the point and 4 after at most.
    #[schema(min_length = 1, max_length = 20)]
    usage_value: String,
    /// New interface: what tells a record from others.
    #[schema(max_length = 64)]
    metering_sn: Option<String>,
    /// Old interface.
    #[schema(max_length = 64)]
    product_id: Option<String>,
    #[schema(max_length = 64)]
    relate_pkg_instance: Option<String>,
    /// Yunshi's own: the `metering_sn` of the record that this one replaces.
    #[schema(max_length = 64)]
    corrects: Option<String>,
}

impl From<BadPush> for Refusal {
    fn from(e: BadPush) -> Self {
        match &e {
            BadPush::NotJson => Self::invalid(e.to_string()),
            BadPush::Missing(name) => Self::missing(name),
            BadPush::Field { .. } => Self::invalid_usage(e.to_string()),
            BadPush::TooMany => Self::too_many_records(e.to_string()),
        }
    }
}

async fn received(
    api: &Api,
    caller: Arc<app::Caller>,
    records: Vec<Record>,
    signed: Option<BodySignature>,
) -> Result<Json<Pushed>, Refusal> {
    api.write(caller, move |tx, ctx, who| usage::receive(tx, ctx, who, signed.as_ref(), &records)).await?;
    Ok(Json(Pushed { error_code: "MKT.0000", error_msg: "success" }))
}

/// A header of the body's signature, within its length.
fn header(headers: &HeaderMap, name: &str, max: usize) -> Result<String, Refusal> {
    let value = headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match value.len() {
        0 => Err(Refusal::missing(&format!("the header {name}"))),
        n if n > max => Err(Refusal::invalid(format!("the header {name} has more than {max} characters"))),
        _ => Ok(value.to_owned()),
    }
}

/// Reports use; besides AK and SK the body is signed with the seller's key of class basic.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/isv/usage-data", tag = "koogallery", operation_id = "usage_push",
    security(("access" = ["seller"])), request_body = UsagePush,
    params(("signature" = String, Header, max_length = 1000, description = "base64(HMAC-SHA256(key, ts={ts}&nonce={nonce}&body={body}))"),
        ("ts" = String, Header, max_length = 20, description = "milliseconds"), ("nonce" = String, Header, max_length = 64)),
    responses((status = 200, body = Pushed), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 404, body = GatewayError), (status = 413, body = GatewayError), (status = 429, body = GatewayError),
        (status = 500, body = ServiceError)))]
async fn push(State(api): State<Api>, Signed(caller): Signed, headers: HeaderMap, body: Bytes) -> Result<Json<Pushed>, Refusal> {
    let (signature, ts, nonce) = (header(&headers, "signature", 1000)?, header(&headers, "ts", 20)?, header(&headers, "nonce", 64)?);
    if ts.bytes().any(|b| !b.is_ascii_digit()) {
        return Err(Refusal::invalid("the header ts is not a number of milliseconds"));
    }
    let records = parse(Form::New, &body)?;
    received(&api, caller, records, Some(BodySignature { signature, ts, nonce, body: body.to_vec() })).await
}

/// Reports use by the old interface: a record is known by instance, product, begin and end.
#[utoipa::path(post, path = "/rest/marketplace/v1/isv/usage-data", tag = "koogallery", operation_id = "usage_push_old",
    security(("access" = ["seller"])), request_body = UsagePush,
    responses((status = 200, body = Pushed), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 404, body = GatewayError), (status = 413, body = GatewayError), (status = 429, body = GatewayError),
        (status = 500, body = ServiceError)))]
async fn push_old(State(api): State<Api>, Signed(caller): Signed, body: Bytes) -> Result<Json<Pushed>, Refusal> {
    received(&api, caller, parse(Form::Old, &body)?, None).await
}

/// Reports use by the oldest interface that is still seen: `usageRecords` with `usageEntity.times`. Deprecated.
#[utoipa::path(post, path = "/v1.0/{partner_id}/billing/bill-mgr/push-usage-data", tag = "koogallery", operation_id = "usage_push_oldest",
    security(("access" = ["seller"])), params(("partner_id" = String, Path, max_length = 64)), request_body = serde_json::Value,
    responses((status = 200, body = Pushed), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 404, body = GatewayError), (status = 413, body = GatewayError), (status = 429, body = GatewayError),
        (status = 500, body = ServiceError)))]
async fn push_oldest(
    State(api): State<Api>,
    Signed(caller): Signed,
    body: Bytes,
) -> Result<(StatusCode, [(&'static str, &'static str); 1], Json<Pushed>), Refusal> {
    let answer = received(&api, caller, parse(Form::Oldest, &body)?, None).await?;
    Ok((StatusCode::OK, [("deprecation", "true")], answer))
}
