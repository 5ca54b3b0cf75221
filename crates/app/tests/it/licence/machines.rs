//! Machines that a licence is bound to: as many as were bought, released so often.

use super::{in_2026, seat, take};
use app::{
    Key, Tenant,
    licence::{self, Take, lease_text},
};
use domain::licence_rules::{LicenceRules, NodeMatch};
use harness::{Code, Market};

const HERE: &str = "00-1A-2B|DISK1|BOARD|CPU";
const NEW_DISK: &str = "00-1a-2b|disk9|board|cpu";
const OTHER: &str = "other|other|other|other";

fn bound(nodes: u32) -> LicenceRules {
    LicenceRules { seats: Some(5), nodes: Some(nodes), node_releases: 1, ..LicenceRules::default() }
}

fn on(code: &str, client: &str, machine: &str) -> Take {
    Take { fingerprint: Some(machine.to_owned()), ..seat(code, client) }
}

/// Releases a machine; a refusal by its code.
fn release(m: &Market, tenant: Tenant, code: &str, node: Key) -> Option<&'static str> {
    let released = m.write_system(|tx, ctx| licence::release_node(tx, ctx, tenant, code, node));
    released.err().map(|e| e.code().expect("a refusal"))
}

#[test]
fn a_licence_is_bound_to_its_machines_which_the_buyer_releases_so_often_only() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(bound(1), 1);
        let (buyer, seller) = (Tenant::Buyer(m.key(&m.buyer())), Tenant::Seller(m.key(&m.seller())));
        let ann = take(m, &on(&code, "ann", HERE)).unwrap();
        take(m, &on(&code, "bob", NEW_DISK)).unwrap();
        assert_eq!(take(m, &on(&code, "cid", OTHER)).err(), Some("licence.node_limit"));
        let holding = m.holding(&code);
        assert_eq!((holding.nodes.len(), holding.right.nodes()), (1, Some(1)), "a new disk is no new machine");
        let node = holding.nodes[0].id;
        assert_eq!(release(m, Tenant::Buyer(m.key(&m.buyer2())), &code, node), Some("licence.not_found"));
        assert_eq!(release(m, buyer, &code, node), None);
        assert_eq!(release(m, buyer, &code, node), Some("licence.node_releases"), "once in 30 days");
        let lost = m.write_system(|tx, ctx| licence::renew(tx, ctx, &code, &lease_text(ann.seat.lease))).unwrap_err();
        assert_eq!(lost.code(), Some("licence.seat_lost"), "its seats went with it");
        take(m, &on(&code, "cid", OTHER)).unwrap();
        let node = m.holding(&code).nodes[0].id;
        assert_eq!(release(m, seller, &code, node), None);
        assert_eq!(release(m, seller, &code, node), Some("licence.no_such_node"));
        m.verify();
    });
}

#[test]
fn a_buyer_may_release_again_after_thirty_days() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(bound(1), 1);
        let buyer = Tenant::Buyer(m.key(&m.buyer()));
        let first_node = |machine: &str| {
            take(m, &on(&code, "ann", machine)).unwrap();
            m.holding(&code).nodes[0].id
        };
        assert_eq!(release(m, buyer, &code, first_node(HERE)), None);
        let node = first_node(OTHER);
        m.advance("29d");
        assert_eq!(release(m, buyer, &code, node), Some("licence.node_releases"));
        m.advance("25h");
        assert_eq!(release(m, buyer, &code, node), None);
    });
}

#[test]
fn a_bound_licence_asks_for_a_fingerprint() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(bound(1), 1);
        for machine in [None, Some("|,|"), Some("")] {
            let cmd = Take { fingerprint: machine.map(str::to_owned), ..seat(&code, "ann") };
            let refused = m.write_system(|tx, ctx| licence::take(tx, ctx, &cmd)).unwrap_err();
            let app::Error::Refused(refusal) = refused else { panic!("a failure: {refused:?}") };
            assert_eq!((refusal.code, refusal.fields[0].pointer.as_str()), ("licence.fingerprint", "/fingerprint"), "{machine:?}");
        }
        assert_eq!(m.licence(&code).activated_at, None, "nothing was stored");
    });
}

#[test]
fn an_exact_match_takes_a_new_disk_for_another_machine() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(LicenceRules { node_match: NodeMatch::Exact, ..bound(1) }, 1);
        take(m, &on(&code, "ann", HERE)).unwrap();
        assert_eq!(take(m, &on(&code, "ann", NEW_DISK)).err(), Some("licence.node_limit"));
    });
}

#[test]
fn of_machines_that_come_at_once_no_more_are_bound_than_were_bought_and_none_twice() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(LicenceRules { seats: Some(50), ..bound(2) }, 1);
        let answers = m.at_once(&m.buyer(), 16, |n, tx, ctx| {
            licence::take(tx, ctx, &on(&code, &format!("client-{n}"), &format!("machine-{}", n % 4))).map(drop)
        });
        let refused = answers.iter().filter_map(|a| a.as_ref().err());
        assert!(refused.clone().all(|e| e.code() == Some("licence.node_limit")), "{answers:?}");
        let holding = m.holding(&code);
        assert_eq!((holding.nodes.len(), holding.seats.len(), refused.count()), (2, 8, 8), "all clients of both machines, and nobody else");
    });
}

#[test]
fn of_many_machines_that_are_released_at_once_no_more_go_than_the_rule_allows() {
    in_2026(|m| {
        let rules = LicenceRules { seats: Some(12), nodes: Some(12), node_releases: 3, ..LicenceRules::default() };
        let Code { code, .. } = m.shield(rules, 1);
        for n in 0..12 {
            take(m, &on(&code, &format!("client {n}"), &format!("mac {n}|disk {n}|board {n}|cpu {n}"))).unwrap();
        }
        let (tenant, nodes) = (Tenant::Buyer(m.key(&m.buyer())), m.holding(&code).nodes);
        let done = m.at_once(&m.buyer(), 12, |n, tx, ctx| licence::release_node(tx, ctx, tenant, &code, nodes[n].id));
        assert_eq!(done.iter().filter(|r| r.is_ok()).count(), 3, "{done:?}");
    });
}
