//! What any engine must do, and what must not happen: conformance, panics, crashes, full disks, races.
#![expect(clippy::unwrap_used, reason = "tests")]

mod locks;
mod many;
mod pool;
mod shares;
mod sqlite;
mod turns;

use db::{Claim, Db, DbError, Options, Run, Tx, dialect, schema::settings};
use diesel::prelude::*;
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};
use testdb::{Engine, Fresh, engines};

fn put(tx: &mut Tx, name: &str, value: &str) -> Result<(), DbError> {
    diesel::insert_into(settings::table).values((settings::name.eq(name), settings::value.eq(value))).execute(tx)?;
    Ok(())
}

fn add(tx: &mut Tx, amount_minor: i64) -> Result<(), DbError> {
    dialect::BalanceAdd { account: "a", owner: "o", currency: "CNY", amount_minor }.run(tx)?;
    Ok(())
}

fn change(tx: &mut Tx, name: &str, value: &str) -> Result<(), DbError> {
    diesel::update(settings::table.find(name)).set(settings::value.eq(value)).run(tx)?;
    Ok(())
}

/// The settings that the tests stored.
fn stored(tx: &mut Tx) -> Result<Vec<String>, DbError> {
    let by_tests = settings::table.filter(settings::name.ne("chain_head"));
    Ok(by_tests.select(settings::name).order(settings::name).load(tx)?)
}

async fn names(db: &Db) -> Vec<String> {
    db.read(stored).await.unwrap()
}

/// The number that a query gives as `n`.
fn count(tx: &mut Tx, text: &str) -> Result<i64, DbError> {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    Ok(diesel::sql_query(text).get_result::<Count>(tx)?.n)
}

#[tokio::test]
async fn both_engines_have_the_same_columns() {
    let mut all = vec![];
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        all.push(db.read(dialect::columns).await.unwrap());
    }
    assert!(all[0].len() > 150);
    assert_eq!(all[0], all[1]);
}

#[tokio::test]
async fn the_query_builder_knows_every_column() {
    let fresh = Fresh::new(Engine::Sqlite);
    let columns = fresh.open().await.read(dialect::columns).await.unwrap();
    let schema = include_str!("../../src/schema.rs");
    for column in columns.iter().filter(|c| !c.starts_with("migrations.")) {
        let name = column.split([':', '.']).nth(1).unwrap();
        assert!(schema.contains(&format!("        {name} -> ")), "{column} is not in schema.rs");
    }
}

#[tokio::test]
async fn migrations_run_once_and_are_named() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = Db::open(&fresh.url, &Options::default()).unwrap();
        assert_eq!(db.pending_migrations().await.unwrap().len(), db::MIGRATIONS.len());
        assert_eq!(db.migrate().await.unwrap().len(), db::MIGRATIONS.len());
        assert!(db.migrate().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_unit_that_fails_or_panics_leaves_nothing_and_harms_no_other() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        let units = (0..60).map(|i| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(move |tx| {
                    put(tx, &format!("n{i:02}"), "x")?;
                    match i % 3 {
                        0 => Ok(()),
                        1 => Err(DbError::Closed),
                        _ => panic!("the unit breaks"),
                    }
                })
                .await
            })
        });
        for (i, unit) in units.collect::<Vec<_>>().into_iter().enumerate() {
            let result = unit.await.unwrap();
            match i % 3 {
                0 => assert!(result.is_ok()),
                1 => assert!(matches!(result, Err(DbError::Closed))),
                _ => assert!(matches!(result, Err(DbError::Panicked))),
            }
        }
        let expected: Vec<String> = (0..60).step_by(3).map(|i| format!("n{i:02}")).collect();
        assert_eq!(names(&db).await, expected, "{engine:?}");
    }
}

#[tokio::test]
async fn two_writers_to_one_row_lose_no_update() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        let adders: Vec<_> = (0..40)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move { db.write(|tx| add(tx, 1)).await })
            })
            .collect();
        for adder in adders {
            adder.await.unwrap().unwrap();
        }
        let balance: i64 = db
            .read(|tx| {
                use db::schema::ledger_balances::dsl;
                Ok::<_, DbError>(dsl::ledger_balances.select(dsl::balance_minor).first(tx)?)
            })
            .await
            .unwrap();
        assert_eq!(balance, 40, "{engine:?}");
        let below = db.write(|tx| add(tx, -41)).await;
        assert!(matches!(below, Err(DbError::Statement(_))), "{engine:?}: a balance cannot go below zero");
    }
}

