//! Exports of orders: asked for, watched, fetched.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    order::{OrderFilter, tenant},
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    views::{time, times},
};
use app::{Error, Key, Tenant, export as use_case};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::{access::Role, id::ExportId};
use serde::{Deserialize, Serialize};
use store::export as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, request)).routes(routes!(show)).routes(routes!(file))
}

#[derive(Debug, Serialize, ToSchema)]
struct ExportView {
    id: String,
    /// `waiting`, `running`, `done`, `failed`.
    state: String,
    rows_done: i64,
    rows_total: Option<i64>,
    error: Option<String>,
    created_at: String,
    ended_at: Option<String>,
}

fn view(e: &rows::Export) -> ExportView {
    ExportView {
        id: e.id.id::<ExportId>().to_string(),
        state: e.state.to_string(),
        rows_done: e.rows_done,
        rows_total: e.rows_total,
        error: e.error.clone(),
        created_at: time(e.created_at),
        ended_at: times(e.ended_at),
    }
}

fn role(tenant: Tenant) -> Role {
    match tenant {
        Tenant::Buyer(_) => Role::Buyer,
        Tenant::Seller(_) => Role::Seller,
        Tenant::Any => Role::Operator,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `buyer`, `seller` or `operator`.
    #[serde(default, rename = "as")]
    #[param(value_type = Option<String>)]
    role: Option<Role>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExportList {
    exports: Vec<ExportView>,
    next: Option<String>,
}

/// The caller's exports, newest first.
#[utoipa::path(get, path = "/api/v1/orders-exports", tag = "orders", operation_id = "export_list", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = ExportList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<ExportList>, Problem> {
    let found = api
        .read(caller, move |tx, _, who| {
            let role = role(tenant(who, p.role)?);
            Ok(rows::list(tx, Key::of(who.account_id), role, page)?)
        })
        .await?;
    let next = next(&found, page, |e| (e.created_at.micros(), e.id));
    Ok(Json(ExportList { exports: found.iter().map(view).collect(), next }))
}

/// Asks for an .xlsx of the orders that a filter finds; it is written in the background.
#[utoipa::path(post, path = "/api/v1/orders-exports", tag = "orders", operation_id = "export_request", security(("access" = ["user"])),
    request_body = OrderFilter, responses((status = 200, body = ExportView)))]
async fn request(State(api): State<Api>, Who(caller): Who, body: Body<OrderFilter>) -> Result<Json<ExportView>, Problem> {
    let (filter, chosen) = (body.value.read()?, body.value.role);
    let row = api
        .write(caller, move |tx, ctx, who| {
            let role = role(tenant(who, chosen)?);
            use_case::request(tx, ctx, who, role, &filter)
        })
        .await?;
    Ok(Json(view(&row)))
}

/// How far an export is.
#[utoipa::path(get, path = "/api/v1/orders-exports/{id}", tag = "orders", operation_id = "export_show", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = ExportView)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<ExportId>) -> Result<Json<ExportView>, Problem> {
    let row = api.read(caller, move |tx, _, who| use_case::show(tx, who, id)).await?;
    Ok(Json(view(&row)))
}

/// The finished file.
#[utoipa::path(get, path = "/api/v1/orders-exports/{id}/file", tag = "orders", operation_id = "export_file",
    security(("access" = ["user"])),
    params(("id" = String, Path)),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>)))]
async fn file(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<ExportId>) -> Result<Response, Problem> {
    let row = api.read(caller, move |tx, _, who| use_case::show(tx, who, id)).await?;
    let name = row.file.ok_or_else(|| Error::conflict("export.not_done", format!("the export is {}", row.state)))?;
    let bytes = api.worker.files().get(&name).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"orders.xlsx\""),
    ];
    Ok((headers, bytes).into_response())
}
