//! The chain of events (`order-life 7`): sealed in an order that commits cannot change, and what is altered is found.

use app::{
    Actor,
    event::{self, About, Horizon, Sealed},
};
use harness::{Engine, Market, Setup, choice, on, on_both};
use serde_json::json;
use std::sync::mpsc;
use store::event::NewEvent;

/// Records an event by itself.
fn happen(m: &Market, kind: &str) {
    m.write_system(|tx, ctx| event::record(tx, ctx, kind, About::default(), &json!({}))).unwrap();
}

fn horizon(m: &Market) -> Horizon {
    m.write_system(|tx, _| Horizon::now(tx)).unwrap()
}

fn seal(m: &Market, until: &Horizon) -> Sealed {
    m.write_system(|tx, ctx| event::seal(tx, ctx, until)).unwrap()
}

/// Seals everything that is there.
fn seal_all(m: &Market) {
    let until = horizon(m);
    while matches!(seal(m, &until), Sealed::Events(_)) {}
}

fn row() -> NewEvent {
    NewEvent {
        kind: "held.open".to_owned(),
        at: 1,
        recorded_at: RECORDED,
        actor: "system".to_owned(),
        order_id: None,
        instance_id: None,
        product_id: None,
        account_id: None,
        data: "{}".to_owned(),
    }
}

/// Where the wall clock of the harness stands.
const RECORDED: i64 = 1_767_578_400_000_000;

/// Keeps a transaction open that has appended an event, while something else is done.
fn while_a_transaction_is_open(m: &Market, work: impl FnOnce()) {
    let (appended, is_appended) = mpsc::channel();
    let (end, is_to_end) = mpsc::channel::<()>();
    let (url, env) = (m.database(), m.environment());
    std::thread::scope(|scope| {
        let open = scope.spawn(move || {
            let mut local = db::Local::open(url).expect("another connection opens");
            local.write(|tx| {
                env.write(tx, &Actor::System, |tx, _| {
                    store::event::append(tx, &[row()])?;
                    appended.send(()).expect("the test goes on");
                    is_to_end.recv().expect("the test ends it");
                    Ok::<_, app::Error>(())
                })
            })
        });
        is_appended.recv().expect("the event is appended");
        work();
        end.send(()).expect("the transaction waits");
        open.join().expect("no panic").expect("it commits");
    });
}

#[test]
fn an_event_that_commits_later_than_its_place_is_waited_for() {
    on(Engine::Postgres, &Setup::default(), |m| {
        let mut until = None;
        while_a_transaction_is_open(m, || {
            for n in 0..3 {
                happen(m, &format!("later.{n}"));
            }
            let now = horizon(m);
            assert_eq!(seal(m, &now), Sealed::Waiting, "events before the last one may still come");
            until = Some(now);
        });
        happen(m, "after.the.horizon");
        let until = until.unwrap();
        assert!(matches!(seal(m, &until), Sealed::Events(n) if n >= 4));
        assert_eq!(seal(m, &until), Sealed::All, "what came after the horizon is sealed in the next round");
        seal_all(m);
        m.verify();
    });
}

#[test]
fn a_transaction_that_begins_after_the_horizon_is_not_waited_for() {
    on(Engine::Postgres, &Setup::default(), |m| {
        happen(m, "first");
        let until = horizon(m);
        while_a_transaction_is_open(m, || while seal(m, &until) != Sealed::All {});
        seal_all(m);
        m.verify();
    });
}

#[test]
fn a_row_that_is_altered_added_or_removed_is_named() {
    for damage in [
        "UPDATE events SET data = '{\"x\":1}' WHERE kind = 'test.2'",
        "UPDATE events SET actor = 'nobody' WHERE kind = 'test.2'",
        "DELETE FROM events WHERE kind = 'test.2'",
        "INSERT INTO events (seq, kind, at, recorded_at, actor, data) SELECT MIN(seq) + 1, 'x', 1, 1, 'x', '{}' FROM events
         WHERE kind = 'test.3'",
    ] {
        on_both(|m| {
            for n in 1..=5 {
                happen(m, &format!("test.{n}"));
            }
            // A transaction that was rolled back leaves a place empty.
            m.execute("DELETE FROM events WHERE kind = 'test.4'");
            seal_all(m);
            happen(m, "after");
            seal_all(m);
            m.verify();
            m.execute(damage);
            let wrong = m.differences();
            assert!(matches!(&wrong[..], [("event_chain", told)] if told[0].contains("altered")), "{damage}: {wrong:?}");
        });
    }
}

/// Buys twice and seals what happened.
fn sealed(m: &Market) {
    let buyer = m.buyer();
    m.open(&buyer, &choice("backup", "1m"));
    m.open(&buyer, &choice("backup", "1m"));
    seal_all(m);
    m.verify();
}

