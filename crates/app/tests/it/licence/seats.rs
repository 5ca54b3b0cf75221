//! Floating seats: leased, renewed, returned, taken over, and never more than were bought.

use super::{in_2026, seat, take};
use app::{
    Tenant,
    licence::{self, Taken, lease_text},
};
use domain::{
    licence_rules::{Feature, FeatureValue, LicenceRules, Standing, TakeOver},
    listing::Bilingual,
    order::OrderState,
};
use harness::{Code, Market};

fn renew(m: &Market, code: &str, lease: &str) -> Result<Taken, &'static str> {
    m.write_system(|tx, ctx| licence::renew(tx, ctx, code, lease)).map_err(|e| e.code().expect("a refusal"))
}

fn give_back(m: &Market, code: &str, lease: &str) -> Result<(), &'static str> {
    m.write_system(|tx, _| licence::give_back(tx, code, lease)).map_err(|e| e.code().expect("a refusal"))
}

fn lease(taken: &Taken) -> String {
    lease_text(taken.seat.lease)
}

fn held(m: &Market, code: &str) -> Vec<String> {
    m.holding(code).seats.into_iter().map(|s| s.client).collect()
}

fn seats(count: u32) -> LicenceRules {
    LicenceRules { seats: Some(count), ..LicenceRules::default() }
}

#[test]
fn the_first_seat_activates_the_code_and_shows_what_it_unlocks() {
    in_2026(|m| {
        let feature = |code: &str, value: FeatureValue| Feature { code: code.to_owned(), name: Bilingual::both(code, code), value };
        let features = vec![feature("scan", FeatureValue::Flag(true)), feature("endpoints", FeatureValue::Number(500))];
        let bought = m.shield(LicenceRules { features, ..seats(1) }, 2);
        assert_eq!(m.order(&bought.order).state, OrderState::Processing);
        let ann = take(m, &seat(&bought.code, "ann")).unwrap();
        assert_eq!((ann.held, ann.seats, ann.right.standing), (1, 2, Standing::Valid));
        let unlocked: Vec<&str> = ann.right.rules.features.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(unlocked, ["scan", "endpoints"]);
        assert_eq!(m.order(&bought.order).state, OrderState::Completed, "the first use activates the code");
        m.verify();
    });
}

#[test]
fn a_seat_is_leased_to_one_client_and_its_lease_may_run_out() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(seats(1), 2);
        let ann = take(m, &seat(&code, "ann")).unwrap();
        let bob = take(m, &seat(&code, "bob")).unwrap();
        assert_eq!(bob.held, 2);
        assert_eq!(take(m, &seat(&code, "cid")).err(), Some("licence.no_seat_free"), "two units, two seats");
        // The same client again has its own seat, under a new lease: what another process of it held is lost.
        let again = take(m, &seat(&code, "ann")).unwrap();
        assert_eq!((again.held, again.seat.slot), (2, ann.seat.slot));
        assert_eq!(renew(m, &code, &lease(&ann)).err(), Some("licence.seat_lost"));
        m.advance("29m");
        let renewed = renew(m, &code, &lease(&again)).unwrap();
        assert!(renewed.seat.lease_until > again.seat.lease_until);
        m.advance("2m");
        assert_eq!(held(m, &code), ["ann"], "bob's lease is over");
        take(m, &seat(&code, "cid")).unwrap();
        assert_eq!(renew(m, &code, &lease(&bob)).err(), Some("licence.seat_lost"), "somebody sits there");
        let licence = m.licence(&code);
        let days = m.read(|tx, _| licence::by_day(tx, licence.id));
        assert_eq!(days[0].1, 3, "they are the active clients of the day");
    });
}

#[test]
fn a_lease_that_ran_out_is_renewed_while_nobody_sits_there() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(seats(1), 1);
        let ann = take(m, &seat(&code, "ann")).unwrap();
        m.advance("2h");
        assert!(held(m, &code).is_empty());
        assert_eq!(renew(m, &code, &lease(&ann)).unwrap().held, 1);
        assert_eq!(held(m, &code), ["ann"]);
    });
}

