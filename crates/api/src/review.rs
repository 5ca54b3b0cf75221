//! Applications as seller and operator list them; the operator's decisions.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    paging::{Listed, Paging, next},
    problem::Problem,
    product::{RevisionView, revision_view},
    seller::ReasonBody,
    state::Api,
    storefront::{ProductPage, product_page},
    views::{DONE, Done, TextView, times},
};
use app::{Caller, Error, Key, catalogue};
use axum::{Json, extract::State};
use domain::{
    access::Role,
    id::{ProductId, RevisionId},
    listing::{FreezeCause, RevisionState},
    text::Line,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::product::{self as rows, Application, Listed as ListedProduct};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(preview))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(freeze))
        .routes(routes!(unfreeze))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `draft`, `in_review`, `rejected`, `approved`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Option<RevisionState>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ApplicationView {
    id: String,
    /// The seller's key of the product.
    product: String,
    product_id: String,
    product_name: TextView,
    seller: String,
    revision: i64,
    state: String,
    reason: Option<String>,
    submitted_at: Option<String>,
    decided_at: Option<String>,
    /// What a decision is made on: sent back as `If-Match`.
    version: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ApplicationList {
    applications: Vec<ApplicationView>,
    next: Option<String>,
}

fn view(a: &Application) -> Result<ApplicationView, Error> {
    let (r, p, seller) = a;
    Ok(ApplicationView {
        id: r.id.id::<RevisionId>().to_string(),
        product: p.key.clone(),
        product_id: p.id.id::<ProductId>().to_string(),
        product_name: catalogue::listing(r)?.name.into(),
        seller: seller.clone(),
        revision: r.number,
        state: r.state.to_string(),
        reason: r.reason.clone(),
        submitted_at: times(r.submitted_at),
        decided_at: times(r.decided_at),
        version: catalogue::version(r),
    })
}

/// Staff see all applications but drafts; sellers see their own.
fn scope(who: &Caller) -> Result<Option<Key>, Error> {
    if who.staff.is_some() {
        Ok(None)
    } else if who.roles.contains(&Role::Seller) {
        Ok(Some(Key::of(who.account_id)))
    } else {
        Err(Error::forbidden("auth.wrong_role", "only sellers and staff see applications"))
    }
}

/// Listing applications, newest first; staff do not see drafts.
#[utoipa::path(get, path = "/api/v1/applications", tag = "review", operation_id = "application_list", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = ApplicationList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<ApplicationList>, Problem> {
    let answer = api
        .read(caller, move |tx, _, who| {
            let found = rows::applications(tx, scope(who)?, p.state, page)?;
            let next = next(&found, page, |(r, _, _)| (r.created_at.micros(), r.id));
            Ok(ApplicationList { applications: found.iter().map(view).collect::<Result<_, _>>()?, next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Serialize, ToSchema)]
struct ApplicationDetail {
    application: ApplicationView,
    revision: RevisionView,
    /// What is on sale now, for comparison.
    on_sale: Option<RevisionView>,
}

/// One application, with what is on sale now.
#[utoipa::path(get, path = "/api/v1/applications/{id}", tag = "review", operation_id = "application_show", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = ApplicationDetail)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<RevisionId>) -> Result<Json<ApplicationDetail>, Problem> {
    let detail = api
        .read(caller, move |tx, ctx, who| {
            let missing = || Error::not_found("application.not_found", "there is no such application");
            let found = rows::application(tx, scope(who)?, Key::of(id))?.ok_or_else(missing)?;
            let current = found.1.revision_id.filter(|r| *r != found.0.id).map(|r| rows::any_revision(tx, r)).transpose()?.flatten();
            Ok(ApplicationDetail {
                application: view(&found)?,
                revision: revision_view(&ctx.settings.sites, &found.1, &found.0)?,
                on_sale: current.as_ref().map(|r| revision_view(&ctx.settings.sites, &found.1, r)).transpose()?,
            })
        })
        .await?;
    Ok(Json(detail))
}

async fn decided(
    api: &Api,
    caller: std::sync::Arc<Caller>,
    id: RevisionId,
    decision: catalogue::Decision,
) -> Result<Json<ApplicationView>, Problem> {
    let view = api
        .write(caller, move |tx, ctx, who| {
            catalogue::decide(tx, ctx, who, id, &decision)?;
            let found = rows::application(tx, None, Key::of(id))?;
            view(&found.ok_or_else(|| Error::row("listing_revisions", id, "is gone"))?)
        })
        .await?;
    if let Err(e) = api.search.refresh(&api.app).await {
        tracing::warn!(error = %e, "the search index will follow later");
    }
    Ok(Json(view))
}

/// The product's page as it would be with this application: for the seller's editor and the operator's review.
#[utoipa::path(get, path = "/api/v1/applications/{id}/preview", tag = "review", operation_id = "application_preview",
    security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = ProductPage)))]
