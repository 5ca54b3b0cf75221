//! SQLite: one writer thread with group commit, and a pool of reading connections (`db-layer 4`).

mod checkpoint;
mod writer;

use crate::{
    DbError, Options, Tx, UnitError,
    pool::{Manager, Pool, Target},
    turns::Party,
};
use checkpoint::Checkpoints;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};
use writer::{Unit, Waiting};

/// Units that may wait for the writer before callers are held back.
const QUEUE_MAX: usize = 4096;

pub(crate) const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456;
    PRAGMA wal_autocheckpoint = 16000;";
/// The writer waits for the lock in its own way.
const OF_WRITER: &str = "PRAGMA busy_timeout = 0";

/// The SQLite engine; cheap to clone.
#[derive(Clone)]
pub struct Sqlite {
    writer: mpsc::Sender<Box<dyn Waiting>>,
    readers: Pool,
    wait: Duration,
    path: Arc<str>,
}

impl Sqlite {
    pub(crate) fn open(path: &str, options: &Options) -> Result<Self, DbError> {
        if let Some(folder) = Path::new(path).parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| DbError::Open(format!("{}: {e}", folder.display())))?;
        }
        let mut connection = SqliteConnection::establish(path).map_err(|e| DbError::Open(format!("{path}: {e}")))?;
        connection.batch_execute(PRAGMAS)?;
        connection.batch_execute(OF_WRITER)?;
        let (writer, queue) = mpsc::channel(QUEUE_MAX);
        let pace = writer::Pace { slow: options.slow, wait: options.wait };
        let checkpoints = Checkpoints::start(path, PRAGMAS)?;
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || writer::run(Tx::Sqlite(connection), queue, pace, &checkpoints))
            .map_err(|e| DbError::Open(e.to_string()))?;
        let manager = Manager {
            target: Target::Sqlite(path.to_owned()),
            // What sorts much, such as `verify`, goes on in files and not in memory.
            settings: format!("{PRAGMAS} PRAGMA query_only = ON; PRAGMA temp_store = FILE;"),
            prepared_statements: true,
        };
        let readers = Pool::open(manager, options.connections, options.wait)?;
        Ok(Self { writer, readers, wait: options.wait, path: path.into() })
    }

    pub(crate) async fn write<T, E, F>(&self, party: Party, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let unit: Box<dyn Waiting> = Box::new(Unit { work, result: None, reply, party, sent: Instant::now() });
        match tokio::time::timeout(self.wait, self.writer.send(unit)).await {
            Ok(Ok(())) => answer.await.unwrap_or_else(|_| Err(DbError::Closed.into())),
            Ok(Err(_)) => Err(DbError::Closed.into()),
            Err(_) => Err(DbError::refused(party, false).into()),
        }
    }

    /// Until when a reader waits for a connection.
    fn until(&self) -> tokio::time::Instant {
        tokio::time::Instant::now() + self.wait
    }

    pub(crate) async fn close(&self) -> Result<(), DbError> {
        // Behind all units that wait.
        self.write(Party::System, |_| Ok::<_, DbError>(())).await?;
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || checkpoint::whole(&path, PRAGMAS)).await.unwrap_or(Err(DbError::Panicked))
    }

    pub(crate) async fn read<T, E, F>(&self, party: Party, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.readers.read(party, self.until(), work).await
    }

    pub(crate) async fn snapshot<T, E, F>(&self, party: Party, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.readers.snapshot(party, self.until(), work).await
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}
