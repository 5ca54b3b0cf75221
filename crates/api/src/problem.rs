//! Errors on the wire: `application/problem+json` with a stable code and a pointer for each bad field.

use app::{Error, Kind, Refusal};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use db::DbError;
use serde::Serialize;
use std::error::Error as _;
use utoipa::{
    ToSchema,
    openapi::{
        Content, OpenApi, RefOr, ResponseBuilder,
        path::Operation,
        schema::{ComponentsBuilder, Ref},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

/// What clients get instead of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem; the code is its last part.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// Stable and dotted, such as `order.not_payable`.
    pub code: String,
    /// Names this answer in the logs.
    pub request_id: String,
    /// Each wrong field.
    pub errors: Vec<FieldProblem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// JSON pointer into the body, or `/query/NAME`, `/header/NAME`, `/path/NAME`.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

impl Problem {
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:yunshi:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            request_id: String::new(),
            errors: Vec::new(),
        }
    }

    pub fn at(status: StatusCode, code: &str, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let mut problem = Self::new(status, code, detail.clone());
        problem.errors.push(FieldProblem { pointer: pointer.into(), code: code.to_owned(), detail });
        problem
    }
}

impl Problem {
    fn disk_full() -> Self {
        tracing::error!("a request failed because the disk is full");
        let detail = "the server's disk is full; nothing was changed. Try again once the operator has made room";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk.full", detail)
    }
}

/// Seconds until a request goes through, probably, that was refused because the database is busy.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// Says of a refusal that is over soon (503), in whose words ever, when to come again.
pub fn come_again(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// Why the database is busy for a request, and what to do: for people of any interface.
pub fn busy(e: &DbError) -> (&'static str, &'static str) {
    match e {
        DbError::Share => {
            let detail = "your account has as many requests at work as it may, and this one waited for them; nothing was changed. Send \
                          fewer at the same time, and this one again in some seconds, with the same Idempotency-Key";
            ("busy.account", detail)
        }
        DbError::Locked => {
            let detail = "what this changes is being changed by other requests, which did not end in time; nothing was changed. Wait for \
                          their answers, and send this one again in some seconds, with the same Idempotency-Key";
            ("busy.locked", detail)
        }
        _ => ("overloaded", "the server is busy; nothing was changed. Try again in a moment"),
    }
}

impl Problem {
    fn busy(e: &DbError) -> Self {
        let (code, detail) = busy(e);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
    }
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(status(refusal.kind), refusal.code, refusal.detail);
        problem.errors = refusal.fields.into_iter().map(|f| FieldProblem { pointer: f.pointer, code: f.code, detail: f.detail }).collect();
        problem
    }
}

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        match e {
            Error::Refused(refusal) => (*refusal).into(),
            Error::Store(e) if e.is_busy() => Self::busy(&e),
            Error::Store(DbError::Unknown) => {
                let detail = "the database was lost at the last moment, and it is not known whether this was done; look, or send it again \
                              with the same Idempotency-Key, which does it once";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database.unknown", detail)
            }
            Error::Store(DbError::Closed) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "node.stopping", "this node is stopping; try again in a moment")
            }
            Error::Store(e) if e.is_read_only() => {
                let detail = "the database can only be read at the moment; nothing was changed. Try again later";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database.read_only", detail)
            }
            Error::DiskFull => Self::disk_full(),
            Error::Store(e) if e.is_disk_full() => Self::disk_full(),
            // The frame answers instead (`once`).
            Error::Repeated => Self::new(StatusCode::CONFLICT, "idempotency.repeated", e.to_string()),
            Error::Store(_) | Error::TriedOut | Error::Row { .. } => {
                // Logged once, here, with its causes; the client gets the request id.
                let cause = e.source();
                let deeper = cause.and_then(std::error::Error::source).map(ToString::to_string);
                tracing::error!(error = %e, cause = ?cause.map(ToString::to_string), ?deeper, "a request failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "this is our fault; tell us the request id")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        come_again(response)
    }
}

/// The statuses that any operation may answer besides its own, and why.
const COMMON: [(&str, &str); 13] = [
    ("400", "The request cannot be read"),
    ("401", "Nobody is logged in, or the token is not known"),
    ("403", "The caller's role, scope or CSRF token does not allow it"),
    ("404", "It is not there for this caller"),
    ("405", "The path knows other methods"),
    ("409", "The state does not allow it"),
    ("413", "The body is too long"),
    ("415", "The content type is not application/json"),
    ("422", "A field breaks a rule; nothing changed"),
    ("429", "Too often"),
    ("500", "Our fault"),
    ("503", "Too busy: the database, or what the account has at work; nothing changed"),
    ("507", "The server's disk is full; nothing changed"),
];

fn add_common(operation: &mut Operation) {
    for (status, description) in COMMON {
        if operation.responses.responses.contains_key(status) {
            continue;
        }
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new().description(description).content("application/problem+json", content).build();
        operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
    }
}

/// Interfaces with documents of their own answer 503 with the one that they have for 500.
fn add_busy(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    if let Some(document) = responses.get("500").cloned() {
        responses.entry("503".to_owned()).or_insert(document);
    }
}

/// Adds to a description what all operations share: problems and ways to prove who one is.
pub fn describe(document: &mut OpenApi) {
    let access = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(crate::auth::COOKIE)));
    let components = document.components.take().unwrap_or_default();
    document.components = Some(
        ComponentsBuilder::from(components)
            .schema_from::<Problem>()
            .schema_from::<FieldProblem>()
            .security_scheme("access", access)
            .security_scheme("session", cookie)
            .build(),
    );
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten() {
            // The open APIs have error documents of their own.
            if path.starts_with("/api/v1/") { add_common(operation) } else { add_busy(operation) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_507_and_says_that_nothing_changed() {
        let problem = Problem::from(Error::DiskFull);
        assert_eq!((problem.status, problem.code.as_str()), (507, "disk.full"));
        assert!(problem.detail.contains("nothing was changed"), "{}", problem.detail);
    }
}
