//! Deliveries: asked for, returned, rejected, delivered again and accepted; and when the term begins.

use super::{SERVICE, in_2026, list, service};
use app::{
    order,
    supervision::{self, Act},
};
use db::Moment;
use domain::{
    instance::InstanceState,
    listing::AccessType,
    order::OrderState,
    supervision::{CaseState, Decision, EvidenceKind, Party, Verb},
};
use harness::{Market, act, act_because, act_with, at, choice, money, time};
use store::supervision::Filter;

/// A data file that was bought; the number of its order.
fn data_file(m: &Market) -> String {
    list(m, "data", AccessType::DataFile, |_| ());
    m.buy(&m.buyer(), &choice("data", "")).order.number
}

#[test]
fn a_case_begins_with_the_payment_and_waits_for_the_buyer() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let case = m.case(&data_file(m));
        assert_eq!((case.case.node.as_str(), case.row.template_version), ("submit", 1));
        assert_eq!(case.case.waits_for(&case.template), [Party::Buyer]);
        assert_eq!(m.messages(&buyer)[0], "supervision.to_submit");
        assert!(m.messages(&seller).contains(&"sale.supervised".to_owned()), "101: a service product was bought");
        assert_eq!(m.order(&case.row.order_number).state, OrderState::Processing);
        m.verify();
    });
}

#[test]
fn a_requirement_is_returned_and_submitted_again() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let case = m.case(&data_file(m));
        let documents = m.evidence(&buyer, &case, &[EvidenceKind::Requirement]);
        let case = m.act(&buyer, &case, &Act { documents, ..act_with(Verb::Submit, "全国门店数据") });
        assert_eq!(case.case.node, "confirm");
        assert!(case.case.actions(&case.template, Party::Buyer).is_empty(), "it is the seller's turn");
        let case = m.act(&seller, &case, &act_because(Verb::Return, "请补充时间范围"));
        assert_eq!(case.case.node, "submit");
        m.act(&buyer, &case, &act_with(Verb::Submit, "2025 年"));
        assert_eq!(m.act(&seller, &case, &act(Verb::Confirm)).case.node, "deliver");
    });
}

#[test]
fn a_delivery_needs_its_evidence_and_is_made_again_after_a_rejection() {
    in_2026(|m| {
        let (buyer, seller, number) = (m.buyer(), m.seller(), data_file(m));
        let case = m.confirmed(&buyer, &seller, &number);
        let refused = m.act_refused(&seller, &case, &act_with(Verb::Deliver, "done"));
        assert_eq!(refused, "supervision.evidence_missing", "the acceptance document is missing");
        m.deliver(&seller, &number, &[EvidenceKind::Acceptance]);
        assert_eq!(m.order(&number).state, OrderState::Processing, "the money waits");
        m.verify();
        let steps = m.read(|tx, _| Ok(store::supervision::steps(tx, case.row.id)?));
        let last = steps.last().unwrap();
        assert_eq!((last.kind.as_str(), last.party.as_str()), ("deliver", "seller"));
        let sent = m.read(|tx, _| Ok(store::document::of_case(tx, case.row.id)?));
        assert_eq!(sent.iter().filter(|d| d.step == Some(last.seq)).count(), 1);
        let case = m.act(&buyer, &case, &act_because(Verb::Reject, "缺少三月"));
        assert_eq!((case.case.node.as_str(), case.case.rejections), ("deliver", 1));
        assert_eq!(m.deliver(&seller, &number, &[EvidenceKind::Acceptance]).case.node, "accept");
    });
}

#[test]
fn what_is_accepted_completes_the_order_and_pays_the_seller() {
    in_2026(|m| {
        let (buyer, seller, number) = (m.buyer(), m.seller(), data_file(m));
        m.confirmed(&buyer, &seller, &number);
        let case = m.deliver(&seller, &number, &[EvidenceKind::Acceptance]);
        let case = m.act(&buyer, &case, &act(Verb::Accept));
        assert_eq!((case.case.state, money(case.case.released_minor).as_str()), (CaseState::Completed, "100.00"));
        let site = m.environment().settings.sites.of(buyer.site);
        assert!(case.case.due(&case.template, &site).is_none(), "nothing happens by itself any more");
        let order = m.order(&number);
        assert_eq!(order.state, OrderState::Completed);
        assert_eq!(m.instance(order.instance_id.unwrap()).state, InstanceState::Running);
        assert_eq!(m.balance(&buyer), "999900.00");
        assert_eq!(m.messages(&buyer)[0], "order.opened", "101: opened");
        assert_eq!(m.messages(&seller)[0], "sale.accepted", "101: the buyer accepted");
        let line = m.read(|tx, _| order::timeline(tx, app::Tenant::Seller(m.key(&seller)), &number));
        assert_eq!(line.iter().filter(|e| e.kind == "supervision.moved").count(), 5, "begun and four steps are on the flight recorder");
        m.verify();
    });
}

