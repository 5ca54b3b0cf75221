//! Templates: loaded once, never edited; an order has the version of its day.

use super::{delivered_service, in_2026};
use app::supervision;
use domain::supervision::{CaseState, Template, Verb};
use harness::{Market, act, choice};

fn human_service(m: &Market, version: u32) -> Template {
    m.read(|tx, _| supervision::show_template(tx, "human-service", version))
}

/// The next version, from April on.
fn of_april(m: &Market) -> Template {
    let mut template = human_service(m, 2);
    template.nodes[0].timers[0].days = 2;
    (template.version, template.valid_from) = (3, "2026-04-01".parse().unwrap());
    template
}

#[test]
fn a_template_is_never_edited_and_a_new_version_is_for_orders_from_its_day_on() {
    in_2026(|m| {
        let (operator, buyer) = (m.operator(), m.buyer());
        let number = delivered_service(m);
        let template = of_april(m);
        for _ in 0..2 {
            m.ok(&operator, |tx, ctx| supervision::load_template(tx, ctx, &template));
        }
        let before = m.buy(&buyer, &choice("service", "1m")).order.number;
        m.advance("31d");
        let after = m.buy(&buyer, &choice("service", "1m")).order.number;
        let versions = [&number, &before, &after].map(|n| m.case(n).row.template_version);
        assert_eq!(versions, [2, 2, 3]);
        assert_eq!(m.act(&buyer, &m.case(&number), &act(Verb::Accept)).case.state, CaseState::Completed);
        let all = m.read(|tx, _| supervision::templates(tx));
        let open = |v: u32| all.iter().find(|(t, ..)| t.key == "human-service" && t.version == v).unwrap().2;
        assert_eq!((open(1), open(2), open(3)), (0, 1, 1));
    });
}

#[test]
fn a_version_under_which_cases_run_stays_as_it_is() {
    in_2026(|m| {
        let operator = m.operator();
        delivered_service(m);
        let load = |template: &Template| m.refused(&operator, |tx, ctx| supervision::load_template(tx, ctx, template));
        let mut edited = human_service(m, 2);
        edited.nodes[0].timers[0].days = 2;
        assert_eq!(load(&edited), "supervision.template_fixed", "cases run under it");
        let mut endless = of_april(m);
        endless.nodes[0].actions[0].to = "nowhere".to_owned();
        assert_eq!(load(&endless), "supervision.bad_template");
        let same = human_service(m, 2);
        m.ok(&operator, |tx, ctx| supervision::load_template(tx, ctx, &same));
        let missing = m.refused(&operator, |tx, _| supervision::show_template(tx, "human-service", 9));
        assert_eq!(missing, "supervision.template_not_found");
    });
}

#[test]
fn of_eight_versions_that_are_loaded_at_once_one_stays() {
    in_2026(|m| {
        let templates: Vec<Template> = (1..=8)
            .map(|days| {
                let mut template = of_april(m);
                template.nodes[0].timers[0].days = days;
                template
            })
            .collect();
        let answers = m.at_once(&m.operator(), 8, |n, tx, ctx| supervision::load_template(tx, ctx, &templates[n]));
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1, "{answers:?}");
        assert!(answers.iter().flat_map(|a| a.as_ref().err()).all(|e| e.code() == Some("supervision.template_fixed")), "{answers:?}");
    });
}

#[test]
fn an_order_before_every_template_of_its_product_is_refused() {
    super::from("2015-06-01T02:00:00Z", |m| {
        super::list(m, "service", domain::listing::AccessType::HumanService, |_| ());
        let buyer = m.buyer();
        let cmd = super::hardware::place("service", "1m", None);
        assert_eq!(m.refused(&buyer, |tx, ctx| app::order::place(tx, ctx, &buyer, &cmd)), "supervision.no_template");
        assert_eq!(m.balance(&buyer), "1000000.00", "nothing was paid");
        m.verify();
    });
}
