//! What only a sandbox has: a clock that can be moved, faults of the built-in seller, scenes that are played by hand.

use crate::{auth::Who, body::Body, problem::Problem, renewal::ask_and_renew, state::Api, views::TextView};
use app::{
    Caller, Clock, Error,
    account::caller_of_token,
    scene::{self, Cast, Played, Scene},
};
use axum::{Json, extract::State};
use domain::{site::SiteCode, text::Line};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Switches faults of the built-in seller; the binary knows how.
pub trait Faults: Send + Sync {
    /// Sets the fault of a product's server; says whether the fault is known.
    fn set(&self, product: &str, fault: &str) -> bool;
    /// The names of the faults.
    fn known(&self) -> Vec<&'static str>;
    /// Those that are set now, by product.
    fn now(&self) -> Vec<(String, &'static str)>;
}

/// The sandbox's switches.
pub struct Sandbox {
    pub faults: Box<dyn Faults>,
    /// The seeded accounts by role, as `yunshi sandbox --json` prints them; there once it is seeded.
    pub accounts: OnceLock<serde_json::Value>,
}

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(clock_show))
        .routes(routes!(clock_advance))
        .routes(routes!(fault_set))
        .routes(routes!(show))
        .routes(routes!(scene_play))
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
    Ok(Json(ClockView { now: api.app.env.clock.now().to_string(), ran: RanView { jobs: 0, calls: 0 } }))
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
#[utoipa::path(post, path = "/api/v1/sandbox/clock/advance", tag = "sandbox", operation_id = "clock_advance",
    security(("access" = ["user"])),
    request_body = AdvanceBody, responses((status = 200, body = ClockView)))]
async fn clock_advance(State(api): State<Api>, Who(caller): Who, body: Body<AdvanceBody>) -> Result<Json<ClockView>, Problem> {
    sandbox(&api)?;
    let by = duration(body.value.by.as_str())?;
    api.begin(caller).await?;
    let ran = api.worker.advance(by).await?;
    Ok(Json(ClockView { now: api.app.env.clock.now().to_string(), ran: RanView { jobs: ran.jobs, calls: ran.calls } }))
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
async fn fault_set(State(api): State<Api>, Who(caller): Who, body: Body<FaultBody>) -> Result<Json<FaultView>, Problem> {
    let sandbox = sandbox(&api)?;
    api.begin(caller).await?;
    let (product, fault) = (body.value.product.into_string(), body.value.fault.into_string());
    if !sandbox.faults.set(&product, &fault) {
        let detail = format!("choose one of {}", sandbox.faults.known().join(", "));
        return Err(Error::field("/fault", "sandbox.fault", detail).into());
    }
    Ok(Json(FaultView { product, fault }))
}

#[derive(Debug, Serialize, ToSchema)]
struct SandboxProduct {
    key: String,
    name: TextView,
}

#[derive(Debug, Serialize, ToSchema)]
struct SandboxView {
    /// Business time.
    now: String,
    /// The faults that the built-in seller knows.
    known_faults: Vec<String>,
    /// Those that are set now.
    faults: Vec<FaultView>,
    /// The scenes that can be played.
    scenes: Vec<String>,
    /// What can be bought at the caller's site; at most 100.
    products: Vec<SandboxProduct>,
}

/// The sandbox's switches, and what they are set to.
#[utoipa::path(get, path = "/api/v1/sandbox", tag = "sandbox", operation_id = "sandbox_show", security(("access" = ["user"])),
    responses((status = 200, body = SandboxView)))]
async fn show(State(api): State<Api>, Who(caller): Who) -> Result<Json<SandboxView>, Problem> {
    let sandbox = sandbox(&api)?;
    let products = api.read(caller, |tx, ctx, who| {
        let mut products = Vec::new();
        for found in store::product::any_buyable(tx, who.site.as_str(), None, 100)? {
            let Some(revision) = found.revision_id else { continue };
            let name = ctx.listings.approved(tx, revision)?.name.clone().into();
            products.push(SandboxProduct { key: found.key, name });
        }
        Ok(products)
    });
    Ok(Json(SandboxView {
        now: api.app.env.clock.now().to_string(),
        known_faults: sandbox.faults.known().into_iter().map(str::to_owned).collect(),
        faults: sandbox.faults.now().into_iter().map(|(product, fault)| FaultView { product, fault: fault.to_owned() }).collect(),
        scenes: Scene::ALL.iter().map(ToString::to_string).collect(),
        products: products.await?,
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SceneBody {
    /// Id or key of a product.
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    product: Line<60>,
    /// `buy`, `try`, `trial_to_formal`, `renew`, `renew_with_change`, `cancel_renewal`, `upgrade`, `freeze`, `unfreeze`, `expire`,
    /// `unsubscribe` or `release`.
    #[schema(value_type = String)]
    scene: Scene,
}

#[derive(Debug, Serialize, ToSchema)]
struct SceneView {
    scene: String,
    /// The order that it made.
    order_number: Option<String>,
    /// The instance that it was about.
    instance: Option<String>,
    /// Business time after it.
    now: String,
}

/// A seeded account of the sandbox.
async fn seeded(api: &Api, sandbox: &Sandbox, role: &str) -> Result<Arc<Caller>, Error> {
    let missing = || Error::conflict("sandbox.not_seeded", "the sandbox is not seeded yet; try again in a moment");
    let token = sandbox.accounts.get().and_then(|all| all[role]["token"].as_str()).map(str::to_owned).ok_or_else(missing)?;
    let found = api.app.read_at_the_edge(move |tx, ctx| caller_of_token(tx, ctx, &token)).await?;
    found.map(Arc::new).ok_or_else(missing)
}

/// Plays a scene with the sandbox's own buyer and operator; what falls due by it, such as the calls on the seller, is
/// done before the answer.
#[utoipa::path(post, path = "/api/v1/sandbox/scenes", tag = "sandbox", operation_id = "scene_play", security(("access" = ["user"])),
    request_body = SceneBody, responses((status = 200, body = SceneView)))]
async fn scene_play(State(api): State<Api>, Who(caller): Who, body: Body<SceneBody>) -> Result<Json<SceneView>, Problem> {
    let sandbox = sandbox(&api)?;
    let SceneBody { product, scene } = body.value;
    let role = if caller.site == SiteCode::Intl { "buyer_intl" } else { "buyer" };
    let (buyer, operator) = (seeded(&api, &sandbox, role).await?, seeded(&api, &sandbox, "operator").await?);
    // It writes in the names of others, and moves the clock.
    api.begin(caller).await?;
    let played =
        api.write(buyer.clone(), move |tx, ctx, buyer| scene::play(tx, ctx, &Cast { buyer, operator: &operator }, product.as_str(), scene));
    let (order_number, instance) = match played.await? {
        Played::Ordered(full) => (Some(full.order.number.clone()), full.lines.first().and_then(|l| l.instance_id).map(|id| id.id())),
        Played::Changed(id) => (None, Some(id)),
        Played::Later(id, by) => {
            api.worker.advance(by).await?;
            (None, Some(id))
        }
        Played::Ask(cmd) => {
            let id = cmd.instance;
            let asked = ask_and_renew(&api, buyer, cmd).await?;
            let refused = |why| Error::conflict("change.refused", format!("the seller cannot renew it with this change: {why}"));
            (Some(asked.map_err(refused)?.order_number), Some(id))
        }
    };
    api.worker.advance(SignedDuration::ZERO).await?;
    let instance = instance.map(|id: domain::id::InstanceId| id.to_string());
    Ok(Json(SceneView { scene: scene.to_string(), order_number, instance, now: api.app.env.clock.now().to_string() }))
}
