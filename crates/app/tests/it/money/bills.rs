//! Bills of sellers: made on the 3rd for the month before (`money-reseller-buyer-domain 1`).

use app::money;
use domain::{instance::InstanceState, money::Currency};
use harness::{Market, at, choice, on_both};
use std::sync::Arc;

#[test]
fn a_refund_after_the_bill_stands_in_the_next_one() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        m.advance("28d"); // 2 February
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance("30h"); // 3 February: the bill of January is made, this line is not on it
        assert!(m.bills(&seller, "2024-01").is_empty());
        m.give_back(&buyer, &bought.order);
        m.advance("33d");
        assert_eq!(m.bill(&seller, "2024-02").total, "0.00");
        m.verify();
    });
}

/// What was paid and given back on a bill, and how much of each line's order came back.
fn sides(m: &Market, month: &str) -> (String, String, Vec<String>) {
    let seller = m.key(&m.seller());
    m.read(|tx, _| {
        let bill = store::bill::list(tx, Some(seller), Some(month), app::Page::first(1))?.remove(0);
        let (sides, lines) = (store::bill::sides(tx, bill.id)?, store::bill::lines(tx, bill.id, app::Page::first(10))?);
        let extents = money::bill_extents(tx, &lines)?.into_iter().map(|e| e.to_string()).collect();
        Ok((harness::money(sides.paid_minor), harness::money(sides.refunded_minor), extents))
    })
}

#[test]
fn a_bill_says_what_was_paid_what_was_given_back_and_of_which_orders() {
    on_both(|m| {
        let buyer = m.buyer();
        let kept = m.open(&buyer, &choice("backup", "1m"));
        let back = m.open(&buyer, &choice("backup", "1m"));
        m.give_back(&buyer, &back.order);
        m.open(&buyer, &choice("backup", "1m"));
        let running = m.read(|tx, ctx| money::running_bill(tx, ctx, m.key(&m.seller()), Currency::Cny, app::Page::first(10)));
        assert_eq!((running.sides.paid_minor, running.sides.refunded_minor, running.total_minor), (30_000, 10_000, 19_000));
        m.advance("33d");
        let (paid, refunded, mut extents) = sides(m, "2024-01");
        extents.sort();
        assert_eq!((paid.as_str(), refunded.as_str()), ("300.00", "100.00"));
        assert_eq!(extents, ["none", "none", "whole", "whole"], "the order that was given back and its refund");
        // What is given back later of an earlier bill stands on its own bill, and is said on the first one too.
        let (operator, number) = (m.operator(), &kept.order.number);
        let part = domain::money::Money::new(3_000, domain::money::Currency::Cny);
        let order = money::Correct::Refund { number: number.clone() };
        m.ok(&operator, |tx, ctx| money::correct(tx, ctx, &operator, &order, part, "two days without service"));
        assert!(sides(m, "2024-01").2.contains(&"part".to_owned()));
        m.advance("31d");
        assert_eq!(sides(m, "2024-02"), ("0.00".to_owned(), "30.00".to_owned(), vec!["part".to_owned()]));
        m.verify();
    });
}

#[test]
fn a_renewal_from_a_billed_month_on_stands_on_the_bill_of_the_month_in_which_it_was_paid() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        m.advance("20d");
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance("38d"); // 3 March: frozen since 25 February, and the bill of February is made
        assert_eq!(m.instance(bought.instance).state, InstanceState::Frozen);
        m.renew(&buyer, &bought, "1m");
        m.settle();
        m.verify();
        m.advance("31d");
        assert_eq!(m.bill(&seller, "2024-03").total, "95.00");
        m.verify();
    });
}

#[test]
fn a_renewal_stands_on_the_bill_of_the_month_in_which_it_begins() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.renew(&buyer, &bought, "1m"); // from 6 February
        let running = m.read(|tx, ctx| money::running_bill(tx, ctx, m.key(&seller), Currency::Cny, app::Page::first(10)));
        assert_eq!((running.total_minor, running.lines.len()), (9_500, 1));
        m.advance("61d"); // 6 March
        assert_eq!(m.bill(&seller, "2024-01").amounts(), [("original", "100.00")]);
        assert_eq!(m.bill(&seller, "2024-02").amounts(), [("original", "100.00")]);
        assert_eq!(m.count_messages(&seller, "bill.issued"), 2);
        assert!(m.bills(&m.seller2(), "2024-01").is_empty(), "nobody else is billed");
        m.verify();
    });
}

