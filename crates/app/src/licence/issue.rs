//! A paid licence: its code is made with its instance and shown by the rules of the order's date; activation opens it.

use super::new_code;
use crate::{Ctx, Error, call, event, instance};
use db::{DbError, Key, Tx};
use serde_json::json;
use store::{
    Locked,
    instance::Instance,
    licence::{self, Licence},
    order::{Line, Order},
};

/// Issues the code of a paid line. The seller is called by nobody; a server that wants to hear of orders is notified.
///
/// # Errors
/// [`Error::Store`].
pub fn issue(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line) -> Result<Locked<Instance>, Error> {
    let code = new_code(ctx);
    let instance = Instance { seller_instance_id: Some(code.clone()), ..instance::reserve(tx, ctx, order, line)? };
    let row = Licence {
        id: ctx.key(),
        code,
        seller_id: order.seller_id,
        buyer_id: Some(order.buyer_id),
        product_id: Some(line.product_id),
        instance_id: Some(instance.id),
        order_line: Some(line.number.clone()),
        issued_at: ctx.moment(),
        ordered_at: order.created_at,
        activated_at: None,
        real_effect_at: None,
        queried_at: None,
        shown_at: None,
        file_until: None,
    };
    let instance = match licence::insert_with_instance(tx, instance, &row) {
        Err(e) if e.is_unique_violation() => return Err(DbError::Raced.into()),
        result => result?,
    };
    // The code itself is not written: who reads an order's events need not hold it.
    event::record(tx, ctx, "licence.issued", event::About::order(order.id, Some(instance.id)), &json!({ "line": line.number }))?;
    call::notify_of(tx, ctx, &instance, order, line)?;
    Ok(instance)
}

/// The buyer took the code of an instance: he sees it from now on.
pub(crate) fn shown(tx: &mut Tx, ctx: &Ctx, instance: Key) -> Result<(), Error> {
    let locked = crate::instance::locked(tx, crate::Tenant::Any, instance.id())?;
    Ok(licence::show(tx, &locked, ctx.now_micros())?)
}
