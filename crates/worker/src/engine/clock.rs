//! A sandbox's clock: moved by one process, followed by the others.

use super::{Ran, Worker};
use app::{Actor, Clock, Error, Moment, micros};
use db::{Key, Tx};
use domain::Timestamp;
use jiff::SignedDuration;
use std::{sync::atomic::Ordering, time::Duration};
use store::job;

/// The setting that says how far business time is ahead.
const OFFSET: &str = "clock_offset";
/// How often it is looked whether another process moved the clock.
const FOLLOW_EVERY: Duration = Duration::from_millis(100);

impl Worker {
    /// Moves business time and does everything that falls due on the way, in order (`contract`, clock).
    ///
    /// # Errors
    /// What the database says.
    pub async fn advance(&self, by: SignedDuration) -> Result<Ran, Error> {
        let _one_at_a_time = self.0.advancing.lock().await;
        self.0.patient.store(true, Ordering::SeqCst);
        self.clock_moves(true).await?;
        let result = self.advance_patiently(by).await;
        self.0.patient.store(false, Ordering::SeqCst);
        self.clock_moves(false).await?;
        result
    }

    async fn advance_patiently(&self, by: SignedDuration) -> Result<Ran, Error> {
        let before = (self.0.jobs.load(Ordering::SeqCst), self.0.calls.load(Ordering::SeqCst));
        let app = &self.0.app;
        let target = app.env.clock.now() + by;
        loop {
            self.drain().await?;
            let next = app.read(Actor::System, |tx, _| Ok(job::next_due(tx)?)).await?.map(Moment::at);
            match next {
                Some(due) if due <= target => self.set_clock(due).await?,
                _ => break,
            }
        }
        self.set_clock(target).await?;
        self.drain().await?;
        Ok(Ran { jobs: self.0.jobs.load(Ordering::SeqCst) - before.0, calls: self.0.calls.load(Ordering::SeqCst) - before.1 })
    }

    /// Says to `verify` whether the clock is being moved: what a request schedules that began before a step is late at once.
    async fn clock_moves(&self, moves: bool) -> Result<(), Error> {
        let value = if moves { "yes" } else { "" };
        self.0.app.write(Actor::System, move |tx, _| Ok(store::setting::put(tx, "clock_moves", value)?)).await
    }

    /// The clock's place is stored first: a process that dies here starts again at that time, and the others follow it.
    async fn set_clock(&self, at: Timestamp) -> Result<(), Error> {
        let app = &self.0.app;
        let offset = micros(at) - micros(app.env.clock.wall());
        let reached = app.write(Actor::System, move |tx, _| reach(tx, offset)).await?;
        app.env.clock.reach(reached);
        Ok(())
    }

    /// Follows the clock that another process of the sandbox moves, until the task is dropped.
    pub async fn follow_clock(self) {
        let app = &self.0.app;
        let mut every = tokio::time::interval(FOLLOW_EVERY);
        loop {
            every.tick().await;
            match app.read(Actor::System, |tx, _| stored(tx)).await {
                Ok(Some(offset)) => {
                    if offset > app.env.clock.offset_micros() {
                        app.env.clock.reach(offset);
                        self.wake();
                    }
                }
                Ok(None) => {}
                Err(e) => tracing::warn!(error = %e, "the sandbox's clock could not be read"),
            }
        }
    }
}

fn stored(tx: &mut Tx) -> Result<Option<i64>, Error> {
    Ok(store::setting::get(tx, OFFSET)?.and_then(|text| text.parse().ok()))
}

/// Moves the stored clock forward, never back; where it stands then. Of several processes one does so at a time.
fn reach(tx: &mut Tx, offset: i64) -> Result<i64, Error> {
    db::dialect::one_at_a_time(tx, db::Lock::Clock, Key(*b"clock of sandbox"))?;
    let offset = stored(tx)?.map_or(offset, |stored| stored.max(offset));
    store::setting::put(tx, OFFSET, &offset.to_string())?;
    Ok(offset)
}
