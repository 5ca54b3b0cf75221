//! Two engines under one [`Db`] and one [`Tx`].
//!
//! A unit of work is a plain function over a transaction; it cannot await, so it cannot hold a lock over
//! the network. [`Db::write`] runs it — on SQLite in the writer thread with group commit, on PostgreSQL
//! on a pooled connection, again when it lost a conflict. [`Db::read`] runs it on a reading connection.
//! What differs between the engines lives in [`dialect`]; nowhere else does code ask which one runs.
//!
//! To add a table: write a migration in `migrations/` (one text for both engines), declare it in
//! [`schema`], and add its module in the `store` crate.

mod claim;
pub mod dialect;
mod error;
mod key;
mod language;
mod local;
mod locks;
mod many;
mod migrate;
mod moment;
mod pool;
mod postgres;
pub mod schema;
mod sqlite;
mod statement;
mod stored;
pub mod turns;

pub use claim::{Claim, claim_jobs};
pub use error::{DbError, UnitError};
pub use key::Key;
pub use local::Local;
pub use locks::{Lock, made, taken};
pub use many::{Insert, Update, Value, each_part, parts};
pub use migrate::{MIGRATIONS, Migration};
pub use moment::Moment;
pub use statement::{Run, lock, together};
pub use stored::{Column, Misfit, readable};
pub use turns::Party;

use diesel::{PgConnection, SqliteConnection};

/// Runs a part of a transaction and takes back what it wrote when it fails; the transaction goes on.
///
/// # Errors
/// What the part says, or that the transaction is lost.
pub fn savepoint<T, E: UnitError>(tx: &mut Tx, part: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
    let run = |tx: &mut Tx, text: &str| dialect::batch(tx, text).map_err(DbError::from);
    run(tx, "SAVEPOINT part")?;
    let result = part(tx);
    let end = if result.is_ok() { "RELEASE SAVEPOINT part" } else { "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part" };
    run(tx, end)?;
    result
}

/// How often a unit runs at most when others win the race.
const TRIES_MAX: u32 = 8;

/// A transaction on either engine.
#[derive(diesel::MultiConnection)]
pub enum Tx {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// The backend of [`Tx`], for query types.
pub type Backend = <Tx as diesel::Connection>::Backend;

/// Limits and sizes of the database layer.
#[derive(Debug, Clone)]
pub struct Options {
    /// Reading connections (SQLite) or connections (PostgreSQL).
    pub connections: u32,
    /// How long a caller waits for a connection before it is refused.
    pub wait: std::time::Duration,
    /// How long a unit on PostgreSQL holds its connection while it waits for what another one has locked.
    pub lock_timeout: std::time::Duration,
    /// A unit longer than this is logged: on SQLite it stalls all others.
    pub slow: std::time::Duration,
    /// PgBouncer in transaction mode below 1.21 has no named prepared statements.
    pub prepared_statements: bool,
}

/// A unit of work holds its connection of PostgreSQL while the database writes to disk: more of them share a write.
const POSTGRES_CONNECTIONS: u32 = 32;

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

impl Options {
    /// What suits the engine behind this address when nobody chose.
    #[must_use]
    pub fn for_url(url: &str) -> Self {
        let usual = Self::default();
        if is_postgres(url) { Self { connections: POSTGRES_CONNECTIONS, ..usual } } else { usual }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 16,
            wait: std::time::Duration::from_secs(5),
            lock_timeout: std::time::Duration::from_secs(1),
            slow: std::time::Duration::from_millis(500),
            prepared_statements: true,
        }
    }
}

/// A database; cheap to clone.
#[derive(Clone)]
pub enum Db {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`. Nothing is migrated.
    ///
    /// # Errors
    /// [`DbError::Url`] for another address, or what the engine says.
    pub fn open(url: &str, options: &Options) -> Result<Self, DbError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return sqlite::Sqlite::open(path, options).map(Self::Sqlite);
        }
        if is_postgres(url) {
            return postgres::Postgres::open(url, options).map(Self::Postgres);
        }
        Err(DbError::Url(url.split('@').next_back().unwrap_or_default().to_owned()))
    }

    /// `sqlite` or `postgres`, for logs and the readiness page.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Whether the database belongs to this one process: no other worker can hold a lease in it when it starts.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Runs a unit of work of a party and commits it. The unit may run again after a conflict, so it has no effect
    /// outside the transaction.
    ///
    /// # Errors
    /// The unit's own error, after which nothing is stored, or [`DbError`] through it: [`DbError::Share`],
    /// [`DbError::Locked`] and [`DbError::Exhausted`] when its turn did not come, or others did not let go of what it changes.
    pub async fn write_for<T, E, F>(&self, party: Party, unit: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(party, unit).await,
            Self::Postgres(postgres) => postgres.write(party, unit).await,
        }
    }

    /// Runs a unit of a party that only reads. Several statements see the database at slightly different moments.
    ///
    /// # Errors
    /// As [`Db::write_for`].
    pub async fn read_for<T, E, F>(&self, party: Party, unit: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        match self {
            Self::Sqlite(sqlite) => sqlite.read(party, unit).await,
            Self::Postgres(postgres) => postgres.read(party, unit).await,
        }
    }

    /// Runs a unit of a party that only reads and sees the database at one moment, however many statements it has.
    ///
    /// # Errors
    /// As [`Db::write_for`].
    pub async fn snapshot_for<T, E, F>(&self, party: Party, unit: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        match self {
            Self::Sqlite(sqlite) => sqlite.snapshot(party, unit).await,
            Self::Postgres(postgres) => postgres.snapshot(party, unit).await,
        }
    }

    /// [`Db::write_for`] the system itself.
    ///
    /// # Errors
    /// As [`Db::write_for`].
    pub async fn write<T, E, F>(&self, unit: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.write_for(Party::System, unit).await
    }

    /// [`Db::read_for`] the system itself.
    ///
    /// # Errors
    /// As [`Db::write_for`].
    pub async fn read<T, E, F>(&self, unit: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.read_for(Party::System, unit).await
    }

    /// Leaves SQLite's file whole, so that it may be copied alone: what its log holds is carried into it. Called when all else
    /// has ended; a process that is killed leaves its log, which the next one reads.
    ///
    /// # Errors
    /// What the engine says, or that another process reads or writes the file still.
    pub async fn close(&self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Brings the schema to the newest version; returns the names of what was applied.
    ///
    /// # Errors
    /// [`DbError::Changed`] when an applied migration's text was edited.
    pub async fn migrate(&self) -> Result<Vec<&'static str>, DbError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(Party::System, migrate::run).await,
            Self::Postgres(postgres) => postgres.migrate().await,
        }
    }

    /// The migrations that were not applied yet.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn pending_migrations(&self) -> Result<Vec<&'static str>, DbError> {
        self.read(migrate::pending).await
    }
}
