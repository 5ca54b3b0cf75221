//! Order notifications (`saas-interface 5`): configured once debugged, independent of the calls on the instance, for one
//! product or all, tried for three hours.

use app::interface::{self, InterfaceClass, NewAddress, Passed};
use db::Key;
use domain::{
    call::Activity,
    id::{AddressId, KeyId},
    listing::AccessType,
};
use harness::{Fault, Market, choice, listing, on_both};
use wire::conformance::Protocol;

/// An address for notifications under a key of the seller's; the code of its refusal when it is refused.
fn put(m: &Market, new: &NewAddress) -> Result<AddressId, String> {
    let seller = m.seller();
    let put = m.write(&seller, |tx, ctx| interface::put_address(tx, ctx, &seller, new));
    put.map(|(address, _)| address.id.id()).map_err(|e| e.code().unwrap().to_owned())
}

/// A key of a class, with which the market's server signs too.
fn key(m: &Market, name: &str, class: InterfaceClass) -> KeyId {
    let (seller, secret) = (m.seller(), m.server.key());
    m.ok(&seller, |tx, ctx| interface::put_key(tx, ctx, &seller, name, class, secret)).0.id.id()
}

fn notify(m: &Market, name: &str) -> NewAddress {
    NewAddress {
        name: name.to_owned(),
        url: format!("http://localhost/{name}"),
        key_id: key(m, "notify", InterfaceClass::General),
        protocol: Protocol::OrderNotify,
        always_test_flag: false,
        send_empty_parameters: false,
        product: None,
        access_type: None,
        landing_page: None,
    }
}

/// The same, once its cases passed.
fn debugged(m: &Market, new: &NewAddress) {
    let (seller, id) = (m.seller(), put(m, new).unwrap());
    let address = m.read(|tx, ctx| interface::target(tx, ctx, m.key(&seller), id)).address;
    for scenario in Protocol::OrderNotify.scenarios() {
        let passed = Passed { scenario: scenario.name().to_owned(), request: "{}".to_owned(), answer: "{}".to_owned() };
        m.ok(&seller, |tx, ctx| interface::save_case(tx, ctx, &address, &passed));
    }
}

/// The notifications of an order: their state, and where they were sent.
fn notified(m: &Market, number: &str) -> Vec<(String, String)> {
    let all = m.calls_of_order(number).into_iter().filter(|c| c.activity == Activity::Notify);
    let place = |url: &str| url.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    all.map(|call| (call.state.to_string(), m.attempts(&call).first().map(|a| place(&a.url)).unwrap_or_default())).collect()
}

fn done(place: &str) -> Vec<(String, String)> {
    vec![("done".to_owned(), place.to_owned())]
}

#[test]
fn a_paid_order_is_told_once_at_the_address_for_its_product_or_for_all() {
    on_both(|m| {
        let buyer = m.buyer();
        let open = || m.open(&buyer, &choice("backup", "1m"));
        assert_eq!(notified(m, &open().order.number), [], "nothing is configured");
        put(m, &notify(m, "all-orders")).unwrap();
        assert_eq!(notified(m, &open().order.number), [], "an address counts once it was debugged");
        debugged(m, &notify(m, "all-orders"));
        let bought = open();
        assert_eq!(notified(m, &bought.order.number), done("all-orders"));
        debugged(m, &NewAddress { product: Some("backup".to_owned()), ..notify(m, "backup-orders") });
        let renewal = m.renew(&buyer, &bought, "1m");
        assert_eq!(notified(m, &renewal.number), done("backup-orders"), "overlaps notify once");
        let back = m.give_back(&buyer, &renewal);
        assert_eq!(notified(m, &back.number), [], "what is given back was not bought");
        m.verify();
    });
}

#[test]
fn an_address_for_an_access_type_stands_between_that_of_a_product_and_that_for_all() {
    on_both(|m| {
        let buyer = m.buyer();
        debugged(m, &notify(m, "all-orders"));
        debugged(m, &NewAddress { access_type: Some(AccessType::Saas), ..notify(m, "saas-orders") });
        m.list(&m.seller(), "shield", &listing(AccessType::LicenceCode));
        assert_eq!(notified(m, &m.open(&buyer, &choice("backup", "1m")).order.number), done("saas-orders"));
        let licence = m.buy(&buyer, &choice("shield", "1m")).order.number;
        m.settle();
        assert_eq!(notified(m, &licence), done("all-orders"), "a licence is no SaaS");
        debugged(m, &NewAddress { product: Some("backup".to_owned()), ..notify(m, "backup-orders") });
        assert_eq!(notified(m, &m.open(&buyer, &choice("backup", "1m")).order.number), done("backup-orders"), "overlaps notify once");
        m.verify();
    });
}

#[test]
fn a_notification_that_fails_is_tried_for_three_hours_and_holds_nothing_up() {
    on_both(|m| {
        let seller = m.seller();
        debugged(m, &notify(m, "deaf"));
        m.server.fault("deaf", Fault::Http500);
        let bought = m.open(&m.buyer(), &choice("backup", "1m")); // it opens all the same
        let state = || notified(m, &bought.order.number).remove(0);
        assert_eq!(state(), ("due".to_owned(), "deaf".to_owned()));
        m.advance("4h");
        assert_eq!(state().0, "failed");
        assert_eq!((m.count_messages(&seller, "call.failed"), m.count_messages(&seller, "call.given_up")), (1, 1));
        m.server.fault("deaf", Fault::None);
        let failed = m.failed_calls().remove(0).id.id();
        m.ok(&seller, |tx, ctx| app::call::restart(tx, ctx, app::Tenant::Seller(m.key(&seller)), failed));
        m.settle();
        assert_eq!(state(), ("done".to_owned(), "deaf".to_owned()));
        m.verify();
    });
}

#[test]
fn an_address_that_is_changed_must_be_debugged_again() {
    on_both(|m| {
        debugged(m, &notify(m, "all-orders"));
        put(m, &NewAddress { url: "http://localhost/moved".to_owned(), ..notify(m, "all-orders") }).unwrap();
        assert_eq!(notified(m, &m.open(&m.buyer(), &choice("backup", "1m")).order.number), []);
        m.verify();
    });
}

#[test]
fn addresses_of_the_wrong_kind_are_refused() {
    on_both(|m| {
        let basic = NewAddress { key_id: key(m, "basic", InterfaceClass::Basic), ..notify(m, "x") };
        let saas = |new: NewAddress| NewAddress { protocol: Protocol::SaasV2, ..new };
        let backup = || Some("backup".to_owned());
        for (new, code) in [
            (basic.clone(), "interface.wrong_class"),
            (NewAddress { protocol: Protocol::SaasV1, ..notify(m, "x") }, "interface.wrong_class"),
            (NewAddress { key_id: Key([7; 16]).id(), ..notify(m, "x") }, "interface.key_not_found"),
            (NewAddress { product: Some("nothing".to_owned()), ..notify(m, "x") }, "product.not_found"),
            (NewAddress { product: Some("archive".to_owned()), ..notify(m, "x") }, "product.not_found"),
            (saas(NewAddress { product: backup(), ..basic.clone() }), "interface.product_not_for_this"),
            (saas(NewAddress { access_type: Some(AccessType::Saas), ..basic.clone() }), "interface.product_not_for_this"),
            (NewAddress { product: backup(), access_type: Some(AccessType::Saas), ..notify(m, "x") }, "interface.product_or_access_type"),
        ] {
            assert_eq!(put(m, &new).unwrap_err(), code, "{new:?}");
        }
    });
}
