//! Caps of what an instance may be charged for the use of a month.

use app::{
    Caller,
    usage::{self, Caps},
};
use domain::usage::{CapAction, CapSide, UsageState, in_force};
use harness::{Bought, Market, at, choice, minor, money, on_both, on_demand};
use std::sync::Arc;

/// An instance at 1.00 a unit, just opened.
fn used(m: &Market) -> Bought {
    m.list(&m.seller(), "metered", &on_demand("1"));
    m.open(&m.buyer(), &choice("metered", ""))
}

/// Pushes the use of an hour, at its end or now, and lets it be charged.
fn push(m: &Market, of: &Bought, hour: &str, value: &str, sn: &str) {
    m.advance_to(m.now().max(at(&format!("{hour}:00:00Z")) + jiff::SignedDuration::from_hours(1)));
    m.push(&m.seller(), &[m.record(of, hour, value, sn)]);
    m.advance("1h");
}

fn set(m: &Market, who: &Arc<Caller>, of: &Bought, side: CapSide, cap: Option<(&str, CapAction)>) -> Caps {
    let cap = cap.map(|(amount, action)| (minor(amount), action));
    let caps = m.ok(who, |tx, ctx| usage::set_cap(tx, ctx, who, side, of.id(), cap));
    m.settle();
    caps
}

fn state(m: &Market, of: &Bought) -> String {
    m.instance(of.instance).state.to_string()
}

#[test]
fn a_cap_warns_at_eighty_per_cent_and_refuses_what_goes_beyond() {
    on_both(|m| {
        let (buyer, seller, bought) = (m.buyer(), m.seller(), used(m));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("100.00", CapAction::Refuse)));
        push(m, &bought, "2024-01-05T02", "79", "a");
        assert_eq!(m.count_messages(&buyer, "usage.cap_near"), 0);
        push(m, &bought, "2024-01-05T03", "1", "b");
        assert_eq!((m.count_messages(&buyer, "usage.cap_near"), m.count_messages(&seller, "sale.cap_near")), (1, 1));
        push(m, &bought, "2024-01-05T04", "21", "c");
        assert!(m.reason("c").contains("the cap of CNY 100.00 for 2024-01, set by the buyer"), "{}", m.reason("c"));
        assert_eq!((m.count_messages(&buyer, "usage.cap_refuses"), m.count_messages(&seller, "sale.cap_reached")), (1, 1));
        push(m, &bought, "2024-01-05T05", "20", "d");
        push(m, &bought, "2024-01-05T06", "1", "e");
        assert_eq!((m.balance(&buyer).as_str(), state(m, &bought).as_str()), ("999900.00", "running"));
        assert_eq!(m.record_named("e").state, UsageState::Refused);
        assert_eq!(m.count_messages(&buyer, "usage.cap_refuses"), 1, "told once a month");
        // Another month has a cap of its own.
        m.advance_to(at("2024-02-01T05:00:00Z"));
        push(m, &bought, "2024-02-01T04", "50", "f");
        assert_eq!(m.balance(&buyer), "999850.00");
        m.verify();
    });
}

#[test]
fn a_cap_freezes_until_it_is_raised_or_the_month_ends() {
    on_both(|m| {
        let (buyer, operator, bought) = (m.buyer(), m.operator(), used(m));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("100.00", CapAction::Freeze)));
        push(m, &bought, "2024-01-05T02", "120", "a");
        assert_eq!((m.balance(&buyer).as_str(), state(m, &bought).as_str()), ("999880.00", "frozen"), "what was used is charged");
        assert_eq!(m.last_activity(bought.instance), ("updateInstanceStatus".to_owned(), "done".to_owned()));
        assert_eq!(m.count_messages(&buyer, "usage.cap_froze"), 1);
        assert_eq!(m.refused(&operator, |tx, ctx| app::instance::unfreeze(tx, ctx, &operator, bought.id())), "instance.capped");
        let caps = set(m, &buyer, &bought, CapSide::Buyer, Some(("150.00", CapAction::Freeze)));
        assert_eq!((state(m, &bought).as_str(), caps.stopped, caps.charged_minor), ("running", false, 12_000));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("90.00", CapAction::Freeze)));
        assert_eq!(state(m, &bought), "frozen", "a cap that is reached already");
        m.advance_to(at("2024-01-31T15:59:59Z"));
        assert_eq!(state(m, &bought), "frozen");
        m.advance("1s");
        assert_eq!(state(m, &bought), "running");
        m.advance("40d");
        assert_eq!(state(m, &bought), "running");
        m.verify();
    });
}

