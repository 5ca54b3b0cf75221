//! Figures of the overviews, by month and by day.

use crate::{auth::Who, problem::Problem, state::Api, views::MoneyView};
use app::{call, money};
use axum::{Json, extract::State};
use domain::{
    money::{Currency, Money},
    site::Month,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(buyer)).routes(routes!(seller))
}

#[derive(Debug, Serialize, ToSchema)]
struct SpentView {
    /// `yyyy-MM` at the account's site.
    month: String,
    /// What was paid less what came back.
    spent: MoneyView,
}

#[derive(Debug, Serialize, ToSchema)]
struct BuyerFigures {
    /// The last twelve months, the oldest first.
    spending: Vec<SpentView>,
}

/// What the caller spent by month.
#[utoipa::path(get, path = "/api/v1/wallet/figures", tag = "wallet", operation_id = "buyer_figures", security(("access" = ["buyer"])),
    responses((status = 200, body = BuyerFigures)))]
async fn buyer(State(api): State<Api>, Who(caller): Who) -> Result<Json<BuyerFigures>, Problem> {
    let currency = api.app.env.settings.sites.of(caller.site).currency;
    let months = api.read(caller, money::spending).await?;
    let view = |(month, minor): (Month, i64)| SpentView { month: month.name, spent: Money::new(minor, currency).into() };
    Ok(Json(BuyerFigures { spending: months.into_iter().map(view).collect() }))
}

#[derive(Debug, Serialize, ToSchema)]
struct EarnedView {
    month: String,
    sold: MoneyView,
    /// Negative.
    refunded: MoneyView,
    /// After commission and tax.
    payable: MoneyView,
}

#[derive(Debug, Serialize, ToSchema)]
struct DayView {
    day: String,
    done: i64,
    failed: i64,
    /// Neither done nor given up.
    open: i64,
    /// Median time from payment to opening of what was bought on this day, in milliseconds.
    opening_ms: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SellerFigures {
    /// What took effect in the last twelve months, the oldest first.
    revenue: Vec<EarnedView>,
    /// Production calls of the last fourteen days, the oldest first.
    calls: Vec<DayView>,
}

fn earned((month, e): (Month, money::Earned), currency: Currency) -> EarnedView {
    let view = |minor| Money::new(minor, currency).into();
    EarnedView { month: month.name, sold: view(e.sold_minor), refunded: view(e.refunded_minor), payable: view(e.payable_minor) }
}

/// What the caller earned by month, and how its production calls went by day.
#[utoipa::path(get, path = "/api/v1/seller/figures", tag = "seller", operation_id = "seller_figures", security(("access" = ["seller"])),
    responses((status = 200, body = SellerFigures)))]
async fn seller(State(api): State<Api>, Who(caller): Who) -> Result<Json<SellerFigures>, Problem> {
    let currency = api.app.env.settings.sites.of(caller.site).currency;
    let (months, days) = api.read(caller, |tx, ctx, who| Ok((money::revenue(tx, ctx, who)?, call::by_day(tx, ctx, who)?))).await?;
    let day =
        |d: call::DayOfCalls| DayView { day: d.day.to_string(), done: d.done, failed: d.failed, open: d.open, opening_ms: d.opening_ms };
    Ok(Json(SellerFigures {
        revenue: months.into_iter().map(|m| earned(m, currency)).collect(),
        calls: days.into_iter().map(day).collect(),
    }))
}
