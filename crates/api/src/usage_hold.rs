//! Charges of use that wait for consent: seen by all sides, decided by the buyer or the operator.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    order::any_tenant,
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    views::{MoneyView, TextView, money, time, times},
};
use app::{Caller, Ctx, Error, Key, Tenant, Tx, order, usage};
use axum::{Json, extract::State};
use domain::{
    id::{HoldId, InstanceId},
    usage::{HoldState, Quantity},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::usage_hold as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(decide)).routes(routes!(decide_as_operator))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `waiting`, `approved`, `refused`, `withdrawn`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Option<HoldState>,
    /// The platform's id of an instance.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    instance: Option<InstanceId>,
}

/// A charge that waits, or waited, for consent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldView {
    id: String,
    instance: String,
    product_name: TextView,
    /// What the quantity counts, in both languages.
    unit: TextView,
    customer_name: String,
    /// The first moment of the hour or day that is charged.
    begin: String,
    quantity: String,
    /// What is charged at most: what others use meanwhile may leave less of it.
    amount: MoneyView,
    /// What was charged after a yes.
    charged: Option<MoneyView>,
    /// The largest charge of the 30 days before; null when there was none.
    largest: Option<MoneyView>,
    /// `waiting`, `approved`, `refused` or `withdrawn`: judged anew.
    state: String,
    created_at: String,
    /// Without an answer its records are refused then.
    until: String,
    decided_at: Option<String>,
    /// `buyer`, `operator`, `time`, `correction` or `amount`: it had grown and is asked for again.
    decided_by: Option<String>,
}

pub(crate) fn view(tx: &mut Tx, ctx: &Ctx, h: rows::Hold) -> Result<HoldView, Error> {
    let gone = |what: &str| Error::row("usage_holds", h.id.id::<HoldId>(), what);
    let instance = store::instance::lookup(tx, Tenant::Any, h.instance_id)?.ok_or_else(|| gone("its instance is gone"))?;
    let line = store::order::any_line(tx, instance.line_id)?.ok_or_else(|| gone("its instance has no line"))?;
    let order = store::order::lookup(tx, Tenant::Any, line.order_id)?.ok_or_else(|| gone("its instance has no order"))?;
    let unit = usage::unit(tx, ctx, &instance)?;
    let approved = h.state == HoldState::Approved;
    let charged = if approved { rows::any_charged(tx, h.id)? } else { None };
    Ok(HoldView {
        charged: charged.map(|minor| money(minor, h.currency)),
        product_name: order::Sold::of(&line)?.product_name.into(),
        unit: unit.into(),
        customer_name: order.customer_name,
        id: h.id.id::<HoldId>().to_string(),
        instance: h.instance_id.id::<InstanceId>().to_string(),
        begin: time(h.begin_at),
        quantity: Quantity(h.quantity).to_string(),
        amount: money(h.amount_minor, h.currency),
        largest: h.largest_minor.map(|minor| money(minor, h.currency)),
        state: h.state.to_string(),
        created_at: time(h.created_at),
        until: time(h.until_at),
        decided_at: times(h.decided_at),
        decided_by: h.decided_by.map(|by| by.to_string()),
    })
}

#[derive(Debug, Serialize, ToSchema)]
struct HoldList {
    holds: Vec<HoldView>,
    next: Option<String>,
}

/// Charges of use that wait, or waited, for consent, newest first: the caller's as a buyer, else as a seller; staff see all.
#[utoipa::path(get, path = "/api/v1/usage-holds", tag = "usage", operation_id = "usage_holds", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = HoldList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<HoldList>, Problem> {
    let filter = rows::Filter { state: p.state, instance: p.instance.map(Key::of) };
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let tenant = any_tenant(who).into_iter().next().unwrap_or(Tenant::Buyer(Key::of(who.account_id)));
            let found = rows::list(tx, tenant, &filter, page)?;
            let next = next(&found, page, |h| (h.created_at.micros(), h.id));
            let holds = found.into_iter().map(|h| view(tx, ctx, h)).collect::<Result<_, _>>()?;
            Ok(HoldList { holds, next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HoldDecision {
    /// true charges it; false refuses its records.
    approve: bool,
}

async fn decided(api: &Api, caller: Arc<Caller>, id: HoldId, approve: bool, operator: bool) -> Result<Json<HoldView>, Problem> {
    let hold = api
        .write(caller, move |tx, ctx, who| {
            let tenant = if operator { Tenant::Any } else { Tenant::Buyer(Key::of(who.account_id)) };
            let hold = usage::decide_hold(tx, ctx, who, tenant, id, approve)?;
            view(tx, ctx, hold)
        })
        .await?;
    Ok(Json(hold))
}

/// Says yes or no to a charge of the caller's that waits for consent.
#[utoipa::path(post, path = "/api/v1/usage-holds/{id}/decision", tag = "usage", operation_id = "usage_hold_decide",
    security(("access" = ["buyer"])), params(("id" = String, Path)), request_body = HoldDecision,
    responses((status = 200, body = HoldView)))]
async fn decide(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<HoldId>,
    body: Body<HoldDecision>,
) -> Result<Json<HoldView>, Problem> {
    decided(&api, caller, id, body.value.approve, false).await
}

/// Says yes or no to a charge in its buyer's place.
#[utoipa::path(post, path = "/api/v1/operator/usage-holds/{id}/decision", tag = "usage", operation_id = "usage_hold_decide_operator",
    security(("access" = ["operator:finance"])), params(("id" = String, Path)), request_body = HoldDecision,
    responses((status = 200, body = HoldView)))]
async fn decide_as_operator(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<HoldId>,
    body: Body<HoldDecision>,
) -> Result<Json<HoldView>, Problem> {
    decided(&api, caller, id, body.value.approve, true).await
}
