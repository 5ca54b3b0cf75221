//! The gateway before the open APIs: who signed a request with AK and SK, whether the route is for them,
//! and how often they may call (`open-api 1`).

use super::{
    licence,
    refusal::{Gate, Refusal},
};
use crate::{error_page::REQUEST_ID, open_api_log::Sight, state::Api};
use app::{
    Actor, Caller, Clock, Ids, MovableClock, RandomIds,
    account::access_key::{self, Signer},
};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use domain::{
    access::{self, Refused},
    id::AccessKeyId,
};
use governor::{Quota, RateLimiter, clock::DefaultClock, state::keyed::HashMapStateStore};
use http_body_util::BodyExt;
use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};
use wire::open_api::aksk::{self, Authorization};

/// Bodies are at most this long: a thousand usage records with every field at its limit fit.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// What is read of a body that is too long.
const PATIENCE_BYTES: usize = 32 * BODY_BYTES_MAX;
/// Refused signatures of one key from one address at once; one more every six seconds.
const FAILURES: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
const FAILURE_COMES_BACK: std::time::Duration = std::time::Duration::from_secs(6);
/// Failing keys in memory, before those that are long quiet are forgotten.
const FAILING_MAX: usize = 10_000;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

/// How often keys may call and fail, on this node.
#[derive(Debug)]
pub struct Quotas {
    pub(crate) requests: Limiter<AccessKeyId>,
    failures: Limiter<(String, IpAddr)>,
}

impl Quotas {
    pub fn new(per_second: NonZeroU32) -> Self {
        let failing = Quota::with_period(FAILURE_COMES_BACK).unwrap_or(Quota::per_minute(FAILURES)).allow_burst(FAILURES);
        Self {
            requests: RateLimiter::hashmap(
                Quota::per_second(per_second).allow_burst(per_second.saturating_mul(NonZeroU32::MIN.saturating_add(1))),
            ),
            failures: RateLimiter::hashmap(failing),
        }
    }

    pub(crate) fn failed(&self, access: &str, from: IpAddr) -> bool {
        if self.failures.len() > FAILING_MAX {
            self.failures.retain_recent();
        }
        self.failures.check_key(&(access.chars().take(64).collect(), from)).is_err()
    }
}

fn request_id() -> String {
    RandomIds::default().uuid(MovableClock::default().wall()).simple().to_string()
}

fn named(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// No such API below the prefixes.
pub async fn unknown() -> Response {
    let id = request_id();
    named(Gate::NoSuchApi.answer(&id), &id)
}

/// A handler broke.
pub fn panicked(what: Box<dyn std::any::Any + Send>) -> Response {
    let text = what.downcast_ref::<&str>().copied().or_else(|| what.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic");
    tracing::error!(panic = text, "an open API broke");
    let id = request_id();
    named(Gate::OurFault.answer(&id), &id)
}

/// Lets a request through when it is signed by somebody who may use the route.
pub async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let id = request_id();
    let response = match let_in(&api, request).await {
        Ok(request) => next.run(request).await,
        Err(Stop::Gate(gate)) => gate.answer(&id),
        Err(Stop::Service(refusal)) => refusal.into_response(),
        Err(Stop::Own(response)) => *response,
    };
    named(response, &id)
}

enum Stop {
    Gate(Gate),
    Service(Refusal),
    /// In the words of the interface that was meant.
    Own(Box<Response>),
}

impl From<Gate> for Stop {
    fn from(gate: Gate) -> Self {
        Self::Gate(gate)
    }
}

async fn let_in(api: &Api, request: Request) -> Result<Request, Stop> {
    let path = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let Some(access) = api.access.get(request.method(), &path) else {
        return Err(if licence::is_here(&path) { Stop::Own(Box::new(licence::method_refused())) } else { Gate::NoSuchApi.into() });
    };
    let writes = !request.method().is_safe();
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([0, 0, 0, 0]), |c| c.0.ip());
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    let signer = authenticate(api, &parts, &body, from).await?;
    api.quotas.requests.check_key(&signer.id).map_err(|_| Gate::TooOften)?;
    access::decide(access, Some(signer.caller.standing()), writes).map_err(|refused| {
        Stop::Service(Refusal::no_authority(match refused {
            Refused::ScopeMissing(scope) => format!("the access key lacks the scope {scope}"),
            Refused::WrongRole | Refused::NobodyCalled => "the account of the access key has not the role that this needs".to_owned(),
        }))
    })?;
    if signer.use_is_news {
        note_use(api, signer.id, from);
    }
    let mut request = Request::from_parts(parts, Body::from(body));
    request.extensions_mut().insert(Arc::new(signer.caller));
    Ok(request)
}

/// The whole body. One that is too long is read to its end all the same, within reason: a client that is
/// still sending would not hear the refusal.
pub(crate) async fn read(mut body: Body) -> Result<Bytes, Gate> {
    let (mut bytes, mut length) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Gate::NotAuthentic("the body broke off".to_owned()))?;
        let data = frame.into_data().unwrap_or_default();
        length += data.len();
        if length <= BODY_BYTES_MAX {
            bytes.extend_from_slice(&data);
        } else if length > PATIENCE_BYTES {
            break;
        }
    }
    if length > BODY_BYTES_MAX { Err(Gate::TooLong(BODY_BYTES_MAX)) } else { Ok(bytes.freeze()) }
}

/// Who signed the request.
async fn authenticate(api: &Api, parts: &axum::http::request::Parts, body: &[u8], from: IpAddr) -> Result<Signer, Gate> {
    let no = |why: String| Gate::NotAuthentic(why);
    let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(|| no("x-auth-token not found".to_owned()))?;
    let given = Authorization::parse(&String::from_utf8_lossy(header.as_bytes())).map_err(|e| no(e.to_string()))?;
    let ak = given.access.clone();
    let signer = api.app.read_at_the_edge(move |tx, ctx| access_key::signer(tx, ctx, &ak)).await.map_err(|e| {
        tracing::error!(error = %e, "an access key could not be looked up");
        Gate::from(&e)
    })?;
    let fail = |why: String| if api.quotas.failed(&given.access, from) { Gate::TooManyFailures } else { no(why) };
    let signer = signer.ok_or_else(|| fail(format!("ak {} not exist", given.access.chars().take(64).collect::<String>())))?;
    Sight::of(&parts.extensions).known(signer.caller.account_id, &given.access, body);
    let texts: Vec<(&str, String)> =
        parts.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    let headers: Vec<(&str, &str)> = texts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let received = aksk::Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body,
    };
    let now = api.app.env.clock.wall().as_second();
    match aksk::verify(&given, &signer.secret, &received, now) {
        Ok(()) => Ok(signer),
        Err(e) => Err(fail(e.to_string())),
    }
}

/// Written beside the request, which does not wait for it.
pub(crate) fn note_use(api: &Api, key: AccessKeyId, from: IpAddr) {
    let app = api.app.clone();
    tokio::spawn(async move {
        let from = from.to_string();
        if let Err(e) = app.write(Actor::System, move |tx, ctx| access_key::used(tx, ctx, key, &from)).await {
            tracing::warn!(error = %e, "the use of an access key was not written down");
        }
    });
}

/// The caller whose signature the gateway checked.
pub struct Signed(pub Arc<Caller>);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Arc<Caller>>().cloned().map(Self).ok_or_else(|| Refusal::no_authority("nobody signed"))
    }
}
