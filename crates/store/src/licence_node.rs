//! Machines that licences are bound to.

use crate::{DbError, Key, Moment, Tx, Written};
use db::{Run, schema::licence_nodes};
use diesel::prelude::*;

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = licence_nodes)]
    pub struct Node of licence_nodes {
        pub id: Key,
        pub licence_id: Key,
        pub slot: i64,
        pub fingerprint: String,
        pub bound_at: Moment,
        pub seen_at: Moment,
        pub released_at: Option<Moment>,
        pub released_by: Option<String>,
    }
}

/// The machines that a licence is bound to, the oldest first.
///
/// # Errors
/// [`DbError`].
pub fn bound(tx: &mut Tx, licence: Key) -> Result<Vec<Node>, DbError> {
    let own = licence_nodes::table.filter(licence_nodes::licence_id.eq(licence)).filter(licence_nodes::released_at.is_null());
    Ok(own.order((licence_nodes::bound_at, licence_nodes::id)).select(Node::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`]; a unique violation when another machine was bound to the slot meanwhile.
pub fn insert(tx: &mut Tx, node: &Node) -> Result<(), DbError> {
    diesel::insert_into(licence_nodes::table).values(node).run(tx)?;
    Ok(())
}

/// Notes that a machine was seen.
///
/// # Errors
/// [`DbError`].
pub fn seen(tx: &mut Tx, id: Key, at: i64) -> Result<(), DbError> {
    diesel::update(licence_nodes::table.find(id)).set(licence_nodes::seen_at.eq(at)).run(tx)?;
    Ok(())
}

/// Frees the slot of a machine, once.
///
/// # Errors
/// [`DbError`].
pub fn release(tx: &mut Tx, licence: Key, id: Key, at: i64, by: &str) -> Result<Written, DbError> {
    let bound = licence_nodes::table.find(id).filter(licence_nodes::licence_id.eq(licence)).filter(licence_nodes::released_at.is_null());
    let set = (licence_nodes::released_at.eq(at), licence_nodes::released_by.eq(by.to_owned()));
    Ok(Written::from_rows(diesel::update(bound).set(set).run(tx)?))
}

/// How many machines of a licence a side released since a moment.
///
/// # Errors
/// [`DbError`].
pub fn released_since(tx: &mut Tx, licence: Key, by: &str, since: i64) -> Result<i64, DbError> {
    let own = licence_nodes::table.filter(licence_nodes::licence_id.eq(licence)).filter(licence_nodes::released_by.eq(by.to_owned()));
    Ok(own.filter(licence_nodes::released_at.gt(since)).count().get_result(tx)?)
}
