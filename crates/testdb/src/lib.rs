//! Fresh databases of both engines for tests.
//!
//! SQLite needs nothing. PostgreSQL is started once for a whole run by `scripts/with-postgres`, which
//! `make test` does; each test gets a database of its own in it.

#![expect(clippy::expect_used, clippy::panic, reason = "test support: a broken set-up ends the test")]

use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query};
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// The file of an SQLite database.
const FILE: &str = "test.db";

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
        let folder = tempfile::tempdir().expect("a temporary folder");
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

/// A database that others are copied from and nobody uses. It lasts as long as its folder or server.
pub struct Original {
    engine: Engine,
    folder: PathBuf,
    name: String,
}

impl Original {
    /// On SQLite a file in a folder, on PostgreSQL a database of a name.
    #[must_use]
    pub fn of(engine: Engine, folder: &Path, name: &str) -> Self {
        Self { engine, folder: folder.to_owned(), name: name.to_owned() }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// # Panics
    /// When the server does not answer.
    #[must_use]
    pub fn exists(&self) -> bool {
        match self.engine {
            Engine::Sqlite => self.file().exists(),
            Engine::Postgres => {
                let found = sql_query(format!("SELECT 1 FROM pg_database WHERE datname = '{}'", self.name));
                found.execute(&mut admin(&server())).expect("the list of databases") == 1
            }
        }
    }

    /// Becomes what a database holds that nobody uses any more.
    ///
    /// # Panics
    /// When somebody does.
    pub fn take(&self, from: &Fresh) {
        match (&from.folder, &from.admin) {
            (Some(folder), _) => {
                from.execute("PRAGMA wal_checkpoint(TRUNCATE)");
                std::fs::copy(folder.path().join(FILE), self.file()).expect("a copy");
            }
            (None, Some((server, name))) => {
                let sql = format!("DROP DATABASE IF EXISTS {0}; ALTER DATABASE {name} RENAME TO {0}", self.name);
                for sql in sql.split("; ") {
                    admin(server).batch_execute(sql).expect("the original takes its place");
                }
            }
            (None, None) => panic!("a database is a file or on a server"),
        }
    }

    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn copy(&self) -> Fresh {
        match self.engine {
            Engine::Postgres => Fresh::postgres(&self.name),
            Engine::Sqlite => {
                let fresh = Fresh::sqlite();
                let folder = fresh.folder().expect("the folder of a file");
                std::fs::copy(self.file(), folder.join(FILE)).expect("a copy");
                fresh
            }
        }
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
