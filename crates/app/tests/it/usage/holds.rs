//! Charges far above what an instance used before wait for the buyer's consent.

use app::{Caller, Tenant, usage};
use domain::usage::{HoldEnd, HoldState, PriceModel, Tier, UsageState};
use harness::{Bought, Market, choice, money, on_both, on_demand};
use std::sync::Arc;
use store::usage_hold::Hold;
use wire::open_api::usage::Record;

/// An instance at 1.00 a unit, three hours old, with a charge of 20.00.
fn used(m: &Market, buyer: &Arc<Caller>) -> Bought {
    m.list(&m.seller(), "metered", &on_demand("1"));
    let bought = m.open(buyer, &choice("metered", ""));
    m.advance("3h");
    push(m, m.record(&bought, "2024-01-05T02", "20", "first"));
    bought
}

/// Pushes a record of the seller, and lets it be rated.
fn push(m: &Market, record: Record) {
    m.push(&m.seller(), &[record]);
    m.advance("1h");
}

fn waiting(m: &Market, of: &Bought) -> Vec<Hold> {
    m.metered(of).holds
}

fn decide(m: &Market, who: &Arc<Caller>, hold: &Hold, yes: bool) -> Result<Hold, app::Error> {
    let tenant = if who.staff.is_some() { Tenant::Any } else { Tenant::Buyer(m.key(who)) };
    let decided = m.write(who, |tx, ctx| usage::decide_hold(tx, ctx, who, tenant, hold.id.id(), yes));
    m.settle();
    decided
}

#[test]
fn a_charge_far_above_those_before_waits_and_is_taken_after_a_yes() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = used(m, &buyer);
        push(m, m.record(&bought, "2024-01-05T03", "1000", "limit"));
        assert_eq!(m.balance(&buyer), "998980.00", "1,000.00 is not more than 1,000.00");
        push(m, m.record(&bought, "2024-01-05T04", "10000.01", "huge"));
        let held = waiting(m, &bought);
        let seen =
            held.iter().map(|h| (money(h.amount_minor), h.largest_minor.map(money), domain::usage::Quantity(h.quantity).to_string()));
        assert!(seen.eq([("10000.01".to_owned(), Some("1000.00".to_owned()), "10000.01".to_owned())]), "{held:?}");
        assert_eq!((m.balance(&buyer).as_str(), m.metered(&bought).due_minor), ("998980.00", 0), "nothing is taken, nothing is owed");
        assert_eq!((m.count_messages(&buyer, "usage.held"), m.record_named("huge").state.as_str()), (1, "held"));
        m.verify();
        m.advance("6d");
        assert_eq!(decide(m, &buyer, &held[0], true).unwrap().state, HoldState::Approved);
        assert_eq!((m.balance(&buyer).as_str(), waiting(m, &bought).len()), ("988979.99", 0));
        assert_eq!(decide(m, &buyer, &held[0], false).unwrap_err().code(), Some("usage.hold_decided"));
        m.advance("10d");
        assert_eq!(m.record_named("huge").state, UsageState::Charged, "the timer is gone");
        m.verify();
    });
}

#[test]
fn a_no_and_a_week_of_silence_refuse_the_records_and_tell_the_seller() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = used(m, &buyer);
        push(m, m.record(&bought, "2024-01-05T03", "5000", "no"));
        push(m, m.record(&bought, "2024-01-05T04", "6000", "silence"));
        let held = waiting(m, &bought);
        assert_eq!(decide(m, &buyer, &held[1], false).unwrap().decided_by, Some(HoldEnd::Buyer));
        assert!(m.reason("no").contains("CNY 5000.00 waited for consent, and the buyer refused it"), "{}", m.reason("no"));
        m.advance("8d");
        assert!(m.reason("silence").contains("nobody agreed to it within 7 days"), "{}", m.reason("silence"));
        assert_eq!((m.count_messages(&seller, "sale.usage_refused"), m.balance(&buyer).as_str()), (2, "999980.00"));
        push(m, m.record(&bought, "2024-01-05T03", "50", "no"));
        assert_eq!(m.balance(&buyer), "999930.00", "the same number may come again, right this time");
        m.verify();
    });
}

