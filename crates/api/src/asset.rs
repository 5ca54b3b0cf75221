//! Assets of a seller: kept, versioned, linked; and the files of those that a ticket is good for.

use crate::{
    auth::Who,
    body::{Body, Params, PathOf},
    problem::Problem,
    state::Api,
    views::{DONE, Done, time},
};
use app::{Caller, Clock, Error, Key, Tx, asset};
use axum::{
    Json,
    body::Body as Bytes,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    asset::{AssetKind, PACKAGE_BYTES_MAX},
    id::{AssetId, ProductId},
    text::Line,
};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, time::Duration};
use store::asset as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, remove))
        .routes(routes!(add_package))
        .routes(routes!(add_image))
        .routes(routes!(link, unlink))
        .routes(routes!(file))
}

#[derive(Debug, Serialize, ToSchema)]
struct AssetSummary {
    id: String,
    name: String,
    /// `software_package` or `image`.
    kind: String,
    /// How many it has.
    versions: i64,
    created_at: String,
}

fn summary(a: &rows::Asset, versions: i64) -> AssetSummary {
    let id = a.id.id::<AssetId>().to_string();
    AssetSummary { id, name: a.name.clone(), kind: a.kind.clone(), versions, created_at: time(a.created_at) }
}

#[derive(Debug, Serialize, ToSchema)]
struct AssetList {
    assets: Vec<AssetSummary>,
}

/// The caller's assets, by name; at most 100.
#[utoipa::path(get, path = "/api/v1/seller/assets", tag = "seller", operation_id = "asset_list", security(("access" = ["seller"])),
    responses((status = 200, body = AssetList)))]
