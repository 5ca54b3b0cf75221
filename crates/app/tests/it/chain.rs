//! The chain of events (`order-life 7`): sealed in an order that commits cannot change, and what is altered is found.

use app::{
    Actor,
    event::{self, About, Horizon, Sealed},
};
use harness::{Engine, Market, Setup, on, on_both};
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
    while seal(m, &until) != Sealed::All {}
}

fn row() -> NewEvent {
    NewEvent {
        kind: "held.open".to_owned(),
        at: 1,
        recorded_at: 1,
        actor: "system".to_owned(),
        order_id: None,
        instance_id: None,
        product_id: None,
        account_id: None,
        data: "{}".to_owned(),
    }
}

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
