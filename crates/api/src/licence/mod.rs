//! Licences by authorisation code: for their buyers and sellers, and the test codes of sellers.

mod holding;
pub(crate) mod rules;
mod software;

use crate::{
    auth::Who,
    body::{Body, PathOf},
    order::tenant,
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    views::{TextView, shown_end, time, times},
};
use app::{Ctx, Error, Key, Tenant, Tx, licence};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    access::Role,
    id::{InstanceId, ProductId},
    text::Line,
};
use serde::{Deserialize, Serialize};
use store::{instance::Instance, licence as rows, licence_application::Application};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(tests, request_test))
        .routes(routes!(applications, apply))
        .routes(routes!(application_file))
        .merge(holding::routes())
        .merge(software::routes())
}

/// A purchased licence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LicenceView {
    /// Null for the buyer until he takes it under service supervision.
    code: Option<String>,
    /// `not_activated`, `alive`, `expired`, `released`.
    state: String,
    /// Whether the buyer took the code (领取).
    visible_to_buyer: bool,
    instance: String,
    product_id: String,
    order_line: String,
    issued_at: String,
    activated_at: Option<String>,
    /// The delivery as the seller's software told it.
    real_effect_at: Option<String>,
    /// The last second of the last term.
    expires_at: Option<String>,
    /// First question of the newest day on which the software asked.
    queried_at: Option<String>,
}

/// As a side sees it: the buyer sees the code once he took it (`license-interface 2.1`, `seller-domain 5.3`).
fn view(ctx: &Ctx, l: rows::Licence, i: &Instance, tenant: Tenant) -> Result<LicenceView, Error> {
    let hidden = matches!(tenant, Tenant::Buyer(_)) && l.shown_at.is_none();
    Ok(LicenceView {
        state: licence::state(ctx, i)?.to_string(),
        visible_to_buyer: l.shown_at.is_some(),
        instance: i.id.id::<InstanceId>().to_string(),
        product_id: i.product_id.id::<ProductId>().to_string(),
        order_line: l.order_line.unwrap_or_default(),
        issued_at: time(l.issued_at),
        activated_at: times(l.activated_at),
        real_effect_at: times(l.real_effect_at),
        expires_at: shown_end(i.expires_at),
        queried_at: times(l.queried_at),
        code: (!hidden).then_some(l.code),
    })
}

/// The licence of an instance, if it is sold by code.
pub(crate) fn of_instance(tx: &mut Tx, ctx: &Ctx, i: &Instance, tenant: Tenant) -> Result<Option<LicenceView>, Error> {
    rows::of_instance(tx, i.id)?.map(|l| view(ctx, l, i, tenant)).transpose()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `buyer`, `seller` or `operator`, when the caller is several.
    #[serde(default, rename = "as")]
    #[param(value_type = Option<String>)]
    role: Option<Role>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    product: Option<ProductId>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    code: Option<Line<64>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LicenceList {
    licences: Vec<LicenceView>,
    next: Option<String>,
}

/// Licences that the caller bought or sold, newest first.
#[utoipa::path(get, path = "/api/v1/licences", tag = "licences", operation_id = "licence_list", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = LicenceList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<LicenceList>, Problem> {
    api.counted().await?;
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let code = p.code.map(Line::into_string);
            let tenant = tenant(who, p.role)?;
            let found = rows::list(tx, tenant, p.product.map(Key::of), code.as_deref(), page)?;
            let next = next(&found, page, |(l, _)| (l.issued_at.micros(), l.id));
            let licences = found.into_iter().map(|(l, i)| view(ctx, l, &i, tenant)).collect::<Result<_, _>>()?;
            Ok(LicenceList { licences, next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Serialize, ToSchema)]
struct ClientsOfDay {
    /// yyyy-MM-dd, UTC.
    day: String,
    clients: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct LicenceDetail {
    #[serde(flatten)]
    licence: LicenceView,
    /// Active clients on the last 90 days with any, oldest first.
    days: Vec<ClientsOfDay>,
    /// By the rules of the specification; null for the buyer until he takes the code.
    rights: Option<holding::LicenceRights>,
}

/// A licence by its code, with its active clients day by day.
#[utoipa::path(get, path = "/api/v1/licences/{code}", tag = "licences", operation_id = "licence_show", security(("access" = ["user"])),
    params(("code" = String, Path, max_length = 64)), responses((status = 200, body = LicenceDetail)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(code): PathOf<Line<64>>) -> Result<Json<LicenceDetail>, Problem> {
    api.counted().await?;
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let missing = || Error::not_found("licence.not_found", "there is no such licence");
            let mut found = None;
            for tenant in crate::order::any_tenant(who) {
                found = found.or(rows::by_code(tx, tenant, code.as_str())?.map(|l| (l, tenant)));
            }
            let (found, tenant) = found.ok_or_else(missing)?;
            let instance = found.instance_id.ok_or_else(missing)?;
            let instance = store::instance::lookup(tx, Tenant::Any, instance)?.ok_or_else(missing)?;
            let days = licence::by_day(tx, found.id)?.into_iter().map(|(day, clients)| ClientsOfDay { day, clients }).collect();
            let licence = view(ctx, found.clone(), &instance, tenant)?;
            let rights = licence.code.is_some().then(|| licence::holding(tx, ctx, found)).transpose()?.map(Into::into);
            Ok(LicenceDetail { licence, days, rights })
        })
        .await?;
    Ok(Json(answer))
}

