//! What the public SDK cores ask of the identity service before their first call (`open-api 1`).

use super::{
    gateway::Signed,
    refusal::{GatewayError, Refusal},
};
use crate::state::Api;
use axum::{Json, http::Uri};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(domains)).routes(routes!(projects))
}

#[derive(Debug, Serialize, ToSchema)]
struct IamDomain {
    /// The account's id.
    id: String,
    name: String,
    enabled: bool,
}

/// No links: the list is whole.
#[derive(Debug, Serialize, ToSchema)]
struct IamLinks {}

#[derive(Debug, Serialize, ToSchema)]
struct IamDomains {
    domains: Vec<IamDomain>,
    links: IamLinks,
}

/// The account of the access key, as the SDK cores look it up.
#[utoipa::path(get, path = "/v3/auth/domains", tag = "koogallery", operation_id = "iam_domains", security(("access" = ["user"])),
    responses((status = 200, body = IamDomains), (status = 401, body = GatewayError), (status = 429, body = GatewayError)))]
async fn domains(Signed(caller): Signed) -> Result<Json<IamDomains>, Refusal> {
    let domain = IamDomain { id: caller.account_id.to_string(), name: caller.account_name.clone(), enabled: true };
    Ok(Json(IamDomains { domains: vec![domain], links: IamLinks {} }))
}

#[derive(Debug, Serialize, ToSchema)]
struct IamProject {
    id: String,
    name: String,
    domain_id: String,
    enabled: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct IamProjects {
    projects: Vec<IamProject>,
    links: IamLinks,
}

/// One project per region name, which is the account itself: this platform has no regions.
#[utoipa::path(get, path = "/v3/projects", tag = "koogallery", operation_id = "iam_projects", security(("access" = ["user"])),
    params(("name" = Option<String>, Query, description = "name of a region")),
    responses((status = 200, body = IamProjects), (status = 401, body = GatewayError), (status = 429, body = GatewayError)))]
async fn projects(Signed(caller): Signed, uri: Uri) -> Result<Json<IamProjects>, Refusal> {
    let mut pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let name = pairs.find(|(name, _)| name == "name").map_or_else(|| "default".to_owned(), |(_, value)| value.chars().take(64).collect());
    let account = caller.account_id.to_string();
    let project = IamProject { id: account.clone(), name, domain_id: account, enabled: true };
    Ok(Json(IamProjects { projects: vec![project], links: IamLinks {} }))
}
