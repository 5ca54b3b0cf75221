//! Yardsticks: the statements of one paid order, bare. On SQLite in the same writer thread with the same
//! group commit; on PostgreSQL by pgbench with prepared statements.

use db::{Db, DbError, Options, Run, Tx};
use diesel::{
    RunQueryDsl, sql_query,
    sql_types::{Binary, Text},
};
use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// What a paid order writes. `store` explains each on both engines, so that none names what is no more.
fn statements() -> impl Iterator<Item = &'static str> {
    include_str!("../paid_order.sql").split("\n\n").skip(1).map(|text| text.trim().trim_end_matches(';'))
}

fn bound(text: &str) -> String {
    text.replace("{k}", "$1").replace("{n}", "$2").replace("{b}", "$3").replace("{o}", "$4").replace("{f}", "0")
}

fn order(tx: &mut Tx, texts: &[String], n: u64, buyer: u64) -> Result<(), DbError> {
    let (mut key, mut account) = ([0; 16], [7; 16]);
    key[..8].copy_from_slice(&n.to_be_bytes());
    account[..8].copy_from_slice(&buyer.to_be_bytes());
    let (number, owner) = (format!("CS{n}"), format!("o{buyer}"));
    for text in texts {
        // A text that does not name a place still gets its value: the numbering is by first appearance.
        let mut query = sql_query(text.as_str()).into_boxed::<db::Backend>();
        let mut places: Vec<(usize, u8)> =
            [(1u8, "$1"), (2, "$2"), (3, "$3"), (4, "$4")].iter().filter_map(|(p, t)| text.find(t).map(|at| (at, *p))).collect();
        places.sort_unstable();
        for (_, place) in places {
            query = match place {
                1 => query.bind::<Binary, _>(key.to_vec()),
                2 => query.bind::<Text, _>(number.clone()),
                3 => query.bind::<Binary, _>(account.to_vec()),
                _ => query.bind::<Text, _>(owner.clone()),
            };
        }
        query.run(tx)?;
    }
    Ok(())
}

/// Orders a second of the bare statements on SQLite.
pub async fn sqlite(folder: &Path, callers: usize, spell: Duration) -> u64 {
    let url = format!("sqlite:{}", folder.join("raw.db").display());
    let db = Db::open(&url, &Options::default()).unwrap();
    db.migrate().await.unwrap();
    db.write(|tx| {
        for buyer in 0..64 {
            sql_query(
                "INSERT INTO ledger_balances (account, owner, currency, balance_minor) VALUES ('buyer_wallet', $1, 'CNY', 1000000000)",
            )
            .bind::<Text, _>(format!("o{buyer}"))
            .execute(tx)?;
        }
        sql_query("PRAGMA foreign_keys = OFF").execute(tx)?;
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
    let texts: Arc<Vec<String>> = Arc::new(statements().map(bound).collect());
    let count = Arc::new(AtomicU64::new(1));
    let started = Instant::now();
    let until = started + spell;
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (db, texts, count) = (db.clone(), texts.clone(), count.clone());
            tokio::spawn(async move {
                while Instant::now() < until {
                    let (n, texts) = (count.fetch_add(1, Ordering::Relaxed), texts.clone());
                    db.write(move |tx| order(tx, &texts, n, u64::try_from(caller).unwrap())).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    count.load(Ordering::Relaxed) * 1_000 / u64::try_from(started.elapsed().as_millis()).unwrap()
}

/// Transactions a second of pgbench with the same statements.
pub fn pgbench(server: &str, round: usize, callers: usize, spell: Duration) -> u64 {
    let name = format!("pgbench_{}_{round}", std::process::id());
    let psql = |database: &str, sql: &str| {
        let run = Command::new("psql").args(["-q", "-v", "ON_ERROR_STOP=1", &format!("{server}/{database}"), "-c", sql]).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    };
    psql("postgres", &format!("CREATE DATABASE {name}"));
    let url = format!("{server}/{name}");
    let migrated = Command::new("target/release/yunshi").args(["migrate", "--database", &url]).output().unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    psql(&name, "INSERT INTO ledger_balances SELECT 'buyer_wallet', 'o' || n, 'CNY', 1000000000 FROM generate_series(0, 99) n");
    psql(&name, "ALTER TABLE order_lines DROP CONSTRAINT IF EXISTS order_lines_order_id_fkey");
    let mut script = "\\set b :client_id\n\\set n random(1, 9000000000000000000)\nBEGIN;\n".to_owned();
    for text in statements() {
        let key = "decode(lpad(to_hex((:n)::bigint), 32, '0'), 'hex')";
        let buyer = "decode(lpad(to_hex((:b)::bigint), 32, '0'), 'hex')";
        let filled = text
            .replace("{k}", key)
            .replace("{b}", buyer)
            .replace("{n}", "'CS' || (:n)::bigint::text")
            .replace("{o}", "'o' || (:b)::bigint::text")
            .replace("{f}", "false");
        script.push_str(&format!("{filled};\n"));
    }
    script.push_str("COMMIT;\n");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let bin = std::env::var("YUNSHI_PG_BIN").unwrap_or_default();
    let program = if bin.is_empty() { "pgbench".to_owned() } else { format!("{bin}/pgbench") };
    let run = Command::new(program)
        .args(["-n", "-M", "prepared", "-c", &callers.to_string(), "-j", "2", "-T", &spell.as_secs().to_string(), "-f"])
        .arg(file.path())
        .arg(&url)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let tps = text.lines().find_map(|l| l.strip_prefix("tps = ")).and_then(|l| l.split(['.', ' ']).next()).and_then(|n| n.parse().ok());
    tps.unwrap_or_else(|| panic!("pgbench said no tps: {text} {}", String::from_utf8_lossy(&run.stderr)))
}
