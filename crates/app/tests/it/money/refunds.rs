//! What an unsubscription gives back, and when it is refused (`order-life 5`, `money-reseller-buyer-domain 1`).

use app::{Error, order};
use domain::instance::InstanceState;
use harness::{Bought, Fault, Market, choice, money, on_both, on_both_with, time};

/// Why an order is not given back.
fn refused(m: &Market, number: &str) -> String {
    let buyer = m.buyer();
    m.refused(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, number))
}

fn end(m: &Market, bought: &Bought) -> (String, String) {
    let found = m.instance(bought.instance);
    (time(found.expires_at.unwrap()), found.state.to_string())
}

#[test]
fn case_a_a_renewal_not_yet_effective_is_refunded_and_the_bill_adds_up_to_nothing() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let renewal = m.renew(&buyer, &bought, "1y");
        assert_eq!(m.balance(&buyer), "998900.00");
        let given = m.give_back(&buyer, &renewal);
        assert_eq!((given.kind.as_str(), money(given.total_minor).as_str()), ("unsubscribe", "-1000.00"));
        assert_eq!(given.reason.as_deref(), Some("renewal_not_effective"));
        assert_eq!(m.balance(&buyer), "999900.00");
        assert_eq!(end(m, &bought), ("2024-02-05T16:00:00Z".to_owned(), "running".to_owned()));
        assert_eq!(m.last_activity(bought.instance).0, "refreshInstance");
        m.advance("33d");
        let bill = m.bill(&m.seller(), "2024-01");
        assert_eq!(bill.amounts(), [("original", "100.00"), ("original", "1000.00"), ("refund", "-1000.00")]);
        assert_eq!(bill.total, "95.00", "the first month less 5 % fee; the renewal nets to zero");
        m.verify();
    });
}

#[test]
fn case_b_a_year_by_the_month_unsubscribed_after_two_days() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "12m")); // 5 January 2024
        assert_eq!(money(bought.order.total_minor), "1200.00");
        m.advance("48h"); // 7 January
        m.give_back(&buyer, &bought.order);
        assert_eq!(m.balance(&buyer), "1000000.00");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Released);
        assert_eq!(m.last_activity(bought.instance), ("releaseInstance".to_owned(), "done".to_owned()));
        m.advance("33d");
        let bill = m.bill(&m.seller(), "2024-01");
        assert_eq!(bill.amounts(), [("original", "1200.00"), ("refund", "-1200.00")]);
        assert_eq!(bill.total, "0.00");
        m.verify();
    });
}

#[test]
fn a_purchase_is_given_back_until_the_last_second_of_five_days() {
    on_both(|m| {
        let buyer = m.buyer();
        let (first, second) = (m.open(&buyer, &choice("backup", "1m")), m.open(&buyer, &choice("backup", "1m")));
        m.advance("5d");
        m.give_back(&buyer, &first.order);
        m.advance("1s");
        assert_eq!(refused(m, &second.order.number), "refund.five_days_over");
        assert_eq!(m.balance(&buyer), "999900.00");
        m.verify();
    });
}

#[test]
fn after_five_days_a_purchase_stays_and_the_refusal_names_the_rule() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), m.buyer2());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let number = &bought.order.number;
        assert_eq!(m.refused(&other, |tx, ctx| order::unsubscribe(tx, ctx, &other, number)), "order.not_found");
        assert_eq!(m.refused(&other, |tx, ctx| order::unsubscribe_preview(tx, ctx, &other, number)), "order.not_found");
        m.advance("6d");
        let late = m.refusal(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, number));
        assert_eq!((late.kind, late.code), (app::Kind::Conflict, "refund.five_days_over"));
        assert!(late.detail.contains("2024-01-10"), "{late}");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Running);
        let renewal = m.renew(&buyer, &bought, "1m");
        m.advance("40d");
        assert_eq!(refused(m, &renewal.number), "refund.renewal_effective");
        m.verify();
    });
}

