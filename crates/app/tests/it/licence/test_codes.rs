//! Test codes: a seller proves its software before anything is sold (`license-interface 2.5`).

use super::{in_2026, seat, take};
use app::{Tenant, licence};

#[test]
fn a_seller_proves_its_software_with_test_codes_before_anything_is_sold() {
    in_2026(|m| {
        let (seller, other, buyer) = (m.seller(), m.seller2(), m.buyer());
        let code = m.ok(&seller, |tx, ctx| licence::request_test_code(tx, ctx, &seller)).code;
        let codes = [code.clone()];
        assert_eq!(m.refused(&other, |tx, ctx| licence::activate(tx, ctx, &other, &codes, None)), "licence.not_found");
        let ask = |m: &harness::Market| m.write(&seller, |tx, ctx| licence::query(tx, ctx, &seller, &codes));
        assert_eq!(ask(m).unwrap_err().code(), Some("licence.not_activated"));
        m.activate(&seller, &[&code]).unwrap();
        assert_eq!(m.activate(&seller, &[&code]).unwrap_err().code(), Some("licence.state"));
        assert_eq!(ask(m).unwrap()[0].order_id, "MOCKPERIODYEARNEW");
        let proven = m.read(|tx, _| Ok(store::licence::tests(tx, m.key(&seller), 10)?));
        assert!(proven[0].activated_at.is_some());
        let seen = m.refused(&seller, |tx, ctx| licence::release_seat(tx, ctx, Tenant::Buyer(m.key(&buyer)), &code, 0));
        assert_eq!(seen, "licence.not_found", "test codes are not sold");
        assert_eq!(m.refused(&buyer, |tx, ctx| licence::request_test_code(tx, ctx, &buyer)), "seller.not_approved");
    });
}

#[test]
fn a_test_code_has_seats_machines_and_files_to_try_the_software_with() {
    in_2026(|m| {
        let seller = m.seller();
        let code = m.ok(&seller, |tx, ctx| licence::request_test_code(tx, ctx, &seller)).code;
        let here = "00-1A-2B|DISK1|BOARD|CPU";
        let on = |client: &str| licence::Take { fingerprint: Some(here.to_owned()), ..seat(&code, client) };
        for client in ["ann", "bob"] {
            take(m, &on(client)).unwrap();
        }
        assert_eq!(take(m, &on("cid")).err(), Some("licence.no_seat_free"));
        let file = m.write_system(|tx, ctx| licence::issue_file(tx, ctx, &code, Some(here))).unwrap();
        assert!(file.text.len() > 200);
    });
}

#[test]
fn a_seller_has_a_hundred_test_codes() {
    in_2026(|m| {
        let seller = m.seller();
        for _ in 0..domain::limit::Limit::TestCodes.most() {
            m.ok(&seller, |tx, ctx| licence::request_test_code(tx, ctx, &seller));
        }
        assert_eq!(m.refused(&seller, |tx, ctx| licence::request_test_code(tx, ctx, &seller)), "licence.too_many_test_codes");
    });
}
