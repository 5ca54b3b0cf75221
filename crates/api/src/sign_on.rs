//! The provider's endpoints: OAuth 2 at the paths that applications of the kit know, and OpenID Connect beside them
//! (`saas-interface 4`). Errors are those of RFC 6749; they are outside the guard, for they have their own log-in.

use crate::{
    auth,
    problem::{Problem, come_again},
    state::Api,
};
use app::{
    Actor, Error, Refusal,
    sign_on::{self, Asked, Authorised, Claims, Exchanged, Grant, Published, Tokens},
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use std::sync::Arc;
use url::form_urlencoded;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(discovery))
        .routes(routes!(jwks))
        .routes(routes!(authorise))
        .routes(routes!(token))
        .routes(routes!(user_info))
        .routes(routes!(revoke))
        .routes(routes!(log_out))
}

pub fn router() -> Router<Api> {
    routes().split_for_parts().0
}

/// An error that a client of OAuth 2 understands.
struct OAuthError {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl OAuthError {
    fn invalid_request(description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "invalid_request", description: description.into() }
    }
}

impl From<Error> for OAuthError {
    fn from(e: Error) -> Self {
        let refusal = match e {
            Error::Refused(refusal) => refusal,
            Error::Store(e) if e.is_busy() => {
                let description = "the server is busy; try again in a moment".to_owned();
                return Self { status: StatusCode::SERVICE_UNAVAILABLE, error: "temporarily_unavailable", description };
            }
            e => {
                tracing::error!(error = %e, source = ?std::error::Error::source(&e), "a sign-on failed");
                let description = "the server failed; try again".to_owned();
                return Self { status: StatusCode::INTERNAL_SERVER_ERROR, error: "server_error", description };
            }
        };
        let Refusal { code, detail, .. } = *refusal;
        match code {
            "invalid_client" | "invalid_token" => Self { status: StatusCode::UNAUTHORIZED, error: code, description: detail },
            "invalid_grant" => Self { status: StatusCode::BAD_REQUEST, error: code, description: detail },
            _ => Self::invalid_request(detail),
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.error, "error_description": self.description }))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = if self.error == "invalid_token" { "Bearer error=\"invalid_token\"" } else { "Basic realm=\"yunshi\"" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        come_again(response)
    }
}

/// The address by which the client reached this server: what it is configured with.
pub(crate) fn issuer(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost");
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']')).collect();
    let tls = headers.get("x-forwarded-proto").is_some_and(|v| v == "https");
    format!("{}://{host}", if tls { "https" } else { "http" })
}

async fn keys(api: &Api) -> Result<Published, Error> {
    if let Some(known) = api.app.read(Actor::Anybody, sign_on::published).await? {
        return Ok(known);
    }
    let made = tokio::task::spawn_blocking(sign_on::new_key).await.map_err(|e| Error::Row {
        table: "signing_keys",
        key: "new".to_owned(),
        what: e.to_string(),
    })??;
    api.app.write(Actor::Anybody, move |tx, ctx| sign_on::keep_key(tx, ctx, &made, false)).await
}

/// Where everything is (OpenID Connect Discovery).
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "sign-on", operation_id = "sign_on_discovery",
    security(("access" = ["public"])), responses((status = 200, body = Value)))]
async fn discovery(headers: HeaderMap) -> Json<Value> {
    let issuer = issuer(&headers);
    let at = |path: &str| format!("{issuer}/api/v1/oauth2/{path}");
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "revocation_endpoint": at("revoke"),
        "end_session_endpoint": at("logout"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "phone"],
        "claims_supported": ["sub", "name", "preferred_username", "email", "phone_number", "tenant_id", "instance_id", "org_code", "role"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// The public keys of id tokens (RFC 7517).
#[utoipa::path(get, path = "/api/v1/oauth2/jwks", tag = "sign-on", operation_id = "sign_on_keys", security(("access" = ["public"])),
    responses((status = 200, body = Value)))]
async fn jwks(State(api): State<Api>) -> Result<Json<Value>, Problem> {
    Ok(Json(keys(&api).await?.document))
}

/// Parameters of a form or query; a name that comes twice is an error (RFC 6749 3.1).
fn parameters(text: &[u8]) -> Result<Vec<(String, String)>, OAuthError> {
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(text) {
        if all.iter().any(|(known, _)| *known == name) {
            return Err(OAuthError::invalid_request(format!("{} comes twice", name.chars().take(40).collect::<String>())));
        }
        if value.chars().count() > 4_000 || all.len() >= 30 {
            return Err(OAuthError::invalid_request("a parameter is too long, or there are too many"));
        }
        all.push((name.into_owned(), value.into_owned()));
    }
    Ok(all)
}

fn get(all: &[(String, String)], name: &str) -> Option<String> {
    all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).filter(|v| !v.is_empty())
}

