//! A node that is asked to stop finishes what is under way, and gives back what does not end in time.

use super::Worker;
use app::Actor;
use db::Key;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};
use store::job::{self, Lease};
use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, timeout_at},
};

/// How often it is looked whether all has ended: the end of a claim tells nobody.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whether the process was asked to stop.
pub(super) struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    fn ask(&self) {
        self.0.send_replace(true);
    }

    fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    async fn asked(&self) {
        // The sender lives as long as this.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}

/// The jobs that were begun and have not ended, each with its task and the lease under which it runs.
#[derive(Default)]
pub(super) struct Begun(Mutex<HashMap<Key, (Lease, AbortHandle)>>);

impl Begun {
    fn with<T>(&self, with: impl FnOnce(&mut HashMap<Key, (Lease, AbortHandle)>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins a job and keeps it in one step: its end waits for that.
    pub(super) fn begin(&self, lease: Lease, begin: impl FnOnce() -> AbortHandle) {
        self.with(|jobs| jobs.insert(lease.job, (lease, begin())));
    }

    /// A job ended. After its lease ran out another claim of this node may have begun it again; that one goes on.
    pub(super) fn end(&self, lease: &Lease) {
        self.with(|jobs| {
            if jobs.get(&lease.job).is_some_and(|(held, _)| held == lease) {
                jobs.remove(&lease.job);
            }
        });
    }

    /// Ends all tasks where they are; the leases that they held.
    fn interrupt(&self) -> Vec<Lease> {
        // A task that ends takes itself off the list, so the list is let go first.
        let jobs: Vec<_> = self.with(|jobs| jobs.drain().map(|(_, job)| job).collect());
        let end = |(lease, task): (Lease, AbortHandle)| {
            task.abort();
            lease
        };
        jobs.into_iter().map(end).collect()
    }
}

impl Worker {
    /// Whether the process was asked to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.stop.is_asked()
    }

    /// Waits until the process is asked to stop: for what would never end by itself.
    pub async fn stopping(&self) {
        self.0.stop.asked().await;
    }

    /// Claims nothing more and waits for what is under way until a moment. Says whether all of it ended; what did not is
    /// given back by [`Worker::give_back`].
    pub async fn finish(&self, until: Instant) -> bool {
        self.0.stop.ask();
        self.0.wake.notify_one();
        while self.0.under_way.load(Ordering::SeqCst) > 0 {
            if Instant::now() >= until {
                return false;
            }
            let ended = self.0.ended.notified();
            let _ = timeout_at(until.min(Instant::now() + LOOK_EVERY), ended).await;
        }
        true
    }

    /// Interrupts what is under way and gives its leases back, so that another node, or the next start, does it at once. An
    /// attempt at a call that was sent stays without an outcome: its fate is unknown, and it is made again.
    pub async fn give_back(&self) {
        let leases = self.0.begun.interrupt();
        if leases.is_empty() {
            return;
        }
        tracing::warn!(jobs = leases.len(), "jobs did not end in time and are given back");
        let given = self.0.app.write(Actor::System, move |tx, _| Ok(job::give_back(tx, &leases)?));
        if let Err(e) = given.await {
            tracing::error!(error = %e, "jobs could not be given back; their leases will run out");
        }
    }
}
