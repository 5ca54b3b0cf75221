//! The one thread that writes: units that wait together share a commit.

use super::checkpoint::Checkpoints;
use crate::{
    DbError, Run, TRIES_MAX, Tx, UnitError, locks,
    turns::{Party, Shares, Turns},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// Units that share one commit at most.
const GROUP_MAX: usize = 64;
/// Of them units of one account: what it has beyond that waits for the next group, so that nobody else waits for it.
const GROUP_OF_ACCOUNT: usize = 2;
/// After a unit that took so long the group is committed: what follows it waits no longer than it must.
const LONG: Duration = Duration::from_millis(3);
/// While another process writes, the lock is asked for so often; SQLite's own waiting asks ever more rarely.
const ASK: Duration = Duration::from_millis(1);
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
    fn party(&self) -> Party;
    fn sent(&self) -> Instant;
    /// Whether somebody still waits for the answer.
    fn is_wanted(&self) -> bool;
    /// Answers the caller: with the unit's own result, or with why it was not done.
    fn answer(self: Box<Self>, failure: Option<DbError>);
}

pub(super) struct Unit<T, E, F> {
    pub work: F,
    pub result: Option<Result<T, E>>,
    pub reply: oneshot::Sender<Result<T, E>>,
    pub party: Party,
    pub sent: Instant,
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

    fn party(&self) -> Party {
        self.party
    }

    fn sent(&self) -> Instant {
        self.sent
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
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

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// A unit that takes longer is logged.
    pub slow: Duration,
    /// A caller whose own account is in the way waits so long at most, and all for another process.
    pub wait: Duration,
}

type Line = Turns<Box<dyn Waiting>>;

/// Lets a unit wait for its turn, unless too many of its party do.
fn join(line: &mut Line, unit: Box<dyn Waiting>) {
    let party = unit.party();
    if let Err(unit) = line.join(party, unit) {
        unit.answer(Some(DbError::refused(party, true)));
    }
}

/// Carries out what is sent until nobody can send any more.
pub(super) fn run(mut tx: Tx, mut queue: mpsc::Receiver<Box<dyn Waiting>>, pace: Pace, checkpoints: &Checkpoints) {
    let mut line = Line::new(Shares::of_group(GROUP_MAX, GROUP_OF_ACCOUNT));
    let mut since = Instant::now();
    loop {
        if line.is_idle() {
            let idle = Instant::now();
            let Some(first) = queue.blocking_recv() else { return };
            if idle.elapsed() >= PAUSE {
                since = Instant::now();
            }
            join(&mut line, first);
        }
        while let Ok(next) = queue.try_recv() {
            join(&mut line, next);
        }
        for (party, late) in line.take_late(|unit| unit.sent().elapsed() > pace.wait) {
            late.answer(Some(DbError::refused(party, true)));
        }
        run_group(&mut tx, &mut line, pace);
        checkpoints.committed();
        if since.elapsed() >= TURN {
            pause(PAUSE);
            since = Instant::now();
        }
    }
}

/// Whose turn it is. Nothing is done for a caller who has gone.
fn next(line: &mut Line) -> Option<Box<dyn Waiting>> {
    while let Some((party, unit)) = line.admit() {
        if unit.is_wanted() {
            return Some(unit);
        }
        line.end(party);
    }
    None
}

/// Why a group is not stored.
enum Failure {
    /// Another process did not let go of the lock.
    Locked,
    Lost(String),
}

impl Failure {
    fn of(error: &DbError) -> Self {
        if error.is_locked() { Self::Locked } else { Self::Lost(error.reason()) }
    }

    fn error(&self) -> DbError {
        match self {
            Self::Locked => DbError::locked(),
            Self::Lost(reason) => DbError::Commit(reason.clone()),
        }
    }
}

/// Runs waiting units in one transaction and answers those that ran. When SQLite gives the transaction up
/// by itself (a full disk), the units that ran are all answered with the failure and the rest stay waiting.
fn run_group(tx: &mut Tx, line: &mut Line, pace: Pace) {
    let mut group: Vec<Box<dyn Waiting>> = Vec::with_capacity(GROUP_MAX);
    let mut failure = None;
    let Some(mut unit) = next(line) else { return };
    if let Err(e) = begin(tx, pace.wait) {
        failure = Some(Failure::of(&e));
        // Who is in the same group waited as long.
        group.push(unit);
        group.extend(std::iter::from_fn(|| next(line)));
        return finish(line, group, failure);
    }
    loop {
        let began = if group.is_empty() { Began::Transaction } else { Began::Savepoint };
        let started = Instant::now();
        let ran = run_unit(tx, unit.as_mut(), began, pace.wait);
        group.push(unit);
        if let Err(e) = ran {
            failure = Some(Failure::of(&e));
            break;
        }
        let took = started.elapsed();
        metrics::histogram!("yunshi_db_unit_seconds").record(took.as_secs_f64());
        if took > pace.slow {
            tracing::warn!(duration_ms = took.as_millis(), "a unit of work held the writer for long");
        }
        if took > LONG {
            break;
        }
        match next(line) {
            Some(next) => unit = next,
            None => break,
        }
    }
    metrics::histogram!("yunshi_db_group_units").record(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
    if failure.is_none() {
        failure = execute(tx, "COMMIT").err().map(|e| Failure::of(&e));
    }
    if failure.is_some() {
        // Fails when SQLite has rolled back already, which is what is wanted.
        let _ = execute(tx, "ROLLBACK");
    }
    finish(line, group, failure);
}

/// Answers a group and makes room for the next.
fn finish(line: &mut Line, group: Vec<Box<dyn Waiting>>, failure: Option<Failure>) {
    for unit in group {
        line.end(unit.party());
        unit.answer(failure.as_ref().map(Failure::error));
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
    fn undo(self, tx: &mut Tx, wait: Duration) -> Result<(), DbError> {
        match self {
            Self::Transaction => {
                execute(tx, "ROLLBACK")?;
                begin(tx, wait)
            }
            Self::Savepoint => execute(tx, "ROLLBACK TO unit"),
        }
    }
}

/// Runs one unit, again when it drew what was taken. An error means that what it began is gone, and with it the
/// whole transaction.
fn run_unit(tx: &mut Tx, unit: &mut dyn Waiting, began: Began, wait: Duration) -> Result<(), DbError> {
    if matches!(began, Began::Savepoint) {
        execute(tx, "SAVEPOINT unit")?;
    }
    for _ in 0..TRIES_MAX {
        locks::begin();
        match unit.run(tx) {
            Ran::Done => break,
            Ran::Conflict => began.undo(tx, wait)?,
            Ran::Failed => {
                began.undo(tx, wait)?;
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
fn begin(tx: &mut Tx, wait: Duration) -> Result<(), DbError> {
    let asked = Instant::now();
    loop {
        match execute(tx, "BEGIN IMMEDIATE") {
            Err(e) if e.is_locked() && asked.elapsed() < wait => pause(ASK),
            Err(e) if e.is_locked() => {
                metrics::counter!("yunshi_db_lock_timeouts_total").increment(1);
                return Err(e);
            }
            begun => return begun,
        }
    }
}

fn execute(tx: &mut Tx, text: &'static str) -> Result<(), DbError> {
    diesel::sql_query(text).run(tx)?;
    Ok(())
}