#[test]
fn without_a_charge_in_thirty_days_the_amount_alone_decides() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = used(m, &buyer);
        push(m, m.record(&bought, "2024-01-05T03", "900", "large"));
        m.advance("31d");
        let hour = (m.now() - jiff::SignedDuration::from_hours(2)).strftime("%Y-%m-%dT%H").to_string();
        push(m, m.record(&bought, &hour, "1000.01", "after"));
        assert_eq!(waiting(m, &bought)[0].largest_minor, None);
        m.verify();
    });
}

#[test]
fn a_charge_that_was_taken_back_vouches_for_none() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = used(m, &buyer);
        push(m, m.record(&bought, "2024-01-05T03", "996", "mistake"));
        m.advance("2h");
        let less = Record { corrects: Some("mistake".to_owned()), ..m.record(&bought, "2024-01-05T04", "0.01", "right") };
        push(m, less);
        m.advance("2h");
        let hour = (m.now() - jiff::SignedDuration::from_hours(2)).strftime("%Y-%m-%dT%H").to_string();
        push(m, m.record(&bought, &hour, "9666", "huge"));
        assert_eq!(waiting(m, &bought).len(), 1, "nothing as large stands");
        m.verify();
    });
}

#[test]
fn the_operator_may_decide_and_nobody_else() {
    on_both(|m| {
        let (buyer, other, operator) = (m.buyer(), m.buyer2(), m.operator());
        let bought = used(m, &buyer);
        push(m, m.record(&bought, "2024-01-05T03", "5000", "huge"));
        let held = waiting(m, &bought).remove(0);
        assert_eq!(decide(m, &other, &held, true).unwrap_err().code(), Some("usage.hold_not_found"));
        let seller = m.seller();
        let tenant = Tenant::Seller(m.key(&seller));
        let code = m.refused(&seller, |tx, ctx| usage::decide_hold(tx, ctx, &seller, tenant, held.id.id(), true));
        assert_eq!(code, "usage.hold_not_found");
        assert_eq!(decide(m, &operator, &held, true).unwrap().decided_by, Some(HoldEnd::Operator));
        let events = m.read(|tx, _| Ok(store::event::of_instance(tx, bought.instance)?));
        let decided = events.iter().find(|e| e.kind == "usage.hold_approved").expect("an event of the decision");
        assert!(decided.actor.contains("operator"), "{}", decided.actor);
        assert_eq!(m.balance(&buyer), "994980.00");
        m.verify();
    });
}

#[test]
fn a_correction_of_a_held_record_is_judged_anew() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = used(m, &buyer);
        let of = |value: &str, sn: &str| m.record(&bought, "2024-01-05T03", value, sn);
        m.push(&m.seller(), &[of("5000", "wrong"), of("7", "right")]);
        m.advance("1h");
        let held = waiting(m, &bought).remove(0);
        push(m, Record { corrects: Some("wrong".to_owned()), ..of("50", "mended") });
        assert_eq!((waiting(m, &bought).len(), m.balance(&buyer).as_str()), (0, "999923.00"), "20, 50 and 7");
        assert_eq!(decide(m, &buyer, &held, true).unwrap_err().code(), Some("usage.hold_decided"));
        m.advance("9d");
        assert_eq!(m.record_named("wrong").state, UsageState::Corrected);
        m.verify();
    });
}

