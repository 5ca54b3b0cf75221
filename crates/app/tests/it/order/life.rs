//! Each row of the life of an order (`order-life 2`–`4`).

use app::{
    Error,
    order::{self, timeline},
};
use domain::{
    instance::{FreezeCause, InstanceState},
    order::OrderState,
};
use harness::{Market, choice, money, on_both, time};

/// When an instance ends, and its state.
fn end(m: &Market, instance: app::Key) -> (String, String) {
    let found = m.instance(instance);
    (time(found.expires_at.unwrap()), found.state.to_string())
}

#[test]
fn a_paid_order_opens_completes_and_settles() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        assert_eq!(m.balance(&buyer), "999900.00");
        assert_eq!((money(bought.order.total_minor).as_str(), bought.order.currency.as_str()), ("100.00", "CNY"));
        assert!(bought.order.number.starts_with("CS2401051000"), "{}", bought.order.number);
        let line = m.read(|tx, _| order::show(tx, app::Tenant::Any, &bought.order.number)).lines.remove(0);
        assert_eq!(line.number, format!("{}-000001", bought.order.number));
        assert_eq!(end(m, bought.instance), ("2024-02-05T16:00:00Z".to_owned(), "running".to_owned()));
        let instance = m.instance(bought.instance);
        assert!(instance.front_end_url.as_ref().unwrap().starts_with("http"));
        let password = m.read(|_, ctx| app::instance::password(ctx, &instance));
        assert!(password.unwrap().starts_with("pw-"));
        let done = |a: &str| (a.to_owned(), "done".to_owned());
        assert_eq!(m.activities(bought.instance), [done("newInstance"), done("queryInstance")]);
        assert!(m.messages(&buyer).contains(&"order.opened".to_owned()));
        assert_eq!((m.count_messages(&seller, "sale.bought"), m.count_messages(&seller, "sale.opened")), (1, 1));
        m.verify();
    });
}

#[test]
fn an_unpaid_order_waits_is_paid_cancelled_or_runs_out() {
    on_both(|m| {
        let buyer = m.buyer();
        let place = || m.place(&buyer, &choice("backup", "1m")).order.number;
        let (cancelled, forgotten, paid) = (place(), place(), place());
        assert_eq!(m.order(&cancelled).state, OrderState::PendingPayment);
        let ended = m.ok(&buyer, |tx, ctx| order::cancel(tx, ctx, &buyer, &cancelled));
        assert_eq!(ended.order.state, OrderState::Cancelled);
        m.ok(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &paid));
        assert_eq!(m.refused(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &cancelled)), "order.not_payable");
        assert_eq!(m.refused(&buyer, |tx, ctx| order::cancel(tx, ctx, &buyer, &paid)), "order.too_late_to_cancel");
        m.advance("7d");
        assert_eq!((m.order(&forgotten).state, m.order(&paid).state), (OrderState::Cancelled, OrderState::Completed));
        assert_eq!(m.balance(&buyer), "999900.00");
        m.verify();
    });
}

#[test]
fn an_order_can_be_paid_until_its_last_moment() {
    on_both(|m| {
        let buyer = m.buyer();
        let placed = m.place(&buyer, &choice("backup", "1m")).order;
        assert_eq!(time(placed.pay_by.unwrap()), "2024-01-12T02:00:00Z");
        let late = m.place(&buyer, &choice("backup", "1m")).order.number;
        m.advance_to(harness::at("2024-01-12T01:59:59Z"));
        m.ok(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &placed.number));
        m.advance("1s");
        assert_eq!(m.refused(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &late)), "order.not_payable");
        assert_eq!(m.order(&late).reason.as_deref(), Some("not paid in time"));
        assert_eq!((m.count_messages(&buyer, "order.cancelled"), m.balance(&buyer).as_str()), (1, "999900.00"));
        m.verify();
    });
}

#[test]
fn nobody_else_sees_pays_or_cancels_an_order() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), m.buyer2());
        let placed = m.place(&buyer, &choice("backup", "1m")).order.number;
        for number in [placed.as_str(), "CS2401051000000000"] {
            assert_eq!(m.refused(&other, |tx, ctx| order::pay(tx, ctx, &other, number)), "order.not_found");
            assert_eq!(m.refused(&other, |tx, ctx| order::cancel(tx, ctx, &other, number)), "order.not_found");
            let tenant = app::Tenant::Buyer(m.key(&other));
            assert_eq!(m.refused(&other, |tx, _| order::show(tx, tenant, number)), "order.not_found");
            assert_eq!(m.refused(&other, |tx, _| timeline(tx, tenant, number)), "order.not_found");
        }
        let elsewhere = app::Tenant::Seller(m.key(&m.seller2()));
        assert_eq!(m.refused(&other, |tx, _| order::show(tx, elsewhere, &placed)), "order.not_found");
        assert_eq!(m.order(&placed).state, OrderState::PendingPayment);
        m.verify();
    });
}

