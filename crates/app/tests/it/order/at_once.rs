//! The same wish from eight clients at once: whoever orders on an instance has locked it, and the others are told.

use app::order::{self, Choice};
use domain::period::Period;
use harness::{choice, money, on_both};

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

#[test]
fn of_eight_conversions_of_a_trial_one_is_paid() {
    on_both(|m| {
        let buyer = m.buyer();
        let trial = m.open(&buyer, &Choice { trial: true, ..choice("backup", "") });
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::convert(tx, ctx, &buyer, trial.id(), period("1m"), true));
        let paid = results.iter().filter(|r| r.is_ok()).count();
        let refused: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()?.code()).collect();
        assert_eq!((paid, refused), (1, vec!["instance.not_trial"; 7]));
        assert_eq!(m.balance(&buyer), "999900.00");
        m.verify();
    });
}

#[test]
fn renewals_at_once_end_no_more_than_five_years_ahead() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "3y")); // until 2027; 2,500.00
        let before = m.balance(&buyer);
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), period("1y"), true));
        let refused: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()?.code()).collect();
        assert_eq!(refused, ["renewal.too_far_ahead"; 6], "{results:?}");
        let paid: i64 = results.iter().flatten().map(|full| full.order.total_minor).sum();
        assert_eq!(m.balance(&buyer), money(harness::minor(&before) - paid));
        m.verify();
    });
}

#[test]
fn of_eight_unsubscriptions_of_a_renewal_one_gives_it_back() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let renewal = m.renew(&buyer, &bought, "1m");
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::unsubscribe(tx, ctx, &buyer, &renewal.number));
        let refused: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()?.code()).collect();
        assert_eq!(refused, ["refund.already_refunded"; 7], "{results:?}");
        m.settle();
        assert_eq!(m.balance(&buyer), "999900.00");
        m.verify();
    });
}

#[test]
fn of_eight_upgrades_at_once_one_is_paid() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let cmd = order::PlaceChange { instance: bought.id(), sku: "pro/5".to_owned(), pay: true };
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::change(tx, ctx, &buyer, &cmd));
        let refused: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()?.code()).collect();
        assert_eq!(refused, ["instance.open_order"; 7], "{results:?}");
        m.settle();
        assert_eq!(m.balance(&buyer), "999780.00");
        m.verify();
    });
}

#[test]
fn an_unsubscription_and_renewals_at_once_cost_nothing_in_the_end() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let (id, number) = (bought.id(), bought.order.number.clone());
        let results = m.at_once(&buyer, 8, |n, tx, ctx| match n % 2 {
            0 => order::unsubscribe(tx, ctx, &buyer, &number).map(drop),
            _ => order::renew(tx, ctx, &buyer, id, period("1m"), true).map(drop),
        });
        let failures: Vec<_> = results.iter().filter_map(|r| r.as_ref().err().filter(|e| e.code().is_none())).collect();
        assert!(failures.is_empty(), "{failures:?}");
        assert_eq!(results.iter().step_by(2).filter(|r| r.is_ok()).count(), 1, "{results:?}");
        m.settle();
        assert_eq!((m.instance(bought.instance).state.as_str(), m.balance(&buyer).as_str()), ("released", "1000000.00"));
        m.verify();
    });
}

#[test]
fn a_change_and_a_renewal_that_is_given_back_at_once_leave_no_cent_unexplained() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let renewal = m.renew(&buyer, &bought, "1m");
        let cmd = order::PlaceChange { instance: bought.id(), sku: "pro/5".to_owned(), pay: true };
        let results = m.at_once(&buyer, 8, |n, tx, ctx| match n % 2 {
            0 => order::unsubscribe(tx, ctx, &buyer, &renewal.number).map(drop),
            _ => order::change(tx, ctx, &buyer, &cmd).map(drop),
        });
        let failures: Vec<_> = results.iter().filter_map(|r| r.as_ref().err().filter(|e| e.code().is_none())).collect();
        assert!(failures.is_empty(), "{failures:?}");
        m.settle();
        m.verify();
    });
}
