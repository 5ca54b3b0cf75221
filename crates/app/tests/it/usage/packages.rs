//! On-demand packages: bought in advance, drawn from first, used up, stopped (`seller-domain 2.5`, `4.5`, `open-api 4`).

use app::{catalogue, instance, order, usage};
use domain::{instance::FreezeCause, package::Package, usage::UsageState};
use harness::{Bought, Market, choice, on_both, pack, sample, stopping_pack, time};
use wire::open_api::usage::Record;

/// An on-demand instance of the buyer.
fn by_use(m: &Market) -> Bought {
    m.open(&m.buyer(), &choice("transcribe", ""))
}

fn buy(m: &Market, choice: &order::Choice) -> Bought {
    m.open(&m.buyer(), choice)
}

fn balance(m: &Market) -> String {
    m.balance(&m.buyer())
}

fn state(m: &Market, of: &Bought) -> String {
    m.instance(of.instance).state.to_string()
}

/// Pushes records of the seller and lets them be rated.
fn rated(m: &Market, records: &[Record]) {
    m.push(&m.seller(), records);
    m.advance("1h");
}

fn of_package(m: &Market, record: Record, package: &Bought) -> Record {
    Record { relate_pkg_instance: Some(m.sellers_id(package)), ..record }
}

fn correcting(record: Record, sn: &str) -> Record {
    Record { corrects: Some(sn.to_owned()), ..record }
}

/// State, and what is left.
fn stands(m: &Market, package: &Bought) -> (String, String) {
    (state(m, package), m.left(package))
}

fn standing(state: &str, left: &str) -> (String, String) {
    (state.to_owned(), left.to_owned())
}

#[test]
fn use_is_drawn_from_a_package_first_and_the_rest_is_charged() {
    on_both(|m| {
        let (running, package) = (by_use(m), buy(m, &pack("s", "2m")));
        assert_eq!(balance(m), "999820.00", "two months at 90.00, paid in advance");
        assert_eq!(time(m.instance(package.instance).expires_at.unwrap()), "2024-03-05T16:00:00Z");
        m.advance("3h");
        rated(m, &[m.record(&running, "2024-01-05T03", "700", "a")]);
        assert_eq!((balance(m).as_str(), m.left(&package).as_str()), ("999820.00", "300"));
        rated(m, &[m.record(&running, "2024-01-05T04", "500.5", "b")]);
        // 200.5 minutes are left to charge, at 0.12: the quota does not count for the tiers.
        assert_eq!((balance(m).as_str(), m.left(&package).as_str()), ("999795.94", "0"));
        assert!(m.messages(&m.buyer()).contains(&"package.used_up".to_owned()));
        let seen = m.metered(&running);
        let day = &seen.days[0];
        assert_eq!((day.quantity.to_string(), day.from_packages.to_string(), day.amount_minor), ("200.5".into(), "1000".into(), 2_406));
        let (window, used) = seen.packages[0].window.unwrap();
        assert_eq!(
            (window.quota.to_string(), used.to_string(), window.end.to_string()),
            ("1000".into(), "1000".into(), "2024-02-05T16:00:00Z".into())
        );
        assert_eq!(state(m, &package), "running");
        // The second month has its own quota.
        m.advance("32d");
        assert_eq!(m.left(&package), "1000");
        rated(m, &[m.record(&running, "2024-02-06T03", "10", "c")]);
        assert_eq!((balance(m).as_str(), m.left(&package).as_str()), ("999795.94", "990"));
        m.verify();
    });
}

