//! PostgreSQL: a pool of connections on blocking threads; a unit that lost a conflict runs again
//! (`db-layer 5`).

use crate::{
    DbError, Options, TRIES_MAX, Tx, UnitError, dialect, locks, migrate,
    pool::{Manager, Pool, Pooled, Target},
    turns::Party,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// Units say themselves how long they wait for a lock ([`Patience`]); what is left are reads, which wait for migrations
/// alone.
pub(crate) const SETTINGS: &str =
    "SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'";

/// A unit that waited for a lock begins again after so long, and some more.
const PAUSE: Duration = Duration::from_millis(20);

/// How long units wait for what others have locked: each time, with a connection, and how often, between which they have
/// none.
#[derive(Clone, Copy, Debug)]
struct Patience {
    lock: Duration,
    tries: u32,
}

impl Patience {
    /// Callers hear soon that others are in the way, and may come again. The system's work has nobody to tell.
    fn of(party: Party, lock: Duration) -> Self {
        let tries = if party == Party::System { TRIES_MAX } else { 3 };
        Self { lock, tries }
    }

    /// A migration waits for another node's, and for readers of the tables that it changes: not so long at once that all
    /// who queue behind it notice, but often.
    fn of_migration(lock: Duration) -> Self {
        Self { lock: 3 * lock, tries: 20 }
    }

    /// Not for the whole connection: PgBouncer lends another one to each transaction. The level is named, whatever the role or the
    /// database has by default: what is counted under a lock is to be what others committed before the lock was had.
    fn begin(self) -> String {
        format!("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = {}", self.lock.as_millis())
    }

    /// Some time between two tries, never the same for two units.
    fn pause(tries: u32) -> Duration {
        static SPREAD: AtomicU32 = AtomicU32::new(0);
        let spread = SPREAD.fetch_add(7, Ordering::Relaxed) % 32;
        PAUSE.saturating_mul(tries).saturating_add(Duration::from_millis(spread.into()))
    }
}

/// The PostgreSQL engine; cheap to clone.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: Pool,
    wait: Duration,
    lock: Duration,
    slow: Duration,
    /// Behind a pooler that lends a connection for one transaction at a time.
    pooled: bool,
}

impl Postgres {
    pub(crate) fn open(url: &str, options: &Options) -> Result<Self, DbError> {
        let manager = Manager {
            target: Target::Postgres(url.to_owned()),
            settings: SETTINGS.to_owned(),
            prepared_statements: options.prepared_statements,
        };
        let pool = Pool::open(manager, options.connections, options.wait)?;
        Ok(Self { pool, wait: options.wait, lock: options.lock_timeout, slow: options.slow, pooled: !options.prepared_statements })
    }

    pub(crate) async fn write<T, E, F>(&self, party: Party, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.write_patiently(party, Patience::of(party, self.lock), work).await
    }

    pub(crate) async fn migrate(&self) -> Result<Vec<&'static str>, DbError> {
        self.write_patiently(Party::System, Patience::of_migration(self.lock), migrate::run).await
    }

    /// A unit that waited too long for a lock, or in a circle, or lost its connection, gives that back before it runs again. All its
    /// tries together wait for connections as long as one does.
    async fn write_patiently<T, E, F>(&self, party: Party, patience: Patience, mut work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let slow = self.slow;
        let mut waited = Duration::ZERO;
        let (mut timeouts, mut deadlocks, mut cuts) = (0, 0, 0);
        loop {
            let asked = Instant::now();
            let lent = move |pooled: &mut Pooled| {
                let began = Instant::now();
                let result = run_until_done(pooled, &patience.begin(), slow, &mut work);
                Ok::<_, E>((work, result, began))
            };
            let (again, result, began) = self.pool.lend(party, asked + self.wait.saturating_sub(waited), lent).await?;
            work = again;
            waited = waited.saturating_add(began.duration_since(asked));
            let Err(e) = result else { return result };
            if e.db_error().is_some_and(DbError::is_lock_timeout) {
                metrics::counter!("yunshi_db_lock_timeouts_total").increment(1);
                timeouts += 1;
                if timeouts >= patience.tries {
                    return Err(DbError::locked().into());
                }
            } else if e.db_error().is_some_and(DbError::is_disconnect) {
                // Without a commit nothing was stored; another connection may be whole.
                cuts += 1;
                if cuts >= TRIES_MAX {
                    return Err(DbError::cut().into());
                }
            } else if deadlocks + 1 < TRIES_MAX && e.db_error().is_some_and(DbError::is_deadlock) {
                metrics::counter!("yunshi_db_conflicts_total").increment(1);
                deadlocks += 1;
            } else {
                return Err(e);
            }
            tokio::time::sleep(Patience::pause(timeouts + deadlocks + cuts)).await;
        }
    }

    pub(crate) async fn read<T, E, F>(&self, party: Party, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        // Outside of a transaction a statement could be prepared on one connection of the pooler and run on another, which has
        // somebody else's under the same name.
        let until = Instant::now() + self.wait;
        if self.pooled { self.pool.snapshot(party, until, work).await } else { self.pool.read(party, until, work).await }
    }

    pub(crate) async fn snapshot<T, E, F>(&self, party: Party, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.pool.snapshot(party, Instant::now() + self.wait, work).await
    }
}

/// Runs a unit, again at once after a race that another one won.
fn run_until_done<T, E: UnitError>(
    pooled: &mut Pooled,
    begin: &str,
    slow: Duration,
    work: &mut impl FnMut(&mut Tx) -> Result<T, E>,
) -> Result<T, E> {
    let mut tries = 0;
    loop {
        tries += 1;
        let started = Instant::now();
        let result = run_unit(pooled, begin, work);
        let took = started.elapsed();
        metrics::histogram!("yunshi_db_unit_seconds").record(took.as_secs_f64());
        if took > slow {
            tracing::warn!(duration_ms = took.as_millis(), "a unit of work took long");
        }
        match result {
            Err(e) if tries < TRIES_MAX && e.db_error().is_some_and(|e| e.is_conflict() && !e.is_deadlock()) => {
                metrics::counter!("yunshi_db_conflicts_total").increment(1);
            }
            result => return result,
        }
    }
}

/// What a commit that failed means.
fn after_commit(e: DbError) -> DbError {
    match e {
        e if e.is_conflict() => e,
        e if e.is_disconnect() => DbError::Unknown,
        e => DbError::Commit(e.to_string()),
    }
}

fn run_unit<T, E: UnitError>(pooled: &mut Pooled, begin: &str, work: &mut impl FnMut(&mut Tx) -> Result<T, E>) -> Result<T, E> {
    let began = dialect::batch(&mut pooled.tx, begin).map_err(DbError::from);
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
                Err(after_commit(e).into())
            }
        },
        Err(e) => {
            pooled.broken = dialect::batch(&mut pooled.tx, "ROLLBACK").is_err();
            Err(e)
        }
    }
}
