//! Order notification (订单通知): a paid order is told to the seller at an address of its own, beside the
//! calls on the instance and never in their way (`saas-interface 5`).

use super::{Said, enqueue};
use crate::{Ctx, Error, interface};
use db::{Key, Tx};
use domain::call::{Activity, CallState};
use store::{
    Locked,
    call::{self, Call, Progress},
    instance::Instance,
    order::{Line, Order},
};
use wire::{
    order_notify,
    saas_v2::{self, OrderIds},
};

/// Tells the seller of the order behind a call that was just begun for the first time, when an address for
/// that was configured and debugged. Whoever began the attempt calls this, so nobody is told twice.
pub(super) fn with_first_attempt(tx: &mut Tx, ctx: &Ctx, call: &Call, instance: &Locked<Instance>) -> Result<(), Error> {
    if call.attempts > 0 || call.activity == Activity::Notify {
        return Ok(());
    }
    let said = Said::read(call)?;
    let Some(ids) = said.purchase() else {
        return Ok(());
    };
    purchase(tx, ctx, instance, call.order_id.zip(call.order_number.clone()), ids)
}

/// Tells the seller of a purchase, if an address for that is configured and debugged.
pub(super) fn purchase(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    order: Option<(Key, String)>,
    ids: &OrderIds,
) -> Result<(), Error> {
    if interface::notify_address(tx, instance)?.is_none() {
        return Ok(());
    }
    let text = serde_json::to_string(ids).map_err(|e| Error::row("calls", &ids.order_id, e))?;
    enqueue::beside(tx, ctx, instance, order, Activity::Notify, text)
}

/// Tells the seller of an order that no call is made for: a licence by code.
pub(crate) fn of_order(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, order: &Order, line: &Line) -> Result<(), Error> {
    purchase(tx, ctx, instance, Some((order.id, order.number.clone())), &crate::order::ids(order, line))
}

/// What is sent for a notification: address, body and key; nothing when none is configured any more.
pub(super) fn target(tx: &mut Tx, ctx: &Ctx, call: &Call, instance: &Locked<Instance>) -> Result<Option<interface::Target>, Error> {
    match interface::notify_address(tx, instance)? {
        Some(address) => interface::target(tx, ctx, call.seller_id, address.id.id()).map(Some),
        None => {
            let progress = Progress {
                id: call.id,
                state: CallState::Failed,
                failures: call.failures,
                next_at: None,
                ended_at: Some(ctx.moment()),
                error: Some("no address for order notifications is configured any more"),
            };
            call::progress(tx, instance, &progress)?;
            Ok(None)
        }
    }
}

/// The query and body of a notification, signed at wall time.
pub(super) fn signed(ctx: &Ctx, target: &interface::Target, call: &Call) -> Result<(String, String), Error> {
    let order: OrderIds = serde_json::from_str(&call.request).map_err(|e| Error::row("calls", hex::encode(call.id.0), e))?;
    let body = order_notify::body(&order, false);
    let query = saas_v2::sign(&target.secret, &body, ctx.wall.as_millisecond(), &ctx.random_hex(16)).encoded();
    Ok((query, body))
}
