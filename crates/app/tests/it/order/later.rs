//! Orders that are paid later than they were placed: what paying checks again, and which price counts (`order-life 3`).

use app::{
    Error, catalogue,
    order::{self, Full, PlaceChange, RenewWithChange},
};
use domain::{instance::InstanceState, listing::FreezeCause, order::OrderState};
use harness::{Bought, Market, choice, money, on_both, sample};

/// Pays an order of the buyer: the order, or the code of its refusal.
fn pay(m: &Market, number: &str) -> Result<Full, String> {
    let buyer = m.buyer();
    m.write(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, number)).map_err(|e| e.code().unwrap_or("failure").to_owned())
}

/// An upgrade to pro/5 that waits for payment.
fn upgrade(m: &Market, bought: &Bought) -> String {
    let buyer = m.buyer();
    let cmd = PlaceChange { instance: bought.id(), sku: "pro/5".to_owned(), pay: false };
    m.ok(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &cmd)).order.number
}

fn renewal(m: &Market, bought: &Bought, period: &str) -> String {
    let buyer = m.buyer();
    m.ok(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), period.parse().unwrap(), false)).order.number
}

/// Lists the backup service with another monthly price of a combination.
fn reprice(m: &Market, sku: usize, month_minor: i64) {
    let mut listed = sample("backup");
    listed.specifications[0].skus[sku].month_minor = Some(month_minor);
    m.list(&m.seller(), "backup", &listed);
}

fn freeze(m: &Market, product: &str, cause: Option<FreezeCause>) {
    let operator = m.operator();
    let id = m.read(|tx, ctx| Ok(catalogue::find(tx, ctx, "cn", product)?.0.product.id)).id();
    m.ok(&operator, |tx, ctx| catalogue::freeze(tx, ctx, id, cause, "forbidden contents"));
}

fn unchanged(m: &Market, number: &str, balance: &str) {
    assert_eq!((m.order(number).state.as_str(), m.balance(&m.buyer()).as_str()), ("pending_payment", balance));
}

#[test]
fn a_purchase_keeps_the_price_that_it_was_placed_with() {
    on_both(|m| {
        let waiting = m.place(&m.buyer(), &choice("backup", "1m")).order.number;
        reprice(m, 0, 90_000);
        assert_eq!(pay(m, &waiting).unwrap().order.total_minor, 10_000);
        m.settle();
        assert_eq!((m.order(&waiting).state.as_str(), m.balance(&m.buyer()).as_str()), ("completed", "999900.00"));
        m.verify();
    });
}

#[test]
fn a_purchase_is_not_paid_once_the_product_may_not_be_bought() {
    on_both(|m| {
        let waiting = m.place(&m.buyer(), &choice("backup", "1m")).order.number;
        for cause in [FreezeCause::Violation, FreezeCause::Other] {
            freeze(m, "backup", Some(cause));
            assert_eq!(pay(m, &waiting).unwrap_err(), "product.not_on_sale");
            unchanged(m, &waiting, "1000000.00");
        }
        freeze(m, "backup", None);
        let mut listed = sample("backup");
        listed.specifications[0].skus[0].on_sale = false;
        m.list(&m.seller(), "backup", &listed);
        assert_eq!(pay(m, &waiting).unwrap_err(), "price.not_on_sale");
        unchanged(m, &waiting, "1000000.00");
        m.list(&m.seller(), "backup", &sample("backup"));
        assert_eq!(pay(m, &waiting).unwrap().order.state, OrderState::Processing);
        m.settle();
        m.verify();
    });
}

#[test]
fn a_violation_stops_renewals_and_changes_and_another_freeze_does_not() {
    on_both(|m| {
        let buyer = m.buyer();
        let (one, two) = (m.open(&buyer, &choice("backup", "1m")), m.open(&buyer, &choice("backup", "1m")));
        let (waiting, change) = (renewal(m, &one, "1m"), upgrade(m, &two));
        freeze(m, "backup", Some(FreezeCause::Violation));
        for number in [&waiting, &change] {
            assert_eq!(pay(m, number).unwrap_err(), "product.not_on_sale");
            unchanged(m, number, "999800.00");
        }
        m.ok(&buyer, |tx, ctx| order::cancel(tx, ctx, &buyer, &change));
        let direct = m.refused(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, two.id(), "1m".parse().unwrap(), true));
        assert_eq!(direct, "product.not_on_sale");
        freeze(m, "backup", Some(FreezeCause::Other));
        pay(m, &waiting).unwrap();
        m.renew(&buyer, &two, "1m");
        m.verify();
    });
}

