//! The one writer of SQLite: a full disk, the log, another process that writes the same file.

use super::{names, put};
use db::{DbError, Tx};
use diesel::prelude::*;
use std::time::Duration;
use testdb::{Engine, Fresh};

#[tokio::test]
async fn a_full_disk_fails_the_whole_group_and_nothing_is_told_as_done() {
    let fresh = Fresh::new(Engine::Sqlite);
    let db = fresh.open().await;
    db.write(|tx| put(tx, "before", "x")).await.unwrap();
    db.write(|tx| {
        diesel::sql_query("PRAGMA max_page_count = 1").execute(tx)?; // clamped to the present size
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
    let big = "x".repeat(200_000);
    let units: Vec<_> = (0..8)
        .map(|i| {
            let (db, big) = (db.clone(), big.clone());
            tokio::spawn(async move { db.write(move |tx| put(tx, &format!("big{i}"), &big)).await })
        })
        .collect();
    for unit in units {
        assert!(unit.await.unwrap().is_err());
    }
    assert_eq!(names(&db).await, ["before"]);
    db.write(|tx| {
        diesel::sql_query("PRAGMA max_page_count = 1073741823").execute(tx)?;
        put(tx, "after", "x")
    })
    .await
    .unwrap();
    assert_eq!(names(&db).await, ["after", "before"]);
}

/// The bytes of a page in SQLite's log, and of so many of them.
const fn logged(pages: u64) -> u64 {
    pages * 4_120
}

#[tokio::test]
async fn the_log_is_carried_into_the_file_beside_the_writer_and_stays_bounded() {
    let fresh = Fresh::new(Engine::Sqlite);
    let db = fresh.open().await;
    let path = fresh.url.strip_prefix("sqlite:").unwrap();
    let length = |ending: &str| std::fs::metadata(format!("{path}{ending}")).unwrap().len();
    let fifty_pages = "x".repeat(200_000);
    let write = async |names: std::ops::Range<u32>| {
        for i in names {
            let text = fifty_pages.clone();
            db.write(move |tx| put(tx, &format!("{i:04}"), &text)).await.unwrap();
        }
    };
    write(0..60).await;
    let carried = async {
        while length("") < 1_000 * 4_096 {
            db.read(|_| Ok::<_, DbError>(())).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), carried).await.expect("3,000 pages are carried, where the writer waits for 16,000");
    write(60..800).await;
    assert!(length("-wal") < logged(24_000), "40,000 pages were written without a pause, and the log has {} bytes", length("-wal"));
    assert_eq!(names(&db).await.len(), 800);
}

/// Some milliseconds of work in a unit.
fn work(tx: &mut Tx) -> Result<(), DbError> {
    let count = "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 50000) SELECT count(*) FROM g";
    diesel::sql_query(count).execute(tx)?;
    Ok(())
}

#[tokio::test]
async fn who_writes_without_a_pause_lets_another_process_write() {
    let fresh = Fresh::new(Engine::Sqlite);
    let (db, other) = (fresh.open().await, fresh.open().await);
    let flood: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                loop {
                    db.write(work).await.unwrap();
                }
            })
        })
        .collect();
    db.write(work).await.unwrap();
    for i in 0..20 {
        other.write(move |tx| put(tx, &format!("{i:02}"), "x")).await.unwrap();
    }
    assert!(flood.iter().all(|f| !f.is_finished()), "nobody gave up");
    flood.iter().for_each(tokio::task::JoinHandle::abort);
    assert_eq!(names(&other).await.len(), 20);
}