#[test]
fn the_first_of_the_month_at_the_site_divides_the_bills() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        m.advance_to(harness::at("2024-01-31T15:59:59Z"));
        m.open(&buyer, &choice("backup", "1m"));
        m.advance("1s");
        m.open(&buyer, &choice("backup", "1y"));
        m.advance("35d");
        assert_eq!(m.bill(&seller, "2024-01").amounts(), [("original", "100.00")]);
        assert_eq!(m.bill(&seller, "2024-02").amounts(), [("original", "1000.00")]);
        m.verify();
    });
}

/// 100 minutes of the last hour of January at the site, rated half an hour after midnight and more: 12.00.
fn use_of_january(m: &Market, charged_at: &str) {
    let (buyer, seller) = (m.buyer(), m.seller());
    let bought = m.open(&buyer, &choice("transcribe", ""));
    m.advance_to(at(charged_at));
    m.push(&seller, &[m.record(&bought, "2024-01-31T15", "100", "late")]);
    m.advance("1h");
    assert_eq!(m.balance(&buyer), "999988.00");
    let days: Vec<_> = m.metered(&bought).days.into_iter().map(|d| (d.day, d.amount_minor)).collect();
    assert_eq!(days, [("2024-01-31".to_owned(), 1_200)]);
    m.advance("61d");
    m.verify();
}

#[test]
fn use_stands_on_the_bill_of_its_day_while_that_is_open() {
    // Rated at 00:20 of 1 February, and in the last hour before the bills of January are made.
    for charged_at in ["2024-01-31T16:05:00Z", "2024-02-02T15:00:00Z"] {
        on_both(|m| {
            use_of_january(m, charged_at);
            assert_eq!(m.bill(&m.seller(), "2024-01").amounts(), [("usage", "12.00")]);
            assert!(m.bills(&m.seller(), "2024-02").is_empty());
        });
    }
}

#[test]
fn use_that_comes_after_the_bill_of_its_month_stands_on_the_running_one() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer2(), m.seller());
        let early = m.open(&buyer, &choice("transcribe", ""));
        m.advance_to(at("2024-01-31T16:05:00Z"));
        m.push(&seller, &[m.record(&early, "2024-01-31T15", "200", "early")]);
        m.advance_to(at("2024-02-05T02:00:00Z"));
        assert_eq!(m.bill(&seller, "2024-01").amounts(), [("usage", "24.00")]);
        // Of the same instance and day, twice: after the bill of January, and after that of February.
        m.push(&seller, &[m.record(&early, "2024-01-31T15", "100", "late")]);
        m.advance("1h");
        m.push(&seller, &[m.record(&early, "2024-01-31T14", "50", "later")]);
        m.advance("40d");
        assert_eq!(m.bill(&seller, "2024-01").amounts(), [("usage", "24.00")]);
        assert_eq!(m.bill(&seller, "2024-02").amounts(), [("usage", "18.00")]);
        m.verify();
    });
}

#[test]
fn the_overviews_of_buyer_and_seller_add_up_to_what_was_paid_and_earned() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let kept = m.open(&buyer, &choice("backup", "1m"));
        let back = m.open(&buyer, &choice("backup", "1y"));
        m.give_back(&buyer, &back.order);
        let spent = m.ok(&buyer, |tx, ctx| money::spending(tx, ctx, &buyer));
        assert_eq!(spent.last().unwrap().1, kept.order.total_minor);
        let earned = m.ok(&seller, |tx, ctx| money::revenue(tx, ctx, &seller)).last().unwrap().1;
        assert_eq!((earned.sold_minor, earned.refunded_minor, earned.payable_minor), (110_000, -100_000, 9_500));
        m.verify();
    });
}