fn must(all: &[(String, String)], name: &'static str) -> Result<String, OAuthError> {
    get(all, name).ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")))
}

fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => {
            (StatusCode::FOUND, [(header::LOCATION, to), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
        }
        Err(_) => OAuthError::invalid_request("the address cannot be written in a header").into_response(),
    }
}

/// An address with more parameters.
fn with(address: &str, more: &[(&str, &str)]) -> Result<String, OAuthError> {
    let mut url = url::Url::parse(address).map_err(|_| OAuthError::invalid_request("redirect_uri is no address"))?;
    url.query_pairs_mut().extend_pairs(more);
    Ok(url.into())
}

/// Sends a person who is logged in back to the application with a code; others log in first.
#[utoipa::path(get, path = "/api/v1/oauth2/authorize", tag = "sign-on", operation_id = "sign_on_authorize",
    security(("access" = ["public"])),
    params(("client_id" = Option<String>, Query), ("redirect_uri" = Option<String>, Query), ("response_type" = Option<String>, Query),
        ("scope" = Option<String>, Query), ("state" = Option<String>, Query), ("nonce" = Option<String>, Query),
        ("code_challenge" = Option<String>, Query), ("code_challenge_method" = Option<String>, Query), ("prompt" = Option<String>, Query),
        ("instance_id" = Option<String>, Query, description = "which instance, when several of the product are bound")),
    responses((status = 302, description = "back to the application, or to the log-in"), (status = 400, body = Value)))]
async fn authorise(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, OAuthError> {
    let query = query.unwrap_or_default();
    let all = parameters(query.as_bytes())?;
    let (client_id, redirect_uri) = (must(&all, "client_id")?, must(&all, "redirect_uri")?);
    let uri = redirect_uri.clone();
    let application = api.app.read(Actor::Anybody, move |tx, _| sign_on::client_of(tx, &client_id, &uri)).await?;
    let state = get(&all, "state").unwrap_or_default();
    let issuer = issuer(&headers);
    let back = |more: &[(&str, &str)]| {
        let mut pairs = more.to_vec();
        if !state.is_empty() {
            pairs.push(("state", &state));
        }
        pairs.push(("iss", &issuer));
        with(&redirect_uri, &pairs).map(|to| redirect(&to))
    };
    let caller = auth::of_session(&api, &headers).await?;
    let Some(caller) = caller else {
        if get(&all, "prompt").as_deref() == Some("none") {
            return back(&[("error", "login_required")]);
        }
        let here = format!("/api/v1/oauth2/authorize?{query}");
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("back", &here).finish();
        return Ok(redirect(&format!("/log-in?{query}")));
    };
    let instance = match get(&all, "instance_id").map(|id| id.parse()) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return back(&[("error", "invalid_request"), ("error_description", "instance_id is not an id")]),
    };
    let asked = Asked {
        response_type: get(&all, "response_type").unwrap_or_default(),
        redirect_uri: redirect_uri.clone(),
        scope: get(&all, "scope").unwrap_or_default(),
        challenge: get(&all, "code_challenge"),
        challenge_method: get(&all, "code_challenge_method"),
        nonce: get(&all, "nonce"),
        instance,
    };
    let who = Arc::new(caller);
    let done = api.write(who, move |tx, ctx, who| sign_on::authorise(tx, ctx, who, &application, &asked)).await?;
    match done {
        Authorised::Code(code) => back(&[("code", &code)]),
        Authorised::Refused(refused) => back(&[("error", refused.error), ("error_description", refused.description)]),
    }
}

/// The client's name and secret: in the header (RFC 6749 2.3.1), else in the form.
fn client(headers: &HeaderMap, form: &[(String, String)]) -> Result<(String, String), OAuthError> {
    let Some(given) = headers.get(header::AUTHORIZATION) else {
        return Ok((must(form, "client_id")?, must(form, "client_secret")?));
    };
    let wrong = || OAuthError::invalid_request("the Authorization header is not Basic with client_id and client_secret");
    let basic = given.to_str().ok().and_then(|v| v.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let bytes = BASE64.decode(basic.ok_or_else(wrong)?.1.trim()).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (id, secret) = text.split_once(':').ok_or_else(wrong)?;
    let decode =
        |part: &str| form_urlencoded::parse(format!("x={part}").as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default();
    Ok((decode(id), decode(secret)))
}

fn form(headers: &HeaderMap, body: &Bytes) -> Result<Vec<(String, String)>, OAuthError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Err(OAuthError::invalid_request("send a form: Content-Type application/x-www-form-urlencoded"));
    }
    parameters(body)
}

/// Tokens for a code or a refresh token.
#[utoipa::path(post, path = "/api/v1/oauth2/token", tag = "sign-on", operation_id = "sign_on_token", security(("access" = ["public"])),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "client_id, client_secret (or HTTP Basic), grant_type authorization_code with code, redirect_uri, code_verifier; \
            or refresh_token with refresh_token"),
    responses((status = 200, body = Value), (status = 400, body = Value), (status = 401, body = Value)))]