#[test]
fn the_term_starts_at_the_actual_opening_time() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list(m, "service", AccessType::HumanService, |_| ());
        let number = m.buy(&buyer, &choice("service", "2m")).order.number;
        m.advance("10d");
        let case = m.confirmed(&buyer, &seller, &number);
        let opened = |m: &Market, opening: &str| Act {
            opening_time: Some(at(opening)),
            documents: m.evidence(&seller, &case, &SERVICE),
            ..act_with(Verb::Deliver, "done")
        };
        assert_eq!(m.act_refused(&seller, &case, &opened(m, "2026-03-01T00:00:00Z")), "supervision.opening_before_order");
        assert_eq!(m.act_refused(&seller, &case, &opened(m, "2026-04-01T00:00:00Z")), "supervision.opening_in_future");
        let opening = "2026-03-05T01:00:00Z";
        m.act(&seller, &case, &opened(m, opening));
        m.advance("10d");
        let case = m.act(&buyer, &case, &act(Verb::Accept));
        assert_eq!(case.case.opening_at, Some(at(opening)), "both times are kept");
        assert_eq!(case.case.accepted_at, Some(at("2026-03-22T02:00:00Z")));
        let instance = m.instance(case.row.instance_id);
        assert_eq!(time(instance.opened_at.unwrap()), opening);
        assert_eq!(time(instance.expires_at.unwrap()), "2026-05-05T16:00:00Z");
        m.verify();
    });
}

#[test]
fn the_opening_time_of_a_delivery_that_was_rejected_opens_nothing() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let number = service(m);
        let case = m.confirmed(&buyer, &seller, &number);
        let deliver = |opening_time| {
            let documents = m.evidence(&seller, &case, &SERVICE);
            m.act(&seller, &case, &Act { opening_time, documents, ..act_with(Verb::Deliver, "done") })
        };
        deliver(Some(m.now()));
        m.act(&buyer, &case, &act_because(Verb::Reject, "nothing works"));
        m.advance("20d");
        assert_eq!(deliver(None).case.opening_at, None);
        let case = m.act(&buyer, &case, &act(Verb::Accept));
        let opened = m.instance(case.row.instance_id).opened_at.map(Moment::at);
        assert_eq!(opened, case.case.accepted_at, "the moment of acceptance (seller-domain 4.3)");
        m.verify();
    });
}

#[test]
fn an_appeal_that_is_closed_opens_no_delivery_that_was_rejected() {
    in_2026(|m| {
        let (buyer, seller, operator) = (m.buyer(), m.seller(), m.operator());
        let case = m.confirmed(&buyer, &seller, &service(m));
        let documents = m.evidence(&seller, &case, &SERVICE);
        m.act(&seller, &case, &Act { opening_time: Some(m.now()), documents, ..act_with(Verb::Deliver, "done") });
        m.act(&buyer, &case, &act_because(Verb::Reject, "nothing works"));
        m.advance("40d");
        m.ok(&seller, |tx, ctx| supervision::appeal(tx, ctx, m.side(&seller, &case), case.id(), "it works", &[]));
        m.ok(&operator, |tx, ctx| supervision::decide(tx, ctx, case.id(), Decision::Close, "it does"));
        let instance = m.instance(case.row.instance_id);
        assert_eq!((instance.opened_at, instance.state), (Some(Moment::of(m.now())), InstanceState::Running));
        m.verify();
    });
}

#[test]
fn the_opening_time_may_be_the_second_of_the_order_or_the_present() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let case = m.confirmed(&buyer, &seller, &service(m));
        let opening_time = Some(m.now());
        let documents = m.evidence(&seller, &case, &SERVICE);
        m.act(&seller, &case, &Act { opening_time, documents, ..act_with(Verb::Deliver, "done") });
        let case = m.act(&buyer, &case, &act(Verb::Accept));
        assert_eq!(case.case.opening_at, opening_time);
        m.verify();
    });
}

#[test]
fn a_renewal_makes_no_new_case_and_what_was_supervised_is_not_unsubscribed() {
    in_2026(|m| {
        let (buyer, seller, number) = (m.buyer(), m.seller(), service(m));
        m.confirmed(&buyer, &seller, &number);
        let case = m.deliver(&seller, &number, &SERVICE);
        let early = m.refused(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &number));
        assert_eq!(early, "refund.negotiate", "a refund is negotiated while the case is open");
        m.act(&buyer, &case, &act(Verb::Accept));
        let id = case.row.instance_id.id();
        m.ok(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, id, "1m".parse().unwrap(), true));
        let cases = m.read(|tx, _| Ok(store::supervision::count(tx, app::Tenant::Buyer(m.key(&buyer)), &Filter::default())?));
        assert_eq!(cases, 1);
        let refused = m.refused(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &number));
        assert_eq!(refused, "refund.supervised");
        m.verify();
    });
}

#[test]
fn what_is_done_at_a_node_is_what_its_template_asks_for() {
    in_2026(|m| {
        let (buyer, seller, number) = (m.buyer(), m.seller(), service(m));
        let case = m.case(&number);
        assert_eq!(m.act_refused(&seller, &case, &act_with(Verb::Submit, "need")), "supervision.not_yours");
        assert_eq!(m.act_refused(&buyer, &case, &act(Verb::Accept)), "supervision.no_such_action");
        assert_eq!(m.act_refused(&buyer, &case, &act(Verb::Submit)), "supervision.field_missing");
        assert_eq!(
            m.act_refused(&buyer, &case, &Act { reason: Some("why".into()), ..act_with(Verb::Submit, "need") }),
            "supervision.field_not_asked"
        );
        for long in ["", &"长".repeat(5_001)] {
            assert_eq!(m.act_refused(&buyer, &case, &act_with(Verb::Submit, long)), "supervision.bad_text");
        }
        m.act(&buyer, &case, &act_with(Verb::Submit, &"长".repeat(5_000)));
        assert_eq!(m.act_refused(&seller, &case, &act_because(Verb::Return, &"x".repeat(1_001))), "supervision.bad_text");
        assert_eq!(m.act_refused(&seller, &case, &act(Verb::Return)), "supervision.field_missing");
    });
}
