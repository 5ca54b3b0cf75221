//! Renewals of instances: of a term, with a change, automatic; and conversions of trials.

use crate::{
    auth::Who,
    body::{Body, Params, PathOf},
    instance::{FeeView, InstanceView, view},
    problem::Problem,
    state::Api,
    views::{MoneyView, OrderView, TextView, buyers_order},
};
use app::{Answer, Caller, Ctx, Error, Key, Tenant, Tx, order};
use axum::{Json, extract::State};
use domain::{id::InstanceId, period::Period, text::Line};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(renew))
        .routes(routes!(convert))
        .routes(routes!(auto_renewal_quote, auto_renewal))
        .routes(routes!(renewal_quote))
        .routes(routes!(choices))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenewBody {
    /// Such as `1m` or `1y`.
    #[schema(value_type = String, max_length = 5)]
    period: Period,
    #[serde(default)]
    pay: bool,
    /// Renewal: another combination from now on; the seller is asked first.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    sku: Option<Line<200>>,
}

/// A use case that orders a term of an instance.
type OrderTerm = fn(&mut Tx, &Ctx, &Caller, InstanceId, Period, bool) -> Result<order::Full, Error>;

async fn next_term(
    api: &Api,
    caller: Arc<Caller>,
    id: InstanceId,
    body: Body<RenewBody>,
    order: OrderTerm,
) -> Result<Json<OrderView>, Problem> {
    let b = body.value;
    if b.sku.is_some() {
        return Err(Error::field("/sku", "change.not_offered", "only a renewal may choose another combination").into());
    }
    let order = api.write_answered(caller, move |tx, ctx, who| buyers_order(&order(tx, ctx, who, id, b.period, b.pay)?)).await?;
    Ok(Json(order))
}

/// Orders a renewal.
#[utoipa::path(post, path = "/api/v1/instances/{id}/renew", tag = "instances", operation_id = "instance_renew",
    security(("access" = ["buyer"])),
    params(("id" = String, Path)), request_body = RenewBody,
    responses((status = 200, body = OrderView)))]
async fn renew(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    body: Body<RenewBody>,
) -> Result<Json<OrderView>, Problem> {
    let Some(sku) = body.value.sku.clone() else {
        return next_term(&api, caller, id, body, order::renew).await;
    };
    let cmd = order::RenewWithChange { instance: id, sku: sku.into_string(), period: body.value.period, pay: body.value.pay };
    api.is_new(caller.clone()).await?;
    // What the seller's server answered is not the buyer's to read.
    let refused =
        |_why| Error::conflict("change.refused", "the seller does not agree to this change: choose another, or renew without one");
    Ok(Json(ask_and_renew(&api, caller, cmd).await?.map_err(refused)?))
}

/// Asks the seller and orders the renewal, or says why he refuses.
pub(crate) async fn ask_and_renew(api: &Api, caller: Arc<Caller>, cmd: order::RenewWithChange) -> Result<Result<OrderView, String>, Error> {
    let asked = cmd.clone();
    let check = api.read(caller.clone(), move |tx, ctx, who| order::check_change(tx, ctx, who, &asked)).await?;
    let exchange = api.worker.client().call(&check.url, check.body.as_deref(), &[]).await;
    let unit = move |tx: &mut Tx, ctx: &Ctx, who: &Caller| match order::renew_with_change(tx, ctx, who, &cmd, (&check, &exchange))? {
        Ok(full) => buyers_order(&full).map(Ok),
        Err(why) => Ok(Err(why)),
    };
    api.write_answered_with(caller, unit, |done: &Result<OrderView, String>| done.as_ref().ok().map(Answer::json).transpose()).await
}

/// Orders the conversion of a trial.
#[utoipa::path(post, path = "/api/v1/instances/{id}/convert", tag = "instances", operation_id = "instance_convert",
    security(("access" = ["buyer"])),
    params(("id" = String, Path)), request_body = RenewBody,
    responses((status = 200, body = OrderView)))]
async fn convert(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    body: Body<RenewBody>,
) -> Result<Json<OrderView>, Problem> {
    next_term(&api, caller, id, body, order::convert).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AutoRenewalBody {
    /// Such as `1m` or `1y`; null switches it off.
    #[schema(value_type = Option<String>, max_length = 5)]
    period: Option<Period>,
    /// The price that is agreed to, as it was seen: refused when a term costs another one now.
    #[serde(default)]
    price: Option<MoneyView>,
}

/// Switches automatic renewal on or off: tried 7, 3 and 1 days before the last term ends and on its last day. Switching it on,
/// also once more, is the consent to what a term costs now: more is never taken without another consent.
#[utoipa::path(put, path = "/api/v1/instances/{id}/auto-renewal", tag = "instances", operation_id = "instance_auto_renewal",
    security(("access" = ["buyer"])), params(("id" = String, Path)), request_body = AutoRenewalBody,
    responses((status = 200, body = InstanceView)))]
