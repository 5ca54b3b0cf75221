//! Appeals: either side at any node; the flow is frozen until the platform decides (`seller-domain 5.6`).

use super::{deliver_another, delivered_service, in_2026, service};
use app::{
    Caller, Error,
    supervision::{self, Found},
};
use domain::{
    order::OrderState,
    supervision::{CaseState, Decision, EvidenceKind, FILES_MAX, Party, Verb},
};
use harness::{Evidence, Market, act, at, money};
use std::sync::Arc;

fn appeal(m: &Market, who: &Arc<Caller>, case: &Found, reason: &str, proofs: &Evidence) -> Result<Found, Error> {
    let side = m.side(who, case);
    m.write(who, |tx, ctx| supervision::appeal(tx, ctx, side, case.id(), reason, proofs))
}

fn state(m: &Market, who: &Arc<Caller>, case: &Found, text: &str, proofs: &Evidence) -> Result<Found, Error> {
    let side = m.side(who, case);
    m.write(who, |tx, ctx| supervision::state_case(tx, ctx, side, case.id(), text, proofs))
}

fn decide(m: &Market, case: &Found, decision: Decision) -> Result<Found, Error> {
    m.write(&m.operator(), |tx, ctx| supervision::decide(tx, ctx, case.id(), decision, "请验收"))
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.expect_err("it is refused").code().expect("a refusal")
}

#[test]
fn an_appeal_freezes_the_flow_until_the_platform_decides_once() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let case = m.case(&delivered_service(m));
        let proof = m.evidence(&seller, &case, &[EvidenceKind::Commitment]);
        let frozen = appeal(m, &seller, &case, "客户联系不上", &proof).unwrap();
        let open = frozen.case.appeal.unwrap();
        assert_eq!((frozen.case.waits_for(&frozen.template), open.by), (vec![Party::Operator], Party::Seller));
        assert_eq!(open.due_at, at("2026-03-05T02:00:00Z"), "three working days");
        assert_eq!(m.act_refused(&buyer, &case, &act(Verb::Accept)), "supervision.frozen");
        assert_eq!(code(appeal(m, &buyer, &case, "me too", &Vec::new())), "supervision.appeal_open");
        let proof = m.evidence(&buyer, &case, &[EvidenceKind::Other]);
        state(m, &buyer, &case, "尚未部署", &proof).unwrap();
        m.advance("96h");
        assert!(m.messages(&m.operator()).contains(&"appeal.late".to_owned()), "overdue");
        let resumed = decide(m, &case, Decision::Continue).unwrap();
        assert_eq!((resumed.case.appeal, resumed.case.node.as_str()), (None, "accept"));
        assert_eq!(resumed.case.waits_for(&resumed.template), [Party::Buyer]);
        assert_eq!(code(decide(m, &case, Decision::Close)), "supervision.no_appeal", "an operator decides once");
        assert_eq!(code(state(m, &buyer, &case, "but", &Vec::new())), "supervision.no_appeal");
        m.verify();
    });
}

#[test]
fn whoever_acts_on_a_case_that_moved_meanwhile_is_refused() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let case = m.case(&delivered_service(m));
        let (late, operator) = (m.having_seen(&buyer, &case.version()), m.having_seen(&m.operator(), &case.version()));
        let side = m.side(&buyer, &case);
        appeal(m, &seller, &case, "客户联系不上", &Vec::new()).unwrap();
        // The appeal has moved the case: neither side, nor the platform, decides on what they saw before.
        assert_eq!(m.act_refused(&late, &case, &act(Verb::Accept)), "decision.stale");
        assert_eq!(code(state(m, &late, &case, "but", &Vec::new())), "decision.stale");
        let ask = |tx: &mut app::Tx, ctx: &app::Ctx| {
            supervision::ask_refund(tx, ctx, side, case.id(), (100, domain::supervision::Goods::None), "x")
        };
        assert_eq!(code(m.write(&late, ask)), "decision.stale");
        let decide = |tx: &mut app::Tx, ctx: &app::Ctx| supervision::decide(tx, ctx, case.id(), Decision::Continue, "请验收");
        assert_eq!(code(m.write(&operator, decide)), "decision.stale");
        let now = m.having_seen(&m.operator(), &m.read(|tx, ctx| supervision::find(tx, ctx, app::Tenant::Any, case.id())).version());
        m.write(&now, decide).unwrap();
    });
}

