//! What happens in a case by itself: reminders, and words on those that stay open for long.

use super::{in_2026, list};
use app::Tenant;
use domain::{listing::AccessType, supervision::CaseState};
use harness::choice;
use store::{Direction, Page, supervision::Filter};

#[test]
fn a_case_that_stays_open_is_told_of_every_week_from_day_180_and_the_clock_may_jump() {
    in_2026(|m| {
        list(m, "package", AccessType::LicencePackage, |_| ());
        let number = m.buy(&m.buyer(), &choice("package", "1m")).order.number;
        m.advance("4440h");
        let said = |who: &app::Caller, event: &str| m.messages(who).iter().filter(|e| *e == event).count();
        assert_eq!(said(&m.seller(), "sale.long_open"), 1, "day 180");
        assert_eq!(said(&m.seller(), "sale.reminder"), 26, "and every week before");
        assert_eq!(said(&m.operator(), "supervision.long_open"), 1, "the account manager too");
        m.advance("336h");
        assert_eq!(said(&m.seller(), "sale.long_open"), 3);
        m.buy(&m.buyer(), &choice("package", "1m"));
        let page = Page { direction: Some(Direction::Ascending), ..Page::first(10) };
        let filter = Filter { state: Some(CaseState::Open), ..Filter::default() };
        let oldest = m.read(|tx, _| Ok(store::supervision::list(tx, Tenant::Any, &filter, page)?));
        assert_eq!(oldest[0].order_number, number, "the oldest first");
        m.verify();
    });
}
