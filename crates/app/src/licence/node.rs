//! Machines: a licence is bound to those that it is first used on, as many as were bought.

use super::right::Right;
use crate::{Ctx, Error, Tenant, event, micros};
use db::{DbError, Key, Tx};
use domain::licence_rules::{NodeMatch, RELEASES_OVER_DAYS, may_release};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    Written,
    licence_node::{self as rows, Node},
    licence_seat,
};
use wire::licence_file::{Fingerprint, Machine, Refusal};

/// Seconds after which it is written down again that a machine was seen.
const SEEN_AGAIN: i64 = 3_600;

/// Which side frees a machine or a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Buyer,
    Seller,
    Operator,
}

impl Side {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Seller => "seller",
            Self::Operator => "operator",
        }
    }
}

fn parts(node: &Node) -> Result<Fingerprint, Error> {
    serde_json::from_str(&node.fingerprint).map_err(|e| Error::row("licence_nodes", hex::encode(node.id.0), e))
}

/// A machine that the licence may be used on, bound now if it is new; none when the rules bind no machines.
///
/// # Errors
/// `licence.fingerprint`, `licence.node_limit`.
pub(super) fn bind(tx: &mut Tx, ctx: &Ctx, right: &Right, fingerprint: Option<&str>) -> Result<Option<(Key, Machine)>, Error> {
    let Some(limit) = right.nodes() else { return Ok(None) };
    let here = fingerprint.ok_or(Refusal::NoFingerprint).and_then(Fingerprint::of).map_err(|e| {
        let detail = format!("{e}: this licence is bound to machines; send MAC addresses, disk, board and CPU serials joined by |");
        Error::field("/fingerprint", "licence.fingerprint", detail)
    })?;
    let exact = right.rules.node_match == NodeMatch::Exact;
    let bound = rows::bound(tx, right.licence.id)?;
    for node in &bound {
        let known = parts(node)?;
        if known.same_machine(&here, exact) {
            if ctx.now.duration_since(node.seen_at.at()).as_secs() >= SEEN_AGAIN {
                rows::seen(tx, node.id, ctx.now_micros())?;
            }
            return Ok(Some((node.id, Machine { exact, parts: known })));
        }
    }
    let Some(slot) = (0..limit).find(|slot| !bound.iter().any(|n| n.slot == *slot)) else {
        let detail = format!("the licence is bound to {limit} machines already; release one on its page");
        return Err(Error::conflict("licence.node_limit", detail));
    };
    let node = Node {
        id: ctx.key(),
        licence_id: right.licence.id,
        slot,
        fingerprint: serde_json::to_string(&here).map_err(|e| Error::row("licence_nodes", "new", e))?,
        bound_at: ctx.moment(),
        seen_at: ctx.moment(),
        released_at: None,
        released_by: None,
    };
    match rows::insert(tx, &node) {
        Err(e) if e.is_unique_violation() => return Err(DbError::Raced.into()),
        result => result?,
    }
    let about = event::About { instance: right.licence.instance_id, ..event::About::default() };
    event::record(tx, ctx, "licence.node_bound", about, &json!({ "node": hex::encode(node.id.0), "slot": slot }))?;
    Ok(Some((node.id, Machine { exact, parts: here })))
}

/// The machines that a licence is bound to.
///
/// # Errors
/// [`Error::Store`].
pub(super) fn bound(tx: &mut Tx, right: &Right) -> Result<Vec<Node>, Error> {
    Ok(rows::bound(tx, right.licence.id)?)
}

/// Frees the place of a machine, and the seats that it holds. The buyer does so as often as the rules say, the others
/// always; a file that the machine keeps works until its own end.
///
/// # Errors
/// `licence.no_such_node`, `licence.node_releases`.
pub(super) fn release(tx: &mut Tx, ctx: &Ctx, right: &Right, side: Side, node: Key) -> Result<(), Error> {
    let licence = right.licence.id;
    // Counted by one at a time.
    right.licence.instance_id.map(|id| store::instance::lock(tx, Tenant::Any, id)).transpose()?;
    if side == Side::Buyer {
        let since = micros(ctx.now - SignedDuration::from_hours(24 * RELEASES_OVER_DAYS));
        let released = rows::released_since(tx, licence, Side::Buyer.as_str(), since)?;
        if !may_release(&right.rules, released) {
            let detail = format!(
                "{} machines may be released in {RELEASES_OVER_DAYS} days and {released} were; ask the seller, who may release more",
                right.rules.node_releases
            );
            return Err(Error::conflict("licence.node_releases", detail));
        }
    }
    if rows::release(tx, licence, node, ctx.now_micros(), side.as_str())? == Written::SomeoneElseWasFirst {
        return Err(Error::not_found("licence.no_such_node", "the licence is not bound to such a machine"));
    }
    let seats = licence_seat::remove_of_node(tx, licence, node)?;
    let about = event::About { instance: right.licence.instance_id, ..event::About::default() };
    let data = json!({ "node": hex::encode(node.0), "by": side.as_str(), "seats": seats });
    event::record(tx, ctx, "licence.node_released", about, &data)
}
