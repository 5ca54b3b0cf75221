//! What waits for an instance decides on what it finds then, not on what it read before.

use app::{Actor, Ctx, Error, Tenant, call, instance, licence};
use db::{Local, Tx};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use domain::listing::AccessType;
use harness::{Bought, Engine, Fault, Market, Setup, choice, on};
use std::sync::mpsc;

/// Whether a transaction on this database waits for a lock.
fn waits(m: &Market) -> bool {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let text = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    m.read(|tx, _| Ok(sql_query(text).get_result::<Count>(tx).map_err(db::DbError::from)?.n > 0))
}

/// Releases an instance in a transaction that commits only when something else waits for it; what came of that.
fn while_it_is_released<T: Send>(m: &Market, of: &Bought, work: impl Fn(&mut Tx, &Ctx) -> Result<T, Error> + Send) -> Result<T, Error> {
    let (released, is_released) = mpsc::channel();
    let (end, is_to_end) = mpsc::channel::<()>();
    let (url, env, id) = (m.database(), m.environment(), of.instance);
    let release = move |tx: &mut Tx, ctx: &Ctx| {
        let found = store::instance::lock(tx, Tenant::Any, id)?.expect("it is there");
        instance::release(tx, ctx, &found, "the seller is away", None)?;
        released.send(()).expect("the test goes on");
        is_to_end.recv().expect("the test ends it");
        Ok::<_, Error>(())
    };
    let write = |work: &dyn Fn(&mut Tx, &Ctx) -> Result<T, Error>| {
        Local::open(url).expect("a connection opens").write(|tx| env.write(tx, &Actor::System, work))
    };
    std::thread::scope(|scope| {
        let first = scope.spawn(move || {
            let mut local = Local::open(url).expect("a connection opens");
            local.write(|tx| env.write(tx, &Actor::System, &release))
        });
        is_released.recv().expect("it is released");
        let second = scope.spawn(move || write(&work));
        while !waits(m) && !second.is_finished() {
            std::thread::yield_now();
        }
        end.send(()).expect("the release waits");
        first.join().expect("no panic").expect("it commits");
        second.join().expect("no panic")
    })
}

/// What is refused when an instance is released at the same moment.
fn refused<T: Send>(m: &Market, of: &Bought, work: impl Fn(&mut Tx, &Ctx) -> Result<T, Error> + Send) -> &'static str {
    let before = m.calls(of.instance).len();
    let error = while_it_is_released(m, of, work).err().expect("it is refused");
    let more = m.calls(of.instance).split_off(before);
    assert!(more.iter().all(|call| call.activity.to_string().contains("elease")), "nothing is said of it but its release: {more:?}");
    m.settle();
    m.verify();
    error.code().expect("a refusal")
}

#[test]
fn no_licence_is_asked_for_on_an_instance_that_is_released_meanwhile() {
    on(Engine::Postgres, &Setup::default(), |m| {
        m.list(&m.seller(), "shield", &harness::listing(AccessType::LicenceOnline));
        let (buyer, bought) = (m.buyer(), m.open(&m.buyer(), &choice("shield", "1y")));
        let ask = |tx: &mut Tx, ctx: &Ctx| licence::apply(tx, ctx, &buyer, bought.instance.id(), None);
        assert_eq!(refused(m, &bought, ask), "instance.state");
    });
}

#[test]
fn no_call_is_restarted_on_an_instance_that_is_released_meanwhile() {
    on(Engine::Postgres, &Setup::default(), |m| {
        let bought = m.open(&m.buyer(), &choice("backup", "1m"));
        m.server.fault("backup", Fault::Code000005);
        let operator = m.operator();
        m.ok(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, bought.instance.id(), "spam"));
        m.advance("3h");
        m.server.fault("backup", Fault::None);
        let failed = m.failed_calls().remove(0).id.id();
        assert_eq!(refused(m, &bought, |tx, ctx| call::restart(tx, ctx, Tenant::Any, failed)), "call.order_over");
    });
}
