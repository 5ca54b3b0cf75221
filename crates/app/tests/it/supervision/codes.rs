//! Authorisation codes under supervision: delivered by the rules of their orders' days, taken, activated.

use super::{from, in_2026, refunds};
use app::{
    Error, Tenant, licence,
    supervision::{self, Act, Answer},
};
use domain::{
    instance::InstanceState,
    licence_rules::LicenceRules,
    order::OrderState,
    supervision::{CaseState, Decision, EvidenceKind, Goods, Party, Verb},
};
use harness::{Market, act, act_with, licensed};
use store::supervision::Filter;

fn list_shield(m: &Market) {
    m.list(&m.seller(), "shield", &licensed(LicenceRules::default()));
}

fn activate(m: &Market, code: &str) -> Option<&'static str> {
    m.activate(&m.seller(), &[code]).err().map(|e| e.code().expect("a refusal"))
}

#[test]
fn an_order_before_2024_09_14_is_claimed_activated_proved_and_accepted_by_itself() {
    from("2024-09-13T02:00:00Z", |m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list_shield(m);
        let bought = m.buy_code(&buyer, 1);
        assert_eq!(activate(m, &bought.code), Some("licence.not_received"), "the buyer has not received it");
        let case = m.case(&bought.order);
        assert_eq!((case.row.template_version, case.case.node.as_str()), (1, "claim"));
        assert_eq!(m.licence(&bought.code).shown_at, None);
        let case = m.act(&buyer, &case, &act(Verb::Claim));
        assert!(m.licence(&bought.code).shown_at.is_some());
        assert_eq!(m.act_refused(&buyer, &case, &act(Verb::Claim)), "supervision.no_such_action", "once");
        let asked = refunds::ask(m, &case, 100, Goods::None).unwrap_err();
        assert_eq!(asked.code(), Some("supervision.code_taken"), "a taken code is not given back");
        assert_eq!(activate(m, &bought.code), None);
        assert_eq!((m.instance(bought.instance).state.as_str(), m.order(&bought.order).state.as_str()), ("running", "processing"));
        // The clock passes the day on which the rules changed: the case keeps those that it began with.
        m.advance("240h");
        let documents = m.evidence(&seller, &case, &[EvidenceKind::Acceptance]);
        let case = m.act(&seller, &case, &Act { documents, ..act_with(Verb::Prove, "见附件") });
        assert_eq!((case.case.state, case.row.template_version), (CaseState::Completed, 1));
        assert_eq!(m.order(&bought.order).state, OrderState::Completed);
        m.verify();
    });
}

#[test]
fn an_appeal_is_decided_for_the_buyer_also_when_the_instance_is_released() {
    from("2024-09-13T02:00:00Z", |m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        list_shield(m);
        let bought = m.buy_code(&buyer, 1);
        let case = m.act(&buyer, &m.case(&bought.order), &act(Verb::Claim));
        assert_eq!(activate(m, &bought.code), None);
        // Nobody proves it: the year and its retention pass.
        m.advance("390d");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Released);
        let side = Tenant::Buyer(m.key(&buyer));
        m.ok(&buyer, |tx, ctx| supervision::appeal(tx, ctx, side, case.id(), "it never worked", &[]).map(drop));
        let paid = m.order(&bought.order).total_minor;
        let back = Decision::Refund { amount_minor: paid };
        m.ok(&operator, |tx, ctx| supervision::decide(tx, ctx, case.id(), back, "it did not").map(drop));
        assert_eq!((m.order(&bought.order).state, m.balance(&buyer).as_str()), (OrderState::Cancelled, "1000000.00"));
        m.verify();
    });
}

#[test]
fn an_order_from_2024_09_14_on_is_delivered_claimed_and_closed_by_its_activation() {
    from("2024-09-23T02:00:00Z", |m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list_shield(m);
        let bought = m.buy_code(&buyer, 1);
        let case = m.case(&bought.order);
        assert_eq!((case.row.template_version, case.case.node.as_str()), (2, "deliver"));
        assert!(case.case.actions(&case.template, Party::Buyer).is_empty());
        assert_eq!(activate(m, &bought.code), Some("licence.not_received"), "not visible before the delivery");
        m.act(&seller, &case, &act_with(Verb::Deliver, "ready"));
        assert_eq!(activate(m, &bought.code), Some("licence.not_received"), "not taken");
        m.act(&buyer, &case, &act(Verb::Claim));
        assert_eq!(activate(m, &bought.code), None);
        assert_eq!(m.order(&bought.order).state, OrderState::Completed, "closed by the activation");
        m.verify();
    });
}

