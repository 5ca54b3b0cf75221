//! Activation: the term begins, the order is complete, and the code lives as its instance does.

use super::{in_2026, renew};
use app::{Error, catalogue, licence, order, supervision};
use domain::{
    Timestamp,
    licence::LicenceState,
    licence_rules::LicenceRules,
    listing::{AccessType, Listing},
    order::OrderState,
    supervision::Verb,
};
use harness::{Market, act, at, licensed, time};
use wire::conformance::Protocol;

fn activate_at(m: &Market, code: &str, real: Option<Timestamp>) -> Result<(), Error> {
    let (seller, codes) = (m.seller(), [code.to_owned()]);
    m.write(&seller, |tx, ctx| licence::activate(tx, ctx, &seller, &codes, real))
}

fn activate(m: &Market, codes: &[&str]) -> Option<&'static str> {
    m.activate(&m.seller(), codes).err().map(|e| e.code().expect("a refusal"))
}

fn query(m: &Market, codes: &[&str]) -> Result<Vec<licence::Answer>, &'static str> {
    let (seller, codes) = (m.seller(), codes.iter().map(|&c| c.to_owned()).collect::<Vec<_>>());
    m.write(&seller, |tx, ctx| licence::query(tx, ctx, &seller, &codes)).map_err(|e| e.code().expect("a refusal"))
}

fn ask(m: &Market, code: &str) -> licence::Answer {
    query(m, &[code]).unwrap().remove(0)
}

#[test]
fn a_code_is_seen_by_its_buyer_once_taken_and_opens_with_its_activation() {
    in_2026(|m| {
        m.list(&m.seller(), "shield", &licensed(LicenceRules::default()));
        let bought = m.claimed(&m.buyer(), 2);
        assert!(bought.code.starts_with("PL") && bought.code.len() == 28, "{}", bought.code);
        assert_eq!(m.order(&bought.order).state, OrderState::Processing, "the money waits for the activation");
        assert_eq!(query(m, &[&bought.code]).err(), Some("licence.not_activated"));
        m.advance("30h");
        activate_at(m, &bought.code, Some(at("2026-01-05T12:00:00Z"))).unwrap();
        assert_eq!(m.order(&bought.order).state, OrderState::Completed);
        assert_eq!(activate(m, &[&bought.code]), Some("licence.state"), "once");
        let (instance, licence) = (m.instance(bought.instance), m.licence(&bought.code));
        assert_eq!((instance.state.as_str(), instance.opened_at), ("running", licence.activated_at));
        assert_eq!(time(licence.activated_at.unwrap()), "2026-01-06T08:00:00Z");
        assert_eq!(time(licence.real_effect_at.unwrap()), "2026-01-05T12:00:00Z", "both times are kept");
        let told = ask(m, &bought.code);
        assert_eq!((told.activate_time.as_str(), told.expire_time.as_deref()), ("20260106080000", Some("20270106155959")));
        assert_eq!((told.amount, told.order_id, told.code), (2, bought.order, bought.code));
        assert!(m.calls(bought.instance).is_empty(), "a seller who only asks is not called");
        m.verify();
    });
}

/// The instance is locked before its licence by all: else PostgreSQL has to break a circle, which takes a second.
#[test]
fn a_code_that_is_taken_and_activated_at_once_is_locked_in_one_order() {
    in_2026(|m| {
        m.list(&m.seller(), "shield", &licensed(LicenceRules::default()));
        let (buyer, seller) = (m.buyer(), m.seller());
        for _ in 0..8 {
            let bought = m.buy_code(&buyer, 1);
            let case = m.case(&bought.order);
            let (side, id, codes) = (m.side(&buyer, &case), case.id(), [bought.code.clone()]);
            let done = m.at_once(&buyer, 6, |n, tx, ctx| {
                if n % 2 == 0 {
                    return supervision::act(tx, ctx, side, id, &act(Verb::Claim)).map(drop);
                }
                licence::activate(tx, ctx, &seller, &codes, None)
            });
            assert!(done.iter().all(|result| result.as_ref().err().is_none_or(|e| e.code().is_some())), "{done:?}");
            let _ = m.activate(&seller, &[&bought.code]);
            assert_eq!(m.order(&bought.order).state, OrderState::Completed);
        }
        assert_eq!(m.deadlocks(), 0);
        m.settle();
        m.verify();
    });
}

#[test]
fn a_real_effect_time_lies_between_the_order_and_now() {
    in_2026(|m| {
        let bought = m.shield(LicenceRules::default(), 1);
        m.advance("30h");
        for wrong in ["2026-01-05T01:59:59Z", "2026-01-06T08:00:01Z"] {
            let refused = activate_at(m, &bought.code, Some(at(wrong))).unwrap_err();
            assert_eq!(refused.code(), Some("licence.real_effect_time"), "{wrong}");
        }
        activate_at(m, &bought.code, Some(at("2026-01-05T02:00:00Z"))).unwrap();
    });
}

