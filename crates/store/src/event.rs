//! Events: append-only, sealed into a hash chain in the background.

use crate::{DbError, Key, Tx};
use db::{
    Run,
    schema::{event_seals, events},
};
use diesel::prelude::*;

#[derive(Debug, Clone)]
pub struct NewEvent {
    pub kind: String,
    pub at: i64,
    pub recorded_at: i64,
    pub actor: String,
    pub order_id: Option<Key>,
    pub instance_id: Option<Key>,
    pub product_id: Option<Key>,
    pub account_id: Option<Key>,
    pub data: String,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct Event {
    pub seq: i64,
    pub kind: String,
    pub at: i64,
    pub recorded_at: i64,
    pub actor: String,
    pub order_id: Option<Key>,
    pub instance_id: Option<Key>,
    pub product_id: Option<Key>,
    pub account_id: Option<Key>,
    pub data: String,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = event_seals)]
pub struct Seal {
    pub last_seq: i64,
    pub hash: Vec<u8>,
    pub sealed_at: i64,
    /// What it covers of its events: 1, what is shown of them; 2, all of their columns.
    pub form: i64,
    /// Why it was made again.
    pub reason: Option<String>,
}

/// Appends events, in their order.
///
/// # Errors
/// [`DbError`].
pub fn append(tx: &mut Tx, new: &[NewEvent]) -> Result<(), DbError> {
    db::each_part(tx, new, insertion)?;
    Ok(())
}

/// The insert of events, to be run alone or together with others.
pub(crate) fn insertion(new: &[NewEvent]) -> db::Insert<'_, 9> {
    db::Insert {
        table: "events",
        columns: ["kind", "actor", "data", "at", "recorded_at", "order_id", "instance_id", "product_id", "account_id"],
        rows: new
            .iter()
            .map(|e| db::row![&e.kind, &e.actor, &e.data, e.at, e.recorded_at, &e.order_id, &e.instance_id, &e.product_id, &e.account_id])
            .collect(),
        conflict: "",
    }
}

/// The events of an order, oldest first. The caller has looked up the order for its tenant.
///
/// # Errors
/// [`DbError`].
pub fn of_order(tx: &mut Tx, order: Key) -> Result<Vec<Event>, DbError> {
    Ok(events::table.filter(events::order_id.eq(order)).order(events::seq).limit(2_000).select(Event::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn of_instance(tx: &mut Tx, instance: Key) -> Result<Vec<Event>, DbError> {
    Ok(events::table.filter(events::instance_id.eq(instance)).order(events::seq).limit(5_000).select(Event::as_select()).load(tx)?)
}

/// How many events of a kind an instance has since a moment.
///
/// # Errors
/// [`DbError`].
pub fn count_of_instance(tx: &mut Tx, instance: Key, kind: &str, since: i64) -> Result<i64, DbError> {
    let own = events::table.filter(events::instance_id.eq(instance)).filter(events::kind.eq(kind.to_owned()));
    Ok(own.filter(events::at.ge(since)).count().get_result(tx)?)
}

/// Events after a place until another, in their order.
///
/// # Errors
/// [`DbError`].
pub fn any_between(tx: &mut Tx, after: i64, until: i64, limit: i64) -> Result<Vec<Event>, DbError> {
    Ok(events::table
        .filter(events::seq.gt(after))
        .filter(events::seq.le(until))
        .order(events::seq)
        .limit(limit)
        .select(Event::as_select())
        .load(tx)?)
}

/// The events of a kind that is rare, in their order.
///
/// # Errors
/// [`DbError`].
pub fn any_of_kind(tx: &mut Tx, kind: &str) -> Result<Vec<Event>, DbError> {
    let of = events::table.filter(events::kind.eq(kind.to_owned())).order(events::seq).limit(1_000);
    Ok(of.select(Event::as_select()).load(tx)?)
}

/// The place of the last event that is committed; zero when there is none.
///
/// # Errors
/// [`DbError`].
pub fn any_last(tx: &mut Tx) -> Result<i64, DbError> {
    let last: Option<i64> = events::table.select(diesel::dsl::max(events::seq)).get_result(tx)?;
    Ok(last.unwrap_or(0))
}

/// Open transactions that have appended events, by name. Their events may stand before others that are committed.
///
/// # Errors
/// [`DbError`].
pub fn any_writers(tx: &mut Tx) -> Result<Vec<String>, DbError> {
    db::dialect::writers(tx, "events")
}

/// # Errors
/// [`DbError`].
pub fn last_seal(tx: &mut Tx) -> Result<Option<Seal>, DbError> {
    Ok(event_seals::table.order(event_seals::last_seq.desc()).select(Seal::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn seals_after(tx: &mut Tx, seq: i64, limit: i64) -> Result<Vec<Seal>, DbError> {
    Ok(event_seals::table
        .filter(event_seals::last_seq.gt(seq))
        .order(event_seals::last_seq)
        .limit(limit)
        .select(Seal::as_select())
        .load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn any_remove_seals_after(tx: &mut Tx, seq: i64) -> Result<usize, DbError> {
    Ok(diesel::delete(event_seals::table.filter(event_seals::last_seq.gt(seq))).run(tx)?)
}

/// # Errors
/// [`DbError`]; a unique violation when another node sealed the same events.
pub fn insert_seal(tx: &mut Tx, seal: &Seal) -> Result<(), DbError> {
    diesel::insert_into(event_seals::table).values(seal).run(tx)?;
    Ok(())
}
