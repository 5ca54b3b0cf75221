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

/// What a paid order writes, statement by statement: `{k}` a new key of 16 bytes, `{n}` a new number,
/// `{b}` one of the buyers.
const STATEMENTS: &[&str] = &[
    "SELECT answer FROM idempotency_keys WHERE user_id = {b} AND key = {n}",
    "SELECT p.id, p.revision_id, a.name FROM products p JOIN accounts a ON a.id = p.seller_id WHERE p.key = 'x' AND p.site = 'cn'",
    "INSERT INTO orders (id, number, kind, state, site, currency, total_minor, buyer_id, seller_id, customer_name, user_name, \
     product_name, instance_id, created_at, pay_by, paid_at) \
     VALUES ({k}, {n}, 'new', 'processing', 'cn', 'CNY', 1200, {b}, {b}, 'c', 'u', 'p', {k}, 1, 1, 1)",
    "INSERT INTO order_lines (id, order_id, number, product_id, revision_id, specification, sku, sold, charging_mode, period, quantity, \
     amount_minor, refunded_minor, instance_id) VALUES ({k}, {k}, {n}, {b}, {b}, 's', 'k', '{}', 'PERIOD', '1m', 1, 1200, 0, {k})",
    "INSERT INTO events (kind, at, recorded_at, actor, order_id, instance_id, data) \
     VALUES ('order.created', 1, 1, 'a', {k}, {k}, '{}'), ('order.paid', 1, 1, 'a', {k}, {k}, '{}')",
    "UPDATE ledger_balances SET balance_minor = balance_minor - 1 WHERE account = 'buyer_wallet' AND owner = {o} AND currency = 'CNY'",
    "INSERT INTO ledger_balances (account, owner, currency, balance_minor) VALUES ('escrow', {n}, 'CNY', 1200) \
     ON CONFLICT (account, owner, currency) DO UPDATE SET balance_minor = ledger_balances.balance_minor + excluded.balance_minor",
    "INSERT INTO ledger_entries (id, kind, at, order_id, line_id, reference) VALUES ({k}, 'payment', 1, {k}, {k}, {n})",
    "INSERT INTO ledger_postings (entry_id, seq, account, owner, currency, amount_minor, at) \
     VALUES ({k}, 0, 'buyer_wallet', {o}, 'CNY', -1200, 1), ({k}, 1, 'escrow', {n}, 'CNY', 1200, 1)",
    "INSERT INTO instances (id, buyer_id, seller_id, product_id, revision_id, access_type, address_id, line_id, specification, sku, \
     quantity, trial, state, open_order_id, created_at) \
     VALUES ({k}, {b}, {b}, {b}, {b}, 'saas', {b}, {k}, 's', 'k', 1, {f}, 'opening', {k}, 1)",
    "INSERT INTO calls (id, seller_id, buyer_id, product_id, instance_id, order_id, order_number, seq, activity, request, state, attempts, \
     failures, next_at, created_at) VALUES ({k}, {b}, {b}, {b}, {k}, {k}, {n}, 1, 'newInstance', '{}', 'due', 0, 0, 1, 1)",
    "INSERT INTO jobs (id, kind, subject, lane, due_at, attempts, state, lease_owner, lease_until) \
     VALUES ({k}, 'call', {k}, 'l', 1, 0, 'due', '', 0)",
    "INSERT INTO messages (id, account_id, event, params, order_id, created_at, name) \
     VALUES ({k}, {b}, 'sale.bought', '{}', {k}, 1, {n}) ON CONFLICT (name) DO NOTHING",
    "INSERT INTO idempotency_keys (user_id, key, inputs_hash, answer, created_at) VALUES ({b}, {n}, {k}, {k}, 1)",
];

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
    let texts: Arc<Vec<String>> = Arc::new(STATEMENTS.iter().map(|t| bound(t)).collect());
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
    for text in STATEMENTS {
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