#[test]
fn a_seat_is_returned_and_a_second_return_changes_nothing() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(seats(2), 1);
        take(m, &seat(&code, "ann")).unwrap();
        let cid = take(m, &seat(&code, "cid")).unwrap();
        for _ in 0..2 {
            give_back(m, &code, &lease(&cid)).unwrap();
            assert_eq!(held(m, &code), ["ann"]);
        }
        assert_eq!(give_back(m, "PL1", &lease(&cid)), Err("licence.not_found"));
        assert_eq!(give_back(m, &code, &"z".repeat(32)), Err("licence.bad_lease"));
        assert_eq!(renew(m, &code, "12").err(), Some("licence.bad_lease"));
    });
}

#[test]
fn a_seat_is_taken_over_by_the_rules_only_and_each_side_may_put_a_client_out() {
    in_2026(|m| {
        let bought = m.shield(LicenceRules { lease_minutes: 60, take_over: TakeOver::Idle, ..seats(1) }, 1);
        let code = bought.code.as_str();
        let ann = take(m, &seat(code, "ann")).unwrap();
        let wish = licence::Take { take_over: true, ..seat(code, "bob") };
        m.advance("29m");
        assert_eq!(take(m, &wish).err(), Some("licence.no_seat_free"), "not idle for half of the lease");
        m.advance("1m");
        assert_eq!(take(m, &seat(code, "bob")).err(), Some("licence.no_seat_free"), "nobody is put out unasked");
        take(m, &wish).unwrap();
        assert_eq!(renew(m, code, &lease(&ann)).err(), Some("licence.seat_lost"));
        let events = m.read(|tx, _| Ok(store::event::of_instance(tx, bought.instance)?));
        assert!(events.iter().any(|e| e.kind == "licence.seat_taken_over"), "it is on the flight recorder");
        let release = |tenant: Tenant| m.write_system(|tx, ctx| licence::release_seat(tx, ctx, tenant, code, 0));
        let refused = |tenant: Tenant| release(tenant).unwrap_err().code().unwrap();
        assert_eq!(refused(Tenant::Buyer(m.key(&m.buyer2()))), "licence.not_found");
        assert_eq!(refused(Tenant::Seller(m.key(&m.seller2()))), "licence.not_found");
        release(Tenant::Buyer(m.key(&m.buyer()))).unwrap();
        assert_eq!(refused(Tenant::Buyer(m.key(&m.buyer()))), "licence.no_such_seat");
        assert!(held(m, code).is_empty());
        take(m, &seat(code, "cid")).unwrap();
        release(Tenant::Seller(m.key(&m.seller()))).unwrap();
    });
}

#[test]
fn never_more_seats_are_held_than_were_bought_whoever_comes_at_once() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(seats(3), 1);
        let answers = m.at_once(&m.buyer(), 24, |n, tx, ctx| licence::take(tx, ctx, &seat(&code, &format!("client-{}", n % 12))).map(drop));
        let seated = |a: &Result<(), app::Error>| a.as_ref().map_or_else(app::Error::code, |()| Some("seated"));
        assert!(answers.iter().all(|a| matches!(seated(a), Some("seated" | "licence.no_seat_free"))), "{answers:?}");
        assert_eq!(held(m, &code).len(), 3, "{answers:?}");
        m.verify();
    });
}

#[test]
fn software_works_through_the_grace_and_stops_when_it_is_over_frozen_or_released() {
    in_2026(|m| {
        let bought = m.shield(LicenceRules { grace_days: 7, ..seats(1) }, 1);
        let ann = seat(&bought.code, "ann");
        take(m, &ann).unwrap();
        m.advance("8784h");
        let late = take(m, &ann).unwrap().right.standing;
        assert!(matches!(late, Standing::Grace { .. }), "the term of a year is over: {late:?}");
        m.advance("168h");
        assert_eq!(take(m, &ann).err(), Some("licence.over"));
        super::renew(m, bought.instance);
        assert_eq!(take(m, &ann).unwrap().right.standing, Standing::Valid);
        let (operator, id) = (m.operator(), bought.instance.id());
        m.ok(&operator, |tx, ctx| app::instance::freeze_for_violation(tx, ctx, &operator, id, "misused"));
        assert_eq!(take(m, &ann).err(), Some("licence.over"), "a violation has no grace");
    });
}

