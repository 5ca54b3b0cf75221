//! Fresh databases of both engines for tests.
//!
//! SQLite needs nothing. PostgreSQL is started once for a whole run by `scripts/with-postgres`, which
//! `make test` does; each test gets a database of its own in it.

#![expect(clippy::expect_used, clippy::panic, reason = "test support: a broken set-up ends the test")]

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};
use std::{
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

mod original;
pub use original::Original;

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The engine's name, as `YUNSHI_TEST_ENGINE` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// Whether this run is about the engine: `YUNSHI_TEST_ENGINE` names one, and both are meant without it.
    ///
    /// # Panics
    /// When the variable names neither.
    #[must_use]
    pub fn is_wanted(self) -> bool {
        match std::env::var("YUNSHI_TEST_ENGINE").as_deref() {
            Err(_) | Ok("") => true,
            Ok(name) => {
                assert!(ENGINES.iter().any(|e| e.name() == name), "YUNSHI_TEST_ENGINE is {name:?}; write sqlite or postgres");
                name == self.name()
            }
        }
    }
}

pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// The engines that this run is about; see [`Engine::is_wanted`].
pub fn engines() -> impl Iterator<Item = Engine> {
    ENGINES.into_iter().filter(|engine| engine.is_wanted())
}

/// The file of an SQLite database.
const FILE: &str = "test.db";

/// Where the files of tests lie: in memory where there is room, since a test that commits a hundred times would wait a
/// hundred times for a disk; `YUNSHI_TEST_SCRATCH` names another folder.
///
/// # Panics
/// When the folder that is named cannot be made.
#[must_use]
pub fn scratch() -> &'static Path {
    static CHOSEN: OnceLock<PathBuf> = OnceLock::new();
    CHOSEN.get_or_init(|| match std::env::var_os("YUNSHI_TEST_SCRATCH") {
        Some(named) => {
            std::fs::create_dir_all(&named).expect("YUNSHI_TEST_SCRATCH can be made");
            named.into()
        }
        None => std::env::temp_dir(),
    })
}

fn server() -> String {
    std::env::var("YUNSHI_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("YUNSHI_TEST_POSTGRES is not set: run `make test`, or `scripts/with-postgres cargo nextest run`");
    })
}

fn admin(server: &str) -> PgConnection {
    PgConnection::establish(&format!("{server}/postgres")).expect("the test PostgreSQL answers")
}

/// A database that is removed when the test ends.
pub struct Fresh {
    pub engine: Engine,
    pub url: String,
    folder: Option<tempfile::TempDir>,
    admin: Option<(String, String)>,
}

impl Fresh {
    /// # Panics
    /// When PostgreSQL was not started; the message says how.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite(),
            Engine::Postgres => Self::postgres("template1"),
        }
    }

    fn sqlite() -> Self {
        let folder = tempfile::tempdir_in(scratch()).expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join(FILE).display());
        Self { engine: Engine::Sqlite, url, folder: Some(folder), admin: None }
    }

    fn postgres(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = server();
        let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        admin(&server).batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).expect("a fresh database");
        Self { engine: Engine::Postgres, url: format!("{server}/{name}"), folder: None, admin: Some((server, name)) }
    }

    /// Opens the database and brings it to the newest schema.
    ///
    /// # Panics
    /// When that fails.
    pub async fn open(&self) -> db::Db {
        let options = db::Options { connections: 8, ..db::Options::default() };
        let db = db::Db::open(&self.url, &options).expect("the database opens");
        db.migrate().await.expect("the migrations run");
        db
    }

    /// Changes what is stored beside the program, as an older release or a hand would have left it.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn execute(&self, statement: &str) {
        match self.url.strip_prefix("sqlite:") {
            Some(file) => SqliteConnection::establish(file).expect("the file opens").batch_execute(statement),
            None => PgConnection::establish(&self.url).expect("the server answers").batch_execute(statement),
        }
        .expect("the statement runs");
    }

    /// The folder of an SQLite database.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_ref().map(tempfile::TempDir::path)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.admin
            && let Ok(mut admin) = PgConnection::establish(&format!("{server}/postgres"))
        {
            // A database that stays behind goes with the server's folder.
            let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}
