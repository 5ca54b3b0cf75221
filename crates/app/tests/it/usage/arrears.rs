//! Use that is not paid: the buyer is told, the instance frozen, paid for later or written down at its end
//! (`seller-domain 4.4`).

use app::{Caller, instance, order, usage};
use domain::{
    instance::FreezeCause,
    usage::{CapAction, CapSide},
};
use harness::{Bought, Market, choice, money, on_both};
use std::sync::Arc;
use wire::open_api::usage::Record;

/// Somebody with nothing in the wallet, and an on-demand instance of theirs.
fn poor(m: &Market) -> (Arc<Caller>, Bought) {
    let poor = m.new_buyer("poor", "0.00");
    let bought = m.open(&poor, &choice("transcribe", ""));
    (poor, bought)
}

fn state(m: &Market, of: &Bought) -> String {
    m.instance(of.instance).state.to_string()
}

fn due(m: &Market, of: &Bought) -> String {
    money(m.metered(of).due_minor)
}

/// Three hours later, 100 minutes of the hour before are pushed: 12.00.
fn use_for_12(m: &Market, of: &Bought) {
    m.advance("3h");
    m.push(&m.seller(), &[m.record(of, "2024-01-05T03", "100", "a")]);
}

#[test]
fn arrears_are_told_then_freeze_and_a_top_up_ends_them() {
    on_both(|m| {
        let (buyer, bought) = poor(m);
        use_for_12(m, &bought);
        m.advance("1h");
        assert_eq!(due(m, &bought), "12.00");
        assert_eq!(m.count_messages(&buyer, "usage.unpaid"), 1);
        m.advance("2d");
        assert_eq!(state(m, &bought), "running", "three days of grace");
        m.advance("24h");
        let frozen = m.instance(bought.instance);
        assert_eq!((frozen.state.as_str(), frozen.freeze_cause.map(FreezeCause::as_str)), ("frozen", Some("arrears")));
        assert_eq!(m.count_messages(&buyer, "usage.unpaid"), 1, "the days of grace do not begin again");
        assert_eq!(m.last_activity(bought.instance), ("updateInstanceStatus".to_owned(), "done".to_owned()));
        let operator = m.operator();
        assert_eq!(m.refused(&operator, |tx, ctx| instance::unfreeze(tx, ctx, &operator, bought.id())), "instance.arrears");
        m.top_up(&buyer, "11.99");
        assert_eq!(state(m, &bought), "frozen", "a cent is missing");
        m.top_up(&buyer, "0.01");
        assert_eq!(state(m, &bought), "running");
        assert_eq!((m.balance(&buyer), due(m, &bought)), ("0.00".to_owned(), "0.00".to_owned()));
        m.advance("20d");
        assert_eq!(state(m, &bought), "running", "the release timer is gone");
        m.verify();
    });
}

#[test]
fn a_correction_of_what_is_not_paid_settles_it_and_a_violation_does_not_hide_arrears() {
    on_both(|m| {
        let (buyer, bought) = poor(m);
        use_for_12(m, &bought);
        m.advance("1h");
        assert_eq!(due(m, &bought), "12.00");
        let less = Record { corrects: Some("a".to_owned()), ..m.record(&bought, "2024-01-05T03", "1", "b") };
        m.push(&m.seller(), &[less]);
        m.top_up(&buyer, "0.12");
        m.advance("1h");
        assert_eq!((due(m, &bought), m.balance(&buyer)), ("0.00".to_owned(), "0.00".to_owned()));
        // Frozen for a violation when it begins to owe: the days of grace begin when that is lifted.
        let operator = m.operator();
        m.ok(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, bought.id(), "abuse"));
        m.push(&m.seller(), &[m.record(&bought, "2024-01-05T04", "100", "c")]);
        m.advance("5d");
        m.ok(&operator, |tx, ctx| instance::unfreeze(tx, ctx, &operator, bought.id()));
        assert_eq!(state(m, &bought), "running");
        m.advance("3d");
        assert_eq!(m.instance(bought.instance).freeze_cause.map(FreezeCause::as_str), Some("arrears"));
        m.verify();
    });
}

#[test]
fn arrears_that_stay_end_in_release_and_are_still_owed() {
    on_both(|m| {
        let (buyer, bought) = poor(m);
        use_for_12(m, &bought);
        m.advance("18d");
        assert_eq!(state(m, &bought), "frozen");
        m.advance("24h");
        assert_eq!(state(m, &bought), "released");
        m.top_up(&buyer, "20.00");
        assert_eq!(m.balance(&buyer), "8.00", "what was used is paid all the same");
        m.verify();
    });
}

