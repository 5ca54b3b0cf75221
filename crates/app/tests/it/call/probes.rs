//! Probing: saved cases are replayed twice a day; five failing days freeze trading (`seller-domain 6.3`).

use app::{
    Tenant, catalogue,
    probe::{self, Health},
};
use db::Key;
use harness::{Fault, Market, Setup, on_both, on_both_with};
use store::probe::Filter;

/// A market with probing switched on.
fn probing(test: impl Fn(&Market, Key)) {
    let setup = Setup { settings: |s| s.probing = true, ..Setup::default() };
    on_both_with(&setup, |m| {
        m.write_system(app::job::prepare).unwrap();
        test(m, product(m, "backup"));
    });
}

fn product(m: &Market, key: &str) -> Key {
    let seller = m.key(&m.seller());
    m.read(|tx, _| Ok(store::product::by_key(tx, seller, key)?)).unwrap().id
}

fn health(m: &Market, id: Key) -> Health {
    m.read(|tx, ctx| probe::health(tx, ctx, id, &ctx.site(m.seller().site)))
}

fn visibility(m: &Market, id: Key) -> String {
    m.read(|tx, _| Ok(store::product::any_listed(tx, id)?)).unwrap().product.visibility.to_string()
}

/// Probes by hand, as the seller may; whether it passed.
fn by_hand(m: &Market, id: Key) -> bool {
    let (seller, probed) = (m.seller(), m.probe(id).unwrap());
    m.ok(&seller, |tx, ctx| probe::finish_by_hand(tx, ctx, id, &probed));
    probed.failed.is_none()
}

fn failed_probes(m: &Market, id: Key) -> usize {
    let filter = Filter { product: Some(id), passed: Some(false) };
    m.read(|tx, _| Ok(store::probe::list(tx, Tenant::Any, &filter, app::Page::first(100))?)).len()
}

#[test]
fn products_are_probed_morning_and_afternoon_and_frozen_after_five_failing_days() {
    probing(|m, id| {
        let seller = m.seller();
        m.advance("15h"); // 10:00 at the site until 01:00 of the next day: one afternoon
        let seen = health(m, id);
        let days: Vec<_> = seen.days.iter().map(|d| (d.day.as_str(), d.passed, d.failed)).collect();
        assert_eq!((days, seen.failing_days), (vec![("2024-01-05", 1, 0)], 0));
        m.server.fault("backup", Fault::Http500);
        m.advance("72h");
        let seen = health(m, id);
        assert_eq!((seen.failing_days, visibility(m, id).as_str()), (3, "on_sale"));
        assert_eq!(seen.newest.unwrap().failed_case.as_deref(), Some("create"));
        assert_eq!(m.count_messages(&seller, "probe.failed"), 6, "a notice for each failed probe");
        m.advance("48h");
        let seen = health(m, id);
        assert_eq!((visibility(m, id).as_str(), seen.newest.unwrap().froze), ("frozen", true));
        assert_eq!(m.count_messages(&seller, "product.unreachable"), 1);
        assert_eq!(m.count_messages(&m.operator(), "product.unreachable_to_check"), 1);
        let probes = failed_probes(m, id);
        m.advance("48h");
        assert_eq!(failed_probes(m, id), probes, "what is frozen is not probed");
        m.verify();
    });
}

#[test]
fn a_day_on_which_one_probe_passed_restarts_the_count() {
    probing(|m, id| {
        m.advance("15h");
        m.server.fault("backup", Fault::Http500);
        m.advance("72h");
        assert_eq!(health(m, id).failing_days, 3);
        m.server.fault("backup", Fault::None);
        assert!(by_hand(m, id));
        m.server.fault("backup", Fault::Code000005);
        m.advance("24h");
        assert_eq!(health(m, id).failing_days, 0, "one passed on this day");
        m.server.fault("backup", Fault::Http500);
        m.advance("120h");
        assert_eq!(visibility(m, id), "frozen");
        m.verify();
    });
}

#[test]
fn the_count_restarts_when_the_operator_lifts_the_freeze() {
    probing(|m, id| {
        m.server.fault("backup", Fault::Http500);
        m.advance("6d");
        assert_eq!(visibility(m, id), "frozen");
        // Mended, shown by hand, and let go on.
        m.server.fault("backup", Fault::None);
        assert!(by_hand(m, id));
        let operator = m.operator();
        m.ok(&operator, |tx, ctx| catalogue::freeze(tx, ctx, id.id(), None, "mended"));
        m.server.fault("backup", Fault::Http500);
        m.advance("48h");
        assert_eq!(visibility(m, id), "on_sale");
        assert!(health(m, id).failing_days < 3, "counted from the freeze: {}", health(m, id).failing_days);
        m.verify();
    });
}

#[test]
fn a_probe_that_fails_by_hand_counts_as_any_other() {
    probing(|m, id| {
        m.server.fault("backup", Fault::TimeOut);
        assert!(!by_hand(m, id));
        assert_eq!((health(m, id).failing_days, m.count_messages(&m.seller(), "probe.failed")), (1, 1));
        assert!(health(m, product(m, "assess")).days.is_empty(), "each product has a health of its own");
    });
}

#[test]
fn probes_are_seen_by_their_seller_and_the_operator_only() {
    on_both(|m| {
        let id = product(m, "backup");
        m.advance("3d");
        assert!(health(m, id).days.is_empty(), "nothing is probed where probing is off");
        by_hand(m, id);
        let seen = |tenant| m.read(|tx, _| Ok(store::probe::list(tx, tenant, &Filter::default(), app::Page::first(10))?)).len();
        assert_eq!((seen(Tenant::Any), seen(Tenant::Seller(m.key(&m.seller())))), (1, 1));
        assert_eq!((seen(Tenant::Seller(m.key(&m.seller2()))), seen(Tenant::Buyer(m.key(&m.buyer())))), (0, 0));
    });
}