#[test]
fn the_lower_cap_of_the_two_sides_counts_and_each_sets_its_own() {
    on_both(|m| {
        let (buyer, seller, other, bought) = (m.buyer(), m.seller(), m.seller2(), used(m));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("100.00", CapAction::Refuse)));
        let caps = set(m, &seller, &bought, CapSide::Seller, Some(("50.00", CapAction::Freeze)));
        assert_eq!((caps.all.len(), in_force(caps.all).map(|c| c.side)), (2, Some(CapSide::Seller)));
        push(m, &bought, "2024-01-05T02", "60", "a");
        assert_eq!(state(m, &bought), "frozen");
        set(m, &seller, &bought, CapSide::Seller, None);
        assert_eq!(state(m, &bought), "running");
        let refused = |who: &Arc<Caller>, side, minor| {
            m.refused(who, |tx, ctx| usage::set_cap(tx, ctx, who, side, bought.id(), Some((minor, CapAction::Freeze))))
        };
        assert_eq!(refused(&other, CapSide::Seller, 1), "instance.not_found");
        assert_eq!(refused(&seller, CapSide::Buyer, 1), "instance.not_found");
        assert_eq!(refused(&buyer, CapSide::Buyer, 0), "cap.amount");
        assert_eq!(refused(&buyer, CapSide::Buyer, domain::money::AMOUNT_MINOR_MAX + 1), "cap.amount");
        let period = m.open(&buyer, &choice("backup", "1m"));
        let code = m.refused(&buyer, |tx, ctx| usage::set_cap(tx, ctx, &buyer, CapSide::Buyer, period.id(), Some((1, CapAction::Freeze))));
        assert_eq!(code, "instance.not_on_demand");
        m.ok(&buyer, |tx, ctx| app::instance::end_on_demand(tx, ctx, &buyer, bought.id()));
        assert_eq!(refused(&buyer, CapSide::Buyer, 1), "instance.state");
        m.verify();
    });
}

#[test]
fn what_is_agreed_to_passes_a_cap_that_refuses() {
    on_both(|m| {
        let (buyer, bought) = (m.buyer(), used(m));
        push(m, &bought, "2024-01-05T02", "5000", "huge");
        let hold = m.metered(&bought).holds.remove(0);
        set(m, &buyer, &bought, CapSide::Buyer, Some(("10.00", CapAction::Refuse)));
        let tenant = app::Tenant::Buyer(m.key(&buyer));
        m.ok(&buyer, |tx, ctx| usage::decide_hold(tx, ctx, &buyer, tenant, hold.id.id(), true));
        m.settle();
        assert_eq!((m.balance(&buyer).as_str(), m.record_named("huge").state.as_str()), ("995000.00", "charged"));
        assert_eq!(money(m.metered(&bought).due_minor), "0.00");
        m.verify();
    });
}

#[test]
fn use_that_begins_while_an_instance_is_frozen_is_not_charged() {
    on_both(|m| {
        let (buyer, bought) = (m.buyer(), used(m));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("10.00", CapAction::Freeze)));
        push(m, &bought, "2024-01-05T02", "12", "reaches it");
        assert_eq!((state(m, &bought).as_str(), m.balance(&buyer).as_str()), ("frozen", "999988.00"));
        m.advance("5h");
        push(m, &bought, "2024-01-05T09", "8000", "while frozen");
        assert!(m.reason("while frozen").contains("the instance was frozen"), "{}", m.reason("while frozen"));
        assert_eq!(m.balance(&buyer), "999988.00");
        set(m, &buyer, &bought, CapSide::Buyer, None);
        m.advance("3h");
        push(m, &bought, "2024-01-05T13", "1", "again");
        push(m, &bought, "2024-01-05T08", "1", "late, of the freeze");
        assert_eq!((m.balance(&buyer).as_str(), m.record_named("late, of the freeze").state.as_str()), ("999987.00", "refused"));
        m.verify();
    });
}

