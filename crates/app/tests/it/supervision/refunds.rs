//! Refunds that the two sides negotiate while a case is open (`seller-domain 4.5`).

use super::{
    delivered_service,
    hardware::{buy_box, list_box, ship},
    in_2026, service,
};
use app::{
    Error, Tenant,
    supervision::{self, Answer, Found},
};
use domain::{
    order::OrderState,
    supervision::{CaseState, EvidenceKind, Goods, Party, RefundState, Verb},
};
use harness::{Market, act, at, money};

/// Asks for a refund as the buyer.
pub(super) fn ask(m: &Market, case: &Found, amount_minor: i64, goods: Goods) -> Result<Found, Error> {
    let buyer = m.buyer();
    let side = Tenant::Buyer(m.key(&buyer));
    m.write(&buyer, |tx, ctx| supervision::ask_refund(tx, ctx, side, case.id(), (amount_minor, goods), "第三阶段取消"))
}

fn code(result: Result<Found, Error>) -> &'static str {
    result.expect_err("it is refused").code().expect("a refusal")
}

/// Takes a step as the side whose turn it is; the seller agrees with a proof.
pub(super) fn step(m: &Market, case: &Found, answer: Answer) -> Result<Found, Error> {
    let who = match answer {
        Answer::Withdraw | Answer::SendBack => m.buyer(),
        Answer::Agree | Answer::Reject | Answer::Inspected | Answer::Damaged => m.seller(),
        Answer::Confirm | Answer::Refuse => m.operator(),
    };
    let proofs = if answer == Answer::Agree { m.evidence(&who, case, &[EvidenceKind::Agreement]) } else { Vec::new() };
    let (side, tracking) = (m.side(&who, case), (answer == Answer::SendBack).then_some(("中通", "ZT 9")));
    m.write(&who, |tx, ctx| supervision::step_refund(tx, ctx, side, case.id(), (answer, "同意", tracking), &proofs))
}

#[test]
fn what_the_seller_agrees_to_goes_back_and_the_rest_is_his() {
    in_2026(|m| {
        let case = m.case(&service(m));
        ask(m, &case, 3_000, Goods::None).unwrap();
        assert!(m.messages(&m.seller()).contains(&"sale.refund_asked".to_owned()));
        let case = step(m, &case, Answer::Agree).unwrap();
        assert_eq!(case.case.state, CaseState::Cancelled);
        assert_eq!((money(case.case.refunded_minor).as_str(), money(case.case.released_minor).as_str()), ("30.00", "70.00"));
        let order = m.order(&case.row.order_number);
        assert_eq!(order.state, OrderState::Cancelled);
        let ending = order.reason.as_deref().and_then(app::order::Ending::of);
        assert_eq!(ending, Some(app::order::Ending::Agreement), "both agreed: it did not fail");
        let told = m.read(|tx, _| app::order::timeline(tx, app::Tenant::Any, &order.number));
        assert!(told.iter().any(|e| e.kind == "order.ended_by_agreement") && told.iter().all(|e| e.kind != "order.failed"));
        assert_eq!(m.balance(&m.buyer()), "999930.00");
        m.verify();
    });
}

#[test]
fn a_refund_is_of_something_and_of_no_more_than_was_paid() {
    in_2026(|m| {
        let case = m.case(&service(m));
        for amount in [-1, 0, 10_001, i64::MAX, i64::MIN] {
            assert_eq!(code(ask(m, &case, amount, Goods::None)), "supervision.refund_amount", "{amount}");
        }
        ask(m, &case, 10_000, Goods::None).unwrap();
        assert_eq!(code(ask(m, &case, 1, Goods::None)), "supervision.refund_open");
        let case = step(m, &case, Answer::Agree).unwrap();
        assert_eq!((case.case.refunded_minor, case.case.released_minor), (10_000, 0));
        assert_eq!(m.balance(&m.buyer()), "1000000.00");
        assert_eq!(code(ask(m, &case, 1, Goods::None)), "supervision.over");
        m.verify();
    });
}

