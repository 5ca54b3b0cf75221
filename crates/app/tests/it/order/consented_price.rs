//! What automatic renewal may take: never more than the buyer paid last or agreed to (`order-life 3`).

use super::renewal::{auto_renewal, end, period, planned};
use app::order;
use harness::{choice, on_both, sample};

#[test]
fn automatic_renewal_never_takes_more_than_the_last_price_without_consent() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = m.open(&buyer, &choice("backup", "1m")); // until 5 February
        auto_renewal(m, bought.id(), Some("1m"));
        let price = |month_minor| {
            let mut listed = sample("backup");
            listed.specifications[0].skus[0].month_minor = Some(month_minor);
            m.list(&seller, "backup", &listed);
        };
        price(900_000);
        m.advance("25d");
        assert_eq!((end(m, &bought).as_str(), m.balance(&buyer).as_str()), ("2024-02-05T16:00:00Z", "999900.00"));
        assert_eq!(m.count_messages(&buyer, "auto_renewal.dearer"), 1);
        let told = m.read(|tx, _| Ok(store::message::list(tx, m.key(&buyer), false, (None, &[]), app::Page::first(50))?));
        let params = &told.iter().find(|t| t.event == "auto_renewal.dearer").unwrap().params;
        assert!(params.contains("CNY 100.00") && params.contains("CNY 9000.00"), "both prices: {params}");
        auto_renewal(m, bought.id(), Some("1m")); // the buyer agrees
        m.advance("3d");
        assert_eq!((end(m, &bought).as_str(), m.balance(&buyer).as_str()), ("2024-03-05T16:00:00Z", "990900.00"));
        m.verify();
    });
}

#[test]
fn switching_automatic_renewal_on_shows_both_prices_and_agrees_to_the_one_that_was_seen() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let quote = |p: &str| {
            let quote = m.read(|tx, ctx| order::auto_renewal_quote(tx, ctx, &buyer, bought.id(), period(p)));
            (harness::money(quote.price.minor), quote.last.map(|last| harness::money(last.minor)))
        };
        let agree = |minor: i64| {
            let seen = (period("1m"), domain::money::Money::new(minor, domain::money::Currency::Cny));
            let agreed = m.write(&buyer, |tx, ctx| order::agree_to_auto_renewal(tx, ctx, &buyer, bought.id(), seen));
            agreed.err().map(|e| e.code().unwrap().to_owned())
        };
        assert_eq!(quote("1m"), ("100.00".to_owned(), Some("100.00".to_owned())), "what the purchase cost");
        assert_eq!(quote("1y"), ("1000.00".to_owned(), None), "no year was bought before");
        let mut listed = sample("backup");
        listed.specifications[0].skus[0].month_minor = Some(12_000);
        m.list(&seller, "backup", &listed);
        assert_eq!(quote("1m"), ("120.00".to_owned(), Some("100.00".to_owned())));
        assert_eq!(agree(10_000).as_deref(), Some("auto_renewal.price_changed"), "what was seen is no longer so");
        assert_eq!(planned(m, &bought), None);
        assert_eq!(agree(12_000), None);
        assert_eq!(quote("1m").1.as_deref(), Some("120.00"), "what was agreed to");
        m.advance("25d");
        assert_eq!(m.balance(&buyer), "999780.00", "the price that was agreed to is taken");
        m.upgrade(&buyer, &bought, "pro/5");
        let other = m.read(|tx, _| Ok(store::auto_renewal::of_instance(tx, bought.instance)?)).unwrap().price_minor;
        assert_eq!(quote("1m").1, Some(harness::money(other)), "who upgrades agrees to the price of what they chose");
        let stranger = m.buyer2();
        let foreign = m.refused(&stranger, |tx, ctx| order::auto_renewal_quote(tx, ctx, &stranger, bought.id(), period("1m")));
        assert_eq!(foreign, "instance.not_found");
        m.verify();
    });
}

