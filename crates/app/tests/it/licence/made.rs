//! Licences that sellers make: 1.x with the purchase (`license-interface 3`).

use super::{renew, sent};
use app::{call::restart, instance};
use domain::{instance::InstanceState, listing::AccessType, order::OrderState};
use harness::{Bought, Fault, Market, choice, on_both};
use serde_json::{Value, json};

fn list(m: &Market) {
    m.list(&m.seller(), "shield", &harness::listing(AccessType::LicenceV1));
}

fn activities(sent: &[Value]) -> Vec<&str> {
    sent.iter().map(|s| s["activity"].as_str().unwrap()).collect()
}

#[test]
fn the_text_of_a_licence_is_kept_for_its_buyer_and_in_no_message() {
    on_both(|m| {
        list(m);
        let Bought { order, instance } = m.open(&m.buyer(), &choice("shield", "1y"));
        assert_eq!(order.state, OrderState::Completed);
        let found = m.instance(instance);
        let text = m.read(|_, ctx| instance::licence(ctx, &found));
        assert_eq!(text, Some(format!("LICENCE-{}", found.seller_instance_id.unwrap())));
        let first = m.calls(instance)[0].id;
        let attempts = m.read(|tx, _| Ok(store::call::attempts(tx, first)?));
        let answer = attempts[0].answer.clone().unwrap_or_default();
        assert!(!answer.is_empty() && !answer.contains("LICENCE-"), "messages keep no licence: {answer}");
    });
}

#[test]
fn a_licence_of_1_x_comes_with_the_purchase_and_hears_of_its_end() {
    on_both(|m| {
        list(m);
        let Bought { order, instance } = m.open(&m.buyer(), &choice("shield", "1y"));
        renew(m, instance);
        m.advance("740d");
        assert_eq!(m.instance(instance).state, InstanceState::Frozen);
        renew(m, instance);
        assert_eq!(m.instance(instance).state, InstanceState::Running);
        let operator = m.operator();
        m.ok(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, instance.id(), "abuse"));
        m.ok(&operator, |tx, ctx| instance::unfreeze(tx, ctx, &operator, instance.id()));
        m.advance("390d");
        let sent = sent(m, instance);
        let expected = ["getLicense", "refreshLicense", "expireLicense", "refreshLicense", "expireLicense", "releaseLicense"];
        assert_eq!(activities(&sent), expected, "for a violation 1.x has no call");
        let first = (&sent[0]["chargingMode"], &sent[0]["periodType"], &sent[0]["orderId"]);
        assert_eq!(first, (&json!("1"), &json!("year"), &json!(order.number)));
        assert_eq!(sent[5]["orderId"], json!(order.number), "the first purchase");
        m.verify();
    });
}

#[test]
fn a_licence_of_1_x_that_does_not_come_waits_for_the_seller() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list(m);
        m.server.fault("shield", Fault::Http500);
        let number = m.buy(&buyer, &choice("shield", "1y")).order.number;
        m.advance("5h");
        let order = m.order(&number);
        let instance = order.instance_id.unwrap();
        let call = m.calls(instance).remove(0);
        assert_eq!((call.state.as_str(), call.attempts), ("failed", 4), "3 hours, once per hour");
        assert_eq!(order.state, OrderState::Processing, "the node stays with the seller");
        m.verify();
        m.server.fault("shield", Fault::None);
        m.ok(&seller, |tx, ctx| restart(tx, ctx, app::Tenant::Seller(m.key(&seller)), call.id.id()));
        m.settle();
        assert_eq!(m.order(&number).state, OrderState::Completed);
        // A renewal is called once, the end of a term once more.
        m.server.fault("shield", Fault::Code000005);
        renew(m, instance);
        m.advance("750d");
        let tries: Vec<(String, i64)> = m.calls(instance).into_iter().map(|c| (c.activity.to_string(), c.attempts)).collect();
        let expected = [("getLicense", 5), ("refreshLicense", 1), ("expireLicense", 2), ("releaseLicense", 1)];
        assert_eq!(tries, expected.map(|(a, n)| (a.to_owned(), n)));
    });
}

#[test]
fn a_licence_of_1_x_that_is_not_given_in_thirty_days_is_given_back() {
    on_both(|m| {
        let (buyer, before) = (m.buyer(), m.balance(&m.buyer()));
        list(m);
        m.server.fault("shield", Fault::Http500);
        let number = m.buy(&buyer, &choice("shield", "1y")).order.number;
        m.advance("29d");
        assert_eq!(m.order(&number).state, OrderState::Processing);
        let full = m.read(|tx, _| app::order::show(tx, app::Tenant::Any, &number));
        let until = m.read(|tx, ctx| app::order::kept_until(tx, ctx, &full));
        assert!(until.is_some_and(|until| until > m.now()), "its buyer sees until when");
        m.advance("2d");
        assert_eq!((m.order(&number).state, m.balance(&buyer)), (OrderState::Cancelled, before));
        m.verify();
    });
}
