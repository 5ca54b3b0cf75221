//! Endpoints that hear of an account's messages, and what went to them.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    paging::{Listed, NoFilter, Paging, next},
    problem::Problem,
    state::Api,
    views::{DONE, Done, time, times},
};
use app::{
    Ctx, Error,
    message::{self, NewEndpoint},
};
use axum::{Json, extract::State};
use domain::{
    id::{DeliveryId, EndpointId, MessageId},
    message::MessageEvent,
    text::Line,
};
use serde::{Deserialize, Serialize};
use store::{
    delivery::{self as deliveries_rows, Attempt, Delivery},
    webhook::{self as rows, Endpoint},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, change, remove))
        .routes(routes!(rotate))
        .routes(routes!(test))
        .routes(routes!(deliveries))
        .routes(routes!(replay))
}

#[derive(Debug, Serialize, ToSchema)]
struct EndpointView {
    id: String,
    url: String,
    description: String,
    /// Keys of events; empty: all.
    events: Vec<String>,
    enabled: bool,
    disabled_reason: Option<String>,
    /// `whsec_…`: the key of the signatures.
    secret: String,
    /// Until then the former secret signs too.
    rotated_until: Option<String>,
    created_at: String,
}

fn view(ctx: &Ctx, e: &Endpoint) -> Result<EndpointView, Error> {
    Ok(EndpointView {
        id: e.id.id::<EndpointId>().to_string(),
        url: e.url.clone(),
        description: e.description.clone(),
        events: e.events.split(' ').filter(|k| !k.is_empty()).map(str::to_owned).collect(),
        enabled: e.enabled,
        disabled_reason: e.disabled_reason.clone(),
        secret: message::secret(ctx, e)?,
        rotated_until: times(e.old_until.filter(|until| *until > ctx.moment())),
        created_at: time(e.created_at),
    })
}

#[derive(Debug, Serialize, ToSchema)]
struct EndpointList {
    endpoints: Vec<EndpointView>,
    /// Keys of all events that may be asked for.
    events: Vec<String>,
}

/// The endpoints of the caller's account, the oldest first.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "webhook_list", security(("access" = ["administrator"])),
    responses((status = 200, body = EndpointList)))]
async fn list(State(api): State<Api>, Who(caller): Who) -> Result<Json<EndpointList>, Problem> {
    let answer = api
        .read(caller, |tx, ctx, who| {
            let found = rows::list(tx, app::Key::of(who.account_id))?;
            let endpoints = found.iter().map(|e| view(ctx, e)).collect::<Result<_, _>>()?;
            Ok(EndpointList { endpoints, events: MessageEvent::ALL.iter().map(ToString::to_string).collect() })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndpointBody {
    /// Begins with `https://`.
    #[schema(max_length = 512)]
    url: String,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 120)]
    description: Option<Line<120>>,
    /// Keys of events, such as `order.opened`; all when it is empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 200)]
    events: Vec<MessageEvent>,
    #[serde(default)]
    enabled: Option<bool>,
}

impl EndpointBody {
    fn read(self) -> (NewEndpoint, bool) {
        (NewEndpoint { url: self.url, description: self.description, events: self.events }, self.enabled.unwrap_or(true))
    }
}

/// Adds an endpoint: messages are posted to it, signed by Standard Webhooks.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "webhook_add", security(("access" = ["administrator"])),
    request_body = EndpointBody, responses((status = 200, body = EndpointView)))]
async fn add(State(api): State<Api>, Who(caller): Who, body: Body<EndpointBody>) -> Result<Json<EndpointView>, Problem> {
    let (new, _) = body.value.read();
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let row = message::add_endpoint(tx, ctx, who, &new)?;
            view(ctx, &row)
        })
        .await?;
    Ok(Json(answer))
}

/// An endpoint of the caller's account.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "webhook_show",
    security(("access" = ["administrator"])),
    params(("id" = String, Path)), responses((status = 200, body = EndpointView)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<EndpointId>) -> Result<Json<EndpointView>, Problem> {
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let row = message::show_endpoint(tx, who, id)?;
            view(ctx, &row)
        })
        .await?;
    Ok(Json(answer))
}

/// Changes an endpoint, or switches it on or off.
#[utoipa::path(put, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "webhook_change",
    security(("access" = ["administrator"])),
    params(("id" = String, Path)), request_body = EndpointBody, responses((status = 200, body = EndpointView)))]