#[test]
fn a_lease_ends_with_the_grace_at_the_latest() {
    in_2026(|m| {
        let bought = m.shield(LicenceRules { grace_days: 7, lease_minutes: 10_080, ..seats(1) }, 1);
        let ann = seat(&bought.code, "ann");
        take(m, &ann).unwrap();
        let end = m.instance(bought.instance).expires_at.unwrap().at() + jiff::SignedDuration::from_hours(24 * 7);
        m.advance("8784h");
        let taken = take(m, &ann).unwrap().seat;
        assert_eq!(taken.lease_until, db::Moment::of(end));
        m.advance("24h");
        assert_eq!(renew(m, &bought.code, &lease_text(taken.lease)).unwrap().seat.lease_until, db::Moment::of(end));
    });
}

#[test]
fn a_renewal_that_a_lease_reaches_into_is_not_given_back() {
    in_2026(|m| {
        let buyer = m.buyer();
        let bought = m.shield(LicenceRules { lease_minutes: 10_080, ..seats(1) }, 1);
        let ann = seat(&bought.code, "ann");
        let back =
            |number: &str| m.write(&buyer, |tx, ctx| app::order::unsubscribe(tx, ctx, &buyer, number)).err().map(|e| e.code().unwrap());
        let taken = take(m, &ann).unwrap().seat;
        let early = super::renew(m, bought.instance);
        renew(m, &bought.code, &lease_text(taken.lease)).unwrap();
        assert_eq!(back(&early), None, "it ends months before the renewal begins");
        m.advance("8740h");
        let number = super::renew(m, bought.instance);
        renew(m, &bought.code, &lease_text(taken.lease)).unwrap();
        give_back(m, &bought.code, &lease_text(taken.lease)).unwrap();
        assert_eq!(back(&number), Some("refund.file_signed"), "also when it was returned: what was signed is good until then");
        m.verify();
    });
}

#[test]
fn what_is_no_code_no_seat_or_not_taken_yet_is_refused() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(LicenceRules::default(), 1);
        assert_eq!(take(m, &seat("PL1", "ann")).err(), Some("licence.not_found"));
        assert_eq!(take(m, &seat(&code, "ann")).err(), Some("licence.no_seats"));
        assert_eq!(renew(m, &code, &"0".repeat(32)).err(), Some("licence.no_seats"));
        let wrong = harness::licensed(LicenceRules { seats: Some(0), ..LicenceRules::default() });
        let seller = m.seller();
        let saved = m.write(&seller, |tx, ctx| {
            let (_, draft, _) = app::catalogue::save(tx, ctx, &seller, "shield", &wrong)?;
            app::catalogue::submit(tx, ctx, &seller, draft.id.id())
        });
        let Err(app::Error::Refused(refusal)) = saved else { panic!("rules are checked like the rest of a listing") };
        assert_eq!(refusal.fields[0].pointer, "/specifications/0/licence/seats");
    });
}

#[test]
fn a_code_that_its_buyer_has_not_taken_is_no_good_in_the_flow_that_makes_him_take_it() {
    let setup = harness::Setup { start: "2024-10-01T02:00:00Z", ..harness::Setup::default() };
    harness::on_both_with(&setup, |m| {
        m.list(&m.seller(), "shield", &harness::licensed(LicenceRules { files: true, ..seats(1) }));
        let bought = m.buy_code(&m.buyer(), 1);
        assert_eq!(take(m, &seat(&bought.code, "ann")).err(), Some("licence.not_received"));
        let early = m.write_system(|tx, ctx| licence::issue_file(tx, ctx, &bought.code, None)).unwrap_err();
        assert_eq!(early.code(), Some("licence.not_received"));
        assert_ne!(m.order(&bought.order).state, OrderState::Completed);
    });
}
