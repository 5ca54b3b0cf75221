//! Order notification (订单通知): a paid order is told to the seller at an address of its own, beside the
//! calls on the instance and never in their way (`saas-interface 5`).

use super::{activity, enqueue};
use crate::{Ctx, Error, Tenant, interface};
use db::Tx;
use domain::call::Activity;
use store::{
    call::{self, Call, Progress},
    instance,
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
        | Request::ChangeInstanceCheck { .. }
        | Request::ReleaseInstance { .. } => None,
        Request::NewInstance { order, .. } | Request::RefreshInstance { order, .. } | Request::UpgradeInstance { order, .. } => Some(order),
    }
}

/// Tells the seller of the order behind a call that was just begun for the first time, when an address for
/// that was configured and debugged. Whoever began the attempt calls this, so nobody is told twice.
pub(super) fn with_first_attempt(tx: &mut Tx, ctx: &Ctx, call: &Call) -> Result<(), Error> {
    if call.attempts > 0 || activity(call)? == Activity::Notify {
        return Ok(());
    }
    let bad = |e: serde_json::Error| Error::row("calls", hex::encode(call.id.0), e);
    let request: Request = serde_json::from_str(&call.request).map_err(bad)?;
    let Some(order) = purchase(&request) else {
        return Ok(());
    };
    if interface::notify_address(tx, call.seller_id, call.product_id)?.is_none() {
        return Ok(());
    }
    let gone = || Error::row("calls", hex::encode(call.id.0), "its instance is gone");
    let instance = instance::lookup(tx, Tenant::Any, call.instance_id)?.ok_or_else(gone)?;
    let text = serde_json::to_string(order).map_err(bad)?;
    enqueue::beside(tx, ctx, &instance, call.order_id.zip(call.order_number.clone()), order_notify::ACTIVITY, text)
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
