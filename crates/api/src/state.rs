//! What handlers share.

use crate::{
    auth::AccessTable,
    koogallery::{Activations, Quotas},
    open_api_log::Log,
    sandbox::Sandbox,
    tally::Tally,
};
use app::{Actor, Answer, App, Caller, Ctx, Error, Key, Tx};
use axum::body::Bytes;
use domain::{id::ProductId, measure::Facts, site::SiteCode};
use metrics_exporter_prometheus::PrometheusHandle;
use quick_cache::sync::Cache;
use serde::Serialize;
use std::{sync::Arc, time::Instant};
use tokio::sync::Semaphore;
use worker::{Search, Worker};

/// The state of the HTTP edge; cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub app: App,
    pub worker: Worker,
    pub search: Search,
    pub sandbox: Option<Arc<Sandbox>>,
    pub(crate) metrics: Option<PrometheusHandle>,
    pub(crate) access: Arc<AccessTable>,
    pub(crate) quotas: Arc<Quotas>,
    pub(crate) log: Arc<Log>,
    pub tally: Arc<Tally>,
    pub(crate) activations: Arc<Activations>,
    /// Product pages as JSON, by what they show: an approved revision never changes.
    pub(crate) pages: Arc<Cache<(Key, String, String), Bytes>>,
    /// The same by what was asked for, each with the writes of this process before it and when it was read.
    pub(crate) shown: Arc<Cache<(SiteCode, String), Shown>>,
    /// Answers of the storefront's search as JSON by site and question, each with the state of the index that gave it.
    pub(crate) results: Arc<Cache<(SiteCode, String), (u64, Bytes)>>,
    /// What is measured of products, and when it was.
    pub(crate) facts: Arc<Cache<ProductId, (Instant, Facts)>>,
    /// Streams that may be open at the same time on this node.
    pub(crate) streams: Arc<Semaphore>,
    /// Home pages as JSON, each with the state of the index and when it was made.
    pub(crate) homes: Arc<Cache<SiteCode, (u64, Instant, Bytes)>>,
}

/// A page as it was shown: the writes of this process before it, when it was read, the document.
type Shown = (u64, Instant, Bytes);

/// Answers in memory at most.
const RESULTS_MAX: usize = 1_000;

/// Each asks the database once a second.
const STREAMS_MAX: usize = 200;

/// Product pages in memory at most.
const PAGES_MAX: usize = 500;

impl Api {
    /// # Panics
    /// When a route does not state who may call it.
    #[must_use]
    pub fn new(app: App, worker: Worker, search: Search, sandbox: Option<Arc<Sandbox>>, metrics: Option<PrometheusHandle>) -> Self {
        let pages = Arc::new(Cache::new(PAGES_MAX));
        let shown = Arc::new(Cache::new(PAGES_MAX));
        let results = Arc::new(Cache::new(RESULTS_MAX));
        let facts = Arc::new(Cache::new(RESULTS_MAX));
        let homes = Arc::new(Cache::new(SiteCode::ALL.len()));
        let quotas = Arc::new(Quotas::new(app.env.settings.open_api_per_second));
        let access = Arc::new(AccessTable::of(&crate::openapi()));
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        let tally = Arc::<Tally>::default();
        let (kept, of) = (tally.clone(), app.clone());
        worker::supervise("statistics", move || kept.clone().keep(of.clone()));
        Self {
            log: Arc::default(),
            tally,
            activations: Arc::default(),
            streams,
            app,
            worker,
            search,
            sandbox,
            metrics,
            access,
            quotas,
            pages,
            shown,
            results,
            facts,
            homes,
        }
    }

    /// Writes the statistics that wait on this node, so that a page shows what was just reported.
    pub(crate) async fn counted(&self) -> Result<(), Error> {
        self.tally.write_down(&self.app).await
    }

    /// A read for a caller.
    pub(crate) async fn read<T, F>(&self, caller: Arc<Caller>, unit: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &Ctx, &Caller) -> Result<T, Error> + Send + 'static,
    {
        let who = caller.clone();
        self.app.read(Actor::Caller(caller), move |tx, ctx| unit(tx, ctx, &who)).await
    }

    /// A write for a caller; the worker is woken, for it may have made a job.
    pub(crate) async fn write<T, F>(&self, caller: Arc<Caller>, mut unit: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx, &Ctx, &Caller) -> Result<T, Error> + Send + 'static,
    {
        let who = caller.clone();
        let result = self.app.write(Actor::Caller(caller), move |tx, ctx| unit(tx, ctx, &who)).await;
        self.worker.wake();
        result
    }

    /// As [`Api::write`], for a result that is the whole answer: it is kept with what was written, so that a repeat gets
    /// it even when this process ends before it answers.
    pub(crate) async fn write_answered<T, F>(&self, caller: Arc<Caller>, unit: F) -> Result<T, Error>
    where
        T: Serialize + Send + 'static,
        F: FnMut(&mut Tx, &Ctx, &Caller) -> Result<T, Error> + Send + 'static,
    {
        self.write_answered_with(caller, unit, |result| Answer::json(result).map(Some)).await
    }

    /// Likewise, for a result of which only some are known as answers.
    pub(crate) async fn write_answered_with<T, F>(
        &self,
        caller: Arc<Caller>,
        mut unit: F,
        answer: fn(&T) -> Result<Option<Answer>, Error>,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx, &Ctx, &Caller) -> Result<T, Error> + Send + 'static,
    {
        let who = caller.clone();
        let result = self.app.write_answered(Actor::Caller(caller), move |tx, ctx| unit(tx, ctx, &who), answer).await;
        self.worker.wake();
        result
    }
}