/// A licence that a buyer asked for.
#[derive(Debug, Serialize, ToSchema)]
struct LicenceApplicationView {
    event_id: String,
    /// `asked`, `accepted` by the seller, `delivered`, `failed`.
    state: String,
    device_fingerprint: Option<String>,
    asked_at: String,
    expires_at: Option<String>,
    delivered_at: Option<String>,
    file_name: Option<String>,
    sha256: Option<String>,
    /// Why there is none: for the seller and the operator what the seller's server answered.
    error: Option<String>,
    /// The same for people, in both languages.
    error_text: Option<TextView>,
}

impl LicenceApplicationView {
    fn of(a: Application, tenant: Tenant) -> Self {
        let told = a.error.as_deref().map(licence::refusal);
        let error = if matches!(tenant, Tenant::Buyer(_)) { told.map(str::to_owned) } else { a.error };
        Self {
            event_id: a.event_id,
            state: a.state.to_string(),
            device_fingerprint: a.device_fingerprint,
            asked_at: time(a.asked_at),
            expires_at: shown_end(a.expires_at),
            delivered_at: times(a.delivered_at),
            file_name: a.file_name,
            sha256: a.sha256,
            error,
            error_text: told.map(|text| app::message::reason(text).into()),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct LicenceApplicationList {
    applications: Vec<LicenceApplicationView>,
}

/// The newest hundred are shown.
const APPLICATIONS_SHOWN: i64 = 100;

/// Licences that were asked for an instance, newest first.
#[utoipa::path(get, path = "/api/v1/instances/{id}/licence-applications", tag = "licences", operation_id = "licence_applications",
    security(("access" = ["user"])), params(("id" = String, Path)), responses((status = 200, body = LicenceApplicationList)))]
async fn applications(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
) -> Result<Json<LicenceApplicationList>, Problem> {
    let found = api
        .read(caller, move |tx, _, who| {
            let (instance, tenant) = crate::instance::find(tx, who, id)?;
            let found = store::licence_application::of_instance(tx, instance.id, APPLICATIONS_SHOWN)?;
            Ok(found.into_iter().map(|a| LicenceApplicationView::of(a, tenant)).collect())
        })
        .await?;
    Ok(Json(LicenceApplicationList { applications: found }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplyBody {
    /// Binds the licence to a device: MAC address, disk, board and CPU serial, joined by `|`.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1024)]
    device_fingerprint: Option<Line<1024>>,
}

/// Asks the seller for a licence of an instance of on-line opening.
#[utoipa::path(post, path = "/api/v1/instances/{id}/licence-applications", tag = "licences", operation_id = "licence_apply",
    security(("access" = ["buyer"])), params(("id" = String, Path)), request_body = ApplyBody,
    responses((status = 200, body = LicenceApplicationView)))]
async fn apply(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    body: Body<ApplyBody>,
) -> Result<Json<LicenceApplicationView>, Problem> {
    let fingerprint = body.value.device_fingerprint.map(Line::into_string);
    let buyer = Tenant::Buyer(Key::of(caller.account_id));
    let row = api.write(caller, move |tx, ctx, who| licence::apply(tx, ctx, who, id, fingerprint.clone())).await?;
    Ok(Json(LicenceApplicationView::of(row, buyer)))
}

/// The licence that the seller gave, as a file.
#[utoipa::path(get, path = "/api/v1/licence-applications/{event}/file", tag = "licences", operation_id = "licence_application_file",
    security(("access" = ["buyer"])), params(("event" = String, Path, max_length = 64)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn application_file(State(api): State<Api>, Who(caller): Who, PathOf(event): PathOf<Line<64>>) -> Result<Response, Problem> {
    let (name, content) = api.read(caller, move |tx, ctx, who| licence::application_content(tx, ctx, who, event.as_str())).await?;
    let name: String = name.unwrap_or_default().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect();
    let name = if name.trim_matches('.').is_empty() { "licence.txt".to_owned() } else { name };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, content).into_response())
}

/// A code that a seller tries the open interfaces with.
#[derive(Debug, Serialize, ToSchema)]
struct TestCode {
    code: String,
    issued_at: String,
    activated_at: Option<String>,
    queried_at: Option<String>,
    /// Activate and query both succeeded.
    proven: bool,
}

impl From<rows::Licence> for TestCode {
    fn from(l: rows::Licence) -> Self {
        Self {
            proven: l.activated_at.is_some() && l.queried_at.is_some(),
            issued_at: time(l.issued_at),
            activated_at: times(l.activated_at),
            queried_at: times(l.queried_at),
            code: l.code,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct TestCodes {
    test_codes: Vec<TestCode>,
}

/// The caller's test codes, newest first; 100 at most exist.
#[utoipa::path(get, path = "/api/v1/seller/test-codes", tag = "licences", operation_id = "test_code_list",
    security(("access" = ["seller"])),
    responses((status = 200, body = TestCodes)))]
async fn tests(State(api): State<Api>, Who(caller): Who) -> Result<Json<TestCodes>, Problem> {
    api.counted().await?;
    let found =
        api.read(caller, |tx, _, who| Ok(rows::tests(tx, Key::of(who.account_id), domain::limit::Limit::TestCodes.most())?)).await?;
    Ok(Json(TestCodes { test_codes: found.into_iter().map(Into::into).collect() }))
}

/// A new test code.
#[utoipa::path(post, path = "/api/v1/seller/test-codes", tag = "licences", operation_id = "test_code_request",
    security(("access" = ["seller"])),
    responses((status = 200, body = TestCode)))]
async fn request_test(State(api): State<Api>, Who(caller): Who) -> Result<Json<TestCode>, Problem> {
    Ok(Json(api.write(caller, licence::request_test_code).await?.into()))
}
