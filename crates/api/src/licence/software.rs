//! What the buyer's software asks with nothing but its code: seats, and files for machines without network. The code
//! is as hard to guess as a token and says whose it is; a wrong one is refused before anything is written.

use crate::{
    body::{Body, PathOf},
    problem::Problem,
    state::Api,
    views::{DONE, Done, shown_end, time},
};
use app::{Actor, Error, Key, Tenant, licence, micros};
use axum::{Json, extract::State};
use domain::{id::AccountId, licence_rules::Standing, text::Line};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(take))
        .routes(routes!(renew))
        .routes(routes!(give_back))
        .routes(routes!(file))
        .routes(routes!(key_set))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TakeSeatBody {
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    code: Line<64>,
    /// A stable id of the end user: an account, or a device.
    #[schema(value_type = String, min_length = 1, max_length = 256)]
    client: Line<256>,
    /// MAC addresses, disk, board and CPU serials, joined by `|`; needed when the licence is bound to machines.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1024)]
    fingerprint: Option<Line<1024>>,
    /// Takes the seat of another when none is free and the rules allow it.
    #[serde(default)]
    take_over: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeaseBody {
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    code: Line<64>,
    #[schema(value_type = String, min_length = 32, max_length = 32)]
    lease: Line<32>,
}

/// A seat that a client holds.
#[derive(Debug, Serialize, ToSchema)]
struct SeatLease {
    lease: String,
    /// Renew it before then.
    lease_until: String,
    /// Held now, and bought.
    held: i64,
    seats: i64,
    /// `valid`, or `grace` after the end of the term.
    standing: &'static str,
    /// The last second of the term.
    expires_at: Option<String>,
    /// Feature code to its value.
    features: BTreeMap<String, String>,
    /// The same, signed by a key of the seller's (JWS, Ed25519), good until the lease is over.
    token: String,
}

impl From<licence::Taken> for SeatLease {
    fn from(t: licence::Taken) -> Self {
        Self {
            lease: licence::lease_text(t.seat.lease),
            lease_until: time(t.seat.lease_until),
            held: t.held,
            seats: t.seats,
            standing: if t.right.standing == Standing::Valid { "valid" } else { "grace" },
            expires_at: shown_end(t.right.expires_at.map(micros)),
            features: t.right.rules.features.iter().map(|f| (f.code.clone(), f.value.to_string())).collect(),
            token: t.token,
        }
    }
}

/// Whose software it is, in whose share it asks: the buyer's, or the seller's for a test code. Refuses a code that is none before a
/// write waits for it.
async fn owner(api: &Api, code: &str) -> Result<Actor, Problem> {
    let code = code.to_owned();
    let found = api.app.read_at_the_edge(move |tx, _| Ok::<_, Error>(store::licence::by_code(tx, Tenant::Any, &code)?)).await?;
    let missing = || Error::not_found("licence.not_found", "there is no such code; look for a typing error");
    let licence = found.ok_or_else(missing)?;
    Ok(Actor::Software(licence.buyer_id.unwrap_or(licence.seller_id)))
}

/// Leases a seat to a client. The first use activates the code.
#[utoipa::path(post, path = "/api/v1/licence-seats/take", tag = "licences", operation_id = "licence_seat_take",
    security(("access" = ["public"])),
    request_body = TakeSeatBody, responses((status = 200, body = SeatLease)))]
async fn take(State(api): State<Api>, body: Body<TakeSeatBody>) -> Result<Json<SeatLease>, Problem> {
    let b = body.value;
    let owner = owner(&api, b.code.as_str()).await?;
    let cmd = licence::Take {
        code: b.code.into_string(),
        client: b.client.into_string(),
        fingerprint: b.fingerprint.map(Line::into_string),
        take_over: b.take_over,
    };
    let taken = api.app.write(owner, move |tx, ctx| licence::take(tx, ctx, &cmd)).await;
    api.worker.wake();
    Ok(Json(taken?.into()))
}

/// Makes a lease last as long again from now.
#[utoipa::path(post, path = "/api/v1/licence-seats/renew", tag = "licences", operation_id = "licence_seat_renew",
    security(("access" = ["public"])),
    request_body = LeaseBody, responses((status = 200, body = SeatLease)))]
async fn renew(State(api): State<Api>, body: Body<LeaseBody>) -> Result<Json<SeatLease>, Problem> {
    let b = body.value;
    let owner = owner(&api, b.code.as_str()).await?;
    let renewed = api.app.write(owner, move |tx, ctx| licence::renew(tx, ctx, b.code.as_str(), b.lease.as_str())).await?;
    Ok(Json(renewed.into()))
}

/// Frees a seat; a second time changes nothing.
#[utoipa::path(post, path = "/api/v1/licence-seats/return", tag = "licences", operation_id = "licence_seat_return",
    security(("access" = ["public"])),
    request_body = LeaseBody, responses((status = 200, body = Done)))]
async fn give_back(State(api): State<Api>, body: Body<LeaseBody>) -> Result<Json<Done>, Problem> {
    let b = body.value;
    let owner = owner(&api, b.code.as_str()).await?;
    api.app.write(owner, move |tx, _| licence::give_back(tx, b.code.as_str(), b.lease.as_str())).await?;
    Ok(DONE)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LicenceFileBody {
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    code: Line<64>,
    /// Of the machine that it is for; needed when the licence is bound to machines.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1024)]
    fingerprint: Option<Line<1024>>,
}

/// A signed licence.
#[derive(Debug, Serialize, ToSchema)]
struct LicenceFileView {
    file_name: String,
    /// A JSON Web Signature with Ed25519, to be verified with the seller's public keys without network.
    file: String,
    /// It works until then, exclusive; null for one without an end.
    until: Option<String>,
}

/// Signs a licence file for a machine without network. The first use activates the code.
#[utoipa::path(post, path = "/api/v1/licence-files", tag = "licences", operation_id = "licence_file_issue",
    security(("access" = ["public"])),
    request_body = LicenceFileBody, responses((status = 200, body = LicenceFileView)))]
async fn file(State(api): State<Api>, body: Body<LicenceFileBody>) -> Result<Json<LicenceFileView>, Problem> {
    let (code, fingerprint) = (body.value.code.into_string(), body.value.fingerprint.map(Line::into_string));
    let owner = owner(&api, &code).await?;
    let file_name = format!("{code}.licence");
    let made = api.app.write(owner, move |tx, ctx| licence::issue_file(tx, ctx, &code, fingerprint.as_deref())).await;
    api.worker.wake();
    let made = made?;
    Ok(Json(LicenceFileView { file_name, file: made.text, until: made.end.map(|end| time(micros(end))) }))
}

/// The public keys that a seller's licence files and leases are verified with (RFC 7517, RFC 8037); the first one signs.
#[utoipa::path(get, path = "/api/v1/sellers/{id}/licence-keys", tag = "licences", operation_id = "licence_key_set",
    security(("access" = ["public"])),
    params(("id" = String, Path)), responses((status = 200, body = Value)))]
async fn key_set(State(api): State<Api>, PathOf(id): PathOf<AccountId>) -> Result<Json<Value>, Problem> {
    Ok(Json(api.app.read(Actor::Anybody, move |tx, _| licence::key_set(tx, Key::of(id))).await?))
}
