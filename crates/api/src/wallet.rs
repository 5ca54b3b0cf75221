//! The buyer's wallet: balance, entries, top-ups by bank transfer; the operator's confirmation.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    paging::{Listed, NoFilter, Paging, next},
    problem::Problem,
    seller::ReasonBody,
    state::Api,
    views::{MoneyView, money, time, times},
};
use app::{Caller, Ctx, Key, Tx, money as use_case};
use axum::{Json, extract::State};
use domain::{id::TransferId, money::TransferState, text::Line};
use ledger::AccountKind;
use serde::{Deserialize, Serialize};
use store::{ledger as ledger_rows, transfer as rows};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(transfer_list, transfer_request))
        .routes(routes!(all_transfers))
        .routes(routes!(confirm))
        .routes(routes!(refuse))
}

#[derive(Debug, Serialize, ToSchema)]
struct EntryView {
    at: String,
    /// `top_up`, `payment`, `refund`, `refund_before_completion`.
    kind: String,
    amount: MoneyView,
    reference: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct WalletView {
    balance: MoneyView,
    entries: Vec<EntryView>,
    next: Option<String>,
}

/// The caller's wallet: balance and entries, newest first.
#[utoipa::path(get, path = "/api/v1/wallet", tag = "wallet", operation_id = "wallet_show", security(("access" = ["buyer"])),
    params(Paging), responses((status = 200, body = WalletView)))]
async fn show(State(api): State<Api>, Who(caller): Who, Listed(_none, page): Listed<NoFilter>) -> Result<Json<WalletView>, Problem> {
    let view = api
        .read(caller, move |tx, ctx, who| {
            let (owner, currency) = (hex::encode(Key::of(who.account_id).0), ctx.site(who.site).currency);
            let balance = ledger_rows::balance(tx, AccountKind::BuyerWallet, &owner, currency)?;
            let rows = ledger_rows::statement(tx, AccountKind::BuyerWallet, &owner, page)?;
            let next = next(&rows, page, |(p, e)| (p.at.micros(), e.id));
            let entry = |(p, e): (ledger_rows::PostingRow, ledger_rows::EntryRow)| EntryView {
                at: time(p.at),
                kind: e.kind.to_string(),
                amount: money(p.amount_minor, p.currency),
                reference: e.reference.split_once(':').map_or_else(String::new, |(_, r)| r.to_owned()),
            };
            Ok(WalletView { balance: money(balance, currency), entries: rows.into_iter().map(entry).collect(), next })
        })
        .await?;
    Ok(Json(view))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct TransferView {
    id: String,
    account_name: String,
    amount: MoneyView,
    reference: String,
    /// `pending`, `confirmed`, `refused`.
    state: String,
    created_at: String,
    decided_at: Option<String>,
    reason: Option<String>,
    /// What a decision is made on: sent back as `If-Match`.
    version: String,
}

fn view(t: &rows::Transfer) -> TransferView {
    TransferView {
        id: t.id.id::<TransferId>().to_string(),
        account_name: t.account_name.clone(),
        amount: money(t.amount_minor, t.currency),
        reference: t.reference.clone(),
        state: t.state.to_string(),
        created_at: time(t.created_at),
        decided_at: times(t.decided_at),
        reason: t.reason.clone(),
        version: use_case::transfer_version(t),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `pending`, `confirmed`, `refused`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Option<TransferState>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TransferList {
    transfers: Vec<TransferView>,
    next: Option<String>,
}

async fn transfers(
    api: &Api,
    caller: std::sync::Arc<app::Caller>,
    own: bool,
    Listed(p, page): Listed<ListParams>,
) -> Result<Json<TransferList>, Problem> {
    let found = api
        .read(caller, move |tx, _, who| {
            let account = own.then(|| Key::of(who.account_id));
            Ok(rows::list(tx, account, p.state, page)?)
        })
        .await?;
    let next = next(&found, page, |t| (t.created_at.micros(), t.id));
    Ok(Json(TransferList { transfers: found.iter().map(view).collect(), next }))
}

/// The caller's bank transfers, newest first.
#[utoipa::path(get, path = "/api/v1/wallet/transfers", tag = "wallet", operation_id = "transfer_list", security(("access" = ["buyer"])),
    params(ListParams, Paging), responses((status = 200, body = TransferList)))]
async fn transfer_list(State(api): State<Api>, Who(caller): Who, list: Listed<ListParams>) -> Result<Json<TransferList>, Problem> {
    transfers(&api, caller, true, list).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferBody {
    amount: MoneyView,
    /// What the bank statement shows.
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    reference: Line<60>,
}

/// Announces a bank transfer to the wallet.
#[utoipa::path(post, path = "/api/v1/wallet/transfers", tag = "wallet", operation_id = "transfer_request", security(("access" = ["buyer"])),
    request_body = TransferBody, responses((status = 200, body = TransferView)))]
async fn transfer_request(State(api): State<Api>, Who(caller): Who, body: Body<TransferBody>) -> Result<Json<TransferView>, Problem> {
    let amount = body.value.amount.read("/amount")?;
    let reference = body.value.reference.into_string();
    let unit = move |tx: &mut Tx, ctx: &Ctx, who: &Caller| Ok(view(&use_case::request_transfer(tx, ctx, who, amount, &reference)?));
    Ok(Json(api.write_answered(caller, unit).await?))
}

/// Bank transfers of all accounts.
#[utoipa::path(get, path = "/api/v1/operator/transfers", tag = "operator", operation_id = "transfer_list_all",
    security(("access" = ["operator:finance"])),
    params(ListParams, Paging), responses((status = 200, body = TransferList)))]
async fn all_transfers(State(api): State<Api>, Who(caller): Who, list: Listed<ListParams>) -> Result<Json<TransferList>, Problem> {
    transfers(&api, caller, false, list).await
}

/// Confirms that a transfer came: the money is in the wallet.
#[utoipa::path(post, path = "/api/v1/operator/transfers/{id}/confirm", tag = "operator", operation_id = "transfer_confirm",
    security(("access" = ["operator:finance"])), params(("id" = String, Path)), responses((status = 200, body = TransferView)))]
async fn confirm(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<TransferId>) -> Result<Json<TransferView>, Problem> {
    let row = api.write(caller, move |tx, ctx, who| use_case::decide_transfer(tx, ctx, who, id, true, None)).await?;
    Ok(Json(view(&row)))
}

/// Refuses a transfer with a reason.
#[utoipa::path(post, path = "/api/v1/operator/transfers/{id}/refuse", tag = "operator", operation_id = "transfer_refuse",
    security(("access" = ["operator:finance"])), params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = TransferView)))]
async fn refuse(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<TransferId>,
    body: Body<ReasonBody>,
) -> Result<Json<TransferView>, Problem> {
    let reason = body.value.reason.into_string();
    let row = api.write(caller, move |tx, ctx, who| use_case::decide_transfer(tx, ctx, who, id, false, Some(&reason))).await?;
    Ok(Json(view(&row)))
}