#[test]
fn a_package_is_an_order_of_its_own_that_is_not_given_back() {
    on_both(|m| {
        let (buyer, package, running) = (m.buyer(), buy(m, &pack("s", "1m")), by_use(m));
        let back = m.refused(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &package.order.number));
        assert_eq!(back, "refund.package");
        let release = m.refused(&buyer, |tx, ctx| instance::end_on_demand(tx, ctx, &buyer, package.id()));
        assert_eq!(release, "instance.not_on_demand");
        let on_demand = m.instance(running.instance);
        assert_eq!(m.refused(&buyer, |tx, ctx| usage::left(tx, ctx, &on_demand).map(|_| ())), "instance.not_a_package");
        let seller = m.seller();
        let line = m.ok(&seller, |tx, ctx| order::query(tx, ctx, &seller, &package.order.number, None)).order_line.remove(0);
        assert_eq!(
            (line.charging_mode.as_str(), line.period_type, line.expire_time.as_deref()),
            ("ON_DEMAND_PKG", None, Some("20240205155959"))
        );
        assert!(!package.order.on_demand && running.order.on_demand, "packages are in the lists of orders");
        // Its renewal is a term with a quota of its own.
        m.renew(&buyer, &package, "1m");
        assert_eq!(time(m.instance(package.instance).expires_at.unwrap()), "2024-03-05T16:00:00Z");
        assert_eq!(m.left(&package), "1000");
        m.verify();
    });
}

#[test]
fn a_package_that_stops_is_drawn_from_by_name_stops_and_is_renewed_or_corrected() {
    on_both(|m| {
        let (running, package) = (by_use(m), buy(m, &stopping_pack()));
        let named = |hour: &str, value: &str, sn: &str| of_package(m, m.record(&running, hour, value, sn), &package);
        let before = balance(m);
        m.advance("3h");
        rated(m, &[m.record(&running, "2024-01-05T03", "10", "unnamed"), named("2024-01-05T03", "900", "named")]);
        let charged = balance(m);
        assert_eq!(m.left(&package), "100");
        assert_ne!(charged, before, "what names no package is charged");
        rated(m, &[named("2024-01-05T04", "250", "last")]);
        assert_eq!((balance(m), stands(m, &package)), (charged, standing("frozen", "0")), "what exceeds it is not charged");
        let stopped = m.instance(package.instance);
        assert!(m.read(|_, ctx| Ok(instance::is_used_up(ctx, &stopped))));
        assert_eq!(m.last_activity(package.instance), ("updateInstanceStatus".to_owned(), "done".to_owned()));
        m.push(&m.seller(), &[named("2024-01-05T05", "1", "more"), named("2024-01-05T04", "250", "last")]);
        assert!(m.reason("more").contains("used up"), "{}", m.reason("more"));
        assert_eq!(m.record_named("last").repeats, 1);
        // The seller was wrong: 50 minutes instead of 250.
        rated(m, &[correcting(named("2024-01-05T04", "50", "right"), "last")]);
        assert_eq!(stands(m, &package), standing("running", "50"));
        rated(m, &[named("2024-01-05T05", "50", "end")]);
        assert_eq!(state(m, &package), "frozen");
        m.verify();
    });
}

#[test]
fn the_renewal_of_a_package_that_stopped_adds_to_it_at_once() {
    on_both(|m| {
        let package = buy(m, &stopping_pack());
        m.advance("3h");
        rated(m, &[m.record(&package, "2024-01-05T03", "1000", "a")]);
        assert_eq!(state(m, &package), "frozen");
        m.renew(&m.buyer(), &package, "1y");
        assert_eq!(stands(m, &package), standing("running", "1000"));
        let found = m.instance(package.instance);
        let (window, _) = m.read(|tx, ctx| usage::left(tx, ctx, &found)).window.unwrap();
        assert_eq!((window.quota.to_string(), window.end.to_string()), ("2000".to_owned(), "2026-01-05T16:00:00Z".to_owned()));
        m.verify();
    });
}

