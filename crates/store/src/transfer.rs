//! Bank transfers that a member of staff confirms.

use crate::{DbError, Key, Page, Tx, Written};
use db::{Run, schema::transfers};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = transfers)]
pub struct Transfer {
    pub id: Key,
    pub account_id: Key,
    pub account_name: String,
    pub currency: String,
    pub amount_minor: i64,
    pub reference: String,
    pub state: String,
    pub created_at: i64,
    pub decided_at: Option<i64>,
    pub decided_by: Option<Key>,
    pub reason: Option<String>,
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, transfer: &Transfer) -> Result<(), DbError> {
    diesel::insert_into(transfers::table).values(transfer).run(tx)?;
    Ok(())
}

/// Transfers of one account or of all, newest first.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, account: Option<Key>, state: Option<&str>, page: Page) -> Result<Vec<Transfer>, DbError> {
    let mut query = transfers::table.into_boxed();
    if let Some(account) = account {
        query = query.filter(transfers::account_id.eq(account));
    }
    if let Some(state) = state {
        query = query.filter(transfers::state.eq(state.to_owned()));
    }
    Ok(newest_first!(query, page, transfers::created_at, transfers::id).select(Transfer::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn any_lookup(tx: &mut Tx, id: Key) -> Result<Option<Transfer>, DbError> {
    Ok(transfers::table.find(id).select(Transfer::as_select()).first(tx).optional()?)
}

/// A decision on a transfer.
#[derive(Debug)]
pub struct Decision<'a> {
    pub id: Key,
    pub state: &'a str,
    pub reason: Option<&'a str>,
    pub at: i64,
    pub by: Key,
}

/// Decides once.
///
/// # Errors
/// [`DbError`].
pub fn decide(tx: &mut Tx, d: &Decision<'_>) -> Result<Written, DbError> {
    let pending = transfers::table.find(d.id).filter(transfers::state.eq("pending"));
    let changed = diesel::update(pending)
        .set((transfers::state.eq(d.state), transfers::decided_at.eq(d.at), transfers::decided_by.eq(d.by), transfers::reason.eq(d.reason)))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}
