//! Floating seats: taken with the code, renewed and returned with the lease; the answer is signed, so that the software
//! need not trust whoever answered.

use super::{file, node, node::Side, right, right::Right, usage};
use crate::{Ctx, Error, Tenant, event};
use db::{DbError, Key, Moment, Tx};
use domain::{
    Timestamp,
    licence_rules::grace_end,
    seat::{self, Place, Wish},
};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    Written,
    licence_seat::{self as rows, Seat},
};
use wire::licence_file::Lease;

/// What the software asks for.
#[derive(Debug, Clone)]
pub struct Take {
    pub code: String,
    /// A stable id of the end user.
    pub client: String,
    pub fingerprint: Option<String>,
    pub take_over: bool,
}

/// A seat that a client holds.
#[derive(Debug, Clone)]
pub struct Taken {
    pub right: Right,
    pub seat: Seat,
    /// Seats that are held now, this one among them, and all that were bought.
    pub held: i64,
    pub seats: i64,
    /// Signed, good until the lease is over.
    pub token: String,
}

fn view(row: &Seat) -> seat::Seat {
    seat::Seat { slot: row.slot, client: row.client.clone(), renewed_at: row.renewed_at.at(), lease_until: row.lease_until.at() }
}

fn seats_of(right: &Right) -> Result<i64, Error> {
    right.seats().ok_or_else(|| Error::conflict("licence.no_seats", "this licence is not sold by seat; its clients are not counted"))
}

/// The end of a lease that begins now: what is signed for it is good no longer than the term with its grace.
fn lease_end(right: &Right, now: Timestamp) -> Moment {
    let end = now + lease_time(right);
    Moment::of(grace_end(right.expires_at, right.rules.grace_days).map_or(end, |grace| grace.min(end)))
}

/// What a code stands for, for a lease that begins now. One that reaches into a renewal keeps that from being given back, as a
/// signed file does: whoever gives it back waits for this, and this for them.
fn right_to_lease(tx: &mut Tx, ctx: &Ctx, code: &str) -> Result<Right, Error> {
    let right = right::of_code(tx, ctx, code)?;
    let Some(instance) = right.licence.instance_id else { return Ok(right) };
    if !store::term::any_begins(tx, instance, (ctx.moment(), lease_end(&right, ctx.now)))? {
        return Ok(right);
    }
    let Some(locked) = store::instance::lock(tx, Tenant::Any, instance)? else { return Ok(right) };
    let right = right::of_code(tx, ctx, code)?;
    let end = lease_end(&right, ctx.now);
    store::licence::set_file_until(tx, &locked, right.expires_at.map_or(end, |term| Moment::of(term).min(end)))?;
    Ok(right)
}

fn lease_time(right: &Right) -> SignedDuration {
    SignedDuration::from_mins(i64::from(right.rules.lease_minutes))
}

/// Leases a seat to a client: its own again, a free one, or with its wish and by the rules that of another.
///
/// # Errors
/// Those of a code that is not good ([`right::of_code`]), `licence.no_seats`, `licence.no_seat_free`,
/// `licence.fingerprint`, `licence.node_limit`.
pub fn take(tx: &mut Tx, ctx: &Ctx, cmd: &Take) -> Result<Taken, Error> {
    let right = right_to_lease(tx, ctx, &cmd.code)?;
    let seats = seats_of(&right)?;
    let machine = node::bind(tx, ctx, &right, cmd.fingerprint.as_deref())?;
    let all = rows::of_licence(tx, right.licence.id)?;
    let views: Vec<seat::Seat> = all.iter().map(view).collect();
    let wish = Wish { client: &cmd.client, take_over: cmd.take_over };
    let place = seat::place(&views, seats, lease_time(&right), right.rules.take_over, wish, ctx.now)
        .map_err(|e| Error::conflict("licence.no_seat_free", format!("{e}; return one, or wait")))?;
    let slot = match &place {
        Place::Own(slot) | Place::Free(slot, _) => *slot,
        Place::Taken(other) => other.slot,
    };
    let row = Seat {
        licence_id: right.licence.id,
        slot,
        lease: ctx.key(),
        client: cmd.client.clone(),
        node_id: machine.as_ref().map(|(id, _)| *id),
        taken_at: ctx.moment(),
        renewed_at: ctx.moment(),
        lease_until: lease_end(&right, ctx.now),
    };
    sit_down(tx, &all, &row)?;
    if let Place::Taken(other) = place {
        let about = event::About { instance: right.licence.instance_id, ..event::About::default() };
        event::record(tx, ctx, "licence.seat_taken_over", about, &json!({ "slot": slot, "from": other.client, "by": cmd.client }))?;
    }
    usage::count(tx, ctx, right.licence.id, &cmd.client)?;
    let others = all.iter().filter(|s| s.slot != slot && s.client != cmd.client && s.lease_until > ctx.moment()).count();
    signed(tx, ctx, right, row, i64::try_from(others).unwrap_or(i64::MAX) + 1)
}

