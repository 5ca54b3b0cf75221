//! AWS Marketplace metering and entitlement, in AWS JSON 1.1 and in Smithy RPC v2 CBOR, signed with Signature
//! Version 4: programs written for `boto3` and its kin work with another endpoint.

use crate::{
    koogallery::{
        gateway::{note_use, read},
        refusal::Gate,
    },
    open_api_log::Sight,
    problem::come_again,
    state::Api,
};
use app::{Caller, Clock, Error, Ids, MovableClock, RandomIds, account::access_key, neighbour};
use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use ciborium::Value as Cbor;
use domain::access::{self, Access, Refused, Role};
use serde_json::{Map, Value, json};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::aws::{
    BadRequest, BatchMeterUsage, GetEntitlements, ResolveCustomer, metered,
    sigv4::{self, Authorization},
};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(json_1_1)).routes(routes!(json_1_1_below)).routes(routes!(rpc_v2_cbor))
}

/// The documents' form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Cbor,
}

/// A refusal in the words of the service models.
#[derive(Debug)]
struct AwsError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl AwsError {
    fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind, message: message.into() }
    }

    fn busy() -> Self {
        let message = "The request has failed due to a temporary failure of the server. Retry your request.".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, kind: "ServiceUnavailableException", message }
    }

    fn ours() -> Self {
        let message = "An internal error has occurred. Retry your request.".to_owned();
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, kind: "InternalServiceErrorException", message }
    }
}

impl From<BadRequest> for AwsError {
    fn from(e: BadRequest) -> Self {
        let kind = match e {
            BadRequest::Validation(_) => "ValidationException",
            BadRequest::Allocations(_) => "InvalidUsageAllocationsException",
            BadRequest::Tags(_) => "InvalidTagException",
        };
        Self::new(kind, e.to_string())
    }
}

impl From<Error> for AwsError {
    fn from(e: Error) -> Self {
        let refusal = match e {
            Error::Refused(refusal) => refusal,
            Error::Store(e) if e.is_busy() => return Self::busy(),
            e => {
                tracing::error!(error = %e, source = ?std::error::Error::source(&e), "an AWS operation failed");
                return Self::ours();
            }
        };
        let kind = match refusal.code {
            "neighbour.product_unknown" | "neighbour.product_missing" => "InvalidProductCodeException",
            "neighbour.dimension_unknown" => "InvalidUsageDimensionException",
            "neighbour.licence_unknown" => "InvalidLicenseException",
            "neighbour.time" => "TimestampOutOfBoundsException",
            "neighbour.customer_missing" => "InvalidCustomerIdentifierException",
            "neighbour.next_token" => "InvalidParameterException",
            "registration.token_invalid" => "InvalidTokenException",
            "registration.token_expired" => "ExpiredTokenException",
            _ => "ValidationException",
        };
        let message = match refusal.fields.first() {
            Some(field) => format!("{}: {}", field.pointer.trim_start_matches('/'), field.detail),
            None => refusal.detail,
        };
        Self::new(kind, message)
    }
}

impl From<Gate> for AwsError {
    fn from(gate: Gate) -> Self {
        match gate {
            Gate::TooLong(max) => Self::new("RequestEntityTooLarge", format!("the body has more than {max} bytes")),
            Gate::TooOften | Gate::TooManyFailures => Self::new("ThrottlingException", "Rate exceeded; call again a little later"),
            _ => Self::ours(),
        }
    }
}

/// The operations, with whether they write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    BatchMeterUsage,
    ResolveCustomer,
    GetEntitlements,
}

impl Operation {
    fn named(service: &str, operation: &str) -> Result<Self, AwsError> {
        match (service, operation) {
            ("AWSMPMeteringService", "BatchMeterUsage") => Ok(Self::BatchMeterUsage),
            ("AWSMPMeteringService", "ResolveCustomer") => Ok(Self::ResolveCustomer),
            ("AWSMPEntitlementService", "GetEntitlements") => Ok(Self::GetEntitlements),
            _ => Err(AwsError::new("UnknownOperationException", "call BatchMeterUsage, ResolveCustomer or GetEntitlements")),
        }
    }
}

/// AWS JSON 1.1: `X-Amz-Target` names `AWSMPMeteringService.BatchMeterUsage`, `AWSMPMeteringService.ResolveCustomer` or
/// `AWSMPEntitlementService.GetEntitlements`. Signed with an access key for the service `aws-marketplace`.
#[utoipa::path(post, path = "/aws", tag = "neighbours", operation_id = "aws_json", security(("access" = ["seller"])),
    params(("X-Amz-Target" = String, Header)), request_body = Value,
    responses((status = 200, body = Value, content_type = "application/x-amz-json-1.1"),
        (status = 400, body = Value, content_type = "application/x-amz-json-1.1"),
        (status = 500, body = Value, content_type = "application/x-amz-json-1.1")))]
