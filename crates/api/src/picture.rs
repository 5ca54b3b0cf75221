//! Pictures of products and shops: sent by sellers, shown to everybody.

use crate::{
    auth::Who,
    body::{Flag, Params, PathOf, Raw},
    problem::Problem,
    state::Api,
};
use app::{Error, picture};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    id::PictureId,
    picture::{BYTES_MAX, Form, PictureKind},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload)).routes(routes!(show))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UploadParams {
    /// `logo` (120 × 120), `main` (800 × 600) or `brand` (780 × 440 pixels).
    #[param(value_type = String)]
    kind: PictureKind,
    /// `true`: only check it, and say its id when it is there already.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    dry_run: Flag,
}

#[derive(Debug, Serialize, ToSchema)]
struct PictureView {
    /// Null on a dry run for a picture that is new.
    id: Option<String>,
    kind: String,
    media_type: String,
    /// Where it is shown.
    url: Option<String>,
}

fn view(kind: PictureKind, media_type: &str, id: Option<PictureId>) -> Json<PictureView> {
    Json(PictureView {
        id: id.map(|id| id.to_string()),
        kind: kind.to_string(),
        media_type: media_type.to_owned(),
        url: id.map(|id| format!("/api/v1/pictures/{id}")),
    })
}

/// What the bytes themselves say they are; the name of a file does not count.
fn form(bytes: &[u8]) -> Result<Form, Error> {
    let unknown = || Error::field("", "picture.unreadable", "send a PNG, JPEG or GIF picture");
    let media_type = match imagesize::image_type(bytes) {
        Ok(imagesize::ImageType::Png) => "image/png",
        Ok(imagesize::ImageType::Jpeg) => "image/jpeg",
        Ok(imagesize::ImageType::Gif) => "image/gif",
        Ok(_) | Err(_) => return Err(unknown()),
    };
    let size = imagesize::blob_size(bytes).map_err(|_| unknown())?;
    Ok(Form { media_type, width: size.width, height: size.height, bytes: bytes.len() })
}

/// Takes a picture in: PNG or JPEG, main pictures also GIF, of the size that its kind must have, up to 5 MB.
/// The same picture again is the same picture.
#[utoipa::path(post, path = "/api/v1/pictures", tag = "seller", operation_id = "picture_upload", security(("access" = ["user"])),
    params(UploadParams), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = PictureView)))]
async fn upload(
    State(api): State<Api>,
    Who(caller): Who,
    Params(p): Params<UploadParams>,
    Raw(bytes): Raw<BYTES_MAX>,
) -> Result<Json<PictureView>, Problem> {
    let form = form(&bytes)?;
    p.kind.check(form).map_err(|e| Error::field("", "picture.bad_form", e.to_string()))?;
    let new = picture::NewPicture {
        kind: p.kind,
        media_type: form.media_type,
        hash: picture::hash(&bytes),
        length: i64::try_from(form.bytes).unwrap_or(i64::MAX),
    };
    if p.dry_run.0 {
        let hash = new.hash;
        let known = api.read(caller, move |tx, _, who| picture::known(tx, who, p.kind, &hash)).await?;
        return Ok(view(p.kind, form.media_type, known));
    }
    // The file first: a row never names a file that is not there. Its name is its content, so a repeat changes nothing.
    api.worker.files().put(&picture::file(&new.hash), bytes).await?;
    let row = api.write(caller, move |tx, ctx, who| picture::add(tx, ctx, who, &new)).await?;
    Ok(view(p.kind, &row.media_type, Some(row.id.id())))
}

/// The bytes of a picture, which never change.
#[utoipa::path(get, path = "/api/v1/pictures/{id}", tag = "storefront", operation_id = "picture_show", security(("access" = ["public"])),
    params(("id" = String, Path)),
    responses((status = 200, content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"))),
              (status = 304, description = "the browser has it")))]
async fn show(State(api): State<Api>, headers: HeaderMap, PathOf(id): PathOf<PictureId>) -> Result<Response, Problem> {
    let tag = format!("\"{id}\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == tag.as_bytes()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let row = api.app.read(app::Actor::Anybody, move |tx, _| picture::find(tx, id)).await?;
    let bytes = api.worker.files().get(&picture::file(&row.hash)).await?;
    let headers = [
        (header::CONTENT_TYPE, row.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::ETAG, tag),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}
