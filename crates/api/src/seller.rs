//! Seller profiles: applied for, reviewed by the operator.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    views::{DONE, Done, times},
};
use app::{Key, seller as use_case};
use axum::{Json, extract::State};
use domain::{
    access::SellerState,
    id::{AccountId, PictureId},
    text::Line,
};
use serde::{Deserialize, Serialize};
use store::Moment;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show, submit)).routes(routes!(list)).routes(routes!(approve)).routes(routes!(reject))
}

/// What onboarding needs (`seller-domain 1.3`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfileBody {
    company_name: String,
    /// http or https.
    website: String,
    contact_name: String,
    contact_mobile: String,
    contact_mailbox: String,
    address: String,
    /// Shown on product pages.
    service_phone: String,
    service_mailbox: String,
    business_licence_number: String,
    /// Without links.
    introduction: String,
    /// Id of a picture of the kind `brand`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    brand_picture: Option<PictureId>,
}

impl From<ProfileBody> for use_case::Profile {
    fn from(b: ProfileBody) -> Self {
        Self {
            company_name: b.company_name,
            website: b.website,
            contact_name: b.contact_name,
            contact_mobile: b.contact_mobile,
            contact_mailbox: b.contact_mailbox,
            address: b.address,
            service_phone: b.service_phone,
            service_mailbox: b.service_mailbox,
            business_licence_number: b.business_licence_number,
            introduction: b.introduction,
            brand_picture: b.brand_picture,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct SellerView {
    account_id: String,
    name: Option<String>,
    /// `draft`, `in_review`, `approved`, `rejected`; `none` before the first application.
    state: String,
    reason: Option<String>,
    submitted_at: Option<String>,
    profile: Option<ProfileBody>,
    /// What a decision is made on: sent back as `If-Match`.
    version: Option<String>,
}

fn view(s: store::seller::Seller, name: Option<String>) -> SellerView {
    SellerView {
        version: Some(use_case::version(&s)),
        account_id: s.account_id.id::<AccountId>().to_string(),
        name,
        state: s.state.to_string(),
        reason: s.reason,
        submitted_at: times(s.submitted_at),
        profile: serde_json::from_str(&s.profile).ok(),
    }
}

/// The caller's own seller profile.
#[utoipa::path(get, path = "/api/v1/seller/profile", tag = "seller", operation_id = "seller_profile_show", security(("access" = ["user"])),
    responses((status = 200, body = SellerView)))]
async fn show(State(api): State<Api>, Who(caller): Who) -> Result<Json<SellerView>, Problem> {
    let account_id = caller.account_id.to_string();
    let found = api.read(caller, |tx, _, who| Ok(store::seller::lookup(tx, Key::of(who.account_id))?)).await?;
    let none =
        SellerView { account_id, name: None, state: "none".to_owned(), reason: None, submitted_at: None, profile: None, version: None };
    Ok(Json(found.map_or(none, |s| view(s, None))))
}

/// Submits the caller's seller profile for review.
#[utoipa::path(put, path = "/api/v1/seller/profile", tag = "seller", operation_id = "seller_profile_submit",
    security(("access" = ["user"])),
    request_body = ProfileBody, responses((status = 200, body = SellerView)))]
async fn submit(State(api): State<Api>, Who(caller): Who, body: Body<ProfileBody>) -> Result<Json<SellerView>, Problem> {
    let profile = body.value.into();
    let row = api.write(caller, move |tx, ctx, who| use_case::submit(tx, ctx, who, &profile)).await?;
    Ok(Json(view(row, None)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `draft`, `in_review`, `approved`, `rejected`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Option<SellerState>,
    /// Part of the account's name.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    name: Option<Line<100>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SellerList {
    sellers: Vec<SellerView>,
    next: Option<String>,
}

/// Sellers, newest application first.
#[utoipa::path(get, path = "/api/v1/operator/sellers", tag = "operator", operation_id = "seller_list", security(("access" = ["operator"])),
    params(ListParams, Paging), responses((status = 200, body = SellerList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<SellerList>, Problem> {
    let name = p.name.map(Line::into_string);
    let state = p.state;
    let found = api.read(caller, move |tx, _, _| Ok(store::seller::any_list(tx, state, name.as_deref(), page)?)).await?;
    let next = next(&found, page, |(s, _)| (s.submitted_at.map_or(0, Moment::micros), s.account_id));
    Ok(Json(SellerList { sellers: found.into_iter().map(|(s, name)| view(s, Some(name))).collect(), next }))
}

/// Approves a seller.
#[utoipa::path(post, path = "/api/v1/operator/sellers/{id}/approve", tag = "operator", operation_id = "seller_approve",
    security(("access" = ["operator:reviewer"])), params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn approve(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<AccountId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| use_case::decide(tx, ctx, who, id, true, None)).await?;
    Ok(DONE)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    pub reason: Line<500>,
}

/// Sends a seller's profile back with a reason.
#[utoipa::path(post, path = "/api/v1/operator/sellers/{id}/reject", tag = "operator", operation_id = "seller_reject",
    security(("access" = ["operator:reviewer"])), params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = Done)))]
async fn reject(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AccountId>,
    body: Body<ReasonBody>,
) -> Result<Json<Done>, Problem> {
    let reason = body.value.reason.into_string();
    api.write(caller, move |tx, ctx, who| use_case::decide(tx, ctx, who, id, false, Some(&reason))).await?;
    Ok(DONE)
}
