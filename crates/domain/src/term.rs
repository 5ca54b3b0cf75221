//! Terms: one paid period of an instance each, contiguous, without overlap (`order-life 1`).

use crate::{
    period::{Period, PeriodUnit},
    site::Site,
};
use jiff::{Span, Timestamp, civil::Date};

/// When a term runs. The end is exclusive: 00:00:00 of the day after the last one; shown and sent is
/// the second before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermSpan {
    pub start: Timestamp,
    pub end: Timestamp,
}

/// Where the next term begins counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The day from which the period is counted.
    pub day: Date,
    /// The day of the month of the first term, kept when a shorter month cut it.
    pub day_of_month: i8,
}

impl Anchor {
    /// The anchor of a first term that starts on `day`.
    #[must_use]
    pub fn first(day: Date) -> Self {
        Self { day, day_of_month: day.day() }
    }

    /// The anchor of the term after one that ends at `end` (exclusive).
    #[must_use]
    pub fn after(site: &Site, end: Timestamp, day_of_month: i8) -> Self {
        Self { day: last_day(site, end), day_of_month }
    }
}

/// The last day of a term that ends at `end` (exclusive).
#[must_use]
pub fn last_day(site: &Site, end: Timestamp) -> Date {
    let end_day = site.day_of(end);
    end_day.yesterday().unwrap_or(end_day)
}

/// The last day of a period counted from the anchor: months keep the first term's day of the month,
/// clamped to the month's end (31 January, 28 February, 31 March).
#[must_use]
pub fn last_day_after(anchor: Anchor, period: Period) -> Date {
    let months = match period.unit {
        PeriodUnit::Day => {
            return anchor.day.saturating_add(Span::new().days(i64::from(period.count)));
        }
        PeriodUnit::Month => i64::from(period.count),
        PeriodUnit::Year => i64::from(period.count).saturating_mul(12),
    };
    let target = anchor.day.first_of_month().saturating_add(Span::new().months(months));
    let day = anchor.day_of_month.min(target.days_in_month());
    Date::new(target.year(), target.month(), day).unwrap_or(target)
}

/// The term that a period makes when it starts at `start` and is counted from `anchor`.
#[must_use]
pub fn term(site: &Site, start: Timestamp, anchor: Anchor, period: Period) -> TermSpan {
    let last = last_day_after(anchor, period);
    TermSpan { start, end: site.start_of(last.tomorrow().unwrap_or(last)) }
}

/// The last second of a term, as people and sellers see it.
#[must_use]
pub fn shown_end(end: Timestamp) -> Timestamp {
    end.saturating_sub(Span::new().seconds(1)).unwrap_or(end)
}

/// Whole site days of a term: a first day that began at midnight counts, a broken one does not.
#[must_use]
pub fn days(site: &Site, term: TermSpan) -> i64 {
    let first = site.day_of(term.start);
    let broken = i64::from(site.start_of(first) < term.start);
    whole_days_between(first, site.day_of(term.end)).saturating_sub(broken)
}

/// Whole site days of a term that are still to come: tomorrow to the last day (`order-life 3`).
#[must_use]
pub fn days_to_come(site: &Site, term: TermSpan, now: Timestamp) -> i64 {
    let tomorrow = site.day_of(now).tomorrow().unwrap_or(site.day_of(now));
    let from = tomorrow.max(site.day_of(term.start));
    whole_days_between(from, site.day_of(term.end)).clamp(0, days(site, term).max(0))
}

fn whole_days_between(from: Date, to: Date) -> i64 {
    i64::from(to.since(from).map_or(0, |span| span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::SiteCode;
    use proptest::prelude::*;

    fn cn() -> Site {
        Site::of(SiteCode::Cn)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_bought_on_26_july_ends_with_that_day_at_the_site() {
        // Documented sample: created 2022-07-26 06:47:36Z, expires 2023-07-26 15:59:59Z.
        let start = at("2022-07-26T06:47:36Z");
        let term = term(&cn(), start, Anchor::first(cn().day_of(start)), "1y".parse().unwrap());
        assert_eq!(shown_end(term.end), at("2023-07-26T15:59:59Z"));
        assert_eq!(days(&cn(), term), 365);
    }

    #[test]
    fn months_keep_the_day_of_the_first_term() {
        let month: Period = "1m".parse().unwrap();
        let mut anchor = Anchor::first("2026-01-31".parse().unwrap());
        let mut ends = vec![];
        for _ in 0..4 {
            let last = last_day_after(anchor, month);
            ends.push(last.to_string());
            anchor = Anchor { day: last, ..anchor };
        }
        assert_eq!(ends, ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]);
        assert_eq!(last_day_after(Anchor::first("2028-01-31".parse().unwrap()), month).to_string(), "2028-02-29");
    }

    #[test]
    fn a_trial_of_seven_days_ends_with_the_seventh_day_after_the_first() {
        let start = at("2026-03-01T10:00:00Z");
        let term = term(&cn(), start, Anchor::first(cn().day_of(start)), "7d".parse().unwrap());
        assert_eq!(shown_end(term.end), at("2026-03-08T15:59:59Z"));
    }

    #[test]
    fn all_days_are_to_come_on_the_first_day_and_none_on_the_last() {
        let start = at("2026-01-05T02:00:00Z");
        let first = term(&cn(), start, Anchor::first(cn().day_of(start)), "12m".parse().unwrap());
        assert_eq!(days_to_come(&cn(), first, start), days(&cn(), first));
        assert_eq!(days_to_come(&cn(), first, shown_end(first.end)), 0);
        let next = term(&cn(), first.end, Anchor::after(&cn(), first.end, 5), "1m".parse().unwrap());
        assert_eq!(days(&cn(), next), 31);
        assert_eq!(days_to_come(&cn(), next, start), 31);
    }

    proptest! {
        #[test]
        fn renewals_are_contiguous_and_grow(
            seconds in 1_700_000_000i64..2_000_000_000,
            counts in proptest::collection::vec(1u16..=36, 1..8),
        ) {
            let site = cn();
            let start = Timestamp::from_second(seconds).unwrap();
            let first_day = site.day_of(start);
            let mut anchor = Anchor::first(first_day);
            let mut from = start;
            for count in counts {
                let term = term(&site, from, anchor, Period::new(count, PeriodUnit::Month).unwrap());
                prop_assert_eq!(term.start, from);
                prop_assert!(term.end > term.start);
                prop_assert!(days(&site, term) >= i64::from(count) * 28 - 1);
                let last = last_day(&site, term.end);
                prop_assert!(last.day() == first_day.day().min(last.days_in_month()));
                from = term.end;
                anchor = Anchor::after(&site, term.end, first_day.day());
            }
        }
    }
}
