//! Migrations: one text for both engines, applied once each, in order, never edited.

use crate::{DbError, Tx, dialect};
use diesel::{
    RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};

/// A step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub name: &'static str,
    text: &'static str,
}

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        /// All migrations, oldest first.
        pub const MIGRATIONS: &[Migration] = &[$(Migration {
            name: $name,
            text: include_str!(concat!("../migrations/", $name, ".sql")),
        }),+];
    };
}

migrations![
    "0001_people",
    "0002_catalogue",
    "0003_orders",
    "0004_money",
    "0005_work",
    "0006_lists",
    "0007_sorting",
    "0008_storefront",
    "0009_log_in_tries",
    "0010_access_keys",
    "0011_protocols",
    "0012_on_demand",
    "0013_auto_renewal",
    "0014_licences",
    "0015_probes",
    "0016_organisation",
    "0017_kit",
    "0018_neighbours",
    "0019_domains",
    "0020_packages",
    "0021_assets",
    "0022_open_api_calls",
    "0023_asset_files",
    "0024_notify_access_type",
    "0025_supervision",
    "0026_messages",
    "0027_licence_rules",
    "0028_full_days",
    "0029_message_subjects",
    "0030_confirmed_mailboxes",
    "0031_asked_mailboxes",
    "0032_names_in_english",
    "0033_exact_prices",
    "0034_usage_holds",
    "0035_usage_caps",
    "0036_sealed_answers",
    "0037_corrections",
    "0038_witness",
    "0039_former_usage_caps",
    "0041_claims",
    "0043_given_out",
    "0044_chain_begins",
    "0045_due_deliveries",
];

#[derive(diesel::QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    checksum: i64,
}

/// FNV-1a of the text: enough to notice an edit.
fn checksum(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    i64::from_le_bytes(hash.to_le_bytes())
}

/// Only reads: readiness asks so, also of a standby.
fn applied(tx: &mut Tx) -> Result<Vec<Applied>, DbError> {
    if !dialect::has_table(tx, "migrations")? {
        return Ok(Vec::new());
    }
    Ok(sql_query("SELECT name, checksum FROM migrations").load(tx)?)
}

pub(crate) fn pending(tx: &mut Tx) -> Result<Vec<&'static str>, DbError> {
    let applied = applied(tx)?;
    let mut pending = Vec::new();
    for migration in MIGRATIONS {
        match applied.iter().find(|a| a.name == migration.name) {
            None => pending.push(migration.name),
            Some(a) if a.checksum != checksum(migration.text) => {
                return Err(DbError::Changed(migration.name));
            }
            Some(_) => {}
        }
    }
    Ok(pending)
}

pub(crate) fn run(tx: &mut Tx) -> Result<Vec<&'static str>, DbError> {
    dialect::migration_lock(tx)?;
    let table = "CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY, checksum BIGINT NOT NULL) STRICT;";
    let text = dialect::migration_text(tx, table);
    dialect::batch(tx, &text)?;
    let pending = pending(tx)?;
    for migration in MIGRATIONS.iter().filter(|m| pending.contains(&m.name)) {
        let text = dialect::migration_text(tx, migration.text);
        dialect::batch(tx, &text)?;
        sql_query("INSERT INTO migrations (name, checksum) VALUES ($1, $2)")
            .bind::<Text, _>(migration.name)
            .bind::<BigInt, _>(checksum(migration.text))
            .execute(tx)?;
    }
    Ok(pending)
}