#[test]
fn a_top_up_within_the_days_of_grace_leaves_no_trace() {
    on_both(|m| {
        let (buyer, bought) = poor(m);
        use_for_12(m, &bought);
        m.advance("3d"); // the hour was rated at 05:20, the freeze is due three days later
        assert_eq!(state(m, &bought), "running");
        m.top_up(&buyer, "12.00");
        m.advance("5d");
        assert_eq!((state(m, &bought).as_str(), m.count_messages(&buyer, "instance.frozen")), ("running", 0));
        m.verify();
    });
}

#[test]
fn the_oldest_charge_of_an_instance_is_paid_first_and_nothing_in_part() {
    on_both(|m| {
        let (buyer, bought) = poor(m);
        use_for_12(m, &bought);
        m.advance("1h");
        m.push(&m.seller(), &[m.record(&bought, "2024-01-05T04", "10", "b")]);
        m.advance("1h");
        assert_eq!(due(m, &bought), "13.20");
        m.top_up(&buyer, "5.00");
        assert_eq!((due(m, &bought), m.balance(&buyer)), ("13.20".to_owned(), "5.00".to_owned()), "a smaller one does not overtake");
        m.top_up(&buyer, "7.50");
        assert_eq!((due(m, &bought), m.balance(&buyer)), ("1.20".to_owned(), "0.50".to_owned()));
        m.top_up(&buyer, "0.70");
        assert_eq!((due(m, &bought), m.balance(&buyer)), ("0.00".to_owned(), "0.00".to_owned()));
        m.verify();
    });
}

#[test]
fn one_instance_in_arrears_does_not_stop_another_of_its_buyer() {
    on_both(|m| {
        let (buyer, first) = poor(m);
        use_for_12(m, &first);
        let second = m.open(&buyer, &choice("transcribe", ""));
        m.advance("1h");
        m.top_up(&buyer, "6.00");
        m.advance("2h");
        m.push(&m.seller(), &[m.record(&second, "2024-01-05T06", "10", "b")]);
        m.advance("1h");
        assert_eq!((due(m, &first), due(m, &second)), ("12.00".to_owned(), "0.00".to_owned()));
        assert_eq!(m.balance(&buyer), "4.80");
        m.advance("4d");
        assert_eq!((state(m, &first).as_str(), state(m, &second).as_str()), ("frozen", "running"));
        m.verify();
    });
}

#[test]
fn settled_eight_times_at_once_use_is_paid_once() {
    on_both(|m| {
        let (buyer, bought) = poor(m);
        use_for_12(m, &bought);
        m.advance("1h");
        let account = m.key(&buyer);
        let transfer = app::money::request_transfer;
        let amount = domain::money::Money::new(2_000, domain::money::Currency::Cny);
        let id = m.ok(&buyer, |tx, ctx| transfer(tx, ctx, &buyer, amount, "R")).id.id();
        let operator = m.operator();
        let results = m.at_once(&operator, 8, |n, tx, ctx| match n {
            0 => app::money::decide_transfer(tx, ctx, &operator, id, true, None).map(|_| ()),
            _ => usage::settle(tx, ctx, account),
        });
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!((due(m, &bought), m.balance(&buyer)), ("0.00".to_owned(), "8.00".to_owned()));
        m.verify();
    });
}

#[test]
fn what_is_owed_is_taken_from_money_that_comes_back_in_any_way() {
    on_both(|m| {
        let buyer = m.new_buyer("poor", "200.00");
        let (used, given) = (m.open(&buyer, &choice("transcribe", "")), m.open(&buyer, &choice("backup", "1m")));
        let part = m.open(&buyer, &choice("backup", "1m"));
        use_for_12(m, &used);
        m.advance("1h");
        assert_eq!((m.balance(&buyer), due(m, &used)), ("0.00".to_owned(), "12.00".to_owned()));
        m.give_back(&buyer, &given.order);
        assert_eq!((m.balance(&buyer), due(m, &used)), ("88.00".to_owned(), "0.00".to_owned()), "an unsubscription");
        let operator = m.operator();
        let refund = app::money::Correct::Refund { number: part.order.number };
        let amount = domain::money::Money::new(500, domain::money::Currency::Cny);
        m.ok(&operator, |tx, ctx| app::money::correct(tx, ctx, &operator, &refund, amount, "a day without service"));
        m.verify();
    });
}

#[test]
fn a_correction_of_several_unpaid_charges_leaves_only_what_is_owed_net() {
    on_both(|m| {
        let (buyer, used) = poor(m);
        m.advance("4h");
        let seller = m.seller();
        m.push(&seller, &[m.record(&used, "2024-01-05T03", "500", "a"), m.record(&used, "2024-01-05T04", "300", "b")]);
        m.advance("1h");
        assert_eq!(due(m, &used), "96.00");
        let correct =
            |of: &str, value: &str, sn: &str| Record { corrects: Some(of.to_owned()), ..m.record(&used, "2024-01-05T05", value, sn) };
        m.push(&seller, &[correct("a", "50", "ca"), correct("b", "100", "cb")]);
        m.advance("1h");
        assert_eq!(due(m, &used), "18.00");
        m.top_up(&buyer, "17.99");
        assert_eq!((due(m, &used), m.balance(&buyer)), ("18.00".to_owned(), "17.99".to_owned()));
        m.top_up(&buyer, "0.01");
        assert_eq!((due(m, &used), m.balance(&buyer)), ("0.00".to_owned(), "0.00".to_owned()));
        m.verify();
    });
}

