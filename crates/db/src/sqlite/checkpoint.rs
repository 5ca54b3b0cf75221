//! Carries what was written from SQLite's log into the database file, beside the writer.
//!
//! SQLite does this in the commit that makes the log long, so that one caller in thousands waits for it, and the writer
//! for the disk. Here a thread with a connection of its own does it while the writer goes on. It cannot start the log
//! anew as long as there is always more to carry; the writer does that at a limit of its own, when little is left.

use crate::DbError;
use diesel::{Connection, QueryResult, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types::Integer};
use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    time::Duration,
};

/// So many pages are worth a round.
const PAGES: i32 = 2_000;
/// The log is looked at so often at most.
const PAUSE: Duration = Duration::from_millis(20);

/// Carries all of the log into the file and empties it. Waits some seconds for others who read or write.
pub(super) fn whole(path: &str, settings: &str) -> Result<(), DbError> {
    let mut connection = SqliteConnection::establish(path).map_err(|e| DbError::Open(format!("{path}: {e}")))?;
    connection.batch_execute(settings)?;
    connection.batch_execute("PRAGMA busy_timeout = 200")?;
    for _ in 0..TRIES {
        let found = log(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)")?;
        if found.busy == 0 {
            return Ok(());
        }
        // Another checkpoint is not waited for by SQLite itself.
        pause(PAUSE);
    }
    Err(DbError::Open(format!("{path} is in use by another process; its log was left beside it")))
}

/// How often a log that is being carried by another is asked for.
const TRIES: u32 = 20;

#[expect(clippy::disallowed_methods, reason = "a lock of another thread tells nobody when it is free")]
fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// Where the log stands: its pages, and how many of them are in the file already.
#[derive(diesel::QueryableByName)]
struct Log {
    #[diesel(sql_type = Integer)]
    busy: i32,
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

fn log(connection: &mut SqliteConnection, statement: &'static str) -> QueryResult<Log> {
    diesel::sql_query(statement).get_result(connection)
}

fn round(connection: &mut SqliteConnection) -> QueryResult<()> {
    let found = log(connection, "PRAGMA wal_checkpoint(NOOP)")?;
    if found.log - found.checkpointed >= PAGES {
        log(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a pace: what happens meanwhile is not waited for")]
fn run(mut connection: SqliteConnection, committed: &Receiver<()>) {
    while committed.recv().is_ok() {
        if let Err(e) = round(&mut connection) {
            tracing::warn!(error = %e, "the log was not carried into the database file; the writer does it when it is long");
        }
        std::thread::sleep(PAUSE);
    }
}

/// The thread's ear in the writer; the thread ends with it.
pub(super) struct Checkpoints(SyncSender<()>);

impl Checkpoints {
    pub(super) fn start(path: &str, settings: &str) -> Result<Self, DbError> {
        let mut connection = SqliteConnection::establish(path).map_err(|e| DbError::Open(format!("{path}: {e}")))?;
        connection.batch_execute(settings)?;
        let (committed, heard) = sync_channel(1);
        std::thread::Builder::new()
            .name("sqlite-log".to_owned())
            .spawn(move || run(connection, &heard))
            .map_err(|e| DbError::Open(e.to_string()))?;
        Ok(Self(committed))
    }

    pub(super) fn committed(&self) {
        // One that waits to be heard stands for all since.
        let _ = self.0.try_send(());
    }
}
