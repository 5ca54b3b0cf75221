//! Tokens for Azure's interface: client credentials (RFC 6749, 4.4), where the client is an access key and its secret.
//! An API token of the account is taken too.

use crate::{koogallery::gateway::note_use, problem::come_again, state::Api};
use app::{Caller, Clock, Ctx, Error, Tx, account::access_key, micros, secret::Sealed};
use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::id::AccessKeyId;
use serde_json::json;
use std::net::SocketAddr;
use subtle::ConstantTimeEq;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The token's name for encryption.
const PURPOSE: Sealed = Sealed::AzureToken;
const LASTS_SECONDS: i64 = 3_600;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(token)).routes(routes!(token_v2))
}

/// A field of the form.
fn field(form: &[u8], name: &str) -> String {
    url::form_urlencoded::parse(form).find(|(n, _)| n == name).map_or_else(String::new, |(_, v)| v.into_owned())
}

fn refused(error: &str, description: &str) -> Response {
    let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "error": error, "error_description": description }))).into_response()
}

fn failed(e: &Error) -> Response {
    let (status, error) = match e {
        Error::Store(e) if e.is_busy() => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
    };
    come_again((status, Json(json!({ "error": error }))).into_response())
}

/// A token by access key and secret key. Whatever the tenant is called, the access key says whose token it is.
#[utoipa::path(post, path = "/azure/{tenant}/oauth2/token", tag = "neighbours", operation_id = "azure_token",
    security(("access" = ["public"])),
    params(("tenant" = String, Path)), request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Value), (status = 400, body = Value), (status = 401, body = Value), (status = 429, body = Value),
        (status = 500, body = Value)))]
async fn token(
    State(api): State<Api>,
    Path(_tenant): Path<String>,
    from: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    form: Bytes,
) -> Response {
    if field(&form, "grant_type") != "client_credentials" {
        return refused("unsupported_grant_type", "ask with grant_type=client_credentials");
    }
    let from = from.map_or([0, 0, 0, 0].into(), |c| c.0.0.ip());
    let (id, secret) = (field(&form, "client_id"), field(&form, "client_secret"));
    let ak = id.clone();
    let found = api.app.read_at_the_edge(move |tx, ctx| access_key::signer(tx, ctx, &ak)).await;
    let signer = match found {
        Ok(Some(signer)) if bool::from(signer.secret.as_bytes().ct_eq(secret.as_bytes())) => signer,
        Ok(_) if api.quotas.failed(&id, from) => {
            return (StatusCode::TOO_MANY_REQUESTS, Json(json!({ "error": "slow_down" }))).into_response();
        }
        Ok(_) => return refused("invalid_client", "client_id is an access key, client_secret its secret key"),
        Err(e) => {
            tracing::error!(error = %e, "an access key could not be looked up");
            return failed(&e);
        }
    };
    let until = micros(api.app.env.clock.wall()) + LASTS_SECONDS * 1_000_000;
    let text = format!("{} {until}", id);
    let sealed = api.app.read_at_the_edge(move |_, ctx| Ok(ctx.sealer.seal(ctx.ids, PURPOSE, &text))).await;
    if signer.use_is_news {
        note_use(&api, signer.id, from);
    }
    match sealed {
        Ok(sealed) => {
            let body = json!({ "token_type": "Bearer", "expires_in": LASTS_SECONDS, "ext_expires_in": LASTS_SECONDS,
                "access_token": URL_SAFE_NO_PAD.encode(sealed) });
            ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
        }
        Err(e) => failed(&e),
    }
}

/// The same at the path of version 2.
#[utoipa::path(post, path = "/azure/{tenant}/oauth2/v2.0/token", tag = "neighbours", operation_id = "azure_token_v2",
    security(("access" = ["public"])), params(("tenant" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Value), (status = 400, body = Value), (status = 401, body = Value), (status = 429, body = Value),
        (status = 500, body = Value)))]
async fn token_v2(
    state: State<Api>,
    tenant: Path<String>,
    from: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    form: Bytes,
) -> Response {
    token(state, tenant, from, form).await
}

/// Whose token it is and by which access key, while that lives.
///
/// # Errors
/// [`Error::Store`].
pub(super) fn holder(tx: &mut Tx, ctx: &Ctx, token: &str) -> Result<Option<(AccessKeyId, String, Caller)>, Error> {
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|sealed| ctx.sealer.open(PURPOSE, &sealed).ok());
    let Some((access, until)) = text.as_deref().and_then(|t| t.split_once(' ')) else {
        return Ok(None);
    };
    if until.parse::<i64>().is_ok_and(|until| until < ctx.wall_micros()) {
        return Ok(None);
    }
    Ok(access_key::signer(tx, ctx, access)?.map(|signer| (signer.id, access.to_owned(), signer.caller)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::DbError;

    #[test]
    fn a_busy_database_is_503_with_the_time_to_come_again() {
        let response = failed(&Error::Store(DbError::Exhausted));
        assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, &b"2"[..]));
        assert_eq!(failed(&Error::Store(DbError::Closed)).status().as_u16(), 500);
    }
}
