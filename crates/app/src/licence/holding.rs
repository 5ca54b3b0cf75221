//! The page of a licence: its rules, who sits on its seats, which machines it is bound to; and what its two sides may
//! take back.

use super::{Held, node, node::Side, right, right::Right, seat};
use crate::{Ctx, Error, Tenant};
use db::{Key, Tx};
use store::{licence::Licence, licence_node::Node, licence_seat::Seat};

/// What a licence allows and how it is used.
pub struct Holding {
    pub right: Right,
    pub seats: Vec<Seat>,
    pub nodes: Vec<Node>,
}

/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn holding(tx: &mut Tx, ctx: &Ctx, licence: Licence) -> Result<Holding, Error> {
    let instance = licence.instance_id.map(|id| store::instance::lookup(tx, Tenant::Any, id)).transpose()?.flatten();
    let right = right::of(tx, ctx, Held { licence, instance })?;
    Ok(Holding { seats: seat::held(tx, ctx, &right)?, nodes: node::bound(tx, &right)?, right })
}

fn own(tx: &mut Tx, ctx: &Ctx, tenant: Tenant, code: &str) -> Result<(Right, Side), Error> {
    let missing = || Error::not_found("licence.not_found", "there is no such licence");
    let licence = store::licence::by_code(tx, tenant, code)?.ok_or_else(missing)?;
    let side = match tenant {
        Tenant::Buyer(_) => Side::Buyer,
        Tenant::Seller(_) => Side::Seller,
        Tenant::Any => Side::Operator,
    };
    if side == Side::Buyer && licence.shown_at.is_none() {
        return Err(missing());
    }
    Ok((holding(tx, ctx, licence)?.right, side))
}

/// Frees the place of a machine.
///
/// # Errors
/// `licence.not_found`, `licence.no_such_node`, `licence.node_releases`.
pub fn release_node(tx: &mut Tx, ctx: &Ctx, tenant: Tenant, code: &str, node: Key) -> Result<(), Error> {
    let (right, side) = own(tx, ctx, tenant, code)?;
    node::release(tx, ctx, &right, side, node)
}

/// Puts a client out of its seat.
///
/// # Errors
/// `licence.not_found`, `licence.no_such_seat`.
pub fn release_seat(tx: &mut Tx, ctx: &Ctx, tenant: Tenant, code: &str, slot: i64) -> Result<(), Error> {
    let (right, side) = own(tx, ctx, tenant, code)?;
    seat::release(tx, ctx, &right, side, slot)
}