#[test]
fn a_renewal_is_given_back_until_its_term_starts() {
    on_both(|m| {
        let buyer = m.buyer();
        let (first, second) = (m.open(&buyer, &choice("backup", "1m")), m.open(&buyer, &choice("backup", "1m")));
        let renewals = [&first, &second].map(|bought| m.renew(&buyer, bought, "1m"));
        m.advance_to(harness::at("2024-02-05T15:59:59Z"));
        m.give_back(&buyer, &renewals[0]);
        m.advance("1s");
        assert_eq!(refused(m, &renewals[1].number), "refund.renewal_effective");
        assert_eq!([&first, &second].map(|b| m.instance(b.instance).state.as_str()), ["frozen", "running"]);
        m.verify();
    });
}

#[test]
fn ten_unsubscriptions_a_year_and_from_the_last_term_backwards() {
    on_both(|m| {
        let buyer = m.buyer();
        for _ in 0..10 {
            let bought = m.open(&buyer, &choice("backup", "1m"));
            m.give_back(&buyer, &bought.order);
        }
        let bought = m.open(&buyer, &choice("backup", "1m"));
        assert_eq!(refused(m, &bought.order.number), "refund.ten_per_year");
        let (first, second) = (m.renew(&buyer, &bought, "1m"), m.renew(&buyer, &bought, "1m"));
        assert_eq!(refused(m, &first.number), "refund.not_the_last_term");
        m.give_back(&buyer, &second);
        m.give_back(&buyer, &first);
        assert_eq!(refused(m, &first.number), "refund.already_refunded");
        assert_eq!(m.balance(&buyer), "999900.00");
        m.verify();
    });
}

#[test]
fn the_count_of_unsubscriptions_restarts_on_the_first_of_january_at_the_site() {
    let december = harness::Setup { start: "2024-12-31T15:00:00Z", ..harness::Setup::default() };
    on_both_with(&december, |m| {
        let buyer = m.buyer();
        for _ in 0..10 {
            let bought = m.open(&buyer, &choice("backup", "1m"));
            m.give_back(&buyer, &bought.order);
        }
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance_to(harness::at("2024-12-31T15:59:59Z"));
        assert_eq!(refused(m, &bought.order.number), "refund.ten_per_year");
        m.advance("1s");
        m.give_back(&buyer, &bought.order);
        assert_eq!(m.balance(&buyer), "1000000.00");
        m.verify();
    });
}

#[test]
fn an_upgraded_and_renewed_purchase_gives_everything_back() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.upgrade(&buyer, &bought, "pro/5");
        m.renew(&buyer, &bought, "1m");
        assert_eq!(m.balance(&buyer), "999560.00", "100 + 120 + 220");
        let preview = m.ok(&buyer, |tx, ctx| order::unsubscribe_preview(tx, ctx, &buyer, &bought.order.number));
        let parts: Vec<_> = preview.backs.iter().map(|b| (b.order.kind.as_str(), money(b.minor))).collect();
        assert_eq!(parts, [("renew", "220.00".to_owned()), ("change", "120.00".to_owned()), ("new", "100.00".to_owned())]);
        assert_eq!((money(preview.total.minor).as_str(), preview.ends_at), ("440.00", None));
        m.give_back(&buyer, &bought.order);
        assert_eq!(m.balance(&buyer), "1000000.00");
        m.verify();
    });
}

#[test]
fn a_renewal_gives_back_what_changes_added_to_its_term() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let renewal = m.renew(&buyer, &bought, "1m");
        let change = m.upgrade(&buyer, &bought, "pro/5");
        assert_eq!(money(change.total_minor), "240.00", "of it 120.00 for the coming term");
        let preview = m.ok(&buyer, |tx, ctx| order::unsubscribe_preview(tx, ctx, &buyer, &renewal.number));
        let parts: Vec<_> = preview.backs.iter().map(|b| (b.order.kind.as_str(), money(b.minor))).collect();
        assert_eq!(parts, [("change", "120.00".to_owned()), ("renew", "100.00".to_owned())]);
        assert_eq!(preview.ends_at, Some(harness::at("2024-02-05T15:59:59Z")));
        let given = m.give_back(&buyer, &renewal);
        assert_eq!((money(given.total_minor).as_str(), m.balance(&buyer).as_str()), ("-220.00", "999780.00"));
        m.verify();
        // The purchase then gives back the rest of the change, and nothing twice.
        let given = m.give_back(&buyer, &bought.order);
        assert_eq!((money(given.total_minor).as_str(), m.balance(&buyer).as_str()), ("-220.00", "1000000.00"));
        m.advance("33d");
        let bill = m.bill(&m.seller(), "2024-01");
        assert_eq!(bill.total, "0.00");
        let mut refunds: Vec<_> = bill.amounts().into_iter().filter(|(kind, _)| *kind == "refund").map(|(_, a)| a.to_owned()).collect();
        refunds.sort_unstable();
        assert_eq!(refunds, ["-100.00", "-100.00", "-120.00", "-120.00"]);
        m.verify();
    });
}

