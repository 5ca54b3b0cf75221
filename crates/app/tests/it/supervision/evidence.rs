//! Files of evidence: what is taken, from whom, how many, and who sees them.

use super::{in_2026, list};
use app::{
    Error, Tenant,
    supervision::{self, Act, Found},
};
use domain::{
    listing::AccessType,
    supervision::{Elements, EvidenceKind, FILE_BYTES_MAX, FILES_MAX, Verb},
};
use harness::{Evidence, Market, act, act_because, act_with, choice};
use store::document::Document;

const PDF: &[u8] = b"%PDF-1.7 evidence";

/// A data file that waits for its requirement.
fn data_file(m: &Market) -> Found {
    list(m, "data", AccessType::DataFile, |_| ());
    bought(m)
}

fn bought(m: &Market) -> Found {
    m.case(&m.buy(&m.buyer(), &choice("data", "")).order.number)
}

fn submit(documents: Evidence) -> Act {
    Act { documents, ..act_with(Verb::Submit, "need") }
}

fn code(result: Result<Document, Error>) -> &'static str {
    result.expect_err("it is refused").code().expect("a refusal")
}

#[test]
fn evidence_is_what_it_says_and_is_used_once_by_its_sender() {
    in_2026(|m| {
        let (buyer, seller, case) = (m.buyer(), m.seller(), data_file(m));
        let many = m.evidence(&buyer, &case, &[EvidenceKind::Requirement; FILES_MAX + 1]);
        assert_eq!(m.act_refused(&buyer, &case, &submit(many.clone())), "supervision.too_many_files");
        let wrong = vec![(many[0].0, EvidenceKind::Agreement)];
        assert_eq!(m.act_refused(&buyer, &case, &submit(wrong)), "supervision.evidence_not_asked");
        let unasked = Act { elements: Some(Elements::default()), ..submit(many[..1].to_vec()) };
        assert_eq!(m.act_refused(&buyer, &case, &unasked), "supervision.field_not_asked", "not compared, where nobody asked");
        assert_eq!(m.act_refused(&buyer, &case, &submit(vec![many[0], many[0]])), "evidence.repeated");
        m.act(&buyer, &case, &submit(many[..1].to_vec()));
        let other = Act { documents: many[1..2].to_vec(), ..act(Verb::Confirm) };
        assert_eq!(m.act_refused(&seller, &case, &other), "supervision.evidence_not_asked");
        m.act(&seller, &case, &act_because(Verb::Return, "again"));
        assert_eq!(m.act_refused(&buyer, &case, &submit(many[..1].to_vec())), "evidence.not_waiting", "each file once");
        m.act(&buyer, &case, &submit(many[1..].to_vec()));
    });
}

#[test]
fn a_file_has_a_name_a_known_type_and_its_content() {
    in_2026(|m| {
        let (buyer, case) = (m.buyer(), data_file(m));
        for (name, bytes, expected) in [
            ("../../etc/passwd.pdf", PDF, "evidence.bad_name"),
            ("run.exe", b"MZ", "evidence.bad_type"),
            ("empty.pdf", b"", "evidence.empty"),
            ("page.pdf", b"<script>", "evidence.wrong_content"),
        ] {
            assert_eq!(code(m.send_file(&buyer, &case, name, bytes)), expected, "{name}");
        }
        let long = vec![7; FILE_BYTES_MAX + 1];
        assert_eq!(code(m.send_file(&buyer, &case, "long.lic", &long)), "evidence.too_long");
        m.send_file(&buyer, &case, "long.lic", &long[1..]).unwrap();
    });
}

