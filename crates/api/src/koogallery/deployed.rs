//! The deployed objects of an asset, for programs that deploy it (`open-api 5`).

use super::{
    gateway::Signed,
    order_query::parameter,
    refusal::{GatewayError, Refusal, ServiceError, Unauthorized},
};
use crate::{sign_on::issuer, state::Api};
use app::asset::{self, Deployed, Wanted};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Uri},
};
use domain::asset::AssetKind;
use std::collections::HashMap;
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::open_api::{
    asset::{DeployedAnswer, DeployedObject, ImageObject, PackageObject},
    order_query::SUCCESS,
};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(query))
}

fn wanted(uri: &Uri) -> Result<Wanted, Refusal> {
    let mut given: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned() {
        given.entry(name).or_default().push(value);
    }
    let kind = parameter(&given, "deployed_type")?.ok_or_else(|| Refusal::missing("deployed_type"))?;
    let all = match parameter(&given, "query_all")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refusal::invalid("query_all is true or false")),
    };
    Ok(Wanted {
        asset: parameter(&given, "asset_id")?.ok_or_else(|| Refusal::missing("asset_id"))?,
        kind: kind.parse::<AssetKind>().map_err(|_| Refusal::invalid("deployed_type is software_package or image"))?,
        region: parameter(&given, "region")?,
        version: parameter(&given, "asset_version")?,
        all,
    })
}

fn view(found: Deployed, wanted: &Wanted, root: &str) -> DeployedObject {
    let created = found.created_at().to_string();
    let package = |ticket: String| PackageObject {
        package_name: found.version.file_name.clone().unwrap_or_default(),
        internal_path: format!("{root}/api/v1/asset-files/{ticket}"),
        checksum: found.version.hash.as_ref().map(hex::encode).unwrap_or_default(),
    };
    DeployedObject {
        asset_id: found.asset.to_string(),
        deployed_type: wanted.kind.to_string(),
        version_id: hex::encode(found.version.id.0),
        region: found.image.as_ref().map_or_else(|| wanted.region.clone(), |i| Some(i.region.clone())),
        software_pkg_deployed_object: found.ticket.clone().map(package),
        image_deployed_object: found.image.map(|i| ImageObject {
            image_id: i.image_id,
            image_name: i.image_name,
            os_type: i.os_type,
            create_time: created,
            architecture: i.architecture,
        }),
        version: found.version.version,
    }
}

/// What an asset of the caller's, or of what the caller has bought, is deployed from: the newest version, the one
/// asked for, or all.
#[utoipa::path(get, path = "/api/mkp-openapi-public/v1/asset/deployed-object", tag = "koogallery", operation_id = "asset_deployed_object",
    security(("access" = ["user"])),
    params(("asset_id" = String, Query, max_length = 64),
        ("deployed_type" = String, Query, max_length = 64, description = "software_package or image"),
        ("region" = Option<String>, Query, max_length = 64), ("asset_version" = Option<String>, Query, max_length = 64),
        ("query_all" = Option<String>, Query, max_length = 5, description = "true: every version in every region")),
    responses((status = 200, body = DeployedAnswer), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 404, body = GatewayError), (status = 429, body = GatewayError), (status = 500, body = ServiceError)))]
async fn query(State(api): State<Api>, Signed(caller): Signed, headers: HeaderMap, uri: Uri) -> Result<Json<DeployedAnswer>, Refusal> {
    let (wanted, root) = (wanted(&uri)?, issuer(&headers));
    let asked = wanted.clone();
    let found = api.read(caller, move |tx, ctx, who| asset::deployed(tx, ctx, who, &asked)).await?;
    let data = found.into_iter().map(|d| view(d, &wanted, &root)).collect();
    Ok(Json(DeployedAnswer { error_code: SUCCESS.to_owned(), error_msg: "success".to_owned(), data }))
}
