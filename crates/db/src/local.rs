//! One connection on the caller's own thread, for programs without a runtime: tests of use cases, and tools.

use crate::{
    DbError, TRIES_MAX, Tx, UnitError, dialect, locks, migrate,
    pool::{Manager, Target},
    postgres, sqlite,
};
use diesel::r2d2::ManageConnection;

/// A connection that runs one transaction after the other.
pub struct Local {
    tx: Tx,
    deadlocks: u32,
}

impl Local {
    /// Opens `sqlite:PATH` or `postgres://…` with the settings that [`crate::Db`] gives its connections. Nothing is
    /// migrated.
    ///
    /// # Errors
    /// [`DbError::Url`] for another address, or what the engine says.
    pub fn open(url: &str) -> Result<Self, DbError> {
        let (target, settings) = match url.strip_prefix("sqlite:") {
            Some(path) => (Target::Sqlite(path.to_owned()), sqlite::PRAGMAS),
            None if url.starts_with("postgres") => (Target::Postgres(url.to_owned()), postgres::SETTINGS),
            None => return Err(DbError::Url(url.to_owned())),
        };
        let manager = Manager { target, settings: settings.to_owned(), prepared_statements: true };
        Ok(Self { tx: manager.connect()?.tx, deadlocks: 0 })
    }

    /// Runs a transaction and commits it; again when it lost a conflict. A panic of the closure is the caller's, and the
    /// connection is of no use after it.
    ///
    /// # Errors
    /// The closure's own error, after which nothing is stored, or [`DbError`] through it.
    pub fn write<T, E: UnitError>(&mut self, mut work: impl FnMut(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let mut tries = 0;
        loop {
            tries += 1;
            dialect::begin_write(&mut self.tx).map_err(DbError::from)?;
            locks::begin();
            let result = work(&mut self.tx).and_then(|value| {
                dialect::batch(&mut self.tx, "COMMIT").map_err(DbError::from)?;
                Ok(value)
            });
            let Err(e) = result else { return result };
            // Fails when the engine has rolled back already, which is what is wanted.
            let _ = dialect::batch(&mut self.tx, "ROLLBACK");
            self.deadlocks += u32::from(e.db_error().is_some_and(DbError::is_deadlock));
            if tries == TRIES_MAX || !e.db_error().is_some_and(DbError::is_conflict) {
                return Err(e);
            }
        }
    }

    /// How often PostgreSQL gave a transaction of this connection up to break a circle of transactions that waited for each
    /// other; they ran again.
    #[must_use]
    pub fn deadlocks(&self) -> u32 {
        self.deadlocks
    }

    /// Lets the database grow to so many pages at most, as a full disk does, for tests; PostgreSQL knows no such limit.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn limit_pages(&mut self, pages: u32) -> Result<(), DbError> {
        match self.tx {
            Tx::Sqlite(_) => Ok(dialect::batch(&mut self.tx, &format!("PRAGMA max_page_count = {pages}"))?),
            Tx::Pg(_) => Ok(()),
        }
    }

    /// Brings the schema to the newest version; returns the names of what was applied.
    ///
    /// # Errors
    /// As [`crate::Db::migrate`].
    pub fn migrate(&mut self) -> Result<Vec<&'static str>, DbError> {
        self.write(migrate::run)
    }

    /// Runs a closure that only reads, on one view of the database.
    ///
    /// # Errors
    /// As [`Local::write`].
    pub fn read<T, E: UnitError>(&mut self, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        dialect::begin_snapshot(&mut self.tx).map_err(DbError::from)?;
        locks::begin();
        let result = work(&mut self.tx);
        dialect::batch(&mut self.tx, "ROLLBACK").map_err(DbError::from)?;
        result
    }

    /// Runs a closure that only reads on the database as it would be after some statements, which are taken back.
    ///
    /// # Errors
    /// What the statements are refused for; as [`Local::write`].
    pub fn suppose<T, E: UnitError>(&mut self, statements: &str, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        dialect::begin_write(&mut self.tx).map_err(DbError::from)?;
        locks::begin();
        let result = dialect::batch(&mut self.tx, statements).map_err(|e| DbError::from(e).into()).and_then(|()| work(&mut self.tx));
        dialect::batch(&mut self.tx, "ROLLBACK").map_err(DbError::from)?;
        result
    }
}
