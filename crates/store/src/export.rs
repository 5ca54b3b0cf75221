//! Exports that run in the background.

use crate::{DbError, Key, Moment, Page, Tx, legible};
use db::{Run, schema::exports};
use diesel::prelude::*;
use domain::{access::Role, job::ExportState};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = exports)]
    pub struct Export of exports {
        pub id: Key,
        pub account_id: Key,
        pub role: Role,
        pub filter: String,
        pub language: String,
        pub state: ExportState,
        pub rows_done: i64,
        pub rows_total: Option<i64>,
        pub file: Option<String>,
        pub error: Option<String>,
        pub created_at: Moment,
        pub ended_at: Option<Moment>,
    }
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
pub fn list(tx: &mut Tx, account: Key, role: Role, page: Page) -> Result<Vec<Export>, DbError> {
    let place = |export: &Export| (export.created_at.micros(), export.id);
    let read = |page: Page| {
        let query = exports::table.filter(exports::account_id.eq(account)).filter(exports::role.eq(role)).into_boxed();
        db::readable(tx, newest_first!(query, page, exports::created_at, exports::id).select(Export::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// How far an export is.
#[derive(Debug)]
pub struct Progress<'a> {
    pub id: Key,
    pub state: ExportState,
    pub rows_done: i64,
    pub rows_total: Option<i64>,
    pub file: Option<&'a str>,
    pub error: Option<&'a str>,
    pub ended_at: Option<Moment>,
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
