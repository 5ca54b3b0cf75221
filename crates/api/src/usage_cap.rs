//! Caps of what an instance may be charged for the use of a month: each side sets its own and sees both.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    instance::find,
    problem::Problem,
    state::Api,
    views::{MoneyView, money},
};
use app::{Error, Tenant, usage};
use axum::{Json, extract::State};
use domain::{
    id::InstanceId,
    money::Currency,
    usage::{CapAction, CapSide, in_force},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show, set))
}

/// The cap of one side.
#[derive(Debug, Serialize, ToSchema)]
struct CapView {
    /// `buyer` or `seller`.
    side: String,
    amount: MoneyView,
    /// At 100 %: `freeze` the instance until the month ends, or `refuse` further records.
    action: String,
    /// It is the lower one.
    in_force: bool,
    /// This month it is reached, or refused a record.
    reached: bool,
}

/// The caps of an instance, and how far the month has come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CapsView {
    caps: Vec<CapView>,
    /// yyyy-MM at the site.
    month: String,
    /// What the use of the month was charged as.
    charged: MoneyView,
    /// When the month ends.
    until: String,
    /// The instance is frozen because a cap is reached.
    stopped: bool,
}

fn view(found: usage::Caps, currency: Currency) -> CapsView {
    let counts = in_force(found.all.iter().copied());
    let cap = |c: &domain::usage::Cap| CapView {
        side: c.side.to_string(),
        amount: money(c.amount_minor, currency),
        action: c.action.to_string(),
        in_force: counts == Some(*c),
        reached: found.reached.contains(&c.side),
    };
    CapsView {
        caps: found.all.iter().map(cap).collect(),
        month: found.month,
        charged: money(found.charged_minor, currency),
        until: found.until.to_string(),
        stopped: found.stopped,
    }
}

/// What an on-demand instance may be charged for the use of a month, as its buyer and its seller said.
#[utoipa::path(get, path = "/api/v1/instances/{id}/usage-cap", tag = "usage", operation_id = "usage_cap_show",
    security(("access" = ["user"])), params(("id" = String, Path)), responses((status = 200, body = CapsView)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<CapsView>, Problem> {
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let (found, _) = find(tx, who, id)?;
            let currency = app::instance::currency(tx, ctx, &found)?;
            Ok(view(usage::caps(tx, ctx, &found)?, currency))
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CapBody {
    /// The most that the use of a month is charged as; null removes the cap.
    amount: Option<MoneyView>,
    /// `freeze` or `refuse`; `freeze` when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 10)]
    action: Option<CapAction>,
    /// `buyer` or `seller`, when the caller is both; else as who they have the instance.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 10)]
    side: Option<CapSide>,
}

/// Sets the cap of the caller's side of an on-demand instance, or removes it. The lower cap of the two sides counts.
#[utoipa::path(put, path = "/api/v1/instances/{id}/usage-cap", tag = "usage", operation_id = "usage_cap_set",
    security(("access" = ["user"])), params(("id" = String, Path)), request_body = CapBody,
    responses((status = 200, body = CapsView)))]
async fn set(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    body: Body<CapBody>,
) -> Result<Json<CapsView>, Problem> {
    let CapBody { amount, action, side } = body.value;
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let (found, tenant) = find(tx, who, id)?;
            let side = match (side, tenant) {
                (Some(side), Tenant::Buyer(_) | Tenant::Seller(_)) => side,
                (None, Tenant::Buyer(_)) => CapSide::Buyer,
                (None, Tenant::Seller(_)) => CapSide::Seller,
                (_, Tenant::Any) => {
                    return Err(Error::forbidden("auth.wrong_role", "a cap is set by the buyer or the seller of an instance"));
                }
            };
            let currency = app::instance::currency(tx, ctx, &found)?;
            let wanted = match &amount {
                None => None,
                Some(amount) => {
                    let read = amount.read("/amount")?;
                    if read.currency != currency {
                        return Err(Error::field("/amount/currency", "money.currency", format!("the instance is paid in {currency}")));
                    }
                    Some((read.minor, action.unwrap_or(CapAction::Freeze)))
                }
            };
            Ok(view(usage::set_cap(tx, ctx, who, side, id, wanted)?, currency))
        })
        .await?;
    Ok(Json(answer))
}
