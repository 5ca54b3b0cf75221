//! Exports that run in the background.

use crate::{DbError, Key, Page, Tx};
use db::{Run, schema::exports};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = exports)]
pub struct Export {
    pub id: Key,
    pub account_id: Key,
    pub role: String,
    pub filter: String,
    pub language: String,
    pub state: String,
    pub rows_done: i64,
    pub rows_total: Option<i64>,
    pub file: Option<String>,
    pub error: Option<String>,
    pub created_at: i64,
    pub ended_at: Option<i64>,
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, export: &Export) -> Result<(), DbError> {
    diesel::insert_into(exports::table).values(export).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, account: Key, id: Key) -> Result<Option<Export>, DbError> {
    Ok(exports::table.find(id).filter(exports::account_id.eq(account)).select(Export::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn any_lookup(tx: &mut Tx, id: Key) -> Result<Option<Export>, DbError> {
    Ok(exports::table.find(id).select(Export::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, account: Key, role: &str, page: Page) -> Result<Vec<Export>, DbError> {
    let query = exports::table.filter(exports::account_id.eq(account)).filter(exports::role.eq(role.to_owned())).into_boxed();
    Ok(newest_first!(query, page, exports::created_at, exports::id).select(Export::as_select()).load(tx)?)
}

/// How far an export is.
#[derive(Debug)]
pub struct Progress<'a> {
    pub id: Key,
    pub state: &'a str,
    pub rows_done: i64,
    pub rows_total: Option<i64>,
    pub file: Option<&'a str>,
    pub error: Option<&'a str>,
    pub ended_at: Option<i64>,
}

/// # Errors
/// [`DbError`].
pub fn progress(tx: &mut Tx, p: &Progress<'_>) -> Result<(), DbError> {
    diesel::update(exports::table.find(p.id))
        .set((
            exports::state.eq(p.state),
            exports::rows_done.eq(p.rows_done),
            exports::rows_total.eq(p.rows_total),
            exports::file.eq(p.file),
            exports::error.eq(p.error),
            exports::ended_at.eq(p.ended_at),
        ))
        .run(tx)?;
    Ok(())
}
