//! Products of the caller: drafts, applications, what is on sale.

use crate::{
    auth::Who,
    body::{Body, Params, PathOf},
    interface::{Declared, DryRun, declare},
    listing_body::ListingBody,
    paging::{Listed, Paging, next},
    problem::Problem,
    seller::ReasonBody,
    state::Api,
    views::{DONE, Done, TextView, time, times},
};
use app::{Error, Key, Tx, catalogue};
use axum::{Json, extract::State};
use domain::{
    id::{ProductId, RevisionId},
    listing::Visibility,
    listing_check,
    site::Sites,
    text::Line,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::product::{self as rows, Product};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put))
        .routes(routes!(show))
        .routes(routes!(check))
        .routes(routes!(submit))
        .routes(routes!(withdraw))
        .routes(routes!(set_public))
        .routes(routes!(stop))
}

#[derive(Debug, Serialize, ToSchema)]
struct ProductView {
    id: String,
    key: String,
    name: TextView,
    visibility: String,
    /// State of the newest revision.
    application_state: Option<String>,
    application_id: Option<String>,
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProductList {
    products: Vec<ProductView>,
    next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// The seller's key of one product.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    key: Option<Line<60>>,
    /// `unlisted`, `on_sale`, `hidden`, `frozen`, `stopped`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    visibility: Option<Visibility>,
}

fn product_view(tx: &mut Tx, p: Product) -> Result<ProductView, Error> {
    let newest = rows::newest_revision(tx, p.id)?;
    let name = newest.as_ref().map(catalogue::listing).transpose()?.map(|l| l.name.into()).unwrap_or_default();
    Ok(ProductView {
        id: p.id.id::<ProductId>().to_string(),
        key: p.key,
        name,
        visibility: p.visibility.to_string(),
        application_state: newest.as_ref().map(|r| r.state.to_string()),
        application_id: newest.map(|r| r.id.id::<RevisionId>().to_string()),
        updated_at: time(p.updated_at),
    })
}

/// The caller's products, newest first.
#[utoipa::path(get, path = "/api/v1/seller/products", tag = "seller", operation_id = "product_list", security(("access" = ["seller"])),
    params(ListParams, Paging), responses((status = 200, body = ProductList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<ProductList>, Problem> {
    let answer = api
        .read(caller, move |tx, _, who| {
            let seller = Key::of(who.account_id);
            let found = match &p.key {
                Some(key) => rows::by_key(tx, seller, key.as_str())?.into_iter().collect(),
                None => rows::of_seller(tx, seller, p.visibility, page)?,
            };
            let next = next(&found, page, |p| (p.created_at.micros(), p.id));
            Ok(ProductList { products: found.into_iter().map(|p| product_view(tx, p)).collect::<Result<_, _>>()?, next })
        })
        .await?;
    Ok(Json(answer))
}

/// Saves the draft of a product by its key; made when it is missing.
#[utoipa::path(put, path = "/api/v1/seller/products/by-key/{key}", tag = "seller", operation_id = "product_put",
    security(("access" = ["seller"])),
    params(("key" = String, Path), DryRun), request_body = ListingBody, responses((status = 200, body = Declared)))]
async fn put(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(key): PathOf<String>,
    Params(dry): Params<DryRun>,
    body: Body<ListingBody>,
) -> Result<Json<Declared>, Problem> {
    let listing = body.value.read(api.app.env.settings.sites.of(caller.site).currency)?;
    if let Some(wrong) = storable(&listing) {
        return Err(wrong.into());
    }
    declare(&api, caller, dry.is_on(), move |tx, ctx, who| {
        let (product, _, change) = catalogue::save(tx, ctx, who, &key, &listing)?;
        Ok(Declared { action: change.to_string(), id: product.id.id::<ProductId>().to_string() })
    })
    .await
}

/// A draft may be incomplete, but not with control characters, endless texts or impossible prices.
fn storable(listing: &domain::listing::Listing) -> Option<Error> {
    let never = ["control_character", "too_long", "too_many", "out_of_range"];
    let wrong: Vec<_> = listing_check::check(listing).into_iter().filter(|e| never.contains(&e.code.as_str())).collect();
    (!wrong.is_empty()).then(|| Error::fields("product.bad_draft", wrong))
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevisionView {
    pub id: String,
    pub number: i64,
    pub state: String,
    pub listing: ListingBody,
    /// JSON pointer to reason, from the operator.
    pub marks: BTreeMap<String, String>,
    pub reason: Option<String>,
    pub created_at: String,
    pub submitted_at: Option<String>,
    pub decided_at: Option<String>,
}

/// A revision of a product, with its prices in the product's currency.
pub(crate) fn revision_view(sites: &Sites, product: &rows::Product, r: &rows::Revision) -> Result<RevisionView, Error> {
    Ok(RevisionView {
        id: r.id.id::<RevisionId>().to_string(),
        number: r.number,
        state: r.state.to_string(),
        listing: ListingBody::of(&catalogue::listing(r)?, sites.of(product.site).currency),
        marks: serde_json::from_str(&r.marks).unwrap_or_default(),
        reason: r.reason.clone(),
        created_at: time(r.created_at),
        submitted_at: times(r.submitted_at),
        decided_at: times(r.decided_at),
    })
}

#[derive(Debug, Serialize, ToSchema)]
struct ProductDetail {
    id: String,
    key: String,
    visibility: String,
    currency: String,
    revisions: Vec<RevisionView>,
}

/// One product of the caller with all revisions.
#[utoipa::path(get, path = "/api/v1/seller/products/{id}", tag = "seller", operation_id = "product_show", security(("access" = ["seller"])),
    params(("id" = String, Path)), responses((status = 200, body = ProductDetail)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<ProductId>) -> Result<Json<ProductDetail>, Problem> {
    let sites = &api.app.env.settings.sites;
    let currency = sites.of(caller.site).currency.to_string();
    let (product, revisions) = api.read(caller, move |tx, _, who| catalogue::product_view(tx, who, id)).await?;
    Ok(Json(ProductDetail {
        id: id.to_string(),
        currency,
        revisions: revisions.iter().map(|r| revision_view(sites, &product, r)).collect::<Result<_, _>>()?,
        key: product.key,
        visibility: product.visibility.to_string(),
    }))
}

#[derive(Debug, Serialize, ToSchema)]
struct Checked {
    /// Fields that keep the draft from being submitted.
    errors: Vec<crate::problem::FieldProblem>,
}

/// What a draft still lacks; nothing is stored.
#[utoipa::path(post, path = "/api/v1/seller/listing-check", tag = "seller", operation_id = "listing_check",
    security(("access" = ["seller"])),
    request_body = ListingBody, responses((status = 200, body = Checked)))]
