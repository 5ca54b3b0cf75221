//! What a client still sends after its request is refused.
//!
//! Most clients send the whole body before they listen. A connection closed with bytes unread is reset, and such a
//! client then sees a broken connection instead of the refusal. So the rest of a refused body is read, within limits.

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures_util::{Stream, StreamExt};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::oneshot;

/// Of a refused body so many bytes more are read: the largest pictures and files of cases, and some.
const REST_BYTES_MAX: usize = 40 * 1024 * 1024;

/// And for so long.
const REST_TIME_MAX: Duration = Duration::from_secs(10);

/// A body that hands over what is left of it when it is let go.
struct Watched {
    body: Option<BodyDataStream>,
    left: Option<oneshot::Sender<BodyDataStream>>,
    /// The client waits to hear whether it shall send at all; reading would ask it to.
    waits: bool,
}

impl Stream for Watched {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.waits = false;
        self.body.as_mut().map_or(Poll::Ready(None), |body| body.poll_next_unpin(cx))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let (Some(body), Some(left), false) = (self.body.take(), self.left.take(), self.waits) {
            // Nobody waits for it when the client has gone.
            let _ = left.send(body);
        }
    }
}

/// Reads on until the body ends, breaks off or passes a limit.
async fn read_on(mut body: BodyDataStream) {
    let mut read = 0;
    while let Some(Ok(bytes)) = body.next().await {
        read += bytes.len();
        if read > REST_BYTES_MAX {
            return;
        }
    }
}

/// Answers a refusal only when the body was read as far as it may be.
pub async fn hear_out(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (left, rest) = oneshot::channel();
    let waits = request.headers().contains_key(header::EXPECT);
    let request = request.map(|body| Body::from_stream(Watched { body: Some(body.into_data_stream()), left: Some(left), waits }));
    let response = next.run(request).await;
    if response.status() >= StatusCode::BAD_REQUEST {
        let read = async {
            if let Ok(body) = rest.await {
                read_on(body).await;
            }
        };
        // Whoever sends slower than this is not waited for.
        let _ = tokio::time::timeout(REST_TIME_MAX, read).await;
    }
    response
}
