//! Sites: one deployment serves several, each with a currency, a time zone and host names.

use crate::money::Currency;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

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
        Self { code, currency, time_zone: TimeZone::fixed(jiff::tz::offset(hours)) }
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

/// `yyyyMMddHHmmss` in UTC, the form of times on the SaaS wire (`saas-interface 1`).
#[must_use]
pub fn wire_time(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_belongs_to_the_site() {
        let late: Timestamp = "2026-01-31T17:00:00Z".parse().unwrap();
        assert_eq!(Site::of(SiteCode::Cn).day_of(late).to_string(), "2026-02-01");
        assert_eq!(Site::of(SiteCode::Intl).day_of(late).to_string(), "2026-01-31");
        assert_eq!(wire_time(late), "20260131170000");
    }
}
