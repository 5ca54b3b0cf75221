//! The claim of due jobs: as quick on a database that was just made, without statistics, as on one that is full.

use super::lists::statements;
use db::{Claim, Db, DbError, Tx};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use std::collections::BTreeSet;
use store::job;
use testdb::{Engine, Fresh, engines};

const DUE: i64 = 10_000;
const LATER: i64 = 30_000;
const HELD: i64 = 1_000;
const NOW: i64 = 1_000_000;

const CLAIM: Claim<'_> =
    Claim { owner: "me", lease: 60, standing_at: None, due_until: NOW, per_lane: 4, no_lane: 32, limit: 64, busy: &[] };

/// Due jobs of a hundred sellers and as many timers, those of later, and some that others hold; the engine knows nothing about
/// them unless it is told to look.
async fn full(fresh: &Fresh, analyzed: bool) -> Db {
    let db = fresh.open().await;
    let key = match fresh.engine {
        Engine::Sqlite => "CAST(printf('%016d', i) AS BLOB)",
        Engine::Postgres => "convert_to(lpad(i::text, 16, '0'), 'UTF8')",
    };
    let all = DUE + LATER + HELD;
    let insert = format!(
        "INSERT INTO jobs (id, kind, lane, due_at, attempts, state, lease_owner, lease_until)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {all})
         SELECT {key}, 'call', CASE WHEN i % 2 = 0 THEN '' ELSE CAST(i % 200 AS TEXT) END,
                CASE WHEN i <= {LATER} THEN {NOW} + i ELSE i END, 0, 'due',
                CASE WHEN i <= {all} - {HELD} THEN '' ELSE 'other' END,
                CASE WHEN i <= {all} - {HELD} THEN 0 ELSE 9000000000000000 END FROM n"
    );
    if fresh.engine == Engine::Postgres {
        fresh.execute("ALTER TABLE jobs SET (autovacuum_enabled = false)");
    }
    fresh.execute(&insert);
    if analyzed {
        fresh.execute("ANALYZE");
    }
    db
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    detail: String,
}

/// The number after a word.
fn number(line: &str, word: &str) -> f64 {
    let after = line.split(word).nth(1).unwrap_or("0");
    after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect::<String>().parse().unwrap()
}

/// How many jobs a run looks at, by the engine's own account.
fn looked_at(tx: &mut Tx, text: &str, generic: bool) -> Result<(f64, String), DbError> {
    let mode = if generic { "force_generic_plan" } else { "force_custom_plan" };
    sql_query(format!("SET LOCAL plan_cache_mode = {mode}")).execute(tx)?;
    sql_query(format!("PREPARE looked_at (bigint, bigint, bigint, bigint, bigint, text, bigint) AS {text}")).execute(tx)?;
    let run = format!("EXPLAIN ANALYZE EXECUTE looked_at({NOW}, 32, 4, 64, {NOW}, 'me', 60)");
    let plan: Vec<String> = sql_query(run).load::<PostgresStep>(tx)?.into_iter().map(|s| s.detail).collect();
    sql_query("DEALLOCATE looked_at").execute(tx)?;
    let mut looked = 0.0;
    let mut loops = 0.0;
    for line in &plan {
        if let Some(actual) = line.split("(actual ").nth(1) {
            loops = number(actual, "loops=");
            looked += if line.contains(" on jobs") { number(actual, "rows=") * loops } else { 0.0 };
        }
        looked += number(line, "Rows Removed by Filter: ") * loops;
    }
    Ok((looked, plan.join("\n")))
}

#[tokio::test]
async fn a_claim_looks_at_what_is_due_and_at_nothing_else() {
    for engine in engines() {
        for analyzed in [false, true] {
            let fresh = Fresh::new(engine);
            let db = full(&fresh, analyzed).await;
            let check = move |tx: &mut Tx| -> Result<(), DbError> {
                let run: super::lists::List = Box::new(|tx| job::claim(tx, &CLAIM).map(drop));
                let text = statements(tx, &run)?.swap_remove(0);
                if engine == Engine::Postgres {
                    for generic in [false, true] {
                        let (looked, plan) = looked_at(tx, &text, generic)?;
                        // Those that are due: as entries of the index, as rows, and as places in their lanes. Not those of later.
                        let most = f64::from(i32::try_from(3 * (DUE + HELD)).unwrap());
                        assert!(looked <= most, "analyzed: {analyzed}, generic: {generic}: {looked} jobs\n{plan}");
                    }
                    return Ok(());
                }
                let steps = sql_query(format!("EXPLAIN QUERY PLAN {text}")).load::<Step>(tx)?;
                let on_jobs: Vec<_> = steps.iter().map(|s| s.detail.as_str()).filter(|d| d.contains(" jobs ")).collect();
                let wanted = [
                    "SEARCH jobs USING COVERING INDEX sqlite_autoindex_jobs_1 (id=?)",
                    "SEARCH jobs USING INDEX jobs_by_due (state=? AND due_at<?)",
                ];
                assert_eq!(on_jobs, wanted, "analyzed: {analyzed}");
                Ok(())
            };
            db.write(check).await.unwrap();
        }
    }
}

#[tokio::test]
async fn all_that_is_due_is_claimed_once_and_in_its_order() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = full(&fresh, false).await;
        let mut seen = BTreeSet::new();
        loop {
            let taken = db.write(|tx| job::claim(tx, &Claim { lease: 3_600_000_000, ..CLAIM })).await.unwrap();
            if taken.is_empty() {
                break;
            }
            assert!(taken.iter().filter(|j| j.lane.is_empty()).count() <= 32, "timers leave room for calls");
            assert!(taken.is_sorted_by_key(|j| (j.due_at, j.id)));
            for job in taken {
                assert!(job.due_at.micros() <= NOW && job.lease_owner == "me" && seen.insert(job.id), "{job:?}");
            }
        }
        assert_eq!(i64::try_from(seen.len()).unwrap(), DUE, "{engine:?}");
    }
}

/// Two nodes whose clocks are 90 seconds apart ask the same database, so neither takes what the other holds.
#[tokio::test]
async fn a_lease_lasts_by_the_clock_of_the_database() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        let insert = "INSERT INTO jobs (id, kind, lane, due_at, attempts, state, lease_owner, lease_until) VALUES";
        let id = if engine == Engine::Sqlite { "zeroblob(16)" } else { "decode(repeat('00', 16), 'hex')" };
        fresh.execute(&format!("{insert} ({id}, 'call', '', 1, 0, 'due', '', 0)"));
        let claim = async |owner: &'static str| {
            let claim = Claim { owner, lease: 60_000_000, ..CLAIM };
            db.write(move |tx| job::claim(tx, &claim)).await.unwrap()
        };
        let held = claim("one").await;
        assert_eq!(held.len(), 1, "{engine:?}");
        assert!(claim("two").await.is_empty(), "{engine:?}");
        let clock = match engine {
            Engine::Sqlite => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            Engine::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
        };
        let most = format!("UPDATE jobs SET due_at = 0 WHERE lease_until - {clock} BETWEEN 30000000 AND 60000000");
        let changed = db.write(move |tx| Ok::<_, DbError>(sql_query(most.as_str()).execute(tx)?)).await.unwrap();
        assert_eq!(changed, 1, "{engine:?}: the lease ends within a minute by the database's clock");
        fresh.execute("UPDATE jobs SET lease_until = lease_until - 61000000");
        assert_eq!(claim("two").await.len(), 1, "{engine:?}: a lease that ran out holds nobody up");
    }
}
