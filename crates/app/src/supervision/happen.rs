//! What happens outside and moves a case: a code is activated, a carrier delivers, an interface never opens.

use super::{Done, Found, find, of_order};
use crate::{Ctx, Error, Tenant, order};
use db::{Key, Tx};
use domain::{
    Timestamp,
    id::SupervisionId,
    supervision::{Happening, Input, Party, StepKind},
};
use serde_json::json;
use store::instance::Instance;

/// The software activated the codes of instances; those that no case was moved by are given back.
///
/// # Errors
/// `supervision.not_taken`, `supervision.frozen`, `supervision.refund_open`, `supervision.not_awaited`, `supervision.over`.
pub(crate) fn activated<'a>(tx: &mut Tx, ctx: &Ctx, instances: &[&'a Instance]) -> Result<Vec<&'a Instance>, Error> {
    let ids: Vec<Key> = instances.iter().map(|i| i.id).collect();
    let rows = store::supervision::any_of_instances(tx, &ids)?;
    let mut cases: Vec<Found> = rows.into_iter().map(|row| super::read(tx, ctx, row)).collect::<Result<_, _>>()?;
    let input = Input::Happened { event: Happening::Activation, at: ctx.now };
    super::moved(
        tx,
        ctx,
        &mut cases,
        &input,
        &Done { party: Some(Party::Seller), kind: StepKind::Activation, data: json!({}), documents: &[] },
    )?;
    Ok(instances.iter().copied().filter(|i| cases.iter().all(|found| found.row.instance_id != i.id)).collect())
}

/// The carrier reports that the goods of a case were delivered.
///
/// # Errors
/// `supervision.not_found`, `supervision.not_awaited` also for a time before they were shipped or in the future.
pub fn carrier_delivered(tx: &mut Tx, ctx: &Ctx, id: SupervisionId, at: Timestamp) -> Result<Found, Error> {
    let mut found = find(tx, ctx, Tenant::Any, id)?;
    let input = Input::Happened { event: Happening::CarrierDelivered, at };
    let done = Done { party: Some(Party::Operator), kind: StepKind::CarrierDelivered, data: json!({ "at": at }), documents: &[] };
    found.moved(tx, ctx, &input, &done)?;
    Ok(found)
}

/// The interface of a supervised order did not open anything: everything goes back. Says whether there was a case.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn opening_failed(tx: &mut Tx, ctx: &Ctx, order: db::Key, reason: order::Detail<'_>) -> Result<bool, Error> {
    let Some(mut found) = of_order(tx, ctx, order)?.filter(|f| f.case.ended_at.is_none()) else {
        return Ok(false);
    };
    let done = Done { party: None, kind: StepKind::OpeningFailed, data: json!({ "reason": reason.for_seller() }), documents: &[] };
    found.moved(tx, ctx, &Input::OpeningFailed, &done)?;
    Ok(true)
}
