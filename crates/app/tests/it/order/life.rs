//! Each row of the life of an order (`order-life 2`–`4`).

use app::order;
use harness::{choice, money, on_both, time};

#[test]
fn a_paid_order_opens_completes_and_settles() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        assert_eq!(m.balance(&buyer), "999900.00");
        assert_eq!(money(bought.order.total_minor), "100.00");
        assert!(bought.order.number.starts_with("CS2401051000"), "{}", bought.order.number);
        let instance = m.instance(bought.instance);
        assert_eq!((instance.state.as_str(), time(instance.expires_at.unwrap()).as_str()), ("running", "2024-02-05T16:00:00Z"));
        let done = |a: &str| (a.to_owned(), "done".to_owned());
        assert_eq!(m.activities(bought.instance), [done("newInstance"), done("queryInstance")]);
        assert!(m.messages(&buyer).contains(&"order.opened".to_owned()));
        m.verify();
    });
}

#[test]
fn what_is_given_back_before_the_fifth_day_is_over_comes_back_in_full() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance("2d");
        m.ok(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &bought.order.number));
        m.settle();
        assert_eq!(m.balance(&buyer), "1000000.00");
        m.verify();
    });
}
