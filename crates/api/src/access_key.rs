//! Access keys of a person: AK and SK for the open APIs.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    problem::Problem,
    state::Api,
    views::{DONE, Done, time, times},
};
use app::account::access_key;
use axum::{Json, extract::State};
use domain::{access::Scope, id::AccessKeyId, text::Line};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, issue)).routes(routes!(change, delete))
}

#[derive(Debug, Serialize, ToSchema)]
struct AccessKeyView {
    id: String,
    name: String,
    /// The public half (AK).
    access_key: String,
    scopes: Vec<String>,
    enabled: bool,
    created_at: String,
    /// Within a minute.
    last_used_at: Option<String>,
    last_used_from: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AccessKeyList {
    access_keys: Vec<AccessKeyView>,
}

/// The caller's access keys, without their secrets.
#[utoipa::path(get, path = "/api/v1/me/access-keys", tag = "account", operation_id = "access_key_list", security(("access" = ["user"])),
    responses((status = 200, body = AccessKeyList)))]
async fn list(State(api): State<Api>, Who(caller): Who) -> Result<Json<AccessKeyList>, Problem> {
    let rows = api.read(caller, |tx, _, who| access_key::list(tx, who)).await?;
    let view = |k: store::access_key::AccessKey| AccessKeyView {
        id: k.id.id::<AccessKeyId>().to_string(),
        name: k.name,
        access_key: k.access,
        scopes: k.scopes.split(',').map(str::to_owned).collect(),
        enabled: k.disabled_at.is_none(),
        created_at: time(k.created_at),
        last_used_at: times(k.last_used_at),
        last_used_from: k.last_used_from,
    };
    Ok(Json(AccessKeyList { access_keys: rows.into_iter().map(view).collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccessKeyBody {
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    name: Line<60>,
    /// `read`, `write`.
    #[schema(value_type = Vec<String>, max_items = 2)]
    scopes: Vec<Scope>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AccessKeyIssued {
    id: String,
    access_key: String,
    /// Shown this once.
    secret_key: String,
}

/// Issues an access key, at most two a person; its secret is shown this once.
#[utoipa::path(post, path = "/api/v1/me/access-keys", tag = "account", operation_id = "access_key_issue", security(("access" = ["user"])),
    request_body = AccessKeyBody, responses((status = 200, body = AccessKeyIssued)))]
async fn issue(State(api): State<Api>, Who(caller): Who, body: Body<AccessKeyBody>) -> Result<Json<AccessKeyIssued>, Problem> {
    let b = body.value;
    let made = api.write(caller, move |tx, ctx, who| access_key::issue(tx, ctx, who, b.name.as_str(), &b.scopes)).await?;
    Ok(Json(AccessKeyIssued { id: made.id.to_string(), access_key: made.access, secret_key: made.secret }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccessKeyChange {
    enabled: bool,
}

/// Disables an access key, or makes it work again.
#[utoipa::path(put, path = "/api/v1/me/access-keys/{id}", tag = "account", operation_id = "access_key_change",
    security(("access" = ["user"])),
    params(("id" = String, Path)), request_body = AccessKeyChange, responses((status = 200, body = Done)))]
async fn change(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AccessKeyId>,
    body: Body<AccessKeyChange>,
) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| access_key::set_enabled(tx, ctx, who, id, body.value.enabled)).await?;
    Ok(DONE)
}

/// Deletes an access key: what is signed with it is refused from now on.
#[utoipa::path(delete, path = "/api/v1/me/access-keys/{id}", tag = "account", operation_id = "access_key_delete",
    security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn delete(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<AccessKeyId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| access_key::delete(tx, ctx, who, id)).await?;
    Ok(DONE)
}
