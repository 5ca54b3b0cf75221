//! Azure's fulfilment: activated within thirty days, changed with the seller's consent, ended with the money back.

use super::{activate, bought, plan, sell};
use app::{neighbour::azure, order};
use db::Moment;
use domain::{instance::InstanceState, order::OrderState};
use harness::{Market, on_both, sample};
use wire::azure::{OperationStatus, SubscriptionStatus, UpdateOperation};

const PLAN: &str = "standard.basic.5";

fn status(m: &Market, id: &str) -> SubscriptionStatus {
    m.read(|tx, ctx| azure::show(tx, ctx, &m.seller(), id)).saas_subscription_status
}

/// Says of an operation whether it succeeds; a refusal by its code.
fn update(m: &Market, id: &str, operation: &str, word: &str) -> Option<&'static str> {
    let seller = m.seller();
    let said: UpdateOperation = serde_json::from_value(serde_json::json!({ "status": word })).unwrap();
    let done = m.write(&seller, |tx, ctx| azure::update(tx, ctx, &seller, id, operation, &said));
    done.err().map(|e| e.code().expect("a refusal"))
}

/// Orders the plan `pro/5` as the customer, who pays it; order and operation.
fn change(m: &Market, id: &str, instance: app::Key) -> (String, String) {
    let buyer = m.buyer();
    let cmd = order::PlaceChange { instance: instance.id(), sku: "pro/5".to_owned(), pay: true };
    let placed = m.ok(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &cmd));
    m.settle();
    let operations = m.read(|tx, _| azure::operations(tx, &m.seller(), id));
    (placed.order.number, operations[0].id.clone())
}

#[test]
fn a_subscription_is_activated_by_its_plan_once() {
    on_both(|m| {
        sell(m, "vault", sample("backup"));
        let (of, id) = bought(m, "vault", "standard", "1m");
        assert_eq!((status(m, &id), m.instance(of.instance).state.as_str()), (SubscriptionStatus::PendingFulfillmentStart, "opening"));
        assert_eq!(activate(m, &m.seller(), &id, "standard.pro.5"), Some("neighbour.plan_differs"));
        assert_eq!(activate(m, &m.seller2(), &id, PLAN), Some("neighbour.subscription_unknown"));
        for _ in 0..2 {
            assert_eq!(activate(m, &m.seller(), &id, PLAN), None, "once more is no news");
        }
        assert_eq!(status(m, &id), SubscriptionStatus::Subscribed);
        m.verify();
    });
}

#[test]
fn a_supervised_subscription_is_activated_any_number_of_times_before_it_is_accepted() {
    on_both(|m| {
        let mut listing = sample("backup");
        listing.supervised = true;
        listing.delivery = harness::listing(domain::listing::AccessType::HumanService).delivery;
        sell(m, "vault", listing);
        let (of, id) = bought(m, "vault", "standard", "1m");
        for _ in 0..2 {
            assert_eq!(activate(m, &m.seller(), &id, PLAN), None, "once more is no news");
        }
        assert_eq!(m.order(&of.order.number).state, OrderState::Processing, "opened, not yet accepted");
        m.verify();
    });
}

#[test]
fn a_subscription_is_activated_within_thirty_days_or_given_back() {
    on_both(|m| {
        sell(m, "vault", sample("backup"));
        let (of, id) = bought(m, "vault", "standard", "1m");
        m.advance("719h");
        assert_eq!(activate(m, &m.seller(), &id, PLAN), None);
        m.advance("2h");
        assert_eq!(m.order(&of.order.number).state, OrderState::Completed);
        // Nobody activates the other: after thirty days the customer has their money back.
        let paid = m.balance(&m.buyer());
        let (of, id) = bought(m, "vault", "standard", "1m");
        m.advance("720h");
        assert_eq!((m.order(&of.order.number).state.as_str(), m.balance(&m.buyer())), ("cancelled", paid));
        assert_eq!(m.instance(of.instance).state, InstanceState::Failed);
        assert_eq!(activate(m, &m.seller(), &id, PLAN), Some("neighbour.subscription_ended"));
        m.verify();
    });
}

#[test]
fn of_eight_activations_at_once_the_subscription_opens_once() {
    on_both(|m| {
        sell(m, "vault", sample("backup"));
        let (seller, (of, id)) = (m.seller(), bought(m, "vault", "standard", "1m"));
        let done = m.at_once(&seller, 8, |_, tx, ctx| azure::activate(tx, ctx, &seller, &id, &plan(PLAN)));
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        m.settle();
        assert_eq!(m.terms(of.instance).len(), 1);
        m.verify();
    });
}

#[test]
fn a_change_of_plan_is_refused_or_accepted_by_the_seller() {
    on_both(|m| {
        sell(m, "vault", sample("backup"));
        let (of, id) = bought(m, "vault", "standard", "1m");
        activate(m, &m.seller(), &id, PLAN);
        let before = m.balance(&m.buyer());
        let (number, operation) = change(m, &id, of.instance);
        assert_eq!(update(m, &id, &operation, "Failure"), None);
        assert_eq!((m.order(&number).state.as_str(), m.balance(&m.buyer())), ("cancelled", before), "the fee came back");
        assert_eq!(update(m, &id, &operation, "Success"), Some("neighbour.operation_over"));
        let told = m.read(|tx, _| azure::operation(tx, &m.seller(), &id, &operation));
        assert_eq!(told.status, OperationStatus::Failed);
        let (number, operation) = change(m, &id, of.instance);
        assert_eq!(update(m, &id, &operation, "Success"), None);
        assert_eq!(m.order(&number).state, OrderState::Completed, "at once");
        assert_eq!(update(m, &id, "nothing", "Success"), Some("neighbour.operation_unknown"));
        m.verify();
    });
}