#[test]
fn the_last_price_of_automatic_renewal_follows_a_fall_and_a_change() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        auto_renewal(m, bought.id(), Some("1m"));
        let mut listed = sample("backup");
        listed.specifications[0].skus[0].month_minor = Some(5_000);
        m.list(&seller, "backup", &listed);
        m.advance("25d");
        assert_eq!(m.balance(&buyer), "999850.00", "a lower price is taken");
        m.list(&seller, "backup", &sample("backup"));
        m.advance("30d");
        assert_eq!(
            (m.balance(&buyer).as_str(), m.count_messages(&buyer, "auto_renewal.dearer")),
            ("999850.00", 1),
            "100.00 is more than 50.00"
        );
        m.upgrade(&buyer, &bought, "pro/5");
        let before = harness::minor(&m.balance(&buyer));
        m.advance("4d");
        assert_eq!(before - harness::minor(&m.balance(&buyer)), 22_000, "who upgrades agrees to the price of what they chose");
        m.verify();
    });
}

#[test]
fn the_quote_of_an_upgrade_says_what_automatic_renewal_takes_from_then_on() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let quote = || m.ok(&buyer, |tx, ctx| order::change_quote(tx, ctx, &buyer, bought.id(), "pro/5"));
        assert_eq!(quote().renewal, None, "it is off");
        auto_renewal(m, bought.id(), Some("1m"));
        let mut listed = sample("backup");
        listed.specifications[0].skus.iter_mut().filter(|s| s.key == "pro/5").for_each(|s| s.month_minor = Some(500_000));
        m.list(&seller, "backup", &listed);
        m.advance_to(harness::at("2024-02-05T02:00:00Z"));
        let shown = quote();
        assert_eq!((shown.fee.to_string(), shown.renewal.unwrap().to_string()), ("CNY 4900.00".to_owned(), "CNY 5000.00".to_owned()));
        m.verify();
    });
}

#[test]
fn a_renewal_with_change_for_another_period_is_no_consent_to_a_dearer_automatic_one() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        auto_renewal(m, bought.id(), Some("1y")); // 1,000.00
        let cmd = order::RenewWithChange { instance: bought.id(), sku: "pro/5".to_owned(), period: period("1m"), pay: true };
        m.renew_with_change(&buyer, &cmd).unwrap().unwrap();
        let last = m.read(|tx, _| Ok(store::auto_renewal::of_instance(tx, bought.instance)?)).unwrap().price_minor;
        assert_eq!(harness::money(last), "1000.00");
        m.verify();
    });
}

#[test]
fn a_change_that_showed_no_price_of_the_next_term_is_no_consent_to_one() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let cmd = order::PlaceChange { instance: bought.id(), sku: "pro/5".to_owned(), pay: false };
        let placed = m.ok(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &cmd)).order.number;
        auto_renewal(m, bought.id(), Some("1m")); // agreed to 100.00
        m.ok(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &placed));
        m.settle();
        let last = m.read(|tx, _| Ok(store::auto_renewal::of_instance(tx, bought.instance)?)).unwrap().price_minor;
        assert_eq!(harness::money(last), "100.00");
        m.advance("32d");
        assert_eq!((m.count_messages(&buyer, "auto_renewal.dearer") > 0, m.balance(&buyer).as_str()), (true, "999780.00"));
        m.verify();
    });
}

#[test]
fn the_last_price_is_what_was_paid_also_when_an_order_waited_while_prices_fell_and_rose() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let priced = |minor| {
            let mut listed = sample("backup");
            listed.specifications[0].skus.iter_mut().filter(|s| s.key == "pro/5").for_each(|s| s.month_minor = Some(minor));
            m.list(&seller, "backup", &listed);
        };
        let last = |of: &harness::Bought| m.read(|tx, _| Ok(store::auto_renewal::of_instance(tx, of.instance)?)).unwrap().price_minor;
        let (renewed, changed) = (m.open(&buyer, &choice("backup", "1m")), m.open(&buyer, &choice("backup", "1m")));
        for of in [&renewed, &changed] {
            auto_renewal(m, of.id(), Some("1m"));
        }
        priced(500_000);
        let cmd = order::RenewWithChange { instance: renewed.id(), sku: "pro/5".to_owned(), period: period("1m"), pay: false };
        let waiting = m.renew_with_change(&buyer, &cmd).unwrap().unwrap().order.number;
        let cmd = order::PlaceChange { instance: changed.id(), sku: "pro/5".to_owned(), pay: false };
        let other = m.ok(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &cmd)).order.number;
        priced(22_000);
        for number in [&waiting, &other] {
            m.ok(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, number));
        }
        m.settle();
        priced(500_000);
        assert_eq!((last(&renewed), last(&changed)), (22_000, 22_000), "nobody paid 5,000.00 for a term");
        m.verify();
    });
}
