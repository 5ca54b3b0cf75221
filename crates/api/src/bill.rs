//! Bills of sellers: listed by month, shown line by line.

use crate::{
    auth::Who,
    body::{Params, PathOf},
    problem::Problem,
    state::Api,
    views::{MoneyView, money, time},
};
use app::{Caller, Error, Key, money as use_case};
use axum::{Json, extract::State};
use domain::{access::Role, id::BillId};
use serde::{Deserialize, Serialize};
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

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `yyyy-MM`.
    #[serde(default)]
    month: Option<String>,
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
}

/// Issued bills, newest month first.
#[utoipa::path(get, path = "/api/v1/bills", tag = "bills", operation_id = "bill_list", security(("access" = ["user"])),
    params(ListParams), responses((status = 200, body = BillList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Params(p): Params<ListParams>) -> Result<Json<BillList>, Problem> {
    let bills = api.read(caller, move |tx, _, who| Ok(rows::list(tx, scope(who)?, p.month.as_deref())?)).await?;
    Ok(Json(BillList { bills: bills.iter().map(view).collect() }))
}

#[derive(Debug, Serialize, ToSchema)]
struct BillLineView {
    order_line: String,
    product_name: String,
    /// `original` or `refund`.
    kind: String,
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
    lines: Vec<BillLineView>,
}

/// One bill with its lines.
#[utoipa::path(get, path = "/api/v1/bills/{id}", tag = "bills", operation_id = "bill_show", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = BillDetail)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<BillId>) -> Result<Json<BillDetail>, Problem> {
    let (bill, lines) = api
        .read(caller, move |tx, _, who| {
            let missing = || Error::not_found("bill.not_found", "there is no such bill");
            let bill = rows::lookup(tx, scope(who)?, Key::of(id))?.ok_or_else(missing)?;
            let lines = rows::lines(tx, bill.id)?;
            Ok((bill, lines))
        })
        .await?;
    let b = view(&bill);
    Ok(Json(BillDetail { id: b.id, month: b.month, total: b.total, issued_at: b.issued_at, lines: lines.iter().map(line).collect() }))
}

#[derive(Debug, Serialize, ToSchema)]
struct Running {
    total: MoneyView,
    lines: Vec<BillLineView>,
}

/// What will be on the next bill, as it stands now (transaction details).
#[utoipa::path(get, path = "/api/v1/seller/transactions", tag = "bills", operation_id = "transaction_list", security(("access" = ["seller"])),
    responses((status = 200, body = Running)))]
async fn running(State(api): State<Api>, Who(caller): Who) -> Result<Json<Running>, Problem> {
    let currency = caller.site().currency.to_string();
    let wanted = currency.clone();
    let lines = api.read(caller, move |tx, ctx, who| use_case::running_bill(tx, ctx, Key::of(who.account_id), &wanted)).await?;
    let total = lines.iter().map(|l| l.payable_minor).sum();
    Ok(Json(Running { total: money(total, &currency), lines: lines.iter().map(line).collect() }))
}
