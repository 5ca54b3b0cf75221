//! Joint products of customers of the programmes: the platform reviews what is delivered, in two stages.

use super::{in_2026, list};
use app::{
    Error, Tenant,
    supervision::{self, Act, Found},
};
use domain::{
    id::AccountId,
    listing::{AccessType, Bilingual},
    supervision::{CaseState, Elements, EvidenceKind, Scene, Track, Verb},
};
use harness::{Market, act, act_because, act_with, choice};
use store::{Page, order::Filter as OrderFilter, supervision::Filter};

const KINDS: [EvidenceKind; 5] = [
    EvidenceKind::Acceptance,
    EvidenceKind::ValidityScreenshot,
    EvidenceKind::StatementOfWork,
    EvidenceKind::KitScreenshot,
    EvidenceKind::DeploymentScreenshot,
];

/// A joint product that a customer of the empowerment cloud bought.
fn joint(m: &Market) -> Found {
    let (operator, id) = (m.operator(), m.buyer().account_id);
    m.ok(&operator, |tx, ctx| supervision::set_track(tx, ctx, id, Some(Track::EmpowermentCloud)));
    list(m, "joint", AccessType::LicenceFile, |l| {
        l.joint = true;
        l.name = Bilingual::both("盾甲终端防护 License", "Shield Endpoint Protection Licence");
    });
    m.case(&m.buy(&m.buyer(), &choice("joint", "1m")).order.number)
}

fn elements(case: &Found) -> Elements {
    Elements {
        order_numbers: vec![case.row.order_number.clone()],
        customer_name: case.row.customer_name.clone(),
        product_name: "Shield Endpoint Protection Licence".to_owned(),
        specification_name: "Standard".to_owned(),
        valid_from: Some("2026-03-02".parse().unwrap()),
        valid_to: Some("2026-04-01".parse().unwrap()),
        resource_order: None,
    }
}

/// Delivers with these elements and files.
fn deliver(m: &Market, case: &Found, elements: Option<Elements>, kinds: &[EvidenceKind]) -> Result<Found, Error> {
    let documents = m.evidence(&m.seller(), case, kinds);
    let cmd = Act { licence: Some("LIC-1".to_owned()), elements, documents, ..act_with(Verb::Deliver, "done") };
    m.try_act(&m.seller(), case, &cmd)
}

#[test]
fn the_platform_reviews_joint_products_of_the_programmes_in_two_stages() {
    in_2026(|m| {
        let (buyer, operator, case) = (m.buyer(), m.operator(), joint(m));
        assert_eq!((case.case.scene, case.case.node.as_str()), (Scene::EmpowermentCloud, "deliver"), "no requirement comes first");
        let seen = deliver(m, &case, Some(elements(&case)), &KINDS).unwrap();
        assert_eq!(seen.case.node, "review_base");
        assert_eq!(m.act_refused(&buyer, &case, &act(Verb::Accept)), "supervision.no_such_action", "not before the platform");
        let case = m.act(&operator, &case, &act_because(Verb::Return, "截图不清晰"));
        deliver(m, &case, Some(elements(&case)), &KINDS).unwrap();
        assert_eq!(m.act_refused(&m.seller(), &case, &act(Verb::Pass)), "supervision.not_yours");
        m.act(&operator, &case, &act(Verb::Pass));
        assert_eq!(m.act(&operator, &case, &act(Verb::Pass)).case.node, "accept");
        let case = m.act(&buyer, &case, &act(Verb::Accept));
        assert_eq!(case.case.state, CaseState::Completed);
        let instance = m.instance(case.row.instance_id);
        let licence = m.read(|_, ctx| app::instance::licence(ctx, &instance));
        assert_eq!(licence.as_deref(), Some("LIC-1"), "the buyer has the licence");
        m.verify();
    });
}

#[test]
fn the_five_elements_are_asked_for_and_are_those_of_the_order() {
    in_2026(|m| {
        let case = joint(m);
        let wrong = Elements { customer_name: "别人".to_owned(), order_numbers: vec!["CS0000000000AAAAA".to_owned()], ..elements(&case) };
        let Err(Error::Refused(refusal)) = deliver(m, &case, Some(wrong), &KINDS) else { panic!("taken") };
        assert_eq!(refusal.code, "supervision.elements");
        let pointers: Vec<&str> = refusal.fields.iter().map(|f| f.pointer.as_str()).collect();
        assert_eq!(pointers, ["/elements/order_numbers", "/elements/customer_name"]);
        assert_eq!(m.case(&case.row.order_number).case.node, "deliver", "nothing moved");
        let none = deliver(m, &case, None, &KINDS).unwrap_err();
        assert_eq!(none.code(), Some("supervision.field_missing"));
        let few = deliver(m, &case, Some(elements(&case)), &KINDS[..3]).unwrap_err();
        assert!(matches!(few.code(), Some("supervision.evidence_missing" | "supervision.too_few_screenshots")), "{few:?}");
    });
}

#[test]
fn cases_and_orders_are_found_by_the_name_of_their_product_in_either_language() {
    in_2026(|m| {
        let case = joint(m);
        let (mine, page) = (Tenant::Seller(m.key(&m.seller())), Page::first(10));
        for named in ["endpoint", "终端"] {
            let filter = Filter { product_name: Some(named.to_owned()), ..Filter::default() };
            let found = m.read(|tx, _| Ok(store::supervision::list(tx, mine, &filter, page)?));
            assert_eq!(found.iter().map(|c| c.id).collect::<Vec<_>>(), [case.row.id], "{named}");
            let filter = OrderFilter { product_name: Some(named.to_owned()), ..OrderFilter::default() };
            let found = m.read(|tx, _| Ok(store::order::list(tx, mine, &filter, page)?));
            assert_eq!(found.iter().map(|o| o.number.as_str()).collect::<Vec<_>>(), [case.row.order_number.as_str()], "{named}");
        }
    });
}

#[test]
fn the_programme_of_an_account_counts_for_later_orders_only() {
    in_2026(|m| {
        let operator = m.operator();
        let case = joint(m);
        m.ok(&operator, |tx, ctx| supervision::set_track(tx, ctx, m.buyer().account_id, None));
        let later = m.case(&m.buy(&m.buyer(), &choice("joint", "1m")).order.number);
        assert_eq!((m.case(&case.row.order_number).case.scene, later.case.scene), (Scene::EmpowermentCloud, Scene::Joint));
        let nobody: AccountId = m.environment().ids.uuid(m.now()).into();
        let refused = m.refused(&operator, |tx, ctx| supervision::set_track(tx, ctx, nobody, None));
        assert_eq!(refused, "account.not_found");
    });
}
