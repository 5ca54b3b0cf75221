//! Every write once: a request with an `Idempotency-Key` is done one time, and a repeat gets its answer.
//!
//! The frame puts the key into the [`Caller`] that handlers write as; the transaction stores it (`app::idempotency`).
//! So a handler needs to do nothing for it. What acts outside before it writes calls [`Api::begin`] or [`Api::is_new`].

use crate::{BODY_BYTES_MAX, body::too_long, problem::Problem, state::Api};
use app::{Answer, Caller, Error, Repeat};
use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt};
use std::{
    panic::resume_unwind,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::oneshot;
use utoipa::openapi::{
    ObjectBuilder, OpenApi, RefOr, Required, Type,
    path::{Parameter, ParameterBuilder, ParameterIn},
};

const KEY: &str = "idempotency-key";

/// Said of an answer that was given before.
const HIT: &str = "idempotency-hit";

/// Longer answers are not kept: all that writes answer with are documents of a few kilobytes.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// How long a repeat waits for the answer to the request that is still being done.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Of a body that nobody read the rest is awaited for so long.
const REST_WITHIN: Duration = Duration::from_secs(30);

/// A body that counts as input of the request as far as it is read, and hands over what is left of it.
struct Heard {
    body: Option<BodyDataStream>,
    repeat: Arc<Repeat>,
    left: Option<oneshot::Sender<BodyDataStream>>,
}

impl Stream for Heard {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let read = self.body.as_mut().map_or(Poll::Ready(None), |body| body.poll_next_unpin(cx));
        if let Poll::Ready(Some(Ok(bytes))) = &read {
            self.repeat.add(bytes);
        }
        read
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        if let (Some(body), Some(left)) = (self.body.take(), self.left.take()) {
            // Nobody waits for it when the request was done.
            let _ = left.send(body);
        }
    }
}

/// Reads what a handler left of the body, so that it can be compared with that of the earlier request.
async fn read_rest(repeat: &Repeat, left: oneshot::Receiver<BodyDataStream>) {
    let read = async {
        let Ok(mut body) = left.await else { return };
        while let Some(Ok(bytes)) = body.next().await {
            repeat.add(&bytes);
        }
    };
    // A body that broke off is other inputs.
    let _ = tokio::time::timeout(REST_WITHIN, read).await;
}

fn again(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    if let Ok(kind) = HeaderValue::from_str(&answer.content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response.headers_mut().insert(HIT, HeaderValue::from_static("true"));
    response
}

/// The answer to the earlier request with the caller's key; none when there was no such request.
async fn answered_before(
    api: &Api,
    caller: &Arc<Caller>,
    repeat: &Repeat,
    left: oneshot::Receiver<BodyDataStream>,
) -> Result<Option<Response>, Error> {
    if api.app.earlier(caller.clone()).await?.is_none() {
        return Ok(None);
    }
    read_rest(repeat, left).await;
    let mut waited = Duration::ZERO;
    while let Some(earlier) = api.app.earlier(caller.clone()).await? {
        if let Some(answer) = earlier.answer_to(repeat)? {
            return Ok(Some(again(answer)));
        }
        if waited >= ANSWER_WITHIN {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        waited += LOOK_EVERY;
    }
    let detail = "a request with this Idempotency-Key was taken, and its answer is not known: ask again in a moment with the same key; \
                  if it stays so, look whether it was done before you use a new key";
    Err(Error::conflict("idempotency.no_answer", detail))
}

/// Keeps an answer, and gives it.
async fn kept(api: &Api, caller: Arc<Caller>, response: Response) -> Response {
    if response.body().size_hint().upper().is_none_or(|length| length > ANSWER_BYTES_MAX) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    if let Ok(body) = String::from_utf8(bytes.to_vec()) {
        let answer = Answer { status: parts.status.as_u16(), content_type: kind, body };
        if let Err(e) = api.app.keep(caller, answer).await {
            // The write is done; whoever repeats it is told so without its answer.
            tracing::warn!(error = %e, "an answer could not be kept for its idempotency key");
        }
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// The request with its body as an input: a document is read at once, also where the handler wants none; a file as it is
/// read, which is before it is written down.
async fn with_inputs(request: Request, repeat: &Arc<Repeat>, left: oneshot::Sender<BodyDataStream>) -> Result<Request, Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|length| length > BODY_BYTES_MAX) {
        let heard = |body: Body| Body::from_stream(Heard { body: Some(body.into_data_stream()), repeat: repeat.clone(), left: Some(left) });
        return Ok(request.map(heard));
    }
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| too_long())?;
    repeat.add(&bytes);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

async fn done_once(api: Api, caller: Arc<Caller>, repeat: Arc<Repeat>, request: Request, next: Next) -> Result<Response, Problem> {
    let (left, rest) = oneshot::channel();
    let mut request = with_inputs(request, &repeat, left).await?;
    request.extensions_mut().insert(caller.clone());
    let response = next.run(request).await;
    if repeat.is_claimed() {
        return Ok(if repeat.is_answered() { response } else { kept(&api, caller, response).await });
    }
    // What was refused may have been done by an earlier request: then it is no refusal.
    if repeat.has_met() || !response.status().is_success() {
        return Ok(answered_before(&api, &caller, &repeat, rest).await?.unwrap_or(response));
    }
    Ok(response)
}

/// Does a keyed request once and gives a repeat the same answer.
pub async fn once(State(api): State<Api>, request: Request, next: Next) -> Result<Response, Problem> {
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let (Some(key), Some(caller), true) = (request.headers().get(KEY), request.extensions().get::<Arc<Caller>>(), writes) else {
        return Ok(next.run(request).await);
    };
    let asked = request.uri().path_and_query().map_or(request.uri().path(), |p| p.as_str());
    let repeat = Arc::new(Repeat::new(key.to_str().unwrap_or_default(), &format!("{} {asked}", request.method()))?);
    let caller = Arc::new(Caller { repeat: Some(repeat.clone()), ..Caller::clone(caller) });
    // Whoever hangs up may repeat: the request goes on to its answer.
    let done = tokio::spawn(done_once(api, caller, repeat, request, next)).await;
    done.unwrap_or_else(|e| match e.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_) => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
    })
}

impl Api {
    /// Takes the caller's key before something is done outside that must not be done twice.
    ///
    /// # Errors
    /// [`Error::Repeated`] when the key was used before; the frame then gives the answer to that request.
    pub(crate) async fn begin(&self, caller: Arc<Caller>) -> Result<(), Error> {
        self.write(caller, |_, _, _| Ok(())).await
    }

    /// Refuses a repeat before something is done outside that only costs time when it is done twice.
    ///
    /// # Errors
    /// [`Error::Repeated`] when the key was used before; the frame then gives the answer to that request.
    pub(crate) async fn is_new(&self, caller: Arc<Caller>) -> Result<(), Error> {
        if self.app.earlier(caller).await?.is_some() { Err(Error::Repeated) } else { Ok(()) }
    }
}

const STATED: &str = "1 to 100 visible ASCII characters, chosen anew for each thing to be done. A repeat with the same key and inputs \
                      within 7 days does nothing and is answered as the first request was, with the header `Idempotency-Hit: true`.";

fn header_parameter() -> Parameter {
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(100)).pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(STATED))
        .schema(Some(key))
        .build()
}

/// States the key at each write of a description that is done in somebody's name.
pub fn describe(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten() {
            if !crate::auth::is_public(operation) {
                operation.parameters.get_or_insert_default().push(RefOr::T(header_parameter()));
            }
        }
    }
}
