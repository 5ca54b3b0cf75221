//! Subscriptions: shown, listed, resolved from a purchase token, activated.

use super::{find, locked, unknown};
use crate::{
    Caller, Ctx, Error, Tenant, call, instance,
    job::JobKind,
    neighbour::{guid, plan, registration},
    order,
};
use db::{Key, Tx};
use domain::{
    call::{Activity, CallState, Outcome},
    instance::InstanceState,
    listing::Listing,
    period::PeriodUnit,
    term,
};
use store::{Page, instance::Instance};
use wire::{
    azure::{Identifier, Plan, ResolvedSubscription, SubscriberPlan, Subscription, SubscriptionStatus, Term},
    conformance::Protocol,
    saas_v2::AppInfo,
};

fn status(instance: &Instance) -> Result<SubscriptionStatus, Error> {
    Ok(match instance.state {
        InstanceState::Opening => SubscriptionStatus::PendingFulfillmentStart,
        InstanceState::Running => SubscriptionStatus::Subscribed,
        InstanceState::Frozen => SubscriptionStatus::Suspended,
        InstanceState::Released | InstanceState::Failed => SubscriptionStatus::Unsubscribed,
    })
}

fn term_of(tx: &mut Tx, instance: &Instance) -> Result<Term, Error> {
    let terms = store::term::of_instance(tx, instance.id)?;
    let Some(last) = terms.last() else {
        return Ok(Term { start_date: instance.opened_at.map(|at| at.to_string()), ..Term::default() });
    };
    let unit = match last.period.unit {
        PeriodUnit::Day => 'D',
        PeriodUnit::Month => 'M',
        PeriodUnit::Year => 'Y',
    };
    Ok(Term {
        start_date: Some(last.start_at.to_string()),
        end_date: Some(term::shown_end(last.end_at.at()).to_string()),
        term_unit: Some(format!("P{}{unit}", last.period.count)),
    })
}