async fn json_1_1(State(api): State<Api>, request: Request) -> Response {
    let target = request.headers().get("x-amz-target").and_then(|t| t.to_str().ok()).unwrap_or_default().to_owned();
    let (service, operation) = target.split_once('.').unwrap_or_default();
    answer(&api, Form::Json, service, operation, request).await
}

/// The same where a client adds the model's path to the endpoint.
#[utoipa::path(post, path = "/aws/", tag = "neighbours", operation_id = "aws_json_below", security(("access" = ["seller"])),
    params(("X-Amz-Target" = String, Header)), request_body = Value,
    responses((status = 200, body = Value, content_type = "application/x-amz-json-1.1"),
        (status = 400, body = Value, content_type = "application/x-amz-json-1.1"),
        (status = 500, body = Value, content_type = "application/x-amz-json-1.1")))]
async fn json_1_1_below(api: State<Api>, request: Request) -> Response {
    json_1_1(api, request).await
}

/// The same by Smithy RPC v2 CBOR, as newer SDKs call the entitlement service.
#[utoipa::path(post, path = "/aws/service/{service}/operation/{operation}", tag = "neighbours", operation_id = "aws_cbor",
    security(("access" = ["seller"])), params(("service" = String, Path), ("operation" = String, Path)),
    responses((status = 200), (status = 400), (status = 500)))]
async fn rpc_v2_cbor(
    State(api): State<Api>,
    axum::extract::Path((service, operation)): axum::extract::Path<(String, String)>,
    request: Request,
) -> Response {
    answer(&api, Form::Cbor, &service, &operation, request).await
}

async fn answer(api: &Api, form: Form, service: &str, operation: &str, request: Request) -> Response {
    written(form, answered(api, form, service, operation, request).await)
}

/// An answer in the form that was asked for.
fn written(form: Form, answer: Result<Value, AwsError>) -> Response {
    let id = RandomIds::default().uuid(MovableClock::default().wall()).hyphenated().to_string();
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(e) => {
            let kind = if form == Form::Cbor { format!("com.amazonaws.marketplace#{}", e.kind) } else { e.kind.to_owned() };
            (e.status, json!({ "__type": kind, "message": e.message }))
        }
    };
    let id = [(HeaderName::from_static("x-amzn-requestid"), id)];
    come_again(match form {
        Form::Json => (status, id, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], body.to_string()).into_response(),
        Form::Cbor => {
            let mut bytes = Vec::new();
            // Writing to memory does not fail.
            let _ = ciborium::into_writer(&to_cbor("", &body), &mut bytes);
            let own = [(HeaderName::from_static("smithy-protocol"), "rpc-v2-cbor")];
            (status, id, own, [(header::CONTENT_TYPE, "application/cbor")], bytes).into_response()
        }
    })
}

async fn answered(api: &Api, form: Form, service: &str, operation: &str, request: Request) -> Result<Value, AwsError> {
    let operation = Operation::named(service, operation)?;
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([0, 0, 0, 0]), |c| c.0.ip());
    let (parts, body) = request.into_parts();
    let body = read(Body::new(body)).await?;
    let caller = authenticate(api, &parts, &body, from, operation).await?;
    let document = match form {
        Form::Json => serde_json::from_slice(&body).map_err(|e| AwsError::new("SerializationException", format!("no JSON: {e}")))?,
        Form::Cbor => {
            let value =
                ciborium::from_reader(body.as_ref()).map_err(|e| AwsError::new("SerializationException", format!("no CBOR: {e}")))?;
            of_cbor(value)?
        }
    };
    match operation {
        Operation::ResolveCustomer => {
            let asked = ResolveCustomer::read(&document)?;
            let found = api.write(caller, move |tx, ctx, who| neighbour::resolve_customer(tx, ctx, who, &asked.registration_token)).await?;
            serde_json::to_value(found).map_err(|_| AwsError::ours())
        }
        Operation::BatchMeterUsage => {
            let batch = BatchMeterUsage::read(&document)?;
            Ok(metered(api.write(caller, move |tx, ctx, who| neighbour::batch_meter(tx, ctx, who, &batch)).await?))
        }
        Operation::GetEntitlements => {
            let asked = GetEntitlements::read(&document)?;
            let page = api.read(caller, move |tx, ctx, who| neighbour::entitlements(tx, ctx, who, &asked)).await?;
            let mut answer = json!({ "Entitlements": page.entitlements.iter().map(wire::aws::Entitlement::to_value).collect::<Vec<_>>() });
            if let Some(next) = page.next_token {
                answer["NextToken"] = next.into();
            }
            Ok(answer)
        }
    }
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

