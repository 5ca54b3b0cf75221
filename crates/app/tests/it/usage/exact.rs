//! Exact amounts: sellers choose the numbers, and no number of records of any size makes a sum wrap.

use app::Caller;
use domain::{
    money::Currency,
    settlement::BillKind,
    usage::{HoldState, UsageState},
};
use harness::{Bought, Market, choice, money, on_both, on_demand};
use std::sync::Arc;
use wire::open_api::usage::Record;

const MOST: &str = "999999999999.9999";

/// An instance that costs so much for each unit, opened at 10:00 at the site, three hours before now.
fn priced(m: &Market, buyer: &Arc<Caller>, price: &str) -> Bought {
    m.list(&m.seller(), "metered", &on_demand(price));
    let bought = m.open(buyer, &choice("metered", ""));
    m.advance("3h");
    bought
}

fn states(m: &Market) -> (usize, usize) {
    m.read(|tx, _| {
        let count = |tx: &mut db::Tx, state: UsageState| {
            let filter = store::usage::Filter { state: Some(state), ..Default::default() };
            Ok::<_, app::Error>(store::usage::records(tx, None, &filter, app::Page::first(2_000))?.len())
        };
        Ok((count(tx, UsageState::Charged)?, count(tx, UsageState::Refused)?))
    })
}

#[test]
fn a_thousand_of_the_largest_records_credit_nobody() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = priced(m, &buyer, "0.01");
        let records: Vec<Record> = (0..1_000).map(|n| m.record(&bought, "2024-01-05T03", MOST, &format!("sn-{n}"))).collect();
        m.push(&seller, &records);
        m.advance("1h");
        assert_eq!(states(m), (0, 999), "the first is the largest charge there is, and waits for the buyer's consent");
        let refused = m.records(&seller).into_iter().find_map(|r| r.reason).unwrap();
        assert!(refused.contains("more than 10000000000.00, the largest charge"), "{refused}");
        let held: Vec<_> = m.metered(&bought).holds.into_iter().map(|h| (h.state, money(h.amount_minor))).collect();
        assert_eq!(held, [(HoldState::Waiting, "10000000000.00".to_owned())]);
        assert_eq!((m.balance(&buyer).as_str(), m.metered(&bought).due_minor), ("1000000.00", 0));
        m.verify();
    });
}

#[test]
fn quantities_that_cost_nothing_are_counted_up_to_a_limit() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = priced(m, &buyer, "0");
        let records: Vec<Record> = (0..1_000).map(|n| m.record(&bought, "2024-01-05T03", MOST, &format!("sn-{n}"))).collect();
        m.push(&seller, &records);
        m.advance("1h");
        assert_eq!(states(m), (900, 100));
        assert_eq!(m.metered(&bought).days[0].quantity.to_string(), "899999999999999.91");
        m.verify();
    });
}

#[test]
fn a_correction_that_does_not_fit_leaves_the_old_record_standing() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = priced(m, &buyer, "1");
        let of = |value: &str, sn: &str, corrects: &str| {
            let corrects = Some(corrects.to_owned()).filter(|c| !c.is_empty());
            Record { corrects, ..m.record(&bought, "2024-01-05T03", value, sn) }
        };
        m.push(&seller, &[of("100", "v1", "")]);
        m.advance("1h");
        assert_eq!(m.balance(&buyer), "999900.00");
        m.push(&seller, &[of(MOST, "v2", "v1")]);
        m.advance("1h");
        assert_eq!((m.record_named("v1").state.as_str(), m.record_named("v2").state.as_str()), ("charged", "refused"));
        assert_eq!(m.balance(&buyer), "999900.00");
        // Two that replace one another before they are rated: both stand back for the first.
        m.push(&seller, &[of("50", "v3", "v1"), of(MOST, "v4", "v3")]);
        m.advance("2h");
        assert_eq!((m.record_named("v3").state.as_str(), m.record_named("v4").state.as_str()), ("charged", "refused"));
        assert_eq!(m.balance(&buyer), "999950.00");
        m.verify();
    });
}

#[test]
fn a_correction_gives_back_only_what_was_paid() {
    on_both(|m| {
        let (buyer, seller) = (m.new_buyer("poor", "0.00"), m.seller());
        let bought = priced(m, &buyer, "1");
        let due = || money(m.metered(&bought).due_minor);
        m.push(&seller, &[m.record(&bought, "2024-01-05T03", "100", "v1")]);
        m.advance("1h");
        let less = Record { corrects: Some("v1".to_owned()), ..m.record(&bought, "2024-01-05T03", "40", "v2") };
        m.push(&seller, &[less]);
        m.advance("1h");
        assert_eq!((m.balance(&buyer), due()), ("0.00".to_owned(), "40.00".to_owned()), "nothing was paid, nothing comes back");
        m.top_up(&buyer, "39.99");
        assert_eq!((m.balance(&buyer), due()), ("39.99".to_owned(), "40.00".to_owned()));
        m.top_up(&buyer, "0.01");
        assert_eq!((m.balance(&buyer), due()), ("0.00".to_owned(), "0.00".to_owned()));
        let none = Record { corrects: Some("v2".to_owned()), ..m.record(&bought, "2024-01-05T03", "0.5", "v3") };
        m.push(&seller, &[none]);
        m.advance("1h");
        assert_eq!(m.balance(&buyer), "39.50");
        m.verify();
    });
}

