//! Changes that a seller asks for on the customer's behalf. What costs money waits until the customer pays it.

use super::{find, subscription::on_sale};
use crate::{Caller, Ctx, Error, Tenant, account, instance, neighbour::plan, order};
use db::Tx;
use domain::{
    call::Activity,
    id::{CallId, OrderId},
    period::ChargingMode,
};
use store::instance::Instance;
use wire::azure::SubscriberPlan;

/// The customer, in whose name a seller acts; the order says so.
fn in_the_name_of(tx: &mut Tx, i: &Instance, seller: &Caller) -> Result<Caller, Error> {
    let user = store::account::any_administrator(tx, i.buyer_id)?;
    let user = user.ok_or_else(|| Error::row("accounts", i.buyer_id.id::<domain::id::AccountId>(), "has no administrator"))?;
    let buyer = account::caller_of_user(tx, user.id)?;
    Ok(Caller { user_name: format!("{} (seller)", seller.account_name), ..buyer })
}

/// Orders another plan for the customer, who has to pay it; the operation's GUID.
///
/// # Errors
/// `neighbour.subscription_unknown`, `neighbour.plan_unknown`, `neighbour.quantity_fixed`, `change.…`, `instance.open_order`.
pub fn change_plan(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: &str, wanted: &SubscriberPlan) -> Result<String, Error> {
    let found = find(tx, caller, id)?;
    let quantity = wanted.quantity.as_ref().map(wire::azure::Number::get).transpose().unwrap_or(Some(None)).flatten();
    if quantity.is_some_and(|q| q != found.quantity) {
        let detail = "the quantity of a subscription is fixed; the customer buys another subscription";
        return Err(Error::field("/quantity", "neighbour.quantity_fixed", detail));
    }
    let unknown = || Error::field("/planId", "neighbour.plan_unknown", "name a plan that listAvailablePlans has");
    let named = wanted.plan_id.as_deref().filter(|p| !p.is_empty()).ok_or_else(unknown)?;
    if named == plan(&found) {
        return Err(Error::field("/planId", "change.same", "the subscription has this plan already"));
    }
    let product = store::product::lookup(tx, found.seller_id, found.product_id)?.ok_or_else(unknown)?;
    let listing = ctx.listings.approved(tx, product.revision_id.unwrap_or(found.revision_id))?;
    let plans = on_sale(&listing);
    let (specification, sku, _) = plans.iter().find(|(_, _, p)| p.plan_id == named).ok_or_else(unknown)?;
    if *specification != found.specification {
        let detail = "a subscription stays in its specification; the customer buys the other one";
        return Err(Error::field("/planId", "change.not_offered", detail));
    }
    let buyer = in_the_name_of(tx, &found, caller)?;
    let placed = order::ask_change(tx, ctx, &buyer, (instance::id(&found), sku))?;
    Ok(placed.order.id.id::<OrderId>().0.hyphenated().to_string())
}

/// Ends a subscription in the customer's name: what was paid goes back by the rules of unsubscription, and where they
/// give nothing back it is not ended. The operation's GUID.
///
/// # Errors
/// `neighbour.subscription_unknown`, `refund.…`, `instance.state`.
pub fn unsubscribe(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: &str) -> Result<String, Error> {
    let found = find(tx, caller, id)?;
    let line = store::order::any_line(tx, found.line_id)?.ok_or_else(|| Error::row("instances", instance::id(&found), "has no line"))?;
    let buyer = in_the_name_of(tx, &found, caller)?;
    if line.charging_mode == ChargingMode::OnDemand {
        instance::end_on_demand(tx, ctx, &buyer, instance::id(&found))?;
    } else {
        let first = store::order::lookup(tx, Tenant::Any, line.order_id)?;
        let first = first.ok_or_else(|| Error::row("instances", instance::id(&found), "has no order"))?;
        order::ended_by_seller(tx, ctx, &buyer, &first.number)?;
    }
    let release = store::call::of_instance(tx, found.id)?.into_iter().rfind(|c| c.activity == Activity::Release);
    let release = release.ok_or_else(|| Error::row("instances", instance::id(&found), "its release is not told"))?;
    Ok(release.id.id::<CallId>().0.hyphenated().to_string())
}