#[test]
fn the_platform_gives_a_part_back_and_the_rest_is_the_sellers() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let case = m.case(&delivered_service(m));
        appeal(m, &buyer, &case, "没有完成", &Vec::new()).unwrap();
        for amount_minor in [i64::MIN, 0, 10_001, i64::MAX] {
            assert_eq!(code(decide(m, &case, Decision::Refund { amount_minor })), "supervision.refund_amount", "{amount_minor}");
        }
        let over = decide(m, &case, Decision::Refund { amount_minor: 4_000 }).unwrap();
        assert_eq!(over.case.state, CaseState::Cancelled);
        assert_eq!((money(over.case.refunded_minor).as_str(), money(over.case.released_minor).as_str()), ("40.00", "60.00"));
        assert_eq!(m.balance(&buyer), "999940.00");
        assert!(m.messages(&buyer).contains(&"appeal.decided".to_owned()));
        assert!(m.messages(&seller).contains(&"sale.appeal_decided".to_owned()), "501");
        assert_eq!(code(appeal(m, &buyer, &case, "more", &Vec::new())), "supervision.over");
        assert_eq!(code(decide(m, &case, Decision::Continue)), "supervision.over");
        m.verify();
    });
}

#[test]
fn the_platform_closes_a_case_and_the_seller_is_paid() {
    in_2026(|m| {
        let case = m.case(&delivered_service(m));
        appeal(m, &m.seller(), &case, "客户联系不上", &Vec::new()).unwrap();
        let over = decide(m, &case, Decision::Close).unwrap();
        assert_eq!((over.case.state, money(over.case.released_minor).as_str()), (CaseState::Completed, "100.00"));
        assert_eq!(m.order(&case.row.order_number).state, OrderState::Completed);
        m.verify();
    });
}

#[test]
fn what_the_platform_writes_reaches_both_sides() {
    in_2026(|m| {
        let (buyer, seller, operator) = (m.buyer(), m.seller(), m.operator());
        let case = m.case(&service(m));
        let before = m.messages(&buyer).len();
        let note = |words: &str| m.write(&operator, |tx, ctx| supervision::tell_both(tx, ctx, case.id(), words));
        note("请双方补充材料").unwrap();
        assert_eq!(m.messages(&buyer).len(), before + 1);
        assert_eq!((m.messages(&buyer)[0].as_str(), m.messages(&seller)[0].as_str()), ("supervision.note", "sale.note"));
        assert_eq!(code(note("")), "supervision.bad_text");
        assert_eq!(code(note(&"x".repeat(5_001))), "supervision.bad_text");
    });
}

#[test]
fn an_appeal_is_of_a_side_with_words_and_its_own_files() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let case = m.case(&service(m));
        assert_eq!(code(appeal(m, &m.buyer2(), &case, "x", &Vec::new())), "supervision.not_found");
        assert_eq!(code(appeal(m, &buyer, &case, "", &Vec::new())), "supervision.bad_text");
        let of_seller = m.evidence(&seller, &case, &[EvidenceKind::Commitment]);
        assert_eq!(code(appeal(m, &buyer, &case, "x", &of_seller)), "evidence.not_waiting");
        let many = m.evidence(&buyer, &case, &[EvidenceKind::Other; FILES_MAX + 1]);
        assert_eq!(code(appeal(m, &buyer, &case, "x", &many)), "supervision.too_many_files");
        appeal(m, &buyer, &case, "x", &many[1..].to_vec()).unwrap();
        assert_eq!(code(state(m, &buyer, &case, "y", &many[1..2].to_vec())), "evidence.not_waiting", "each file once");
        assert_eq!(code(state(m, &m.seller2(), &case, "y", &Vec::new())), "supervision.not_found");
    });
}

#[test]
fn of_an_acceptance_and_an_appeal_at_once_one_wins_and_the_books_agree() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        delivered_service(m);
        for _ in 0..4 {
            let case = m.case(&deliver_another(m));
            let (buys, sells, accept) = (m.side(&buyer, &case), m.side(&seller, &case), act(Verb::Accept));
            let outcome = m.at_once(&buyer, 2, |n, tx, ctx| match n {
                0 => supervision::act(tx, ctx, buys, case.id(), &accept).map(drop),
                _ => supervision::appeal(tx, ctx, sells, case.id(), "stop", &[]).map(drop),
            });
            assert_ne!(outcome[0].is_ok(), outcome[1].is_ok(), "exactly one: {outcome:?}");
            let state = m.case(&case.row.order_number).case.state;
            assert_eq!(state, if outcome[0].is_ok() { CaseState::Completed } else { CaseState::Open });
        }
        m.verify();
    });
}

#[test]
fn of_eight_decisions_at_once_one_pays_back() {
    in_2026(|m| {
        let case = m.case(&delivered_service(m));
        appeal(m, &m.buyer(), &case, "没有完成", &Vec::new()).unwrap();
        let decision = Decision::Refund { amount_minor: 4_000 };
        let answers = m.at_once(&m.operator(), 8, |_, tx, ctx| supervision::decide(tx, ctx, case.id(), decision, "x").map(drop));
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1, "{answers:?}");
        assert_eq!(m.balance(&m.buyer()), "999940.00");
        m.verify();
    });
}
