//! What one account does at once costs the others nothing: connections, groups of writes, locks.

use super::{names, put};
use db::{Db, DbError, Key, Local, Options, Party, Tx};
use std::{
    future::Future,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};
use testdb::{Engine, Fresh, engines};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinSet};

fn account(n: u8) -> Party {
    Party::Account(Key([n; 16]))
}

/// Eight connections: two for an account, seven for callers.
fn few(wait: Duration) -> Options {
    Options { connections: 8, wait, ..Options::default() }
}

const LONG: Duration = Duration::from_secs(600);

/// Readers that each hold what they got until they are let go.
struct Held {
    readers: JoinSet<Result<(), DbError>>,
    began: UnboundedReceiver<()>,
    release: Vec<mpsc::Sender<()>>,
}

impl Held {
    fn by(db: &Db, parties: impl IntoIterator<Item = Party>) -> Self {
        let (begins, began) = tokio::sync::mpsc::unbounded_channel();
        let (mut readers, mut release) = (JoinSet::new(), vec![]);
        for party in parties {
            let (let_go, wait) = mpsc::channel();
            let (db, begins) = (db.clone(), begins.clone());
            release.push(let_go);
            let hold = move |_: &mut Tx| {
                begins.send(()).unwrap();
                let _ = wait.recv();
                Ok(())
            };
            readers.spawn(async move { db.read_for(party, hold).await });
        }
        Self { readers, began, release }
    }

    async fn wait_for(&mut self, count: usize) {
        for _ in 0..count {
            self.began.recv().await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_account_that_holds_its_share_leaves_the_others_theirs_and_is_refused_itself() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        fresh.open().await;
        let db = Db::open(&fresh.url, &few(Duration::from_millis(300))).unwrap();
        let mut held = Held::by(&db, std::iter::repeat_n(account(1), 20));
        held.wait_for(2).await;
        for party in [account(2), Party::Public, Party::Edge, Party::System] {
            db.read_for(party, |_| Ok::<_, DbError>(())).await.unwrap();
            db.write_for(party, |_| Ok::<_, DbError>(())).await.unwrap();
        }
        for _ in 0..18 {
            let refused = held.readers.join_next().await.unwrap().unwrap();
            assert!(matches!(refused, Err(DbError::Share)), "{engine:?}: {refused:?}");
        }
        assert!(held.began.try_recv().is_err(), "{engine:?}: a third one went on");
        held.release.clear();
        assert!(held.readers.join_all().await.iter().all(Result::is_ok), "{engine:?}");
        db.read_for(account(1), |_| Ok::<_, DbError>(())).await.unwrap();
    }
}

#[tokio::test]
async fn readers_of_the_storefront_are_not_in_the_way_of_accounts() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        fresh.open().await;
        let db = Db::open(&fresh.url, &few(LONG)).unwrap();
        let mut held = Held::by(&db, std::iter::repeat_n(Party::Public, 20));
        held.wait_for(2).await;
        db.read_for(account(1), |_| Ok::<_, DbError>(())).await.unwrap();
        assert!(held.began.try_recv().is_err(), "{engine:?}");
        held.release.clear();
        assert_eq!(held.readers.join_all().await.len(), 20, "{engine:?}");
    }
}

#[tokio::test]
async fn all_callers_together_leave_the_systems_share_and_nobody_is_blamed() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        fresh.open().await;
        let db = Db::open(&fresh.url, &few(Duration::from_millis(300))).unwrap();
        let mut held = Held::by(&db, (0..7).map(account));
        held.wait_for(7).await;
        db.read(|_| Ok::<_, DbError>(())).await.unwrap();
        let refused = db.read_for(account(8), |_| Ok::<_, DbError>(())).await;
        assert!(matches!(refused, Err(DbError::Exhausted)), "{engine:?}");
        held.release.clear();
        assert!(held.readers.join_all().await.iter().all(Result::is_ok), "{engine:?}");
    }
}

/// Holds SQLite's one writer until it is let go.
async fn hold_writer(db: &Db) -> (mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
    let (release, wait) = mpsc::channel::<()>();
    let (begins, began) = tokio::sync::oneshot::channel();
    let (db, mut begins) = (db.clone(), Some(begins));
    let hold = move |_: &mut Tx| {
        begins.take().into_iter().for_each(|b| b.send(()).unwrap());
        let _ = wait.recv();
        Ok::<_, DbError>(())
    };
    let holder = tokio::spawn(async move { db.write(hold).await.unwrap() });
    began.await.unwrap();
    (release, holder)
}

