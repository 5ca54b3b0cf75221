//! Bills of sellers: listed by month, shown line by line.

use crate::{
    auth::Who,
    body::PathOf,
    paging::{Listed, NoFilter, Paging, next},
    problem::Problem,
    state::Api,
    views::{MoneyView, money, time},
};
use app::{Caller, Error, Key, Tx, money as use_case};
use axum::{Json, extract::State};
use domain::{Timestamp, access::Role, id::BillId, money::Currency, refund::Extent, settlement::BillKind};
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
    #[serde(flatten)]
    sides: SidesView,
    issued_at: String,
}

/// What the lines of a bill come to before fees.
#[derive(Debug, Serialize, ToSchema)]
struct SidesView {
    /// What buyers paid.
    paid: MoneyView,
    /// What was given back to them.
    refunded: MoneyView,
    /// What was paid less what was given back; below 0 when more is given back of what stood on earlier bills.
    net: MoneyView,
    /// `none`, `part` or `whole`.
    refund_state: String,
}

fn sides(of: rows::Sides, currency: Currency) -> Result<SidesView, Error> {
    let net = domain::money::difference(of.paid_minor, of.refunded_minor)?;
    Ok(SidesView {
        paid: money(of.paid_minor, currency),
        refunded: money(of.refunded_minor, currency),
        net: money(net, currency),
        refund_state: Extent::of(of.paid_minor, of.refunded_minor).to_string(),
    })
}

fn view(tx: &mut Tx, b: &rows::Bill) -> Result<BillView, Error> {
    Ok(BillView {
        id: b.id.id::<BillId>().to_string(),
        month: b.month.clone(),
        total: money(b.total_minor, b.currency),
        sides: sides(rows::sides(tx, b.id)?, b.currency)?,
        issued_at: time(b.issued_at),
    })
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
    let answer = api
        .read(caller, move |tx, _, who| {
            let found = rows::list(tx, scope(who)?, month.as_deref(), page)?;
            let next = next(&found, page, |b| (b.issued_at.micros(), b.id));
            let bills = found.iter().map(|b| view(tx, b)).collect::<Result<_, _>>()?;
            Ok(BillList { bills, next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Serialize, ToSchema)]
struct BillLineView {
    order_line: String,
    product_name: String,
    /// `original`, `refund` or `usage`.
    kind: String,
    /// Of use: the day of the site on which it was used, yyyy-MM-dd.
    day: Option<String>,
    /// How much of what was paid for the order line came back, on this bill or another: `none`, `part` or `whole`.
    refund_state: String,
    amount: MoneyView,
    fee: MoneyView,
    /// Inside the fee.
    tax: MoneyView,
    payable: MoneyView,
    effective_at: String,
}

fn lines(tx: &mut Tx, found: &[rows::BillLine]) -> Result<Vec<BillLineView>, Error> {
    let extents = use_case::bill_extents(tx, found)?;
    Ok(found.iter().zip(extents).map(|(l, extent)| line(l, extent)).collect())
}

fn line(l: &rows::BillLine, extent: Extent) -> BillLineView {
    BillLineView {
        order_line: l.order_line.clone(),
        product_name: l.product_name.clone(),
        kind: l.kind.to_string(),
        day: (l.kind == BillKind::Usage).then(|| l.part.chars().take(10).collect()),
        refund_state: extent.to_string(),
        amount: money(l.amount_minor, l.currency),
        fee: money(l.fee_minor, l.currency),
        tax: money(l.tax_minor, l.currency),
        payable: money(l.payable_minor, l.currency),
        effective_at: time(l.effective_at),
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct BillDetail {
    #[serde(flatten)]
    bill: BillView,
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
    let answer = api
        .read(caller, move |tx, _, who| {
            let missing = || Error::not_found("bill.not_found", "there is no such bill");
            let bill = rows::lookup(tx, scope(who)?, Key::of(id))?.ok_or_else(missing)?;
            let found = rows::lines(tx, bill.id, page)?;
            let next = next(&found, page, |l| (l.effective_at.micros(), l.id));
            Ok(BillDetail { bill: view(tx, &bill)?, lines: lines(tx, &found)?, next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Serialize, ToSchema)]
struct Running {
    /// What all the lines come to.
    total: MoneyView,
    #[serde(flatten)]
    sides: SidesView,
    /// A page of the lines, oldest first.
    lines: Vec<BillLineView>,
    next: Option<String>,
}

/// What will be on the next bill, as it stands now (transaction details).
#[utoipa::path(get, path = "/api/v1/seller/transactions", tag = "bills", operation_id = "transaction_list",
    security(("access" = ["seller"])),
    params(Paging), responses((status = 200, body = Running)))]
async fn running(State(api): State<Api>, Who(caller): Who, Listed(_none, page): Listed<NoFilter>) -> Result<Json<Running>, Problem> {
    let currency = api.app.env.settings.sites.of(caller.site).currency;
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let found = use_case::running_bill(tx, ctx, Key::of(who.account_id), currency, page)?;
            Ok(Running {
                total: money(found.total_minor, currency),
                sides: sides(found.sides, currency)?,
                next: next(&found.lines, page, |l| (l.effective_at.micros(), l.id)),
                lines: lines(tx, &found.lines)?,
            })
        })
        .await?;
    Ok(Json(answer))
}
