//! Where goods are sent: asked for with the order, changed until they are shipped.

use super::{
    hardware::{address, buy_box, list_box, place, ship},
    in_2026, service,
};
use app::{Tenant, order, supervision};
use domain::supervision::Address;
use harness::{Market, act};

fn change(m: &Market, case: &supervision::Found, tenant: Tenant, to: &Address) -> String {
    m.refused(&m.buyer(), |tx, ctx| supervision::change_address(tx, ctx, tenant, case.id(), to))
}

#[test]
fn goods_need_an_address_and_nothing_else_does() {
    in_2026(|m| {
        let buyer = m.buyer();
        list_box(m);
        service(m);
        let refused = |cmd: &order::PlaceOrder| m.refused(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, cmd));
        assert_eq!(refused(&place("box", "", None)), "shipping.missing");
        assert_eq!(refused(&place("service", "1m", Some(address("李雷")))), "shipping.not_asked");
        assert_eq!(refused(&place("box", "", Some(address("")))), "shipping.bad_value");
        m.verify();
    });
}

#[test]
fn the_address_is_changed_until_the_goods_are_shipped() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list_box(m);
        let case = m.case(&buy_box(m));
        let (mine, moved) = (Tenant::Buyer(m.key(&buyer)), address("韩梅梅"));
        assert_eq!(change(m, &case, Tenant::Buyer(m.key(&m.buyer2())), &moved), "supervision.not_found");
        assert_eq!(change(m, &case, mine, &address("")), "shipping.bad_value");
        m.ok(&buyer, |tx, ctx| supervision::change_address(tx, ctx, mine, case.id(), &moved));
        let case = m.act(&seller, &case, &ship("SF 1001"));
        let seen = m.read(|_, ctx| supervision::address_of(ctx, &case.row));
        assert_eq!(seen, Some(moved.clone()), "the seller knows where to");
        assert_eq!(change(m, &case, mine, &moved), "supervision.shipped");
        m.act(&buyer, &case, &act(domain::supervision::Verb::Accept));
        assert_eq!(change(m, &case, mine, &moved), "supervision.over");
    });
}

#[test]
fn a_service_is_sent_nowhere() {
    in_2026(|m| {
        let case = m.case(&service(m));
        assert_eq!(change(m, &case, Tenant::Buyer(m.key(&m.buyer())), &address("李雷")), "shipping.not_asked");
    });
}
