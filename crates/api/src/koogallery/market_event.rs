//! Upload of a licence that a buyer asked for (`open-api 6`, `license-interface 4.3`).

use super::{
    gateway::Signed,
    refusal::{GatewayError, Refusal, ServiceError, Unauthorized},
};
use crate::state::Api;
use app::{
    Error,
    licence::{self, Upload},
};
use axum::{
    Json,
    extract::{FromRequest, Multipart, Path, Request, State},
    response::{IntoResponse, Response},
};
use domain::licence::LicenceForm;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// The part `isvUpdateFileReq`.
#[derive(Debug, Deserialize, ToSchema)]
struct UploadRequest {
    /// `FILE`, with the part `file`, or `CHARACTERS`.
    #[serde(rename = "type")]
    #[schema(max_length = 10)]
    kind: String,
    /// Hexadecimal SHA-256 of the file; mandatory for `FILE`.
    #[schema(max_length = 1024)]
    sha256: Option<String>,
    #[schema(max_length = 1024)]
    characters: Option<String>,
    #[schema(max_length = 1024)]
    file_name: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct UploadForm {
    #[schema(rename = "isvUpdateFileReq")]
    isv_update_file_req: UploadRequest,
    #[schema(format = Binary, value_type = Option<String>)]
    file: Option<Vec<u8>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Uploaded {
    error_code: String,
    error_msg: String,
}

impl Uploaded {
    fn said(code: &str, text: &str) -> Response {
        Json(Self { error_code: code.to_owned(), error_msg: text.to_owned() }).into_response()
    }
}

async fn parts(request: Request) -> Result<(UploadRequest, Option<Vec<u8>>), Refusal> {
    let bad = |e: axum::extract::multipart::MultipartError| Refusal::invalid(format!("the multipart body cannot be read: {e}"));
    let mut form = Multipart::from_request(request, &()).await.map_err(|e| Refusal::invalid(e.to_string()))?;
    let (mut said, mut file) = (None, None);
    while let Some(part) = form.next_field().await.map_err(bad)? {
        match part.name() {
            Some("isvUpdateFileReq") => said = Some(part.bytes().await.map_err(bad)?),
            Some("file") => file = Some(part.bytes().await.map_err(bad)?.to_vec()),
            _ => {}
        }
    }
    let said = said.ok_or_else(|| Refusal::missing("isvUpdateFileReq"))?;
    let said = serde_json::from_slice(&said).map_err(|e| Refusal::invalid(format!("isvUpdateFileReq: {e}")))?;
    Ok((said, file))
}

fn short(name: &str, text: Option<&String>) -> Result<(), Refusal> {
    let fits = text.is_none_or(|t| t.chars().count() <= 1024 && !t.chars().any(char::is_control));
    if fits { Ok(()) } else { Err(Refusal::invalid(format!("{name} has at most 1024 characters and no control characters"))) }
}

fn read(event: String, said: UploadRequest, file: Option<Vec<u8>>) -> Result<Upload, Refusal> {
    for (name, text) in [("sha256", &said.sha256), ("file_name", &said.file_name)] {
        short(name, text.as_ref())?;
    }
    match said.kind.parse() {
        Ok(LicenceForm::File) => {
            let content = file.filter(|f| !f.is_empty()).ok_or_else(|| Refusal::missing("file"))?;
            let sha256 = said.sha256.ok_or_else(|| Refusal::missing("sha256"))?;
            Ok(Upload { event, file_name: said.file_name, sha256: Some(sha256), content, is_file: true })
        }
        Ok(LicenceForm::Characters) => {
            let text = said.characters.filter(|c| !c.is_empty()).ok_or_else(|| Refusal::missing("characters"))?;
            if text.chars().count() > 1024 {
                return Err(Refusal::invalid("characters has at most 1024 characters"));
            }
            Ok(Upload { event, file_name: said.file_name, sha256: said.sha256, content: text.into_bytes(), is_file: false })
        }
        Err(_) => Err(Refusal::invalid("type is FILE or CHARACTERS")),
    }
}

/// Uploads the licence of an application; the same again succeeds and changes nothing.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/market-event/{event_id}/file", tag = "koogallery",
    operation_id = "market_event_file", security(("access" = ["seller"])), params(("event_id" = String, Path, max_length = 64)),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Uploaded), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 413, body = GatewayError), (status = 429, body = GatewayError), (status = 500, body = ServiceError)))]
async fn upload(State(api): State<Api>, Signed(caller): Signed, Path(event): Path<String>, request: Request) -> Result<Response, Refusal> {
    let (said, file) = parts(request).await?;
    let upload = read(event, said, file)?;
    let done = api.write(caller, move |tx, ctx, who| licence::deliver(tx, ctx, who, &upload)).await;
    let known = if let Err(Error::Refused(refusal)) = &done { refusal.code } else { "" };
    match known {
        "licence.instance_over" => Ok(Uploaded::said("91381033", "License resource invalid")),
        "licence.no_such_event" | "licence.delivered_already" | "licence.term_over" => {
            Ok(Uploaded::said("91381034", "license apply invalid"))
        }
        _ => {
            done?;
            Ok(Uploaded::said("MKT.0000", "success"))
        }
    }
}
