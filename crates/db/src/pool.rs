//! Pools of connections of either engine, and the bridge from async callers to blocking work.

use crate::{DbError, Tx};
use diesel::{
    Connection, PgConnection, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ManageConnection, Pool as R2d2},
};
use std::time::Duration;

/// A pooled connection that remembers whether it broke.
pub struct Pooled {
    pub tx: Tx,
    pub broken: bool,
}

#[derive(Debug)]
pub(crate) enum Target {
    Sqlite(String),
    Postgres(String),
}

/// Makes connections and prepares each with the same settings.
#[derive(Debug)]
pub struct Manager {
    pub(crate) target: Target,
    pub(crate) settings: String,
    pub(crate) prepared_statements: bool,
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = DbError;

    fn connect(&self) -> Result<Pooled, DbError> {
        let mut tx = match &self.target {
            Target::Sqlite(path) => Tx::Sqlite(SqliteConnection::establish(path).map_err(|e| DbError::Open(e.to_string()))?),
            Target::Postgres(url) => Tx::Pg(PgConnection::establish(url).map_err(|e| DbError::Open(e.to_string()))?),
        };
        match &mut tx {
            Tx::Sqlite(c) => c.batch_execute(&self.settings)?,
            Tx::Pg(c) => {
                c.batch_execute(&self.settings)?;
                if !self.prepared_statements {
                    c.set_prepared_statement_cache_size(diesel::connection::CacheSize::Disabled);
                }
            }
        }
        Ok(Pooled { tx, broken: false })
    }

    fn is_valid(&self, _: &mut Pooled) -> Result<(), DbError> {
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.broken
    }
}

pub(crate) type Pool = R2d2<Manager>;

pub(crate) fn pool(manager: Manager, size: u32, wait: Duration) -> Result<Pool, DbError> {
    R2d2::builder()
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(wait)
        .test_on_check_out(false)
        .build(manager)
        .map_err(|e| DbError::Open(e.to_string()))
}

/// Runs blocking work beside the async runtime; a panic becomes an error.
pub(crate) async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(DbError::Panicked.into()))
}

/// Lends a connection to reading work. A connection that broke is not given back.
pub(crate) fn with<T, E: crate::UnitError>(pool: &Pool, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
    let mut pooled = pool.get().map_err(|_| DbError::Exhausted)?;
    let result = work(&mut pooled.tx);
    if let Err(e) = &result {
        pooled.broken = e.db_error().is_some_and(DbError::is_disconnect);
    }
    result
}

/// Lends a connection to reading work that sees the database at one moment.
pub(crate) fn snapshot<T, E: crate::UnitError>(pool: &Pool, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
    with(pool, |tx| {
        crate::dialect::begin_snapshot(tx).map_err(DbError::from)?;
        let result = work(tx);
        let ended = crate::dialect::batch(tx, "ROLLBACK").map_err(DbError::from);
        result.and_then(|value| ended.map(|()| value).map_err(E::from))
    })
}
