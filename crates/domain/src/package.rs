//! On-demand packages (按需套餐包): a prepaid quota that use draws from before it is charged (`seller-domain 2.5`,
//! `open-api 4.3`).

use crate::{
    period::{Period, PeriodUnit},
    site::Site,
    term::{self, Anchor, TermSpan},
    usage::Quantity,
};
use jiff::{Span, Timestamp, Unit, civil::Date};
use serde::{Deserialize, Serialize};

crate::words! {
    /// When a package has its whole quota again (重置规则).
    pub enum Reset ("reset rule") {
        /// Not within a term: a quota for each month or year that was bought, for the whole term.
        Never = "never",
        Hour = "hour",
        Day = "day",
        Week = "week",
        Month = "month",
        Year = "year",
    }
}

impl Reset {
    /// Packages that reset by the hour, the day or the week cannot be bought again automatically (`seller-domain 2.5`).
    #[must_use]
    pub fn renews_automatically(self) -> bool {
        match self {
            Self::Never | Self::Month | Self::Year => true,
            Self::Hour | Self::Day | Self::Week => false,
        }
    }
}

/// What a specification of packages gives; how much is said by each SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The key of the specification of the same product whose use it covers.
    pub of: String,
    pub reset: Reset,
    /// Used up means stopped (用完即停): what exceeds the quota is not charged on demand.
    pub stop_when_used_up: bool,
}

/// A paid term of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageTerm {
    pub span: TermSpan,
    pub period: Period,
}

/// The time in which a quota can be used, and the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub begin: Timestamp,
    /// Exclusive.
    pub end: Timestamp,
    pub quota: Quantity,
}

/// A package as a buyer has it.
#[derive(Debug, Clone)]
pub struct Bought {
    pub package: Package,
    /// The quota of the SKU times the quantity.
    pub unit: Quantity,
    /// In order, without those that were given back.
    pub terms: Vec<PackageTerm>,
    /// Day of the month of the first term.
    pub anchor_day: i8,
}

impl Bought {
    /// The window that a moment lies in; none outside the terms. The terms of a package that stops are one window: a
    /// renewal adds to what is left.
    #[must_use]
    pub fn window(&self, site: &Site, at: Timestamp) -> Option<Window> {
        let term = *self.terms.iter().find(|t| t.span.start <= at && at < t.span.end)?;
        let times = |count: u32| Quantity(self.unit.0.saturating_mul(i64::from(count)));
        if self.package.stop_when_used_up {
            let (first, last) = (self.terms.first()?, self.terms.last()?);
            let quota = times(self.terms.iter().map(|t| u32::from(t.period.count)).sum());
            return Some(Window { begin: first.span.start, end: last.span.end, quota });
        }
        let TermSpan { start, end } = term.span;
        let (from, to) = match self.package.reset {
            Reset::Never => return Some(Window { begin: start, end, quota: times(u32::from(term.period.count)) }),
            Reset::Hour => {
                let hour = at.round(jiff::TimestampRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc)).ok()?;
                (hour, hour.checked_add(Span::new().hours(1)).ok()?)
            }
            Reset::Day => days(site, site.day_of(at), 1),
            Reset::Week => {
                let first = site.day_of(start);
                let gone = first.until((Unit::Day, site.day_of(at))).map_or(0, |span| span.get_days());
                days(site, first.saturating_add(Span::new().days(gone.saturating_sub(gone % 7))), 7)
            }
            Reset::Month => self.step(site, start, PeriodUnit::Month, at)?,
            Reset::Year => self.step(site, start, PeriodUnit::Year, at)?,
        };
        Some(Window { begin: from.max(start), end: to.min(end), quota: self.unit })
    }

    /// The month or year, counted from a term's start, that a moment lies in. It ends where a term of that length would.
    fn step(&self, site: &Site, start: Timestamp, unit: PeriodUnit, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let is_first = self.terms.first().is_some_and(|t| t.span.start == start);
        let anchor = if is_first { Anchor::first(site.day_of(start)) } else { Anchor::after(site, start, self.anchor_day) };
        let mut begin = start;
        // No term is longer than 36 months.
        for count in 1..=36 {
            let end = term::term(site, start, anchor, Period::new(count, unit).ok()?).end;
            if at < end {
                return Some((begin, end));
            }
            begin = end;
        }
        None
    }
}

fn days(site: &Site, first: Date, count: i64) -> (Timestamp, Timestamp) {
    (site.start_of(first), site.start_of(first.saturating_add(Span::new().days(count))))
}

