//! The live tail of production calls: each attempt as it begins and as it ends, as server-sent events.

use crate::{auth::Who, call::tenant, problem::Problem, state::Api, views::time};
use app::{Actor, Caller, Error, Key, Tenant};
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use domain::id::CallId;
use futures_util::stream::{Stream, unfold};
use serde::Serialize;
use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};
use store::call::{self as rows, Followed};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// How often the database is asked; other nodes call too.
const PERIOD: Duration = Duration::from_secs(1);
/// Another node's clock may be this much behind.
const SKEW: Duration = Duration::from_secs(5);
/// An attempt without an end is followed this long.
const FOLLOWED: Duration = Duration::from_secs(60);
/// Then the browser asks again, and who asks is checked again.
const LASTS: Duration = Duration::from_secs(300);
/// Attempts in one look at most.
const LOOK_MAX: i64 = 500;

#[derive(Debug, Serialize, ToSchema)]
struct AttemptEvent {
    call: String,
    activity: String,
    order_number: Option<String>,
    /// 1 for the first try.
    number: i64,
    at: String,
    /// Nothing while it is under way.
    outcome: Option<String>,
    status: Option<i64>,
    duration_ms: Option<i64>,
    error: Option<String>,
}

fn event(f: &Followed) -> Event {
    let shown = AttemptEvent {
        call: f.attempt.call_id.id::<CallId>().to_string(),
        activity: f.activity.to_string(),
        order_number: f.order_number.clone(),
        number: f.attempt.number,
        at: time(f.attempt.started_at),
        outcome: f.attempt.outcome.clone(),
        status: f.attempt.status,
        duration_ms: f.attempt.duration_ms,
        error: f.attempt.error.clone(),
    };
    // A struct of texts and numbers always serialises.
    Event::default().event("attempt").json_data(&shown).unwrap_or_default()
}

/// What a reader has seen.
struct Tail {
    api: Api,
    who: Arc<Caller>,
    tenant: Tenant,
    began: Instant,
    /// Attempts that were told, by id, each with whether its end was.
    told: BTreeMap<[u8; 16], bool>,
    waiting: VecDeque<Event>,
    /// Given back when the reader goes.
    _place: OwnedSemaphorePermit,
}

/// The lowest id of a moment: ids begin with the milliseconds of their wall time.
#[must_use]
pub fn lowest_id(wall: jiff::Timestamp) -> Key {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&wall.as_millisecond().to_be_bytes()[2..]);
    Key(bytes)
}

impl Tail {
    /// Asks for what began lately, or has not ended yet.
    async fn look(&mut self) -> Result<(), app::Error> {
        let tenant = self.tenant;
        let from = {
            let wall = |back: Duration| app::Clock::wall(&*self.api.app.env.clock) - back;
            let open = self.told.iter().find(|(_, ended)| !**ended).map(|(id, _)| Key(*id));
            let recent = lowest_id(wall(SKEW.min(self.began.elapsed())));
            open.map_or(recent, |open| open.min(recent)).max(lowest_id(wall(FOLLOWED)))
        };
        let found =
            self.api.app.read(Actor::Caller(self.who.clone()), move |tx, _| Ok(rows::followed(tx, tenant, from, LOOK_MAX)?)).await?;
        self.told.retain(|id, _| *id >= from.0);
        for f in found {
            let ended = f.attempt.outcome.is_some();
            if self.told.insert(f.attempt.id.0, ended) != Some(ended) {
                self.waiting.push_back(event(&f));
            }
        }
        Ok(())
    }

    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((Ok(event), self));
            }
            if self.began.elapsed() > LASTS {
                return None;
            }
            // A node that stops ends its streams; the browser asks again, and reaches another node or the next start.
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = self.api.worker.stopping() => return None,
            }
            if let Err(e) = self.look().await {
                tracing::warn!(error = %e, "the tail of calls could not be read");
                return None;
            }
        }
    }
}

fn follow(api: Api, who: Arc<Caller>) -> Result<impl Stream<Item = Result<Event, Infallible>> + use<>, Problem> {
    let tenant = tenant(&who)?;
    let full = |_| Error::too_many("calls.too_many_streams", "too many people follow the calls on this node; try again in a minute");
    let place = api.streams.clone().try_acquire_owned().map_err(full)?;
    let tail = Tail { _place: place, who, tenant, api, began: Instant::now(), told: BTreeMap::new(), waiting: VecDeque::new() };
    Ok(unfold(tail, Tail::next))
}

/// Attempts at production calls as they begin and end: events `attempt`. The stream ends after five minutes.
#[utoipa::path(get, path = "/api/v1/calls/stream", tag = "calls", operation_id = "call_stream", security(("access" = ["user"])),
    responses((status = 200, body = AttemptEvent, content_type = "text/event-stream")))]
async fn stream(State(api): State<Api>, Who(caller): Who) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    Ok(Sse::new(follow(api, caller)?).keep_alive(KeepAlive::default()))
}
