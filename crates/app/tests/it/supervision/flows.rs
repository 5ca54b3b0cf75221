//! The other flows: licences by identification code, by file and in packages, orchestration, sites.

use super::{in_2026, list};
use app::supervision::{Act, Identification};
use domain::{
    listing::AccessType,
    supervision::{CaseState, EvidenceKind, Flow, Verb},
};
use harness::{Market, act, act_because, act_with, choice};
use serde_json::Value;

fn buy(m: &Market, key: &str) -> String {
    m.buy(&m.buyer(), &choice(key, "1m")).order.number
}

#[test]
fn a_licence_is_bound_to_an_identification_code_of_the_system_or_the_hardware() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list(m, "ident", AccessType::LicenceIdentification, |_| ());
        let case = m.case(&buy(m, "ident"));
        let submit = |of: Identification| Act { identification: Some(of), ..act(Verb::Submit) };
        let long = Identification::Hardware("0".repeat(257));
        assert_eq!(m.act_refused(&buyer, &case, &submit(long)), "supervision.bad_text");
        m.act(&buyer, &case, &submit(Identification::System));
        let steps = m.read(|tx, _| Ok(store::supervision::steps(tx, case.row.id)?));
        let data: Value = serde_json::from_str(&steps[1].data).unwrap();
        let code = data["identification_code"].as_str().unwrap();
        assert!(code.starts_with("ID") && code.len() == 28, "{code}");
        m.act(&seller, &case, &act_because(Verb::Return, "请提供硬件码"));
        m.act(&buyer, &case, &submit(Identification::Hardware("00:1A:2B".to_owned())));
        let case = m.deliver(&seller, &case.row.order_number, &[EvidenceKind::Acceptance, EvidenceKind::LicenceFile]);
        assert_eq!(m.act(&buyer, &case, &act(Verb::Accept)).case.state, CaseState::Completed);
        m.verify();
    });
}

#[test]
fn a_package_of_licences_is_delivered_and_accepted_without_evidence() {
    in_2026(|m| {
        list(m, "package", AccessType::LicencePackage, |_| ());
        let case = m.case(&buy(m, "package"));
        m.act(&m.seller(), &case, &act_with(Verb::Deliver, "deployed"));
        assert_eq!(m.act(&m.buyer(), &case, &act(Verb::Accept)).case.state, CaseState::Completed);
        m.verify();
    });
}

#[test]
fn an_orchestration_goes_the_standard_way() {
    in_2026(|m| {
        list(m, "composed", AccessType::Orchestration, |_| ());
        let number = buy(m, "composed");
        m.confirmed(&m.buyer(), &m.seller(), &number);
        let case = m.deliver(&m.seller(), &number, &[EvidenceKind::Acceptance]);
        assert_eq!(m.act(&m.buyer(), &case, &act(Verb::Accept)).case.state, CaseState::Completed);
        m.verify();
    });
}

#[test]
fn a_site_is_designed_accepted_built_and_accepted() {
    in_2026(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        list(m, "site", AccessType::HumanService, |l| l.delivery.as_mut().unwrap().flow = Flow::SiteBuilding);
        let number = buy(m, "site");
        m.confirmed(&buyer, &seller, &number);
        let case = m.deliver(&seller, &number, &[EvidenceKind::Delivery]);
        assert_eq!(m.act(&buyer, &case, &act(Verb::Accept)).case.state, CaseState::Open, "the design");
        let case = m.deliver(&seller, &number, &super::SERVICE);
        assert_eq!(m.act(&buyer, &case, &act(Verb::Accept)).case.state, CaseState::Completed, "the site");
        m.verify();
    });
}