#[test]
fn a_request_is_rejected_or_withdrawn_and_the_flow_goes_on() {
    in_2026(|m| {
        let case = m.case(&delivered_service(m));
        assert_eq!(code(step(m, &case, Answer::Withdraw)), "supervision.no_such_refund");
        ask(m, &case, 10_000, Goods::None).unwrap();
        step(m, &case, Answer::Reject).unwrap();
        assert!(m.messages(&m.buyer()).contains(&"refund.rejected".to_owned()));
        ask(m, &case, 10_000, Goods::None).unwrap();
        step(m, &case, Answer::Withdraw).unwrap();
        assert_eq!(code(step(m, &case, Answer::Agree)), "supervision.no_such_refund");
        ask(m, &case, 10_000, Goods::None).unwrap();
        let case = m.act(&m.buyer(), &case, &act(Verb::Accept));
        assert_eq!(case.case.refund.unwrap().state, RefundState::Withdrawn, "who accepts asks for nothing back");
        m.verify();
    });
}

#[test]
fn a_step_is_of_the_side_whose_turn_it_is_and_has_its_proof() {
    in_2026(|m| {
        let case = m.case(&service(m));
        ask(m, &case, 10_000, Goods::None).unwrap();
        let (buyer, seller) = (m.buyer(), m.seller());
        let refused = |who: &std::sync::Arc<app::Caller>, side: Tenant, answer: Answer, reason: &str| {
            m.refused(who, |tx, ctx| supervision::step_refund(tx, ctx, side, case.id(), (answer, reason, None), &[]))
        };
        assert_eq!(refused(&buyer, m.side(&buyer, &case), Answer::Agree, "ok"), "supervision.not_yours");
        assert_eq!(refused(&seller, m.side(&seller, &case), Answer::Withdraw, "ok"), "supervision.not_yours");
        assert_eq!(refused(&seller, Tenant::Seller(m.key(&m.seller2())), Answer::Agree, "ok"), "supervision.not_found");
        assert_eq!(refused(&seller, m.side(&seller, &case), Answer::Agree, "ok"), "evidence.missing");
        assert_eq!(refused(&seller, m.side(&seller, &case), Answer::Reject, ""), "supervision.bad_text");
        assert_eq!(refused(&seller, m.side(&seller, &case), Answer::Inspected, "ok"), "supervision.no_such_refund");
    });
}

#[test]
fn goods_come_back_and_are_paid_back_after_fifteen_days_without_a_word() {
    in_2026(|m| {
        list_box(m);
        let number = buy_box(m);
        let case = m.act(&m.seller(), &m.case(&number), &ship("SF 1002"));
        ask(m, &case, 8_000, Goods::Received).unwrap();
        let case = step(m, &case, Answer::Agree).unwrap();
        assert_eq!(case.case.refund.unwrap().state, RefundState::WaitingForReturn);
        assert_eq!(case.case.waits_for(&case.template), [Party::Buyer]);
        assert_eq!(m.act_refused(&m.buyer(), &case, &act(Verb::Accept)), "supervision.refund_agreed");
        step(m, &case, Answer::SendBack).unwrap();
        m.advance("359h");
        assert_eq!(m.balance(&m.buyer()), "999900.00");
        m.advance("2h");
        assert_eq!(m.balance(&m.buyer()), "999980.00", "fifteen days, then by itself");
        let case = m.case(&number);
        assert_eq!(case.case.state, CaseState::Cancelled);
        assert_eq!((money(case.case.refunded_minor).as_str(), money(case.case.released_minor).as_str()), ("80.00", "20.00"));
        assert_eq!(m.order(&number).state, OrderState::Cancelled);
        m.verify();
    });
}

