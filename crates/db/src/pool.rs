//! Pools of connections of either engine, and the bridge from async callers to blocking work.

use crate::{DbError, Tx, UnitError, dialect};
use diesel::{
    Connection, PgConnection, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ManageConnection, Pool as R2d2},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

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

/// Connections, lent in the order in which they were asked for. The pool itself wakes whoever comes: with hundreds of
/// callers one of them could wait for seconds beside others that were served ten times.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: R2d2<Manager>,
    turns: Arc<Semaphore>,
    wait: Duration,
}

impl Pool {
    pub(crate) fn open(manager: Manager, size: u32, wait: Duration) -> Result<Self, DbError> {
        let connections = R2d2::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(wait)
            .test_on_check_out(false)
            .build(manager)
            .map_err(|e| DbError::Open(e.to_string()))?;
        let turns = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS)));
        Ok(Self { connections, turns, wait })
    }

    /// Lends a connection to blocking work, beside the async runtime; a panic becomes an error. While all are lent the
    /// caller waits without a thread.
    pub(crate) async fn lend<T, E>(&self, work: impl FnOnce(&mut Pooled) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let turn = match tokio::time::timeout(self.wait, self.turns.clone().acquire_owned()).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => return Err(DbError::Closed.into()),
            Err(_) => return Err(DbError::Exhausted.into()),
        };
        let connections = self.connections.clone();
        let lent = move || {
            // Given back after the connection is.
            let _turn = turn;
            let mut pooled = connections.get().map_err(|_| DbError::Exhausted)?;
            work(&mut pooled)
        };
        tokio::task::spawn_blocking(lent).await.unwrap_or_else(|_| Err(DbError::Panicked.into()))
    }

    /// Lends a connection to reading work. A connection that broke is not given back.
    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.lend(move |pooled| with(pooled, work)).await
    }

    /// Lends a connection to reading work that sees the database at one moment.
    pub(crate) async fn snapshot<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let moment = move |tx: &mut Tx| {
            dialect::begin_snapshot(tx).map_err(DbError::from)?;
            let result = work(tx);
            let ended = dialect::batch(tx, "ROLLBACK").map_err(DbError::from);
            result.and_then(|value| ended.map(|()| value).map_err(E::from))
        };
        self.lend(move |pooled| with(pooled, moment)).await
    }
}

fn with<T, E: UnitError>(pooled: &mut Pooled, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
    let result = work(&mut pooled.tx);
    if let Err(e) = &result {
        pooled.broken = e.db_error().is_some_and(DbError::is_disconnect);
    }
    result
}