/// A unit that is in the queue when this returns.
async fn queued<T: Send + 'static>(
    units: &mut JoinSet<Result<T, DbError>>,
    db: &Db,
    party: Party,
    unit: impl FnMut(&mut Tx) -> Result<T, DbError> + Send + 'static,
) -> tokio::task::AbortHandle {
    let (db, (asks, asked)) = (db.clone(), tokio::sync::oneshot::channel());
    let handle = units.spawn(async move {
        let mut write = std::pin::pin!(db.write_for(party, unit));
        let waits = std::future::poll_fn(|cx| std::task::Poll::Ready(write.as_mut().poll(cx).is_pending())).await;
        asks.send(waits).unwrap();
        write.await
    });
    assert!(asked.await.unwrap(), "it waits");
    handle
}

#[tokio::test]
async fn the_third_unit_of_an_account_waits_for_the_next_group() {
    let fresh = Fresh::new(Engine::Sqlite);
    let db = fresh.open().await;
    let (release, holder) = hold_writer(&db).await;
    // Another connection sees what earlier groups have stored, and nothing of the group that goes on.
    let other = Arc::new(Mutex::new(Local::open(&fresh.url).unwrap()));
    let seen = Arc::new(Mutex::new(vec![]));
    let mut units = JoinSet::new();
    for (n, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (1, "a4"), (2, "b1")] {
        let (seen, other) = (seen.clone(), other.clone());
        let unit = move |tx: &mut Tx| {
            let stored = other.lock().unwrap().read(super::stored)?;
            seen.lock().unwrap().push((name, stored));
            put(tx, name, "x")
        };
        queued(&mut units, &db, account(n), unit).await;
    }
    release.send(()).unwrap();
    holder.await.unwrap();
    assert!(units.join_all().await.iter().all(Result::is_ok));
    let seen = seen.lock().unwrap();
    let order: Vec<&str> = seen.iter().map(|(name, _)| *name).collect();
    assert_eq!(order, ["a1", "b1", "a2", "a3", "a4"], "parties take turns");
    let of = |name: &str| &seen.iter().find(|(n, _)| *n == name).unwrap().1;
    for third in ["a3", "a4"] {
        assert!(["a1", "a2", "b1"].iter().all(|n| of(third).iter().any(|s| s == n)), "{seen:?}");
    }
}

#[tokio::test]
async fn nothing_is_written_for_a_caller_who_has_gone_before_their_turn() {
    let fresh = Fresh::new(Engine::Sqlite);
    let db = fresh.open().await;
    let (release, holder) = hold_writer(&db).await;
    let mut units = JoinSet::new();
    let gone = queued(&mut units, &db, account(1), |tx| put(tx, "gone", "x")).await;
    queued(&mut units, &db, account(1), |tx| put(tx, "stays", "x")).await;
    gone.abort();
    assert!(units.join_next().await.unwrap().unwrap_err().is_cancelled());
    release.send(()).unwrap();
    holder.await.unwrap();
    units.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(names(&db).await, ["stays"]);
}

#[tokio::test]
async fn what_an_account_has_too_much_is_refused_by_the_writer_and_a_single_unit_of_another_is_not() {
    let fresh = Fresh::new(Engine::Sqlite);
    fresh.open().await;
    let wait = Duration::from_millis(100);
    let db = Db::open(&fresh.url, &Options { wait, ..Options::default() }).unwrap();
    let (release, holder) = hold_writer(&db).await;
    let mut units = JoinSet::new();
    for i in 0..5 {
        queued(&mut units, &db, account(1), move |tx| put(tx, &format!("a{i}"), "x")).await;
    }
    queued(&mut units, &db, account(2), |tx| put(tx, "b", "x")).await;
    let all_wait = Instant::now();
    while all_wait.elapsed() <= wait {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    holder.await.unwrap();
    let results = units.join_all().await;
    let refused = results.iter().filter(|r| matches!(r, Err(DbError::Share))).count();
    assert_eq!((refused, results.iter().filter(|r| r.is_ok()).count()), (3, 3), "{results:?}");
    assert_eq!(names(&db).await, ["a3", "a4", "b"]);
}

/// A lock that another process holds until it is let go: on a row, which on SQLite is all of the database.
fn lock(fresh: &Fresh) -> (mpsc::Sender<()>, std::thread::JoinHandle<()>) {
    let (release, wait) = mpsc::channel::<()>();
    let (locks, locked) = mpsc::channel();
    let mut other = Local::open(&fresh.url).unwrap();
    let held = std::thread::spawn(move || {
        let hold = |tx: &mut Tx| {
            super::change(tx, "locked", "by another")?;
            locks.send(()).unwrap();
            let _ = wait.recv();
            Err::<(), _>(DbError::Closed)
        };
        assert!(matches!(other.write(hold), Err(DbError::Closed)));
    });
    locked.recv().unwrap();
    (release, held)
}

#[tokio::test]
async fn who_wants_what_is_locked_is_refused_stores_nothing_and_succeeds_later() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        fresh.open().await.write(|tx| put(tx, "locked", "x")).await.unwrap();
        let options = Options { lock_timeout: Duration::from_millis(50), ..few(Duration::from_millis(200)) };
        let db = Db::open(&fresh.url, &options).unwrap();
        let (release, held) = lock(&fresh);
        let change = |tx: &mut Tx| {
            put(tx, "beside", "x")?;
            super::change(tx, "locked", "by the caller")
        };
        let refused = db.write_for(account(1), change).await;
        assert!(matches!(refused, Err(DbError::Locked)), "{engine:?}: {refused:?}");
        assert_eq!(names(&db).await, ["locked"], "{engine:?}");
        release.send(()).unwrap();
        held.join().unwrap();
        db.write_for(account(1), change).await.unwrap();
        assert_eq!(names(&db).await, ["beside", "locked"], "{engine:?}");
    }
}

