//! Terms of instances, and what changes added to them.

use crate::{DbError, Key, Locked, Moment, Tx, Written, instance::Instance};
use db::{
    Run,
    schema::{term_fees, terms},
};
use diesel::{dsl, prelude::*};
use domain::period::Period;

db::stored! {
    #[derive(Debug, Clone, Selectable)]
    #[diesel(table_name = terms)]
    pub struct Term of terms {
        pub id: Key,
        pub instance_id: Key,
        /// The line that paid the price.
        pub line_id: Key,
        pub seq: i64,
        pub start_at: Moment,
        pub end_at: Moment,
        pub period: Period,
        pub price_minor: i64,
        pub removed: bool,
    }
}

/// What a change added to a term.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = term_fees)]
pub struct TermFee {
    pub term_id: Key,
    pub line_id: Key,
    pub fee_minor: i64,
    pub days: i64,
}

type Own = dsl::Filter<dsl::Find<terms::table, Key>, dsl::Eq<terms::instance_id, Key>>;

/// A term of an instance. Terms are written under the lock of their instance.
fn own(of: &Locked<Instance>, term: Key) -> Own {
    terms::table.find(term).filter(terms::instance_id.eq(of.id))
}

/// Terms, each with its instance.
///
/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, terms: &[(&Locked<Instance>, Term)]) -> Result<(), DbError> {
    debug_assert!(terms.iter().all(|(of, t)| of.id == t.instance_id), "the locks are those of the terms' instances");
    db::each_part(tx, terms, |part| db::Insert {
        table: "terms",
        columns: ["id", "instance_id", "line_id", "seq", "start_at", "end_at", "period", "price_minor", "removed"],
        rows: part
            .iter()
            .map(|(_, t)| {
                db::row![&t.id, &t.instance_id, &t.line_id, t.seq, t.start_at, t.end_at, t.period.to_string(), t.price_minor, t.removed]
            })
            .collect(),
        conflict: "",
    })?;
    Ok(())
}

/// The terms of an instance that stand, in order.
///
/// # Errors
/// [`DbError`].
pub fn of_instance(tx: &mut Tx, instance: Key) -> Result<Vec<Term>, DbError> {
    Ok(terms::table
        .filter(terms::instance_id.eq(instance))
        .filter(terms::removed.eq(false))
        .order(terms::seq)
        .select(Term::as_select())
        .load(tx)?)
}

/// Whether a term of an instance begins between two moments.
///
/// # Errors
/// [`DbError`].
pub fn any_begins(tx: &mut Tx, instance: Key, (after, before): (Moment, Moment)) -> Result<bool, DbError> {
    let own = terms::table.filter(terms::instance_id.eq(instance)).filter(terms::removed.eq(false));
    let begins = own.filter(terms::start_at.gt(after)).filter(terms::start_at.lt(before));
    Ok(begins.select(terms::id).first::<Key>(tx).optional()?.is_some())
}

/// How many terms an instance ever had, removed ones included.
///
/// # Errors
/// [`DbError`].
pub fn count(tx: &mut Tx, instance: Key) -> Result<i64, DbError> {
    Ok(terms::table.filter(terms::instance_id.eq(instance)).count().get_result(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn remove(tx: &mut Tx, of: &Locked<Instance>, id: Key) -> Result<Written, DbError> {
    let there = own(of, id).filter(terms::removed.eq(false));
    Ok(Written::from_rows(diesel::update(there).set(terms::removed.eq(true)).run(tx)?))
}

/// Ends a term at another moment.
///
/// # Errors
/// [`DbError`].
pub fn end(tx: &mut Tx, of: &Locked<Instance>, id: Key, end_at: Moment) -> Result<(), DbError> {
    diesel::update(own(of, id)).set(terms::end_at.eq(end_at)).run(tx)?;
    Ok(())
}

/// Adds what changes of an instance cost to its terms.
///
/// # Errors
/// [`DbError`].
pub fn insert_fees(tx: &mut Tx, _of: &Locked<Instance>, fees: &[TermFee]) -> Result<(), DbError> {
    db::each_part(tx, fees, |part| db::Insert {
        table: "term_fees",
        columns: ["term_id", "line_id", "fee_minor", "days"],
        rows: part.iter().map(|f| db::row![&f.term_id, &f.line_id, f.fee_minor, f.days]).collect(),
        conflict: "",
    })?;
    Ok(())
}

/// What changes added to terms.
///
/// # Errors
/// [`DbError`].
pub fn fees(tx: &mut Tx, of: &[Key]) -> Result<Vec<TermFee>, DbError> {
    let query = term_fees::table.filter(term_fees::term_id.eq_any(of.to_vec()));
    Ok(query.order((term_fees::term_id, term_fees::line_id)).select(TermFee::as_select()).load(tx)?)
}

/// What lines of changes added to terms.
///
/// # Errors
/// [`DbError`].
pub fn fees_of_lines(tx: &mut Tx, lines: &[Key]) -> Result<Vec<TermFee>, DbError> {
    Ok(term_fees::table.filter(term_fees::line_id.eq_any(lines.to_vec())).select(TermFee::as_select()).load(tx)?)
}

/// Sets what a line paid for a term, after a part of it was given back.
///
/// # Errors
/// [`DbError`].
pub fn set_paid(tx: &mut Tx, of: &Locked<Instance>, (term, line): (&Term, Key), minor: i64) -> Result<(), DbError> {
    if term.line_id == line {
        diesel::update(own(of, term.id)).set(terms::price_minor.eq(minor)).run(tx)?;
    } else {
        diesel::update(term_fees::table.find((term.id, line))).set(term_fees::fee_minor.eq(minor)).run(tx)?;
    }
    Ok(())
}
