//! Files of evidence and forms: what is known of them; the bytes lie under their hash.

use crate::{DbError, Key, Tx, Written};
use db::{Lock, Run, schema::documents};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = documents)]
pub struct Document {
    pub id: Key,
    pub account_id: Key,
    /// None for a seller's form.
    pub case_id: Option<Key>,
    /// The step that it was sent with; none while it waits for one.
    pub step: Option<i64>,
    pub kind: String,
    pub name: String,
    pub hash: Vec<u8>,
    pub length: i64,
    pub created_at: i64,
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, document: &Document) -> Result<(), DbError> {
    diesel::insert_into(documents::table).values(document).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn any_lookup(tx: &mut Tx, id: Key) -> Result<Option<Document>, DbError> {
    Ok(documents::table.find(id).select(Document::as_select()).first(tx).optional()?)
}

/// The files of a case that were sent with a step, in their order.
///
/// # Errors
/// [`DbError`].
pub fn of_case(tx: &mut Tx, case: Key) -> Result<Vec<Document>, DbError> {
    let sent = documents::table.filter(documents::case_id.eq(case)).filter(documents::step.is_not_null());
    Ok(sent.order((documents::step, documents::created_at, documents::id)).select(Document::as_select()).load(tx)?)
}

/// Files that an account sent to a case and that wait for a step.
///
/// # Errors
/// [`DbError`].
pub fn waiting(tx: &mut Tx, account: Key, case: Key) -> Result<Vec<Document>, DbError> {
    let own = documents::table.filter(documents::account_id.eq(account)).filter(documents::case_id.eq(case));
    Ok(own.filter(documents::step.is_null()).order((documents::created_at, documents::id)).select(Document::as_select()).load(tx)?)
}

/// Files and bytes that an account sent since a moment; who counts them next waits for this transaction to end.
///
/// # Errors
/// [`DbError`].
pub fn sent_since(tx: &mut Tx, account: Key, since: i64) -> Result<(i64, i64), DbError> {
    db::dialect::one_at_a_time(tx, Lock::Limit, account)?;
    let own = documents::table.filter(documents::account_id.eq(account)).filter(documents::created_at.ge(since));
    let lengths: Vec<i64> = own.select(documents::length).load(tx)?;
    Ok((i64::try_from(lengths.len()).unwrap_or(i64::MAX), lengths.iter().sum()))
}

/// Ties a waiting file to the step that it is sent with.
///
/// # Errors
/// [`DbError`].
pub fn send(tx: &mut Tx, id: Key, step: i64, kind: &str) -> Result<Written, DbError> {
    let waiting = documents::table.find(id).filter(documents::step.is_null());
    Ok(Written::from_rows(diesel::update(waiting).set((documents::step.eq(step), documents::kind.eq(kind))).run(tx)?))
}

/// Forgets files that waited for a step since before a moment, a hundred at a time; says how many.
///
/// # Errors
/// [`DbError`].
pub fn forget_waiting(tx: &mut Tx, before: i64) -> Result<usize, DbError> {
    let old = documents::table.filter(documents::case_id.is_not_null()).filter(documents::step.is_null());
    let ids: Vec<Key> = old.filter(documents::created_at.lt(before)).limit(100).select(documents::id).load(tx)?;
    Ok(diesel::delete(documents::table.filter(documents::id.eq_any(ids))).run(tx)?)
}

/// Whether a file with this content is named by anybody.
///
/// # Errors
/// [`DbError`].
pub fn any_of_hash(tx: &mut Tx, hash: &[u8]) -> Result<bool, DbError> {
    let same = documents::table.filter(documents::hash.eq(hash.to_vec()));
    Ok(same.select(documents::id).first::<Key>(tx).optional()?.is_some())
}
