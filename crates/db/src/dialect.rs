//! Every difference between the engines, by name. Nowhere else does code ask which engine runs.

use crate::{
    Backend, DbError, Key, Run, Tx,
    locks::{self, Lock},
};
use diesel::{
    QueryResult, RunQueryDsl,
    connection::SimpleConnection,
    query_builder::{AstPass, QueryFragment},
    sql_query,
    sql_types::{BigInt, Text},
};

/// Rewrites the one migration text for an engine. It is written for PostgreSQL; SQLite gets its own type
/// names and strict tables.
pub(crate) fn migration_text(tx: &Tx, text: &str) -> String {
    match tx {
        Tx::Pg(_) => without_sqlites_own(text).replace(") STRICT;", ");").replace("SEQUENCE_KEY", "BIGSERIAL PRIMARY KEY"),
        Tx::Sqlite(_) => text
            .replace("SEQUENCE_KEY", "INTEGER PRIMARY KEY AUTOINCREMENT")
            .replace("BIGINT", "INTEGER")
            .replace("BOOLEAN", "INTEGER")
            .replace("BYTEA", "BLOB"),
    }
}

/// The text without what stands between `-- sqlite` and `-- both`.
fn without_sqlites_own(text: &str) -> String {
    let mut own = false;
    let ours = |line: &&str| {
        own = (own || *line == "-- sqlite") && *line != "-- both";
        !own
    };
    text.lines().filter(ours).flat_map(|line| [line, "\n"]).collect()
}

/// Runs several statements of plain text.
pub(crate) fn batch(tx: &mut Tx, text: &str) -> QueryResult<()> {
    match tx {
        Tx::Pg(c) => c.batch_execute(text),
        Tx::Sqlite(c) => c.batch_execute(text),
    }
}

/// Begins a reading transaction that sees one moment. SQLite's readers do so by themselves.
pub(crate) fn begin_snapshot(tx: &mut Tx) -> QueryResult<()> {
    match tx {
        Tx::Pg(c) => c.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
        Tx::Sqlite(c) => c.batch_execute("BEGIN"),
    }
}

/// Begins a writing transaction; SQLite takes its lock at once, so that no reader has to become a writer.
pub(crate) fn begin_write(tx: &mut Tx) -> QueryResult<()> {
    match tx {
        Tx::Pg(c) => c.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
        Tx::Sqlite(c) => c.batch_execute("BEGIN IMMEDIATE"),
    }
}

/// Takes the lock that lets one process migrate at a time. SQLite has a single writer anyway.
pub(crate) fn migration_lock(tx: &mut Tx) -> QueryResult<()> {
    match tx {
        Tx::Pg(c) => c.batch_execute("SELECT pg_advisory_xact_lock(7461329041)"),
        Tx::Sqlite(_) => Ok(()),
    }
}

/// The columns of all tables as `table.column:type:null`, with the types named as in PostgreSQL, for
/// comparing the two schemas.
///
/// # Errors
/// [`DbError`].
pub fn columns(tx: &mut Tx) -> Result<Vec<String>, DbError> {
    #[derive(diesel::QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let text = match tx {
        Tx::Pg(_) => {
            "SELECT table_name || '.' || column_name || ':' || data_type || ':' || is_nullable AS name
             FROM information_schema.columns WHERE table_schema = current_schema()"
        }
        Tx::Sqlite(_) => {
            "SELECT m.name || '.' || c.name || ':' ||
                    CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' ELSE lower(c.type) END || ':' ||
                    CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'NO' ELSE 'YES' END AS name
             FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON 1 = 1
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        }
    };
    let mut names: Vec<String> = sql_query(text).load::<Column>(tx)?.into_iter().map(|c| c.name.replace(":boolean:", ":bigint:")).collect();
    names.sort();
    Ok(names)
}

/// The expression for the lower-case hexadecimal text of a column of bytes.
#[must_use]
pub fn hex(tx: &Tx, column: &str) -> String {
    match tx {
        Tx::Pg(_) => format!("encode({column}, 'hex')"),
        Tx::Sqlite(_) => format!("lower(hex({column}))"),
    }
}

/// Lets the transactions that say so pass one at a time for a key, until each has ended. What is counted by one is
/// counted after the one before. SQLite's writers do so anyway.
///
/// # Errors
/// [`DbError`].
pub fn one_at_a_time(tx: &mut Tx, lock: Lock, key: Key) -> Result<(), DbError> {
    locks::taken(lock, key);
    if let Tx::Pg(_) = tx {
        sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(number_of(lock, key)).run(tx)?;
    }
    Ok(())
}

/// Two keys with the same number wait for each other without need, and no more.
fn number_of(lock: Lock, key: Key) -> i64 {
    // Another odd factor for each kind: the same key has other numbers.
    let factor = i64::from(lock as u8).wrapping_mul(2).wrapping_add(1);
    key.0.chunks_exact(8).fold(0, |n, part| n ^ i64::from_be_bytes(part.try_into().unwrap_or_default())).wrapping_mul(factor)
}