#[tokio::test]
async fn between_its_tries_for_a_lock_a_unit_has_no_connection_and_they_are_few() {
    let fresh = Fresh::new(Engine::Postgres);
    fresh.open().await.write(|tx| put(tx, "locked", "x")).await.unwrap();
    let options = Options { connections: 1, lock_timeout: Duration::from_millis(100), ..Options::default() };
    let db = Db::open(&fresh.url, &options).unwrap();
    let (release, held) = lock(&fresh);
    for (party, tries) in [(account(1), 3), (Party::Public, 3), (Party::System, 8)] {
        let (begins, mut began) = tokio::sync::mpsc::unbounded_channel();
        let waits = db.clone();
        let unit = move |tx: &mut Tx| {
            begins.send(()).unwrap();
            super::change(tx, "locked", "by the caller")
        };
        let waiting = tokio::spawn(async move { waits.write_for(party, unit).await });
        for _ in 1..tries {
            began.recv().await.unwrap();
            // There is one connection: this one gets it only when the other has given it back.
            db.write_for(account(2), |_| Ok::<_, DbError>(())).await.unwrap();
            assert!(!waiting.is_finished(), "{party:?}");
        }
        let refused = waiting.await.unwrap();
        assert!(matches!(refused, Err(DbError::Locked)), "{party:?}: {refused:?}");
        began.recv().await.unwrap();
        assert!(began.recv().await.is_none(), "{party:?}: {tries} tries");
    }
    release.send(()).unwrap();
    held.join().unwrap();
}

#[tokio::test]
async fn a_migration_waits_for_another_nodes_beyond_one_time_out() {
    let fresh = Fresh::new(Engine::Postgres);
    let options = Options { connections: 1, lock_timeout: Duration::from_millis(10), ..Options::default() };
    let db = Db::open(&fresh.url, &options).unwrap();
    let mut other = Local::open(&fresh.url).unwrap();
    let (locks, locked) = mpsc::channel();
    let (release, wait) = mpsc::channel::<()>();
    let held = std::thread::spawn(move || {
        other
            .write(|tx| {
                diesel::RunQueryDsl::execute(diesel::sql_query("SELECT pg_advisory_xact_lock(7461329041)"), tx)?;
                locks.send(()).unwrap();
                let _ = wait.recv();
                Ok::<_, DbError>(())
            })
            .unwrap();
    });
    locked.recv().unwrap();
    let mut waits = Local::open(&fresh.url).unwrap();
    let migrating = db.clone();
    let migrated = tokio::spawn(async move { migrating.migrate().await });
    // Until it was seen to wait.
    let asking = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let mut seen = 0;
    while seen < 3 {
        seen += waits.read(|tx| super::count(tx, asking)).unwrap();
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    held.join().unwrap();
    assert_eq!(migrated.await.unwrap().unwrap().len(), db::MIGRATIONS.len());
}

#[tokio::test]
async fn two_units_that_wait_for_each_other_both_go_through() {
    let fresh = Fresh::new(Engine::Postgres);
    let db = fresh.open().await;
    db.write(|tx| put(tx, "a", "x").and_then(|()| put(tx, "b", "x"))).await.unwrap();
    let meet = Arc::new(std::sync::Barrier::new(2));
    let mut units = JoinSet::new();
    for (n, order) in [(1, ["a", "b"]), (2, ["b", "a"])] {
        let (db, meet) = (db.clone(), meet.clone());
        let mut first = true;
        units.spawn(async move {
            db.write_for(account(n), move |tx| {
                super::change(tx, order[0], "y")?;
                if std::mem::take(&mut first) {
                    meet.wait();
                }
                super::change(tx, order[1], "y")
            })
            .await
        });
    }
    assert!(units.join_all().await.iter().all(Result::is_ok));
}