#[tokio::test]
async fn a_claimed_job_is_claimed_by_nobody_else_and_no_lane_fills_the_batch() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        db.write(|tx| {
            use db::schema::jobs::dsl;
            for i in 0..30u8 {
                let lane = if i < 28 { "dead" } else { "live" };
                diesel::insert_into(dsl::jobs)
                    .values((
                        dsl::id.eq(db::Key([i; 16])),
                        dsl::kind.eq("call"),
                        dsl::lane.eq(lane),
                        dsl::due_at.eq(i64::from(i)),
                        dsl::attempts.eq(0),
                        dsl::state.eq("due"),
                        dsl::lease_owner.eq(""),
                        dsl::lease_until.eq(0),
                    ))
                    .execute(tx)?;
            }
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
        let claim = |owner: &'static str, busy: &'static [&'static str]| {
            let db = db.clone();
            async move {
                let busy: Vec<String> = busy.iter().map(|b| (*b).to_owned()).collect();
                db.write(move |tx| {
                    use db::schema::jobs::dsl;
                    let (due_until, standing_at) = (1000, Some(50));
                    let claim = Claim { owner, lease: 50, standing_at, due_until, per_lane: 4, no_lane: 6, limit: 16, busy: &busy };
                    let taken = db::claim_jobs(tx, &claim)?;
                    let lanes =
                        dsl::jobs.filter(dsl::id.eq_any(taken)).filter(dsl::lease_owner.eq(owner)).select(dsl::lane).order(dsl::lane);
                    Ok::<Vec<String>, DbError>(lanes.load(tx)?)
                })
                .await
                .unwrap()
            }
        };
        assert_eq!(claim("one", &[]).await, ["dead", "dead", "dead", "dead", "live", "live"], "{engine:?}");
        assert_eq!(claim("two", &[]).await, ["dead"; 4], "{engine:?}");
        assert!(claim("three", &["dead"]).await.is_empty(), "{engine:?}");
    }
}

#[tokio::test]
async fn a_slow_unit_delays_the_others_and_loses_none() {
    let fresh = Fresh::new(Engine::Sqlite);
    let db = fresh.open().await;
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let slow = {
        let db = db.clone();
        tokio::spawn(async move {
            db.write(move |tx| {
                wait.recv().unwrap();
                put(tx, "slow", "x")
            })
            .await
        })
    };
    let others: Vec<_> = (0..5)
        .map(|i| {
            let db = db.clone();
            tokio::spawn(async move { db.write(move |tx| put(tx, &format!("quick{i}"), "x")).await })
        })
        .collect();
    release.send(()).unwrap();
    slow.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(names(&db).await.len(), 6);
}

#[tokio::test]
async fn postgres_connections_that_were_cut_are_replaced() {
    let fresh = Fresh::new(Engine::Postgres);
    let db = fresh.open().await;
    db.write(|tx| put(tx, "before", "x")).await.unwrap();
    let killer = Db::open(&fresh.url, &Options { connections: 1, ..Options::default() }).unwrap();
    killer
        .read(|tx| {
            let cut =
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            diesel::sql_query(cut).execute(tx)?;
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
    for i in 0..20 {
        db.write(move |tx| put(tx, &format!("after{i:02}"), "x")).await.unwrap();
    }
    assert_eq!(names(&db).await.len(), 21, "each runs again on another connection");
}

#[tokio::test]
async fn a_unit_sees_what_others_committed_whatever_isolation_the_database_has_by_default() {
    for level in ["repeatable read", "serializable", "read committed"] {
        let fresh = Fresh::new(Engine::Postgres);
        let set = format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L', current_database(), '{level}'); END $$"
        );
        let db = fresh.open().await;
        db.write(move |tx| Ok::<_, DbError>(diesel::sql_query(&set).execute(tx)?)).await.unwrap();
        let isolation = |tx: &mut Tx| {
            let shown = diesel::dsl::sql::<diesel::sql_types::Text>("current_setting('transaction_isolation')");
            Ok::<String, DbError>(diesel::select(shown).get_result(tx)?)
        };
        let later = Db::open(&fresh.url, &Options::default()).unwrap();
        assert_eq!(later.write(isolation).await.unwrap(), "read committed", "{level}");
        assert_eq!(db::Local::open(&fresh.url).unwrap().write(isolation).unwrap(), "read committed", "{level}");
    }
}

#[tokio::test]
async fn a_unit_whose_connection_is_cut_runs_again_and_leaves_one_effect() {
    let fresh = Fresh::new(Engine::Postgres);
    let db = fresh.open().await;
    let cut = |tx: &mut Tx| Ok::<_, DbError>(diesel::sql_query("SELECT pg_terminate_backend(pg_backend_pid())").execute(tx)?);
    let mut tries = 0;
    let work = move |tx: &mut Tx| {
        tries += 1;
        put(tx, "once", "x")?;
        if tries < 3 { cut(tx) } else { Ok(tries) }
    };
    assert_eq!(db.write(work).await.unwrap(), 3);
    assert_eq!(names(&db).await, ["once"]);
    assert!(matches!(db.write(cut).await, Err(DbError::Cut)), "it is not repeated for ever");
    assert!(matches!(db.read(cut).await, Err(DbError::Cut)), "what was read is asked for again by the client");
}

/// The child of the crash test: stores numbered units for ever and says which were answered.
#[test]
fn child_that_is_killed() {
    let Ok(url) = std::env::var("YUNSHI_CRASH_URL") else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::open(&url, &Options::default()).unwrap();
        for group in 0..100_000 {
            let units: Vec<_> = (0..20)
                .map(|i| {
                    let db = db.clone();
                    tokio::spawn(async move {
                        let name = format!("{group:06}-{i:02}");
                        let (a, b) = (format!("{name}-a"), format!("{name}-b"));
                        db.write(move |tx| {
                            put(tx, &a, "x")?;
                            put(tx, &b, "x")
                        })
                        .await
                        .unwrap();
                        println!("done {name}");
                    })
                })
                .collect();
            for unit in units {
                unit.await.unwrap();
            }
        }
    });
}