/// Lets any number of transactions that say so pass for a key, and none while one that passes alone
/// ([`one_at_a_time`]) is open. SQLite's writers pass alone anyway.
///
/// # Errors
/// [`DbError`].
pub fn many_at_a_time(tx: &mut Tx, lock: Lock, key: Key) -> Result<(), DbError> {
    locks::taken(lock, key);
    if let Tx::Pg(_) = tx {
        sql_query("SELECT pg_advisory_xact_lock_shared($1)").bind::<BigInt, _>(number_of(lock, key)).run(tx)?;
    }
    Ok(())
}

/// The open transactions of others that have written to a table, by names that no later transaction has. SQLite lets one
/// write at a time, so whoever writes sees none.
///
/// # Errors
/// [`DbError`].
pub fn writers(tx: &mut Tx, table: &str) -> Result<Vec<String>, DbError> {
    #[derive(diesel::QueryableByName)]
    struct Writer {
        #[diesel(sql_type = Text)]
        name: String,
    }
    if let Tx::Sqlite(_) = tx {
        return Ok(Vec::new());
    }
    // An insert takes its lock before it draws from the sequence, and keeps it until its transaction ends.
    let found: Vec<Writer> = sql_query(
        "SELECT DISTINCT l.virtualtransaction AS name FROM pg_locks l
         WHERE l.locktype = 'relation' AND l.relation = $1::regclass AND l.mode = 'RowExclusiveLock' AND l.granted
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND l.pid IS DISTINCT FROM pg_backend_pid()",
    )
    .bind::<Text, _>(table)
    .load(tx)?;
    Ok(found.into_iter().map(|w| w.name).collect())
}

/// Adds an amount to a balance, making the row when it is missing. The table's check refuses a balance
/// below zero.
#[derive(Debug, Clone)]
pub struct BalanceAdd<'a> {
    pub account: &'a str,
    pub owner: &'a str,
    pub currency: &'a str,
    pub amount_minor: i64,
}

impl QueryFragment<Backend> for BalanceAdd<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ledger_balances (account, owner, currency, balance_minor) VALUES (");
        out.push_bind_param::<Text, _>(self.account)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.owner)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.currency)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.amount_minor)?;
        out.push_sql(
            ") ON CONFLICT (account, owner, currency) DO UPDATE SET balance_minor = ledger_balances.balance_minor + excluded.balance_minor",
        );
        Ok(())
    }
}

/// The places of values for an insert of several rows: `($1, $2), ($3, $4)`.
#[must_use]
pub fn places(rows: usize, columns: usize) -> String {
    let row = |r: usize| {
        let names: Vec<String> = (1..=columns).map(|c| format!("${}", r * columns + c)).collect();
        format!("({})", names.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Moves the moment from which a login's allowance is whole, unless it lies too far ahead already; rows changed.
///
/// # Errors
/// [`DbError`].
pub fn log_in_try(tx: &mut Tx, login: &str, now: i64, every: i64, ahead: i64) -> Result<usize, DbError> {
    let changed = sql_query(
        "INSERT INTO log_in_tries (login, whole_at) VALUES ($1, $2 + $3)
         ON CONFLICT (login) DO UPDATE SET whole_at = $3 + CASE WHEN log_in_tries.whole_at < $2 THEN $2 ELSE log_in_tries.whole_at END
         WHERE log_in_tries.whole_at <= $2 + $4",
    )
    .bind::<Text, _>(login)
    .bind::<BigInt, _>(now)
    .bind::<BigInt, _>(every)
    .bind::<BigInt, _>(ahead)
    .run(tx)?;
    Ok(changed)
}

/// Stores a setting, replacing the old value.
///
/// # Errors
/// [`DbError`].
pub fn setting_put(tx: &mut Tx, name: &str, value: &str) -> Result<(), DbError> {
    sql_query("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind::<Text, _>(name)
        .bind::<Text, _>(value)
        .run(tx)?;
    Ok(())
}

/// Stores a setting unless it is there.
///
/// # Errors
/// [`DbError`].
pub fn setting_put_new(tx: &mut Tx, name: &str, value: &str) -> Result<(), DbError> {
    sql_query("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind::<Text, _>(name)
        .bind::<Text, _>(value)
        .run(tx)?;
    Ok(())
}

/// Whether there is a table of a name.
pub(crate) fn has_table(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let text = match tx {
        Tx::Pg(_) => {
            "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables
             WHERE table_schema = current_schema() AND table_name = $1"
        }
        Tx::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = $1",
    };
    #[derive(diesel::QueryableByName)]
    struct Table {
        #[diesel(sql_type = Text)]
        #[expect(dead_code, reason = "that there is one is the answer")]
        name: String,
    }
    Ok(!sql_query(text).bind::<Text, _>(name).load::<Table>(tx)?.is_empty())
}

/// Whether the database takes no writes, as a standby of PostgreSQL.
///
/// # Errors
/// [`DbError`].
pub fn is_read_only(tx: &mut Tx) -> Result<bool, DbError> {
    #[derive(diesel::QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        value: String,
    }
    // In a transaction that is about reading its own setting says nothing about the database.
    let text = "SELECT CASE WHEN pg_is_in_recovery() THEN 'on' ELSE current_setting('default_transaction_read_only') END AS value";
    match tx {
        Tx::Pg(_) => Ok(sql_query(text).get_result::<Setting>(tx)?.value == "on"),
        Tx::Sqlite(_) => Ok(false),
    }
}
