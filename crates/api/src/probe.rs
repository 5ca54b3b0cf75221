//! Health of production interfaces: probes of products on sale, twice a day and by hand (`seller-domain 6.3`).

use crate::{
    auth::Who,
    body::{Body, PathOf},
    order::tenant,
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    views::{TextView, time},
};
use app::{Ctx, Error, Key, Tx, catalogue, probe};
use axum::{Json, extract::State};
use domain::{access::Role, id::ProductId, probe::FAILING_DAYS_MAX};
use serde::{Deserialize, Serialize};
use store::{account, probe as rows, product};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(list)).routes(routes!(probe_now))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HealthParams {
    /// `seller` or `operator`, when the caller is several.
    #[serde(default, rename = "as")]
    #[param(value_type = Option<String>)]
    role: Option<Role>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProbeDay {
    /// yyyy-MM-dd at the site.
    day: String,
    passed: i64,
    failed: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct HealthView {
    id: String,
    key: String,
    name: TextView,
    /// `cn` or `intl`.
    site: String,
    seller_name: String,
    /// `on_sale`, `hidden`, `frozen`, `stopped`.
    visibility: String,
    /// What a decision is made on: sent back as `If-Match`.
    version: String,
    /// Nobody is called for this product: it cannot be probed.
    no_server: bool,
    /// Days in a row on which no probe passed.
    failing_days: i64,
    /// At so many trading is frozen.
    failing_days_max: i64,
    /// Openings that failed this month.
    failed_orders: i64,
    /// More than so many take the product off sale.
    failed_orders_max: i64,
    newest: Option<ProbeView>,
    /// The last 30 days with probes, oldest first.
    days: Vec<ProbeDay>,
}

#[derive(Debug, Serialize, ToSchema)]
struct HealthList {
    products: Vec<HealthView>,
    next: Option<String>,
}

fn health_of(tx: &mut Tx, ctx: &Ctx, p: &product::Product) -> Result<Option<HealthView>, Error> {
    let Some(revision) = p.revision_id else { return Ok(None) };
    let listing = ctx.listings.approved(tx, revision)?;
    let site = ctx.site(p.site);
    let health = probe::health(tx, ctx, p.id, &site)?;
    let seller = account::lookup(tx, p.seller_id)?.ok_or_else(|| Error::row("products", &p.key, "has no seller"))?;
    let day = |d: rows::Day| ProbeDay { day: d.day, passed: d.passed, failed: d.failed };
    Ok(Some(HealthView {
        id: p.id.id::<ProductId>().to_string(),
        key: p.key.clone(),
        name: listing.name.clone().into(),
        site: p.site.to_string(),
        seller_name: seller.name,
        visibility: p.visibility.to_string(),
        version: app::catalogue::trading_version(p),
        no_server: listing.interface_address.is_none(),
        failing_days: health.failing_days,
        failing_days_max: FAILING_DAYS_MAX,
        failed_orders: health.failed_orders,
        failed_orders_max: app::order::FAILED_PER_MONTH,
        newest: health.newest.map(|n| ProbeView::of(n, &p.key)),
        days: health.days.into_iter().rev().map(day).collect(),
    }))
}

/// The health of the caller's products, newest products first; of all for the operator.
#[utoipa::path(get, path = "/api/v1/interface-health", tag = "probes", operation_id = "interface_health", security(("access" = ["user"])),
    params(HealthParams, Paging), responses((status = 200, body = HealthList)))]
async fn health(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<HealthParams>) -> Result<Json<HealthList>, Problem> {
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let found = product::listed_page(tx, tenant(who, p.role)?, page)?;
            let next = next(&found, page, |p| (p.created_at.micros(), p.id));
            let mut products = Vec::new();
            for one in &found {
                products.extend(health_of(tx, ctx, one)?);
            }
            Ok(HealthList { products, next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `seller` or `operator`, when the caller is several.
    #[serde(default, rename = "as")]
    #[param(value_type = Option<String>)]
    role: Option<Role>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    product: Option<ProductId>,
    /// `passed` or `failed`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    result: Option<Outcome>,
}

domain::words! {
    /// How a probe went.
    enum Outcome ("probe result") { Passed = "passed", Failed = "failed" }
}

#[derive(Debug, Serialize, ToSchema)]
struct ProbeView {
    product_id: String,
    /// The seller's key of the product.
    product: String,
    at: String,
    /// `passed` or `failed`.
    result: &'static str,
    /// How many cases were tried.
    cases: i64,
    failed_case: Option<String>,
    reason: Option<String>,
    duration_ms: i64,
    /// Trading was frozen after this one.
    froze: bool,
}

impl ProbeView {
    fn of(p: rows::Probe, key: &str) -> Self {
        Self {
            product: key.to_owned(),
            product_id: p.product_id.id::<ProductId>().to_string(),
            at: time(p.at),
            result: if p.passed { Outcome::Passed } else { Outcome::Failed }.as_str(),
            cases: p.cases,
            failed_case: p.failed_case,
            reason: p.reason,
            duration_ms: p.duration_ms,
            froze: p.froze,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct ProbeList {
    probes: Vec<ProbeView>,
    next: Option<String>,
}

/// Probes of the caller's products, newest first.
#[utoipa::path(get, path = "/api/v1/probes", tag = "probes", operation_id = "probe_list", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = ProbeList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<ProbeList>, Problem> {
    let filter = rows::Filter { product: p.product.map(Key::of), passed: p.result.map(|r| r == Outcome::Passed) };
    let answer = api
        .read(caller, move |tx, _, who| {
            let found = rows::list(tx, tenant(who, p.role)?, &filter, page)?;
            let next = next(&found, page, |(p, _)| (p.at, p.id));
            Ok(ProbeList { probes: found.into_iter().map(|(p, key)| ProbeView::of(p, &key)).collect(), next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProbeBody {}

/// Probes a product of the caller now; it counts as the others do. A frozen product may be probed to show that it is mended.
#[utoipa::path(post, path = "/api/v1/seller/products/{id}/probe", tag = "probes", operation_id = "probe_now",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), request_body = ProbeBody, responses((status = 200, body = ProbeView)))]
async fn probe_now(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<ProductId>,
    _body: Body<ProbeBody>,
) -> Result<Json<ProbeView>, Problem> {
    let own =
        move |tx: &mut Tx, _: &Ctx, who: &app::Caller| catalogue::product_view(tx, who, id).map(|(product, _)| (product.id, product.key));
    let (product, key) = api.read(caller.clone(), own).await?;
    let result = worker::probe(&api.app, api.worker.client(), product).await?;
    let Some(result) = result else {
        let detail = "nothing is probed for this product: it is not listed, or names no server with saved cases";
        return Err(Error::conflict("probe.nothing_to_probe", detail).into());
    };
    let newest = api
        .write(caller, move |tx, ctx, _| {
            probe::finish_by_hand(tx, ctx, product, &result)?;
            rows::any_newest(tx, product)?.ok_or_else(|| Error::row("probes", id, "was not kept"))
        })
        .await?;
    Ok(Json(ProbeView::of(newest, &key)))
}