/// Kills a writing process with SIGKILL at several moments; everything that it reported is there, whole.
#[tokio::test]
async fn a_killed_process_keeps_what_it_answered_and_nothing_by_halves() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        fresh.open().await;
        for after in [1, 37, 150] {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["child_that_is_killed", "--exact", "--nocapture"])
                .env("YUNSHI_CRASH_URL", &fresh.url)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut answered = vec![];
            for line in BufReader::new(child.stdout.take().unwrap()).lines() {
                // The harness writes before the first line without a line break.
                if let Some((_, name)) = line.unwrap().split_once("done ") {
                    answered.push(name.to_owned());
                }
                if answered.len() == after {
                    child.kill().unwrap();
                }
            }
            child.wait().unwrap();
            let db = fresh.open().await;
            let stored = names(&db).await;
            for name in &answered {
                assert!(stored.contains(&format!("{name}-a")), "{engine:?}: {name} was answered and is lost");
            }
            let halves = |end: &str| stored.iter().filter(|n| n.ends_with(end)).count();
            assert_eq!(halves("-a"), halves("-b"), "{engine:?}: a unit was stored by halves");
            db.write(|tx| {
                diesel::delete(settings::table).execute(tx)?;
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        }
    }
}

#[test]
fn a_wrong_address_is_refused_without_its_password() {
    let Err(e) = Db::open("mysql://user:secret@host/db", &Options::default()) else { panic!("opened") };
    assert!(!e.to_string().contains("secret"), "{e}");
    assert!(e.to_string().contains("sqlite:PATH"), "{e}");
}

#[tokio::test]
async fn a_write_that_runs_again_stays_prepared() {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        kept: i64,
    }
    let fresh = Fresh::new(Engine::Postgres);
    let db = fresh.open().await;
    let count: Count = db
        .write(|tx| {
            put(tx, "a", "1")?;
            for value in ["2", "3", "4"] {
                assert_eq!(diesel::update(settings::table.find("a")).set(settings::value.eq(value)).run(tx)?, 1);
                dialect::setting_put(tx, "b", value)?;
            }
            let text = "SELECT count(*) AS kept FROM pg_prepared_statements \
                WHERE statement LIKE 'UPDATE \"settings\"%' OR statement LIKE 'INSERT INTO settings (%'";
            Ok::<_, DbError>(diesel::sql_query(text).get_result(tx)?)
        })
        .await
        .unwrap();
    assert_eq!(count.kept, 2);
}

#[tokio::test]
async fn a_unit_that_drew_what_was_taken_runs_again_and_leaves_one_effect() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        let mut tries = 0;
        let took = db
            .write(move |tx| {
                tries += 1;
                put(tx, &format!("try {tries}"), "x")?;
                if tries < 3 { Err(DbError::Raced) } else { Ok(tries) }
            })
            .await;
        assert_eq!(took.unwrap(), 3);
        assert_eq!(names(&db).await, ["try 3"]);
        let never: Result<(), DbError> = db.write(|_| Err(DbError::Raced)).await;
        assert!(matches!(never, Err(DbError::Raced)), "it is not tried for ever");
    }
}
