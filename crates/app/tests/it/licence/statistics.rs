//! Active clients of a licence, as its software reports them.

use super::in_2026;
use app::licence::{self, Noted};
use domain::licence_rules::LicenceRules;
use harness::Market;
use wire::open_api::licence::Report;

fn client(id: &str) -> Report {
    Report::Client(id.to_owned())
}

/// Reports for codes and writes it down.
fn report(m: &Market, reports: &[(&str, Vec<Report>)]) -> Option<&'static str> {
    let seller = m.seller();
    let reports: Vec<(String, Vec<Report>)> = reports.iter().map(|(code, said)| ((*code).to_owned(), said.clone())).collect();
    let noted = m.write(&seller, |tx, ctx| {
        let noted = licence::report(tx, ctx, &seller, &reports)?;
        licence::write_down(tx, ctx, &noted)
    });
    noted.err().map(|e| e.code().expect("a refusal"))
}

fn days(m: &Market, code: &str) -> Vec<(String, i64)> {
    let licence = m.licence(code);
    m.read(|tx, _| licence::by_day(tx, licence.id))
}

#[test]
fn active_clients_are_counted_once_a_day_and_shown() {
    in_2026(|m| {
        let (seller, bought) = (m.seller(), m.shield(LicenceRules::default(), 1));
        let code = bought.code.as_str();
        assert_eq!(report(m, &[(code, vec![client("a")])]), Some("licence.not_activated"));
        m.activate(&seller, &[code]).unwrap();
        report(m, &[(code, vec![client("a"), client("b"), client("a")])]);
        report(m, &[(code, vec![client("b"), client("c")])]);
        m.ok(&seller, |tx, ctx| {
            let answers = licence::query(tx, ctx, &seller, &[code.to_owned()])?;
            licence::write_down(tx, ctx, &Noted::asked(ctx, &answers, Some("c")))
        });
        m.advance("24h");
        report(m, &[(code, vec![Report::Active(7)])]);
        report(m, &[(code, vec![Report::Active(5), client("z")])]);
        assert_eq!(days(m, code), [("2026-01-05".to_owned(), 3), ("2026-01-06".to_owned(), 7)]);
    });
}

#[test]
fn nothing_of_a_refused_report_is_counted() {
    in_2026(|m| {
        let bought = m.shield(LicenceRules::default(), 1);
        m.activate(&m.seller(), &[&bought.code]).unwrap();
        assert_eq!(report(m, &[(&bought.code, vec![client("d")]), ("PL1", vec![client("d")])]), Some("licence.not_found"));
        assert!(days(m, &bought.code).is_empty());
    });
}

#[test]
fn of_reports_at_once_each_client_is_counted_once() {
    in_2026(|m| {
        let (seller, bought) = (m.seller(), m.shield(LicenceRules::default(), 1));
        m.activate(&seller, &[&bought.code]).unwrap();
        let said = m.at_once(&seller, 8, |n, tx, ctx| {
            let reports = [(bought.code.clone(), vec![client(&format!("client-{}", n % 4)), Report::Active(n as u32)])];
            let noted = licence::report(tx, ctx, &seller, &reports)?;
            licence::write_down(tx, ctx, &noted)
        });
        assert!(said.iter().all(Result::is_ok), "{said:?}");
        assert_eq!(days(m, &bought.code), [("2026-01-05".to_owned(), 7)], "four clients, and seven as one of them said");
    });
}