#[test]
fn a_package_that_stops_works_alone_and_is_renewed_automatically_when_it_is_used_up() {
    on_both(|m| {
        let (buyer, package) = (m.buyer(), buy(m, &stopping_pack()));
        let auto = |wanted: Option<&str>| {
            let wanted = wanted.map(|w| w.parse().unwrap());
            m.ok(&buyer, |tx, ctx| order::set_auto_renewal(tx, ctx, &buyer, package.id(), wanted).map(|_| ()));
        };
        auto(Some("1y"));
        m.advance("3h");
        let before = balance(m);
        rated(m, &[m.record(&package, "2024-01-05T03", "1000", "a")]);
        assert_eq!((before.as_str(), balance(m).as_str()), ("999920.00", "999840.00"), "80.00 for another year, and nothing for use");
        assert_eq!(stands(m, &package), standing("running", "1000"));
        // Frozen for a violation while its records come: it is still used up when that is lifted.
        auto(None);
        m.push(&m.seller(), &[m.record(&package, "2024-01-05T04", "1000", "b")]);
        let operator = m.operator();
        m.ok(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, package.id(), "abuse").map(|_| ()));
        m.advance("1h");
        assert_eq!(m.instance(package.instance).freeze_cause.map(FreezeCause::as_str), Some("violation"));
        let lifted = m.ok(&operator, |tx, ctx| instance::unfreeze(tx, ctx, &operator, package.id()));
        assert!(m.read(|_, ctx| Ok(instance::is_used_up(ctx, &lifted))));
        m.verify();
    });
}

#[test]
fn of_several_packages_the_one_that_ends_first_gives_first_and_corrections_give_back() {
    on_both(|m| {
        let (running, first) = (by_use(m), buy(m, &pack("s", "2m")));
        m.advance("27d");
        let second = buy(m, &pack("m", "1m"));
        m.advance("6d");
        // The month of the first ends on 5 March, that of the second on 1 March.
        let of = |value: &str, sn: &str| m.record(&running, "2024-02-06T23", value, sn);
        let quotas = || [m.left(&first), m.left(&second)];
        let before = balance(m);
        rated(m, &[of("1500", "a"), of_package(m, of("100", "named"), &first)]);
        assert_eq!(quotas(), ["900", "3500"]);
        rated(m, &[correcting(of("6500", "b"), "a")]);
        assert_eq!(quotas(), ["0", "0"]);
        assert_ne!(balance(m), before);
        let days: Vec<_> = m.metered(&running).days.iter().map(|d| (d.quantity.to_string(), d.from_packages.to_string())).collect();
        assert_eq!(days, [("600".to_owned(), "6000".to_owned())]);
        rated(m, &[correcting(of("10", "c"), "b")]);
        assert_eq!((balance(m), quotas()[0].as_str()), (before, "900"), "all is given back");
        m.verify();
    });
}

#[test]
fn a_record_that_names_a_wrong_package_is_refused() {
    on_both(|m| {
        let (running, package) = (by_use(m), buy(m, &pack("s", "1m")));
        let (backup, theirs) = (buy(m, &choice("backup", "1m")), m.open(&m.buyer2(), &pack("s", "1m")));
        m.advance("3h");
        let record = |sn: &str| m.record(&running, "2024-01-05T03", "1", sn);
        let nobody = Record { relate_pkg_instance: Some("pkg-1".to_owned()), ..record("nobody") };
        m.push(
            &m.seller(),
            &[
                nobody,
                of_package(m, record("period"), &backup),
                of_package(m, record("itself"), &running),
                of_package(m, record("theirs"), &theirs),
                m.record(&package, "2024-01-05T03", "1", "alone"),
                of_package(m, record("good"), &package),
            ],
        );
        for sn in ["nobody", "period", "itself", "theirs"] {
            assert!(m.reason(sn).contains("has no package"), "{sn}: {}", m.reason(sn));
        }
        assert!(m.reason("alone").contains("not billed by use"), "only a package that stops is used alone");
        assert_eq!(m.record_named("good").state, UsageState::Accepted);
        m.advance("40d");
        m.push(&m.seller(), &[of_package(m, m.record(&running, "2024-02-14T03", "1", "after"), &package)]);
        assert!(m.reason("after").contains("does not cover"), "{}", m.reason("after"));
        m.verify();
    });
}

