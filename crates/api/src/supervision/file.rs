//! Files of cases and forms of sellers: sent, shown, downloaded.

use super::view::{AsParams, side, tenant_of};
use crate::{
    auth::Who,
    body::{Params, PathOf, Raw},
    problem::Problem,
    state::Api,
    views::time,
};
use app::supervision;
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    access::Role,
    id::{DocumentId, SupervisionId},
    supervision::{EvidenceKind, FILE_BYTES_MAX, Preview, check_file, media_type, preview},
};
use serde::{Deserialize, Serialize};
use store::document::Document;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload)).routes(routes!(download)).routes(routes!(upload_form)).routes(routes!(form))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentView {
    id: String,
    kind: String,
    name: String,
    length: i64,
    /// Lower hexadecimal SHA-256.
    sha256: String,
    created_at: String,
    url: String,
    /// How a page may show it: `picture`, `document`, `text`; null when it is only downloaded.
    preview: Option<&'static str>,
}

impl DocumentView {
    pub fn of(d: &Document, case: Option<SupervisionId>) -> Self {
        let id = d.id.id::<DocumentId>();
        Self {
            id: id.to_string(),
            kind: d.kind.clone(),
            name: d.name.clone(),
            length: d.length,
            sha256: hex::encode(&d.hash),
            created_at: time(d.created_at),
            url: case.map_or_else(|| format!("/api/v1/documents/{id}"), |case| format!("/api/v1/supervision/{case}/documents/{id}")),
            preview: preview(&d.name).map(|p| match p {
                Preview::Picture => "picture",
                Preview::Document => "document",
                Preview::Text => "text",
            }),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UploadParams {
    #[serde(default, rename = "as")]
    #[param(value_type = Option<String>)]
    role: Option<Role>,
    /// What it proves, such as `acceptance`.
    #[param(value_type = String)]
    kind: EvidenceKind,
    /// .pdf .doc .docx .xls .xlsx .png .jpg .jpeg .txt .zip .rar .lic
    #[param(max_length = 120)]
    name: String,
}

/// Keeps the bytes before the row that names them: a row never names a file that is not there.
async fn kept(api: &Api, new: supervision::NewDocument) -> Result<supervision::NewDocument, Problem> {
    check_file(&new.name, &new.content).map_err(|e| app::Error::field("/name", e.code(), e.to_string()))?;
    let hash = <sha2::Sha256 as sha2::Digest>::digest(&new.content);
    api.worker.files().put(&supervision::file(&hash), new.content.clone()).await?;
    Ok(new)
}

/// Sends a file to a case; it waits for the action that names it, a week at most.
#[utoipa::path(post, path = "/api/v1/supervision/{id}/documents", tag = "supervision", operation_id = "supervision_document_add",
    security(("access" = ["user"])), params(("id" = String, Path), UploadParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 200, body = DocumentView)))]
async fn upload(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    Params(p): Params<UploadParams>,
    Raw(content): Raw<FILE_BYTES_MAX>,
) -> Result<Json<DocumentView>, Problem> {
    api.read(caller.clone(), move |tx, _, who| side(tx, who, p.role, id).map(|_| ())).await?;
    let new = kept(&api, supervision::NewDocument { name: p.name, kind: p.kind, content }).await?;
    let row = api
        .write(caller, move |tx, ctx, who| {
            let tenant = side(tx, who, p.role, id)?;
            supervision::add_document(tx, ctx, who, tenant, id, &new)
        })
        .await?;
    Ok(Json(DocumentView::of(&row, Some(id))))
}

#[derive(Debug, Deserialize)]
struct DocumentPath {
    id: SupervisionId,
    document: DocumentId,
}

/// A file of a case. What a page may show is served to be shown, everything else as a download; nothing in it runs.
#[utoipa::path(get, path = "/api/v1/supervision/{id}/documents/{document}", tag = "supervision", operation_id = "supervision_document",
    security(("access" = ["user"])), params(("id" = String, Path), ("document" = String, Path), AsParams),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn download(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(path): PathOf<DocumentPath>,
    Params(p): Params<AsParams>,
) -> Result<Response, Problem> {
    let row = api
        .read(caller, move |tx, ctx, who| {
            let tenant = tenant_of(tx, who, p.role, path.id)?;
            supervision::document_of_case(tx, ctx, who, tenant, path.id, path.document)
        })
        .await?;
    served(&api, &row).await
}

async fn served(api: &Api, row: &Document) -> Result<Response, Problem> {
    let bytes = api.worker.files().get(&supervision::file(&row.hash)).await?;
    let shown = if preview(&row.name).is_some() { "inline" } else { "attachment" };
    let name = percent_encoding::utf8_percent_encode(&row.name, percent_encoding::NON_ALPHANUMERIC);
    let headers = [
        (header::CONTENT_TYPE, media_type(&row.name).to_owned()),
        (header::CONTENT_DISPOSITION, format!("{shown}; filename*=UTF-8''{name}")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'".to_owned()),
        (header::CACHE_CONTROL, "private, max-age=300".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FormParams {
    #[param(max_length = 120)]
    name: String,
}

/// Sends a form that buyers fill in; a listing names it as `request_file`.
#[utoipa::path(post, path = "/api/v1/seller/documents", tag = "supervision", operation_id = "document_form_add",
    security(("access" = ["seller"])),
    params(FormParams), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = DocumentView)))]
async fn upload_form(
    State(api): State<Api>,
    Who(caller): Who,
    Params(p): Params<FormParams>,
    Raw(content): Raw<FILE_BYTES_MAX>,
) -> Result<Json<DocumentView>, Problem> {
    let new = kept(&api, supervision::NewDocument { name: p.name, kind: EvidenceKind::Requirement, content }).await?;
    let row = api.write(caller, move |tx, ctx, who| supervision::add_document_form(tx, ctx, who, &new)).await?;
    Ok(Json(DocumentView::of(&row, None)))
}

/// A form of a listing.
#[utoipa::path(get, path = "/api/v1/documents/{id}", tag = "supervision", operation_id = "document_form", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn form(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<DocumentId>) -> Result<Response, Problem> {
    let row = api.read(caller, move |tx, _, _| supervision::form(tx, id)).await?;
    served(&api, &row).await
}
