//! Databases that others are copied from.

use crate::{Engine, FILE, Fresh, admin, scratch, server};
use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    time::Duration,
};

/// A database that others are copied from and nobody uses. It lasts as long as its folder or server.
pub struct Original {
    engine: Engine,
    folder: PathBuf,
    name: String,
}

/// Written last: it is complete.
const MARK: &str = "complete";
/// Databases of earlier builds are removed after so long.
const OLD: Duration = Duration::from_secs(24 * 3_600);

impl Original {
    /// One that all tests of a build share, made by whoever comes first: of a name and of what it depends on. `make` fills
    /// a fresh database.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn shared(engine: Engine, name: &str, of: &impl Hash, make: impl FnOnce(&Fresh)) -> Self {
        let mut hash = DefaultHasher::new();
        let program = std::env::current_exe().expect("this program's path");
        let built = std::fs::metadata(&program).and_then(|about| about.modified()).expect("this program's date");
        (program, built, std::env::var("YUNSHI_TEST_POSTGRES").ok()).hash(&mut hash);
        of.hash(&mut hash);
        let name = format!("{name}_{}_{:016x}", engine.name(), hash.finish());
        let all = scratch().join("yunshi-originals");
        let folder = all.join(&name);
        std::fs::create_dir_all(&folder).expect("a folder for originals");
        let lock = std::fs::File::create(folder.join("lock")).expect("a lock");
        lock.lock().expect("the lock");
        let original = Self::of(engine, &folder, &name);
        let mark = folder.join(MARK);
        if !mark.exists() || !original.exists() {
            remove_old(&all);
            let fresh = Fresh::new(engine);
            make(&fresh);
            original.take(&fresh);
            std::fs::write(mark, "").expect("the mark");
        }
        original
    }

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

/// Those of earlier builds.
fn remove_old(all: &Path) {
    for entry in std::fs::read_dir(all).expect("the folder of originals").flatten() {
        let age = entry.metadata().and_then(|about| about.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > OLD) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
