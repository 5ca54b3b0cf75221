//! Registering, logging in and out, sessions, tokens, preferences.

use crate::{
    auth::{COOKIE, Who},
    body::{Body, PathOf},
    problem::Problem,
    state::Api,
    views::{DONE, Done, time, times},
};
use app::{Actor, Caller, Error, account, message::NewRecipient, secret};
use axum::{
    Extension, Json,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{
    access::{AccountKind, Role, Scope},
    id::{SessionId, TokenId},
    site::{Language, SiteCode},
    text::Line,
};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(log_in))
        .routes(routes!(log_out))
        .routes(routes!(me))
        .routes(routes!(preferences))
        .routes(routes!(password))
        .routes(routes!(session_list))
        .routes(routes!(session_end))
        .routes(routes!(session_end_others))
        .routes(routes!(token_list, token_issue))
        .routes(routes!(token_revoke))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterBody {
    /// An e-mail address or name, unique on the platform.
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    login: Line<120>,
    /// 10 to 200 characters, without the login.
    #[schema(value_type = String, min_length = 10, max_length = 200)]
    password: Line<200>,
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    user_name: Line<60>,
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    account_name: Line<100>,
    /// `individual` or `enterprise`.
    #[schema(value_type = String, pattern = "^(individual|enterprise)$")]
    kind: AccountKind,
    /// `cn`, `intl` or `eu`.
    #[schema(value_type = String, pattern = "^(cn|intl|eu)$")]
    site: SiteCode,
    /// `zh` or `en`.
    #[schema(value_type = String, pattern = "^(zh|en)$")]
    language: Language,
    /// Where messages go by mail until the message centre names others.
    #[serde(default)]
    #[schema(max_length = 120)]
    mailbox: Option<String>,
    /// Likewise by SMS.
    #[serde(default)]
    #[schema(max_length = 32)]
    phone: Option<String>,
}

impl RegisterBody {
    /// The account's mailbox and phone, of all types of messages.
    fn contact(&self) -> Option<NewRecipient> {
        let given = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        let (mailbox, phone) = (given(&self.mailbox), given(&self.phone));
        (mailbox.is_some() || phone.is_some()).then(|| NewRecipient {
            type_code: String::new(),
            name: self.user_name.clone(),
            mailbox,
            phone,
            language: self.language,
            time_zone: None,
        })
    }
}

/// Makes an account with its first user. Everybody is a buyer; sellers apply afterwards.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "account", operation_id = "account_register", security(("access" = ["public"])),
    request_body = RegisterBody, responses((status = 200, body = Registered)))]
async fn register(State(api): State<Api>, body: Body<RegisterBody>) -> Result<Json<Registered>, Problem> {
    let b = body.value;
    if !api.app.env.settings.sites.serves(b.site) {
        return Err(Error::field(
            "/site",
            "site.unknown",
            "this deployment does not serve the site; GET /api/v1/sites lists those that it does",
        )
        .into());
    }
    let contact = b.contact();
    let new = account::NewAccount {
        login: b.login.into_string(),
        password: b.password.into_string(),
        user_name: b.user_name.into_string(),
        account_name: b.account_name.into_string(),
        kind: b.kind,
        site: b.site,
        language: b.language.to_string(),
        roles: vec![Role::Buyer],
        staff: None,
        contact,
    };
    let hashing = new.password.clone();
    let hash = tokio::task::spawn_blocking(move || secret::hash_password(&hashing)).await.map_err(|_| Error::TriedOut)??;
    let made = api.app.write(Actor::Anybody, move |tx, ctx| account::register(tx, ctx, &new, &hash)).await?;
    Ok(Json(Registered { account_id: made.account_id.to_string(), user_id: made.user_id.to_string() }))
}

#[derive(Debug, Serialize, ToSchema)]
struct Registered {
    account_id: String,
    user_id: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogInBody {
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    login: Line<120>,
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    password: Line<200>,
}

/// Who is logged in, and the token that a browser sends with every write.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    account_id: String,
    account_name: String,
    account_kind: String,
    user_name: String,
    login: String,
    site: String,
    currency: String,
    roles: Vec<String>,
    /// What the person may do in the account: `administrator`, `purchaser`, `member`.
    member_role: String,
    staff_role: Option<String>,
    language: String,
    /// Notices not to be shown again.
    dismissed: Vec<String>,
    csrf_token: Option<String>,
    /// Whether the platform is a sandbox, with a clock and scenes.
    sandbox: bool,
}