/// The names of the checks of `yunshi verify` that find something.
fn wrong(m: &Market) -> Vec<&'static str> {
    m.differences().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn verify_names_a_charge_that_is_not_the_sum_of_its_records() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = priced(m, &buyer, "1");
        m.push(&seller, &[m.record(&bought, "2024-01-05T03", "100", "v1"), m.record(&bought, "2024-01-05T04", "3", "v2")]);
        m.advance("1h");
        let less = Record { corrects: Some("v1".to_owned()), ..m.record(&bought, "2024-01-05T03", "40", "v3") };
        m.push(&seller, &[less]);
        m.advance("1h");
        m.verify();
        m.execute("UPDATE usage_records SET quantity = 410000 WHERE metering_sn = 'v3'");
        assert_eq!(wrong(m), ["charges_are_their_records"]);
        m.execute("UPDATE usage_records SET quantity = 400000 WHERE metering_sn = 'v3'");
        m.verify();
        // Everything that adds up to the charge is changed with it; only its records say otherwise.
        m.execute("UPDATE usage_charges SET amount_minor = amount_minor + 100 WHERE amount_minor = 300");
        m.execute("UPDATE usage_totals SET charged_minor = charged_minor + 100");
        assert!(wrong(m).contains(&"charges_are_their_records"), "{:?}", m.differences());
    });
}

#[test]
fn small_charges_that_one_correction_reverses_leave_no_share_behind() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = priced(m, &buyer, "0.10");
        m.advance("46h");
        let hour = |n: i32| format!("2024-01-{:02}T{:02}", 5 + (n + 3) / 24, (n + 3) % 24);
        let pushed: Vec<Record> = (0..40).map(|n| m.record(&bought, &hour(n), "1", &format!("sn-{n}"))).collect();
        m.push(&seller, &pushed);
        m.advance("1h");
        let running = |kind: BillKind| {
            let all = m.read(|tx, ctx| app::money::running_bill(tx, ctx, m.key(&seller), Currency::Cny, app::Page::first(100)));
            let of_kind = all.lines.iter().filter(|l| l.kind == kind);
            of_kind.fold((0, 0), |(amount, fee), l| (amount + l.amount_minor, fee + l.fee_minor))
        };
        assert_eq!(running(BillKind::Usage), (400, 20), "forty charges of 0.10 are shared as one of 4.00: 5 %");
        let correct = |n: i32| Record { corrects: Some(format!("sn-{n}")), ..m.record(&bought, &hour(39), "0.0001", &format!("c-{n}")) };
        m.push(&seller, &(0..40).map(correct).collect::<Vec<_>>());
        m.advance("2h");
        assert_eq!((m.balance(&buyer).as_str(), running(BillKind::Usage)), ("1000000.00", (0, 0)));
        m.verify();
    });
}

#[test]
fn a_correction_after_the_rates_have_changed_takes_back_what_was_shared() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = priced(m, &buyer, "1");
        m.push(&seller, &[m.record(&bought, "2024-01-05T03", "780", "sn")]);
        m.advance("1h");
        let lines = || m.read(|tx, ctx| Ok(app::money::running_bill(tx, ctx, m.key(&seller), Currency::Cny, app::Page::first(10))?.lines));
        assert_eq!(lines()[0].fee_minor, 3_900, "5 %");
        // As after a start with another commission.
        let dear = app::Settings {
            rates: domain::settlement::Rates { fee: "0.08".parse().unwrap(), ..m.environment().settings.rates },
            ..(*m.environment().settings).clone()
        };
        let env = app::Environment { settings: Arc::new(dear), ..m.environment().clone() };
        let correction = Record { corrects: Some("sn".to_owned()), ..m.record(&bought, "2024-01-05T03", "100", "less") };
        m.push(&seller, &[correction]);
        let mut local = db::Local::open(m.database()).unwrap();
        let rating = format!("usage:{}", hex::encode(bought.instance.0));
        local.write(|tx| env.write(tx, &app::Actor::System, |tx, ctx| app::usage::rate(tx, ctx, &rating))).unwrap();
        assert_eq!((m.balance(&buyer).as_str(), lines()[0].fee_minor), ("999900.00", 500), "5 % of 100.00");
        m.verify();
    });
}