#[test]
fn instances_of_one_buyer_that_are_rated_at_once_share_a_package_to_the_last_minute() {
    on_both(|m| {
        let (seller, package) = (m.seller(), buy(m, &pack("s", "1m")));
        let running: Vec<Bought> = (0..8).map(|_| by_use(m)).collect();
        m.advance("3h");
        let records: Vec<_> = running.iter().enumerate().map(|(n, of)| m.record(of, "2024-01-05T03", "150", &format!("r-{n}"))).collect();
        m.push(&seller, &records);
        m.environment().clock.advance_to(harness::at("2024-01-05T05:20:00Z"));
        let name = |of: &Bought| format!("usage:{}", hex::encode(of.instance.0));
        let results = m.at_once(&seller, 8, |n, tx, ctx| usage::rate(tx, ctx, &name(&running[n])));
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        m.settle();
        // 1,200 minutes, 1,000 of them from the package; 200 at 0.12.
        assert_eq!((m.left(&package).as_str(), balance(m).as_str()), ("0", "999886.00"));
        assert_eq!(m.count_messages(&m.buyer(), "package.used_up"), 1);
        m.verify();
    });
}

#[test]
fn what_a_listed_package_contains_stays_and_its_price_does_not() {
    on_both(|m| {
        let seller = m.seller();
        let listed = m.read(|tx, ctx| catalogue::find(tx, ctx, "cn", "transcribe")).1;
        let submit = |change: &dyn Fn(&mut domain::listing::Listing)| {
            let mut changed = domain::listing::Listing::clone(&listed);
            change(&mut changed);
            let revision = m.ok(&seller, |tx, ctx| catalogue::save(tx, ctx, &seller, "transcribe", &changed)).1.id.id();
            m.write(&seller, |tx, ctx| catalogue::submit(tx, ctx, &seller, revision))
        };
        let fixed = |result: Result<(), app::Error>| match result {
            Err(app::Error::Refused(refusal)) => refusal.fields[0].code.to_owned(),
            other => panic!("it was not refused: {other:?}"),
        };
        let smaller = submit(&|l| l.specifications[1].skus[0].quota = Some("900".parse().unwrap()));
        assert_eq!(fixed(smaller), "application.content_fixed");
        let goes_on = |p: &mut Option<Package>| p.as_mut().unwrap().stop_when_used_up = false;
        let goes_on = submit(&|l| goes_on(&mut l.specifications[2].package));
        assert_eq!(fixed(goes_on), "application.content_fixed");
        submit(&|l| l.specifications[1].skus[0].month_minor = Some(9_500)).unwrap();
        assert_eq!(sample("transcribe").specifications[1].skus[0].month_minor, Some(9_000));
    });
}

#[test]
fn a_record_that_names_a_used_up_package_is_charged_nothing_and_counted_so() {
    on_both(|m| {
        let buyer = m.buyer();
        let package = m.open(&buyer, &stopping_pack()); // 1,000
        let (first, second) = (m.open(&buyer, &choice("transcribe", "")), m.open(&buyer, &choice("transcribe", "")));
        m.advance("26h");
        let named = |of: &Bought, value: &str, sn: &str| of_package(m, m.record(of, "2024-01-06T01", value, sn), &package);
        rated(m, &[named(&first, "1000", "all"), named(&second, "5", "too late")]);
        let charges = |of: &Bought| m.read(|tx, _| Ok(store::witness::charges(tx, of.instance)?));
        let charged: Vec<_> = charges(&first).into_iter().chain(charges(&second)).map(|c| (c.quantity, c.amount_minor)).collect();
        assert_eq!(charged, [(0, 0), (0, 0)], "nothing is charged beyond a package that stops");
        m.verify();
    });
}