#[test]
fn what_is_more_when_it_is_agreed_to_is_asked_for_again() {
    on_both(|m| {
        let buyer = m.buyer();
        let tier = |up_to: Option<&str>, price: &str| Tier { up_to: up_to.map(|u| u.parse().unwrap()), price: price.parse().unwrap() };
        let mut listed = on_demand("1");
        let spec = &mut listed.specifications[0];
        spec.meter.as_mut().unwrap().model = PriceModel::Tiered;
        spec.skus[0].tiers = vec![tier(Some("2000"), "1"), tier(None, "2")];
        m.list(&m.seller(), "metered", &listed);
        let bought = m.open(&buyer, &choice("metered", ""));
        m.advance("3h");
        push(m, m.record(&bought, "2024-01-05T02", "1500", "huge"));
        let held = waiting(m, &bought).remove(0);
        // The cheap tier is used up meanwhile: 1,000 of 1,500 cost 2.00 each.
        push(m, m.record(&bought, "2024-01-05T03", "800", "one"));
        push(m, m.record(&bought, "2024-01-05T04", "700", "two"));
        assert_eq!(m.balance(&buyer), "998500.00");
        let first = decide(m, &buyer, &held, true).unwrap();
        assert_eq!((first.state, first.decided_by), (HoldState::Withdrawn, Some(HoldEnd::Amount)));
        let again = waiting(m, &bought).remove(0);
        assert_eq!((money(again.amount_minor).as_str(), m.balance(&buyer).as_str()), ("2500.00", "998500.00"));
        assert_eq!(decide(m, &buyer, &again, true).unwrap().state, HoldState::Approved);
        assert_eq!(m.balance(&buyer), "996000.00");
        m.verify();
    });
}

#[test]
fn charges_of_one_push_do_not_vouch_for_each_other() {
    on_both(|m| {
        let buyer = m.buyer();
        m.list(&m.seller(), "metered", &on_demand("1"));
        let bought = m.open(&buyer, &choice("metered", ""));
        m.advance("6h");
        let steps = [("T02", "993"), ("T03", "9900"), ("T04", "99000"), ("T05", "720000")];
        let records: Vec<Record> = steps.map(|(hour, value)| m.record(&bought, &format!("2024-01-05{hour}"), value, hour)).into();
        m.push(&m.seller(), &records);
        m.advance("1h");
        assert_eq!((m.balance(&buyer).as_str(), waiting(m, &bought).len()), ("999007.00", 3));
        m.verify();
    });
}

#[test]
fn charges_of_a_rating_that_goes_on_do_not_vouch_for_each_other_either() {
    on_both(|m| {
        let buyer = m.buyer();
        m.list(&m.seller(), "metered", &on_demand("1"));
        let bought = m.open(&buyer, &choice("metered", ""));
        m.advance("6h");
        // A rating takes 2,000 records and is begun again at once.
        let many = |hour: &str, value: &str| -> Vec<Record> {
            (0..1_000).map(|n| m.record(&bought, &format!("2024-01-05{hour}"), value, &format!("{hour}-{n}"))).collect()
        };
        let (seller, first) = (m.seller(), many("T02", "0.495"));
        m.push(&seller, &first);
        m.push(&seller, &many("T03", "0.505"));
        m.push(&seller, &[m.record(&bought, "2024-01-05T04", "4900", "large")]);
        m.advance("1h");
        assert_eq!((m.balance(&buyer).as_str(), waiting(m, &bought).len()), ("999000.00", 1), "495.00 and 505.00 are taken");
        m.verify();
    });
}

#[test]
fn nobody_agrees_to_a_charge_after_its_seven_days_also_when_its_timer_is_late() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let bought = used(m, &buyer);
        push(m, m.record(&bought, "2024-01-05T03", "5000", "large"));
        let held = waiting(m, &bought).remove(0);
        m.execute("UPDATE jobs SET due_at = due_at + 864000000000 WHERE kind = 'usage.hold'");
        m.advance("169h");
        let before = m.balance(&buyer);
        for who in [&buyer, &operator] {
            assert_eq!(decide(m, who, &held, true).unwrap_err().code(), Some("usage.hold_over"));
        }
        assert_eq!(m.balance(&buyer), before);
        m.advance("240h");
        assert_eq!(m.record_named("large").state, UsageState::Refused);
        m.verify();
    });
}
