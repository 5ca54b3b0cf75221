//! Goods: where they are sent, their parcels, and acceptance by time.

use super::{in_2026, list};
use app::{
    Tenant,
    order::{self, Consents, PlaceOrder},
    supervision::{self, Act, Answer},
};
use domain::{
    listing::AccessType,
    order::OrderState,
    supervision::{Address, Decision, Goods, StepKind, Verb},
};
use harness::{Market, act, at, choice};

pub(super) fn address(recipient: &str) -> Address {
    Address { recipient: recipient.to_owned(), phone: "+86 138 0000 0000".to_owned(), address: "深圳市龙岗区 1 号".to_owned() }
}

pub(super) fn place(product: &str, period: &str, shipping: Option<Address>) -> PlaceOrder {
    PlaceOrder {
        choice: choice(product, period),
        inputs: Vec::new(),
        consents: Consents::default(),
        with_user_id: false,
        shipping,
        pay: true,
    }
}

/// Buys a box; the number of its order.
pub(super) fn buy_box(m: &Market) -> String {
    let buyer = m.buyer();
    let cmd = place("box", "", Some(address("李雷")));
    m.ok(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &cmd)).order.number
}

pub(super) fn list_box(m: &Market) {
    list(m, "box", AccessType::Hardware, |_| ());
}

pub(super) fn ship(number: &str) -> Act {
    Act { carrier: Some("顺丰".to_owned()), tracking_number: Some(number.to_owned()), ..act(Verb::Ship) }
}

#[test]
fn a_parcel_has_a_carrier_and_a_number_of_its_own() {
    in_2026(|m| {
        let seller = m.seller();
        list_box(m);
        let (first, second) = (m.case(&buy_box(m)), m.case(&buy_box(m)));
        assert_eq!(m.act(&seller, &first, &ship("SF 1001")).case.node, "accept");
        assert_eq!(m.act_refused(&seller, &second, &ship("sf 1001")), "supervision.number_used");
        for number in ["9".repeat(61), "SF\n1002".to_owned(), String::new()] {
            assert_eq!(m.act_refused(&seller, &second, &ship(&number)), "supervision.bad_text");
        }
        let nameless = Act { carrier: None, ..ship("SF 1002") };
        assert_eq!(m.act_refused(&seller, &second, &nameless), "supervision.field_missing");
        m.act(&seller, &second, &ship(&"9".repeat(60)));
        m.verify();
    });
}

#[test]
fn goods_are_accepted_by_themselves_ten_days_after_the_carrier_delivered() {
    in_2026(|m| {
        let (seller, operator) = (m.seller(), m.operator());
        list_box(m);
        let number = buy_box(m);
        let case = m.case(&number);
        m.act(&seller, &case, &ship("SF 1001"));
        m.advance("2d");
        m.ok(&operator, |tx, ctx| supervision::carrier_delivered(tx, ctx, case.id(), at("2026-03-03T08:00:00Z")));
        m.advance("221h");
        assert_eq!(m.order(&number).state, OrderState::Processing);
        m.advance("2h");
        assert_eq!(m.order(&number).state, OrderState::Completed);
        let steps = m.read(|tx, _| Ok(store::supervision::steps(tx, case.row.id)?));
        assert_eq!(steps.last().unwrap().kind, StepKind::AcceptedByTime);
        m.verify();
    });
}

#[test]
fn a_late_report_of_the_carrier_leaves_the_buyer_three_days() {
    in_2026(|m| {
        let (seller, operator) = (m.seller(), m.operator());
        list_box(m);
        let number = buy_box(m);
        let case = m.case(&number);
        m.act(&seller, &case, &ship("SF 1001"));
        m.advance("14d");
        m.ok(&operator, |tx, ctx| supervision::carrier_delivered(tx, ctx, case.id(), at("2026-03-03T08:00:00Z")));
        m.advance("71h");
        assert_eq!(m.order(&number).state, OrderState::Processing);
        m.advance("2h");
        assert_eq!(m.order(&number).state, OrderState::Completed);
        m.verify();
    });
}

#[test]
fn what_stood_still_before_the_delivery_is_none_of_the_ten_days_after_it() {
    in_2026(|m| {
        let (buyer, seller, operator) = (m.buyer(), m.seller(), m.operator());
        list_box(m);
        for appeals in [false, true] {
            let number = buy_box(m);
            let case = m.case(&number);
            m.act(&seller, &case, &ship(&format!("SF {number}")));
            let (tenant, id) = (Tenant::Buyer(m.key(&buyer)), case.id());
            if appeals {
                m.ok(&buyer, |tx, ctx| supervision::appeal(tx, ctx, tenant, id, "where is it?", &[]));
            } else {
                m.ok(&buyer, |tx, ctx| supervision::ask_refund(tx, ctx, tenant, id, (100, Goods::InTransit), "it is late"));
            }
            m.advance("20d");
            if appeals {
                m.ok(&operator, |tx, ctx| supervision::decide(tx, ctx, id, Decision::Continue, "it comes"));
            } else {
                let side = Tenant::Seller(m.key(&seller));
                m.ok(&seller, |tx, ctx| supervision::step_refund(tx, ctx, side, id, (Answer::Reject, "it comes", None), &[]));
            }
            m.advance("1d");
            let now = m.now();
            m.ok(&operator, |tx, ctx| supervision::carrier_delivered(tx, ctx, id, now));
            m.advance("239h");
            assert_eq!(m.order(&number).state, OrderState::Processing, "appeals: {appeals}");
            m.advance("2h");
            assert_eq!(m.order(&number).state, OrderState::Completed, "appeals: {appeals}");
        }
        m.verify();
    });
}

#[test]
fn a_carrier_delivers_after_the_shipping_once_and_not_in_the_future() {
    in_2026(|m| {
        let (seller, operator) = (m.seller(), m.operator());
        list_box(m);
        let case = m.case(&buy_box(m));
        m.advance("2d");
        let refused = |when: &str| m.refused(&operator, |tx, ctx| supervision::carrier_delivered(tx, ctx, case.id(), at(when)));
        assert_eq!(refused("2026-03-03T00:00:00Z"), "supervision.not_awaited", "nothing was shipped");
        m.act(&seller, &case, &ship("SF 1001"));
        m.advance("2d");
        assert_eq!(refused("2026-03-09T00:00:00Z"), "supervision.not_awaited", "in the future");
        assert_eq!(refused("2026-03-03T00:00:00Z"), "supervision.not_awaited", "before it was shipped");
        m.ok(&operator, |tx, ctx| supervision::carrier_delivered(tx, ctx, case.id(), at("2026-03-05T00:00:00Z")));
        assert_eq!(refused("2026-03-05T01:00:00Z"), "supervision.not_awaited", "once");
    });
}