async fn check(State(api): State<Api>, Who(caller): Who, body: Body<ListingBody>) -> Result<Json<Checked>, Problem> {
    let listing = body.value.read(api.app.env.settings.sites.of(caller.site).currency)?;
    let view = |e: listing_check::FieldError| crate::problem::FieldProblem { pointer: e.pointer, code: e.code, detail: e.detail };
    Ok(Json(Checked { errors: listing_check::check(&listing).into_iter().map(view).collect() }))
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Submitted {
    id: String,
    product: String,
    state: String,
}

/// Submits an application; the saved cases of its address are replayed first.
#[utoipa::path(post, path = "/api/v1/seller/applications/{id}/submit", tag = "seller", operation_id = "application_submit",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), responses((status = 200, body = Submitted)))]
async fn submit(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<RevisionId>) -> Result<Json<Submitted>, Problem> {
    // The same checks first, without a trace, so that a draft with wrong fields calls nobody.
    let who = caller.clone();
    let key = api
        .app
        .try_out(app::Actor::Caller(caller.clone()), move |tx, ctx| {
            catalogue::submit(tx, ctx, &who, id)?;
            Ok(catalogue::open_application(tx, &who, id)?.1.key)
        })
        .await?;
    replay(&api, caller.clone(), id).await?;
    api.write(caller, move |tx, ctx, who| catalogue::submit(tx, ctx, who, id)).await?;
    Ok(Json(Submitted { id: id.to_string(), product: key, state: "in_review".to_owned() }))
}

/// Replays every saved case of the application's address (`seller-domain 2.3`).
async fn replay(api: &Api, caller: std::sync::Arc<app::Caller>, id: RevisionId) -> Result<(), Error> {
    let found = api
        .read(caller, move |tx, ctx, who| {
            let (revision, product) = catalogue::open_application(tx, who, id)?;
            let Some(address) = catalogue::listing(&revision)?.interface_address else {
                return Ok(None);
            };
            app::interface::replayed(tx, ctx, product.seller_id, address).map(Some)
        })
        .await?;
    let Some((target, scenarios)) = found else {
        return Ok(());
    };
    let subject = worker::Subject { protocol: target.protocol, url: &target.address.url, key: &target.secret };
    let report = worker::run_while_passing(api.worker.client(), subject, &scenarios).await;
    match report.cases.iter().find(|c| c.result != "pass") {
        None => Ok(()),
        Some(case) => {
            let reason = case.reason.as_ref().map_or_else(String::new, |r| r.text.clone());
            let detail = format!("the saved case {} no longer passes: {reason}", case.name);
            Err(Error::field("/interface_address", "application.case_failed", detail))
        }
    }
}

/// Takes a waiting application back to a draft.
#[utoipa::path(post, path = "/api/v1/seller/applications/{id}/withdraw", tag = "seller", operation_id = "application_withdraw",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn withdraw(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<RevisionId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| catalogue::withdraw(tx, ctx, who, id)).await?;
    Ok(DONE)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublicBody {
    public: bool,
}

/// Hides a product from shop and search, or shows it again.
#[utoipa::path(post, path = "/api/v1/seller/products/{id}/public", tag = "seller", operation_id = "product_set_public",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), request_body = PublicBody, responses((status = 200, body = Done)))]
async fn set_public(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<ProductId>,
    body: Body<PublicBody>,
) -> Result<Json<Done>, Problem> {
    let public = body.value.public;
    api.write(caller, move |tx, ctx, who| catalogue::set_public(tx, ctx, who, id, public)).await?;
    Ok(DONE)
}

/// Takes a product off sale for good.
#[utoipa::path(post, path = "/api/v1/seller/products/{id}/stop", tag = "seller", operation_id = "product_stop",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), request_body = ReasonBody, responses((status = 200, body = Done)))]
async fn stop(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<ProductId>,
    body: Body<ReasonBody>,
) -> Result<Json<Done>, Problem> {
    let reason = body.value.reason.into_string();
    api.write(caller, move |tx, ctx, who| catalogue::stop(tx, ctx, who, id, &reason)).await?;
    Ok(DONE)
}
