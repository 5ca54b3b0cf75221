//! Messages in the inbox: where they lead, and the weekly one on open cases.

use app::message;
use domain::listing::AccessType;
use harness::{Market, Setup, choice, on_both, on_both_with};
use jiff::tz::TimeZone;
use store::Page;

/// A message in an account's inbox by its event, in English.
fn shown(m: &Market, who: &app::Caller, event: &str) -> message::Shown {
    let rows = m.read(|tx, _| Ok(store::message::list(tx, m.key(who), false, (None, &[]), Page::first(200))?));
    let row = rows.into_iter().find(|row| row.event == event).unwrap_or_else(|| panic!("no {event}"));
    message::show(row, "en", &TimeZone::UTC).unwrap()
}

#[test]
fn a_message_in_the_inbox_leads_to_what_it_is_about() {
    on_both(|m| {
        let number = m.open(&m.buyer(), &choice("backup", "1m")).order.number;
        assert_eq!(shown(m, &m.buyer(), "order.opened").link, Some(format!("/buyer/orders/{number}")));
        assert_eq!(shown(m, &m.seller(), "sale.opened").link, Some(format!("/seller/orders/{number}")));
    });
}

#[test]
fn every_monday_a_seller_hears_how_many_orders_are_under_supervision() {
    on_both_with(&Setup { start: "2026-03-02T02:00:00Z", ..Setup::default() }, |m| {
        m.list(&m.seller(), "package", &harness::listing(AccessType::LicencePackage));
        m.buy(&m.buyer(), &choice("package", "1m"));
        m.advance("168h");
        let said = shown(m, &m.seller(), "sale.open_cases");
        assert_eq!((said.type_code, said.title.as_str()), ("901", "1 orders are under service supervision"));
        assert!(!m.messages(&m.seller2()).contains(&"sale.open_cases".to_owned()), "who has none hears nothing");
    });
}