#[test]
fn a_yes_lifts_no_cap_but_the_buyers_own() {
    on_both(|m| {
        let (buyer, seller, operator, bought) = (m.buyer(), m.seller(), m.operator(), used(m));
        push(m, &bought, "2024-01-05T02", "5000", "huge");
        let hold = m.metered(&bought).holds.remove(0);
        let says_yes = |who: &Arc<Caller>| {
            let tenant = if who.staff.is_some() { app::Tenant::Any } else { app::Tenant::Buyer(m.key(who)) };
            let said = m.write(who, |tx, ctx| usage::decide_hold(tx, ctx, who, tenant, hold.id.id(), true));
            said.map(|_| ()).map_err(|e| e.code().unwrap_or("failure").to_owned())
        };
        set(m, &buyer, &bought, CapSide::Buyer, Some(("100.00", CapAction::Refuse)));
        assert_eq!(says_yes(&operator), Err("usage.over_cap".to_owned()), "the operator does not lift the buyer's cap");
        set(m, &seller, &bought, CapSide::Seller, Some(("200.00", CapAction::Refuse)));
        assert_eq!(says_yes(&buyer), Err("usage.over_cap".to_owned()), "nor does the buyer lift the seller's");
        assert_eq!((m.balance(&buyer).as_str(), m.record_named("huge").state.as_str()), ("1000000.00", "held"));
        set(m, &seller, &bought, CapSide::Seller, None);
        assert_eq!(says_yes(&buyer), Ok(()));
        m.settle();
        assert_eq!(m.balance(&buyer), "995000.00");
        m.verify();
    });
}

#[test]
fn a_lower_cap_that_freezes_lifts_no_cap_that_refuses() {
    on_both(|m| {
        let (buyer, seller, bought) = (m.buyer(), m.seller(), used(m));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("100.00", CapAction::Refuse)));
        set(m, &seller, &bought, CapSide::Seller, Some(("99.99", CapAction::Freeze)));
        push(m, &bought, "2024-01-05T02", "800", "beyond");
        assert!(m.reason("beyond").contains("the cap of CNY 100.00"), "{}", m.reason("beyond"));
        assert_eq!((m.balance(&buyer).as_str(), state(m, &bought).as_str()), ("1000000.00", "running"));
        m.verify();
    });
}

#[test]
fn a_correction_takes_back_in_the_month_of_its_record_and_lifts_no_cap_of_another() {
    on_both(|m| {
        let (buyer, bought) = (m.buyer(), used(m));
        m.advance_to(at("2024-01-31T12:00:00Z"));
        push(m, &bought, "2024-01-31T10", "900", "january");
        m.advance_to(at("2024-02-01T12:00:00Z"));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("100.00", CapAction::Refuse)));
        let correct = |hour: &str, sn: &str| wire::open_api::usage::Record {
            corrects: Some("january".to_owned()),
            ..m.record(&bought, hour, "0.0001", sn)
        };
        m.push(&m.seller(), &[correct("2024-02-01T10", "other")]);
        m.advance("1h");
        assert!(m.reason("other").contains("of another month"), "{}", m.reason("other"));
        push(m, &bought, "2024-02-01T13", "101", "beyond");
        assert!(m.reason("beyond").contains("the cap of CNY 100.00"), "{}", m.reason("beyond"));
        m.push(&m.seller(), &[correct("2024-01-31T11", "right")]);
        m.advance("1h");
        assert_eq!(m.balance(&buyer), "1000000.00");
        m.verify();
    });
}

#[test]
fn a_cap_refuses_nothing_that_was_used_before_it_was_set() {
    on_both(|m| {
        let (buyer, bought) = (m.buyer(), used(m));
        m.advance("3h");
        let accepted = m.record(&bought, "2024-01-05T02", "100", "a");
        m.ok(&m.seller(), |tx, ctx| usage::receive(tx, ctx, &m.seller(), None, std::slice::from_ref(&accepted)));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("0.01", CapAction::Refuse)));
        m.advance("1h");
        assert_eq!(m.balance(&buyer), "999900.00", "what was used is paid");
        push(m, &bought, "2024-01-05T03", "1", "b");
        push(m, &bought, "2024-01-05T05", "1", "c");
        assert_eq!((m.record_named("b").state.as_str(), m.record_named("c").state.as_str()), ("charged", "refused"));
        // Lowered: of the time before, what the higher one refused is refused still. Raised: that passes now.
        set(m, &buyer, &bought, CapSide::Buyer, Some(("110.00", CapAction::Refuse)));
        push(m, &bought, "2024-01-05T06", "5", "d");
        m.advance("1h");
        set(m, &buyer, &bought, CapSide::Buyer, Some(("50.00", CapAction::Refuse)));
        push(m, &bought, "2024-01-05T08", "3", "e");
        push(m, &bought, "2024-01-05T08", "7", "f");
        let charged = |sn: &str| m.record_named(sn).state;
        assert_eq!([charged("d"), charged("e"), charged("f")], [UsageState::Charged, UsageState::Charged, UsageState::Refused]);
        m.verify();
    });
}

