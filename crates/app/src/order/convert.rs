//! A trial becomes formal: an order of its own kind, its term starts at once (`order-life 3`).

use super::{Full, renew};
use crate::{Caller, Ctx, Error};
use db::Tx;
use domain::{id::InstanceId, order::OrderKind, period::Period};

/// Orders the conversion of the caller's trial, at today's price: it is the first purchase of what they tried.
///
/// # Errors
/// `instance.not_trial`; `product.not_on_sale`, `sku.not_found` and `price.not_on_sale` when it is no longer sold; else as
/// [`renew`](super::renew).
pub fn convert(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, period: Period, pay: bool) -> Result<Full, Error> {
    renew::ordered(tx, ctx, caller, id, OrderKind::TrialToFormal, period, pay)
}
