//! Refunds by the operator, and postings that mend the books; confirmed by a second person.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    paging::{Listed, Paging, next},
    problem::Problem,
    seller::ReasonBody,
    state::Api,
    views::{MoneyView, TextView, money, time, times},
};
use app::{
    Caller, Error, Key, Tenant, Tx,
    money::{self as use_case, Correct, Place},
    order,
};
use axum::{Json, extract::State};
use domain::{
    correction::{CorrectionKind, CorrectionState},
    id::{AccountId, CorrectionId},
    text::Line,
};
use ledger::AccountKind;
use serde::{Deserialize, Serialize};
use store::correction as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, post)).routes(routes!(refund)).routes(routes!(confirm)).routes(routes!(refuse))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LedgerPlace {
    /// `buyer_wallet`, `provider_clearing`, `escrow`, `seller_payable`, `platform_commission` or `tax_payable`.
    #[schema(value_type = String, max_length = 40)]
    account: AccountKind,
    /// Of a wallet or a payable: the account, such as `acc_…`; of escrow: the number of the order line. Else left out.
    #[serde(default)]
    #[schema(max_length = 64)]
    owner: Option<String>,
}

/// An account of the ledger, and how its owner is called.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerPlaceView {
    account: String,
    /// Of a wallet or a payable: the account, such as `acc_…`; of escrow: the number of the order line.
    owner: Option<String>,
    /// Of the account.
    name: Option<String>,
}

impl LedgerPlace {
    fn read(self, pointer: &str) -> Result<Place, Error> {
        let at = format!("{pointer}/owner");
        let missing = || Error::field(&at, "correction.owner", format!("say whose {} it is", self.account));
        let owner = match self.account {
            AccountKind::BuyerWallet | AccountKind::SellerPayable => {
                let id: AccountId = self
                    .owner
                    .as_deref()
                    .ok_or_else(missing)?
                    .parse()
                    .map_err(|e: domain::id::BadId| Error::field(&at, "correction.owner", e.to_string()))?;
                hex::encode(Key::of(id).0)
            }
            AccountKind::Escrow => self.owner.clone().ok_or_else(missing)?,
            AccountKind::ProviderClearing => "bank".to_owned(),
            AccountKind::PlatformCommission | AccountKind::TaxPayable => "platform".to_owned(),
        };
        Ok(Place { account: self.account, owner })
    }
}

impl LedgerPlaceView {
    fn of(tx: &mut Tx, account: Option<AccountKind>, owner: Option<&String>) -> Result<Option<Self>, Error> {
        let Some(account) = account else { return Ok(None) };
        let (owner, name) = match account {
            AccountKind::BuyerWallet | AccountKind::SellerPayable => {
                let mut key = [0; 16];
                if hex::decode_to_slice(owner.map_or("", String::as_str), &mut key).is_err() {
                    return Ok(None);
                }
                let name = store::account::lookup(tx, Key(key))?.map(|found| found.name);
                (Some(Key(key).id::<AccountId>().to_string()), name)
            }
            AccountKind::Escrow => (owner.cloned(), None),
            AccountKind::ProviderClearing | AccountKind::PlatformCommission | AccountKind::TaxPayable => (None, None),
        };
        Ok(Some(Self { account: account.as_str().to_owned(), owner, name }))
    }
}

/// The order that a correction is of, as it is now.
#[derive(Debug, Serialize, ToSchema)]
struct CorrectedOrder {
    customer_name: String,
    product_name: TextView,
    sku_name: TextView,
    paid: MoneyView,
    /// What of it came back already.
    refunded: MoneyView,
    net: MoneyView,
}

