//! Other marketplaces' interfaces: subscriptions and use of Azure, metering of AWS.

mod aws_usage;
mod azure;
mod azure_usage;

use app::{Caller, neighbour::azure as subscriptions};
use domain::listing::Listing;
use harness::{Bought, Market, choice};
use std::sync::Arc;
use wire::{azure::SubscriberPlan, conformance::Protocol};

/// Puts a copy of a product on sale whose seller speaks Azure's interfaces.
fn sell(m: &Market, key: &str, mut listing: Listing) {
    listing.interface_address = Some(m.address(&m.seller(), key, Protocol::SaasAzure));
    listing.specifications[0].renewal_change_allowed = false;
    listing.specifications[0].trial_days = None;
    m.list(&m.seller(), key, &listing);
}

/// Buys what is not activated yet; the subscription's id.
fn bought(m: &Market, product: &str, specification: &str, period: &str) -> (Bought, String) {
    let sku = (product == "vault").then(|| "basic/5".to_owned());
    let wanted = app::order::Choice { specification: specification.to_owned(), sku, ..choice(product, period) };
    let placed = m.buy(&m.buyer(), &wanted);
    m.settle();
    let order = m.order(&placed.order.number);
    let instance = order.instance_id.expect("an instance");
    let id = domain::neighbour::guid(instance.id());
    (Bought { order, instance }, id)
}

fn plan(name: &str) -> SubscriberPlan {
    serde_json::from_value(serde_json::json!({ "planId": name, "quantity": 1 })).expect("a plan")
}

/// Activates a subscription; a refusal by its code.
fn activate(m: &Market, seller: &Arc<Caller>, id: &str, name: &str) -> Option<&'static str> {
    let done = m.write(seller, |tx, ctx| subscriptions::activate(tx, ctx, seller, id, &plan(name)));
    done.err().map(|e| e.code().expect("a refusal"))
}
