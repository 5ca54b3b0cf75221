//! Entries, postings and the balances that may not go below zero.

use crate::{DbError, Key, Moment, Page, Tx, legible};
use db::{
    Run,
    dialect::BalanceAdd,
    schema::{ledger_balances, ledger_entries, ledger_postings},
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};
use domain::money::Currency;
use ledger::{AccountKind, Entry, EntryKind};
use std::collections::BTreeMap;

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = ledger_entries)]
    pub struct EntryRow of ledger_entries {
        pub id: Key,
        pub kind: EntryKind,
        pub at: Moment,
        pub order_id: Option<Key>,
        pub line_id: Option<Key>,
        pub reference: String,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = ledger_postings)]
    pub struct PostingRow of ledger_postings {
        pub entry_id: Key,
        pub seq: i64,
        pub account: AccountKind,
        pub owner: String,
        pub currency: Currency,
        pub amount_minor: i64,
        pub at: Moment,
    }
}

/// Stores balanced entries and moves the guarded balances, in a fixed order so that entries cannot wait
/// for each other in a circle.
///
/// # Errors
/// [`DbError`]: a check violation when a balance would fall below zero, a unique violation when the
/// reference was posted before.
pub fn post(tx: &mut Tx, entries: &[(EntryRow, Entry)]) -> Result<(), DbError> {
    let mut guarded: BTreeMap<_, i64> = BTreeMap::new();
    for p in entries.iter().flat_map(|(_, entry)| entry.postings()).filter(|p| p.account.guarded()) {
        *guarded.entry((p.account, p.owner.as_str(), p.currency)).or_default() += p.amount_minor;
    }
    let moved = |((account, owner, currency), amount_minor): ((AccountKind, _, Currency), _)| BalanceAdd {
        account: account.as_str(),
        owner,
        currency: currency.as_str(),
        amount_minor,
    };
    let mut moves: Vec<BalanceAdd<'_>> = guarded.into_iter().map(moved).collect();
    // What is added last goes with the entries themselves.
    let last = moves.pop_if(|m| m.amount_minor > 0);
    if moves.iter().chain(&last).any(|m| m.account == AccountKind::BuyerWallet.as_str()) {
        // All in one order, so one name does for all.
        db::taken(db::Lock::Wallet, Key([0; 16]));
    }
    for run in moves.chunk_by(|a, b| (a.amount_minor < 0) == (b.amount_minor < 0)) {
        if run[0].amount_minor < 0 {
            take(tx, run)?;
        } else {
            run.iter().try_for_each(|m| m.run(tx).map(|_| ()))?;
        }
    }
    let postings: Vec<PostingRow> = entries.iter().flat_map(|(row, entry)| posting_rows(row, entry)).collect();
    match (entries, last) {
        ([_], None) => db::together(tx, &[&headers(entries), &details(&postings)])?,
        ([_], Some(last)) => db::together(tx, &[&last, &headers(entries), &details(&postings)])?,
        (_, last) => {
            last.map(|m| m.run(tx)).transpose()?;
            db::each_part(tx, entries, headers)?;
            db::each_part(tx, &postings, details)?;
        }
    }
    Ok(())
}

fn headers(entries: &[(EntryRow, Entry)]) -> db::Insert<'_, 6> {
    db::Insert {
        table: "ledger_entries",
        columns: ["id", "kind", "at", "order_id", "line_id", "reference"],
        rows: entries.iter().map(|(e, _)| db::row![&e.id, e.kind.as_str(), e.at, &e.order_id, &e.line_id, &e.reference]).collect(),
        conflict: "",
    }
}

/// The postings of an entry; it has two to five.
fn posting_rows<'a>(row: &'a EntryRow, entry: &'a Entry) -> impl Iterator<Item = PostingRow> + 'a {
    (0i64..).zip(entry.postings()).map(|(seq, p)| PostingRow {
        entry_id: row.id,
        seq,
        account: p.account,
        owner: p.owner.clone(),
        currency: p.currency,
        amount_minor: p.amount_minor,
        at: row.at,
    })
}

fn details(postings: &[PostingRow]) -> db::Insert<'_, 7> {
    db::Insert {
        table: "ledger_postings",
        columns: ["entry_id", "seq", "account", "owner", "currency", "amount_minor", "at"],
        rows: postings
            .iter()
            .map(|p| db::row![&p.entry_id, p.seq, p.account.as_str(), &p.owner, p.currency.as_str(), p.amount_minor, p.at])
            .collect(),
        conflict: "",
    }
}