#[test]
fn a_parcel_that_goes_back_has_a_carrier_and_a_number() {
    in_2026(|m| {
        list_box(m);
        let buyer = m.buyer();
        let case = m.act(&m.seller(), &m.case(&buy_box(m)), &ship("SF 1002"));
        ask(m, &case, 8_000, Goods::Received).unwrap();
        step(m, &case, Answer::Agree).unwrap();
        let long = "9".repeat(61);
        let send = |tracking: Option<(&str, &str)>| {
            let side = m.side(&buyer, &case);
            let sent = (Answer::SendBack, "已寄回", tracking);
            m.write(&buyer, |tx, ctx| supervision::step_refund(tx, ctx, side, case.id(), sent, &[]))
        };
        assert_eq!(code(send(None)), "shipping.tracking_missing");
        for (carrier, number, field) in
            [("中通", long.as_str(), "/tracking_number"), ("中\n通", "ZT 9", "/carrier"), (&long, "ZT 9", "/carrier")]
        {
            let Err(Error::Refused(refusal)) = send(Some((carrier, number))) else { panic!("taken: {carrier} {number}") };
            assert_eq!((refusal.code, refusal.fields[0].pointer.as_str()), ("supervision.bad_text", field));
        }
        send(Some(("中通", &"9".repeat(60)))).unwrap();
    });
}

#[test]
fn a_request_lapses_when_the_goods_are_not_sent_back_in_ten_days() {
    in_2026(|m| {
        list_box(m);
        let number = buy_box(m);
        let case = m.act(&m.seller(), &m.case(&number), &ship("SF 1002"));
        ask(m, &case, 10_000, Goods::Received).unwrap();
        step(m, &case, Answer::Agree).unwrap();
        m.advance("239h");
        assert_eq!(m.case(&number).case.refund.unwrap().state, RefundState::WaitingForReturn);
        m.advance("2h");
        assert_eq!(m.case(&number).case.refund.unwrap().state, RefundState::Withdrawn);
        assert_eq!(m.act(&m.buyer(), &case, &act(Verb::Accept)).case.state, CaseState::Completed);
        m.verify();
    });
}

#[test]
fn the_platform_confirms_or_refuses_what_is_still_on_its_way() {
    in_2026(|m| {
        list_box(m);
        for (answer, state, balance) in
            [(Answer::Refuse, RefundState::Rejected, "999900.00"), (Answer::Confirm, RefundState::Refunded, "999900.00")]
        {
            let number = buy_box(m);
            let case = m.act(&m.seller(), &m.case(&number), &ship(&format!("SF {state}")));
            ask(m, &case, 10_000, Goods::InTransit).unwrap();
            let case = step(m, &case, Answer::Agree).unwrap();
            assert_eq!(case.case.refund.unwrap().state, RefundState::WaitingForPlatform);
            assert!(m.messages(&m.operator()).contains(&"refund.to_confirm".to_owned()));
            let case = step(m, &case, answer).unwrap();
            assert_eq!((case.case.refund.unwrap().state, m.balance(&m.buyer()).as_str()), (state, balance));
        }
        m.verify();
    });
}

#[test]
fn goods_that_come_back_damaged_are_not_paid_back() {
    in_2026(|m| {
        list_box(m);
        let case = m.act(&m.seller(), &m.case(&buy_box(m)), &ship("SF 1002"));
        ask(m, &case, 10_000, Goods::Received).unwrap();
        step(m, &case, Answer::Agree).unwrap();
        step(m, &case, Answer::SendBack).unwrap();
        let case = step(m, &case, Answer::Damaged).unwrap();
        assert_eq!(case.case.refund.unwrap().state, RefundState::Rejected);
        assert_eq!(m.balance(&m.buyer()), "999900.00");
        m.verify();
    });
}

#[test]
fn of_eight_agreements_at_once_one_pays_back() {
    in_2026(|m| {
        let (seller, case) = (m.seller(), m.case(&service(m)));
        ask(m, &case, 4_000, Goods::None).unwrap();
        let (side, proofs) = (m.side(&seller, &case), m.evidence(&seller, &case, &[EvidenceKind::Agreement]));
        let answers = m.at_once(&seller, 8, |_, tx, ctx| {
            supervision::step_refund(tx, ctx, side, case.id(), (Answer::Agree, "ok", None), &proofs).map(drop)
        });
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1, "{answers:?}");
        assert_eq!(m.balance(&m.buyer()), "999940.00");
        m.verify();
    });
}