/// The seller whose access key signed the request.
async fn authenticate(api: &Api, parts: &Parts, body: &[u8], from: IpAddr, operation: Operation) -> Result<Arc<Caller>, AwsError> {
    let header = parts.headers.get(header::AUTHORIZATION);
    let header = header.ok_or_else(|| AwsError::new("MissingAuthenticationTokenException", "Missing Authentication Token"))?;
    let given = Authorization::parse(&String::from_utf8_lossy(header.as_bytes()))
        .map_err(|e| AwsError::new("IncompleteSignatureException", e.to_string()))?;
    let ak = given.access.clone();
    let signer = api.app.read_at_the_edge(move |tx, ctx| access_key::signer(tx, ctx, &ak)).await?;
    let fail =
        |kind, why: String| if api.quotas.failed(&given.access, from) { Gate::TooManyFailures.into() } else { AwsError::new(kind, why) };
    let unknown = "The security token included in the request is invalid.";
    let signer = signer.ok_or_else(|| fail("UnrecognizedClientException", unknown.to_owned()))?;
    Sight::of(&parts.extensions).known(signer.caller.account_id, &given.access, body);
    let texts = texts(&parts.headers);
    let headers: Vec<(&str, &str)> = texts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let received = sigv4::Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body,
    };
    sigv4::verify(&given, &signer.secret, &received, api.app.env.clock.wall().as_second()).map_err(|e| match e {
        sigv4::Refused::Malformed(_) => fail("IncompleteSignatureException", e.to_string()),
        _ => fail("InvalidSignatureException", e.to_string()),
    })?;
    api.quotas.requests.check_key(&signer.id).map_err(|_| Gate::TooOften)?;
    let writes = operation == Operation::BatchMeterUsage;
    access::decide(Access::Role(Role::Seller), Some(signer.caller.standing()), writes).map_err(|refused| {
        let why = match refused {
            Refused::ScopeMissing(scope) => format!("the access key lacks the scope {scope}"),
            Refused::WrongRole | Refused::NobodyCalled => "the account of the access key is no seller".to_owned(),
        };
        AwsError::new("AccessDeniedException", format!("User is not authorized to perform: aws-marketplace:{operation:?}: {why}"))
    })?;
    if signer.use_is_news {
        note_use(api, signer.id, from);
    }
    Ok(Arc::new(signer.caller))
}

/// A document as CBOR; times are tagged.
fn to_cbor(name: &str, value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(b) => Cbor::Bool(*b),
        Value::Number(n) => {
            let plain = n.as_i64().map_or_else(|| Cbor::Float(n.as_f64().unwrap_or_default()), |i| Cbor::Integer(i.into()));
            if matches!(name, "ExpirationDate" | "Timestamp") { Cbor::Tag(1, Box::new(plain)) } else { plain }
        }
        Value::String(s) => Cbor::Text(s.clone()),
        Value::Array(list) => Cbor::Array(list.iter().map(|v| to_cbor(name, v)).collect()),
        Value::Object(map) => Cbor::Map(map.iter().map(|(k, v)| (Cbor::Text(k.clone()), to_cbor(k, v))).collect()),
    }
}

fn of_cbor(value: Cbor) -> Result<Value, AwsError> {
    let odd = || AwsError::new("SerializationException", "the CBOR holds what JSON has not");
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(b) => b.into(),
        Cbor::Integer(i) => i64::try_from(i).map_err(|_| odd())?.into(),
        Cbor::Float(f) => f.into(),
        Cbor::Text(s) => s.into(),
        Cbor::Tag(_, inner) => of_cbor(*inner)?,
        Cbor::Array(list) => list.into_iter().map(of_cbor).collect::<Result<Vec<_>, _>>()?.into(),
        Cbor::Map(pairs) => {
            let pair = |(k, v): (Cbor, Cbor)| Ok((k.into_text().map_err(|_| odd())?, of_cbor(v)?));
            pairs.into_iter().map(pair).collect::<Result<Map<_, _>, AwsError>>()?.into()
        }
        _ => return Err(odd()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::DbError;

    #[test]
    fn a_busy_database_is_503_in_the_words_of_aws() {
        let error = AwsError::from(Error::Store(DbError::Share));
        assert_eq!((error.status.as_u16(), error.kind), (503, "ServiceUnavailableException"));
        for form in [Form::Json, Form::Cbor] {
            let response = written(form, Err(AwsError::busy()));
            assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, &b"2"[..]), "{form:?}");
        }
    }
}
