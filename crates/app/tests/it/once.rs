//! Writes that are repeated with their key: done once, answered again, for the same person and the same inputs alone.

use app::{Answer, Caller, Error, account, money, order};
use domain::{access::Scope, money::Money};
use harness::{Market, choice, money as shown, on_both, unpaid};
use std::sync::Arc;

fn orders(m: &Market) -> usize {
    m.read(|tx, _| Ok(store::order::list(tx, app::Tenant::Any, &store::order::Filter::default(), app::Page::first(50))?)).len()
}

fn announce(m: &Market, who: &Arc<Caller>, minor: i64) -> Result<(), Error> {
    m.write(who, |tx, ctx| {
        let amount = Money::new(minor, ctx.site(who.site).currency);
        money::request_transfer(tx, ctx, who, amount, "ONCE").map(drop)
    })
}

fn transfers(m: &Market) -> usize {
    let all = m.read(|tx, _| Ok(store::transfer::list(tx, None, None, app::Page::first(50))?));
    all.iter().filter(|t| t.reference == "ONCE").count()
}

#[test]
fn a_repeat_writes_nothing_and_is_known_by_its_key() {
    on_both(|m| {
        let buyer = m.buyer();
        announce(m, &m.with_key(&buyer, "k", "one"), 100).unwrap();
        let again = m.with_key(&buyer, "k", "one");
        assert!(matches!(announce(m, &again, 100), Err(Error::Repeated)));
        assert!(again.repeat.as_ref().unwrap().has_met());
        assert_eq!(transfers(m), 1);
        announce(m, &m.with_key(&buyer, "another", "one"), 100).unwrap();
        announce(m, &buyer, 100).unwrap();
        assert_eq!(transfers(m), 3, "another key, or none, is another write");
    });
}

#[test]
fn a_key_is_of_one_person_and_of_what_they_asked() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), m.buyer2());
        announce(m, &m.with_key(&buyer, "k", "one"), 100).unwrap();
        announce(m, &m.with_key(&other, "k", "one"), 100).unwrap();
        assert_eq!(transfers(m), 2, "the same key of another person");
        let different = m.with_key(&buyer, "k", "two");
        assert!(matches!(announce(m, &different, 200), Err(Error::Repeated)));
        let earlier = m.read(|tx, ctx| app::earlier(tx, ctx, &different)).unwrap();
        let refused = earlier.answer_to(different.repeat.as_ref().unwrap()).unwrap_err();
        assert_eq!(refused.code(), Some("idempotency.other_inputs"));
        assert_eq!(transfers(m), 2);
        for key in ["", "with space", "schlüssel", &"x".repeat(101)] {
            assert_eq!(app::Repeat::new(key, "").unwrap_err().code(), Some("idempotency.bad_key"), "{key}");
        }
    });
}

#[test]
fn what_was_refused_keeps_no_key() {
    on_both(|m| {
        let buyer = m.new_buyer("poor", "1.00");
        let pay = |who: &Arc<Caller>, number: &str| m.write(who, |tx, ctx| order::pay(tx, ctx, who, number).map(drop));
        let number = m.place(&buyer, &choice("backup", "1m")).order.number;
        let keyed = m.with_key(&buyer, "k", "pay");
        assert_eq!(pay(&keyed, &number).unwrap_err().code(), Some("wallet.short"));
        assert!(m.read(|tx, ctx| app::earlier(tx, ctx, &keyed)).is_none());
        m.top_up(&buyer, "99.00");
        pay(&m.with_key(&buyer, "k", "pay"), &number).unwrap();
        assert_eq!(m.balance(&buyer), "0.00", "the same key may try again");
    });
}

#[test]
fn of_eight_at_once_one_writes() {
    on_both(|m| {
        let buyer = m.buyer();
        let keyed = m.with_key(&buyer, "k", "place");
        let cmd = unpaid(&choice("backup", "1m"));
        let done = m.at_once(&keyed, 8, |_, tx, ctx| order::place(tx, ctx, &keyed, &cmd).map(drop));
        assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 1, "{done:?}");
        assert!(done.iter().all(|d| matches!(d, Ok(()) | Err(Error::Repeated))), "{done:?}");
        assert_eq!(orders(m), 1);
        m.verify();
    });
}

#[test]
fn an_answer_is_given_again_and_is_stored_sealed() {
    on_both(|m| {
        let buyer = Caller { scopes: vec![Scope::Read], ..(*m.buyer()).clone() };
        let keyed = m.with_key(&buyer, "k", "token");
        let new = account::NewToken { name: "t".to_owned(), scopes: vec![Scope::Read], expires_at: None };
        let (_, token) = m.ok(&keyed, |tx, ctx| account::issue_token(tx, ctx, &keyed, &new));
        let repeat = keyed.repeat.as_ref().unwrap();
        let look = || m.read(|tx, ctx| app::earlier(tx, ctx, &keyed)).unwrap().answer_to(repeat).unwrap();
        assert_eq!(look(), None, "the transaction did not know what it was answered with");
        let answer = Answer::json(&token).unwrap();
        m.write_system(|tx, ctx| app::keep(tx, ctx, &keyed, &answer)).unwrap();
        assert_eq!(look(), Some(answer));
        let user = db::Key::of(buyer.user_id);
        let stored = m.read(|tx, _| Ok(store::idempotency::lookup(tx, user, "k")?)).unwrap().answer.unwrap();
        assert!(!stored.windows(token.len()).any(|w| w == token.as_bytes()), "the token can be read");
    });
}

#[test]
fn an_answer_may_be_kept_with_what_was_written() {
    on_both(|m| {
        let buyer = m.buyer();
        let keyed = m.with_key(&buyer, "k", "place");
        let cmd = unpaid(&choice("backup", "1m"));
        let actor = app::Actor::Caller(keyed.clone());
        let mut local = db::Local::open(m.database()).unwrap();
        let number = local.write(|tx| {
            let place = |tx: &mut db::Tx, ctx: &app::Ctx| Ok(order::place(tx, ctx, &keyed, &cmd)?.order.number);
            m.environment().write_answered(tx, &actor, place, |number| Answer::json(number).map(Some))
        });
        let number: String = number.map_err(|e: Error| e).unwrap();
        let earlier = m.read(|tx, ctx| app::earlier(tx, ctx, &keyed)).unwrap();
        let answer = earlier.answer_to(keyed.repeat.as_ref().unwrap()).unwrap().unwrap();
        assert_eq!((answer.status, answer.body), (200, format!("\"{number}\"")));
        assert_eq!(shown(m.order(&number).total_minor), "100.00");
    });
}
