//! What a licence allows and who uses it, for its buyer and seller; what they may take back; the seller's keys.

use super::rules::LicenceRulesBody;
use crate::{
    auth::Who,
    body::{Body, PathOf},
    problem::Problem,
    state::Api,
    views::{DONE, Done, time},
};
use app::{Caller, Error, Key, Tenant, Tx, licence};
use axum::{Json, extract::State};
use domain::{id::NodeId, licence_rules::Standing, text::Line};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(release_node)).routes(routes!(release_seat)).routes(routes!(keys, new_key))
}

#[derive(Debug, Serialize, ToSchema)]
struct HeldSeat {
    slot: i64,
    client: String,
    /// The machine that holds it, when machines are bound.
    node: Option<String>,
    taken_at: String,
    renewed_at: String,
    lease_until: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct BoundNode {
    id: String,
    bound_at: String,
    seen_at: String,
}

/// What a licence allows by the rules of its specification.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LicenceRights {
    /// `valid`, `grace` or `over`.
    standing: &'static str,
    grace_until: Option<String>,
    rules: LicenceRulesBody,
    /// All seats and machines that were bought; null when they are not counted.
    seats: Option<i64>,
    nodes: Option<i64>,
    held: Vec<HeldSeat>,
    bound: Vec<BoundNode>,
}

impl From<licence::Holding> for LicenceRights {
    fn from(h: licence::Holding) -> Self {
        let node_text = |key: Key| key.id::<NodeId>().to_string();
        let (standing, grace_until) = match h.right.standing {
            Standing::Valid => ("valid", None),
            Standing::Grace { until } => ("grace", Some(time(app::micros(until)))),
            Standing::Over => ("over", None),
        };
        let seat = |s: store::licence_seat::Seat| HeldSeat {
            slot: s.slot,
            client: s.client,
            node: s.node_id.map(node_text),
            taken_at: time(s.taken_at),
            renewed_at: time(s.renewed_at),
            lease_until: time(s.lease_until),
        };
        let node = |n: store::licence_node::Node| BoundNode { id: node_text(n.id), bound_at: time(n.bound_at), seen_at: time(n.seen_at) };
        Self {
            standing,
            grace_until,
            rules: LicenceRulesBody::of(&h.right.rules),
            seats: h.right.seats(),
            nodes: h.right.nodes(),
            held: h.seats.into_iter().map(seat).collect(),
            bound: h.nodes.into_iter().map(node).collect(),
        }
    }
}

/// The side on which the caller has a code.
fn side_of(tx: &mut Tx, who: &Caller, code: &str) -> Result<Tenant, Error> {
    for tenant in crate::order::any_tenant(who) {
        if store::licence::by_code(tx, tenant, code)?.is_some() {
            return Ok(tenant);
        }
    }
    Err(Error::not_found("licence.not_found", "there is no such licence"))
}

/// Nothing is said beside the path.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseBody {}

/// Frees the place of a machine that a licence is bound to. The buyer does so as often as the rules say.
#[utoipa::path(post, path = "/api/v1/licences/{code}/nodes/{node}/release", tag = "licences", operation_id = "licence_node_release",
    security(("access" = ["user"])), params(("code" = String, Path, max_length = 64), ("node" = String, Path)), request_body = ReleaseBody,
    responses((status = 200, body = Done)))]
async fn release_node(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf((code, node)): PathOf<(Line<64>, NodeId)>,
    _: Body<ReleaseBody>,
) -> Result<Json<Done>, Problem> {
    let unit = move |tx: &mut Tx, ctx: &app::Ctx, who: &Caller| {
        let tenant = side_of(tx, who, code.as_str())?;
        licence::release_node(tx, ctx, tenant, code.as_str(), Key::of(node))
    };
    api.write(caller, unit).await?;
    Ok(DONE)
}

/// Puts a client out of its seat; its next renewal is refused.
#[utoipa::path(post, path = "/api/v1/licences/{code}/seats/{slot}/release", tag = "licences", operation_id = "licence_seat_release",
    security(("access" = ["user"])), params(("code" = String, Path, max_length = 64), ("slot" = u32, Path)), request_body = ReleaseBody,
    responses((status = 200, body = Done)))]
async fn release_seat(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf((code, slot)): PathOf<(Line<64>, u32)>,
    _: Body<ReleaseBody>,
) -> Result<Json<Done>, Problem> {
    let unit = move |tx: &mut Tx, ctx: &app::Ctx, who: &Caller| {
        let tenant = side_of(tx, who, code.as_str())?;
        licence::release_seat(tx, ctx, tenant, code.as_str(), i64::from(slot))
    };
    api.write(caller, unit).await?;
    Ok(DONE)
}

/// A key that signs licence files and leases.
#[derive(Debug, Serialize, ToSchema)]
struct LicenceKeyView {
    id: String,
    /// The 32 bytes of the public key, base64url.
    x: String,
    created_at: String,
    /// The newest one.
    signs: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct LicenceKeys {
    keys: Vec<LicenceKeyView>,
    /// Where the same is published as a JSON Web Key Set.
    published_at: String,
}

fn keys_of(tx: &mut Tx, who: &Caller) -> Result<LicenceKeys, Error> {
    let rows = store::licence_key::of_seller(tx, Key::of(who.account_id))?;
    let view = |(i, row): (usize, store::licence_key::LicenceKey)| LicenceKeyView {
        id: hex::encode(row.id.0),
        x: wire::licence_file::base64url(&row.public_key),
        created_at: time(row.created_at),
        signs: i == 0,
    };
    let published_at = format!("/api/v1/sellers/{}/licence-keys", who.account_id);
    Ok(LicenceKeys { keys: rows.into_iter().enumerate().map(view).collect(), published_at })
}

/// The caller's keys, the newest first; none before the first file, lease or key was made.
#[utoipa::path(get, path = "/api/v1/seller/licence-keys", tag = "licences", operation_id = "licence_keys",
    security(("access" = ["seller"])),
    responses((status = 200, body = LicenceKeys)))]
async fn keys(State(api): State<Api>, Who(caller): Who) -> Result<Json<LicenceKeys>, Problem> {
    Ok(Json(api.read(caller, |tx, _, who| keys_of(tx, who)).await?))
}

/// Makes a new key, which signs from now on; programs that know only the older ones refuse what it signs.
#[utoipa::path(post, path = "/api/v1/seller/licence-keys", tag = "licences", operation_id = "licence_key_make",
    security(("access" = ["seller"])),
    request_body = ReleaseBody, responses((status = 200, body = LicenceKeys)))]
async fn new_key(State(api): State<Api>, Who(caller): Who, _: Body<ReleaseBody>) -> Result<Json<LicenceKeys>, Problem> {
    let unit = |tx: &mut Tx, ctx: &app::Ctx, who: &Caller| {
        licence::new_key(tx, ctx, who)?;
        keys_of(tx, who)
    };
    Ok(Json(api.write(caller, unit).await?))
}
