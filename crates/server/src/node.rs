//! A running node: database, worker, search, HTTP.

use crate::{config::Config, output::Failure};
use api::{Api, Sandbox};
use app::{
    Actor, App, Environment, MovableClock, RandomIds,
    secret::{self, KeyCheck, Sealer},
};
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::Instant};
use worker::{Channels, Client, Files, HttpSms, SameStore, Search, Worker, supervise};

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

fn folder(config: &Config) -> Result<Files, Failure> {
    Files::folder(&config.files).map_err(|e| Failure::failed(format!("{}: {e}", config.files.display())))
}

/// What is sealed in the database can be opened by all of its nodes, or they do not start.
///
/// # Errors
/// When the key is another one, with what is to be copied.
pub async fn same_key(app: &App, config: &Config) -> Result<(), Failure> {
    let found = app.write(Actor::System, secret::check_key).await.map_err(Failure::failed)?;
    let KeyCheck::Other(known) = found else { return Ok(()) };
    let known = known.map_or_else(|| "another key".to_owned(), |known| format!("the key {known}"));
    Err(Failure::Failed(format!(
        "the secrets in the database are sealed with {known}, and this node has the key {}, of {}. All nodes have the same key: copy \
         the file secret.key of a node that runs to {}, or give its content as YUNSHI_SECRET_KEY. Another key for all of them is set by \
         `yunshi admin rotate-key`.",
        app.env.sealer.fingerprint(),
        config.key_from,
        config.key_file().display(),
    )))
}

/// All nodes of a database have the same files, or they do not start.
async fn same_store(app: &App, files: &Files, config: &Config) -> Result<(), Failure> {
    let folder = config.files.display();
    let what = match files.check(app).await.map_err(Failure::failed)? {
        SameStore::Yes => return Ok(()),
        SameStore::OfOtherNodes => {
            format!(
                "the folder {folder} is not the one in which the other nodes of this database keep files: it has no mark, or another one"
            )
        }
        SameStore::OfOtherDatabase => format!("the folder {folder} holds the files of another database"),
    };
    Err(Failure::Failed(format!(
        "{what}. All nodes share one folder, such as a network file system: mount it and name it with `files`. When the files were \
         moved or restored without the file yunshi-store.txt, or are lost, run `yunshi admin adopt-files` once."
    )))
}

/// Makes the configured folder the one of the database.
///
/// # Errors
/// What database or folder say.
pub async fn adopt_files(app: &App, config: &Config) -> Result<(), Failure> {
    folder(config)?.adopt(app).await.map_err(Failure::failed)
}

impl Node {
    /// # Errors
    /// What database, files or TLS say. The database is open and migrated.
    pub async fn start(config: &Config, db: db::Db, clock: MovableClock) -> Result<Self, Failure> {
        let sealer = Sealer::new(&config.secret_key);
        let env = Environment::new(clock, Arc::new(RandomIds::default()), config.settings.clone(), sealer);
        let app = App::new(db, env);
        // A standby of PostgreSQL: the node answers what it can, and all of it once the standby is promoted.
        let standby = app.db.read(db::dialect::is_read_only).await.map_err(|e| Failure::caused(&e))?;
        if standby && config.role != "api" {
            let detail =
                "the database can only be read, as a standby of PostgreSQL: start a worker where it can be written, or --role api here";
            return Err(Failure::Failed(detail.to_owned()));
        }
        same_key(&app, config).await?;
        let client = Client::new(config.limits).map_err(Failure::failed)?;
        let files = folder(config)?;
        same_store(&app, &files, config).await?;
        let (mail, sms) = &config.channels;
        let sms = sms.clone().map(|s| HttpSms { client: client.clone(), url: s.url, token: s.token.unwrap_or_default() });
        let channels = Channels::new(mail.as_ref(), sms).map_err(Failure::WrongUse)?;
        let worker = Worker::new(app.clone(), client, files, channels);
        if !standby {
            worker.prepare().await.map_err(Failure::failed)?;
        }
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
        // Each node answers the storefront from an index of its own.
        let (search, app) = (self.search.clone(), self.app.clone());
        supervise("search", move || search.clone().run(app.clone()));
    }

    /// What is left to do when nothing is under way any more.
    pub async fn close(&self) {
        if let Err(e) = self.app.db.close().await {
            tracing::warn!(error = %e, "the database was left as it is");
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