/// A box that the carrier delivered on 3 March, and a request for all of it two days later; the number of its order and its case.
fn asked_back(m: &Market) -> (String, Found) {
    let (seller, operator) = (m.seller(), m.operator());
    list_box(m);
    let number = buy_box(m);
    let case = m.case(&number);
    m.act(&seller, &case, &ship("SF 1001"));
    m.advance("2d");
    m.ok(&operator, |tx, ctx| supervision::carrier_delivered(tx, ctx, case.id(), at("2026-03-03T08:00:00Z")));
    m.advance_to(at("2026-03-05T08:00:00Z"));
    ask(m, &case, m.order(&number).total_minor, Goods::Received).unwrap();
    (number, case)
}

#[test]
fn who_refuses_a_refund_after_the_days_of_acceptance_is_not_paid_at_once() {
    in_2026(|m| {
        let (number, case) = asked_back(m);
        let state = || m.order(&number).state;
        m.advance("12d");
        assert_eq!(state(), OrderState::Processing, "nothing is accepted while a request is open");
        step(m, &case, Answer::Reject).unwrap();
        m.advance("7d");
        assert_eq!(state(), OrderState::Processing, "eight days of ten were left");
        // They ask again; what passes until they withdraw it counts for nobody either.
        ask(m, &case, m.order(&number).total_minor, Goods::Received).unwrap();
        m.advance("5d");
        step(m, &case, Answer::Withdraw).unwrap();
        m.advance("23h");
        assert_eq!(state(), OrderState::Processing);
        m.advance("2h");
        assert_eq!(state(), OrderState::Completed);
        m.verify();
    });
}

#[test]
fn goods_that_came_back_damaged_leave_the_buyer_the_days_to_appeal() {
    in_2026(|m| {
        let buyer = m.buyer();
        let (number, case) = asked_back(m);
        step(m, &case, Answer::Agree).unwrap();
        m.advance("1d");
        step(m, &case, Answer::SendBack).unwrap();
        m.advance("12d");
        step(m, &case, Answer::Damaged).unwrap();
        m.advance("7d");
        assert_eq!(m.order(&number).state, OrderState::Processing);
        let side = Tenant::Buyer(m.key(&buyer));
        m.ok(&buyer, |tx, ctx| supervision::appeal(tx, ctx, side, case.id(), "it was whole", &[]).map(drop));
        m.advance("30d");
        assert_eq!(m.order(&number).state, OrderState::Processing, "the platform decides");
        let operator = m.operator();
        let go_on = domain::supervision::Decision::Continue;
        m.ok(&operator, |tx, ctx| supervision::decide(tx, ctx, case.id(), go_on, "both may be right").map(drop));
        m.advance("23h");
        assert_eq!(m.order(&number).state, OrderState::Processing, "a day is left");
        m.advance("2h");
        assert_eq!(m.order(&number).state, OrderState::Completed);
        m.verify();
    });
}

#[test]
fn an_appeal_while_a_request_is_open_is_counted_once() {
    in_2026(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let (number, case) = asked_back(m);
        let side = Tenant::Buyer(m.key(&buyer));
        m.ok(&buyer, |tx, ctx| supervision::appeal(tx, ctx, side, case.id(), "no answer", &[]).map(drop));
        m.advance("4d");
        let go_on = domain::supervision::Decision::Continue;
        m.ok(&operator, |tx, ctx| supervision::decide(tx, ctx, case.id(), go_on, "the seller answers").map(drop));
        step(m, &case, Answer::Reject).unwrap();
        m.advance("191h");
        assert_eq!(m.order(&number).state, OrderState::Processing, "eight days of ten are left");
        m.advance("2h");
        assert_eq!(m.order(&number).state, OrderState::Completed);
        m.verify();
    });
}
