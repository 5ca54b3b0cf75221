//! The order query: a seller's server asks what was bought (`open-api 3`).

use super::{
    gateway::Signed,
    refusal::{GatewayError, Refusal, ServiceError, Unauthorized},
};
use crate::state::Api;
use app::order;
use axum::{Json, extract::State, http::Uri};
use std::collections::HashMap;
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::open_api::order_query::OrderAnswer;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(query))
}

const NUMBER_MAX: usize = 64;

/// A parameter of the query: given once, within its length.
pub(super) fn parameter(query: &HashMap<String, Vec<String>>, name: &str) -> Result<Option<String>, Refusal> {
    let values = query.get(name).map(Vec::as_slice).unwrap_or_default();
    match values {
        [] => Ok(None),
        [value] if value.is_empty() => Ok(None),
        [value] if value.chars().count() > NUMBER_MAX => Err(Refusal::invalid(format!("{name} has more than {NUMBER_MAX} characters"))),
        [value] if value.chars().any(char::is_control) => Err(Refusal::invalid(format!("{name} has control characters"))),
        [value] => Ok(Some(value.clone())),
        _ => Err(Refusal::invalid(format!("{name} is given twice"))),
    }
}

/// What a seller's own order bought, or one of the MOCK orders.
#[utoipa::path(get, path = "/api/mkp-openapi-public/global/v1/order/query", tag = "koogallery", operation_id = "order_query",
    security(("access" = ["seller"])),
    params(("orderId" = String, Query, max_length = 64),
        ("orderLineId" = Option<String>, Query, max_length = 64, description = "only that line")),
    responses((status = 200, body = OrderAnswer), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 404, body = GatewayError), (status = 429, body = GatewayError), (status = 500, body = ServiceError)))]
async fn query(State(api): State<Api>, Signed(caller): Signed, uri: Uri) -> Result<Json<OrderAnswer>, Refusal> {
    let mut given: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned() {
        given.entry(name).or_default().push(value);
    }
    let order_id = parameter(&given, "orderId")?.ok_or_else(|| Refusal::missing("orderId"))?;
    let line = parameter(&given, "orderLineId")?;
    let found = api.read(caller, move |tx, ctx, who| order::query(tx, ctx, who, &order_id, line.as_deref())).await?;
    Ok(Json(OrderAnswer::found(found)))
}
