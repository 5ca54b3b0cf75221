//! What only a sandbox has: a clock that can be moved, faults of the built-in seller.

use crate::{auth::Who, body::Body, problem::Problem, state::Api};
use app::{Clock, Error};
use axum::{Json, extract::State};
use domain::text::Line;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Switches faults of the built-in seller; the binary knows how.
pub trait Faults: Send + Sync {
    /// Sets the fault of a product's server; says whether the fault is known.
    fn set(&self, product: &str, fault: &str) -> bool;
    /// The names of the faults.
    fn known(&self) -> Vec<&'static str>;
}

/// The sandbox's switches.
pub struct Sandbox {
    pub faults: Box<dyn Faults>,
}

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(clock_show)).routes(routes!(clock_advance)).routes(routes!(fault_set))
}

fn sandbox(api: &Api) -> Result<Arc<Sandbox>, Error> {
    api.sandbox.clone().ok_or_else(|| Error::not_found("sandbox.only", "this is no sandbox"))
}

#[derive(Debug, Serialize, ToSchema)]
struct RanView {
    jobs: u64,
    calls: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ClockView {
    now: String,
    ran: RanView,
}

/// The sandbox's business time.
#[utoipa::path(get, path = "/api/v1/sandbox/clock", tag = "sandbox", operation_id = "clock_show", security(("access" = ["user"])),
    responses((status = 200, body = ClockView)))]
async fn clock_show(State(api): State<Api>, _who: Who) -> Result<Json<ClockView>, Problem> {
    sandbox(&api)?;
    Ok(Json(ClockView { now: api.app.clock.now().to_string(), ran: RanView { jobs: 0, calls: 0 } }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    /// `90m`, `48h` or `33d`; at most 800 days.
    #[schema(value_type = String, pattern = "^[0-9]{1,6}[mhd]$")]
    by: Line<10>,
}

fn duration(text: &str) -> Result<SignedDuration, Error> {
    let bad = || Error::field("/by", "clock.duration", "write for example 90m, 48h or 33d; at most 800 days");
    let split = text.len().checked_sub(1).filter(|n| text.is_char_boundary(*n)).ok_or_else(bad)?;
    let (number, unit) = text.split_at(split);
    let number: i64 = number.parse().map_err(|_| bad())?;
    let minutes = match unit {
        "m" => Some(number),
        "h" => number.checked_mul(60),
        "d" => number.checked_mul(24 * 60),
        _ => None,
    };
    minutes.filter(|m| (0..=800 * 24 * 60).contains(m)).map(SignedDuration::from_mins).ok_or_else(bad)
}

/// Moves business time; everything that falls due happens in order before the answer.
#[utoipa::path(post, path = "/api/v1/sandbox/clock/advance", tag = "sandbox", operation_id = "clock_advance", security(("access" = ["user"])),
    request_body = AdvanceBody, responses((status = 200, body = ClockView)))]
async fn clock_advance(State(api): State<Api>, _who: Who, body: Body<AdvanceBody>) -> Result<Json<ClockView>, Problem> {
    sandbox(&api)?;
    let ran = api.worker.advance(duration(body.value.by.as_str())?).await?;
    Ok(Json(ClockView { now: api.app.clock.now().to_string(), ran: RanView { jobs: ran.jobs, calls: ran.calls } }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FaultBody {
    /// Key of a product, or `*`.
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    product: Line<60>,
    /// `none`, `time_out`, `http_500`, `wrong_signature`, `code_000005` …
    #[schema(value_type = String, min_length = 1, max_length = 40)]
    fault: Line<40>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FaultView {
    product: String,
    fault: String,
}

/// Makes the built-in seller misbehave for a product.
#[utoipa::path(post, path = "/api/v1/sandbox/faults", tag = "sandbox", operation_id = "fault_set", security(("access" = ["user"])),
    request_body = FaultBody, responses((status = 200, body = FaultView)))]
async fn fault_set(State(api): State<Api>, _who: Who, body: Body<FaultBody>) -> Result<Json<FaultView>, Problem> {
    let sandbox = sandbox(&api)?;
    let (product, fault) = (body.value.product.into_string(), body.value.fault.into_string());
    if !sandbox.faults.set(&product, &fault) {
        let detail = format!("choose one of {}", sandbox.faults.known().join(", "));
        return Err(Error::field("/fault", "sandbox.fault", detail).into());
    }
    Ok(Json(FaultView { product, fault }))
}
