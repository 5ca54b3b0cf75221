//! Order notification (订单通知): a paid order is told to the seller at an address of its own, beside the
//! calls on the instance and never in their way (`saas-interface 5`).

use super::enqueue;
use crate::{Ctx, Error, interface};
use db::Tx;
use store::{
    call::{self, Call, Progress},
    instance::Instance,
};
use wire::{
    order_notify,
    saas_v2::{self, OrderIds, Request, Scene},
};

/// The order of a call that was paid for; releases and cancelled renewals are not purchases.
fn purchase(request: &Request) -> Option<&OrderIds> {
    match request {
        Request::RefreshInstance { scene: Scene::UnsubscribeRenewalPeriod, .. }
        | Request::QueryInstance { .. }
        | Request::UpdateInstanceStatus { .. }
        | Request::ReleaseInstance { .. } => None,
        Request::NewInstance { order, .. } | Request::RefreshInstance { order, .. } | Request::UpgradeInstance { order, .. } => Some(order),
    }
}

/// Tells the seller of the order behind a call that is sent for the first time, when an address for that
/// was configured and debugged.
pub(super) fn with_first_attempt(tx: &mut Tx, ctx: &Ctx, call: &Call, instance: &Instance, request: &Request) -> Result<(), Error> {
    let Some(order) = purchase(request).filter(|_| call.attempts == 0) else {
        return Ok(());
    };
    if interface::notify_address(tx, call.seller_id, call.product_id)?.is_none() {
        return Ok(());
    }
    let order_row = call.order_id.zip(call.order_number.clone());
    let text = serde_json::to_string(order).map_err(|e| Error::row("calls", &order.order_id, e))?;
    enqueue::beside(tx, ctx, instance, order_row, order_notify::ACTIVITY, text)
}

/// What is sent for a notification: address, body and key; nothing when none is configured any more.
pub(super) fn target(tx: &mut Tx, ctx: &Ctx, call: &Call) -> Result<Option<interface::Target>, Error> {
    match interface::notify_address(tx, call.seller_id, call.product_id)? {
        Some(address) => interface::target(tx, ctx, call.seller_id, address.id.id()).map(Some),
        None => {
            let progress = Progress {
                id: call.id,
                state: "failed",
                failures: call.failures,
                next_at: None,
                ended_at: Some(ctx.now_micros()),
                error: Some("no address for order notifications is configured any more"),
            };
            call::progress(tx, &progress)?;
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