async fn change(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<EndpointId>,
    body: Body<EndpointBody>,
) -> Result<Json<EndpointView>, Problem> {
    let (new, enabled) = body.value.read();
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let row = message::change_endpoint(tx, ctx, who, id, (&new, enabled))?;
            view(ctx, &row)
        })
        .await?;
    Ok(Json(answer))
}

/// Removes an endpoint; what waits for it is given up.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "webhook_remove",
    security(("access" = ["administrator"])),
    params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn remove(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<EndpointId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| message::remove_endpoint(tx, ctx, who, id)).await?;
    Ok(DONE)
}

/// Gives an endpoint a new secret; for a day the former one signs too.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate", tag = "webhooks", operation_id = "webhook_rotate",
    security(("access" = ["administrator"])),
    params(("id" = String, Path)), responses((status = 200, body = EndpointView)))]
async fn rotate(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<EndpointId>) -> Result<Json<EndpointView>, Problem> {
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let row = message::rotate(tx, ctx, who, id)?;
            view(ctx, &row)
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Serialize, ToSchema)]
struct DeliveryAttempt {
    number: i64,
    started_at: String,
    duration_ms: Option<i64>,
    status: Option<i64>,
    error: Option<String>,
    /// The beginning of the answer.
    answer: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DeliveryView {
    id: String,
    message: String,
    event: String,
    /// `due`, `sent`, `failed`.
    state: String,
    created_at: String,
    next_at: Option<String>,
    error: Option<String>,
    attempts: Vec<DeliveryAttempt>,
}

fn attempt(a: Attempt) -> DeliveryAttempt {
    DeliveryAttempt {
        number: a.number,
        started_at: time(a.started_at),
        duration_ms: a.duration_ms,
        status: a.status,
        error: a.error,
        answer: a.answer,
    }
}

fn delivery_view(tx: &mut app::Tx, d: Delivery) -> Result<DeliveryView, Error> {
    Ok(DeliveryView {
        attempts: deliveries_rows::attempts(tx, d.id)?.into_iter().map(attempt).collect(),
        id: d.id.id::<DeliveryId>().to_string(),
        message: d.message_id.id::<MessageId>().to_string(),
        event: d.event,
        state: d.state.to_string(),
        created_at: time(d.created_at),
        next_at: times(d.next_at),
        error: d.error,
    })
}

#[derive(Debug, Serialize, ToSchema)]
struct DeliveryList {
    deliveries: Vec<DeliveryView>,
    next: Option<String>,
}

/// What went to an endpoint with all attempts, newest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "webhook_deliveries",
    security(("access" = ["administrator"])),
    params(("id" = String, Path), Paging), responses((status = 200, body = DeliveryList)))]
async fn deliveries(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<EndpointId>,
    Listed(_none, page): Listed<NoFilter>,
) -> Result<Json<DeliveryList>, Problem> {
    let answer = api
        .read(caller, move |tx, _, who| {
            let found = message::deliveries(tx, who, id, page)?;
            let next = next(&found, page, |d| (d.created_at.micros(), d.id));
            let deliveries = found.into_iter().map(|d| delivery_view(tx, d)).collect::<Result<_, _>>()?;
            Ok(DeliveryList { deliveries, next })
        })
        .await?;
    Ok(Json(answer))
}

/// Sends an endpoint a message that says that it is a test.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "webhook_test",
    security(("access" = ["administrator"])),
    params(("id" = String, Path)), responses((status = 200, body = DeliveryView)))]
async fn test(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<EndpointId>) -> Result<Json<DeliveryView>, Problem> {
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let row = message::test_endpoint(tx, ctx, who, id)?;
            delivery_view(tx, row)
        })
        .await?;
    Ok(Json(answer))
}

/// Sends a delivery again that is over, under the same id.
#[utoipa::path(post, path = "/api/v1/webhook-deliveries/{id}/replay", tag = "webhooks", operation_id = "webhook_replay",
    security(("access" = ["administrator"])), params(("id" = String, Path)), responses((status = 200, body = DeliveryView)))]
async fn replay(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<DeliveryId>) -> Result<Json<DeliveryView>, Problem> {
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let row = message::replay(tx, ctx, who, id)?;
            delivery_view(tx, row)
        })
        .await?;
    Ok(Json(answer))
}
