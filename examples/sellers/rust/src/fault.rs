//! How a seller may misbehave, for experiments.

use super::Seller;
use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use std::time::Duration;

/// How a seller may misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Never answers.
    TimeOut,
    /// Answers after five seconds.
    Slow,
    Http500,
    /// Answers 000001 to everything, as one who computes another signature.
    WrongSignature,
    Code000002,
    Code000005,
    Code000100,
    Code000900,
    NotJson,
    Truncated,
    /// More than a megabyte.
    Huge,
    NeverEnding,
    Redirect,
    NoInstanceId,
    /// Creates asynchronously: 000004, data after three questions.
    Asynchronous,
    /// Creates, but its data never come.
    NoData,
}

impl Fault {
    pub const ALL: [(&'static str, Self); 17] = [
        ("none", Self::None),
        ("time_out", Self::TimeOut),
        ("slow", Self::Slow),
        ("http_500", Self::Http500),
        ("wrong_signature", Self::WrongSignature),
        ("code_000002", Self::Code000002),
        ("code_000005", Self::Code000005),
        ("code_000100", Self::Code000100),
        ("code_000900", Self::Code000900),
        ("not_json", Self::NotJson),
        ("truncated", Self::Truncated),
        ("huge", Self::Huge),
        ("never_ending", Self::NeverEnding),
        ("redirect", Self::Redirect),
        ("no_instance_id", Self::NoInstanceId),
        ("asynchronous", Self::Asynchronous),
        ("no_data", Self::NoData),
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, fault)| *fault == self).map_or("none", |(name, _)| name)
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(n, _)| *n == name).map(|(_, fault)| fault)
    }
}

impl Seller {
    /// What a fault makes of any request; nothing when the request is to be handled.
    pub(crate) async fn misbehave(&self, fault: Fault) -> Option<Response> {
        match fault {
            Fault::TimeOut => std::future::pending().await,
            Fault::Slow => {
                tokio::time::sleep(Duration::from_secs(5)).await;
                None
            }
            Fault::Http500 => Some((StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response()),
            Fault::WrongSignature => Some(self.code("000001")),
            Fault::Code000002 => Some(self.code("000002")),
            Fault::Code000005 => Some(self.code("000005")),
            Fault::Code000100 => Some(self.code("000100")),
            Fault::Code000900 => Some(self.code("000900")),
            Fault::NotJson => Some(Html("<h1>Welcome</h1>").into_response()),
            Fault::Truncated => Some(([(header::CONTENT_TYPE, "application/json")], r#"{"resultCode":"000000","instan"#).into_response()),
            Fault::Huge => Some("x".repeat(2_000_000).into_response()),
            Fault::NeverEnding => Some(never_ending()),
            Fault::Redirect => Some((StatusCode::FOUND, [(header::LOCATION, "http://127.0.0.1:1/")]).into_response()),
            Fault::None | Fault::NoInstanceId | Fault::Asynchronous | Fault::NoData => None,
        }
    }
}

/// A body that drips and never closes.
fn never_ending() -> Response {
    struct Drip(tokio::time::Interval);
    impl futures_core::Stream for Drip {
        type Item = Result<Vec<u8>, std::convert::Infallible>;
        fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
            self.0.poll_tick(cx).map(|_| Some(Ok(b" ".to_vec())))
        }
    }
    Body::from_stream(Drip(tokio::time::interval(Duration::from_millis(200)))).into_response()
}
