//! SQLite: one writer thread with group commit, and a pool of reading connections (`db-layer 4`).

use crate::{
    DbError, Options, Run, TRIES_MAX, Tx, UnitError,
    pool::{self, Manager, Pool, Target},
};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// Units that share one commit at most.
const GROUP_MAX: usize = 64;
/// After a unit that took so long the group is committed: what follows it waits no longer than it must.
const LONG: Duration = Duration::from_millis(3);
/// Units that may wait for the writer before callers are held back.
const QUEUE_MAX: usize = 4096;

const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456;
    PRAGMA wal_autocheckpoint = 4000;";

/// What a run of a unit came to; all but `Done` are rolled back to where it began.
enum Ran {
    Done,
    /// It drew what was taken, such as a number, and may draw again.
    Conflict,
    Failed,
}

/// A unit waiting for the writer, with the way back to its caller.
trait Waiting: Send {
    fn run(&mut self, tx: &mut Tx) -> Ran;
    /// Answers the caller: with the unit's own result, or with why the group failed.
    fn answer(self: Box<Self>, failure: Option<DbError>);
}

struct Unit<T, E, F> {
    work: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Waiting for Unit<T, E, F>
where
    T: Send,
    E: UnitError,
    F: FnMut(&mut Tx) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> Ran {
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(tx))).unwrap_or_else(|_| Err(DbError::Panicked.into()));
        let ran = match &result {
            Ok(_) => Ran::Done,
            Err(e) if e.db_error().is_some_and(DbError::is_conflict) => Ran::Conflict,
            Err(_) => Ran::Failed,
        };
        self.result = Some(result);
        ran
    }

    fn answer(self: Box<Self>, failure: Option<DbError>) {
        let result = match failure {
            Some(e) => Err(e.into()),
            None => self.result.unwrap_or_else(|| Err(DbError::Closed.into())),
        };
        // The caller may be gone; what was committed stays committed.
        let _ = self.reply.send(result);
    }
}

/// The SQLite engine; cheap to clone.
#[derive(Clone)]
pub struct Sqlite {
    writer: mpsc::Sender<Box<dyn Waiting>>,
    readers: Pool,
    wait: Duration,
}

impl Sqlite {
    pub(crate) fn open(path: &str, options: &Options) -> Result<Self, DbError> {
        if let Some(folder) = Path::new(path).parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| DbError::Open(format!("{}: {e}", folder.display())))?;
        }
        let mut connection = SqliteConnection::establish(path).map_err(|e| DbError::Open(format!("{path}: {e}")))?;
        connection.batch_execute(PRAGMAS)?;
        let (writer, queue) = mpsc::channel(QUEUE_MAX);
        let slow = options.slow;
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write_loop(Tx::Sqlite(connection), queue, slow))
            .map_err(|e| DbError::Open(e.to_string()))?;
        let manager = Manager {
            target: Target::Sqlite(path.to_owned()),
            settings: format!("{PRAGMAS} PRAGMA query_only = ON;"),
            prepared_statements: true,
        };
        let readers = pool::pool(manager, options.connections, options.wait)?;
        Ok(Self { writer, readers, wait: options.wait })
    }

    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let unit: Box<dyn Waiting> = Box::new(Unit { work, result: None, reply });
        match tokio::time::timeout(self.wait, self.writer.send(unit)).await {
            Ok(Ok(())) => answer.await.unwrap_or_else(|_| Err(DbError::Closed.into())),
            Ok(Err(_)) => Err(DbError::Closed.into()),
            Err(_) => Err(DbError::Exhausted.into()),
        }
    }

    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let readers = self.readers.clone();
        pool::blocking(move || pool::with(&readers, work)).await
    }

    pub(crate) async fn snapshot<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let readers = self.readers.clone();
        pool::blocking(move || pool::snapshot(&readers, work)).await
    }
}

fn write_loop(mut tx: Tx, mut queue: mpsc::Receiver<Box<dyn Waiting>>, slow: Duration) {
    let mut group: Vec<Box<dyn Waiting>> = Vec::with_capacity(GROUP_MAX);
    while let Some(first) = queue.blocking_recv() {
        group.push(first);
        while group.len() < GROUP_MAX {
            let Ok(next) = queue.try_recv() else { break };
            group.push(next);
        }
        metrics::histogram!("yunshi_db_group_units").record(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
        while !group.is_empty() {
            run_group(&mut tx, &mut group, slow);
        }
    }
}

/// Runs waiting units in one transaction and answers those that ran. When SQLite gives the transaction up
/// by itself (a full disk), the units that ran are all answered with the failure and the rest stay waiting.
fn run_group(tx: &mut Tx, group: &mut Vec<Box<dyn Waiting>>, slow: Duration) {
    if let Err(e) = execute(tx, "BEGIN IMMEDIATE") {
        let reason = e.to_string();
        return answer(std::mem::take(group), Some(&reason));
    }
    let mut ran = 0;
    let mut lost = None;
    for unit in group.iter_mut() {
        let began = if ran == 0 { Began::Transaction } else { Began::Savepoint };
        ran += 1;
        let started = Instant::now();
        if let Err(e) = run_unit(tx, unit.as_mut(), began) {
            lost = Some(e.to_string());
            break;
        }
        let took = started.elapsed();
        metrics::histogram!("yunshi_db_unit_seconds").record(took.as_secs_f64());
        if took > slow {
            tracing::warn!(duration_ms = took.as_millis(), "a unit of work held the writer for long");
        }
        if took > LONG {
            break;
        }
    }
    let finished: Vec<_> = group.drain(..ran).collect();
    let failure = match lost {
        Some(reason) => Some(reason),
        None => execute(tx, "COMMIT").err().map(|e| e.to_string()),
    };
    if failure.is_some() {
        // Fails when SQLite has rolled back already, which is what is wanted.
        let _ = execute(tx, "ROLLBACK");
    }
    answer(finished, failure.as_deref());
}

fn answer(units: Vec<Box<dyn Waiting>>, failure: Option<&str>) {
    for unit in units {
        unit.answer(failure.map(|reason| DbError::Commit(reason.to_owned())));
    }
}

/// What a unit is rolled back to. The first of a group has the transaction for itself: within a savepoint SQLite
/// copies each page that is written, which costs a large unit a quarter of its time.
#[derive(Clone, Copy)]
enum Began {
    Transaction,
    Savepoint,
}

impl Began {
    fn undo(self, tx: &mut Tx) -> Result<(), DbError> {
        match self {
            Self::Transaction => {
                execute(tx, "ROLLBACK")?;
                execute(tx, "BEGIN IMMEDIATE")
            }
            Self::Savepoint => execute(tx, "ROLLBACK TO unit"),
        }
    }
}

/// Runs one unit, again when it drew what was taken. An error means that what it began is gone, and with it the
/// whole transaction.
fn run_unit(tx: &mut Tx, unit: &mut dyn Waiting, began: Began) -> Result<(), DbError> {
    if matches!(began, Began::Savepoint) {
        execute(tx, "SAVEPOINT unit")?;
    }
    for _ in 0..TRIES_MAX {
        match unit.run(tx) {
            Ran::Done => break,
            Ran::Conflict => began.undo(tx)?,
            Ran::Failed => {
                began.undo(tx)?;
                break;
            }
        }
    }
    if matches!(began, Began::Savepoint) {
        execute(tx, "RELEASE unit")?;
    }
    Ok(())
}

fn execute(tx: &mut Tx, text: &'static str) -> Result<(), DbError> {
    diesel::sql_query(text).run(tx)?;
    Ok(())
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}
