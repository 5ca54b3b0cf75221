//! Who is calling, and whether the route's own description lets them.

use crate::{problem::Problem, state::Api};
use app::{Caller, Error, account};
use axum::{
    extract::{FromRequestParts, MatchedPath, OptionalFromRequestParts, Request, State},
    http::{Method, header, request::Parts},
    middleware::Next,
    response::Response,
};
use domain::access::{self, Access, Refused};
use std::{collections::HashMap, convert::Infallible, sync::Arc};
use subtle::ConstantTimeEq;
use utoipa::openapi::{OpenApi, path::Operation};

/// The cookie of a session.
pub const COOKIE: &str = "yunshi_session";
/// The header that a browser must send with every write; a foreign page cannot.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Who may call which route, read from the API's description.
#[derive(Debug, Default)]
pub struct AccessTable(HashMap<(Method, String), Access>);

fn stated(operation: &Operation) -> Option<Access> {
    let json = serde_json::to_value(operation.security.as_ref()?).ok()?;
    json.get(0)?.get("access")?.get(0)?.as_str()?.parse().ok()
}

/// Whether anybody may call an operation.
pub(crate) fn is_public(operation: &Operation) -> bool {
    stated(operation) == Some(Access::Public)
}

impl AccessTable {
    /// # Panics
    /// When an operation does not state its access: such a platform must not start.
    #[expect(clippy::panic, reason = "a route that anybody could call by mistake must not be served")]
    pub fn of(document: &OpenApi) -> Self {
        let mut table = HashMap::new();
        for (path, item) in &document.paths.paths {
            let operations = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            for (method, operation) in operations {
                let Some(operation) = operation else { continue };
                let Some(access) = stated(operation) else { panic!("{method} {path} does not state who may call it") };
                table.insert((method, path.clone()), access);
            }
        }
        Self(table)
    }

    pub(crate) fn get(&self, method: &Method, path: &str) -> Option<Access> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(&(method.clone(), path.to_owned())).copied()
    }
}

fn cookie(parts: &axum::http::HeaderMap) -> Option<&str> {
    parts
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The caller of a request: by token, else by session; nobody when there is neither.
async fn recognise(api: &Api, headers: &axum::http::HeaderMap) -> Result<Option<Caller>, Error> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let bad = || Error::unauthenticated("auth.bad_token", "the token is unknown, expired or revoked");
        let token = value.to_str().ok().and_then(|v| v.strip_prefix("Bearer ")).ok_or_else(bad)?.to_owned();
        let found = api.app.read_at_the_edge(move |tx, ctx| account::caller_of_token(tx, ctx, &token)).await?;
        return found.ok_or_else(bad).map(Some);
    }
    of_session(api, headers).await
}

/// The caller whose browser sends the cookie of a session.
pub(crate) async fn of_session(api: &Api, headers: &axum::http::HeaderMap) -> Result<Option<Caller>, Error> {
    let Some(secret) = cookie(headers).map(str::to_owned) else {
        return Ok(None);
    };
    api.app.read_at_the_edge(move |tx, ctx| account::caller_of_session(tx, ctx, &secret)).await
}

fn check_csrf(caller: &Caller, headers: &axum::http::HeaderMap) -> Result<(), Error> {
    let Some((_, expected)) = &caller.session else {
        return Ok(());
    };
    let given = headers.get(CSRF_HEADER).map_or(&b""[..], |v| v.as_bytes());
    if expected.as_bytes().ct_eq(given).into() {
        Ok(())
    } else {
        Err(Error::forbidden("auth.csrf", "the X-CSRF-Token header is missing or wrong; reload the page and try again"))
    }
}

/// Recognises the caller and refuses who may not use the route.
pub async fn guard(State(api): State<Api>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let method = request.method().clone();
    let writes = !matches!(method, Method::GET | Method::HEAD);
    // Another method of a known path is answered by the router itself (405).
    let Some(access) = api.access.get(&method, &path) else {
        return Ok(next.run(request).await);
    };
    let caller = recognise(&api, request.headers()).await?;
    match access::decide(access, caller.as_ref().map(Caller::standing), writes) {
        Ok(()) => {}
        Err(Refused::NobodyCalled) => {
            return Err(Error::unauthenticated("auth.log_in", "log in, or send a token as Authorization: Bearer").into());
        }
        Err(Refused::WrongRole) => {
            return Err(Error::forbidden("auth.wrong_role", "your account has not the role that this needs").into());
        }
        Err(Refused::ScopeMissing(scope)) => {
            return Err(Error::forbidden("auth.scope_missing", format!("your token lacks the scope {scope}")).into());
        }
    }
    if let Some(caller) = caller {
        if writes && access != Access::Public {
            check_csrf(&caller, request.headers())?;
        }
        let caller = Caller { seen: crate::seen::version(request.headers()), ..caller };
        request.extensions_mut().insert(Arc::new(caller));
    }
    Ok(next.run(request).await)
}

/// The recognised caller. Only routes that are not public can be called with one surely.
pub struct Who(pub Arc<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Arc<Caller>>().cloned();
        caller.map(Self).ok_or_else(|| Error::unauthenticated("auth.log_in", "log in, or send a token").into())
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Who {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Arc<Caller>>().cloned().map(Self))
    }
}
