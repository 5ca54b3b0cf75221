//! Claims due jobs and does them: calls in their lanes, everything else at once.

use crate::{
    Channels, Client, Files,
    breaker::{CLAIM_PER_LANE, Lanes, SLOW_AFTER},
    export,
};
use app::{
    Actor, App, Clock, Error, Moment, call,
    job::{Work, lease_micros},
    micros,
};
use db::{Claim, Key, Tx};
use jiff::SignedDuration;
use messages::Channel;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::job::{self, Job, Lease};
use tokio::sync::Notify;
use wire::conformance::Exchange;

mod clock;
mod messages;
mod stopping;

use stopping::{Begun, Stop};

/// Jobs claimed at a time.
const BATCH: i64 = 64;
/// Jobs under way at most that are not waiting long for a seller: they want the database and a core.
const UNDER_WAY_MAX: usize = 256;
/// Jobs under way at most, those that wait for a seller included: they hold a socket each.
const WAITING_MAX: usize = 4_096;
/// How often a job that the database refused is tried before it is set aside.
const TRIES_MAX: i64 = 8;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Ran {
    pub jobs: u64,
    pub calls: u64,
}

struct Inner {
    app: App,
    client: Client,
    files: Files,
    channels: Channels,
    lanes: Mutex<Lanes>,
    wake: Notify,
    ended: Notify,
    under_way: AtomicUsize,
    /// Those of them that wait long for a seller's answer.
    slow: AtomicUsize,
    jobs: AtomicU64,
    calls: AtomicU64,
    claims: AtomicU64,
    owner: String,
    advancing: tokio::sync::Mutex<()>,
    patient: std::sync::atomic::AtomicBool,
    /// When the loop of this node came round last; none where it does not run.
    round: Mutex<Option<Instant>>,
    stop: Stop,
    begun: Begun,
}

/// Something under way; it is over when this is dropped, also by a panic.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The worker of a node; cheap to clone.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

/// A job that was begun; it makes room when this is dropped, also by a panic: its lease then runs out.
struct End {
    worker: Worker,
    lane: String,
    lease: Lease,
    answered: bool,
}

impl Drop for End {
    fn drop(&mut self) {
        self.worker.lanes(|lanes| lanes.end(&self.lane, self.answered, Instant::now()));
        self.worker.0.begun.end(&self.lease);
        self.worker.0.under_way.fetch_sub(1, Ordering::SeqCst);
        self.worker.0.ended.notify_waiters();
        self.worker.0.wake.notify_one();
    }
}

impl Worker {
    #[must_use]
    pub fn new(app: App, client: Client, files: Files, channels: Channels) -> Self {
        let owner = app.env.ids.uuid(app.env.clock.wall()).simple().to_string();
        Self(Arc::new(Inner {
            app,
            client,
            files,
            channels,
            lanes: Mutex::default(),
            wake: Notify::new(),
            ended: Notify::new(),
            under_way: AtomicUsize::new(0),
            slow: AtomicUsize::new(0),
            jobs: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            claims: AtomicU64::new(0),
            owner,
            advancing: tokio::sync::Mutex::new(()),
            patient: std::sync::atomic::AtomicBool::new(false),
            round: Mutex::new(None),
            stop: Stop::default(),
            begun: Begun::default(),
        }))
    }

    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    #[must_use]
    pub fn files(&self) -> &Files {
        &self.0.files
    }

    /// Says that something may be due: called after every write that may have made a job.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Prepares the jobs that run for ever, and takes back leases that the only process of an embedded
    /// database held before it died.
    ///
    /// # Errors
    /// What the database says.
    pub async fn prepare(&self) -> Result<(), Error> {
        let alone = self.0.app.db.is_embedded();
        let prepare = move |tx: &mut Tx, ctx: &app::Ctx| {
            if alone {
                job::release_leases(tx)?;
            }
            app::job::prepare(tx, ctx)
        };
        self.0.app.write(Actor::System, prepare).await
    }

    /// How long ago the loop of this node came round; `None` on a node that has none.
    #[must_use]
    pub fn since_round(&self) -> Option<Duration> {
        self.0.round.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }

