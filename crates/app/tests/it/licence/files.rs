//! Signed files for machines without network, and the keys of sellers that sign them.

use super::{in_2026, seat, take};
use app::{licence, order};
use domain::licence_rules::LicenceRules;
use harness::{Code, Market, at};
use wire::licence_file::{PublicKey, verify};

const HERE: &str = "00-1A-2B|DISK1|BOARD|CPU";

fn files() -> LicenceRules {
    LicenceRules { files: true, ..LicenceRules::default() }
}

fn file(m: &Market, code: &str) -> Result<licence::File, &'static str> {
    m.write_system(|tx, ctx| licence::issue_file(tx, ctx, code, Some(HERE))).map_err(|e| e.code().expect("a refusal"))
}

fn keys(m: &Market) -> Vec<PublicKey> {
    let set = m.read(|tx, _| licence::key_set(tx, m.key(&m.seller())));
    PublicKey::of_set(&set.to_string()).unwrap()
}

#[test]
fn files_are_given_by_the_rules_only_and_a_new_key_signs_while_the_old_one_stays_published() {
    in_2026(|m| {
        let (seller, now) = (m.seller(), m.now().as_second() + 60);
        m.list(&seller, "bare", &harness::licensed(LicenceRules::default()));
        let without = m.claimed_of(&m.buyer(), &harness::choice("bare", "1y"));
        assert_eq!(file(m, &without.code).err(), Some("licence.no_files"));
        assert_eq!(file(m, "PL1").err(), Some("licence.not_found"));
        let Code { code, .. } = m.shield(LicenceRules { file_days: Some(30), ..files() }, 1);
        let old = file(m, &code).unwrap();
        assert_eq!(old.end, Some(at("2026-02-04T02:00:00Z")), "no longer than its own life");
        m.ok(&seller, |tx, ctx| licence::new_key(tx, ctx, &seller));
        let new = file(m, &code).unwrap();
        let set = keys(m);
        assert_eq!(set.len(), 2);
        for text in [&old.text, &new.text] {
            verify(text, &set, now, None).unwrap();
        }
        assert!(verify(&new.text, &set[..1], now, None).is_ok(), "the first key of the set signs");
    });
}

#[test]
fn a_lease_is_signed_by_the_same_key_and_is_good_as_long_as_it_lasts() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(LicenceRules { seats: Some(1), lease_minutes: 10, ..files() }, 1);
        let taken = take(m, &seat(&code, "ann")).unwrap();
        let (set, now) = (keys(m), m.now().as_second());
        let token = verify(&taken.token, &set, now + 60, None).unwrap();
        assert_eq!(token.claims.lease.unwrap().client, "ann");
        assert!(verify(&taken.token, &set, now + 600, None).is_err());
        assert_eq!(licence::lease_text(taken.seat.lease).len(), 32);
    });
}

#[test]
fn a_code_gives_a_bounded_number_of_files_in_a_day() {
    in_2026(|m| {
        let Code { code, .. } = m.shield(LicenceRules { nodes: Some(2), ..files() }, 1);
        for _ in 0..98 {
            file(m, &code).unwrap();
        }
        let answers = m.at_once(&m.buyer(), 8, |_, tx, ctx| licence::issue_file(tx, ctx, &code, Some(HERE)).map(drop));
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 4, "of eight at once those that the day still has: {answers:?}");
        assert_eq!(file(m, &code).err(), Some("licence.too_many_files"), "100, and one for each machine");
        let other = m.claimed(&m.buyer(), 1);
        file(m, &other.code).unwrap();
        m.advance("25h");
        file(m, &code).unwrap();
    });
}

#[test]
fn a_seller_makes_fifty_keys() {
    in_2026(|m| {
        let seller = m.seller();
        for _ in 0..50 {
            m.ok(&seller, |tx, ctx| licence::new_key(tx, ctx, &seller));
        }
        assert_eq!(m.refused(&seller, |tx, ctx| licence::new_key(tx, ctx, &seller)), "licence.too_many_keys");
        assert_eq!(keys(m).len(), 50);
    });
}

#[test]
fn a_renewal_that_a_signed_file_covers_is_not_given_back() {
    in_2026(|m| {
        let buyer = m.buyer();
        let Code { code, instance, .. } = m.shield(files(), 1);
        let renewed = || m.ok(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, instance.id(), "1y".parse().unwrap(), true)).order.number;
        let back = |number: &str| m.write(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, number)).err().map(|e| e.code().unwrap());
        file(m, &code).unwrap();
        let balance = m.balance(&buyer);
        let free = renewed();
        assert_eq!(back(&free), None, "that file is good for the year before");
        assert_eq!(m.balance(&buyer), balance);
        let (first, second) = (renewed(), renewed());
        let signed = file(m, &code).unwrap();
        assert_eq!(signed.end.map(app::Moment::of), m.instance(instance).expires_at);
        assert_eq!((back(&second), back(&first)), (Some("refund.file_signed"), Some("refund.file_signed")));
        let third = renewed();
        assert_eq!(back(&third), None, "the year after the file");
        m.verify();
    });
}

#[test]
fn a_file_that_ends_within_the_present_term_keeps_no_renewal() {
    in_2026(|m| {
        let buyer = m.buyer();
        let Code { code, instance, .. } = m.shield(LicenceRules { file_days: Some(90), grace_days: 7, ..files() }, 1);
        let renew = || m.ok(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, instance.id(), "1y".parse().unwrap(), true)).order.number;
        file(m, &code).unwrap();
        let number = renew();
        file(m, &code).unwrap();
        m.ok(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &number));
        let number = renew();
        m.advance("300d");
        file(m, &code).unwrap();
        assert_eq!(
            m.refused(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &number)),
            "refund.file_signed",
            "90 days reach into it"
        );
        m.verify();
    });
}