/// Lowers balances. A missing row is a balance of zero, which the check of the inserted row refuses.
fn take(tx: &mut Tx, moves: &[BalanceAdd<'_>]) -> Result<(), DbError> {
    let mut changed = 0;
    for part in db::parts(moves) {
        changed += db::Update {
            table: "ledger_balances",
            keys: 3,
            columns: ["account", "owner", "currency", ""],
            rows: part.iter().map(|m| db::row![m.account, m.owner, m.currency, m.amount_minor]).collect(),
            set: "balance_minor = ledger_balances.balance_minor + v.column4",
            filter: "",
        }
        .run(tx)?;
    }
    if changed < moves.len() {
        for m in moves {
            let there = ledger_balances::table.find((m.account, m.owner, m.currency)).select(ledger_balances::balance_minor);
            if there.first::<i64>(tx).optional()?.is_none() {
                m.run(tx)?;
            }
        }
    }
    Ok(())
}

/// The balance of a guarded account; zero when nothing was posted.
///
/// # Errors
/// [`DbError`].
pub fn balance(tx: &mut Tx, account: AccountKind, owner: &str, currency: Currency) -> Result<i64, DbError> {
    let row = ledger_balances::table.find((account, owner, currency)).select(ledger_balances::balance_minor);
    Ok(row.first(tx).optional()?.unwrap_or(0))
}

/// The postings of an account, newest first.
///
/// # Errors
/// [`DbError`].
pub fn statement(tx: &mut Tx, account: AccountKind, owner: &str, page: Page) -> Result<Vec<(PostingRow, EntryRow)>, DbError> {
    let place = |(posting, _): &(PostingRow, EntryRow)| (posting.at.micros(), posting.entry_id);
    let read = |page: Page| {
        let query = ledger_postings::table
            .inner_join(ledger_entries::table)
            .filter(ledger_postings::account.eq(account.as_str()))
            .filter(ledger_postings::owner.eq(owner.to_owned()))
            .select((PostingRow::as_select(), EntryRow::as_select()))
            .into_boxed();
        db::readable(tx, newest_first!(query, page, ledger_postings::at, ledger_postings::entry_id))
    };
    Ok(legible(page, place, read)?.reported())
}

/// What orders and use moved on an account between two moments: no top-ups, and corrections of an order line alone.
///
/// # Errors
/// [`DbError`].
pub fn moved_by_orders(
    tx: &mut Tx,
    account: AccountKind,
    owner: &str,
    currency: Currency,
    (from, until): (Moment, Moment),
) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Moved {
        #[diesel(sql_type = BigInt)]
        amount: i64,
    }
    let row: Moved = sql_query(
        "SELECT CAST(COALESCE(SUM(p.amount_minor), 0) AS BIGINT) AS amount
         FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id
         WHERE p.account = $1 AND p.owner = $2 AND p.currency = $3 AND p.at >= $4 AND p.at < $5
           AND e.kind <> $6 AND (e.kind <> $7 OR e.line_id IS NOT NULL)",
    )
    .bind::<Text, _>(account.as_str())
    .bind::<Text, _>(owner)
    .bind::<Text, _>(currency)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(until)
    .bind::<Text, _>(EntryKind::TopUp.as_str())
    .bind::<Text, _>(EntryKind::Correction.as_str())
    .get_result(tx)?;
    Ok(row.amount)
}

/// The entries of an order with their postings, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn of_order(tx: &mut Tx, order: Key) -> Result<Vec<(EntryRow, PostingRow)>, DbError> {
    Ok(ledger_entries::table
        .inner_join(ledger_postings::table)
        .filter(ledger_entries::order_id.eq(order))
        .order((ledger_entries::at, ledger_entries::id, ledger_postings::seq))
        .select((EntryRow::as_select(), PostingRow::as_select()))
        .load(tx)?)
}

/// The sum of an owner's postings on an account, in a currency.
///
/// # Errors
/// [`DbError`].
pub fn any_sum_of(tx: &mut Tx, account: AccountKind, owner: &str, currency: Currency) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Posted {
        #[diesel(sql_type = BigInt)]
        amount: i64,
    }
    let text = "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) AS amount FROM ledger_postings
                WHERE account = $1 AND owner = $2 AND currency = $3";
    let query = sql_query(text).bind::<Text, _>(account.as_str()).bind::<Text, _>(owner).bind::<Text, _>(currency);
    Ok(query.get_result::<Posted>(tx)?.amount)
}
