//! Freezing by the operator, and the way back (`order-life 4`, `saas-interface 2.4`).

use app::{Refusal, instance};
use domain::{id::InstanceId, instance::InstanceState};
use harness::{Bought, Market, choice, on_both};

fn freeze(m: &Market, id: InstanceId, reason: &str) {
    let operator = m.operator();
    m.ok(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, id, reason));
    m.settle();
}

fn unfreeze(m: &Market, id: InstanceId) {
    let operator = m.operator();
    m.ok(&operator, |tx, ctx| instance::unfreeze(tx, ctx, &operator, id));
    m.settle();
}

/// Why an instance cannot be frozen, and why the freeze cannot be lifted.
fn refused(m: &Market, id: InstanceId) -> (Refusal, Refusal) {
    let operator = m.operator();
    (
        m.refusal(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, id, "again")),
        m.refusal(&operator, |tx, ctx| instance::unfreeze(tx, ctx, &operator, id)),
    )
}

fn state(m: &Market, of: &Bought) -> (String, Option<String>) {
    let found = m.instance(of.instance);
    (found.state.to_string(), found.freeze_cause.map(|word| word.to_string()))
}

fn frozen(cause: &str) -> (String, Option<String>) {
    ("frozen".to_owned(), Some(cause.to_owned()))
}

#[test]
fn the_operator_freezes_for_a_violation_and_lifts_it() {
    on_both(|m| {
        let bought = m.open(&m.buyer(), &choice("backup", "1m"));
        freeze(m, bought.id(), "abuse");
        assert_eq!(state(m, &bought), frozen("violation"));
        assert_eq!(m.instance(bought.instance).freeze_reason.as_deref(), Some("abuse"));
        let (operator, id) = (m.operator(), bought.id());
        let again = m.refusal(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, id, "again"));
        assert_eq!((again.kind, again.code), (app::Kind::Conflict, "instance.state"));
        unfreeze(m, bought.id());
        assert_eq!(state(m, &bought), ("running".to_owned(), None));
        let calls: Vec<_> = m.activities(bought.instance).into_iter().map(|(activity, _)| activity).collect();
        assert_eq!(calls[2..], ["updateInstanceStatus", "updateInstanceStatus"]);
        let buyer = m.buyer();
        assert_eq!((m.count_messages(&buyer, "instance.frozen"), m.count_messages(&buyer, "instance.unfrozen")), (1, 1));
        m.verify();
    });
}

#[test]
fn a_freeze_for_a_violation_outlasts_the_term_and_a_renewal() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m")); // until 5 February
        freeze(m, bought.id(), "abuse");
        m.advance("33d");
        assert_eq!(state(m, &bought), frozen("violation"));
        m.renew(&buyer, &bought, "1m");
        assert_eq!(state(m, &bought), frozen("violation"));
        m.advance("30d"); // the renewed term is over too
        unfreeze(m, bought.id());
        assert_eq!(state(m, &bought), frozen("expired"), "now for its end");
        m.renew(&buyer, &bought, "1m");
        assert_eq!(state(m, &bought), ("running".to_owned(), None));
        assert_eq!(m.last_activity(bought.instance).0, "updateInstanceStatus");
        m.verify();
    });
}

#[test]
fn a_freeze_for_a_violation_does_not_stop_the_release() {
    on_both(|m| {
        let bought = m.open(&m.buyer(), &choice("backup", "1m"));
        freeze(m, bought.id(), "abuse");
        m.advance("46d");
        assert_eq!(state(m, &bought), frozen("violation"));
        m.advance("24h");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Released);
        m.verify();
    });
}

#[test]
fn what_does_not_run_is_not_frozen_and_an_end_is_not_lifted() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let nothing = refused(m, db::Key([7; 16]).id());
        assert_eq!((nothing.0.code, nothing.1.code), ("instance.not_found", "instance.not_found"));
        let operator = m.operator();
        assert_eq!(m.refused(&operator, |tx, ctx| instance::unfreeze(tx, ctx, &operator, bought.id())), "instance.state");
        m.advance("33d");
        let (freeze, lift) = refused(m, bought.id());
        assert_eq!((freeze.code, lift.code), ("instance.state", "instance.expired"));
        m.advance("15d");
        let (freeze, lift) = refused(m, bought.id());
        assert_eq!((freeze.code, lift.code), ("instance.state", "instance.state"), "it is released");
        m.verify();
    });
}

#[test]
fn of_eight_freezes_at_once_one_is_told_to_the_seller() {
    on_both(|m| {
        let (operator, bought) = (m.operator(), m.open(&m.buyer(), &choice("backup", "1m")));
        let results = m.at_once(&operator, 8, |_, tx, ctx| {
            instance::freeze_for_violation(tx, ctx, &operator, bought.id(), "abuse").map(|frozen| frozen.state)
        });
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().filter_map(|r| r.as_ref().err()).all(|e| e.code() == Some("instance.state")), "{results:?}");
        m.settle();
        assert_eq!(m.activities(bought.instance).len(), 3);
        m.verify();
    });
}