/// Writes who sits where. Somebody else who was first makes the whole unit run again.
fn sit_down(tx: &mut Tx, all: &[Seat], row: &Seat) -> Result<(), Error> {
    // A client has one row: what it left behind elsewhere goes.
    if let Some(old) = all.iter().find(|s| s.client == row.client && s.slot != row.slot) {
        rows::end(tx, old.licence_id, old.lease)?;
    }
    let raced = || Error::from(DbError::Raced);
    let written = match all.iter().find(|s| s.slot == row.slot) {
        Some(before) => rows::replace(tx, before.lease, row),
        None => rows::insert(tx, row).map(|()| Written::Yes),
    };
    match written {
        Err(e) if e.is_unique_violation() => Err(raced()),
        Ok(Written::SomeoneElseWasFirst) => Err(raced()),
        result => Ok(result.map(drop)?),
    }
}

fn signed(tx: &mut Tx, ctx: &Ctx, right: Right, seat: Seat, held: i64) -> Result<Taken, Error> {
    let lease = Lease { id: lease_text(seat.lease), client: seat.client.clone() };
    let token = file::sign(tx, ctx, &right, file::Content { end: Some(seat.lease_until.at()), machine: None, lease: Some(lease) })?;
    Ok(Taken { seats: seats_of(&right)?, right, seat, held, token })
}

/// A lease as the software keeps it.
#[must_use]
pub fn lease_text(lease: Key) -> String {
    hex::encode(lease.0)
}

fn key_of(lease: &str) -> Result<Key, Error> {
    let bytes = hex::decode(lease).ok().and_then(|b| b.try_into().ok()).map(Key);
    bytes.ok_or_else(|| Error::field("/lease", "licence.bad_lease", "a lease is the 32 hexadecimal digits that were answered"))
}

fn lost() -> Error {
    Error::conflict("licence.seat_lost", "the lease is over: it ran out, was returned, released or taken over; take a seat again")
}

/// Makes a lease last as long again from now. One that ran out is renewed too while nobody sits there.
///
/// # Errors
/// Those of a code that is not good, `licence.no_seats`, `licence.bad_lease`, `licence.seat_lost`.
pub fn renew(tx: &mut Tx, ctx: &Ctx, code: &str, lease: &str) -> Result<Taken, Error> {
    let right = right_to_lease(tx, ctx, code)?;
    let seats = seats_of(&right)?;
    let all = rows::of_licence(tx, right.licence.id)?;
    let lease = key_of(lease)?;
    let mut seat = all.iter().find(|s| s.lease == lease).cloned().ok_or_else(lost)?;
    let others = all.iter().filter(|s| s.slot != seat.slot && s.lease_until > ctx.moment()).count();
    let others = i64::try_from(others).unwrap_or(i64::MAX);
    if seat.slot >= seats || others >= seats {
        return Err(lost());
    }
    let until = lease_end(&right, ctx.now);
    if rows::renew(tx, &seat, ctx.now_micros(), until.micros())? == Written::SomeoneElseWasFirst {
        return Err(lost());
    }
    (seat.renewed_at, seat.lease_until) = (ctx.moment(), until);
    signed(tx, ctx, right, seat, others + 1)
}

/// Frees a seat; a second time changes nothing.
///
/// # Errors
/// `licence.not_found`, `licence.bad_lease`.
pub fn give_back(tx: &mut Tx, code: &str, lease: &str) -> Result<(), Error> {
    let lease = key_of(lease)?;
    let licence = store::licence::by_code(tx, crate::Tenant::Any, code)?;
    let licence = licence.ok_or_else(|| Error::not_found("licence.not_found", "there is no such code; look for a typing error"))?;
    rows::end(tx, licence.id, lease)?;
    Ok(())
}

/// The seats of a licence that are held now.
pub(super) fn held(tx: &mut Tx, ctx: &Ctx, right: &Right) -> Result<Vec<Seat>, Error> {
    let all = rows::of_licence(tx, right.licence.id)?;
    Ok(all.into_iter().filter(|s| s.lease_until > ctx.moment()).collect())
}

/// Puts a client out of its seat; its next renewal is refused.
pub(super) fn release(tx: &mut Tx, ctx: &Ctx, right: &Right, side: Side, slot: i64) -> Result<(), Error> {
    let seat = held(tx, ctx, right)?.into_iter().find(|s| s.slot == slot);
    let seat = seat.ok_or_else(|| Error::not_found("licence.no_such_seat", "nobody holds this seat"))?;
    if rows::end(tx, right.licence.id, seat.lease)? == 0 {
        return Err(DbError::Raced.into());
    }
    let about = event::About { instance: right.licence.instance_id, ..event::About::default() };
    let data = json!({ "slot": slot, "from": seat.client, "by": side.as_str() });
    event::record(tx, ctx, "licence.seat_released", about, &data)
}
