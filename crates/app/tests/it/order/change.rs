//! Changes: upgrades, and renewals with another combination (`order-life 3`, `seller-domain 2.5`).

use app::{
    Error, Tenant,
    order::{self, PlaceChange, RenewWithChange},
};
use domain::order::OrderState;
use harness::{Bought, Fault, Market, choice, money, on_both, pack, sample, time};

fn upgrade(bought: &Bought, sku: &str) -> PlaceChange {
    PlaceChange { instance: bought.id(), sku: sku.to_owned(), pay: true }
}

fn renewal(bought: &Bought, sku: &str, period: &str) -> RenewWithChange {
    RenewWithChange { instance: bought.id(), sku: sku.to_owned(), period: period.parse().unwrap(), pay: true }
}

/// The combination of an instance, and when it ends.
fn shown(m: &Market, bought: &Bought) -> (String, String) {
    let found = m.instance(bought.instance);
    (found.sku, time(found.expires_at.unwrap()))
}

#[test]
fn an_upgrade_costs_the_documented_fee_and_keeps_the_end() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let quote = m.ok(&buyer, |tx, ctx| order::change_quote(tx, ctx, &buyer, bought.id(), "pro/5"));
        assert_eq!(money(quote.fee.minor), "120.00", "all days are to come on the first day");
        m.advance("15d"); // 20 January: 16 of 31 days are to come
        let order = m.upgrade(&buyer, &bought, "pro/5");
        // round(220.00 × 16/31) − round(100.00 × 16/31) = 113.55 − 51.61
        assert_eq!((order.kind.as_str(), money(order.total_minor).as_str()), ("change", "61.94"));
        assert_eq!(shown(m, &bought), ("pro/5".to_owned(), "2024-02-05T16:00:00Z".to_owned()));
        assert_eq!(order.state, OrderState::Completed);
        for (sku, code) in [("pro/5", "change.same"), ("basic/5", "change.not_dearer"), ("none", "sku.not_found")] {
            assert_eq!(m.refused(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &upgrade(&bought, sku))), code);
        }
        m.verify();
    });
}

#[test]
fn a_detour_costs_what_the_direct_way_costs() {
    on_both(|m| {
        let buyer = m.buyer();
        let (direct, detour) = (m.open(&buyer, &choice("backup", "1m")), m.open(&buyer, &choice("backup", "1m")));
        for bought in [&direct, &detour] {
            m.renew(&buyer, bought, "1y");
        }
        m.advance("15d"); // 20 January: 16 of 31 days, and a year
        let whole = m.upgrade(&buyer, &direct, "pro/5").total_minor;
        let parts = ["basic/10", "pro/5"].map(|sku| m.upgrade(&buyer, &detour, sku).total_minor);
        assert_eq!(parts[0] + parts[1], whole);
        m.verify();
    });
}

#[test]
fn a_choice_that_is_not_dearer_for_every_term_comes_with_a_renewal() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1y"));
        let mut listed = sample("backup");
        // Dearer by the month, cheaper by the year: the instance is paid by the year.
        listed.specifications[0].skus[2].year_minor = Some(90_000);
        m.list(&m.seller(), "backup", &listed);
        let code = m.refused(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &upgrade(&bought, "pro/5")));
        assert_eq!(code, "change.not_dearer");
        let renewed = m.renew_with_change(&buyer, &renewal(&bought, "pro/5", "1y")).unwrap().unwrap().order;
        assert_eq!(money(renewed.total_minor), "900.00", "the difference to a smaller one is not given back");
        let line = m.read(|tx, _| order::show(tx, app::Tenant::Any, &renewed.number)).lines.remove(0);
        let from = order::Sold::of(&line).unwrap().changed_from_name.map(|name| name.en);
        assert_eq!(from.as_deref(), Some("basic / 5"), "it says from which combination");
        m.settle();
        m.verify();
    });
}

#[test]
fn the_day_of_an_upgrade_is_not_charged_and_after_the_end_there_is_none() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let quote = || m.write(&buyer, |tx, ctx| order::change_quote(tx, ctx, &buyer, bought.id(), "pro/5"));
        m.advance_to(harness::at("2024-02-04T15:59:59Z"));
        // One day is to come: round(220.00 × 1/31) − round(100.00 × 1/31) = 7.10 − 3.23
        assert_eq!(money(quote().unwrap().fee.minor), "3.87");
        m.advance("1s"); // the last day
        assert_eq!(money(quote().unwrap().fee.minor), "0.00");
        m.advance("24h");
        assert_eq!(quote().unwrap_err().code(), Some("change.state"));
    });
}

