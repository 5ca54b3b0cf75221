//! Sites: one deployment serves several, each with a currency, a time zone and host names.

use crate::money::Currency;
use jiff::{
    Timestamp,
    civil::{Date, Weekday},
    tz::TimeZone,
};

crate::words! {
    /// Where an account is at home (`product`, sites).
    pub enum SiteCode ("site") { Cn = "cn", Intl = "intl", Eu = "eu" }
}

crate::words! {
    /// Languages of screens and messages.
    pub enum Language ("language") { Zh = "zh", En = "en" }
}

/// What differs from site to site.
#[derive(Debug, Clone)]
pub struct Site {
    pub code: SiteCode,
    pub currency: Currency,
    pub time_zone: TimeZone,
    /// Host names that lead to it, in lower case and without a port.
    pub hosts: Vec<String>,
}

/// The sites of a deployment; the first is that of hosts that name none.
#[derive(Debug, Clone)]
pub struct Sites(Vec<Site>);

impl Default for Sites {
    fn default() -> Self {
        Self(SiteCode::ALL.iter().map(|code| Site::of(*code)).collect())
    }
}

impl Sites {
    /// `None` when there is no site, or one twice.
    #[must_use]
    pub fn new(sites: Vec<Site>) -> Option<Self> {
        let twice = sites.iter().enumerate().any(|(i, s)| sites[..i].iter().any(|other| other.code == s.code));
        (!sites.is_empty() && !twice).then_some(Self(sites))
    }

    #[must_use]
    pub fn all(&self) -> &[Site] {
        &self.0
    }

    #[must_use]
    pub fn serves(&self, code: SiteCode) -> bool {
        self.0.iter().any(|s| s.code == code)
    }

    /// The settings of a site; of one that is no longer served, the built-in ones.
    #[must_use]
    pub fn of(&self, code: SiteCode) -> Site {
        self.0.iter().find(|s| s.code == code).cloned().unwrap_or_else(|| Site::of(code))
    }

    /// The site of a `Host` header, with or without a port.
    #[must_use]
    pub fn of_host(&self, host: &str) -> SiteCode {
        let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host });
        let named = self.0.iter().find(|s| s.hosts.iter().any(|h| h.eq_ignore_ascii_case(name)));
        named.or(self.0.first()).map_or(SiteCode::Cn, |s| s.code)
    }
}

impl Site {
    /// The built-in settings; `cn` counts days at UTC+8, the others at UTC.
    #[must_use]
    pub fn of(code: SiteCode) -> Self {
        let (currency, hours) = match code {
            SiteCode::Cn => (Currency::Cny, 8),
            SiteCode::Intl => (Currency::Usd, 0),
            SiteCode::Eu => (Currency::Eur, 0),
        };
        Self { code, currency, time_zone: TimeZone::fixed(jiff::tz::offset(hours)), hosts: Vec::new() }
    }

    /// The calendar day of an instant at this site.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned_datetime(self.time_zone.clone()).date()
    }

    /// 00:00:00 of a day at this site; the far ends of the calendar are clamped.
    #[must_use]
    pub fn start_of(&self, day: Date) -> Timestamp {
        self.at_hour(day, 0)
    }

    /// The full hour of a day at this site.
    #[must_use]
    pub fn at_hour(&self, day: Date, hour: i8) -> Timestamp {
        day.at(hour, 0, 0, 0).to_zoned_datetime(self.time_zone.clone()).map_or(Timestamp::MAX, |z| z.timestamp())
    }
}

impl Site {
    /// The same hour so many working days later. Working days are Monday to Friday (ours: no calendar of holidays).
    #[must_use]
    pub fn working_days_after(&self, at: Timestamp, days: u16) -> Timestamp {
        let zoned = at.to_zoned_datetime(self.time_zone.clone());
        let (mut day, mut left) = (zoned.date(), days);
        while left > 0 {
            day = day.saturating_add(jiff::Span::new().days(1));
            if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                left = left.saturating_sub(1);
            }
        }
        day.to_datetime(zoned.time()).to_zoned_datetime(self.time_zone.clone()).map_or(Timestamp::MAX, |z| z.timestamp())
    }
}