#[test]
fn a_dearer_plan_that_the_seller_asks_for_waits_until_the_customer_pays_it() {
    on_both(|m| {
        sell(m, "vault", sample("backup"));
        let (seller, buyer, (of, id)) = (m.seller(), m.buyer(), bought(m, "vault", "standard", "1m"));
        activate(m, &seller, &id, PLAN);
        let ask = |name: &str| m.write(&seller, |tx, ctx| azure::change_plan(tx, ctx, &seller, &id, &plan(name)));
        assert_eq!(ask(PLAN).unwrap_err().code(), Some("change.same"));
        assert_eq!(ask("nonsense").unwrap_err().code(), Some("neighbour.plan_unknown"));
        let operation = ask("standard.pro.5").unwrap();
        let told = || m.read(|tx, _| azure::operation(tx, &seller, &id, &operation)).status;
        assert_eq!(told(), OperationStatus::NotStarted, "nobody has paid");
        let open = m.instance(of.instance).open_order_id.unwrap();
        let number = m.read(|tx, _| Ok(store::order::lookup(tx, app::Tenant::Any, open)?)).unwrap().number;
        m.ok(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &number));
        m.settle();
        m.advance("1m");
        assert_eq!(told(), OperationStatus::Succeeded);
        let before = m.balance(&buyer);
        m.ok(&seller, |tx, ctx| azure::unsubscribe(tx, ctx, &seller, &id));
        m.settle();
        assert_ne!(m.balance(&buyer), before, "the customer has their money back");
        assert_eq!(status(m, &id), SubscriptionStatus::Unsubscribed);
        m.verify();
    });
}

#[test]
fn a_plan_that_costs_nothing_today_waits_for_the_customer_who_alone_agrees_to_a_dearer_renewal() {
    on_both(|m| {
        sell(m, "vault", sample("backup"));
        let (seller, buyer, (of, id)) = (m.seller(), m.buyer(), bought(m, "vault", "standard", "1m"));
        activate(m, &seller, &id, PLAN);
        let end = m.instance(of.instance).expires_at.map(Moment::at).unwrap();
        m.advance_to(end - jiff::SignedDuration::from_hours(15)); // the last day, before the last try: no days to come
        let month = Some("1m".parse().unwrap());
        m.ok(&buyer, |tx, ctx| order::set_auto_renewal(tx, ctx, &buyer, of.id(), month));
        let agreed = || m.read(|tx, _| Ok(store::auto_renewal::of_instance(tx, of.instance)?)).map(|row| row.price_minor);
        m.ok(&seller, |tx, ctx| azure::change_plan(tx, ctx, &seller, &id, &plan("standard.pro.5")));
        m.settle();
        let found = m.instance(of.instance);
        assert_eq!((found.sku.as_str(), agreed()), ("basic/5", Some(10_000)), "the customer was not asked yet");
        let waiting = m.read(|tx, _| Ok(store::order::lookup(tx, app::Tenant::Any, found.open_order_id.unwrap())?)).unwrap();
        assert_eq!((waiting.state.as_str(), waiting.total_minor), ("pending_payment", 0));
        m.ok(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &waiting.number));
        m.settle();
        m.advance("1m"); // the seller says nothing against it
        assert_eq!((m.instance(of.instance).sku.as_str(), agreed()), ("pro/5", Some(10_000)), "they saw no price of the next term");
        let before = m.balance(&buyer);
        m.advance("2h");
        assert_eq!((m.balance(&buyer), m.count_messages(&buyer, "auto_renewal.dearer")), (before, 1));
        m.verify();
    });
}

#[test]
fn a_plan_that_a_seller_asks_for_stands_in_the_way_of_no_automatic_renewal() {
    on_both(|m| {
        sell(m, "vault", sample("backup"));
        let (seller, buyer, (of, id)) = (m.seller(), m.buyer(), bought(m, "vault", "standard", "1m"));
        activate(m, &seller, &id, PLAN);
        m.ok(&buyer, |tx, ctx| order::set_auto_renewal(tx, ctx, &buyer, of.id(), Some("1m".parse().unwrap())));
        m.advance("20d");
        m.ok(&seller, |tx, ctx| azure::change_plan(tx, ctx, &seller, &id, &plan("standard.pro.5")));
        let asked = m.instance(of.instance).open_order_id.unwrap();
        m.advance("5d");
        let asked = m.read(|tx, _| Ok(store::order::lookup(tx, app::Tenant::Any, asked)?)).unwrap();
        assert_eq!((asked.state.as_str(), m.terms(of.instance).len()), ("cancelled", 2), "the buyer wanted the renewal");
        m.verify();
    });
}

#[test]
fn what_the_seller_ends_is_none_of_the_unsubscriptions_that_a_buyer_has_in_a_year() {
    on_both(|m| {
        sell(m, "vault", sample("backup"));
        let (seller, buyer) = (m.seller(), m.buyer());
        for _ in 0..11 {
            let (_, id) = bought(m, "vault", "standard", "1m");
            activate(m, &seller, &id, PLAN);
            m.ok(&seller, |tx, ctx| azure::unsubscribe(tx, ctx, &seller, &id));
            m.settle();
        }
        assert_eq!(m.balance(&buyer), "1000000.00");
        let own = m.open(&buyer, &harness::choice("backup", "1m"));
        m.give_back(&buyer, &own.order);
        assert_eq!(m.balance(&buyer), "1000000.00", "their own first one");
        m.verify();
    });
}
