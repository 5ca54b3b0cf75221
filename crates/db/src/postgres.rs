//! PostgreSQL: a pool of connections on blocking threads; a unit that lost a conflict runs again
//! (`db-layer 5`).

use crate::{
    DbError, Options, TRIES_MAX, Tx, UnitError, dialect, locks,
    pool::{Manager, Pool, Pooled, Target},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

pub(crate) const SETTINGS: &str =
    "SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'";

/// The PostgreSQL engine; cheap to clone.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: Pool,
    slow: Duration,
}

impl Postgres {
    pub(crate) fn open(url: &str, options: &Options) -> Result<Self, DbError> {
        let manager = Manager {
            target: Target::Postgres(url.to_owned()),
            settings: SETTINGS.to_owned(),
            prepared_statements: options.prepared_statements,
        };
        Ok(Self { pool: Pool::open(manager, options.connections, options.wait)?, slow: options.slow })
    }

    pub(crate) async fn write<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let slow = self.slow;
        self.pool
            .lend(move |pooled| {
                let mut tries = 0;
                loop {
                    tries += 1;
                    let started = Instant::now();
                    let result = run_unit(pooled, &mut work);
                    let took = started.elapsed();
                    metrics::histogram!("yunshi_db_unit_seconds").record(took.as_secs_f64());
                    if took > slow {
                        tracing::warn!(duration_ms = took.as_millis(), "a unit of work took long");
                    }
                    match result {
                        Err(e) if tries < TRIES_MAX && e.db_error().is_some_and(DbError::is_conflict) => {
                            metrics::counter!("yunshi_db_conflicts_total").increment(1);
                        }
                        result => return result,
                    }
                }
            })
            .await
    }

    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.pool.read(work).await
    }

    pub(crate) async fn snapshot<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.pool.snapshot(work).await
    }
}

fn run_unit<T, E: UnitError>(pooled: &mut Pooled, work: &mut impl FnMut(&mut Tx) -> Result<T, E>) -> Result<T, E> {
    let began = dialect::batch(&mut pooled.tx, "BEGIN").map_err(DbError::from);
    if let Err(e) = began {
        pooled.broken = true;
        return Err(e.into());
    }
    locks::begin();
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut pooled.tx))).unwrap_or_else(|_| Err(DbError::Panicked.into()));
    match result {
        Ok(value) => match dialect::batch(&mut pooled.tx, "COMMIT") {
            Ok(()) => Ok(value),
            Err(e) => {
                pooled.broken = dialect::batch(&mut pooled.tx, "ROLLBACK").is_err();
                let e = DbError::from(e);
                Err(if e.is_conflict() { e } else { DbError::Commit(e.to_string()) }.into())
            }
        },
        Err(e) => {
            pooled.broken = dialect::batch(&mut pooled.tx, "ROLLBACK").is_err();
            Err(e)
        }
    }
}
