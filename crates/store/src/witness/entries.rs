//! Every entry of the ledger has a cause, and every cause its entry: what they come to is compared for each account, so that
//! nothing is posted twice, elsewhere or for another.

use super::{Named, Sum, found, found_names};
use crate::{DbError, Key, Tx};
use db::{dialect::hex, schema::ledger_entries};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use ledger::EntryKind;

/// How many entries there are.
///
/// # Errors
/// [`DbError`].
pub fn entry_count(tx: &mut Tx) -> Result<i64, DbError> {
    Ok(ledger_entries::table.count().get_result(tx)?)
}

/// Entries that differ from their causes in an account, and causes that were not posted; by how much.
///
/// # Errors
/// [`DbError`].
pub fn unexplained(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let mut all = Vec::new();
    let (all_accounts, wallet) = ("", "AND p.account = 'buyer_wallet'");
    for (kind, accounts, sides) in [
        ("top_up", all_accounts, transfers(tx)),
        ("correction", all_accounts, corrections(tx)),
        ("payment", all_accounts, payments(tx)),
        // How a charge is shared is compared for its line, with the bills.
        ("usage", wallet, charges(tx)),
    ] {
        all.extend(not_as_caused(tx, kind, accounts, &sides)?);
    }
    all.extend(not_of_their_lines(tx)?);
    all.extend(not_on_bills(tx)?);
    Ok(all)
}

/// `sides` are what should have been posted, with the other sign.
fn not_as_caused(tx: &mut Tx, kind: &str, accounts: &str, sides: &str) -> Result<Vec<Sum>, DbError> {
    let text = format!(
        "SELECT x.reference AS name, x.currency AS currency, CAST(SUM(x.minor) AS BIGINT) AS amount
         FROM (SELECT e.reference AS reference, p.account AS account, p.owner AS owner, p.currency AS currency, p.amount_minor AS minor
               FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id WHERE e.kind = '{kind}' {accounts} UNION ALL {sides}) x
         GROUP BY x.reference, x.account, x.owner, x.currency HAVING SUM(x.minor) <> 0"
    );
    found(tx, &text)
}

fn transfers(tx: &Tx) -> String {
    let (id, owner) = (hex(tx, "id"), hex(tx, "account_id"));
    format!(
        "SELECT 'top_up:' || {id}, 'buyer_wallet', {owner}, currency, -amount_minor FROM transfers WHERE state = 'confirmed'
         UNION ALL SELECT 'top_up:' || {id}, 'provider_clearing', 'bank', currency, amount_minor FROM transfers WHERE state = 'confirmed'"
    )
}

fn charges(tx: &Tx) -> String {
    let (id, buyer) = (hex(tx, "id"), hex(tx, "buyer_id"));
    format!("SELECT 'usage:' || {id}, 'buyer_wallet', {buyer}, currency, amount_minor FROM usage_charges WHERE state = 'paid'")
}

fn corrections(tx: &Tx) -> String {
    let id = hex(tx, "id");
    format!(
        "SELECT 'correction:' || {id}, from_account, from_owner, currency, amount_minor FROM corrections
         WHERE kind = 'posting' AND state = 'done'
         UNION ALL SELECT 'correction:' || {id}, to_account, to_owner, currency, -amount_minor FROM corrections
         WHERE kind = 'posting' AND state = 'done'"
    )
}

/// The wallet is the only provider of payments that there is.
fn payments(tx: &Tx) -> String {
    let buyer = hex(tx, "o.buyer_id");
    let paid = "FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.paid_at IS NOT NULL AND o.kind <> 'unsubscribe'";
    format!(
        "SELECT 'payment:' || l.number, 'escrow', l.number, o.currency, -l.amount_minor {paid}
         UNION ALL SELECT 'payment:' || l.number, 'buyer_wallet', {buyer}, o.currency, l.amount_minor {paid}"
    )
}

/// What is posted for an order line is between its escrow, its buyer, its seller and the platform, in its currency and under
/// its name.
fn not_of_their_lines(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let (buyer, seller) = (hex(tx, "o.buyer_id"), hex(tx, "o.seller_id"));
    let text = format!(
        "SELECT e.reference AS name, p.currency AS currency, p.amount_minor AS amount FROM ledger_entries e
         JOIN ledger_postings p ON p.entry_id = e.id LEFT JOIN order_lines l ON l.id = e.line_id
         LEFT JOIN orders o ON o.id = l.order_id AND o.id = e.order_id
         WHERE e.kind NOT IN ('top_up', 'correction') AND (o.id IS NULL OR p.currency <> o.currency
            OR (p.account = 'escrow' AND p.owner <> l.number) OR (p.account = 'buyer_wallet' AND p.owner <> {buyer})
            OR (p.account = 'seller_payable' AND p.owner <> {seller})
            OR (p.account IN ('platform_commission', 'tax_payable') AND p.owner <> 'platform')
            OR (e.kind <> 'usage'
                AND substr(e.reference || ':', 1, length(e.kind) + length(l.number) + 2) <> e.kind || ':' || l.number || ':')
            OR (e.kind IN ('completion', 'completion_reversed') AND p.account IN ('buyer_wallet', 'provider_clearing'))
            OR (e.kind = 'usage' AND p.account IN ('escrow', 'provider_clearing'))
            OR (e.kind IN ('refund', 'refund_before_completion')
                AND (p.account NOT IN ('escrow', 'buyer_wallet') OR (p.account = 'escrow') <> (p.amount_minor < 0))))"
    );
    found(tx, &text)
}