#[test]
fn a_correction_of_what_is_paid_and_what_is_not_gives_back_the_difference() {
    on_both(|m| {
        let buyer = m.new_buyer("poor", "70.00");
        let used = m.open(&buyer, &choice("transcribe", ""));
        let seller = m.seller();
        m.advance("4h");
        m.push(&seller, &[m.record(&used, "2024-01-05T03", "500", "a")]);
        m.advance("1h");
        assert_eq!(m.balance(&buyer), "10.00");
        m.push(&seller, &[m.record(&used, "2024-01-05T04", "400", "b"), m.record(&used, "2024-01-05T05", "325", "c")]);
        m.advance("1h");
        assert_eq!(due(m, &used), "80.25");
        let correct = |of: &str| Record { corrects: Some(of.to_owned()), ..m.record(&used, "2024-01-05T06", "1", &format!("c{of}")) };
        m.push(&seller, &[correct("a"), correct("b"), correct("c")]);
        m.advance("1h");
        assert_eq!((due(m, &used), m.balance(&buyer)), ("0.00".to_owned(), "69.64".to_owned()), "three minutes at 0.12");
        m.verify();
    });
}

#[test]
fn what_a_correction_of_one_instance_gives_back_pays_what_another_owes() {
    on_both(|m| {
        let buyer = m.new_buyer("poor", "70.00");
        let (first, second) = (m.open(&buyer, &choice("transcribe", "")), m.open(&buyer, &choice("transcribe", "")));
        let seller = m.seller();
        m.advance("6h");
        m.push(&seller, &[m.record(&second, "2024-01-05T03", "500", "a")]);
        m.advance("1h");
        m.push(&seller, &[m.record(&first, "2024-01-05T04", "400", "b")]);
        m.advance("1h");
        m.push(&seller, &[m.record(&second, "2024-01-05T04", "500", "c"), m.record(&second, "2024-01-05T05", "300", "d")]);
        m.advance("1h");
        assert_eq!((m.balance(&buyer), due(m, &first)), ("10.00".to_owned(), "48.00".to_owned()));
        let correct = |of: &str| Record { corrects: Some(of.to_owned()), ..m.record(&second, "2024-01-05T06", "1", &format!("c{of}")) };
        m.push(&seller, &[correct("a"), correct("c"), correct("d")]);
        m.advance("1h");
        assert_eq!((due(m, &first), due(m, &second), m.balance(&buyer)), ("0.00".to_owned(), "0.00".to_owned(), "21.64".to_owned()));
        m.verify();
    });
}

#[test]
fn of_charges_and_top_ups_at_once_none_is_left_with_the_money_in_the_wallet() {
    on_both(|m| {
        let buyer = m.new_buyer("poor", "0.00");
        let used: Vec<Bought> = (0..4).map(|_| m.open(&buyer, &choice("transcribe", ""))).collect();
        m.advance("3h");
        for (n, of) in used.iter().enumerate() {
            m.push(&m.seller(), &[m.record(of, "2024-01-05T03", "100", &format!("sn-{n}"))]);
        }
        let (operator, amount) = (m.operator(), domain::money::Money::new(1_200, domain::money::Currency::Cny));
        let announce = || m.ok(&buyer, |tx, ctx| app::money::request_transfer(tx, ctx, &buyer, amount, "R")).id;
        let transfers: Vec<_> = (0..4).map(|_| announce()).collect();
        let done = m.at_once(&operator, 8, |n, tx, ctx| match n.checked_sub(4) {
            None => usage::rate(tx, ctx, &format!("usage:{}", hex::encode(used[n].instance.0))),
            Some(n) => app::money::decide_transfer(tx, ctx, &operator, transfers[n].id(), true, None).map(drop),
        });
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        assert_eq!(m.balance(&buyer), "0.00");
        m.verify();
    });
}

/// The hour so many hours after the first one of the tests, such as `2024-01-05T03`.
fn hour(n: i64) -> String {
    (harness::at("2024-01-05T03:00:00Z") + jiff::SignedDuration::from_hours(n)).strftime("%Y-%m-%dT%H").to_string()
}

