//! Pools of connections of either engine, and the bridge from async callers to blocking work.

use crate::{
    DbError, Tx, UnitError, dialect, language, locks,
    turns::{Party, Shares, Turns},
};
use diesel::{
    Connection, PgConnection, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ManageConnection, Pool as R2d2},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};

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
                language::speaks_english(c)?;
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

/// Connections, lent in turn ([`Turns`]). The pool itself wakes whoever comes: with hundreds of callers one of them could
/// wait for seconds beside others that were served ten times.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: R2d2<Manager>,
    gate: Arc<Gate>,
}

/// Who has a connection or waits for one, each with the way to call it.
#[derive(Debug)]
struct Gate(Mutex<Turns<oneshot::Sender<()>>>);

impl Gate {
    fn turns(&self) -> MutexGuard<'_, Turns<oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line, then the right to a connection; given back when it is dropped.
struct Turn {
    gate: Arc<Gate>,
    party: Party,
    number: u64,
}

impl Turn {
    /// Waits for the turn of a party, without a thread.
    async fn of(gate: &Arc<Gate>, party: Party, until: Instant) -> Result<Self, DbError> {
        let (call, called) = oneshot::channel();
        let joined = gate.turns().join(party, call);
        let Ok(number) = joined else { return Err(DbError::refused(party, true)) };
        let turn = Self { gate: gate.clone(), party, number };
        call_in(&mut gate.turns());
        match tokio::time::timeout_at(until, called).await {
            Ok(Ok(())) => Ok(turn),
            Ok(Err(_)) => Err(DbError::Closed),
            Err(_) => Err(DbError::refused(party, gate.turns().is_crowded(party))),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.gate.turns();
        if turns.leave(self.party, self.number).is_none() {
            turns.end(self.party);
        }
        call_in(&mut turns);
    }
}

/// Lets everybody go on who may.
fn call_in(turns: &mut Turns<oneshot::Sender<()>>) {
    while let Some((_, call)) = turns.admit() {
        // Who has gone meanwhile gives the turn back.
        let _ = call.send(());
    }
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
        let gate = Arc::new(Gate(Mutex::new(Turns::new(Shares::of_connections(size)))));
        Ok(Self { connections, gate })
    }

    /// Lends a connection to blocking work of a party, beside the async runtime; a panic becomes an error. Until its turn
    /// the caller waits without a thread.
    pub(crate) async fn lend<T, E>(
        &self,
        party: Party,
        until: Instant,
        work: impl FnOnce(&mut Pooled) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let turn = Turn::of(&self.gate, party, until).await?;
        let connections = self.connections.clone();
        let lent = move || {
            // Given back after the connection is.
            let _turn = turn;
            let mut pooled = connections.get().map_err(|_| DbError::Exhausted)?;
            locks::begin();
            work(&mut pooled)
        };
        tokio::task::spawn_blocking(lent).await.unwrap_or_else(|_| Err(DbError::Panicked.into()))
    }

    /// Lends a connection to reading work. A connection that broke is not given back.
    pub(crate) async fn read<T, E, F>(&self, party: Party, until: Instant, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.lend(party, until, move |pooled| with(pooled, work)).await
    }

    /// Lends a connection to reading work that sees the database at one moment.
    pub(crate) async fn snapshot<T, E, F>(&self, party: Party, until: Instant, work: F) -> Result<T, E>
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
        self.lend(party, until, move |pooled| with(pooled, moment)).await
    }
}

fn with<T, E: UnitError>(pooled: &mut Pooled, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
    let result = work(&mut pooled.tx);
    pooled.broken = matches!(&result, Err(e) if e.db_error().is_some_and(DbError::is_disconnect));
    if pooled.broken { Err(DbError::cut().into()) } else { result }
}