#[test]
fn what_waits_is_seen_by_its_sender_alone_and_what_was_sent_by_both() {
    in_2026(|m| {
        let (buyer, seller, case) = (m.buyer(), m.seller(), data_file(m));
        let files = m.evidence(&buyer, &case, &[EvidenceKind::Requirement; 2]);
        m.act(&buyer, &case, &submit(files[..1].to_vec()));
        let seen = |who: &std::sync::Arc<app::Caller>, case: &Found, file: usize| {
            let side = m.side(who, case);
            m.write(who, |tx, ctx| supervision::document_of_case(tx, ctx, who, side, case.id(), files[file].0))
        };
        assert_eq!(seen(&seller, &case, 0).unwrap().name, "requirement.pdf");
        assert_eq!(seen(&buyer, &case, 1).unwrap().name, "requirement.pdf");
        assert_eq!(code(seen(&seller, &case, 1)), "document.not_found");
        assert_eq!(code(seen(&m.buyer2(), &case, 0)), "supervision.not_found");
        assert_eq!(code(seen(&buyer, &bought(m), 0)), "document.not_found", "of another case");
    });
}

#[test]
fn files_are_of_a_side_of_an_open_case() {
    in_2026(|m| {
        let (buyer, seller, case) = (m.buyer(), m.seller(), data_file(m));
        assert_eq!(code(m.send_file(&m.seller2(), &case, "a.pdf", PDF)), "supervision.not_found");
        let of_seller = m.evidence(&seller, &case, &[EvidenceKind::Requirement]);
        assert_eq!(m.act_refused(&buyer, &case, &submit(of_seller)), "evidence.not_waiting", "somebody else's");
        let elsewhere = m.evidence(&buyer, &bought(m), &[EvidenceKind::Requirement]);
        assert_eq!(m.act_refused(&buyer, &case, &submit(elsewhere)), "evidence.not_waiting", "sent to another case");
        m.confirmed(&buyer, &seller, &case.row.order_number);
        m.deliver(&seller, &case.row.order_number, &[EvidenceKind::Acceptance]);
        m.act(&buyer, &case, &act(Verb::Accept));
        assert_eq!(code(m.send_file(&buyer, &case, "a.pdf", PDF)), "supervision.over");
    });
}

#[test]
fn forty_files_wait_in_a_case_and_two_hundred_are_sent_in_a_day() {
    in_2026(|m| {
        let buyer = m.buyer();
        let mut case = data_file(m);
        for _ in 0..5 {
            case = bought(m);
            m.evidence(&buyer, &case, &[EvidenceKind::Requirement; 40]);
        }
        m.evidence(&m.seller(), &case, &[EvidenceKind::Other]);
        assert_eq!(code(m.send_file(&buyer, &bought(m), "a.pdf", PDF)), "evidence.day_full");
        m.advance("25h");
        assert_eq!(code(m.send_file(&buyer, &case, "a.pdf", PDF)), "evidence.too_many_waiting");
        m.send_file(&buyer, &bought(m), "a.pdf", PDF).unwrap();
    });
}

#[test]
fn a_file_that_waited_a_week_is_forgotten() {
    in_2026(|m| {
        let (buyer, case) = (m.buyer(), data_file(m));
        let old = m.evidence(&buyer, &case, &[EvidenceKind::Requirement]);
        m.advance("1d");
        let new = m.evidence(&buyer, &case, &[EvidenceKind::Requirement]);
        m.advance("6d");
        m.advance("1h");
        m.write_system(supervision::forget_waiting).unwrap();
        assert_eq!(m.act_refused(&buyer, &case, &submit(old)), "evidence.not_waiting");
        m.act(&buyer, &case, &submit(new));
    });
}

#[test]
fn a_case_is_nobody_elses() {
    in_2026(|m| {
        let case = m.case(&super::delivered_service(m));
        let (seller, accept) = (m.seller(), act(Verb::Accept));
        for stranger in [Tenant::Buyer(m.key(&m.buyer2())), Tenant::Seller(m.key(&m.seller2())), Tenant::Seller(m.key(&m.buyer()))] {
            let seen = m.refused(&m.buyer2(), |tx, ctx| supervision::find(tx, ctx, stranger, case.id()));
            assert_eq!(seen, "supervision.not_found");
            let done = m.refused(&m.buyer2(), |tx, ctx| supervision::act(tx, ctx, stranger, case.id(), &accept));
            assert_eq!(done, "supervision.not_found");
        }
        assert_eq!(m.act_refused(&seller, &case, &accept), "supervision.not_yours");
        assert_eq!(m.act_refused(&m.operator(), &case, &accept), "supervision.not_yours", "the platform accepts nothing");
    });
}