#[test]
fn a_package_gives_nothing_to_use_of_while_it_was_frozen() {
    on_both(|m| {
        let (running, package) = (by_use(m), buy(m, &pack("s", "2m")));
        m.advance("3h");
        rated(m, &[m.record(&running, "2024-01-05T03", "100", "a")]);
        let operator = m.operator();
        m.ok(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, package.id(), "abuse"));
        m.advance("2h");
        rated(m, &[m.record(&running, "2024-01-05T06", "100", "b")]);
        assert_eq!((balance(m).as_str(), m.left(&package).as_str()), ("999808.00", "900"), "charged, although it names no package");
        rated(m, &[correcting(m.record(&running, "2024-01-05T07", "50", "c"), "a")]);
        assert_eq!((balance(m).as_str(), m.left(&package).as_str()), ("999808.00", "950"), "what was used before stays covered");
        m.ok(&operator, |tx, ctx| instance::unfreeze(tx, ctx, &operator, package.id()));
        m.advance("2h");
        rated(m, &[m.record(&running, "2024-01-05T10", "100", "d")]);
        assert_eq!((balance(m).as_str(), m.left(&package).as_str()), ("999808.00", "850"));
        m.verify();
    });
}

#[test]
fn a_package_is_renewed_once_a_month_because_it_is_used_up() {
    on_both(|m| {
        let (buyer, package) = (m.buyer(), buy(m, &stopping_pack()));
        let auto = || m.ok(&buyer, |tx, ctx| order::set_auto_renewal(tx, ctx, &buyer, package.id(), Some("1y".parse().unwrap())).map(drop));
        auto();
        m.advance("6h");
        let used = |hour: &str, sn: &str| rated(m, &[m.record(&package, hour, "99999", sn)]);
        used("2024-01-05T03", "a");
        assert_eq!((balance(m).as_str(), stands(m, &package)), ("999840.00", standing("running", "1000")));
        used("2024-01-05T04", "b");
        assert_eq!((balance(m).as_str(), stands(m, &package).0.as_str()), ("999840.00", "frozen"), "of a wrong record, one price");
        assert_eq!(m.count_messages(&buyer, "auto_renewal.refused"), 1);
        m.advance("24h");
        assert_eq!(balance(m), "999840.00");
        m.advance_to(harness::at("2024-02-01T02:00:00Z"));
        auto();
        m.advance("1h");
        assert_eq!(balance(m), "999760.00", "who agrees again wants it again");
        m.verify();
    });
}

#[test]
fn a_package_gives_nothing_for_use_that_goes_on_after_it_was_frozen_or_ended() {
    on_both(|m| {
        let (running, package, operator) = (by_use(m), buy(m, &pack("s", "1m")), m.operator());
        let span = |begin: &str, end: &str, sn: &str| {
            let stamp = |text: &str| harness::at(text).strftime("%Y%m%dT%H%M%SZ").to_string();
            wire::open_api::usage::Record {
                begin_time: stamp(begin),
                end_time: stamp(end),
                ..m.record(&running, "2024-01-05T03", "10", sn)
            }
        };
        m.advance_to(harness::at("2024-01-06T02:30:00Z"));
        m.ok(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, package.id(), "abuse").map(drop));
        m.advance("10h");
        rated(m, &[span("2024-01-06T02:29:00Z", "2024-01-06T03:29:00Z", "a"), span("2024-01-06T02:29:00Z", "2024-01-06T08:00:00Z", "b")]);
        assert_eq!(m.left(&package), "990", "of the hour in which it was frozen alone");
        m.ok(&operator, |tx, ctx| instance::unfreeze(tx, ctx, &operator, package.id()).map(drop));
        // Its term ends with 5 February of the site: at 16:00 UTC.
        m.advance_to(harness::at("2024-02-06T08:00:00Z"));
        let before = balance(m);
        rated(m, &[span("2024-02-05T15:59:00Z", "2024-02-05T16:59:00Z", "c"), span("2024-02-05T15:59:00Z", "2024-02-06T08:00:00Z", "d")]);
        assert_ne!(before, balance(m), "what goes on after it ended is charged");
        let drawn = |sn: &str| m.record_named(sn).state;
        assert_eq!([drawn("c"), drawn("d")], [UsageState::Charged, UsageState::Charged]);
        m.verify();
    });
}
