//! Bank transfers that a member of staff confirms.

use crate::{DbError, Key, Moment, Page, Tx, Written, legible};
use db::{Run, schema::transfers};
use diesel::prelude::*;
use domain::money::{Currency, TransferState};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = transfers)]
    pub struct Transfer of transfers {
        pub id: Key,
        pub account_id: Key,
        pub account_name: String,
        pub currency: Currency,
        pub amount_minor: i64,
        pub reference: String,
        pub state: TransferState,
        pub created_at: Moment,
        pub decided_at: Option<Moment>,
        pub decided_by: Option<Key>,
        pub reason: Option<String>,
    }
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
pub fn list(tx: &mut Tx, account: Option<Key>, state: Option<TransferState>, page: Page) -> Result<Vec<Transfer>, DbError> {
    let place = |t: &Transfer| (t.created_at.micros(), t.id);
    let read = |page: Page| {
        let mut query = transfers::table.into_boxed();
        if let Some(account) = account {
            query = query.filter(transfers::account_id.eq(account));
        }
        if let Some(state) = state {
            query = query.filter(transfers::state.eq(state));
        }
        db::readable(tx, newest_first!(query, page, transfers::created_at, transfers::id).select(Transfer::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
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
    pub state: TransferState,
    pub reason: Option<&'a str>,
    pub at: Moment,
    pub by: Key,
}

/// Decides once.
///
/// # Errors
/// [`DbError`].
pub fn decide(tx: &mut Tx, d: &Decision<'_>) -> Result<Written, DbError> {
    let pending = transfers::table.find(d.id).filter(transfers::state.eq(TransferState::Pending));
    let changed = diesel::update(pending)
        .set((transfers::state.eq(d.state), transfers::decided_at.eq(d.at), transfers::decided_by.eq(d.by), transfers::reason.eq(d.reason)))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}
