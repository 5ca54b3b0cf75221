//! Service supervision: flows played by buyer, seller and platform, with money, terms and messages (`seller-domain 5`).

mod addresses;
mod after_acceptance;
mod appeals;
mod codes;
mod deliveries;
mod evidence;
mod flows;
mod hardware;
mod milestones;
mod programmes;
mod refunds;
mod templates;
mod timers;

use domain::{
    listing::{AccessType, Listing},
    supervision::EvidenceKind,
};
use harness::{Market, Setup, on_both_with};

/// What a human service is delivered with.
const SERVICE: [EvidenceKind; 2] = [EvidenceKind::StatementOfWork, EvidenceKind::Acceptance];

/// Runs a test under the templates of 2026: which one a case has depends on its order's date.
fn in_2026(test: impl Fn(&Market)) {
    from("2026-03-02T02:00:00Z", test);
}

fn from(start: &'static str, test: impl Fn(&Market)) {
    on_both_with(&Setup { start, ..Setup::default() }, test);
}

/// Puts a product on sale that is delivered in a flow of its own.
fn list(m: &Market, key: &str, access_type: AccessType, change: impl FnOnce(&mut Listing)) {
    let mut listing = harness::listing(access_type);
    change(&mut listing);
    m.list(&m.seller(), key, &listing);
}

/// Buys a month of a human service; the number of the order.
fn service(m: &Market) -> String {
    list(m, "service", AccessType::HumanService, |_| ());
    m.buy(&m.buyer(), &harness::choice("service", "1m")).order.number
}

/// The same, delivered and not accepted yet.
fn delivered_service(m: &Market) -> String {
    list(m, "service", AccessType::HumanService, |_| ());
    deliver_another(m)
}

/// The same, of a service that is on sale already.
fn deliver_another(m: &Market) -> String {
    let number = m.buy(&m.buyer(), &harness::choice("service", "1m")).order.number;
    m.confirmed(&m.buyer(), &m.seller(), &number);
    m.deliver(&m.seller(), &number, &SERVICE);
    number
}