#[test]
fn an_upgrade_costs_what_it_costs_on_the_day_of_its_payment() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let waiting = upgrade(m, &bought);
        assert_eq!(money(m.order(&waiting).total_minor), "120.00");
        m.advance("6d"); // 11 January: 25 of 31 days are to come
        // round(220.00 × 25/31) − round(100.00 × 25/31) = 177.42 − 80.65
        let paid = pay(m, &waiting).unwrap();
        assert_eq!((money(paid.order.total_minor).as_str(), money(paid.lines[0].amount_minor).as_str()), ("96.77", "96.77"));
        m.settle();
        assert_eq!((m.order(&waiting).state.as_str(), m.balance(&buyer).as_str()), ("completed", "999803.23"));
        let seen = m.read(|tx, _| order::timeline(tx, app::Tenant::Buyer(m.key(&buyer)), &waiting));
        assert!(seen.iter().any(|e| e.kind == "order.price_lowered"), "{seen:?}");
        m.verify();
    });
}

#[test]
fn a_change_that_became_dearer_is_refused_with_the_new_price() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let waiting = upgrade(m, &bought);
        reprice(m, 2, 30_000);
        let refused = m.refusal(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &waiting));
        assert_eq!(refused.code, "order.price_changed");
        assert!(refused.detail.contains("CNY 200.00") && refused.detail.contains("CNY 120.00"), "{refused}");
        unchanged(m, &waiting, "999900.00");
        m.ok(&buyer, |tx, ctx| order::cancel(tx, ctx, &buyer, &waiting));
        assert_eq!(m.upgrade(&buyer, &bought, "pro/5").total_minor, 20_000);
        m.verify();
    });
}

#[test]
fn a_renewal_with_change_is_worked_out_again_when_it_is_paid() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let cmd = RenewWithChange { instance: bought.id(), sku: "pro/5".to_owned(), period: "1m".parse().unwrap(), pay: false };
        let waiting = m.renew_with_change(&buyer, &cmd).unwrap().unwrap().order;
        assert_eq!(money(waiting.total_minor), "340.00");
        reprice(m, 2, 22_001);
        assert_eq!(pay(m, &waiting.number).unwrap_err(), "order.price_changed");
        reprice(m, 2, 22_000);
        m.advance("6d");
        assert_eq!(money(pay(m, &waiting.number).unwrap().order.total_minor), "316.77", "220.00 and 96.77");
        m.settle();
        assert_eq!(m.balance(&buyer), "999583.23");
        m.verify();
    });
}

#[test]
fn a_change_cannot_be_paid_once_the_instance_may_not_be_changed() {
    on_both(|m| {
        let buyer = m.buyer();
        m.advance("26d");
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance("27d");
        let waiting = upgrade(m, &bought);
        m.advance("4d"); // frozen since the end of 29 February
        assert_eq!(m.instance(bought.instance).state, InstanceState::Frozen);
        assert_eq!(pay(m, &waiting).unwrap_err(), "change.state");
        unchanged(m, &waiting, "999900.00");
        assert!(!m.activities(bought.instance).iter().any(|(activity, _)| activity == "upgradeInstance"));
        m.advance("4d");
        assert_eq!((m.order(&waiting).state.as_str(), m.instance(bought.instance).open_order_id), ("cancelled", None));
        m.verify();
    });
}

#[test]
fn of_eight_payments_of_a_change_at_once_one_takes_the_money() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let waiting = upgrade(m, &bought);
        m.advance("6d");
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::pay(tx, ctx, &buyer, &waiting));
        let codes: Vec<_> = results.iter().filter_map(|r| r.as_ref().err().and_then(Error::code)).collect();
        assert_eq!((results.iter().filter(|r| r.is_ok()).count(), codes), (1, vec!["order.not_payable"; 7]));
        m.settle();
        assert_eq!(m.balance(&buyer), "999803.23");
        m.verify();
    });
}

#[test]
fn an_order_is_not_paid_after_its_seven_days_even_when_nobody_cancelled_it() {
    on_both(|m| {
        let buyer = m.buyer();
        let order = m.place(&buyer, &choice("backup", "1m")).order;
        m.execute("DELETE FROM jobs WHERE kind = 'order.unpaid'");
        m.advance("8d");
        assert_eq!(pay(m, &order.number).unwrap_err(), "order.not_payable");
        assert_eq!(m.balance(&buyer), "1000000.00");
    });
}
