//! Bills of sellers: listed by month, shown line by line.

use crate::{
    auth::Who,
    body::PathOf,
    paging::{Listed, NoFilter, Paging, next},
    problem::Problem,
    state::Api,
    views::{MoneyView, money, time},
};
use app::{Caller, Error, Key, money as use_case};
use axum::{Json, extract::State};
use domain::{Timestamp, access::Role, id::BillId};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use store::bill as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(running)).routes(routes!(show))
}

fn scope(who: &Caller) -> Result<Option<Key>, Error> {
    if who.staff.is_some() {
        Ok(None)
    } else if who.roles.contains(&Role::Seller) {
        Ok(Some(Key::of(who.account_id)))
    } else {
        Err(Error::forbidden("auth.wrong_role", "bills are for sellers and staff"))
    }
}

/// A month as `yyyy-MM`.
#[derive(Debug)]
struct Month(String);

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let there = text.len() == 7 && format!("{text}-01T00:00:00Z").parse::<Timestamp>().is_ok();
        if there { Ok(Self(text)) } else { Err(D::Error::custom("write a month such as 2026-11")) }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `yyyy-MM`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    month: Option<Month>,
}

#[derive(Debug, Serialize, ToSchema)]
struct BillView {
    id: String,
    month: String,
    /// What the seller gets.
    total: MoneyView,
    issued_at: String,
}

fn view(b: &rows::Bill) -> BillView {
    BillView {
        id: b.id.id::<BillId>().to_string(),
        month: b.month.clone(),
        total: money(b.total_minor, &b.currency),
        issued_at: time(b.issued_at),
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct BillList {
    bills: Vec<BillView>,
    next: Option<String>,
}

/// Issued bills, newest month first.
#[utoipa::path(get, path = "/api/v1/bills", tag = "bills", operation_id = "bill_list", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = BillList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<BillList>, Problem> {
    let month = p.month.map(|m| m.0);
    let bills = api.read(caller, move |tx, _, who| Ok(rows::list(tx, scope(who)?, month.as_deref(), page)?)).await?;
    let next = next(&bills, page, |b| (b.issued_at, b.id));
    Ok(Json(BillList { bills: bills.iter().map(view).collect(), next }))
}

#[derive(Debug, Serialize, ToSchema)]
struct BillLineView {
    order_line: String,
    product_name: String,
    /// `original`, `refund` or `usage`.
    kind: String,
    /// Of use: the day of the site on which it was used, yyyy-MM-dd.
    day: Option<String>,
    amount: MoneyView,
    fee: MoneyView,
    /// Inside the fee.
    tax: MoneyView,
    payable: MoneyView,
    effective_at: String,
}

fn line(l: &rows::BillLine) -> BillLineView {
    BillLineView {
        order_line: l.order_line.clone(),
        product_name: l.product_name.clone(),
        kind: l.kind.clone(),
        day: (l.kind == "usage").then(|| l.part.chars().take(10).collect()),
        amount: money(l.amount_minor, &l.currency),
        fee: money(l.fee_minor, &l.currency),
        tax: money(l.tax_minor, &l.currency),
        payable: money(l.payable_minor, &l.currency),
        effective_at: time(l.effective_at),
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct BillDetail {
    id: String,
    month: String,
    total: MoneyView,
    issued_at: String,
    /// A page of the lines, oldest first.
    lines: Vec<BillLineView>,
    next: Option<String>,
}

/// One bill with its lines.
#[utoipa::path(get, path = "/api/v1/bills/{id}", tag = "bills", operation_id = "bill_show", security(("access" = ["user"])),
    params(("id" = String, Path), Paging), responses((status = 200, body = BillDetail)))]
async fn show(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<BillId>,
    Listed(_none, page): Listed<NoFilter>,
) -> Result<Json<BillDetail>, Problem> {
    let (bill, lines) = api
        .read(caller, move |tx, _, who| {
            let missing = || Error::not_found("bill.not_found", "there is no such bill");
            let bill = rows::lookup(tx, scope(who)?, Key::of(id))?.ok_or_else(missing)?;
            let lines = rows::lines(tx, bill.id, page)?;
            Ok((bill, lines))
        })
        .await?;
    let b = view(&bill);
    let next = next(&lines, page, |l| (l.effective_at, l.id));
    let lines = lines.iter().map(line).collect();
    Ok(Json(BillDetail { id: b.id, month: b.month, total: b.total, issued_at: b.issued_at, lines, next }))
}

#[derive(Debug, Serialize, ToSchema)]
struct Running {
    /// What all the lines come to.
    total: MoneyView,
    /// A page of the lines, oldest first.
    lines: Vec<BillLineView>,
    next: Option<String>,
}

/// What will be on the next bill, as it stands now (transaction details).
#[utoipa::path(get, path = "/api/v1/seller/transactions", tag = "bills", operation_id = "transaction_list",
    security(("access" = ["seller"])),
    params(Paging), responses((status = 200, body = Running)))]
async fn running(State(api): State<Api>, Who(caller): Who, Listed(_none, page): Listed<NoFilter>) -> Result<Json<Running>, Problem> {
    let currency = api.app.env.settings.sites.of(caller.site).currency.to_string();
    let wanted = currency.clone();
    let running = api.read(caller, move |tx, ctx, who| use_case::running_bill(tx, ctx, Key::of(who.account_id), &wanted, page)).await?;
    let next = next(&running.lines, page, |l| (l.effective_at, l.id));
    Ok(Json(Running { total: money(running.total_minor, &currency), lines: running.lines.iter().map(line).collect(), next }))
}
