//! Extractors that refuse bad input by name: bodies, queries, paths.

use crate::{BODY_BYTES_MAX, problem::Problem};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

/// A JSON body, checked to the field.
pub struct Body<T> {
    pub value: T,
}

fn is_json(request: &Request) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mime = value.split(';').next().unwrap_or_default().trim();
    mime.eq_ignore_ascii_case("application/json")
}

/// A document that is not read to its end.
pub fn too_long() -> Problem {
    let detail = format!("the body is longer than {BODY_BYTES_MAX} bytes, or broke off");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", detail)
}

/// The pointer of the field that serde refused, and the reason in words.
fn refused(e: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = e.inner();
    let text = inner.to_string();
    if inner.is_syntax() || inner.is_eof() || inner.is_io() {
        return Problem::new(StatusCode::BAD_REQUEST, "body.not_json", format!("the body is not JSON: {text}"));
    }
    let part = |segment: &serde_path_to_error::Segment| match segment {
        serde_path_to_error::Segment::Seq { index } => format!("/{index}"),
        other => format!("/{other}"),
    };
    let mut pointer: String = e.path().iter().map(part).collect();
    if pointer == "/." || pointer == "/?" {
        pointer.clear();
    }
    for (start, code) in [("missing field `", "body.missing"), ("unknown field `", "body.unknown"), ("duplicate field `", "body.duplicate")]
    {
        if let Some(name) = text.strip_prefix(start).and_then(|rest| rest.split('`').next()) {
            let pointer = if pointer.ends_with(&format!("/{name}")) { pointer } else { format!("{pointer}/{name}") };
            return Problem::at(StatusCode::UNPROCESSABLE_ENTITY, code, pointer, cut(&text));
        }
    }
    Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "body.bad_field", pointer, cut(&text))
}

/// The message without the place in the text, which says nothing to people.
fn cut(text: &str) -> String {
    text.split(" at line ").next().unwrap_or(text).chars().take(300).collect()
}

/// Reads a JSON body.
///
/// # Errors
/// 400 for what is no JSON; 422 for a field that is missing, unknown, repeated or wrong, which is named.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|e| refused(&e))?;
    json.end().map_err(|e| Problem::new(StatusCode::BAD_REQUEST, "body.not_json", format!("the body goes on after the JSON: {e}")))?;
    Ok(value)
}

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = is_json(&request);
        let bytes = Bytes::from_request(request, state).await.map_err(|_| too_long())?;
        // A write without inputs may leave the body out.
        let bytes = if bytes.is_empty() { Bytes::from_static(b"{}") } else { bytes };
        if !json && bytes != "{}" {
            let detail = "send the body as application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.content_type", detail));
        }
        let value = parse(&bytes)?;
        Ok(Self { value })
    }
}

/// The bytes of a file, at most `MAX` of them.
pub struct Raw<const MAX: usize>(pub Vec<u8>);

impl<S: Send + Sync, const MAX: usize> FromRequest<S> for Raw<MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let read = axum::body::to_bytes(request.into_body(), MAX).await;
        read.map(|bytes| Self(bytes.into())).map_err(|_| {
            let detail = format!("the file is longer than {} MB, or broke off", MAX / (1024 * 1024));
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", detail)
        })
    }
}

/// The query of a request, checked to the parameter.
pub struct Params<T>(pub T);

impl<S, T> FromRequestParts<S> for Params<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read_query(query_pairs(parts)?).map(Self)
    }
}

type Query = serde_json::Map<String, serde_json::Value>;

/// The parameters of a query by name: each once, without control characters.
pub fn query_pairs(parts: &Parts) -> Result<Query, Problem> {
    let query = parts.uri.query().unwrap_or_default();
    let wrong = |code, name: &str, detail| Problem::at(StatusCode::UNPROCESSABLE_ENTITY, code, format!("/query/{name}"), detail);
    let mut pairs = Query::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
        if value.chars().any(char::is_control) {
            return Err(wrong("query.bad_parameter", &name, "holds a control character; remove it"));
        }
        if pairs.insert(name.clone(), value.into()).is_some() {
            return Err(wrong("query.duplicate", &name, "is given twice"));
        }
    }
    Ok(pairs)
}

/// Reads parameters into their type; the one that does not fit is named.
pub fn read_query<T: DeserializeOwned>(pairs: Query) -> Result<T, Problem> {
    serde_path_to_error::deserialize(serde_json::Value::Object(pairs)).map_err(|e| {
        let text = e.inner().to_string();
        let named = text.split('`').nth(1).filter(|_| e.path().iter().next().is_none()).map(str::to_owned);
        let name = named.unwrap_or_else(|| e.path().to_string());
        Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "query.bad_parameter", format!("/query/{name}"), cut(&text))
    })
}

/// A switch in a query: `true` or `false`, nothing else, so that a misspelt dry run changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl<'de> serde::Deserialize<'de> for Flag {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match String::deserialize(d)?.as_str() {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => Err(serde::de::Error::custom("must be true or false")),
        }
    }
}

/// A path parameter, checked; an id of another form is simply not there.
pub struct PathOf<T>(pub T);

impl<S, T> FromRequestParts<S> for PathOf<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing of this id");
        // No name holds it, and PostgreSQL takes it in no text.
        if parts.uri.path().contains("%00") {
            return Err(nothing());
        }
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|p| Self(p.0)).map_err(|_| nothing())
    }
}
