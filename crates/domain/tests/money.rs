//! The worked numbers of `docs/money.md`.
#![expect(clippy::unwrap_used, reason = "tests")]

use domain::{
    Timestamp,
    listing::Sku,
    money::{Currency, Money},
    pricing::{Change, PaidTerm, TermPayment},
    settlement::{Rates, share},
    site::{Site, SiteCode},
    term::{self, Anchor},
};

const DOCUMENT: &str = include_str!("../../../docs/money.md");

/// The cells of the table whose first column has a name.
fn rows(first_column: &str) -> Vec<Vec<&'static str>> {
    let head = format!("| {first_column} |");
    let table = DOCUMENT.lines().skip_while(|line| !line.starts_with(&head)).skip(2).take_while(|line| line.starts_with('|'));
    let rows: Vec<Vec<&str>> = table.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect();
    assert!(!rows.is_empty(), "docs/money.md has no table of {first_column}");
    rows
}

fn minor(text: &str) -> i64 {
    Money::parse(text, Currency::Cny).unwrap().minor
}

fn monthly(text: &str) -> Sku {
    Sku { month_minor: Some(minor(text)), ..Sku::default() }
}

#[test]
fn changes_cost_what_the_document_says() {
    let site = Site::of(SiteCode::Cn);
    let start: Timestamp = "2026-01-05T02:00:00Z".parse().unwrap();
    let period = "1m".parse().unwrap();
    let span = term::term(&site, start, Anchor::first(site.day_of(start)), period);
    for row in rows("First price") {
        let left: i64 = row[2].parse().unwrap();
        let now = term::shown_end(span.end) - jiff::SignedDuration::from_hours(24 * left);
        let payments = vec![TermPayment { amount_minor: minor(row[0]), days: term::days(&site, span) }];
        let mut paid = PaidTerm { span, period, payments };
        let mut from = monthly(row[0]);
        for (price, wanted) in row[1].split(' ').zip(row[3].split(' ')) {
            let to = monthly(price);
            let fee = Change { from: &from, to: &to, quantity: 1 }.fees(&site, std::slice::from_ref(&paid), now).unwrap()[0];
            assert_eq!((fee.fee_minor, fee.days), (minor(wanted), left), "{row:?}");
            paid.payments.push(TermPayment { amount_minor: fee.fee_minor, days: fee.days });
            from = to;
        }
    }
}

#[test]
fn payments_are_shared_as_the_document_says() {
    for row in rows("Paid") {
        let shares = share(minor(row[0]), Rates::default()).unwrap();
        let told = [shares.fee().unwrap(), shares.tax, shares.payable];
        assert_eq!(told, [row[1], row[2], row[3]].map(minor), "{row:?}");
    }
}
