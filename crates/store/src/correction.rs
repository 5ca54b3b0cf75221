//! Refunds by the operator and postings that mend the books.

use crate::{DbError, Key, Moment, Page, Tx, Written, legible};
use db::{Run, schema::corrections};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Text},
};
use domain::{
    correction::{CorrectionKind, CorrectionState},
    money::Currency,
};
use ledger::AccountKind;

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = corrections)]
    pub struct Correction of corrections {
        pub id: Key,
        pub kind: CorrectionKind,
        pub state: CorrectionState,
        pub currency: Currency,
        pub amount_minor: i64,
        pub reason: String,
        pub order_id: Option<Key>,
        pub order_number: Option<String>,
        pub from_account: Option<AccountKind>,
        pub from_owner: Option<String>,
        pub to_account: Option<AccountKind>,
        pub to_owner: Option<String>,
        pub asked_at: Moment,
        pub asked_by: Key,
        pub asked_name: String,
        pub decided_at: Option<Moment>,
        pub decided_by: Option<Key>,
        pub decided_name: Option<String>,
        pub note: Option<String>,
        pub alone: bool,
        /// The order line that a posting mends.
        pub line_id: Option<Key>,
    }
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, correction: &Correction) -> Result<(), DbError> {
    diesel::insert_into(corrections::table).values(correction).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn any_lookup(tx: &mut Tx, id: Key) -> Result<Option<Correction>, DbError> {
    Ok(corrections::table.find(id).select(Correction::as_select()).first(tx).optional()?)
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<CorrectionState>,
    pub kind: Option<CorrectionKind>,
    /// The whole number of the order that a refund is of.
    pub order_number: Option<String>,
}

/// Corrections that a filter finds, newest first.
///
/// # Errors
/// [`DbError`].
pub fn any_list(tx: &mut Tx, filter: &Filter, page: Page) -> Result<Vec<Correction>, DbError> {
    let place = |correction: &Correction| (correction.asked_at.micros(), correction.id);
    let read = |page: Page| {
        let mut query = corrections::table.into_boxed();
        if let Some(state) = filter.state {
            query = query.filter(corrections::state.eq(state));
        }
        if let Some(kind) = filter.kind {
            query = query.filter(corrections::kind.eq(kind));
        }
        if let Some(order) = filter.order_number.clone() {
            query = query.filter(corrections::order_number.eq(order));
        }
        db::readable(tx, newest_first!(query, page, corrections::asked_at, corrections::id).select(Correction::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// Corrections of an order, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn any_of_order(tx: &mut Tx, order: Key) -> Result<Vec<Correction>, DbError> {
    let query = corrections::table.filter(corrections::order_id.eq(order)).order((corrections::asked_at, corrections::id));
    Ok(query.select(Correction::as_select()).load(tx)?)
}

/// What one person alone gave back for an order's instance, in a currency. Whoever asks has locked them.
///
/// # Errors
/// [`DbError`].
pub fn any_unconfirmed(tx: &mut Tx, order: Key, instance: Option<Key>, currency: Currency) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        amount: i64,
    }
    let subject = instance.unwrap_or(order);
    let text = "SELECT CAST(COALESCE(SUM(c.amount_minor), 0) AS BIGINT) AS amount FROM corrections c JOIN orders o ON o.id = c.order_id
                WHERE (o.instance_id = $1 OR o.id = $1) AND c.currency = $2 AND c.kind = 'refund' AND c.state = 'done'
                AND c.asked_by = c.decided_by";
    Ok(sql_query(text).bind::<Binary, _>(subject).bind::<Text, _>(currency).get_result::<Row>(tx)?.amount)
}

/// Decides one that waits, once: state, time, person and note are those of `decided`.
///
/// # Errors
/// [`DbError`].
pub fn decide(tx: &mut Tx, decided: &Correction) -> Result<Written, DbError> {
    let waiting = corrections::table.find(decided.id).filter(corrections::state.eq(CorrectionState::Waiting));
    let changed = diesel::update(waiting)
        .set((
            corrections::state.eq(decided.state),
            corrections::decided_at.eq(decided.decided_at),
            corrections::decided_by.eq(decided.decided_by),
            corrections::decided_name.eq(&decided.decided_name),
            corrections::note.eq(&decided.note),
            corrections::alone.eq(decided.alone),
        ))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}