async fn preview(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<RevisionId>) -> Result<Json<ProductPage>, Problem> {
    let page = api
        .read(caller, move |tx, ctx, who| {
            let missing = || Error::not_found("application.not_found", "there is no such application");
            let (revision, product, seller_name) = rows::application(tx, scope(who)?, Key::of(id))?.ok_or_else(missing)?;
            let listing = catalogue::listing(&revision)?;
            product_page(&ctx.settings.sites, ListedProduct { product, revision_id: revision.id, seller_name }, &listing)
        })
        .await?;
    Ok(Json(page))
}

/// Approves an application: the revision goes on sale.
#[utoipa::path(post, path = "/api/v1/operator/applications/{id}/approve", tag = "operator", operation_id = "application_approve",
    security(("access" = ["operator:reviewer"])), params(("id" = String, Path)), responses((status = 200, body = ApplicationView)))]
async fn approve(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<RevisionId>) -> Result<Json<ApplicationView>, Problem> {
    decided(&api, caller, id, catalogue::Decision::Approve).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectBody {
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    reason: Line<1000>,
    /// JSON pointer of a field to what is wrong with it.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    marks: BTreeMap<String, Line<500>>,
}

/// Sends an application back, with a mark on each wrong field.
#[utoipa::path(post, path = "/api/v1/operator/applications/{id}/reject", tag = "operator", operation_id = "application_reject",
    security(("access" = ["operator:reviewer"])), params(("id" = String, Path)), request_body = RejectBody,
    responses((status = 200, body = ApplicationView)))]
async fn reject(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<RevisionId>,
    body: Body<RejectBody>,
) -> Result<Json<ApplicationView>, Problem> {
    let marks = body.value.marks.into_iter().map(|(k, v)| (k, v.into_string())).collect();
    let decision = catalogue::Decision::Reject { reason: body.value.reason.into_string(), marks };
    decided(&api, caller, id, decision).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FreezeBody {
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: Line<500>,
    /// `violation` (then its instances can be neither renewed nor changed) or `other`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    cause: Option<FreezeCause>,
}

/// Freezes trading of a product.
#[utoipa::path(post, path = "/api/v1/operator/products/{id}/freeze", tag = "operator", operation_id = "product_freeze",
    security(("access" = ["operator:reviewer"])), params(("id" = String, Path)), request_body = FreezeBody,
    responses((status = 200, body = Done)))]
async fn freeze(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<ProductId>,
    body: Body<FreezeBody>,
) -> Result<Json<Done>, Problem> {
    let FreezeBody { reason, cause } = body.value;
    let cause = cause.unwrap_or(FreezeCause::Violation);
    if cause == FreezeCause::Failing {
        let detail = "only the platform freezes for failures; choose violation or other";
        return Err(Error::field("/cause", "product.freeze_cause", detail).into());
    }
    api.write(caller, move |tx, ctx, _| catalogue::freeze(tx, ctx, id, Some(cause), reason.as_str())).await?;
    Ok(DONE)
}

/// Lets trading of a product go on.
#[utoipa::path(post, path = "/api/v1/operator/products/{id}/unfreeze", tag = "operator", operation_id = "product_unfreeze",
    security(("access" = ["operator:reviewer"])), params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = Done)))]
async fn unfreeze(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<ProductId>,
    body: Body<ReasonBody>,
) -> Result<Json<Done>, Problem> {
    let reason = body.value.reason;
    api.write(caller, move |tx, ctx, _| catalogue::freeze(tx, ctx, id, None, reason.as_str())).await?;
    Ok(DONE)
}