/// `yyyyMMddHHmmss` in UTC, the form of times on the SaaS wire (`saas-interface 1`).
#[must_use]
pub fn wire_time(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

/// A calendar month of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// `yyyy-MM`.
    pub name: String,
    pub start: Timestamp,
    /// Exclusive.
    pub end: Timestamp,
}

impl Site {
    /// Some months up to the one that a moment lies in, the oldest first.
    #[must_use]
    pub fn months_until(&self, at: Timestamp, count: usize) -> Vec<Month> {
        let present = self.day_of(at).first_of_month();
        let back = |n: usize| present.saturating_sub(jiff::Span::new().months(i64::try_from(n).unwrap_or(0)));
        (0..count).rev().map(|n| self.month_from(back(n))).collect()
    }

    /// The month that a moment lies in.
    #[must_use]
    pub fn month_of(&self, at: Timestamp) -> Month {
        self.month_from(self.day_of(at).first_of_month())
    }

    fn month_from(&self, first: Date) -> Month {
        let next = first.saturating_add(jiff::Span::new().months(1));
        Month { name: first.strftime("%Y-%m").to_string(), start: self.start_of(first), end: self.start_of(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_days_leave_the_weekend_out() {
        let site = Site::of(SiteCode::Cn);
        let after = |at: &str, days| site.working_days_after(at.parse().unwrap(), days).to_string();
        assert_eq!(after("2026-11-26T02:00:00Z", 3), "2026-12-01T02:00:00Z", "Thursday, then Friday, Monday, Tuesday");
        assert_eq!(after("2026-11-27T17:00:00Z", 1), "2026-11-29T17:00:00Z", "Saturday at the site; Monday 01:00 there");
        assert_eq!(after("2026-11-26T02:00:00Z", 0), "2026-11-26T02:00:00Z");
    }

    #[test]
    fn a_host_leads_to_its_site_and_another_to_the_first() {
        let site = |code, host: &str| Site { hosts: vec![host.to_owned()], ..Site::of(code) };
        let sites = Sites::new(vec![site(SiteCode::Intl, "market.example.com"), site(SiteCode::Cn, "market.example.cn")]).unwrap();
        for (host, code) in [
            ("market.example.cn", SiteCode::Cn),
            ("MARKET.example.CN:8443", SiteCode::Cn),
            ("market.example.com", SiteCode::Intl),
            ("127.0.0.1:8080", SiteCode::Intl),
            ("[::1]:8080", SiteCode::Intl),
            ("", SiteCode::Intl),
        ] {
            assert_eq!(sites.of_host(host), code, "{host}");
        }
        assert!(!sites.serves(SiteCode::Eu));
        assert!(Sites::new(vec![Site::of(SiteCode::Cn), Site::of(SiteCode::Cn)]).is_none());
        assert!(Sites::new(vec![]).is_none());
    }

    #[test]
    fn a_day_belongs_to_the_site() {
        let late: Timestamp = "2026-01-31T17:00:00Z".parse().unwrap();
        assert_eq!(Site::of(SiteCode::Cn).day_of(late).to_string(), "2026-02-01");
        assert_eq!(Site::of(SiteCode::Intl).day_of(late).to_string(), "2026-01-31");
        assert_eq!(wire_time(late), "20260131170000");
    }

    #[test]
    fn months_are_those_of_the_site_and_follow_each_other() {
        let site = Site::of(SiteCode::Cn);
        let months = site.months_until("2024-02-29T16:30:00Z".parse().unwrap(), 3);
        let names: Vec<_> = months.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["2024-01", "2024-02", "2024-03"]);
        assert_eq!(months[2].start, "2024-02-29T16:00:00Z".parse().unwrap());
        assert!(months.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
}
