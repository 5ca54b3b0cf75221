//! What is measured and added up: facts of products, shops, figures by month.

use app::{catalogue, money as books, order, storefront};
use domain::{id::ProductId, measure::Facts};
use harness::{Market, choice, money, on_both};

fn product(m: &Market, key: &str) -> ProductId {
    m.read(|tx, ctx| Ok(catalogue::find(tx, ctx, "cn", key)?.0.product.id.id()))
}

/// Two purchases of `backup`, one of them given back.
fn two_purchases(m: &Market) {
    let buyer = m.buyer();
    m.open(&buyer, &choice("backup", "1m"));
    let second = m.open(&buyer, &choice("backup", "1m"));
    m.ok(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &second.order.number));
    m.settle();
}

#[test]
fn facts_are_measured_from_purchases_and_calls() {
    on_both(|m| {
        two_purchases(m);
        let facts = |of: ProductId| m.read(|tx, _| storefront::facts(tx, of));
        let (backup, archive) = (facts(product(m, "backup")), facts(product(m, "archive")));
        assert_eq!((backup.purchases, backup.refunded_permille, backup.answered_permille), (2, Some(500), Some(1000)));
        assert!(backup.opening_ms.is_some_and(|ms| (0..60_000).contains(&ms)), "{backup:?}");
        let nothing = Facts { purchases: 0, opening_ms: None, answered_permille: None, refunded_permille: None };
        assert_eq!(archive, nothing, "nothing is claimed of what nobody bought");
    });
}

#[test]
fn a_shop_shows_its_approved_seller() {
    on_both(|m| {
        let shop = m.read(|tx, _| storefront::shop(tx, m.seller().account_id));
        assert_eq!((shop.name.as_str(), shop.profile.company_name.as_str()), ("seller Ltd", "seller Ltd"));
        let buyer = m.buyer();
        assert_eq!(m.refused(&buyer, |tx, _| storefront::shop(tx, buyer.account_id)), "shop.not_found");
    });
}

#[test]
fn figures_by_month_are_what_the_ledger_and_the_bill_lines_say() {
    on_both(|m| {
        two_purchases(m);
        m.advance("40d");
        let spending = m.read(|tx, ctx| books::spending(tx, ctx, &m.buyer()));
        assert_eq!(spending.len(), 12);
        let spent = spending.iter().map(|(_, minor)| minor).sum();
        assert_eq!(money(spent), "100.00", "a refund is not spent");
        let revenue = m.read(|tx, ctx| books::revenue(tx, ctx, &m.seller()));
        let sum = |of: fn(&books::Earned) -> i64| money(revenue.iter().map(|(_, earned)| of(earned)).sum());
        assert_eq!(sum(|e| e.sold_minor), "200.00");
        assert_eq!(sum(|e| e.refunded_minor), "-100.00");
        assert_eq!(sum(|e| e.payable_minor), "95.00");
        let calls = m.read(|tx, ctx| app::call::by_day(tx, ctx, &m.seller()));
        assert_eq!(calls.len(), 14);
        let others = m.read(|tx, ctx| books::revenue(tx, ctx, &m.seller2()));
        assert!(others.iter().all(|(_, e)| e.sold_minor == 0), "another seller sees nothing of it");
        m.verify();
    });
}
