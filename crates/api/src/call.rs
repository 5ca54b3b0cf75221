//! Production-interface messages: listed, shown with attempts, restarted by seller or operator.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    views::{time, times},
};
use app::{Caller, Error, Key, Tenant, call};
use axum::{Json, extract::State};
use domain::{
    access::Role,
    call::{Activity, CallState},
    id::{CallId, InstanceId},
    text::Line,
};
use serde::{Deserialize, Serialize};
use store::call as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(restart)).routes(routes!(restart_many))
}

/// Sellers see their own calls, staff all; buyers see none of the bodies.
pub(crate) fn tenant(who: &Caller) -> Result<Tenant, Error> {
    if who.staff.is_some() {
        Ok(Tenant::Any)
    } else if who.roles.contains(&Role::Seller) {
        Ok(Tenant::Seller(Key::of(who.account_id)))
    } else {
        Err(Error::forbidden("auth.wrong_role", "production-interface messages are for sellers and staff"))
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// Order number.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    order: Option<Line<40>>,
    /// `waiting`, `due`, `done`, `failed`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Option<CallState>,
    /// `new_instance`, `refresh_instance` and so on.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    activity: Option<Activity>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    instance: Option<InstanceId>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CallView {
    id: String,
    activity: String,
    state: String,
    attempts: i64,
    created_at: String,
    next_attempt_at: Option<String>,
    ended_at: Option<String>,
    order_number: Option<String>,
    instance_id: String,
    last_error: Option<String>,
}

fn view(c: &rows::Call) -> CallView {
    CallView {
        id: c.id.id::<CallId>().to_string(),
        activity: c.activity.to_string(),
        state: c.state.to_string(),
        attempts: c.attempts,
        created_at: time(c.created_at),
        next_attempt_at: times(c.next_at),
        ended_at: times(c.ended_at),
        order_number: c.order_number.clone(),
        instance_id: c.instance_id.id::<InstanceId>().to_string(),
        last_error: c.last_error.clone(),
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct CallList {
    calls: Vec<CallView>,
    next: Option<String>,
}

/// Production-interface messages, newest first.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", operation_id = "call_list", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = CallList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<CallList>, Problem> {
    let filter = rows::Filter {
        order_number: p.order.map(Line::into_string),
        state: p.state,
        activity: p.activity,
        instance_id: p.instance.map(Key::of),
    };
    let found = api.read(caller, move |tx, _, who| Ok(rows::list(tx, tenant(who)?, &filter, page)?)).await?;
    let next = next(&found, page, |c| (c.created_at.micros(), c.id));
    Ok(Json(CallList { calls: found.iter().map(view).collect(), next }))
}

#[derive(Debug, Serialize, ToSchema)]
struct AttemptView {
    at: String,
    url: String,
    request: String,
    /// HTTP status.
    status: Option<i64>,
    answer: Option<String>,
    duration_ms: Option<i64>,
    /// `success`, `accepted`, `not_yet`, or the name of the failure; nothing while its fate is unknown.
    outcome: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CallDetail {
    id: String,
    activity: String,
    state: String,
    created_at: String,
    next_attempt_at: Option<String>,
    ended_at: Option<String>,
    order_number: Option<String>,
    instance_id: String,
    last_error: Option<String>,
    attempts: Vec<AttemptView>,
}

/// One message with its attempts.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls", operation_id = "call_show", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = CallDetail)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<CallId>) -> Result<Json<CallDetail>, Problem> {
    let (c, attempts) = api
        .read(caller, move |tx, _, who| {
            let missing = || Error::not_found("call.not_found", "there is no such production-interface message");
            let found = rows::lookup(tx, tenant(who)?, Key::of(id))?.ok_or_else(missing)?;
            let attempts = rows::attempts(tx, found.id)?;
            Ok((view(&found), attempts))
        })
        .await?;
    let attempt = |a: rows::Attempt| AttemptView {
        at: time(a.started_at),
        url: a.url,
        request: a.request,
        status: a.status,
        answer: a.answer,
        duration_ms: a.duration_ms,
        outcome: a.outcome,
        error: a.error,
    };
    Ok(Json(CallDetail {
        id: c.id,
        activity: c.activity,
        state: c.state,
        created_at: c.created_at,
        next_attempt_at: c.next_attempt_at,
        ended_at: c.ended_at,
        order_number: c.order_number,
        instance_id: c.instance_id,
        last_error: c.last_error,
        attempts: attempts.into_iter().map(attempt).collect(),
    }))
}

/// Sends a call again.
#[utoipa::path(post, path = "/api/v1/calls/{id}/restart", tag = "calls", operation_id = "call_restart", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = CallView)))]
async fn restart(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<CallId>) -> Result<Json<CallView>, Problem> {
    let found = api.write(caller, move |tx, ctx, who| call::restart(tx, ctx, tenant(who)?, id)).await?;
    Ok(Json(view(&found)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RestartBody {
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 100)]
    ids: Vec<CallId>,
}

/// What became of one of several.
#[derive(Debug, Serialize, ToSchema)]
struct Restarted {
    id: String,
    restarted: bool,
    /// Why not.
    code: Option<String>,
    detail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RestartedMany {
    calls: Vec<Restarted>,
}

/// Calls that are restarted at once at most.
const RESTARTED_MAX: usize = 100;

/// Sends several calls again, each by itself: one that cannot be does not keep the others back.
#[utoipa::path(post, path = "/api/v1/calls/restart", tag = "calls", operation_id = "call_restart_many", security(("access" = ["user"])),
    request_body = RestartBody, responses((status = 200, body = RestartedMany)))]
async fn restart_many(State(api): State<Api>, Who(caller): Who, body: Body<RestartBody>) -> Result<Json<RestartedMany>, Problem> {
    let ids = body.value.ids;
    if ids.is_empty() || ids.len() > RESTARTED_MAX {
        return Err(Error::field("/ids", "calls.how_many", format!("name 1 to {RESTARTED_MAX} messages")).into());
    }
    tenant(&caller)?;
    let mut calls = Vec::new();
    for id in ids {
        let done = api.write(caller.clone(), move |tx, ctx, who| call::restart(tx, ctx, tenant(who)?, id)).await;
        let (code, detail) = match done {
            Ok(_) => (None, None),
            Err(Error::Refused(refusal)) => (Some(refusal.code.to_owned()), Some(refusal.detail)),
            Err(other) => return Err(other.into()),
        };
        calls.push(Restarted { id: id.to_string(), restarted: code.is_none(), code, detail });
    }
    Ok(Json(RestartedMany { calls }))
}
