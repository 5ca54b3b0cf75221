//! Milestones: the seller is paid part by part.

use super::{in_2026, list, refunds};
use app::{
    Error, Tenant,
    supervision::{Answer, Found},
};
use domain::{
    listing::AccessType,
    order::{OrderKind, OrderState},
    supervision::{CaseState, EvidenceKind, Flow, Goods, Verb},
};
use harness::{Market, act, choice, money};
use store::{Page, order::Filter};

/// A project of three parts whose requirement was confirmed.
fn project(m: &Market) -> Found {
    list(m, "project", AccessType::HumanService, |l| l.delivery.as_mut().unwrap().flow = Flow::Milestones);
    let number = m.buy(&m.buyer(), &choice("project", "1m")).order.number;
    m.confirmed(&m.buyer(), &m.seller(), &number)
}

/// Delivers a part and accepts it.
fn part(m: &Market, case: &Found) -> Found {
    let case = m.deliver(&m.seller(), &case.row.order_number, &[EvidenceKind::Delivery]);
    m.act(&m.buyer(), &case, &act(Verb::Accept))
}

#[test]
fn milestones_pay_the_seller_part_by_part_and_the_rest_may_be_given_back() {
    in_2026(|m| {
        let case = project(m);
        for (released, node) in [("30.00", "deliver_2"), ("70.00", "deliver_3")] {
            let case = part(m, &case);
            assert_eq!((money(case.case.released_minor).as_str(), case.case.node.as_str()), (released, node));
            assert_eq!(case.case.state, CaseState::Open);
            m.verify();
        }
        let more = refunds::ask(m, &case, 3_001, Goods::None).unwrap_err();
        assert!(matches!(&more, Error::Refused(r) if r.code == "supervision.refund_amount"), "what was released is the seller's");
        refunds::ask(m, &case, 3_000, Goods::None).unwrap();
        let case = refunds::step(m, &case, Answer::Agree).unwrap();
        assert_eq!(case.case.state, CaseState::Cancelled);
        assert_eq!((money(case.case.released_minor).as_str(), money(case.case.refunded_minor).as_str()), ("70.00", "30.00"));
        let filter = Filter { kind: Some(OrderKind::Unsubscribe), ..Filter::default() };
        let orders = m.read(|tx, _| Ok(store::order::list(tx, Tenant::Buyer(m.key(&m.buyer())), &filter, Page::first(10))?));
        assert_eq!(orders.iter().map(|o| money(o.total_minor)).collect::<Vec<_>>(), ["-30.00"]);
        m.verify();
    });
}

#[test]
fn the_last_part_completes_the_order() {
    in_2026(|m| {
        let case = project(m);
        part(m, &case);
        part(m, &case);
        let case = m.deliver(&m.seller(), &case.row.order_number, &[EvidenceKind::Delivery, EvidenceKind::Acceptance]);
        let case = m.act(&m.buyer(), &case, &act(Verb::Accept));
        assert_eq!((case.case.state, money(case.case.released_minor).as_str()), (CaseState::Completed, "100.00"));
        assert_eq!(m.order(&case.row.order_number).state, OrderState::Completed);
        m.verify();
    });
}

#[test]
fn of_eight_acceptances_at_once_one_pays_the_part() {
    in_2026(|m| {
        let case = project(m);
        let case = m.deliver(&m.seller(), &case.row.order_number, &[EvidenceKind::Delivery]);
        let (buyer, accept) = (m.buyer(), act(Verb::Accept));
        let side = m.side(&buyer, &case);
        let answers = m.at_once(&buyer, 8, |_, tx, ctx| app::supervision::act(tx, ctx, side, case.id(), &accept).map(drop));
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1, "{answers:?}");
        assert_eq!(money(m.case(&case.row.order_number).case.released_minor), "30.00");
        m.verify();
    });
}

#[test]
fn what_was_released_after_a_refund_was_asked_for_is_not_agreed_to() {
    in_2026(|m| {
        let case = project(m);
        let case = m.deliver(&m.seller(), &case.row.order_number, &[EvidenceKind::Delivery]);
        refunds::ask(m, &case, 10_000, Goods::None).unwrap();
        let case = m.act(&m.buyer(), &case, &act(Verb::Accept));
        let refused = refunds::step(m, &case, Answer::Agree).unwrap_err();
        assert!(matches!(&refused, Error::Refused(r) if r.code == "supervision.refund_amount"), "{refused:?}");
        assert_eq!(money(m.case(&case.row.order_number).case.released_minor), "30.00");
        refunds::step(m, &case, Answer::Withdraw).unwrap();
        refunds::ask(m, &case, 7_000, Goods::None).unwrap();
        refunds::step(m, &case, Answer::Agree).unwrap();
        m.verify();
    });
}