#[test]
fn a_chain_of_changes_on_several_terms_is_given_back_term_by_term() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let first = m.renew(&buyer, &bought, "1m");
        m.upgrade(&buyer, &bought, "basic/10");
        let second = m.renew(&buyer, &bought, "1y");
        m.upgrade(&buyer, &bought, "pro/5");
        let before = harness::minor(&m.balance(&buyer));
        let all: i64 = [&second, &first].map(|renewal| -m.give_back(&buyer, renewal).total_minor).iter().sum();
        assert_eq!(harness::minor(&m.balance(&buyer)) - before, all);
        // What is left is the first month as pro/5.
        assert_eq!(m.balance(&buyer), "999780.00");
        m.give_back(&buyer, &bought.order);
        assert_eq!(m.balance(&buyer), "1000000.00");
        m.verify();
    });
}

#[test]
fn what_cannot_be_given_back_is_refused_by_its_rule() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let change = m.upgrade(&buyer, &bought, "pro/5");
        assert_eq!(refused(m, &change.number), "refund.change");
        let trial = m.open(&buyer, &order::Choice { trial: true, ..choice("backup", "") });
        assert_eq!(refused(m, &trial.order.number), "refund.trial");
        let unpaid = m.place(&buyer, &choice("backup", "1m")).order;
        assert_eq!(refused(m, &unpaid.number), "refund.order_state");
        m.ok(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), "1m".parse().unwrap(), false));
        assert_eq!(refused(m, &bought.order.number), "refund.open_order");
        let ended = m.open(&buyer, &choice("backup", "1m"));
        m.advance("49d");
        assert_eq!(refused(m, &ended.order.number), "refund.instance_state", "it is released");
        m.verify();
    });
}

#[test]
fn an_unsubscription_is_not_given_back_itself() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let given = m.give_back(&buyer, &bought.order);
        assert_eq!(refused(m, &given.number), "refund.instance_state");
        assert_eq!(refused(m, &bought.order.number), "refund.already_refunded");
        let kept = m.open(&buyer, &choice("backup", "1m"));
        let renewal = m.renew(&buyer, &kept, "1m");
        let given = m.give_back(&buyer, &renewal);
        assert_eq!(refused(m, &given.number), "refund.already_refunded");
        m.verify();
    });
}

#[test]
fn of_eight_unsubscriptions_at_once_one_gives_back() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::unsubscribe(tx, ctx, &buyer, &bought.order.number));
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        let codes: Vec<_> = results.iter().filter_map(|r| r.as_ref().err().and_then(Error::code)).collect();
        assert_eq!(codes, ["refund.already_refunded"; 7]);
        m.settle();
        assert_eq!((m.balance(&buyer).as_str(), m.count_messages(&buyer, "order.refunded")), ("1000000.00", 1));
        m.verify();
    });
}

#[test]
fn a_refund_does_not_wait_for_the_seller_who_does_not_hear_of_it() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.server.fault("backup", Fault::Http500);
        m.give_back(&buyer, &bought.order);
        assert_eq!((m.balance(&buyer).as_str(), m.instance(bought.instance).state.as_str()), ("1000000.00", "released"));
        m.advance("2h");
        assert_eq!(m.last_activity(bought.instance), ("releaseInstance".to_owned(), "failed".to_owned()));
        m.verify();
    });
}
