//! Fresh databases of both engines for tests.
//!
//! SQLite needs nothing. PostgreSQL is started once for a whole run by `scripts/with-postgres`, which
//! `make test` does; each test gets a database of its own in it.

#![expect(clippy::expect_used, clippy::panic, reason = "test support: a broken set-up ends the test")]

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};
use std::sync::atomic::{AtomicU32, Ordering};

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

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
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite:{}", folder.path().join("test.db").display());
                Self { engine, url, folder: Some(folder), admin: None }
            }
            Engine::Postgres => Self::postgres(),
        }
    }

    fn postgres() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("YUNSHI_TEST_POSTGRES") else {
            panic!("YUNSHI_TEST_POSTGRES is not set: run `make test`, or `scripts/with-postgres cargo nextest run`");
        };
        let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::establish(&format!("{server}/postgres")).expect("the test PostgreSQL answers");
        admin.batch_execute(&format!("CREATE DATABASE {name}")).expect("a fresh database");
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
