//! Errors of the open APIs: the gateway's, and those of the services behind it (`open-api 1`, `3.3`).

use crate::problem::{busy, come_again};
use app::{Error, Kind};
use axum::{
    Json,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The gateway's error document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GatewayError {
    /// Such as `APIGW.0301`.
    pub error_code: String,
    pub error_msg: String,
    pub request_id: String,
}

/// What the gateway refuses before any service is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    NoSuchApi,
    /// The text says what is wrong with the signature.
    NotAuthentic(String),
    TooManyFailures,
    TooOften,
    TooLong(usize),
    Busy,
    OurFault,
}

impl Gate {
    fn parts(&self) -> (StatusCode, &'static str, String) {
        let text = str::to_owned;
        match self {
            Self::NoSuchApi => {
                (StatusCode::NOT_FOUND, "APIGW.0101", text("The API does not exist or has not been published in the environment"))
            }
            Self::NotAuthentic(why) => (StatusCode::UNAUTHORIZED, "APIGW.0301", format!("Incorrect IAM authentication information: {why}")),
            Self::TooManyFailures => {
                let said = "Incorrect IAM authentication information: AK access failed to reach the limit, forbidden";
                (StatusCode::UNAUTHORIZED, "APIGW.0301", text(said))
            }
            Self::TooOften => {
                (StatusCode::TOO_MANY_REQUESTS, "APIGW.0308", text("The throttling threshold has been reached: policy user over ratelimit"))
            }
            Self::TooLong(max) => (StatusCode::PAYLOAD_TOO_LARGE, "APIGW.0201", format!("Request entity too large: at most {max} bytes")),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "APIGW.9999", text("System error: busy, try again in a moment")),
            Self::OurFault => (StatusCode::INTERNAL_SERVER_ERROR, "APIGW.9999", text("System error")),
        }
    }

    pub fn answer(&self, request_id: &str) -> Response {
        let (status, code, error_msg) = self.parts();
        let document = GatewayError { error_code: code.to_owned(), error_msg, request_id: request_id.to_owned() };
        let mut response = (status, Json(document)).into_response();
        if *self == Self::TooOften {
            response.headers_mut().insert("retry-after", HeaderValue::from_static("1"));
        }
        come_again(response)
    }
}

/// What a service answers instead of its result.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ServiceError {
    /// Such as `MKT.0101`; also as `resultCode`, for the order query calls it so.
    pub error_code: String,
    pub error_msg: String,
    #[serde(rename = "resultCode")]
    pub result_code: String,
    #[serde(rename = "resultMsg")]
    pub result_msg: String,
}

/// Who is not let in hears it from the gateway or from the service.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only described")]
pub enum Unauthorized {
    Gateway(GatewayError),
    Service(ServiceError),
}

/// A documented code of the services (`open-api 3.3`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    text: &'static str,
    /// What exactly, for people.
    detail: String,
}

impl Refusal {
    const fn new(status: StatusCode, code: &'static str, text: &'static str) -> Self {
        Self { status, code, text, detail: String::new() }
    }

    pub fn invalid(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::new(StatusCode::BAD_REQUEST, "MKT.0101", "Invalid parameter") }
    }

    pub fn missing(name: &str) -> Self {
        let detail = format!("{name} is mandatory");
        Self { detail, ..Self::new(StatusCode::BAD_REQUEST, "MKT.0199", "Request parameter error") }
    }

    pub fn invalid_usage(detail: impl Into<String>) -> Self {
        // The misspelling is the wire's.
        Self { detail: detail.into(), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "MKT.9002", "Invalid usage enties.") }
    }

    pub fn too_many_records(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "MKT.9003", "Usage records extends size limit.") }
    }

    pub fn no_authority(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::new(StatusCode::UNAUTHORIZED, "MKT.0151", "No authority") }
    }
}

impl Refusal {
    /// Nothing was changed; the seller's system sends it again.
    fn disk_full() -> Self {
        tracing::error!("an open API failed because the disk is full");
        let detail = "the server's disk is full; nothing was changed".to_owned();
        Self { detail, ..Self::new(StatusCode::INSUFFICIENT_STORAGE, "MKT.0999", "System internal error.") }
    }
}

impl From<&Error> for Gate {
    fn from(e: &Error) -> Self {
        match e {
            Error::Store(e) if e.is_busy() => Self::Busy,
            _ => Self::OurFault,
        }
    }
}

impl From<Error> for Refusal {
    fn from(e: Error) -> Self {
        match e {
            Error::Refused(refusal) if refusal.kind == Kind::Unauthenticated => {
                Self { detail: refusal.detail.clone(), ..Self::new(StatusCode::UNAUTHORIZED, "MKT.0154", "Illegal token") }
            }
            Error::DiskFull => Self::disk_full(),
            Error::Store(e) if e.is_disk_full() => Self::disk_full(),
            // Nothing was changed; the seller's system sends it again.
            Error::Store(e) if e.is_busy() => {
                let detail = busy(&e).1.to_owned();
                Self { detail, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "MKT.0999", "System internal error.") }
            }
            Error::Refused(refusal) => Self::invalid(refusal.detail.clone()),
            other => {
                tracing::error!(error = %other, cause = ?std::error::Error::source(&other), "an open API failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "MKT.0999", "System internal error.")
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let said = if self.detail.is_empty() { self.text.to_owned() } else { format!("{}: {}", self.text, self.detail) };
        let document =
            ServiceError { error_code: self.code.to_owned(), error_msg: said.clone(), result_code: self.code.to_owned(), result_msg: said };
        come_again((self.status, Json(document)).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::DbError;

    fn answer(response: Response) -> (u16, Option<HeaderValue>) {
        (response.status().as_u16(), response.headers().get("retry-after").cloned())
    }

    #[test]
    fn a_busy_database_is_503_with_the_time_to_come_again_in_the_words_of_gateway_and_service() {
        for e in [DbError::Share, DbError::Locked, DbError::Exhausted] {
            let gate = Gate::from(&Error::Store(e.busy().expect("busy")));
            assert_eq!(gate, Gate::Busy);
            assert_eq!(answer(gate.answer("id")), (503, Some(HeaderValue::from_static("2"))));
            let refusal = Refusal::from(Error::Store(e));
            assert_eq!(refusal.code, "MKT.0999");
            assert_eq!(answer(refusal.into_response()), (503, Some(HeaderValue::from_static("2"))));
        }
        assert_eq!(answer(Refusal::from(Error::Store(DbError::Closed)).into_response()), (500, None));
    }
}
