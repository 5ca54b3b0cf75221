//! Probing (拨测): whether the servers of products on sale still pass their saved cases (`seller-domain 6.3`).

use crate::site::Site;
use jiff::Timestamp;

/// Morning and afternoon, site time; the hours are ours.
pub const HOURS: [i8; 2] = [9, 15];
/// After so many failing days in a row trading is frozen.
pub const FAILING_DAYS_MAX: i64 = 5;

/// When products of a site are probed next, after a moment.
#[must_use]
pub fn next_round(site: &Site, after: Timestamp) -> Timestamp {
    let today = site.day_of(after);
    let tomorrow = today.tomorrow().unwrap_or(today);
    let rounds = [today, tomorrow].into_iter().flat_map(|day| HOURS.map(|hour| site.at_hour(day, hour)));
    rounds.into_iter().find(|at| *at > after).unwrap_or(after)
}

/// How many of the newest days failed in a row. A day on which any probe passed is none; one without a probe does
/// not count. Days come newest first, each with how many probes passed.
#[must_use]
pub fn failing_days(passed_by_day: &[i64]) -> i64 {
    i64::try_from(passed_by_day.iter().take_while(|passed| **passed == 0).count()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::SiteCode;

    #[test]
    fn rounds_are_in_the_morning_and_the_afternoon_of_the_site() {
        let site = Site::of(SiteCode::Cn);
        let next = |at: &str| next_round(&site, at.parse().unwrap()).to_string();
        assert_eq!(next("2024-01-05T00:59:59Z"), "2024-01-05T01:00:00Z");
        assert_eq!(next("2024-01-05T01:00:00Z"), "2024-01-05T07:00:00Z");
        assert_eq!(next("2024-01-05T07:00:00Z"), "2024-01-06T01:00:00Z");
        assert_eq!(next("2024-12-31T20:00:00Z"), "2025-01-01T01:00:00Z");
    }

    #[test]
    fn a_day_fails_when_none_of_its_probes_passed() {
        for (days, expected) in [(&[][..], 0), (&[1, 0, 0], 0), (&[0, 0, 1, 0], 2), (&[0, 0, 0, 0, 0], 5), (&[0, 2], 1)] {
            assert_eq!(failing_days(days), expected, "{days:?}");
        }
    }
}
