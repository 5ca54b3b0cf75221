//! The platform is killed between any two steps of its work: every order ends as without, and not a cent differs.

use app::{
    money::{Correct, correct},
    order,
};
use domain::{
    instance::InstanceState,
    money::{Currency, Money},
};
use harness::{Engine, Fault, Market, Setup, choice, minor, on};

/// A life with money of every kind. Says what the buyer's wallet and the seller's payable come to, and the states of all orders.
fn live(m: &Market) -> (String, i64, Vec<(String, String)>) {
    let (buyer, seller, operator) = (m.buyer(), m.seller(), m.operator());
    let place = |wanted: order::Choice| {
        let cmd = order::PlaceOrder { pay: true, ..harness::unpaid(&wanted) };
        m.ok(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &cmd))
    };
    let first = place(choice("backup", "1m")).order;
    m.settle();
    let kept = harness::Bought { instance: first.instance_id.expect("it is paid"), order: first };
    let renewal = m.ok(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, kept.id(), "1m".parse().unwrap(), true)).order;
    m.settle();
    let change = order::PlaceChange { instance: kept.id(), sku: "pro/5".to_owned(), pay: true };
    m.ok(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &change));
    m.settle();
    m.ok(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &renewal.number));
    m.settle();
    let part = Correct::Refund { number: kept.order.number.clone() };
    m.ok(&operator, |tx, ctx| correct(tx, ctx, &operator, &part, Money::new(1_001, Currency::Cny), "a day without service"));
    m.settle();
    m.server.fault("*", Fault::Code000005);
    place(choice("backup", "1y"));
    m.advance("2h");
    m.server.fault("*", Fault::None);
    let used = place(choice("transcribe", "")).order;
    m.advance("26h");
    let used = harness::Bought { instance: used.instance_id.expect("it is paid"), order: used };
    m.push(&seller, &[m.record(&used, "2024-01-06T06", "100", "a"), m.record(&used, "2024-01-06T07", "20000", "held")]);
    m.advance("40d");
    m.verify();
    let orders = m.read(|tx, _| Ok(store::order::list(tx, app::Tenant::Any, &store::order::Filter::default(), app::Page::first(50))?));
    let mut states: Vec<_> = orders.into_iter().map(|o| (o.kind.to_string(), o.state.to_string())).collect();
    states.sort();
    let owner = hex::encode(m.key(&seller).0);
    let due = m.read(|tx, _| Ok(store::ledger::any_sum_of(tx, ledger::AccountKind::SellerPayable, &owner, domain::money::Currency::Cny)?));
    (m.balance(&buyer), due, states)
}

/// Plays it with a crash before each `stride`-th step.
fn killed_at_every_step(engine: Engine, stride: usize) {
    let mut whole = None;
    for step in (0u32..).step_by(stride) {
        let mut over = false;
        let seen = std::cell::RefCell::new(None);
        let crashed = std::cell::Cell::new(true);
        on(engine, &Setup::default(), |m| {
            if whole.is_some() {
                m.crash_after(step);
            }
            *seen.borrow_mut() = Some(live(m));
            crashed.set(!m.is_to_crash());
        });
        let Some(seen) = seen.into_inner() else { return };
        let calm = whole.get_or_insert_with(|| seen.clone());
        assert!(minor(&calm.0) < minor("1000000.00"), "money moved");
        assert_eq!(seen, *calm, "killed before step {step}");
        over |= !crashed.get();
        if over {
            assert!(step > 40, "a life has more steps than {step}");
            return;
        }
    }
}

#[test]
fn killed_between_any_two_steps_the_books_are_the_same_on_sqlite() {
    killed_at_every_step(Engine::Sqlite, 1);
}

#[test]
fn killed_between_many_steps_the_books_are_the_same_on_postgresql() {
    killed_at_every_step(Engine::Postgres, 11);
}

#[test]
fn on_a_full_disk_nothing_is_half_done_and_with_room_again_everything_goes_on() {
    on(Engine::Sqlite, &Setup::default(), |m| {
        let buyer = m.buyer();
        let kept = m.open(&buyer, &choice("backup", "1m"));
        m.limit_pages(1);
        let buy = || {
            let cmd = order::PlaceOrder { pay: true, ..harness::unpaid(&choice("backup", "1m")) };
            m.write(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &cmd))
        };
        // Pages that are there are filled first.
        let full = (0..1_000).find_map(|_| buy().err()).expect("the disk is full");
        let is_disk_full = |e: &app::Error| matches!(e, app::Error::Store(e) if e.is_disk_full());
        assert!(is_disk_full(&full), "{full:?}");
        assert!(buy().is_err_and(|e| is_disk_full(&e)), "it stays so");
        m.verify();
        m.limit_pages(1_000_000);
        m.settle();
        let more = m.open(&buyer, &choice("backup", "1m"));
        assert_eq!((m.instance(kept.instance).state, m.instance(more.instance).state), (InstanceState::Running, InstanceState::Running));
        m.advance("40d");
        m.verify();
    });
}