#[test]
fn an_upgrade_is_refused_where_it_is_not_offered_or_not_possible() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), m.buyer2());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let trial = m.open(&buyer, &order::Choice { trial: true, ..choice("backup", "") });
        let package = m.open(&buyer, &pack("s", "1m"));
        let poor = m.new_buyer("poor", "219.99");
        let last = m.open(&poor, &choice("backup", "1m"));
        for (who, cmd, code) in [
            (&other, upgrade(&bought, "pro/5"), "instance.not_found"),
            (&buyer, upgrade(&trial, "pro/5"), "change.state"),
            (&buyer, upgrade(&package, "m"), "change.not_offered"),
            (&poor, upgrade(&last, "pro/5"), "wallet.short"),
        ] {
            assert_eq!(m.refused(who, |tx, ctx| order::change(tx, ctx, who, &cmd)), code);
        }
        assert_eq!((m.balance(&poor).as_str(), m.instance(last.instance).open_order_id), ("119.99", None));
        m.ok(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &PlaceChange { pay: false, ..upgrade(&bought, "pro/5") }));
        let second = m.refused(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &upgrade(&bought, "basic/10")));
        assert_eq!(second, "instance.open_order");
        let mut listed = sample("backup");
        listed.specifications[0].skus[2].on_sale = false;
        m.list(&m.seller(), "backup", &listed);
        let code = m.refused(&buyer, |tx, ctx| order::change_quote(tx, ctx, &buyer, bought.id(), "pro/5"));
        assert_eq!(code, "price.not_on_sale");
        m.verify();
    });
}

#[test]
fn an_upgrade_of_a_frozen_instance_waits_for_its_renewal() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance("33d");
        assert_eq!(m.refused(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &upgrade(&bought, "pro/5"))), "change.state");
        assert_eq!(m.renew_with_change(&buyer, &renewal(&bought, "pro/5", "1m")).unwrap_err().code(), Some("change.state"));
        m.renew(&buyer, &bought, "1m");
        assert_eq!(m.upgrade(&buyer, &bought, "pro/5").state, OrderState::Completed);
        m.verify();
    });
}

#[test]
fn of_eight_upgrades_at_once_one_is_paid() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::change(tx, ctx, &buyer, &upgrade(&bought, "pro/5")));
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().filter_map(|r| r.as_ref().err()).all(|e| e.code() == Some("instance.open_order")), "{results:?}");
        m.settle();
        assert_eq!((m.balance(&buyer).as_str(), m.instance(bought.instance).sku.as_str()), ("999780.00", "pro/5"));
        m.verify();
    });
}

#[test]
fn a_renewal_with_change_asks_the_seller_first_and_costs_the_term_and_the_difference() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m")); // until 5 February
        let wanted = renewal(&bought, "pro/5", "1m");
        let quote = m.renewal_quote(&buyer, bought.id(), (Some("pro/5"), "1m")).unwrap();
        assert_eq!(money(quote.fee.minor), "340.00", "220.00 for the month to come, 120.00 for all days of this one");
        let order = m.renew_with_change(&buyer, &wanted).unwrap().unwrap().order;
        assert_eq!((order.kind.as_str(), order.state.as_str(), money(order.total_minor).as_str()), ("renew", "completed", "340.00"));
        m.settle();
        assert_eq!(shown(m, &bought), ("pro/5".to_owned(), "2024-03-05T16:00:00Z".to_owned()));
        let site = domain::site::Site::of(domain::site::SiteCode::Cn);
        let paid: Vec<i64> =
            m.read(|tx, _| app::instance::paid_terms(tx, &site, bought.instance)?.iter().map(app::instance::Paid::sum).collect());
        assert_eq!(paid, [22_000, 22_000]);
        let done = |a: &str| (a.to_owned(), "done".to_owned());
        assert_eq!(m.activities(bought.instance)[2..], [done("changeInstanceCheck"), done("refreshInstance")]);
        let sent = m.attempts(&m.calls(bought.instance)[3]).remove(0).request;
        assert!(sent.contains("RENEWAL_CHANGE") && sent.contains("productId"), "{sent}");
        let back = m.refused(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &order.number));
        assert_eq!(back, "refund.change", "it is effective at once");
        let smaller = m.renew_with_change(&buyer, &renewal(&bought, "basic/5", "1m")).unwrap().unwrap().order;
        assert_eq!(money(smaller.total_minor), "100.00", "the difference to a smaller one is not given back");
        m.settle();
        assert_eq!(m.activities(bought.instance)[4..], [done("changeInstanceCheck"), done("refreshInstance")]);
        m.verify();
    });
}