#[test]
fn more_charges_than_are_read_at_a_time_hide_no_correction_and_no_other_instance() {
    on_both(|m| {
        let (buyer, first) = poor(m);
        let all = [m.open(&buyer, &choice("transcribe", "")), m.open(&buyer, &choice("transcribe", "")), first];
        let last = m.open(&buyer, &choice("transcribe", ""));
        m.advance("17d");
        for (i, of) in all.iter().enumerate() {
            let records: Vec<Record> = (0..360).map(|n| m.record(of, &hour(n), "50", &format!("{i}.{n}"))).collect();
            m.push(&m.seller(), &records);
        }
        m.advance("2h");
        m.push(&m.seller(), &[m.record(&last, &hour(17 * 24), "10", "last")]);
        m.advance("1h");
        assert_eq!(due(m, &last), "1.20");
        m.top_up(&buyer, "1.20");
        assert_eq!((due(m, &last), m.balance(&buyer)), ("0.00".to_owned(), "0.00".to_owned()), "1,080 older charges are passed over");
        for (i, of) in all.iter().enumerate() {
            let begins = hour(17 * 24 + 1);
            let less = |n| Record { corrects: Some(format!("{i}.{n}")), ..m.record(of, &begins, "0.01", &format!("less {i}.{n}")) };
            let records: Vec<Record> = (0..360).map(less).collect();
            m.push(&m.seller(), &records);
        }
        m.advance("1h");
        assert_eq!(all.each_ref().map(|of| due(m, of)), ["0.43", "0.43", "0.43"]);
        m.top_up(&buyer, "1.29");
        assert_eq!(all.each_ref().map(|of| due(m, of)), ["0.00", "0.00", "0.00"]);
        assert_eq!(m.balance(&buyer), "0.00");
        m.verify();
    });
}

#[test]
fn who_owes_for_use_opens_no_more_of_it_until_it_is_paid() {
    on_both(|m| {
        let (buyer, first) = poor(m);
        let by_use = harness::unpaid(&choice("transcribe", ""));
        let refused = |m: &Market| m.refused(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &by_use));
        use_for_12(m, &first);
        m.advance("1h");
        assert_eq!(refused(m), "order.in_arrears");
        m.advance("4d");
        m.ok(&buyer, |tx, ctx| instance::end_on_demand(tx, ctx, &buyer, first.id()));
        assert_eq!(refused(m), "order.in_arrears", "ending what was used pays nothing");
        m.open(&m.buyer(), &choice("transcribe", ""));
        m.top_up(&buyer, "11.99");
        assert_eq!(refused(m), "order.in_arrears");
        m.top_up(&buyer, "100.01");
        m.open(&buyer, &choice("backup", "1m"));
        m.open(&buyer, &choice("transcribe", ""));
        m.verify();
    });
}

#[test]
fn what_is_owed_after_all_was_paid_has_days_of_grace_of_its_own() {
    on_both(|m| {
        let (buyer, bought) = poor(m);
        use_for_12(m, &bought);
        m.advance("1h");
        let second = m.record(&bought, &hour(27), "100", "b");
        m.advance("28h");
        m.push(&m.seller(), &[second]);
        m.advance("1h");
        assert_eq!(due(m, &bought), "24.00");
        m.top_up(&buyer, "12.00");
        assert_eq!((due(m, &bought), m.count_messages(&buyer, "usage.unpaid")), ("12.00".to_owned(), 1), "the second is open still");
        m.advance("2d"); // three days after the first charge
        assert_eq!((state(m, &bought).as_str(), m.count_messages(&buyer, "usage.unpaid")), ("running", 2), "told anew");
        m.advance("3d");
        assert_eq!(state(m, &bought), "frozen");
        m.verify();
    });
}

#[test]
fn a_cap_that_freezes_does_not_begin_the_days_of_grace_anew() {
    on_both(|m| {
        let (buyer, bought) = poor(m);
        let cap = |amount_minor| {
            let cap = Some((amount_minor, CapAction::Freeze));
            m.ok(&buyer, |tx, ctx| usage::set_cap(tx, ctx, &buyer, CapSide::Buyer, bought.id(), cap).map(drop));
            m.settle();
        };
        use_for_12(m, &bought);
        m.advance("71h");
        cap(1);
        assert_eq!(state(m, &bought), "frozen");
        m.advance("3h");
        cap(900_000_000);
        let now = m.instance(bought.instance);
        assert_eq!(
            (now.state.as_str(), now.freeze_cause.map(FreezeCause::as_str)),
            ("frozen", Some("arrears")),
            "the days of grace are over"
        );
        cap(1);
        m.top_up(&buyer, "12.00");
        assert!(instance::is_capped(&m.instance(bought.instance)), "paid, and the cap counts again");
        cap(900_000_000);
        assert_eq!(state(m, &bought), "running");
        m.advance("20d");
        assert_eq!(state(m, &bought), "running", "nothing releases it");
        m.verify();
    });
}
