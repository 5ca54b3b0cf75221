//! What happens outside and moves a case: a code is activated, a carrier delivers, an interface never opens.

use super::{Done, Found, find, of_order};
use crate::{Ctx, Error, Tenant};
use db::Tx;
use domain::{
    Timestamp,
    id::SupervisionId,
    supervision::{Happening, Input, Party},
};
use serde_json::json;
use store::instance::Instance;

/// The software activated the code of an instance; says whether a case was moved by it.
///
/// # Errors
/// `supervision.not_taken`, `supervision.frozen`, `supervision.not_awaited`, `supervision.over`.
pub(crate) fn activated(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<bool, Error> {
    let Some(row) = store::supervision::of_instance(tx, instance.id)? else {
        return Ok(false);
    };
    let mut found = super::read(tx, row)?;
    let input = Input::Happened { event: Happening::Activation, at: ctx.now };
    found.moved(tx, ctx, &input, &Done { party: Some(Party::Seller), kind: "activation", data: json!({}), documents: &[] })?;
    Ok(true)
}

/// The carrier reports that the goods of a case were delivered.
///
/// # Errors
/// `supervision.not_found`, `supervision.not_awaited` also for a time before they were shipped or in the future.
pub fn carrier_delivered(tx: &mut Tx, ctx: &Ctx, id: SupervisionId, at: Timestamp) -> Result<Found, Error> {
    let mut found = find(tx, Tenant::Any, id)?;
    let input = Input::Happened { event: Happening::CarrierDelivered, at };
    let done = Done { party: Some(Party::Operator), kind: "carrier_delivered", data: json!({ "at": at }), documents: &[] };
    found.moved(tx, ctx, &input, &done)?;
    Ok(found)
}

/// The interface of a supervised order did not open anything: everything goes back. Says whether there was a case.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn opening_failed(tx: &mut Tx, ctx: &Ctx, order: db::Key, reason: &str) -> Result<bool, Error> {
    let Some(mut found) = of_order(tx, order)?.filter(|f| f.case.ended_at.is_none()) else {
        return Ok(false);
    };
    let done = Done { party: None, kind: "opening_failed", data: json!({ "reason": reason }), documents: &[] };
    found.moved(tx, ctx, &Input::OpeningFailed, &done)?;
    Ok(true)
}
