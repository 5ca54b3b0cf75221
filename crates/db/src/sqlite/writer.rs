//! The one thread that writes: units that wait together share a commit.

use super::checkpoint::Checkpoints;
use crate::{DbError, Run, TRIES_MAX, Tx, UnitError, locks};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// Units that share one commit at most.
const GROUP_MAX: usize = 64;
/// After a unit that took so long the group is committed: what follows it waits no longer than it must.
const LONG: Duration = Duration::from_millis(3);
/// While another process writes, the lock is asked for so often; SQLite's own waiting asks ever more rarely.
const ASK: Duration = Duration::from_millis(1);
/// So long at most.
const ASK_MAX: Duration = Duration::from_secs(5);
/// After so long without a pause the writer makes one, in which another process that waits for the lock asks for it.
const TURN: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(2);

/// What a run of a unit came to; all but `Done` are rolled back to where it began.
pub(super) enum Ran {
    Done,
    /// It drew what was taken, such as a number, and may draw again.
    Conflict,
    Failed,
}

/// A unit waiting for the writer, with the way back to its caller.
pub(super) trait Waiting: Send {
    fn run(&mut self, tx: &mut Tx) -> Ran;
    /// Answers the caller: with the unit's own result, or with why the group failed.
    fn answer(self: Box<Self>, failure: Option<DbError>);
}

pub(super) struct Unit<T, E, F> {
    pub work: F,
    pub result: Option<Result<T, E>>,
    pub reply: oneshot::Sender<Result<T, E>>,
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

/// Lets other threads and processes go on.
#[expect(clippy::disallowed_methods, reason = "a lock of another process tells nobody when it is free")]
fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// Carries out what is sent until nobody can send any more.
pub(super) fn run(mut tx: Tx, mut queue: mpsc::Receiver<Box<dyn Waiting>>, slow: Duration, checkpoints: &Checkpoints) {
    let mut group: Vec<Box<dyn Waiting>> = Vec::with_capacity(GROUP_MAX);
    let mut since = Instant::now();
    loop {
        let idle = Instant::now();
        let Some(first) = queue.blocking_recv() else { return };
        if idle.elapsed() >= PAUSE {
            since = Instant::now();
        }
        group.push(first);
        while group.len() < GROUP_MAX {
            let Ok(next) = queue.try_recv() else { break };
            group.push(next);
        }
        metrics::histogram!("yunshi_db_group_units").record(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
        while !group.is_empty() {
            run_group(&mut tx, &mut group, slow);
            checkpoints.committed();
            if since.elapsed() >= TURN {
                pause(PAUSE);
                since = Instant::now();
            }
        }
    }
}

/// Runs waiting units in one transaction and answers those that ran. When SQLite gives the transaction up
/// by itself (a full disk), the units that ran are all answered with the failure and the rest stay waiting.
fn run_group(tx: &mut Tx, group: &mut Vec<Box<dyn Waiting>>, slow: Duration) {
    if let Err(e) = begin(tx) {
        let reason = e.reason();
        return answer(std::mem::take(group), Some(&reason));
    }
    let mut ran = 0;
    let mut lost = None;
    for unit in group.iter_mut() {
        let began = if ran == 0 { Began::Transaction } else { Began::Savepoint };
        ran += 1;
        let started = Instant::now();
        if let Err(e) = run_unit(tx, unit.as_mut(), began) {
            lost = Some(e.reason());
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
        None => execute(tx, "COMMIT").err().map(|e| e.reason()),
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
                begin(tx)
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
        locks::begin();
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

/// Begins a transaction that may write, as soon as no other process does.
fn begin(tx: &mut Tx) -> Result<(), DbError> {
    let asked = Instant::now();
    loop {
        match execute(tx, "BEGIN IMMEDIATE") {
            Err(e) if e.is_locked() && asked.elapsed() < ASK_MAX => pause(ASK),
            begun => return begun,
        }
    }
}

fn execute(tx: &mut Tx, text: &'static str) -> Result<(), DbError> {
    diesel::sql_query(text).run(tx)?;
    Ok(())
}