/// The buyer as Azure names one; the mailbox only when it was given with the order.
fn buyer(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<(Identifier, String), Error> {
    let row = |what| Error::row("instances", instance::id(instance), what);
    let line = store::order::any_line(tx, instance.line_id)?.ok_or_else(|| row("has no line"))?;
    let first = store::order::lookup(tx, Tenant::Any, line.order_id)?.ok_or_else(|| row("has no order"))?;
    let account = instance.buyer_id.id::<domain::id::AccountId>().0.hyphenated().to_string();
    let email_id = order::consents_of(ctx, &line)?.email.unwrap_or_default();
    Ok((Identifier { email_id, object_id: account.clone(), tenant_id: account, puid: String::new() }, first.product_name))
}

/// An instance as a subscription.
pub(super) fn view(tx: &mut Tx, ctx: &Ctx, i: &Instance) -> Result<Subscription, Error> {
    let (identifier, name) = buyer(tx, ctx, i)?;
    let product = store::product::lookup(tx, i.seller_id, i.product_id)?.ok_or_else(unknown)?;
    Ok(Subscription {
        id: guid(i),
        publisher_id: i.seller_id.id::<domain::id::AccountId>().0.hyphenated().to_string(),
        offer_id: product.key,
        name,
        saas_subscription_status: status(i)?,
        beneficiary: identifier.clone(),
        purchaser: identifier,
        plan_id: plan(i),
        quantity: i.quantity,
        term: term_of(tx, i)?,
        auto_renew: store::auto_renewal::of_instance(tx, i.id)?.is_some(),
        is_test: false,
        is_free_trial: i.trial,
        allowed_customer_operations: ["Read", "Update", "Delete"].map(str::to_owned).to_vec(),
        session_mode: "None".to_owned(),
        sandbox_type: "None".to_owned(),
        created: i.created_at.to_string(),
    })
}

/// # Errors
/// `neighbour.subscription_unknown`.
pub fn show(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: &str) -> Result<Subscription, Error> {
    let found = find(tx, caller, id)?;
    view(tx, ctx, &found)
}

/// Subscriptions, and where the next page begins.
pub type Listed = (Vec<Subscription>, Option<(i64, Key)>);

/// A page of the caller's subscriptions, and where the next begins.
///
/// # Errors
/// [`Error::Store`].
pub fn list(tx: &mut Tx, ctx: &Ctx, caller: &Caller, page: Page) -> Result<Listed, Error> {
    let seller = Key::of(caller.account_id);
    let addresses = store::interface::addresses(tx, seller)?;
    let azure: Vec<Key> = addresses.iter().filter(|a| a.protocol == Protocol::SaasAzure.name()).map(|a| a.id).collect();
    let found = store::neighbour::at_addresses(tx, seller, &azure, page)?;
    let full = i64::try_from(found.len()).unwrap_or(0) == page.limit;
    let next = found.last().filter(|_| full).map(|i| (i.created_at.micros(), i.id));
    Ok((found.iter().map(|i| view(tx, ctx, i)).collect::<Result<_, _>>()?, next))
}

/// # Errors
/// `registration.token_invalid`, `registration.token_expired`.
pub fn resolve(tx: &mut Tx, ctx: &Ctx, caller: &Caller, token: &str) -> Result<ResolvedSubscription, Error> {
    let found = registration::resolve(tx, ctx, caller, Protocol::SaasAzure, token)?;
    let subscription = view(tx, ctx, &found)?;
    Ok(ResolvedSubscription {
        id: subscription.id.clone(),
        subscription_name: subscription.name.clone(),
        offer_id: subscription.offer_id.clone(),
        plan_id: subscription.plan_id.clone(),
        quantity: subscription.quantity,
        subscription,
    })
}

/// Each plan of a listing: specification, combination, the plan's name.
pub(super) fn on_sale(listing: &Listing) -> Vec<(String, String, Plan)> {
    let mut plans = Vec::new();
    for spec in listing.specifications.iter().filter(|s| s.on_sale) {
        for sku in spec.skus.iter().filter(|s| s.on_sale) {
            let names = [spec.name.get("en").to_owned(), spec.sku_name(&sku.key, "en")];
            let display_name = names.iter().filter(|n| !n.is_empty()).cloned().collect::<Vec<_>>().join(" / ");
            let plan = Plan { plan_id: domain::neighbour::plan(&spec.key, &sku.key), display_name, is_private: false };
            plans.push((spec.key.clone(), sku.key.clone(), plan));
        }
    }
    plans
}

/// The plans that the product of a subscription has on sale.
///
/// # Errors
/// `neighbour.subscription_unknown`.
pub fn plans(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: &str) -> Result<Vec<Plan>, Error> {
    let found = find(tx, caller, id)?;
    let product = store::product::lookup(tx, found.seller_id, found.product_id)?.ok_or_else(unknown)?;
    let listing = ctx.listings.approved(tx, product.revision_id.unwrap_or(found.revision_id))?;
    Ok(on_sale(&listing).into_iter().map(|(_, _, plan)| plan).collect())
}

/// The seller has set the subscription up: it runs from now on. Once more is no news.
///
/// # Errors
/// `neighbour.subscription_unknown`, `neighbour.plan_differs`, `neighbour.subscription_ended`.
pub fn activate(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: &str, wanted: &SubscriberPlan) -> Result<(), Error> {
    let found = locked(tx, caller, id)?;
    let differs = |field: &str| Error::field(field, "neighbour.plan_differs", "name the plan and quantity that were bought, or none");
    if wanted.plan_id.as_ref().is_some_and(|p| *p != plan(&found)) {
        return Err(differs("/planId"));
    }
    let quantity = wanted.quantity.as_ref().map(wire::azure::Number::get).transpose().map_err(|_| differs("/quantity"))?.flatten();
    if quantity.is_some_and(|q| q != found.quantity) {
        return Err(differs("/quantity"));
    }
    let ended = || Error::conflict("neighbour.subscription_ended", "the subscription was cancelled; it cannot be activated");
    if matches!(found.state, InstanceState::Released | InstanceState::Failed) {
        return Err(ended());
    }
    let creation = store::call::of_instance(tx, found.id)?.into_iter().find(|c| c.activity == Activity::Create);
    // Under supervision it opens with the acceptance, and is activated before; what waits behind the creation goes on with it.
    let creation = match creation {
        Some(creation) if creation.state == CallState::Due => creation,
        Some(creation) if creation.state == CallState::Failed && found.state == InstanceState::Opening => return Err(ended()),
        _ => return Ok(()),
    };
    store::job::cancel(tx, JobKind::Call, creation.id)?;
    let judged = call::Judged { outcome: Outcome::Success, instance_id: Some(guid(&found)), app: Some(AppInfo::default()), licence: None };
    call::succeeded_quietly(tx, ctx, &creation, &found, &judged)
}
