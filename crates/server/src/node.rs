//! A running node: database, worker, search, HTTP.

use crate::{config::Config, output::Failure};
use api::{Api, Sandbox};
use app::{App, Environment, MovableClock, RandomIds, secret::Sealer};
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::Instant};
use worker::{Channels, Client, Files, HttpSms, Search, Worker, supervise};

/// Everything a node is made of.
pub struct Node {
    pub app: App,
    pub worker: Worker,
    pub search: Search,
}

/// Opens the database and migrates it when allowed.
///
/// # Errors
/// What the database says, or which migrations are missing.
pub async fn open_database(config: &Config) -> Result<db::Db, Failure> {
    let db = db::Db::open(&config.database, &config.database_options).map_err(|e| Failure::caused(&e))?;
    if config.migrate == "auto" {
        for name in db.migrate().await.map_err(Failure::failed)? {
            tracing::info!(migration = name, "applied a migration");
        }
        return Ok(db);
    }
    let pending = db.pending_migrations().await.map_err(Failure::failed)?;
    if pending.is_empty() {
        return Ok(db);
    }
    Err(Failure::Failed(format!("these migrations are missing: {}; run `yunshi migrate`", pending.join(", "))))
}

impl Node {
    /// # Errors
    /// What database, files or TLS say. The database is open and migrated.
    pub async fn start(config: &Config, db: db::Db, clock: MovableClock) -> Result<Self, Failure> {
        let sealer = Sealer::new(&config.secret_key);
        let env = Environment::new(clock, Arc::new(RandomIds::default()), config.settings.clone(), sealer);
        let app = App::new(db, env);
        let client = Client::new(config.limits).map_err(Failure::failed)?;
        let files = Files::folder(&config.files).map_err(|e| Failure::failed(format!("{}: {e}", config.files.display())))?;
        let (mail, sms) = &config.channels;
        let sms = sms.clone().map(|s| HttpSms { client: client.clone(), url: s.url, token: s.token.unwrap_or_default() });
        let channels = Channels::new(mail.as_ref(), sms).map_err(Failure::WrongUse)?;
        let worker = Worker::new(app.clone(), client, files, channels);
        worker.prepare().await.map_err(Failure::failed)?;
        let folder = config.files.parent().unwrap_or(std::path::Path::new(".")).join("search");
        let search = Search::open(&app, &folder).await.map_err(Failure::failed)?;
        Ok(Self { app, worker, search })
    }

    /// Starts the background work of a role.
    pub fn work(&self, role: &str) {
        if role != "api" {
            let worker = self.worker.clone();
            supervise("worker", move || worker.clone().run());
            let (app, files) = (self.app.clone(), self.worker.files().clone());
            supervise("housekeeping", move || Worker::keep_house(app.clone(), files.clone()));
        }
        if role != "worker" {
            let (search, app) = (self.search.clone(), self.app.clone());
            supervise("search", move || search.clone().run(app.clone()));
        }
    }

    /// The HTTP face.
    pub fn api(&self, sandbox: Option<Arc<Sandbox>>) -> Api {
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().ok();
        Api::new(self.app.clone(), self.worker.clone(), self.search.clone(), sandbox, metrics)
    }
}

/// Binds an address.
///
/// # Errors
/// When it is taken or not ours.
pub async fn bind(listen: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).await.map_err(|e| Failure::Failed(format!("cannot listen on {listen}: {e}")))
}

/// Serves until the process is asked to stop. Then nothing more is claimed and readiness says no, so that proxies go elsewhere;
/// what is under way is finished, first jobs, which may call this very process in a sandbox, then requests. What does not end
/// within `limit` is given back. Who asks a second time does not want to wait.
///
/// # Errors
/// What the listener says.
pub async fn serve(listener: TcpListener, router: axum::Router, worker: &Worker, limit: Duration) -> Result<(), Failure> {
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(async {
        let _ = closed.await;
    });
    let farewell = async {
        let mut asked = Asked::listen();
        asked.again().await;
        let until = Instant::now() + limit;
        tracing::info!(seconds = limit.as_secs(), "asked to stop: finishing what is under way");
        let hurried = tokio::select! {
            _ = worker.finish(until) => false,
            () = asked.again() => true,
        };
        worker.give_back().await;
        // Fails when the listener is gone, and with it what was to be closed.
        let _ = close.send(());
        if !hurried {
            tokio::select! {
                () = tokio::time::sleep_until(until.max(Instant::now() + REQUESTS)) => {}
                () = asked.again() => {}
            }
        }
    };
    tokio::select! {
        served = serving => served.map_err(Failure::failed),
        () = farewell => Ok(()),
    }
}

/// Requests under way have so long at least, also when jobs took all the time there was.
const REQUESTS: Duration = Duration::from_secs(1);

/// Those who ask the process to stop: a supervisor by SIGTERM, a person by Ctrl-C.
struct Asked {
    #[cfg(unix)]
    term: Option<tokio::signal::unix::Signal>,
}

impl Asked {
    fn listen() -> Self {
        Self {
            #[cfg(unix)]
            term: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok(),
        }
    }

    /// Waits for the next time.
    async fn again(&mut self) {
        #[cfg(unix)]
        if let Some(term) = &mut self.term {
            tokio::select! {
                _ = term.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Standard error, for the log. What cannot be written is lost: a full disk or a reader that is gone must not end what was
/// to be told.
struct Log;

impl std::io::Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        Ok(std::io::stderr().write(text).unwrap_or(text.len()))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let _ = std::io::stderr().flush();
        Ok(())
    }
}

/// Logs to standard error: text on a terminal, JSON otherwise; `YUNSHI_LOG` filters.
pub fn log() {
    use std::io::{IsTerminal, Write};
    let filter = tracing_subscriber::EnvFilter::try_from_env("YUNSHI_LOG").unwrap_or_else(|_| "info,tantivy=warn".into());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Log).log_internal_errors(false);
    let result = if std::io::stderr().is_terminal() { builder.try_init() } else { builder.json().try_init() };
    if let Err(e) = result {
        let _ = writeln!(Log, "logging could not be set up: {e}");
    }
}