#[test]
fn whatever_is_altered_of_an_event_is_named() {
    for damage in [
        "UPDATE events SET order_id = NULL WHERE order_id IS NOT NULL",
        "UPDATE events SET instance_id = product_id WHERE instance_id IS NOT NULL",
        "UPDATE events SET account_id = instance_id WHERE account_id IS NULL",
        "UPDATE events SET recorded_at = recorded_at - 1",
        "UPDATE events SET actor = 'somebody'",
        "DELETE FROM events WHERE kind = 'order.created'",
        "DELETE FROM event_seals",
        "INSERT INTO events (seq, kind, at, recorded_at, actor, data)
         SELECT -5, kind, at, recorded_at, actor, data FROM events WHERE seq = 1",
    ] {
        on_both(|m| {
            sealed(m);
            m.execute(damage);
            if damage == "DELETE FROM event_seals" {
                // Right after, they could be events that nobody has sealed yet.
                m.environment().clock.pass(jiff::SignedDuration::from_hours(25));
            }
            let named: Vec<_> = m.differences().into_iter().map(|(name, _)| name).collect();
            assert!(named.contains(&"event_chain"), "{damage}: {named:?}");
            seal_all(m);
            let named: Vec<_> = m.differences().into_iter().map(|(name, _)| name).collect();
            assert!(named.contains(&"event_chain"), "sealing over it does not hide it: {damage}: {named:?}");
        });
    }
}

#[test]
fn events_that_nobody_sealed_while_no_node_ran_are_sealed_late_and_right() {
    on_both(|m| {
        sealed(m);
        happen(m, "before.the.outage");
        m.environment().clock.pass(jiff::SignedDuration::from_hours(25));
        happen(m, "after.the.outage");
        seal_all(m);
        m.verify();
        m.environment().clock.pass(jiff::SignedDuration::from_hours(25));
        m.verify();
    });
}

#[test]
fn events_of_a_node_that_was_killed_before_its_first_seal_are_sealed_late_and_right() {
    on_both(|m| {
        happen(m, "first");
        m.environment().clock.pass(jiff::SignedDuration::from_mins(20));
        m.execute("DELETE FROM event_seals; UPDATE settings SET value = '0 -9223372036854775808 ' WHERE name = 'chain_head'");
        seal_all(m);
        m.verify();
        let kept = "DELETE FROM event_seals; DELETE FROM settings WHERE name = 'chain_head'";
        m.execute(kept);
        seal_all(m);
        assert_eq!(m.differences().first().map(|(name, _)| *name), Some("event_chain"), "what was taken away is no beginning");
    });
}

#[test]
fn a_chain_of_a_release_before_is_right_and_goes_on() {
    on_both(|m| {
        sealed(m);
        happen(m, "before.the.upgrade");
        m.execute("UPDATE event_seals SET form = 2; DELETE FROM settings WHERE name = 'chain_head'");
        m.verify();
        m.environment().clock.pass(jiff::SignedDuration::from_hours(2));
        seal_all(m);
        m.verify();
    });
}

#[test]
fn seals_that_are_taken_away_are_named_at_once_and_nothing_is_sealed_over_it() {
    let newest = "(SELECT MAX(last_seq) FROM event_seals)";
    let events = "(SELECT COALESCE(MAX(last_seq), 0) FROM event_seals WHERE last_seq < (SELECT MAX(last_seq) FROM event_seals))";
    for damage in [
        "DELETE FROM event_seals; UPDATE events SET data = '{}'".to_owned(),
        format!("DELETE FROM events WHERE seq > {events}; DELETE FROM event_seals WHERE last_seq = {newest}"),
        format!("UPDATE events SET data = '{{}}' WHERE seq > {events}; DELETE FROM event_seals WHERE last_seq = {newest}"),
    ] {
        on_both(|m| {
            sealed(m);
            happen(m, "another");
            seal_all(m);
            m.execute(&damage);
            let wrong = |m: &Market| m.differences().into_iter().any(|(name, _)| name == "event_chain");
            assert!(wrong(m), "{damage}");
            happen(m, "later");
            let until = horizon(m);
            assert_eq!(seal(m, &until), Sealed::Damaged, "{damage}");
            m.environment().clock.pass(jiff::SignedDuration::from_hours(25));
            assert!(wrong(m), "{damage}");
            m.write_system(|tx, ctx| event::reseal(tx, ctx, "J. Doe: rows were lost")).unwrap();
            seal_all(m);
            assert!(!wrong(m), "{damage}");
        });
    }
}

#[test]
fn a_damaged_chain_is_made_again_with_a_reason() {
    on_both(|m| {
        sealed(m);
        let reseal = |reason: &str| m.write_system(|tx, ctx| event::reseal(tx, ctx, reason));
        assert_eq!(reseal("nothing").unwrap_err().code(), Some("chain.intact"));
        m.execute("DELETE FROM events WHERE kind = 'order.created'");
        m.execute("UPDATE events SET actor = 'somebody' WHERE kind = 'order.paid'");
        assert_eq!(reseal(" ").unwrap_err().code(), Some("chain.reason"));
        assert_eq!(m.differences().first().map(|(name, _)| *name), Some("event_chain"));
        let done = reseal("J. Doe: rows lost with a disk").unwrap();
        assert_ne!(done.was, done.now);
        m.verify();
        let told = m.read(|tx, _| Ok(store::event::any_between(tx, done.last_seq, i64::MAX, 100)?));
        let told = told.iter().find(|e| e.kind == "chain.resealed").unwrap();
        assert!(told.data.contains("rows lost with a disk") && told.data.contains(&done.was), "{}", told.data);
        seal_all(m);
        m.verify();
        m.environment().clock.pass(jiff::SignedDuration::from_hours(25));
        happen(m, "later");
        seal_all(m);
        m.verify();
        m.execute("UPDATE events SET actor = 'somebody else' WHERE kind = 'order.paid'");
        assert_eq!(m.differences().first().map(|(name, _)| *name), Some("event_chain"));
    });
}