async fn auto_renewal(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    body: Body<AutoRenewalBody>,
) -> Result<Json<InstanceView>, Problem> {
    let b = body.value;
    let price = b.price.map(|price| price.read("/price")).transpose()?;
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let found = match (b.period, price) {
                (Some(period), Some(seen)) => order::agree_to_auto_renewal(tx, ctx, who, id, (period, seen))?,
                (period, _) => order::set_auto_renewal(tx, ctx, who, id, period)?,
            };
            view(tx, ctx, &found, Tenant::Buyer(Key::of(who.account_id)), true)
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TermParams {
    /// Such as `1m` or `1y`.
    #[param(value_type = String)]
    period: Period,
}

#[derive(Debug, Serialize, ToSchema)]
struct AutoRenewalQuote {
    /// What a term costs now.
    price: MoneyView,
    /// What was paid last, or agreed to, for a term of the period and the combination.
    last: Option<MoneyView>,
    /// A term costs more than the last one.
    dearer: bool,
}

/// What switching automatic renewal on would agree to: what a term costs now, and what the last one cost.
#[utoipa::path(get, path = "/api/v1/instances/{id}/auto-renewal", tag = "instances", operation_id = "instance_auto_renewal_quote",
    security(("access" = ["buyer"])),
    params(("id" = String, Path), TermParams), responses((status = 200, body = AutoRenewalQuote)))]
async fn auto_renewal_quote(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    Params(p): Params<TermParams>,
) -> Result<Json<AutoRenewalQuote>, Problem> {
    let found = api.read(caller, move |tx, ctx, who| order::auto_renewal_quote(tx, ctx, who, id, p.period)).await?;
    let dearer = found.last.is_some_and(|last| found.price.minor > last.minor);
    Ok(Json(AutoRenewalQuote { price: found.price.into(), last: found.last.map(Into::into), dearer }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RenewalParams {
    /// Key of another combination; left out for the one that the instance has.
    #[serde(default)]
    sku: Option<String>,
    /// Such as `1m` or `1y`.
    #[param(value_type = String)]
    period: Period,
}

/// What a renewal, or the conversion of a trial, would cost now, also of what is off the price list.
#[utoipa::path(get, path = "/api/v1/instances/{id}/renewal-quote", tag = "instances", operation_id = "instance_renewal_quote",
    security(("access" = ["buyer"])),
    params(("id" = String, Path), RenewalParams), responses((status = 200, body = FeeView)))]
async fn renewal_quote(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    Params(p): Params<RenewalParams>,
) -> Result<Json<FeeView>, Problem> {
    let cmd = order::NextTerm { instance: id, sku: p.sku, period: p.period };
    let fee = api.read(caller, move |tx, ctx, who| order::renewal_quote(tx, ctx, who, &cmd)).await?;
    Ok(Json(fee.into()))
}

/// A combination that an instance has or may have.
#[derive(Debug, Serialize, ToSchema)]
struct CombinationView {
    sku: String,
    name: TextView,
    /// What a month of one costs; null when it is not sold by the month.
    month: Option<MoneyView>,
    year: Option<MoneyView>,
}

impl From<order::Combination> for CombinationView {
    fn from(of: order::Combination) -> Self {
        Self { sku: of.sku, name: of.name.into(), month: of.month.map(Into::into), year: of.year.map(Into::into) }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct InstanceChoices {
    /// What the instance has; a trial becomes this.
    present: CombinationView,
    /// What is sold today besides.
    others: Vec<CombinationView>,
    /// Another one may be chosen with a renewal.
    with_renewal: bool,
    /// A dearer one may be chosen for the terms that are paid.
    as_upgrade: bool,
}

/// What an instance can be renewed as and changed to, also when what it has is off the price list.
#[utoipa::path(get, path = "/api/v1/instances/{id}/choices", tag = "instances", operation_id = "instance_choices",
    security(("access" = ["buyer"])), params(("id" = String, Path)), responses((status = 200, body = InstanceChoices)))]
async fn choices(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<InstanceChoices>, Problem> {
    let found = api.read(caller, move |tx, ctx, who| order::choices(tx, ctx, who, id)).await?;
    let (present, others) = (found.present.into(), found.others.into_iter().map(Into::into).collect());
    Ok(Json(InstanceChoices { present, others, with_renewal: found.with_renewal, as_upgrade: found.as_upgrade }))
}
