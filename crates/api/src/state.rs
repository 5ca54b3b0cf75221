//! What handlers share.

use crate::{auth::AccessTable, sandbox::Sandbox};
use app::{Actor, App, Caller, Ctx, Error, Key, Once, Repeat, Tx};
use axum::body::Bytes;
use domain::site::SiteCode;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use metrics_exporter_prometheus::PrometheusHandle;
use quick_cache::sync::Cache;
use serde::{Serialize, de::DeserializeOwned};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
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
    pub(crate) log_ins: Arc<DefaultKeyedRateLimiter<String>>,
    /// Product pages as JSON, by what they show: an approved revision never changes.
    pub(crate) pages: Arc<Cache<(Key, String, String), Bytes>>,
    /// Answers of the storefront's search as JSON by site and question, each with the state of the index that gave it.
    pub(crate) results: Arc<Cache<(SiteCode, String), (u64, Bytes)>>,
}

/// Answers in memory at most.
const RESULTS_MAX: usize = 1_000;

/// Product pages in memory at most.
const PAGES_MAX: usize = 500;

/// Log-ins that one login may try at once, and how fast the allowance comes back.
const LOG_INS_AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();
const LOG_IN_EVERY: Duration = Duration::from_secs(6);

impl Api {
    /// # Panics
    /// When a route does not state who may call it.
    #[must_use]
    pub fn new(app: App, worker: Worker, search: Search, sandbox: Option<Arc<Sandbox>>, metrics: Option<PrometheusHandle>) -> Self {
        #[expect(clippy::expect_used, reason = "a constant that is not zero")]
        let quota = Quota::with_period(LOG_IN_EVERY).expect("a period above zero").allow_burst(LOG_INS_AT_ONCE);
        let pages = Arc::new(Cache::new(PAGES_MAX));
        let results = Arc::new(Cache::new(RESULTS_MAX));
        let access = Arc::new(AccessTable::of(&crate::openapi()));
        Self { app, worker, search, sandbox, metrics, access, log_ins: Arc::new(RateLimiter::keyed(quota)), pages, results }
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

    /// A write that may be repeated with the same `Idempotency-Key`.
    pub(crate) async fn once<T, F>(&self, caller: Arc<Caller>, repeat: Option<Repeat>, mut unit: F) -> Result<Once<T>, Error>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Tx, &Ctx, &Caller) -> Result<T, Error> + Send + 'static,
    {
        let who = caller.clone();
        let result = self.app.write_once(caller, repeat, move |tx, ctx| unit(tx, ctx, &who)).await;
        self.worker.wake();
        result
    }
}
