//! Software under supervision: opened at purchase, or after acceptance by the interface 1.0 (`seller-domain 5.3`,
//! `saas-interface 3.3`: `provisionType` 2).

use super::{in_2026, list};
use app::{
    Error,
    call::restart,
    catalogue, order,
    supervision::{self, Found},
};
use domain::{
    call::CallState,
    id::AddressId,
    instance::InstanceState,
    listing::{AccessType, Listing},
    order::OrderState,
    supervision::{CaseState, Decision, EvidenceKind, Verb},
};
use harness::{Fault, Market, act, choice, money};
use serde_json::Value;
use wire::conformance::Protocol;

/// Supervised software behind an address; its interface is called when the buyer has accepted.
fn accepted_first(address: AddressId) -> impl Fn(&mut Listing) {
    move |listing| {
        listing.supervised = true;
        listing.interface_address = Some(address);
        listing.delivery = harness::listing(AccessType::HumanService).delivery;
        listing.delivery.as_mut().unwrap().call_after_acceptance = true;
    }
}

/// An order of such a product, which was delivered by hand.
fn delivered(m: &Market) -> Found {
    let address = m.address(&m.seller(), "asking", Protocol::SaasV1);
    list(m, "desk", AccessType::Saas, accepted_first(address));
    again(m)
}

fn again(m: &Market) -> Found {
    let placed = m.buy(&m.buyer(), &choice("desk", "1m"));
    m.settle();
    let instance = m.order(&placed.order.number).instance_id.unwrap();
    assert!(m.calls(instance).is_empty(), "nothing is called at purchase");
    m.confirmed(&m.buyer(), &m.seller(), &placed.order.number);
    let case = m.deliver(&m.seller(), &placed.order.number, &[EvidenceKind::Acceptance]);
    m.settle();
    assert!(m.calls(instance).is_empty(), "nor at the delivery");
    case
}

fn renew(m: &Market, case: &Found) -> Result<order::Full, Error> {
    let (buyer, id) = (m.buyer(), case.row.instance_id.id());
    m.write(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, id, "1m".parse().unwrap(), true))
}

#[test]
fn the_interface_of_saas_1_0_is_called_after_acceptance_when_the_seller_chose_so() {
    in_2026(|m| {
        let case = delivered(m);
        assert!(m.messages(&m.seller()).contains(&"sale.supervised".to_owned()));
        m.act(&m.buyer(), &case, &act(Verb::Accept));
        assert_eq!(m.order(&case.row.order_number).state, OrderState::Completed);
        m.settle();
        let made = m.calls(case.row.instance_id);
        assert_eq!(m.activities(case.row.instance_id), [("newInstance".to_owned(), "done".to_owned())]);
        let attempts = m.read(|tx, _| Ok(store::call::attempts(tx, made[0].id)?));
        let sent: Value = serde_json::from_str(&attempts[0].request).unwrap();
        assert_eq!(sent["provisionType"].to_string().trim_matches('"'), "2", "{sent}");
        let instance = m.instance(case.row.instance_id);
        assert!(instance.state == InstanceState::Running && instance.front_end_url.is_some(), "{}", instance.state);
        renew(m, &case).unwrap();
        m.verify();
    });
}

#[test]
fn an_order_that_was_accepted_stays_complete_when_the_interface_never_opens_it() {
    in_2026(|m| {
        let case = delivered(m);
        m.server.fault("asking", Fault::Http500);
        m.act(&m.buyer(), &case, &act(Verb::Accept));
        m.advance("5h");
        assert_eq!(m.calls(case.row.instance_id)[0].state, CallState::Failed);
        assert_eq!(m.order(&case.row.order_number).state, OrderState::Completed, "it was accepted and paid out");
        assert!(m.messages(&m.seller()).contains(&"call.given_up".to_owned()));
        assert_eq!(renew(m, &case).err().and_then(|e| e.code()), Some("instance.not_opened_yet"));
        // It ends like any other, without a call for what the seller does not know.
        m.advance("1500h");
        assert_eq!(m.instance(case.row.instance_id).state, InstanceState::Released);
        assert_eq!(m.calls(case.row.instance_id).len(), 1);
        m.verify();
    });
}

#[test]
fn only_saas_1_0_is_called_after_acceptance() {
    in_2026(|m| {
        let (seller, address) = (m.seller(), m.address(&m.seller(), "asking", Protocol::SaasV2));
        let mut listing = harness::listing(AccessType::Saas);
        accepted_first(address)(&mut listing);
        let (_, draft, _) = m.ok(&seller, |tx, ctx| catalogue::save(tx, ctx, &seller, "desk", &listing));
        let submitted = m.write(&seller, |tx, ctx| catalogue::submit(tx, ctx, &seller, draft.id.id()));
        let Err(Error::Refused(refusal)) = submitted else { panic!("it was not refused") };
        assert_eq!(refusal.code, "application.called_at_purchase");
        assert!(refusal.fields.iter().any(|f| f.pointer.ends_with("/delivery/call_after_acceptance")), "{refusal:?}");
    });
}