/// A record from one moment to another.
fn span(m: &Market, of: &Bought, (begin, end): (&str, &str), sn: &str) -> wire::open_api::usage::Record {
    let stamp = |text: &str| at(text).strftime("%Y%m%dT%H%M%SZ").to_string();
    let hour = m.record(of, "2024-01-05T03", "10", sn);
    wire::open_api::usage::Record { begin_time: stamp(begin), end_time: stamp(end), ..hour }
}

#[test]
fn a_record_that_goes_on_after_a_cap_was_set_is_judged_by_it() {
    on_both(|m| {
        let (buyer, bought) = (m.buyer(), used(m));
        m.advance_to(at("2024-01-05T03:30:00Z"));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("1.00", CapAction::Refuse)));
        m.advance_to(at("2024-01-06T04:30:00Z"));
        let begun = "2024-01-05T03:29:00Z";
        let ends = ["2024-01-05T04:29:00Z", "2024-01-05T04:31:00Z", "2024-01-06T04:29:00Z", "2024-01-06T04:30:00Z"];
        for (end, sn) in ends.iter().zip(["hour", "longer", "day", "days"]) {
            m.push(&m.seller(), &[span(m, &bought, (begun, end), sn)]);
        }
        m.advance("1h");
        let states = ["hour", "longer", "day", "days"].map(|sn| m.record_named(sn).state);
        assert_eq!(states, [UsageState::Charged, UsageState::Refused, UsageState::Refused, UsageState::Refused]);
        let why = m.record_named("days").reason.unwrap();
        assert!(why.contains("longer than a day"), "{why}");
        m.verify();
    });
}

#[test]
fn a_cap_that_refuses_keeps_no_other_from_freezing() {
    on_both(|m| {
        let (buyer, seller, bought) = (m.buyer(), m.seller(), used(m));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("100.00", CapAction::Freeze)));
        set(m, &seller, &bought, CapSide::Seller, Some(("200.00", CapAction::Refuse)));
        m.advance("2h");
        m.push(&seller, &[m.record(&bought, "2024-01-05T02", "50", "a")]);
        push(m, &bought, "2024-01-05T03", "100", "b");
        assert_eq!((m.balance(&buyer).as_str(), state(m, &bought).as_str()), ("999850.00", "frozen"));
        // Of before the freeze, and refused by the seller's cap.
        m.push(&seller, &[m.record(&bought, "2024-01-05T02", "60", "late")]);
        m.advance("1h");
        assert_eq!((m.record_named("late").state.as_str(), state(m, &bought).as_str()), ("refused", "frozen"));
        m.verify();
    });
}

#[test]
fn what_a_buyer_agrees_to_reaches_the_cap_of_the_seller_that_freezes() {
    on_both(|m| {
        let (buyer, seller, bought) = (m.buyer(), m.seller(), used(m));
        set(m, &buyer, &bought, CapSide::Buyer, Some(("100.00", CapAction::Refuse)));
        set(m, &seller, &bought, CapSide::Seller, Some(("150.00", CapAction::Freeze)));
        set(m, &buyer, &bought, CapSide::Buyer, None);
        push(m, &bought, "2024-01-05T02", "5000", "huge");
        set(m, &buyer, &bought, CapSide::Buyer, Some(("100.00", CapAction::Refuse)));
        let hold = m.metered(&bought).holds.remove(0);
        let own = app::Tenant::Buyer(m.key(&buyer));
        m.ok(&buyer, |tx, ctx| usage::decide_hold(tx, ctx, &buyer, own, hold.id.id(), true));
        m.settle();
        assert_eq!((m.balance(&buyer).as_str(), state(m, &bought).as_str()), ("995000.00", "frozen"));
        m.verify();
    });
}