fn me_view(api: &Api, c: &Caller, csrf: Option<String>) -> Me {
    let sites = &api.app.env.settings.sites;
    Me {
        sandbox: api.sandbox.is_some(),
        account_id: c.account_id.to_string(),
        account_name: c.account_name.clone(),
        account_kind: c.account_kind.to_string(),
        user_name: c.user_name.clone(),
        login: c.login.clone(),
        site: c.site.to_string(),
        currency: sites.of(c.site).currency.to_string(),
        roles: c.roles.iter().map(ToString::to_string).collect(),
        member_role: c.member.to_string(),
        staff_role: c.staff.map(|s| s.to_string()),
        language: c.language.clone(),
        dismissed: c.dismissed.split(',').filter(|d| !d.is_empty()).map(str::to_owned).collect(),
        csrf_token: csrf,
    }
}

/// Logs a person in: sets the session's cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "account", operation_id = "session_begin", security(("access" = ["public"])),
    request_body = LogInBody, responses((status = 200, body = Me)))]
async fn log_in(
    State(api): State<Api>,
    headers: HeaderMap,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    body: Body<LogInBody>,
) -> Result<Response, Problem> {
    let login = body.value.login.into_string();
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let address = peer.map_or_else(String::new, |Extension(ConnectInfo(address))| address.ip().to_string());
    let seen = account::Seen { address, agent };
    let begun = account::log_in(&api.app, login, body.value.password.into_string(), seen).await?;
    let max_age = api.app.env.settings.session_days * 24 * 3600;
    // Behind a proxy that speaks TLS the cookie must not travel without it.
    let secure = if headers.get("x-forwarded-proto").is_some_and(|v| v == "https") { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}", begun.secret);
    let mut response = Json(me_view(&api, &begun.caller, Some(begun.csrf))).into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Ends the present session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "account", operation_id = "session_end_present", security(("access" = ["user"])),
    responses((status = 200, body = Done)))]
async fn log_out(State(api): State<Api>, Who(caller): Who) -> Result<Response, Problem> {
    if let Some((id, _)) = &caller.session {
        let id = *id;
        api.write(caller, move |tx, ctx, who| account::end_session(tx, ctx, who, id)).await?;
    }
    let mut response = DONE.into_response();
    let gone = HeaderValue::from_static("yunshi_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    response.headers_mut().insert(header::SET_COOKIE, gone);
    Ok(response)
}

/// Who is calling.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", operation_id = "me_show", security(("access" = ["user"])),
    responses((status = 200, body = Me)))]
async fn me(State(api): State<Api>, Who(caller): Who) -> Json<Me> {
    let csrf = caller.session.as_ref().map(|(_, csrf)| csrf.clone());
    Json(me_view(&api, &caller, csrf))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreferencesBody {
    /// `zh` or `en`.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(zh|en)$")]
    language: Option<Language>,
    /// A notice that is not to be shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 60)]
    dismiss: Option<Line<60>>,
}

/// Sets language and dismissed notices.
#[utoipa::path(patch, path = "/api/v1/me", tag = "account", operation_id = "me_change", security(("access" = ["user"])),
    request_body = PreferencesBody, responses((status = 200, body = Done)))]
async fn preferences(State(api): State<Api>, Who(caller): Who, body: Body<PreferencesBody>) -> Result<Json<Done>, Problem> {
    let chosen = body.value.language.map(|l| l.to_string());
    let dismiss = body.value.dismiss.map(Line::into_string);
    if dismiss.as_deref().is_some_and(|d| d.contains(',')) {
        return Err(Error::field("/dismiss", "account.notice", "a notice's name has no comma").into());
    }
    api.write(caller, move |tx, _, who| account::set_preferences(tx, who, chosen.as_deref(), dismiss.as_deref())).await?;
    Ok(DONE)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    old_password: Line<200>,
    #[schema(value_type = String, min_length = 10, max_length = 200)]
    new_password: Line<200>,
}

/// Changes the password and ends all other sessions.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "account", operation_id = "password_change", security(("access" = ["user"])),
    request_body = PasswordBody, responses((status = 200, body = Done)))]
async fn password(State(api): State<Api>, Who(caller): Who, body: Body<PasswordBody>) -> Result<Json<Done>, Problem> {
    let (old, new) = (body.value.old_password.into_string(), body.value.new_password.into_string());
    account::change_password(&api.app, caller, old, new).await?;
    Ok(DONE)
}