#[test]
fn its_seller_repairs_the_interface_and_restarts_the_call_while_the_instance_lives() {
    in_2026(|m| {
        let (seller, case) = (m.seller(), delivered(m));
        let mine = m.side(&seller, &case);
        m.server.fault("asking", Fault::Http500);
        m.act(&m.buyer(), &case, &act(Verb::Accept));
        m.advance("5h");
        m.server.fault("asking", Fault::None);
        let failed = m.calls(case.row.instance_id)[0].id.id();
        m.ok(&seller, |tx, ctx| restart(tx, ctx, mine, failed));
        m.settle();
        let instance = m.instance(case.row.instance_id);
        assert!(instance.state == InstanceState::Running && instance.front_end_url.is_some(), "{}", instance.state);
        renew(m, &case).unwrap();
        // What was never opened and is released gets no call any more.
        m.server.fault("asking", Fault::Http500);
        let case = again(m);
        m.act(&m.buyer(), &case, &act(Verb::Accept));
        m.advance("1500h");
        assert_eq!(m.instance(case.row.instance_id).state, InstanceState::Released);
        let failed = m.calls(case.row.instance_id)[0].id.id();
        assert_eq!(m.refused(&seller, |tx, ctx| restart(tx, ctx, mine, failed)), "call.order_over");
        m.verify();
    });
}

/// Supervised software that is opened at purchase.
fn opened_first(m: &Market) -> String {
    list(m, "desk", AccessType::Saas, |l| {
        l.supervised = true;
        l.delivery = harness::listing(AccessType::HumanService).delivery;
    });
    m.buy(&m.buyer(), &choice("desk", "1m")).order.number
}

#[test]
fn supervised_software_opens_at_purchase_and_completes_at_acceptance() {
    in_2026(|m| {
        let number = opened_first(m);
        m.settle();
        assert_eq!(m.order(&number).state, OrderState::Processing, "opened, not yet accepted");
        let case = m.case(&number);
        let instance = m.instance(case.row.instance_id);
        assert!(instance.state == InstanceState::Opening && instance.front_end_url.is_some(), "{}", instance.state);
        m.confirmed(&m.buyer(), &m.seller(), &number);
        let case = m.deliver(&m.seller(), &number, &[EvidenceKind::Acceptance]);
        m.act(&m.buyer(), &case, &act(Verb::Accept));
        assert_eq!(m.instance(case.row.instance_id).state, InstanceState::Running);
        m.verify();
    });
}

#[test]
fn what_the_interface_has_not_created_is_not_delivered() {
    in_2026(|m| {
        let seller = m.seller();
        m.server.fault("desk", Fault::Http500);
        let number = opened_first(m);
        let case = m.confirmed(&m.buyer(), &seller, &number);
        let documents = m.evidence(&seller, &case, &[EvidenceKind::Acceptance]);
        let deliver = supervision::Act { documents, ..harness::act_with(Verb::Deliver, "done") };
        assert_eq!(m.act_refused(&seller, &case, &deliver), "supervision.not_created");
        // Nor does the platform take it in the buyer's place.
        let operator = m.operator();
        m.ok(&seller, |tx, ctx| supervision::appeal(tx, ctx, m.side(&seller, &case), case.id(), "they do not answer", &[]));
        let close = m.refused(&operator, |tx, ctx| supervision::decide(tx, ctx, case.id(), Decision::Close, "done"));
        assert_eq!(close, "supervision.not_created");
        m.advance("5h");
        assert_eq!((m.order(&number).state, m.balance(&m.buyer()).as_str()), (OrderState::Cancelled, "1000000.00"));
        m.verify();
    });
}

#[test]
fn supervised_software_that_never_opens_is_given_back_in_full_and_its_case_is_over() {
    in_2026(|m| {
        m.server.fault("desk", Fault::Http500);
        let number = opened_first(m);
        m.advance("5h");
        assert_eq!(m.order(&number).state, OrderState::Cancelled);
        let case = m.case(&number);
        assert_eq!((case.case.state, money(case.case.refunded_minor).as_str()), (CaseState::Cancelled, "100.00"));
        assert_eq!(m.balance(&m.buyer()), "1000000.00");
        let buyer = m.buyer();
        let late = m.refused(&buyer, |tx, ctx| supervision::appeal(tx, ctx, m.side(&buyer, &case), case.id(), "why", &[]));
        assert_eq!(late, "supervision.over");
        m.verify();
    });
}