/// What a package gives of an amount, by what was used of its window before.
#[must_use]
pub fn given(window: Window, used: Quantity, wanted: Quantity) -> Quantity {
    Quantity(window.quota.0.saturating_sub(used.0).clamp(0, wanted.0.max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::SiteCode;
    use proptest::prelude::*;

    fn site() -> Site {
        Site::of(SiteCode::Cn)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn bought(reset: Reset, periods: &[&str]) -> Bought {
        let package = Package { of: "minutes".into(), reset, stop_when_used_up: false };
        Bought { package, unit: Quantity(100), terms: terms(periods), anchor_day: 31 }
    }

    /// Terms from 2024-01-31 10:00 at the site, one after the other.
    fn terms(periods: &[&str]) -> Vec<PackageTerm> {
        let (mut start, mut all) = (at("2024-01-31T02:00:00Z"), Vec::new());
        for text in periods {
            let period: Period = text.parse().unwrap();
            let anchor = if all.is_empty() { Anchor::first(site().day_of(start)) } else { Anchor::after(&site(), start, 31) };
            let span = term::term(&site(), start, anchor, period);
            all.push(PackageTerm { span, period });
            start = span.end;
        }
        all
    }

    fn of(reset: Reset, periods: &[&str], moment: &str) -> Option<(String, String, i64)> {
        let w = bought(reset, periods).window(&site(), at(moment))?;
        Some((w.begin.to_string(), w.end.to_string(), w.quota.0))
    }

    fn some(begin: &str, end: &str, quota: i64) -> Option<(String, String, i64)> {
        Some((begin.into(), end.into(), quota))
    }

    #[test]
    fn each_reset_rule_has_its_window() {
        let when = "2024-02-20T08:30:00Z"; // 16:30 at the site
        assert_eq!(of(Reset::Hour, &["3m"], when), some("2024-02-20T08:00:00Z", "2024-02-20T09:00:00Z", 100));
        assert_eq!(of(Reset::Day, &["3m"], when), some("2024-02-19T16:00:00Z", "2024-02-20T16:00:00Z", 100));
        // Weeks count from 31 January: 14 to 20 February.
        assert_eq!(of(Reset::Week, &["3m"], when), some("2024-02-13T16:00:00Z", "2024-02-20T16:00:00Z", 100));
        assert_eq!(of(Reset::Month, &["3m"], when), some("2024-01-31T02:00:00Z", "2024-02-29T16:00:00Z", 100));
        assert_eq!(of(Reset::Month, &["3m"], "2024-03-20T00:00:00Z"), some("2024-02-29T16:00:00Z", "2024-03-31T16:00:00Z", 100));
        assert_eq!(of(Reset::Year, &["2y"], when), some("2024-01-31T02:00:00Z", "2025-01-31T16:00:00Z", 100));
        assert_eq!(of(Reset::Never, &["3m"], when), some("2024-01-31T02:00:00Z", "2024-04-30T16:00:00Z", 300));
        assert_eq!(of(Reset::Never, &["2y"], when), some("2024-01-31T02:00:00Z", "2026-01-31T16:00:00Z", 200));
    }

    #[test]
    fn outside_its_terms_a_package_gives_nothing() {
        for moment in ["2024-01-31T01:59:59Z", "2024-02-29T16:00:00Z"] {
            assert_eq!(of(Reset::Day, &["1m"], moment), None);
        }
    }

    #[test]
    fn a_renewal_has_a_quota_of_its_own_and_of_one_that_stops_it_adds_up() {
        assert_eq!(of(Reset::Never, &["1m", "1m"], "2024-03-05T00:00:00Z"), some("2024-02-29T16:00:00Z", "2024-03-31T16:00:00Z", 100));
        let mut stops = bought(Reset::Never, &["1m", "2m"]);
        stops.package.stop_when_used_up = true;
        let w = stops.window(&site(), at("2024-02-05T00:00:00Z")).unwrap();
        assert_eq!((w.begin, w.end, w.quota.0), (at("2024-01-31T02:00:00Z"), at("2024-04-30T16:00:00Z"), 300));
    }

    proptest! {
        /// Windows of one rule tile the terms: each moment lies in its window, and the next window begins where it ends.
        #[test]
        fn windows_tile_the_terms(reset in proptest::sample::select(Reset::ALL.to_vec()), seconds in 0_i64..35_000_000) {
            let all = bought(reset, &["1m", "3m", "1y"]);
            let moment = all.terms[0].span.start.saturating_add(Span::new().seconds(seconds)).unwrap();
            let find = |at| all.window(&site(), at);
            let w = find(moment).unwrap();
            prop_assert!(w.begin <= moment && moment < w.end);
            prop_assert_eq!(find(w.begin), Some(w));
            prop_assert_eq!(find(term::shown_end(w.end)), Some(w));
            let next = find(w.end);
            prop_assert!(next.is_none_or(|n| n.begin == w.end) && (next.is_some() || w.end == all.terms[2].span.end));
        }

        #[test]
        fn never_more_is_given_than_there_is(quota in 0_i64..1_000, used in 0_i64..2_000, wanted in 0_i64..2_000) {
            let w = Window { begin: at("2024-01-01T00:00:00Z"), end: at("2024-02-01T00:00:00Z"), quota: Quantity(quota) };
            let got = given(w, Quantity(used), Quantity(wanted)).0;
            prop_assert!(got >= 0 && got <= wanted && (got == 0 || used + got <= quota));
        }
    }
}
