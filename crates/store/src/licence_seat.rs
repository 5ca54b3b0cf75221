//! Seats of licences, each leased by one client at a time.

use crate::{DbError, Key, Moment, Tx, Written};
use db::{Run, schema::licence_seats};
use diesel::prelude::*;

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable, AsChangeset)]
    #[diesel(table_name = licence_seats)]
    #[diesel(treat_none_as_null = true)]
    pub struct Seat of licence_seats {
        pub licence_id: Key,
        pub slot: i64,
        pub lease: Key,
        pub client: String,
        pub node_id: Option<Key>,
        pub taken_at: Moment,
        pub renewed_at: Moment,
        pub lease_until: Moment,
    }
}

/// All rows of a licence by slot, also of leases that are over.
///
/// # Errors
/// [`DbError`].
pub fn of_licence(tx: &mut Tx, licence: Key) -> Result<Vec<Seat>, DbError> {
    let own = licence_seats::table.filter(licence_seats::licence_id.eq(licence));
    Ok(own.order(licence_seats::slot).select(Seat::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`]; a unique violation when another client sat down meanwhile.
pub fn insert(tx: &mut Tx, seat: &Seat) -> Result<(), DbError> {
    diesel::insert_into(licence_seats::table).values(seat).run(tx)?;
    Ok(())
}

/// Gives a slot to a client, unless its lease is another one by now.
///
/// # Errors
/// [`DbError`]; a unique violation when the client sat down elsewhere meanwhile.
pub fn replace(tx: &mut Tx, before: Key, seat: &Seat) -> Result<Written, DbError> {
    let same = licence_seats::table.find((seat.licence_id, seat.slot)).filter(licence_seats::lease.eq(before));
    Ok(Written::from_rows(diesel::update(same).set(seat).run(tx)?))
}

/// Makes a lease last until a moment, if it is still the slot's.
///
/// # Errors
/// [`DbError`].
pub fn renew(tx: &mut Tx, seat: &Seat, at: i64, until: i64) -> Result<Written, DbError> {
    let same = licence_seats::table.find((seat.licence_id, seat.slot)).filter(licence_seats::lease.eq(seat.lease));
    let set = (licence_seats::renewed_at.eq(at), licence_seats::lease_until.eq(until));
    Ok(Written::from_rows(diesel::update(same).set(set).run(tx)?))
}

/// Ends a lease; how many there were, one or none.
///
/// # Errors
/// [`DbError`].
pub fn end(tx: &mut Tx, licence: Key, lease: Key) -> Result<usize, DbError> {
    let own = licence_seats::table.filter(licence_seats::licence_id.eq(licence)).filter(licence_seats::lease.eq(lease));
    Ok(diesel::delete(own).run(tx)?)
}

/// Takes the seats away that a machine holds.
///
/// # Errors
/// [`DbError`].
pub fn remove_of_node(tx: &mut Tx, licence: Key, node: Key) -> Result<usize, DbError> {
    let own = licence_seats::table.filter(licence_seats::licence_id.eq(licence)).filter(licence_seats::node_id.eq(node));
    Ok(diesel::delete(own).run(tx)?)
}