/// Completions and their reversals that are on no bill, and the other way about; their amount.
fn not_on_bills(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT x.name AS name, x.currency AS currency, CAST(SUM(x.minor) AS BIGINT) AS amount
         FROM (SELECT e.reference AS name, p.currency AS currency, 1 AS side, p.amount_minor AS minor FROM ledger_entries e
               JOIN ledger_postings p ON p.entry_id = e.id
               WHERE e.kind IN ('completion', 'completion_reversed') AND p.account = 'escrow' UNION ALL
               SELECT CASE WHEN kind = 'original' THEN 'completion:' || order_line || CASE WHEN part = '' THEN '' ELSE ':' || part END
                      ELSE 'completion_reversed:' || order_line || CASE WHEN part = '' THEN '' ELSE ':' || substr(part, 7) END END,
                      currency, -1, amount_minor FROM bill_lines WHERE kind IN ('original', 'refund')) x
         GROUP BY x.name, x.currency HAVING SUM(x.side) <> 0",
    )
}

/// Transfers that were confirmed and corrections that were carried out, of which no event of that moment tells.
///
/// # Errors
/// [`DbError`].
pub fn untold(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    let id = hex(tx, "c.id");
    let transfers = format!(
        "SELECT 'top_up:' || {id} AS name FROM transfers c
         LEFT JOIN (SELECT DISTINCT account_id, at FROM events WHERE kind = 'transfer.confirmed') e
         ON e.account_id = c.account_id AND e.at = c.decided_at WHERE c.state = 'confirmed' AND e.at IS NULL"
    );
    let corrections = format!(
        "SELECT 'correction:' || {id} AS name FROM corrections c
         LEFT JOIN (SELECT DISTINCT at FROM events WHERE kind = 'correction.done') e
         ON e.at = c.decided_at WHERE c.state = 'done' AND e.at IS NULL"
    );
    let mut all = found_names(tx, &transfers)?;
    all.extend(found_names(tx, &corrections)?);
    Ok(all)
}

/// A transfer that waits for confirmation, with what an event of its moment tells of it.
#[derive(Debug, QueryableByName)]
pub struct Waiting {
    #[diesel(sql_type = Binary)]
    pub id: Key,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub currency: String,
    #[diesel(sql_type = BigInt)]
    pub amount_minor: i64,
    #[diesel(sql_type = Text)]
    pub reference: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub event: Option<String>,
}

/// The transfers after one that wait for confirmation, by their ids, once for each event of their account at their moment.
///
/// # Errors
/// [`DbError`].
pub fn waiting_transfers(tx: &mut Tx, after: Key, limit: i64) -> Result<Vec<Waiting>, DbError> {
    let name = hex(tx, "c.id");
    let text = format!(
        "SELECT c.id AS id, 'top_up:' || {name} AS name, c.currency AS currency, c.amount_minor AS amount_minor, c.reference AS reference,
              e.data AS event
         FROM (SELECT * FROM transfers WHERE state = 'pending' AND id > $1 ORDER BY id LIMIT $2) c
         LEFT JOIN (SELECT account_id, at, data FROM events WHERE kind = 'transfer.requested') e
              ON e.account_id = c.account_id AND e.at = c.created_at
         ORDER BY c.id"
    );
    Ok(sql_query(text).bind::<Binary, _>(after).bind::<BigInt, _>(limit).load(tx)?)
}

/// Entries at another time than their causes or their postings, those of no known kind, and postings of no entry.
///
/// # Errors
/// [`DbError`].
pub fn misplaced(tx: &mut Tx) -> Result<Vec<Named>, DbError> {
    let kinds = EntryKind::ALL.iter().map(|k| format!("'{k}'")).collect::<Vec<_>>().join(", ");
    let (transfer, charge, correction) = (hex(tx, "id"), hex(tx, "u.id"), hex(tx, "id"));
    let mut all = found_names(
        tx,
        &format!(
            "SELECT e.reference AS name FROM ledger_entries e
             WHERE e.kind NOT IN ({kinds}) OR NOT EXISTS (SELECT 1 FROM ledger_postings p WHERE p.entry_id = e.id)"
        ),
    )?;
    all.extend(found_names(
        tx,
        "SELECT p.account || ' ' || p.owner AS name FROM ledger_postings p LEFT JOIN ledger_entries e ON e.id = p.entry_id
         WHERE e.id IS NULL OR p.at <> e.at",
    )?);
    all.extend(found_names(
        tx,
        "SELECT e.reference AS name FROM ledger_entries e JOIN orders o ON o.id = e.order_id
         WHERE e.kind = 'payment' AND e.at <> o.paid_at",
    )?);
    for causes in [
        format!("SELECT 'top_up:' || {transfer} AS reference, decided_at AS at FROM transfers WHERE state = 'confirmed'"),
        format!(
            "SELECT 'correction:' || {correction} AS reference, decided_at AS at FROM corrections
             WHERE kind = 'posting' AND state = 'done'"
        ),
        format!("SELECT 'usage:' || {charge} AS reference, u.paid_at AS at FROM usage_charges u WHERE u.state = 'paid'"),
    ] {
        let text =
            format!("SELECT e.reference AS name FROM ({causes}) c JOIN ledger_entries e ON e.reference = c.reference WHERE e.at <> c.at");
        all.extend(found_names(tx, &text)?);
    }
    // Use is charged for the line that its instance was bought with.
    let text = format!(
        "SELECT c.reference AS name FROM (SELECT 'usage:' || {charge} AS reference, i.line_id AS line_id FROM usage_charges u
              LEFT JOIN instances i ON i.id = u.instance_id WHERE u.state = 'paid') c
         JOIN ledger_entries e ON e.reference = c.reference WHERE c.line_id IS NULL OR e.line_id IS NULL OR e.line_id <> c.line_id"
    );
    all.extend(found_names(tx, &text)?);
    Ok(all)
}
