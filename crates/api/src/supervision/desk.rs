//! The platform's desk: reviews, appeals, refunds of goods in transit, carriers' reports, words to both sides.

use super::{
    act::{ActBody, RefundStepBody, currency_fits},
    view::{SupervisionCase, case_view},
};
use crate::{
    auth::Who,
    body::{Body, PathOf},
    problem::Problem,
    state::Api,
    views::{DONE, Done, MoneyView},
};
use app::{
    Caller, Ctx, Error, Tenant, Tx,
    supervision::{self, Act, Found},
};
use axum::{Json, extract::State};
use domain::{
    Timestamp,
    id::{AccountId, SupervisionId},
    supervision::{Decision, Track},
};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(act))
        .routes(routes!(decide))
        .routes(routes!(step_refund))
        .routes(routes!(carrier))
        .routes(routes!(note))
        .routes(routes!(track))
}

/// Does something to a case as the platform and answers how it is then.
async fn done(
    api: &Api,
    caller: Arc<Caller>,
    step: impl Fn(&mut Tx, &Ctx) -> Result<Found, Error> + Send + Sync + 'static,
) -> Result<Json<SupervisionCase>, Problem> {
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let found = step(tx, ctx)?;
            case_view(tx, ctx, who, Tenant::Any, &found)
        })
        .await?;
    Ok(Json(answer))
}

/// Passes a delivery, or returns it to the seller.
#[utoipa::path(post, path = "/api/v1/operator/supervision/{id}/actions", tag = "supervision", operation_id = "supervision_review",
    security(("access" = ["operator:supervision"])), params(("id" = String, Path)), request_body = ActBody,
    responses((status = 200, body = SupervisionCase)))]
async fn act(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    body: Body<ActBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let cmd: Act = body.value.into();
    done(&api, caller, move |tx, ctx| supervision::act(tx, ctx, Tenant::Any, id, &cmd)).await
}

domain::words! {
    /// How an appeal is decided.
    enum Verdict ("decision") { Continue = "continue", Close = "close", Refund = "refund" }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecideBody {
    /// `continue` where it stood, `close` (delivered: settled) or `refund`.
    #[schema(value_type = String)]
    decision: Verdict,
    /// Of a refund: more than 0 and at most what is not released.
    #[serde(default)]
    amount: Option<MoneyView>,
    #[schema(min_length = 1, max_length = 5000)]
    reason: String,
}

/// Decides an appeal; both sides are told with the reason.
#[utoipa::path(post, path = "/api/v1/operator/supervision/{id}/decide", tag = "supervision", operation_id = "supervision_decide",
    security(("access" = ["operator:supervision"])), params(("id" = String, Path)), request_body = DecideBody,
    responses((status = 200, body = SupervisionCase)))]
async fn decide(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    body: Body<DecideBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let b = body.value;
    let amount = b.amount.as_ref().map(|a| a.read("/amount")).transpose()?;
    let decision = match (b.decision, amount) {
        (Verdict::Continue, None) => Decision::Continue,
        (Verdict::Close, None) => Decision::Close,
        (Verdict::Refund, Some(amount)) => Decision::Refund { amount_minor: amount.minor },
        (Verdict::Refund, None) => return Err(Error::field("/amount", "supervision.amount_missing", "say how much is given back").into()),
        (_, Some(_)) => return Err(Error::field("/amount", "supervision.amount_not_wanted", "only a refund has an amount").into()),
    };
    let step = move |tx: &mut Tx, ctx: &Ctx| {
        if let Some(amount) = amount {
            let found = supervision::find(tx, ctx, Tenant::Any, id)?;
            currency_fits(tx, &found, amount)?;
        }
        supervision::decide(tx, ctx, id, decision, &b.reason)
    };
    done(&api, caller, step).await
}

/// Confirms a refund of goods that are on their way, or refuses it.
#[utoipa::path(post, path = "/api/v1/operator/supervision/{id}/refunds/steps", tag = "supervision",
    operation_id = "supervision_confirm_refund",
    security(("access" = ["operator:supervision"])), params(("id" = String, Path)), request_body = RefundStepBody,
    responses((status = 200, body = SupervisionCase)))]
async fn step_refund(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    body: Body<RefundStepBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let b = body.value;
    done(&api, caller, move |tx, ctx| b.apply(tx, ctx, Tenant::Any, id)).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CarrierBody {
    /// When the carrier handed the parcel over, not before it was shipped and not in the future.
    #[schema(value_type = String)]
    delivered_at: Timestamp,
}

/// Notes what the carrier reports; ten days later the goods are accepted by themselves.
#[utoipa::path(post, path = "/api/v1/operator/supervision/{id}/carrier-report", tag = "supervision", operation_id = "supervision_carrier",
    security(("access" = ["operator:supervision"])), params(("id" = String, Path)), request_body = CarrierBody,
    responses((status = 200, body = SupervisionCase)))]
async fn carrier(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    body: Body<CarrierBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let at = body.value.delivered_at;
    done(&api, caller, move |tx, ctx| supervision::carrier_delivered(tx, ctx, id, at)).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    #[schema(min_length = 1, max_length = 5000)]
    text: String,
}

/// Writes to both sides; it stays in the log of the case.
#[utoipa::path(post, path = "/api/v1/operator/supervision/{id}/notes", tag = "supervision", operation_id = "supervision_note",
    security(("access" = ["operator:supervision"])),
    params(("id" = String, Path)),
    request_body = NoteBody, responses((status = 200, body = SupervisionCase)))]
async fn note(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    body: Body<NoteBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let text = body.value.text;
    let reader = caller.clone();
    api.write(caller, move |tx, ctx, _| supervision::tell_both(tx, ctx, id, &text).map(drop)).await?;
    let read = move |tx: &mut Tx, ctx: &Ctx, who: &Caller| {
        let found = supervision::find(tx, ctx, Tenant::Any, id)?;
        case_view(tx, ctx, who, Tenant::Any, &found)
    };
    Ok(Json(api.read(reader, read).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TrackBody {
    /// `empowerment_cloud` or `base_cloud`; null takes it away.
    #[schema(value_type = Option<String>)]
    track: Option<Track>,
}

/// Sets the programme of a buyer's account: its orders of joint products are reviewed by the platform.
#[utoipa::path(put, path = "/api/v1/operator/accounts/{id}/track", tag = "supervision", operation_id = "account_track",
    security(("access" = ["operator:supervision"])), params(("id" = String, Path)), request_body = TrackBody,
    responses((status = 200, body = Done)))]
async fn track(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AccountId>,
    body: Body<TrackBody>,
) -> Result<Json<Done>, Problem> {
    let track = body.value.track;
    api.write(caller, move |tx, ctx, _| supervision::set_track(tx, ctx, id, track)).await?;
    Ok(DONE)
}
