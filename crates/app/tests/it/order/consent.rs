//! Personal data: passed to the seller with the buyer's consent only (`seller-domain 2.4`, `open-api 3.1`,
//! `saas-interface 3.3`).

use app::{
    Caller, cart,
    order::{self, Choice, Consents, PlaceOrder},
};
use domain::{listing::PersonalData, money::Money, order::OrderState};
use harness::{Market, choice, on_both, sample, unpaid};
use std::sync::Arc;
use wire::{
    conformance::Protocol,
    open_api::order_query::BuyerInfo,
    saas_v1::secret::{Strength, decrypt},
};

/// Lists a copy of `backup` as `asking`, which asks for personal data, behind an address that speaks a protocol.
fn asking(m: &Market, protocol: Protocol) -> Choice {
    let seller = m.seller();
    let mut listing = sample("backup");
    listing.interface_address = Some(m.address(&seller, "asking", protocol));
    listing.personal_data = vec![PersonalData::MobilePhone, PersonalData::Email];
    m.list(&seller, "asking", &listing);
    Choice { product: "asking".to_owned(), ..choice("backup", "1m") }
}

fn given(phone: Option<&str>, email: Option<&str>) -> Consents {
    Consents { mobile_phone: phone.map(str::to_owned), email: email.map(str::to_owned), user_id: None }
}

fn order(choice: &Choice, consents: Consents) -> PlaceOrder {
    PlaceOrder { consents, pay: true, ..unpaid(choice) }
}

fn buyer_info(m: &Market, seller: &Arc<Caller>, number: &str) -> BuyerInfo {
    m.ok(seller, |tx, ctx| order::query(tx, ctx, seller, number, None)).buyer_info.unwrap()
}

const PHONE: Option<&str> = Some("+86 138 0000 0000");
const EMAIL: Option<&str> = Some("lin@example.com");

#[test]
fn a_seller_gets_what_he_asked_for_and_the_buyer_gave_and_nothing_else() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let choice = asking(m, Protocol::SaasV2);
        let placed = m.ok(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &order(&choice, given(PHONE, EMAIL))));
        m.settle();
        let info = buyer_info(m, &seller, &placed.order.number);
        assert_eq!((info.mobile_phone.as_deref(), info.email.as_deref(), info.user_id), (PHONE, EMAIL, None));
        let bought = harness::Bought { order: placed.order.clone(), instance: placed.order.instance_id.unwrap() };
        let renewed = m.renew(&buyer, &bought, "1m");
        assert_eq!(buyer_info(m, &seller, &renewed.number).email.as_deref(), EMAIL, "also of a renewal");
        let plain = m.open(&buyer, &harness::choice("backup", "1m"));
        assert_eq!(buyer_info(m, &seller, &plain.order.number).email, None, "a product that asks for nothing gets nothing");
        let line = m.read(|tx, _| order::show(tx, app::Tenant::Any, &placed.order.number)).lines.remove(0);
        assert!(!line.sold.contains("lin@example.com"), "it is kept encrypted");
        assert!(m.server.requests().iter().all(|r| !format!("{r:?}").contains("lin@example.com")), "the order query alone passes it");
        let seller2 = m.seller2();
        let elsewhere = m.refused(&seller2, |tx, ctx| order::query(tx, ctx, &seller2, &placed.order.number, None));
        assert_eq!(elsewhere, "order.not_found");
    });
}

#[test]
fn exactly_what_a_product_asks_for_is_given() {
    on_both(|m| {
        let buyer = m.buyer();
        let choice = asking(m, Protocol::SaasV2);
        for (cmd, code, pointer) in [
            (order(&choice, given(None, None)), "consent.missing", "/consents/mobile_phone"),
            (order(&choice, given(PHONE, None)), "consent.missing", "/consents/email"),
            (order(&choice, given(Some("call me"), EMAIL)), "consent.bad_value", "/consents/mobile_phone"),
            (order(&choice, given(PHONE, Some("lin at example"))), "consent.bad_value", "/consents/email"),
            (PlaceOrder { with_user_id: true, ..order(&choice, given(PHONE, EMAIL)) }, "consent.not_asked", "/consents/user_id"),
        ] {
            let refused = m.refusal(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &cmd));
            assert_eq!((refused.kind, refused.code, refused.fields[0].pointer.as_str()), (app::Kind::Invalid, code, pointer));
        }
        assert_eq!(m.balance(&buyer), "1000000.00", "nothing was bought");
    });
}

#[test]
fn the_consents_of_a_cart_are_given_line_by_line() {
    on_both(|m| {
        let buyer = m.buyer();
        let choice = asking(m, Protocol::SaasV2);
        m.ok(&buyer, |tx, ctx| cart::add(tx, ctx, &buyer, &choice));
        let seen = m.ok(&buyer, |tx, ctx| cart::view(tx, ctx, &buyer));
        let quote = seen.lines[0].quote.as_ref().unwrap();
        assert_eq!(quote.listing.personal_data, [PersonalData::MobilePhone, PersonalData::Email]);
        let (line, version) = (seen.lines[0].line.id.id(), quote.version());
        let buy = |consents| cart::BuyCart {
            lines: vec![cart::Chosen { line, version: version.clone(), inputs: Vec::new(), consents, with_user_id: false, shipping: None }],
            total: Money::new(10_000, domain::money::Currency::Cny),
            pay: true,
        };
        let refused = m.refusal(&buyer, |tx, ctx| cart::buy(tx, ctx, &buyer, &buy(given(None, None))));
        assert_eq!((refused.code, refused.fields[0].pointer.as_str()), ("consent.missing", "/lines/0/consents/mobile_phone"));
        let bought = m.ok(&buyer, |tx, ctx| cart::buy(tx, ctx, &buyer, &buy(given(Some("13800000000"), EMAIL))));
        assert_eq!(buyer_info(m, &m.seller(), &bought[0].order.number).mobile_phone.as_deref(), Some("13800000000"));
        m.settle();
        m.verify();
    });
}

#[test]
fn saas_1_0_gets_them_encrypted_with_the_creation() {
    on_both(|m| {
        let buyer = m.buyer();
        let choice = asking(m, Protocol::SaasV1);
        let placed = m.ok(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &order(&choice, given(Some("13800000000"), EMAIL))));
        m.settle();
        assert_eq!(m.order(&placed.order.number).state, OrderState::Completed);
        let call = m.calls(placed.order.instance_id.unwrap()).remove(0);
        let sent: serde_json::Value = serde_json::from_str(&m.attempts(&call)[0].request).unwrap();
        for (name, expected) in [("mobilePhone", "13800000000"), ("email", "lin@example.com")] {
            let value = sent[name].as_str().unwrap();
            assert_eq!(decrypt(m.server.key(), value, Strength::Aes256).as_deref(), Some(expected), "{name}: {value}");
        }
    });
}