#[test]
fn a_renewal_with_a_change_that_the_seller_refuses_changes_nothing_and_leaves_a_message() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let before = (shown(m, &bought), m.terms(bought.instance).len());
        for fault in [Fault::Code000005, Fault::Http500, Fault::NotJson, Fault::WrongSignature] {
            m.server.fault("backup", fault);
            let answer = m.renew_with_change(&buyer, &renewal(&bought, "pro/5", "1m")).unwrap();
            assert!(answer.is_err(), "{fault:?}: the seller refuses");
        }
        m.server.fault("backup", Fault::None);
        assert_eq!((shown(m, &bought), m.terms(bought.instance).len()), before);
        assert_eq!(m.balance(&buyer), "999900.00");
        let failed = m.failed_calls();
        assert_eq!(failed.len(), 4, "{failed:?}");
        let seller = m.seller();
        let tenant = Tenant::Seller(m.key(&seller));
        let restart = m.refused(&seller, |tx, ctx| app::call::restart(tx, ctx, tenant, failed[0].id.id()));
        assert_eq!(restart, "call.order_over");
        m.verify();
    });
}

#[test]
fn a_renewal_with_change_is_refused_before_the_seller_is_asked() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), m.buyer2());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let archive = m.open(&buyer, &choice("archive", "1m"));
        let asked = m.server.requests().len();
        for (who, cmd, code) in [
            (&buyer, renewal(&bought, "basic/5", "1m"), "change.same"),
            (&buyer, renewal(&bought, "none", "1m"), "sku.not_found"),
            (&buyer, renewal(&bought, "pro/5", "7d"), "price.not_sold_per"),
            (&buyer, renewal(&archive, "team", "1m"), "change.not_offered"),
            (&other, renewal(&bought, "pro/5", "1m"), "instance.not_found"),
        ] {
            let refused = m.renew_with_change(who, &cmd).unwrap_err();
            assert_eq!(refused.code(), Some(code), "{cmd:?}");
            let quote = m.renewal_quote(who, cmd.instance, (Some(&cmd.sku), &cmd.period.to_string())).unwrap_err();
            assert_eq!(quote.code(), Some(code), "{cmd:?}");
        }
        m.ok(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), "1m".parse().unwrap(), false));
        let busy = m.renew_with_change(&buyer, &renewal(&bought, "pro/5", "1m")).unwrap_err();
        assert_eq!(busy.code(), Some("instance.open_order"));
        assert_eq!(m.server.requests().len(), asked);
        m.verify();
    });
}

#[test]
fn a_renewal_with_change_that_is_not_covered_leaves_no_trace_of_the_question() {
    on_both(|m| {
        let poor = m.new_buyer("poor", "439.99");
        let bought = m.open(&poor, &choice("backup", "1m"));
        let refused = m.renew_with_change(&poor, &renewal(&bought, "pro/5", "1m"));
        assert_eq!(refused.unwrap_err().code(), Some("wallet.short"), "340.00 of 339.99");
        assert_eq!((m.balance(&poor).as_str(), m.activities(bought.instance).len()), ("339.99", 2));
        m.top_up(&poor, "0.01");
        m.renew_with_change(&poor, &renewal(&bought, "pro/5", "1m")).unwrap().unwrap();
        m.settle();
        assert_eq!(m.balance(&poor), "0.00");
        m.verify();
    });
}

#[test]
fn of_eight_renewals_with_the_same_change_at_once_one_is_ordered() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let wanted = renewal(&bought, "pro/5", "1m");
        let check = m.ok(&buyer, |tx, ctx| order::check_change(tx, ctx, &buyer, &wanted));
        let exchange = m.server.send(&check.url, check.body.as_deref(), &[]);
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::renew_with_change(tx, ctx, &buyer, &wanted, (&check, &exchange)));
        let ordered = results.iter().filter(|r| r.is_ok()).count();
        let same = results.iter().filter_map(|r| r.as_ref().err().and_then(Error::code)).filter(|c| *c == "change.same").count();
        assert_eq!((ordered, same), (1, 7), "{results:?}");
        m.settle();
        assert_eq!(m.balance(&buyer), "999560.00");
        m.verify();
    });
}