async fn list(State(api): State<Api>, Who(caller): Who) -> Result<Json<AssetList>, Problem> {
    let (found, counts) = api
        .read(caller, |tx, _, who| {
            let seller = Key::of(who.account_id);
            Ok((rows::list(tx, seller)?, rows::version_counts(tx, seller)?))
        })
        .await?;
    let counts: HashMap<Key, i64> = counts.into_iter().collect();
    let assets = found.iter().map(|a| summary(a, counts.get(&a.id).copied().unwrap_or(0))).collect();
    Ok(Json(AssetList { assets }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssetBody {
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    name: Line<60>,
    /// `software_package` or `image`; never changes.
    #[schema(value_type = String)]
    kind: AssetKind,
}

/// Makes an asset; its versions are added to it.
#[utoipa::path(post, path = "/api/v1/seller/assets", tag = "seller", operation_id = "asset_add", security(("access" = ["seller"])),
    request_body = AssetBody, responses((status = 200, body = AssetSummary)))]
async fn add(State(api): State<Api>, Who(caller): Who, body: Body<AssetBody>) -> Result<Json<AssetSummary>, Problem> {
    let AssetBody { name, kind } = body.value;
    let added = api.write(caller, move |tx, ctx, who| asset::add(tx, ctx, who, kind, name.clone())).await?;
    Ok(Json(summary(&added, 0)))
}

#[derive(Debug, Serialize, ToSchema)]
struct ImageView {
    region: String,
    image_id: String,
    image_name: String,
    os_type: String,
    architecture: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct VersionView {
    version: String,
    created_at: String,
    /// Of a software package, with its length in bytes and the hex of its SHA-256.
    file_name: Option<String>,
    length: Option<i64>,
    checksum: Option<String>,
    /// Where an image lies.
    images: Vec<ImageView>,
}

/// A specification that is deployed from the asset.
#[derive(Debug, Serialize, ToSchema)]
struct LinkView {
    product: String,
    specification: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct AssetView {
    id: String,
    name: String,
    kind: String,
    created_at: String,
    /// Newest first.
    versions: Vec<VersionView>,
    links: Vec<LinkView>,
}

fn view(tx: &mut Tx, who: &Caller, id: AssetId) -> Result<AssetView, Error> {
    let found = asset::show(tx, who, id)?;
    let images = rows::images(tx, found.id)?;
    let image = |i: &rows::Image| ImageView {
        region: i.region.clone(),
        image_id: i.image_id.clone(),
        image_name: i.image_name.clone(),
        os_type: i.os_type.clone(),
        architecture: i.architecture.clone(),
    };
    let version = |v: rows::Version| VersionView {
        images: images.iter().filter(|i| i.version_id == v.id).map(image).collect(),
        version: v.version,
        created_at: time(v.created_at),
        file_name: v.file_name,
        length: v.length,
        checksum: v.hash.map(hex::encode),
    };
    let versions: Vec<_> = rows::versions(tx, found.id)?.into_iter().map(version).collect();
    let AssetSummary { id, name, kind, created_at, .. } = summary(&found, 0);
    let link = |l: rows::Link| LinkView { product: l.product_id.id::<ProductId>().to_string(), specification: l.specification };
    Ok(AssetView { id, name, kind, created_at, versions, links: rows::links(tx, found.id)?.into_iter().map(link).collect() })
}

/// An asset with its versions and what is deployed from it.
#[utoipa::path(get, path = "/api/v1/seller/assets/{id}", tag = "seller", operation_id = "asset_show", security(("access" = ["seller"])),
    params(("id" = String, Path)), responses((status = 200, body = AssetView)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<AssetId>) -> Result<Json<AssetView>, Problem> {
    Ok(Json(api.read(caller, move |tx, _, who| view(tx, who, id)).await?))
}

/// Removes an asset from which nothing is deployed.
#[utoipa::path(delete, path = "/api/v1/seller/assets/{id}", tag = "seller", operation_id = "asset_remove",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn remove(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<AssetId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| asset::remove(tx, ctx, who, id)).await?;
    Ok(DONE)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PackageParams {
    /// 1 to 32 letters, digits, points, - or _; never changes.
    #[param(value_type = String, max_length = 32)]
    version: Line<32>,
    /// A .zip, .tar or .tar.gz.
    #[param(value_type = String, max_length = 120)]
    file_name: Line<120>,
}

/// A sender may be silent for so long.
const SILENT: Duration = Duration::from_secs(60);

/// Keeps the bytes of a request as they come, up to the limit; their SHA-256 and how many they are.
async fn taken(api: &Api, name: &str, request: Request) -> Result<([u8; 32], i64), Problem> {
    let mut file = api.worker.files().begin(name).await?;
    let (mut hash, mut length) = (Sha256::new(), 0_i64);
    let mut body = request.into_body();
    loop {
        let frame = match tokio::time::timeout(SILENT, body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            // Who is silent for so long does not come back.
            Ok(Some(Err(_))) | Err(_) => {
                file.abort().await;
                return Err(Error::field("", "asset.broke_off", "the file broke off; send it again").into());
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        length += i64::try_from(data.len()).unwrap_or(i64::MAX);
        if length > PACKAGE_BYTES_MAX {
            file.abort().await;
            let detail = "a package that is sent directly has at most 1 GB".to_owned();
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", detail));
        }
        hash.update(&data);
        file.write(data).await?;
    }
    if length == 0 {
        file.abort().await;
        return Err(Error::field("", "asset.empty", "send the bytes of the file").into());
    }
    file.finish().await?;
    Ok((hash.finalize().into(), length))
}

/// Takes an installer in as a version of a software package, up to 1 GB; 100 files and 10 GB a day.
#[utoipa::path(post, path = "/api/v1/seller/assets/{id}/packages", tag = "seller", operation_id = "asset_package_add",
    security(("access" = ["seller"])),
    params(("id" = String, Path), PackageParams), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = AssetView)))]
async fn add_package(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AssetId>,
    Params(p): Params<PackageParams>,
    request: Request,
) -> Result<Json<AssetView>, Problem> {
    let mut new =
        asset::NewPackage { asset: id, version: p.version.into_string(), file_name: p.file_name.into_string(), hash: [0; 32], length: 0 };
    let first = new.clone();
    api.read(caller.clone(), move |tx, ctx, who| asset::check_package(tx, ctx, who, &first)).await?;
    let incoming = format!("assets/incoming-{}", api.app.env.ids.uuid(api.app.env.clock.wall()));
    (new.hash, new.length) = taken(&api, &incoming, request).await?;
    // What is refused now that its length is known, or because another came first, leaves no file.
    let known = new.clone();
    if let Err(refused) = api.read(caller.clone(), move |tx, ctx, who| asset::check_package(tx, ctx, who, &known)).await {
        api.worker.files().remove(&incoming).await?;
        return Err(refused.into());
    }
    // The file first: a row never names a file that is not there. Its name is its content, so a repeat changes nothing.
    api.worker.files().rename(&incoming, &asset::file(&new.hash)).await?;
    api.write(caller.clone(), move |tx, ctx, who| asset::add_package(tx, ctx, who, &new)).await?;
    Ok(Json(api.read(caller, move |tx, _, who| view(tx, who, id)).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImageBody {
    #[schema(value_type = String, min_length = 1, max_length = 32)]
    version: Line<32>,
    /// Such as `cn-north-4`.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    region: Line<64>,
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    image_id: Line<64>,
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    image_name: Line<128>,
    /// Such as `Linux`.
    #[schema(value_type = String, min_length = 1, max_length = 32)]
    os_type: Line<32>,
    /// Such as `x86` or `arm`.
    #[schema(value_type = String, min_length = 1, max_length = 16)]
    architecture: Line<16>,
}

/// Says where a version of an image lies in a region.
#[utoipa::path(post, path = "/api/v1/seller/assets/{id}/images", tag = "seller", operation_id = "asset_image_add",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), request_body = ImageBody, responses((status = 200, body = AssetView)))]
async fn add_image(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AssetId>,
    body: Body<ImageBody>,
) -> Result<Json<AssetView>, Problem> {
    let b = body.value;
    let new = asset::NewImage {
        asset: id,
        version: b.version.into_string(),
        region: b.region.into_string(),
        image_id: b.image_id.into_string(),
        image_name: b.image_name.into_string(),
        os_type: b.os_type.into_string(),
        architecture: b.architecture.into_string(),
    };
    api.write(caller.clone(), move |tx, ctx, who| asset::add_image(tx, ctx, who, new.clone())).await?;
    Ok(Json(api.read(caller, move |tx, _, who| view(tx, who, id)).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LinkParams {
    #[param(value_type = String)]
    product: ProductId,
    /// Key of a specification.
    #[param(value_type = String, max_length = 40)]
    specification: Line<40>,
}

/// Links a specification of a listed product to the asset that it is deployed from; needs no new release.
#[utoipa::path(put, path = "/api/v1/seller/assets/{id}/links", tag = "seller", operation_id = "asset_link",
    security(("access" = ["seller"])),
    params(("id" = String, Path), LinkParams), responses((status = 200, body = Done)))]
async fn link(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AssetId>,
    Params(p): Params<LinkParams>,
) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| asset::link(tx, ctx, who, id, p.product, p.specification.as_str())).await?;
    Ok(DONE)
}

/// Takes a link away.
#[utoipa::path(delete, path = "/api/v1/seller/assets/{id}/links", tag = "seller", operation_id = "asset_unlink",
    security(("access" = ["seller"])),
    params(("id" = String, Path), LinkParams), responses((status = 200, body = Done)))]
async fn unlink(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<AssetId>,
    Params(p): Params<LinkParams>,
) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| asset::unlink(tx, ctx, who, id, p.product, p.specification.as_str())).await?;
    Ok(DONE)
}

/// The bytes of a package, for who has an address of it that is still good.
#[utoipa::path(get, path = "/api/v1/asset-files/{ticket}", tag = "storefront", operation_id = "asset_file",
    security(("access" = ["public"])),
    params(("ticket" = String, Path)), responses((status = 200, content((Vec<u8> = "application/octet-stream")))))]
async fn file(State(api): State<Api>, PathOf(ticket): PathOf<Line<400>>) -> Result<Response, Problem> {
    let found = api.app.read(app::Actor::Anybody, move |tx, ctx| asset::file_of(tx, ctx, ticket.as_str())).await?;
    let (length, bytes) = api.worker.files().read(&asset::file(&found.hash.unwrap_or_default())).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", found.file_name.unwrap_or_default())),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Bytes::from_stream(bytes)).into_response())
}