#[test]
fn what_is_given_back_before_the_bill_of_its_month_stands_on_it_with_its_refund() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        m.advance_to(at("2024-01-31T02:00:00Z"));
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let late = m.open(&buyer, &choice("backup", "1y"));
        m.advance_to(at("2024-02-01T02:00:00Z"));
        m.give_back(&buyer, &bought.order);
        m.advance_to(at("2024-02-04T02:00:00Z"));
        m.give_back(&buyer, &late.order);
        m.advance("33d");
        let bill = m.bill(&seller, "2024-01");
        let mut january = bill.amounts();
        january.sort_unstable();
        assert_eq!(january, [("original", "100.00"), ("original", "1000.00"), ("refund", "-100.00")]);
        assert_eq!(m.bill(&seller, "2024-02").amounts(), [("refund", "-1000.00")], "the bill of January was made before");
        m.verify();
    });
}

#[test]
fn use_is_what_was_sold_and_no_refund() {
    on_both(|m| {
        let seller = m.seller();
        use_of_january(m, "2024-01-31T16:05:00Z");
        let months = m.ok(&seller, |tx, ctx| money::revenue(tx, ctx, &seller));
        let sums: Vec<_> = months.iter().map(|(_, e)| (e.sold_minor, e.refunded_minor)).filter(|sums| *sums != (0, 0)).collect();
        assert_eq!(sums, [(1_200, 0)]);
    });
}

#[test]
fn part_by_part_given_back_before_the_bill_stands_on_one_bill_too() {
    on_both(|m| {
        let (buyer, seller, operator) = (m.buyer(), m.seller(), m.operator());
        m.advance_to(at("2024-01-31T02:00:00Z"));
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.advance_to(at("2024-02-01T02:00:00Z"));
        let part = money::Correct::Refund { number: bought.order.number.clone() };
        let amount = domain::money::Money::new(3_333, domain::money::Currency::Cny);
        m.ok(&operator, |tx, ctx| money::correct(tx, ctx, &operator, &part, amount, "a day without service"));
        m.advance_to(at("2024-02-02T02:00:00Z"));
        m.give_back(&buyer, &bought.order);
        m.advance("33d");
        let bill = m.bill(&seller, "2024-01");
        let mut january = bill.amounts();
        january.sort_unstable();
        assert_eq!(january, [("original", "100.00"), ("refund", "-33.33"), ("refund", "-66.67")]);
        assert_eq!(bill.total, "0.00");
        m.verify();
    });
}

#[test]
fn use_that_is_paid_while_the_bill_of_its_month_is_made_is_on_it_or_on_the_next_one() {
    on_both(|m| {
        let (seller, operator) = (m.seller(), m.operator());
        let buyers: Vec<_> = (0..7).map(|n| m.new_buyer(&format!("poor{n}"), "0.00")).collect();
        let used: Vec<_> = buyers.iter().map(|buyer| m.open(buyer, &choice("transcribe", ""))).collect();
        m.advance_to(at("2024-01-31T14:00:00Z"));
        for (n, of) in used.iter().enumerate() {
            m.push(&seller, &[m.record(of, "2024-01-31T12", "100", &format!("sn-{n}"))]);
        }
        let amount = domain::money::Money::new(1_200, domain::money::Currency::Cny);
        let announce = |buyer: &Arc<app::Caller>| m.ok(buyer, |tx, ctx| money::request_transfer(tx, ctx, buyer, amount, "R"));
        let transfers: Vec<_> = buyers.iter().map(announce).collect();
        m.advance_to(at("2024-02-02T15:00:00Z")); // the bill of January is made in an hour
        let site = m.read(|_, ctx| Ok(ctx.site(seller.site)));
        let done = m.at_once(&operator, 8, |n, tx, ctx| match n.checked_sub(1) {
            None => money::issue_bills(tx, ctx, &site).map(drop),
            Some(n) => money::decide_transfer(tx, ctx, &operator, transfers[n].id.id(), true, None).map(drop),
        });
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        m.advance("2h");
        m.verify();
        m.advance("31d");
        let of = |month: &str| m.bills(&seller, month).iter().map(|b| harness::minor(&b.total)).sum::<i64>();
        assert_eq!(of("2024-01") + of("2024-02"), 7 * 1_140, "95 % of 12.00 each");
        m.verify();
    });
}
