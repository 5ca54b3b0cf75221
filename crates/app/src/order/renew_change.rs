//! Renewal with change (续费变更): another combination from now on, and a term more of it. The seller is asked
//! first (`order-life 3`); the days to come of the terms before cost what an upgrade would.

use super::{
    Draft, Full, Sold,
    change::fees,
    fulfil::period_of,
    renew::{Subject, draft_of, locked_subject, require_free, subject, taken_and_placed},
};
use crate::{Caller, Ctx, Error, call};
use db::Tx;
use domain::{id::InstanceId, instance::InstanceState, money, order::OrderKind, period::Period};
use store::order::Line;
use wire::{conformance::Exchange, saas_v2::TargetProduct};

/// A renewal with another combination.
#[derive(Debug, Clone)]
pub struct RenewWithChange {
    pub instance: InstanceId,
    pub sku: String,
    pub period: Period,
    pub pay: bool,
}

pub(super) fn draft<'a>(tx: &mut Tx, ctx: &Ctx, caller: &'a Caller, subject: &Subject, cmd: &RenewWithChange) -> Result<Draft<'a>, Error> {
    let subject = &subject.sold_today()?;
    if !subject.specification.renewal_change_allowed {
        return Err(Error::conflict("change.not_offered", "the product offers no renewal with change; renew it as it is"));
    }
    if subject.instance.state != InstanceState::Running {
        return Err(Error::conflict("change.state", "only a running instance is renewed with a change"));
    }
    let new = subject.other_sku(&cmd.sku)?.clone();
    let draft = draft_of(caller, subject, OrderKind::Renew, cmd.period, &new)?;
    subject.require_near(ctx, cmd.period)?;
    // The difference to a smaller one is not given back.
    let added = fees(tx, ctx, subject, &new)?;
    let total_minor = money::sum([draft.total_minor, added.total()?])?;
    let (changed_from, changed_from_name) = (Some(subject.instance.sku.clone()), Some(subject.present_name.clone()));
    let sold = Sold { term_fees: added.fees, changed_from, changed_from_name, ..draft.sold };
    Ok(Draft { sold, total_minor, ..draft })
}

/// The question to the seller, when the order would be allowed otherwise.
///
/// # Errors
/// `instance.not_found`, `instance.open_order`, `change.not_offered`, `change.state`, `change.same`, `specification.not_found`,
/// `sku.not_found`, `price.…`, `renewal.too_far_ahead`, `product.not_on_sale`.
pub fn check(tx: &mut Tx, ctx: &Ctx, caller: &Caller, cmd: &RenewWithChange) -> Result<call::Check, Error> {
    let subject = subject(tx, ctx, caller, cmd.instance)?;
    require_free(tx, &subject.instance)?;
    let draft = draft(tx, ctx, caller, &subject, cmd)?;
    let product =
        TargetProduct { linear_value: draft.quantity.to_string(), product_id: draft.sold.wire_product_id, sku_code: draft.sold.sku_code };
    call::prepare_check(tx, ctx, &subject.instance, product)
}

/// Orders a renewal with change that the seller was asked for; keeps their refusal as a message.
///
/// # Errors
/// As [`check`]; `wallet.short`. The refusal of the seller is the answer, not an error: its message is kept.
pub fn renew_with_change(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    cmd: &RenewWithChange,
    (check, exchange): (&call::Check, &Exchange),
) -> Result<Result<Full, String>, Error> {
    if let Some(why) = call::check_answered(tx, ctx, check, exchange)? {
        return Ok(Err(why));
    }
    let (locked, subject) = locked_subject(tx, ctx, caller, cmd.instance)?;
    let draft = draft(tx, ctx, caller, &subject, cmd)?;
    taken_and_placed(tx, ctx, &locked, draft, cmd.pay).map(Ok)
}

/// The same renewal with change as an order of today.
pub(super) fn again<'a>(tx: &mut Tx, ctx: &Ctx, caller: &'a Caller, line: &Line) -> Result<Draft<'a>, Error> {
    let id = line.instance_id.ok_or_else(|| Error::row("order_lines", &line.number, "has no instance"))?;
    let subject = subject(tx, ctx, caller, id.id())?;
    let cmd = RenewWithChange { instance: id.id(), sku: line.sku.clone(), period: period_of(line)?, pay: true };
    draft(tx, ctx, caller, &subject, &cmd)
}