async fn token(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Result<Response, OAuthError> {
    let form = form(&headers, &body)?;
    let grant = match get(&form, "grant_type").as_deref() {
        Some("authorization_code") => {
            Grant::Code { code: must(&form, "code")?, redirect_uri: must(&form, "redirect_uri")?, verifier: get(&form, "code_verifier") }
        }
        Some("refresh_token") => Grant::Refresh { token: must(&form, "refresh_token")? },
        _ => {
            let description = "grant_type is authorization_code or refresh_token".to_owned();
            return Err(OAuthError { status: StatusCode::BAD_REQUEST, error: "unsupported_grant_type", description });
        }
    };
    let (id, secret) = client(&headers, &form)?;
    let (issuer, published) = (issuer(&headers), keys(&api).await?);
    let exchanged = api
        .app
        .write(Actor::Anybody, move |tx, ctx| {
            let signer = published.signers.first().ok_or_else(|| Error::Row {
                table: "signing_keys",
                key: "newest".to_owned(),
                what: "is missing".to_owned(),
            })?;
            sign_on::exchange(tx, ctx, &id, &secret, &grant, (&issuer, signer))
        })
        .await?;
    match exchanged {
        Exchanged::Tokens(tokens) => Ok(no_store(Json::<Tokens>(*tokens))),
        Exchanged::Stolen => {
            let description = "this code or token was used before; everything that was given for it is void".to_owned();
            Err(OAuthError { status: StatusCode::BAD_REQUEST, error: "invalid_grant", description })
        }
    }
}

fn no_store(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Who signed on, by an access token.
#[utoipa::path(get, path = "/api/v1/oauth2/userinfo", tag = "sign-on", operation_id = "sign_on_user_info",
    security(("access" = ["public"])),
    responses((status = 200, body = Value), (status = 401, body = Value)))]
async fn user_info(State(api): State<Api>, headers: HeaderMap) -> Result<Response, OAuthError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim().to_owned());
    let missing = || OAuthError {
        status: StatusCode::UNAUTHORIZED,
        error: "invalid_token",
        description: "send the access token as Authorization: Bearer".to_owned(),
    };
    let token = token.ok_or_else(missing)?;
    let claims: Claims = api.app.read(Actor::Anybody, move |tx, ctx| sign_on::user_info(tx, ctx, &token)).await?;
    Ok(no_store(Json(claims)))
}

/// Voids the sign-on of a token (RFC 7009).
#[utoipa::path(post, path = "/api/v1/oauth2/revoke", tag = "sign-on", operation_id = "sign_on_revoke", security(("access" = ["public"])),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "token, client_id, client_secret (or HTTP Basic)"),
    responses((status = 200, body = Value), (status = 400, body = Value), (status = 401, body = Value)))]
async fn revoke(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Result<Response, OAuthError> {
    let form = form(&headers, &body)?;
    let token = must(&form, "token")?;
    let (id, secret) = client(&headers, &form)?;
    api.app.write(Actor::Anybody, move |tx, ctx| sign_on::revoke(tx, ctx, &id, &secret, &token)).await?;
    Ok(no_store(Json(json!({}))))
}

/// Logs a user out of an application: its tokens are void; the session here goes on.
#[utoipa::path(get, path = "/api/v1/oauth2/logout", tag = "sign-on", operation_id = "sign_on_log_out", security(("access" = ["public"])),
    params(("id_token_hint" = Option<String>, Query), ("post_logout_redirect_uri" = Option<String>, Query),
        ("state" = Option<String>, Query)),
    responses((status = 302, description = "to the application, else to the storefront"), (status = 400, body = Value)))]
async fn log_out(State(api): State<Api>, RawQuery(query): RawQuery) -> Result<Response, OAuthError> {
    let all = parameters(query.unwrap_or_default().as_bytes())?;
    let (hint, back) = (get(&all, "id_token_hint").unwrap_or_default(), get(&all, "post_logout_redirect_uri"));
    let signers = keys(&api).await?.signers;
    let to = api.app.write(Actor::Anybody, move |tx, ctx| sign_on::log_out(tx, ctx, &signers, &hint, back.as_deref())).await?;
    match (to, get(&all, "state")) {
        (Some(to), Some(state)) => with(&to, &[("state", &state)]).map(|to| redirect(&to)),
        (Some(to), None) => Ok(redirect(&to)),
        (None, _) => Ok(redirect("/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::DbError;

    #[test]
    fn a_busy_database_is_temporarily_unavailable_with_the_time_to_come_again() {
        let error = OAuthError::from(Error::Store(DbError::Locked));
        assert_eq!(error.error, "temporarily_unavailable");
        let response = error.into_response();
        assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, &b"2"[..]));
    }
}