#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    id: String,
    created_at: String,
    expires_at: String,
    /// The address that logged in, as this server saw it.
    address: String,
    agent: String,
    present: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct SessionList {
    sessions: Vec<SessionView>,
}

/// The caller's living sessions.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "account", operation_id = "session_list", security(("access" = ["user"])),
    responses((status = 200, body = SessionList)))]
async fn session_list(State(api): State<Api>, Who(caller): Who) -> Result<Json<SessionList>, Problem> {
    let present = caller.session.as_ref().map(|(id, _)| *id);
    let rows = api.read(caller, account::sessions).await?;
    let view = |s: store::session::Session| {
        let id: SessionId = s.id.id();
        SessionView {
            id: id.to_string(),
            created_at: time(s.created_at),
            expires_at: time(s.expires_at),
            address: s.address.clone(),
            agent: s.agent,
            present: Some(id) == present,
        }
    };
    Ok(Json(SessionList { sessions: rows.into_iter().map(view).collect() }))
}

/// Ends one of the caller's sessions.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "account", operation_id = "session_end", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn session_end(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<SessionId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| account::end_session(tx, ctx, who, id)).await?;
    Ok(DONE)
}

#[derive(Debug, Serialize, ToSchema)]
struct Ended {
    ended: usize,
}

/// Logs the caller out everywhere else.
#[utoipa::path(delete, path = "/api/v1/me/sessions", tag = "account", operation_id = "session_end_others", security(("access" = ["user"])),
    responses((status = 200, body = Ended)))]
async fn session_end_others(State(api): State<Api>, Who(caller): Who) -> Result<Json<Ended>, Problem> {
    let ended = api.write(caller, account::log_out_everywhere).await?;
    Ok(Json(Ended { ended }))
}

#[derive(Debug, Serialize, ToSchema)]
struct TokenView {
    id: String,
    name: String,
    scopes: Vec<String>,
    created_at: String,
    expires_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TokenList {
    tokens: Vec<TokenView>,
}

/// The caller's API tokens, without their secrets.
#[utoipa::path(get, path = "/api/v1/me/tokens", tag = "account", operation_id = "token_list", security(("access" = ["user"])),
    responses((status = 200, body = TokenList)))]
async fn token_list(State(api): State<Api>, Who(caller): Who) -> Result<Json<TokenList>, Problem> {
    let rows = api.read(caller, |tx, _, who| account::tokens(tx, who)).await?;
    let view = |t: store::session::Token| TokenView {
        id: t.id.id::<TokenId>().to_string(),
        name: t.name,
        scopes: t.scopes.split(',').map(str::to_owned).collect(),
        created_at: time(t.created_at),
        expires_at: times(t.expires_at),
    };
    Ok(Json(TokenList { tokens: rows.into_iter().map(view).collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    name: Line<60>,
    /// `read`, `write`.
    #[schema(value_type = Vec<String>, max_items = 2)]
    scopes: Vec<Scope>,
    /// RFC 3339; never by default.
    #[serde(default)]
    expires_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TokenIssued {
    id: String,
    /// Shown this once.
    token: String,
}

/// Issues an API token; its secret is shown this once.
#[utoipa::path(post, path = "/api/v1/me/tokens", tag = "account", operation_id = "token_issue", security(("access" = ["user"])),
    request_body = TokenBody, responses((status = 200, body = TokenIssued)))]
async fn token_issue(State(api): State<Api>, Who(caller): Who, body: Body<TokenBody>) -> Result<Json<TokenIssued>, Problem> {
    let b = body.value;
    let expires_at = crate::views::read_time("/expires_at", b.expires_at.as_deref())?;
    let new = account::NewToken { name: b.name.into_string(), scopes: b.scopes, expires_at };
    let (id, token) = api.write(caller, move |tx, ctx, who| account::issue_token(tx, ctx, who, &new)).await?;
    Ok(Json(TokenIssued { id: id.to_string(), token }))
}

/// Revokes an API token.
#[utoipa::path(delete, path = "/api/v1/me/tokens/{id}", tag = "account", operation_id = "token_revoke", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn token_revoke(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<TokenId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| account::revoke_token(tx, ctx, who, id)).await?;
    Ok(DONE)
}
