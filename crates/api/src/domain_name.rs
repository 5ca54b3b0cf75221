//! Domains of a seller: added, proved, removed.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    problem::Problem,
    state::Api,
    views::{DONE, Done, time, times},
};
use app::{Error, Key, interface::domain_name};
use axum::{Json, extract::State};
use domain::text::Line;
use serde::{Deserialize, Serialize};
use store::domain_name::SellerDomain;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(remove)).routes(routes!(prove))
}

#[derive(Debug, Serialize, ToSchema)]
struct DomainView {
    id: String,
    name: String,
    created_at: String,
    /// None while it is not proved.
    proven_at: Option<String>,
    /// `file` or `dns`.
    proven_by: Option<String>,
    /// The text of file or record.
    proof: String,
    /// Where the file is looked for.
    file_url: String,
    /// The name of the DNS record of type TXT.
    record_name: String,
}

fn view(d: SellerDomain) -> DomainView {
    DomainView {
        id: hex::encode(d.id.0),
        created_at: time(d.created_at),
        proven_at: times(d.proven_at),
        proven_by: d.proven_by,
        proof: d.proof,
        file_url: domain_name::file_url(&d.name),
        record_name: domain_name::record_name(&d.name),
        name: d.name,
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct DomainList {
    domains: Vec<DomainView>,
}

/// The caller's domains, by name; at most 20.
#[utoipa::path(get, path = "/api/v1/seller/domains", tag = "seller", operation_id = "domain_list", security(("access" = ["seller"])),
    responses((status = 200, body = DomainList)))]
async fn list(State(api): State<Api>, Who(caller): Who) -> Result<Json<DomainList>, Problem> {
    let found = api.read(caller, |tx, _, who| Ok(store::domain_name::list(tx, Key::of(who.account_id))?)).await?;
    Ok(Json(DomainList { domains: found.into_iter().map(view).collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DomainBody {
    /// Such as `example.com`.
    #[schema(value_type = String, min_length = 1, max_length = 260)]
    name: Line<260>,
}

/// Adds a main domain; its interface addresses may lie there once it is proved.
#[utoipa::path(post, path = "/api/v1/seller/domains", tag = "seller", operation_id = "domain_add", security(("access" = ["seller"])),
    request_body = DomainBody, responses((status = 200, body = DomainView)))]
async fn add(State(api): State<Api>, Who(caller): Who, body: Body<DomainBody>) -> Result<Json<DomainView>, Problem> {
    let name = body.value.name;
    let added = api.write(caller, move |tx, ctx, who| domain_name::add(tx, ctx, who, name.as_str())).await?;
    Ok(Json(view(added)))
}

/// Removes a domain where no address lies.
#[utoipa::path(delete, path = "/api/v1/seller/domains/{id}", tag = "seller", operation_id = "domain_remove",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn remove(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<Line<40>>) -> Result<Json<Done>, Problem> {
    let id = key(&id)?;
    api.write(caller, move |tx, ctx, who| domain_name::remove(tx, ctx, who, id)).await?;
    Ok(DONE)
}

/// Looks for the proof, in the file and in DNS.
#[utoipa::path(post, path = "/api/v1/seller/domains/{id}/prove", tag = "seller", operation_id = "domain_prove",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), responses((status = 200, body = DomainView)))]
async fn prove(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<Line<40>>) -> Result<Json<DomainView>, Problem> {
    let id = key(&id)?;
    let found = api.read(caller.clone(), move |tx, _, who| domain_name::show(tx, who, id)).await?;
    let by =
        worker::domain_proof(api.worker.client(), &api.app.env.settings.dns_servers, &found.name, &found.proof).await.map_err(|why| {
            let detail = format!("the proof was not found: {}", why.join("; "));
            Error::conflict("interface.domain_not_proven", detail)
        })?;
    let proved = api.write(caller, move |tx, ctx, who| domain_name::proved(tx, ctx, who, id, by)).await?;
    Ok(Json(view(proved)))
}

/// The key that a domain's id stands for.
fn key(id: &Line<40>) -> Result<Key, Error> {
    let mut key = [0; 16];
    hex::decode_to_slice(id.as_str(), &mut key).map_err(|_| Error::not_found("interface.domain_not_found", "there is no such domain"))?;
    Ok(Key(key))
}