#[test]
fn a_code_lives_as_its_instance_does() {
    in_2026(|m| {
        let bought = m.shield(LicenceRules::default(), 1);
        m.advance("30h");
        assert_eq!(activate(m, &[&bought.code]), None);
        renew(m, bought.instance);
        assert_eq!(ask(m, &bought.code).expire_time.as_deref(), Some("20280106155959"));
        m.advance("735d");
        assert_eq!(ask(m, &bought.code).state, LicenceState::Expired);
        renew(m, bought.instance);
        assert_eq!(ask(m, &bought.code).state, LicenceState::Alive);
        m.advance("385d");
        assert_eq!(ask(m, &bought.code).state, LicenceState::Released);
        assert_eq!(activate(m, &[&bought.code]), Some("licence.state"));
        m.verify();
    });
}

#[test]
fn a_batch_is_activated_whole_or_not_at_all() {
    in_2026(|m| {
        let first = m.shield(LicenceRules::default(), 1);
        let second = m.claimed(&m.buyer(), 1);
        assert_eq!(activate(m, &[&first.code, "PL0000000000000000000000000"]), Some("licence.not_found"));
        assert_eq!(m.order(&first.order).state, OrderState::Processing, "nothing of a refused batch happens");
        assert_eq!(query(m, &[&first.code]).err(), Some("licence.not_activated"));
        assert_eq!(activate(m, &[&second.code, &first.code]), None);
        assert_eq!(activate(m, &[&first.code]), Some("licence.state"));
        let found: Vec<String> = query(m, &[&second.code, &first.code]).unwrap().into_iter().map(|a| a.code).collect();
        assert_eq!(found, [second.code, first.code], "in the order of the request");
        m.verify();
    });
}

#[test]
fn two_activations_at_once_open_once() {
    in_2026(|m| {
        let (seller, bought) = (m.seller(), m.shield(LicenceRules::default(), 1));
        let codes = [bought.code];
        let answers = m.at_once(&seller, 8, |_, tx, ctx| licence::activate(tx, ctx, &seller, &codes, None));
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1, "{answers:?}");
        assert!(answers.iter().flat_map(|a| a.as_ref().err()).all(|e| e.code() == Some("licence.state")), "{answers:?}");
        assert_eq!(m.terms(bought.instance).len(), 1);
        m.verify();
    });
}

#[test]
fn codes_of_others_do_not_exist() {
    in_2026(|m| {
        let (bought, other) = (m.shield(LicenceRules::default(), 1), m.seller2());
        let codes = [bought.code];
        assert_eq!(m.refused(&other, |tx, ctx| licence::activate(tx, ctx, &other, &codes, None)), "licence.not_found");
        assert_eq!(m.refused(&other, |tx, ctx| licence::query(tx, ctx, &other, &codes)), "licence.not_found");
        assert_eq!(query(m, &["PLNOSUCH"]).err(), Some("licence.not_found"));
        assert_eq!(m.order(&bought.order).state, OrderState::Processing, "nothing was stored");
    });
}

/// The field that a change of `shield` is refused for.
fn refused(m: &Market, change: impl Fn(&mut Listing)) -> String {
    let (seller, mut listing) = (m.seller(), licensed(LicenceRules::default()));
    change(&mut listing);
    let submitted = m.write(&seller, |tx, ctx| {
        let (_, draft, _) = catalogue::save(tx, ctx, &seller, "shield", &listing)?;
        catalogue::submit(tx, ctx, &seller, draft.id.id())
    });
    let Err(Error::Refused(refusal)) = submitted else { panic!("it was not refused") };
    refusal.fields[0].pointer.clone()
}

#[test]
fn a_licence_cannot_be_given_back_once_it_is_complete_nor_offered_with_a_trial() {
    in_2026(|m| {
        let (buyer, bought) = (m.buyer(), m.shield(LicenceRules::default(), 1));
        let give_back = || m.refused(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &bought.order));
        assert_eq!(give_back(), "refund.negotiate");
        assert_eq!(activate(m, &[&bought.code]), None);
        assert_eq!(give_back(), "refund.supervised");
        assert_eq!(refused(m, |l| l.specifications[0].trial_days = Some(7)), "/specifications/0/trial_days");
        let saas = m.address(&m.seller(), "saas", Protocol::SaasV2);
        assert_eq!(refused(m, |l| l.interface_address = Some(saas)), "/interface_address", "a SaaS address serves no codes");
        let other = |l: &mut Listing| {
            (l.access_type, l.delivery, l.interface_address) = (AccessType::Saas, None, Some(saas));
            l.specifications[0].licence = None;
        };
        assert_eq!(refused(m, other), "/access_type", "the way of delivery stays");
        m.verify();
    });
}