#[test]
fn a_seller_who_activates_a_code_shows_it_and_ends_no_request() {
    in_2026(|m| {
        let buyer = m.buyer();
        list_shield(m);
        let bought = m.buy_code(&buyer, 1);
        assert_eq!(activate(m, &bought.code), None);
        assert!(m.licence(&bought.code).shown_at.is_some(), "the buyer sees the code that is in use");
        let other = m.buy_code(&buyer, 1);
        let case = m.case(&other.order);
        refunds::ask(m, &case, 50_000, Goods::None).unwrap();
        assert_eq!(activate(m, &other.code), Some("licence.state"));
        refunds::step(m, &case, Answer::Withdraw).unwrap();
        assert_eq!(activate(m, &other.code), None);
        m.verify();
    });
}

#[test]
fn a_code_is_not_activated_while_its_case_is_frozen() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list_shield(m);
        let bought = m.claimed(&buyer, 1);
        let case = m.case(&bought.order);
        m.ok(&seller, |tx, ctx| supervision::appeal(tx, ctx, m.side(&seller, &case), case.id(), "stop", &[]));
        assert_eq!(activate(m, &bought.code), Some("licence.state"));
        assert_eq!(m.licence(&bought.code).activated_at, None, "nothing happened");
        m.verify();
    });
}

#[test]
fn an_activation_and_an_agreed_refund_exclude_each_other_and_a_code_is_taken_once() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list_shield(m);
        for _ in 0..3 {
            let bought = m.buy_code(&buyer, 1);
            let case = m.case(&bought.order);
            refunds::ask(m, &case, 50_000, Goods::None).unwrap();
            let (sells, proofs) = (m.side(&seller, &case), m.evidence(&seller, &case, &[EvidenceKind::Agreement]));
            let outcome = m.at_once(&seller, 2, |n, tx, ctx| match n {
                0 => supervision::step_refund(tx, ctx, sells, case.id(), (Answer::Agree, "ok", None), &proofs).map(drop),
                _ => licence::activate(tx, ctx, &seller, std::slice::from_ref(&bought.code), None),
            });
            assert_ne!(outcome[0].is_ok(), outcome[1].is_ok(), "one of them: {outcome:?}");
            let state = m.case(&bought.order).case.state;
            assert_eq!(state, if outcome[1].is_ok() { CaseState::Completed } else { CaseState::Cancelled });
        }
        let case = m.case(&m.buy_code(&buyer, 1).order);
        let (buys, claim) = (m.side(&buyer, &case), act(Verb::Claim));
        let outcome = m.at_once(&buyer, 8, |_, tx, ctx| supervision::act(tx, ctx, buys, case.id(), &claim).map(drop));
        assert_eq!(outcome.iter().filter(|a| a.is_ok()).count(), 1, "{outcome:?}");
        m.verify();
    });
}

fn open(m: &Market) -> i64 {
    let filter = Filter { state: Some(CaseState::Open), ..Filter::default() };
    m.read(|tx, _| Ok(store::supervision::count(tx, Tenant::Any, &filter)?))
}

#[test]
fn codes_activated_together_close_their_cases_and_are_each_answered_for_themselves() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list_shield(m);
        let mut codes: Vec<String> = (0..30).map(|_| m.claimed(&buyer, 1).code).collect();
        // More than one statement takes, by one call.
        let batch = codes.split_off(12);
        m.ok(&seller, |tx, ctx| licence::activate(tx, ctx, &seller, &batch, None));
        assert_eq!(open(m), 12);
        // The others at the same moment: one of them twice, and one that nobody was given.
        codes.extend([codes[0].clone(), "0".repeat(26)]);
        let answers: Vec<Result<(), Error>> =
            m.at_once(&seller, codes.len(), |n, tx, ctx| licence::activate(tx, ctx, &seller, std::slice::from_ref(&codes[n]), None));
        assert!(answers[13].is_err() && answers[0].is_ok() != answers[12].is_ok(), "{answers:?}");
        assert_eq!((answers.iter().filter(|a| a.is_ok()).count(), open(m)), (12, 0), "each closed its case");
        m.verify();
    });
}

#[test]
fn a_code_is_shown_to_who_paid_for_it_whoever_ended_its_case() {
    for start in ["2024-09-13T02:00:00Z", "2025-07-01T02:00:00Z"] {
        from(start, |m| {
            let (buyer, operator) = (m.buyer(), m.operator());
            list_shield(m);
            let bought = m.buy_code(&buyer, 1);
            let case = m.case(&bought.order);
            m.ok(&buyer, |tx, ctx| supervision::appeal(tx, ctx, m.side(&buyer, &case), case.id(), "where is it?", &[]));
            m.ok(&operator, |tx, ctx| supervision::decide(tx, ctx, case.id(), Decision::Close, "there"));
            assert_eq!(m.order(&bought.order).state, OrderState::Completed);
            assert!(m.licence(&bought.code).shown_at.is_some(), "{start}");
            m.verify();
        });
    }
}
