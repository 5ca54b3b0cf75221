//! Last touches on every answer: a request id, security headers, and problems for what axum itself refuses.

use crate::problem::Problem;
use app::{Clock, Ids, MovableClock, RandomIds};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use std::{any::Any, time::Instant};

const SECURITY: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    (
        "content-security-policy",
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; \
         base-uri 'self'; form-action 'self' https: http://localhost:* http://127.0.0.1:*",
    ),
];

/// Every answer carries its id.
pub const REQUEST_ID: &str = "x-request-id";

/// The text of a status that axum answered without a problem document.
fn plain(status: StatusCode) -> Option<(&'static str, &'static str)> {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => Some(("method_not_allowed", "the path knows other methods; see the Allow header")),
        StatusCode::PAYLOAD_TOO_LARGE => Some(("body_too_long", "the body is longer than 512 KiB")),
        StatusCode::BAD_REQUEST => Some(("bad_request", "the request cannot be read; check its path and query")),
        StatusCode::NOT_FOUND => Some(("not_found", "there is nothing at this path")),
        _ => None,
    }
}

/// Names the answer, logs it, and gives problems their request id.
pub async fn finish(request: Request, next: Next) -> Response {
    let id = RandomIds::default().uuid(MovableClock::default().wall()).simple().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let is_api = path.starts_with("/api/");
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    let mut response = if is_api && status.as_u16() >= 400 && !response.headers().contains_key(REQUEST_ID) {
        with_id(response, &id).await
    } else {
        response
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        // The open APIs have named theirs, for it is part of their errors.
        headers.entry(REQUEST_ID).or_insert(value);
    }
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_api {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        metrics::counter!("yunshi_http_requests_total", "status" => status.as_u16().to_string()).increment(1);
        tracing::debug!(%method, path, status = status.as_u16(), duration_us = started.elapsed().as_micros(), request.id = id, "answered");
    }
    response
}

async fn with_id(response: Response, id: &str) -> Response {
    let status = response.status();
    let content = response.headers().get(header::CONTENT_TYPE).cloned();
    // An interface that has its own error documents.
    if content.as_ref().is_some_and(|v| v == "application/json") {
        return response;
    }
    let is_problem = content.is_some_and(|v| v == "application/problem+json");
    if !is_problem {
        let Some((code, detail)) = plain(status) else {
            return response;
        };
        let allow = response.headers().get(header::ALLOW).cloned();
        let mut problem = Problem::new(status, code, detail);
        id.clone_into(&mut problem.request_id);
        let mut response = problem.into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|b| b.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).replacen(r#""request_id":"""#, &format!(r#""request_id":"{id}""#), 1);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(text))
}

/// A handler panicked: our fault, told as such.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    tracing::error!(panic = text.unwrap_or_default(), "a handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "this is our fault; tell us the request id").into_response()
}