impl CorrectedOrder {
    fn of(tx: &mut Tx, number: Option<&String>) -> Result<Option<Self>, Error> {
        let Some(number) = number else { return Ok(None) };
        let full = order::show(tx, Tenant::Any, number)?;
        let (paid, refunded) = order::paid_and_refunded(&full)?;
        let sold = full.lines.first().map(order::Sold::of).transpose()?;
        let (product_name, sku_name) = sold.map(|sold| (sold.product_name, sold.sku_name)).unwrap_or_default();
        let money = |minor| money(minor, full.order.currency);
        Ok(Some(Self {
            product_name: product_name.into(),
            sku_name: sku_name.into(),
            paid: money(paid),
            refunded: money(refunded),
            net: money(paid.saturating_sub(refunded)),
            customer_name: full.order.customer_name,
        }))
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct CorrectionView {
    id: String,
    /// `refund` or `posting`.
    kind: String,
    /// `waiting`, `done`, `refused`.
    state: String,
    amount: MoneyView,
    reason: String,
    /// Of a refund.
    order_number: Option<String>,
    order: Option<CorrectedOrder>,
    /// Of a posting.
    from: Option<LedgerPlaceView>,
    to: Option<LedgerPlaceView>,
    asked_by: String,
    asked_at: String,
    decided_by: Option<String>,
    decided_at: Option<String>,
    note: Option<String>,
    /// Decided by the only person who may.
    alone: bool,
    /// The reader asked for it: another person confirms it.
    own: bool,
    /// What a decision is made on: sent back as `If-Match`.
    version: String,
}

fn view(tx: &mut Tx, row: rows::Correction, who: &Caller) -> Result<CorrectionView, Error> {
    Ok(CorrectionView {
        version: use_case::correction_version(&row),
        id: row.id.id::<CorrectionId>().to_string(),
        order: CorrectedOrder::of(tx, row.order_number.as_ref())?,
        from: LedgerPlaceView::of(tx, row.from_account, row.from_owner.as_ref())?,
        to: LedgerPlaceView::of(tx, row.to_account, row.to_owner.as_ref())?,
        amount: money(row.amount_minor, row.currency),
        asked_at: time(row.asked_at),
        decided_at: times(row.decided_at),
        own: row.asked_by == Key::of(who.user_id),
        kind: row.kind.to_string(),
        state: row.state.to_string(),
        reason: row.reason,
        order_number: row.order_number,
        asked_by: row.asked_name,
        decided_by: row.decided_name,
        note: row.note,
        alone: row.alone,
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `waiting`, `done`, `refused`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Option<CorrectionState>,
    /// `refund` or `posting`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    kind: Option<CorrectionKind>,
    /// The number of the order that a refund is of.
    #[serde(default)]
    #[param(max_length = 40)]
    order: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CorrectionList {
    corrections: Vec<CorrectionView>,
    next: Option<String>,
}

/// Refunds by the operator and correcting postings, newest first.
#[utoipa::path(get, path = "/api/v1/operator/corrections", tag = "operator", operation_id = "correction_list",
    security(("access" = ["operator:finance"])), params(ListParams, Paging), responses((status = 200, body = CorrectionList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<CorrectionList>, Problem> {
    let filter = rows::Filter { state: p.state, kind: p.kind, order_number: p.order.map(|number| number.trim().to_owned()) };
    let answer = api
        .read(caller, move |tx, _, who| {
            let found = rows::any_list(tx, &filter, page)?;
            let next = next(&found, page, |c| (c.asked_at.micros(), c.id));
            let corrections = found.into_iter().map(|c| view(tx, c, who)).collect::<Result<_, _>>()?;
            Ok(CorrectionList { corrections, next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PostingBody {
    /// The account of the ledger that the amount is taken from.
    from: LedgerPlace,
    to: LedgerPlace,
    /// The number of the order line whose shares it mends.
    #[serde(default)]
    #[schema(max_length = 64)]
    order_line: Option<String>,
    amount: MoneyView,
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: Line<500>,
}

/// Asks for a posting that mends the books: a second person of finance confirms it, where there is one.
#[utoipa::path(post, path = "/api/v1/operator/corrections", tag = "operator", operation_id = "correction_post",
    security(("access" = ["operator:finance"])), request_body = PostingBody, responses((status = 200, body = CorrectionView)))]
async fn post(State(api): State<Api>, Who(caller): Who, body: Body<PostingBody>) -> Result<Json<CorrectionView>, Problem> {
    let PostingBody { from, to, order_line, amount, reason } = body.value;
    let what = Correct::Posting { from: from.read("/from")?, to: to.read("/to")?, line: order_line };
    let amount = amount.read("/amount")?;
    let row = api
        .write(caller, move |tx, ctx, who| {
            let row = use_case::correct(tx, ctx, who, &what, amount, reason.as_str())?;
            view(tx, row, who)
        })
        .await?;
    Ok(Json(row))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    amount: MoneyView,
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: Line<500>,
}

/// Gives a part of what a completed order cost back to its buyer; the service goes on. From 1,000 units on a second person of
/// finance confirms it, where there is one.
#[utoipa::path(post, path = "/api/v1/operator/orders/{number}/refund", tag = "operator", operation_id = "order_refund",
    security(("access" = ["operator:finance"])), params(("number" = String, Path)), request_body = RefundBody,
    responses((status = 200, body = CorrectionView)))]
async fn refund(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(number): PathOf<String>,
    body: Body<RefundBody>,
) -> Result<Json<CorrectionView>, Problem> {
    let RefundBody { amount, reason } = body.value;
    let (what, amount) = (Correct::Refund { number }, amount.read("/amount")?);
    let row = api
        .write(caller, move |tx, ctx, who| {
            let row = use_case::correct(tx, ctx, who, &what, amount, reason.as_str())?;
            view(tx, row, who)
        })
        .await?;
    Ok(Json(row))
}

/// Confirms a correction; another person than asked for it.
#[utoipa::path(post, path = "/api/v1/operator/corrections/{id}/confirm", tag = "operator", operation_id = "correction_confirm",
    security(("access" = ["operator:finance"])), params(("id" = String, Path)), responses((status = 200, body = CorrectionView)))]
async fn confirm(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<CorrectionId>) -> Result<Json<CorrectionView>, Problem> {
    let decided = api.write(caller, move |tx, ctx, who| {
        let row = use_case::decide_correction(tx, ctx, who, id, true, None)?;
        view(tx, row, who)
    });
    Ok(Json(decided.await?))
}

/// Refuses a correction with a reason.
#[utoipa::path(post, path = "/api/v1/operator/corrections/{id}/refuse", tag = "operator", operation_id = "correction_refuse",
    security(("access" = ["operator:finance"])), params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = CorrectionView)))]
async fn refuse(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<CorrectionId>,
    body: Body<ReasonBody>,
) -> Result<Json<CorrectionView>, Problem> {
    let reason = body.value.reason.into_string();
    let decided = api.write(caller, move |tx, ctx, who| {
        let row = use_case::decide_correction(tx, ctx, who, id, false, Some(&reason))?;
        view(tx, row, who)
    });
    Ok(Json(decided.await?))
}
