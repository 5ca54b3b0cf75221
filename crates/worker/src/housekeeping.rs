//! Work of wall time: sealing events, forgetting old idempotency keys, tries and counted clients.

use crate::{Files, Worker, leftovers};
use app::{
    Actor, App, Clock, Error,
    event::{Horizon, Sealed},
    micros,
};
use jiff::SignedDuration;
use std::time::Duration;

/// How long an idempotency key is kept.
const KEYS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// How long it is remembered who was counted as a client of a licence; the counts stay.
const CLIENTS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 2);

/// How long a sign-on is remembered after its last token.
const SIGN_ONS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// What is kept of an account's calls at the open APIs: so long, and so many.
const OPEN_API_CALLS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);
const OPEN_API_CALLS_MAX: i64 = 5_000;

/// Files are looked at every hour.
const ROUNDS_OF_FILES: u64 = 120;

/// How often a round looks whether the transactions have ended that were open at its horizon, and the pause between.
const LOOKS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Seals all events that are committed. What an open transaction may still come before waits for the next round.
async fn seal(app: &App, horizon: &mut Option<Horizon>) -> Result<(), Error> {
    let wanted = match horizon.take() {
        Some(left) => left,
        None => app.write(Actor::System, |tx, _| Horizon::now(tx)).await?,
    };
    let mut looks = 0;
    loop {
        let until = wanted.clone();
        match app.write(Actor::System, move |tx, ctx| app::event::seal(tx, ctx, &until)).await? {
            Sealed::Events(_) => {}
            Sealed::All => return Ok(()),
            Sealed::Damaged => {
                tracing::error!("seals of events are gone or replaced: look at `yunshi verify`, then `yunshi admin reseal`");
                return Ok(());
            }
            Sealed::Waiting if looks < LOOKS => {
                looks += 1;
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Sealed::Waiting => {
                tracing::warn!("a transaction has been open for long; events after its own are not sealed yet");
                *horizon = Some(wanted);
                return Ok(());
            }
        }
    }
}

impl Worker {
    /// Keeps house until the task is dropped.
    pub async fn keep_house(app: App, files: Files) {
        let mut every = tokio::time::interval(Duration::from_secs(30));
        let mut horizon = None;
        for round in 0_u64.. {
            every.tick().await;
            if round.is_multiple_of(ROUNDS_OF_FILES)
                && let Err(e) = leftovers::remove(&app, &files, app.env.clock.wall()).await
            {
                tracing::warn!(error = %e, "files that nothing names could not be removed");
            }
            if let Err(e) = seal(&app, &mut horizon).await {
                tracing::warn!(error = %e, "events could not be sealed; another node may have been quicker");
            }
            let whole = app.write(Actor::System, |tx, ctx| Ok(store::log_in_try::forget(tx, ctx.wall_micros())?));
            if let Err(e) = whole.await {
                tracing::warn!(error = %e, "old tries of log-ins could not be removed");
            }
            let clients = app.write(Actor::System, |tx, ctx| {
                let before = (ctx.now - CLIENTS_KEPT).strftime("%Y-%m-%d").to_string();
                Ok(store::licence::forget_clients(tx, &before)?)
            });
            if let Err(e) = clients.await {
                tracing::warn!(error = %e, "clients of licences that were counted could not be removed");
            }
            let evidence = app.write(Actor::System, app::supervision::forget_waiting);
            if let Err(e) = evidence.await {
                tracing::warn!(error = %e, "files that no step named could not be forgotten");
            }
            let sign_ons = app.write(Actor::System, |tx, ctx| Ok(store::sign_on::forget(tx, micros(ctx.wall - SIGN_ONS_KEPT))?));
            if let Err(e) = sign_ons.await {
                tracing::warn!(error = %e, "old sign-ons could not be removed");
            }
            let calls = app.write(Actor::System, |tx, ctx| {
                store::open_api_call::forget(tx, micros(ctx.wall - OPEN_API_CALLS_KEPT))?;
                Ok(store::open_api_call::forget_beyond(tx, OPEN_API_CALLS_MAX)?)
            });
            if let Err(e) = calls.await {
                tracing::warn!(error = %e, "old calls of the open APIs could not be removed");
            }
            let forgotten = app.write(Actor::System, |tx, ctx| Ok(store::idempotency::forget(tx, micros(ctx.wall - KEYS_KEPT))?));
            if let Err(e) = forgotten.await {
                tracing::warn!(error = %e, "old idempotency keys could not be removed");
            }
        }
    }
}