    fn came_round(&self) {
        *self.0.round.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Works until the process is asked to stop; ends with the task.
    pub async fn run(self) {
        self.came_round();
        while !self.is_stopping() {
            let claimed = match self.claim().await {
                Ok(claimed) => {
                    self.came_round();
                    claimed
                }
                Err(_) if self.is_stopping() => break,
                Err(e) => {
                    tracing::error!(error = %e, "due jobs could not be claimed");
                    0
                }
            };
            if claimed == 0 {
                // Whoever drains took this claim for work that is under way.
                self.0.ended.notify_waiters();
                let _ = tokio::time::timeout(Duration::from_millis(500), self.0.wake.notified()).await;
            }
        }
        std::future::pending().await
    }

    /// Claims what is due and begins it; says how many. A claim is itself under way: between its commit and the
    /// beginning of its jobs nobody may think that nothing is.
    async fn claim(&self) -> Result<usize, Error> {
        let _claiming = UnderWay::begin(&self.0.under_way);
        // Asked after it is counted: who waits for the end either sees this claim or has asked before it.
        if self.is_stopping() {
            return Err(db::DbError::Closed.into());
        }
        let handed_on = self.hand_on().await?;
        Ok(self.claim_due().await? + handed_on)
    }

    /// Hands stored messages on to the other channels; says how many.
    async fn hand_on(&self) -> Result<usize, Error> {
        if !self.0.app.read(Actor::System, |tx, _| Ok(store::message::any_to_hand_on(tx)?)).await? {
            return Ok(0);
        }
        self.0.app.write(Actor::System, app::message::hand_on).await
    }

    async fn claim_due(&self) -> Result<usize, Error> {
        let (under_way, slow) = (self.0.under_way.load(Ordering::SeqCst), self.0.slow.load(Ordering::SeqCst));
        let free = UNDER_WAY_MAX.saturating_sub(under_way.saturating_sub(slow)).min(WAITING_MAX.saturating_sub(under_way));
        if free == 0 {
            return Ok(0);
        }
        let next = self.0.app.read(Actor::System, |tx, _| Ok(job::next_due(tx)?)).await?.map(Moment::micros);
        let now = micros(self.0.app.env.clock.now());
        metrics::gauge!("yunshi_oldest_due_job_seconds").set(next.map_or(0.0, |due| seconds(now - due)));
        if next.is_none_or(|due| due > now) {
            return Ok(0);
        }
        let patient = self.0.patient.load(Ordering::SeqCst);
        let busy = self.lanes(|lanes| lanes.closed(Instant::now(), patient));
        let owner = format!("{}-{}", self.0.owner, self.0.claims.fetch_add(1, Ordering::SeqCst));
        let limit = BATCH.min(i64::try_from(free).unwrap_or(BATCH));
        let per_lane = i64::try_from(CLAIM_PER_LANE).unwrap_or(1);
        let jobs = self
            .0
            .app
            .write(Actor::System, move |tx, ctx| {
                let claim = Claim {
                    owner: &owner,
                    lease: lease_micros(ctx),
                    standing_at: None,
                    due_until: ctx.now_micros(),
                    per_lane,
                    no_lane: limit - limit / 2,
                    limit,
                    busy: &busy,
                };
                Ok(job::claim(tx, &claim)?)
            })
            .await?;
        let count = jobs.len();
        for job in jobs {
            self.begin(job);
        }
        Ok(count)
    }

    fn lanes<T>(&self, with: impl FnOnce(&mut Lanes) -> T) -> T {
        with(&mut self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&self, job: Job) {
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        self.lanes(|lanes| lanes.begin(&job.lane));
        let lease = job.lease();
        let end = End { worker: self.clone(), lane: job.lane.clone(), lease: lease.clone(), answered: true };
        let task = async move {
            // The whole of it, not its fields one by one: it is dropped when the job is done.
            let mut end = end;
            end.answered = end.worker.perform(job).await;
        };
        self.0.begun.begin(lease, || tokio::spawn(task).abort_handle());
    }

    /// Does a job; says whether the outside answered. A job that fails is put off, then set aside.
    async fn perform(&self, job: Job) -> bool {
        self.0.jobs.fetch_add(1, Ordering::SeqCst);
        let (lease, attempts, kind) = (job.lease(), job.attempts, job.kind);
        let result = self.work(Arc::new(job)).await;
        match result {
            Ok(answered) => answered,
            Err(e) => {
                tracing::error!(job.kind = kind.as_str(), error = %e, source = ?std::error::Error::source(&e), "a job failed");
                let text = e.to_string();
                let put_off = self.0.app.write(Actor::System, move |tx, ctx| {
                    // Who has lost the lease leaves the job to the one who has it now.
                    if attempts + 1 >= TRIES_MAX {
                        return Ok(job::fail(tx, &lease, &text).map(drop)?);
                    }
                    let due = Moment::of(ctx.now + SignedDuration::from_secs(5 << attempts.min(8)));
                    Ok(job::put_off(tx, &lease, due, Some(&text)).map(drop)?)
                });
                if let Err(e) = put_off.await {
                    tracing::error!(error = %e, "the failed job could not be put off; its lease will run out");
                }
                true
            }
        }
    }

    /// Begins a job, does what it wants of the outside, and finishes it; says whether the outside answered.
    async fn work(&self, job: Arc<Job>) -> Result<bool, Error> {
        let due = job.clone();
        match self.0.app.write(Actor::System, move |tx, ctx| app::job::begin(tx, ctx, &due)).await? {
            Work::Done => Ok(true),
            Work::Call(outgoing) => self.call(&job, *outgoing).await,
            Work::Mail(mail) => self.mail(job.lease(), *mail, Channel::Mail).await,
            Work::Sms(sms) => self.mail(job.lease(), *sms, Channel::Sms).await,
            Work::Webhook(sent) => self.webhook(job.lease(), *sent).await,
            Work::Probe(product) => self.probe(job, product).await,
            Work::Export => export::write(&self.0.app, &self.0.files, &job).await.map(|()| true),
        }
    }

    /// Probes a product and keeps what came of it.
    async fn probe(&self, job: Arc<Job>, product: Key) -> Result<bool, Error> {
        let result = crate::probe(&self.0.app, &self.0.client, product).await?;
        let answered = result.as_ref().is_none_or(|r| r.answered);
        let finish = move |tx: &mut Tx, ctx: &app::Ctx| app::job::finish_probe(tx, ctx, &job, result.as_ref());
        self.0.app.write(Actor::System, finish).await?;
        Ok(answered)
    }

    /// Sends one attempt of a call and books what came back.
    async fn call(&self, job: &Job, outgoing: call::Outgoing) -> Result<bool, Error> {
        let lease = job.lease();
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        let exchange = self.send(&job.lane, &outgoing).await;
        let answered = exchange.error.is_none();
        let outcome = exchange.error.as_ref().map_or("answered", |(kind, _)| *kind);
        metrics::counter!("yunshi_calls_total", "outcome" => outcome).increment(1);
        metrics::histogram!("yunshi_call_seconds").record(seconds(exchange.duration_ms * 1000));
        let finish = move |tx: &mut Tx, ctx: &app::Ctx| app::job::finish_call(tx, ctx, &lease, &outgoing, &exchange);
        self.0.app.write(Actor::System, finish).await?;
        Ok(answered)
    }

    /// Sends an attempt. One that is not answered soon makes room for others.
    async fn send(&self, lane: &str, outgoing: &call::Outgoing) -> Exchange {
        let mut sent = std::pin::pin!(self.0.client.call(&outgoing.url, outgoing.body.as_deref(), &outgoing.headers));
        if let Ok(exchange) = tokio::time::timeout(SLOW_AFTER, &mut sent).await {
            return exchange;
        }
        let _slow = UnderWay::begin(&self.0.slow);
        self.lanes(|lanes| lanes.slow(lane, true));
        self.0.wake.notify_one();
        let exchange = sent.await;
        self.lanes(|lanes| lanes.slow(lane, false));
        exchange
    }

    /// Waits until nothing is due and nothing is under way.
    ///
    /// # Errors
    /// What the database says.
    pub async fn drain(&self) -> Result<(), Error> {
        loop {
            let ended = self.0.ended.notified();
            let claimed = self.claim().await?;
            if claimed == 0 && self.0.under_way.load(Ordering::SeqCst) == 0 {
                let next = self.0.app.read(Actor::System, |tx, _| Ok(job::next_due(tx)?)).await?.map(Moment::micros);
                if next.is_none_or(|due| due > micros(self.0.app.env.clock.now())) {
                    return Ok(());
                }
            }
            if claimed == 0 {
                // Also woken by time: a lease of another claim may have to run out.
                let _ = tokio::time::timeout(Duration::from_millis(100), ended).await;
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric needs no more precision")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1_000_000.0
}
