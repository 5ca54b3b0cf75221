//! What was called at the open APIs with an account's access keys.

use crate::{DbError, Key, Page, Tx};
use db::{Run, schema::open_api_calls};
use diesel::{dsl, prelude::*};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = open_api_calls)]
pub struct OpenApiCall {
    pub id: Key,
    pub account_id: Key,
    /// The public half of the key.
    pub access_key: String,
    pub at: i64,
    pub method: String,
    /// With its query.
    pub path: String,
    pub status: i64,
    pub code: Option<String>,
    pub failed: bool,
    /// Sealed, as the answer.
    pub request: Vec<u8>,
    pub answer: Vec<u8>,
    pub duration_us: i64,
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, calls: &[OpenApiCall]) -> Result<(), DbError> {
    for call in calls {
        diesel::insert_into(open_api_calls::table).values(call).run(tx)?;
    }
    Ok(())
}

/// Which calls of an account a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub failed: bool,
    /// The public half of a key.
    pub access_key: Option<String>,
    /// Part of the path.
    pub path: Option<String>,
}

/// A page of an account's calls, newest first.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, account: Key, filter: &Filter, page: Page) -> Result<Vec<OpenApiCall>, DbError> {
    let mut query = open_api_calls::table.filter(open_api_calls::account_id.eq(account)).into_boxed();
    if filter.failed {
        query = query.filter(open_api_calls::failed);
    }
    if let Some(key) = &filter.access_key {
        query = query.filter(open_api_calls::access_key.eq(key.clone()));
    }
    if let Some(path) = &filter.path {
        query = query.filter(crate::lower(open_api_calls::path).like(crate::containing(path)).escape('\\'));
    }
    Ok(newest_first!(query, page, open_api_calls::at, open_api_calls::id).select(OpenApiCall::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, account: Key, id: Key) -> Result<Option<OpenApiCall>, DbError> {
    let own = open_api_calls::table.find(id).filter(open_api_calls::account_id.eq(account));
    Ok(own.select(OpenApiCall::as_select()).first(tx).optional()?)
}

/// Forgets what is older than a moment.
///
/// # Errors
/// [`DbError`].
pub fn forget(tx: &mut Tx, before: i64) -> Result<usize, DbError> {
    Ok(diesel::delete(open_api_calls::table.filter(open_api_calls::at.lt(before))).run(tx)?)
}

/// Forgets the oldest calls of accounts that have more than so many.
///
/// # Errors
/// [`DbError`].
pub fn forget_beyond(tx: &mut Tx, kept: i64) -> Result<usize, DbError> {
    let counts = open_api_calls::table.group_by(open_api_calls::account_id).having(dsl::count_star().gt(kept));
    let full: Vec<Key> = counts.select(open_api_calls::account_id).load(tx)?;
    let mut forgotten = 0;
    for account in full {
        let own = open_api_calls::table.filter(open_api_calls::account_id.eq(account));
        let oldest: Option<i64> = own.order(open_api_calls::at.desc()).offset(kept).select(open_api_calls::at).first(tx).optional()?;
        let Some(oldest) = oldest else { continue };
        let beyond = open_api_calls::table.filter(open_api_calls::account_id.eq(account)).filter(open_api_calls::at.le(oldest));
        forgotten += diesel::delete(beyond).run(tx)?;
    }
    Ok(forgotten)
}