#[test]
fn of_payments_and_cancellations_at_once_one_counts() {
    on_both(|m| {
        let buyer = m.buyer();
        let number = m.place(&buyer, &choice("backup", "1m")).order.number;
        let results = m.at_once(&buyer, 8, |n, tx, ctx| match n % 2 {
            0 => order::pay(tx, ctx, &buyer, &number),
            _ => order::cancel(tx, ctx, &buyer, &number),
        });
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        let codes = results.iter().filter_map(|r| r.as_ref().err().and_then(Error::code));
        assert!(codes.into_iter().all(|c| ["order.not_payable", "order.too_late_to_cancel"].contains(&c)), "{results:?}");
        m.settle();
        let (state, balance) = (m.order(&number).state, m.balance(&buyer));
        assert!(
            [("completed", "999900.00"), ("cancelled", "1000000.00")].contains(&(state.as_str(), balance.as_str())),
            "{state} {balance}"
        );
        m.verify();
    });
}

#[test]
fn an_expired_instance_is_frozen_kept_fifteen_days_and_released() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance("31d");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Running);
        assert_eq!(m.count_messages(&buyer, "instance.ends"), 4, "15, 7, 3 and 1 days before");
        m.advance("24h");
        let frozen = m.instance(bought.instance);
        assert_eq!((frozen.state.as_str(), frozen.freeze_cause.map(FreezeCause::as_str)), ("frozen", Some("expired")));
        m.advance("14d");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Frozen);
        m.advance("24h");
        let released = m.instance(bought.instance);
        assert_eq!(released.state, InstanceState::Released);
        assert_eq!((released.password, released.front_end_url), (None, None), "log-in data are wiped");
        let calls: Vec<_> = m.activities(bought.instance).into_iter().map(|(activity, _)| activity).collect();
        assert_eq!(calls, ["newInstance", "queryInstance", "updateInstanceStatus", "releaseInstance"]);
        assert_eq!(m.count_messages(&buyer, "instance.released"), 1);
        let renewal = m.refused(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), "1m".parse().unwrap(), false));
        assert_eq!(renewal, "instance.not_renewable");
        m.verify();
    });
}

#[test]
fn a_frozen_instance_that_is_renewed_works_again() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance("35d");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Frozen);
        m.renew(&buyer, &bought, "1m");
        assert_eq!(end(m, bought.instance), ("2024-03-05T16:00:00Z".to_owned(), "running".to_owned()));
        let calls: Vec<_> = m.activities(bought.instance).into_iter().map(|(activity, _)| activity).collect();
        assert_eq!(calls[2..], ["updateInstanceStatus", "refreshInstance", "updateInstanceStatus"]);
        m.advance("20d");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Running, "the former release timer is gone");
        m.verify();
    });
}

#[test]
fn an_unpaid_renewal_ends_with_its_instance() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance("46d"); // an hour of the last day of retention
        let period = "1m".parse().unwrap();
        let renewal = m.ok(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), period, false)).order.number;
        m.advance("24h");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Released);
        assert_eq!(m.order(&renewal).state, OrderState::Cancelled);
        assert_eq!(m.refused(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &renewal)), "order.not_payable");
        m.verify();
    });
}

#[test]
fn only_one_open_order_per_instance_and_the_second_names_it() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let period = "1m".parse().unwrap();
        let open = m.ok(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), period, false)).order.number;
        let second = m.refusal(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), period, false));
        assert_eq!((second.kind, second.code), (app::Kind::Conflict, "instance.open_order"));
        assert!(second.detail.contains(&open), "{second}");
        m.ok(&buyer, |tx, ctx| order::cancel(tx, ctx, &buyer, &open));
        m.renew(&buyer, &bought, "1m");
        m.verify();
    });
}

#[test]
fn of_eight_unpaid_orders_on_an_instance_at_once_one_is_placed() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let period = "1m".parse().unwrap();
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), period, false));
        let open: Vec<_> = results.iter().filter_map(|r| r.as_ref().ok()).collect();
        assert_eq!(open.len(), 1, "{results:?}");
        assert!(results.iter().filter_map(|r| r.as_ref().err()).all(|e| e.code() == Some("instance.open_order")), "{results:?}");
        assert_eq!(m.instance(bought.instance).open_order_id, Some(open[0].order.id));
        m.verify();
    });
}
