//! Periods that are bought: so many days, months or years (`order-life 1`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

crate::words! {
    /// The unit of a period; the words are those of `periodType` on the wire.
    pub enum PeriodUnit ("period unit") { Day = "day", Month = "month", Year = "year" }
}

crate::words! {
    /// Billing modes (计费模式) of this catalogue (`seller-domain 2.5`).
    pub enum ChargingMode ("charging mode") {
        Period = "PERIOD",
        OneTime = "ONE_TIME",
        OnDemand = "ON_DEMAND",
        /// On-demand package: a quota for a period, paid in advance.
        OnDemandPackage = "ON_DEMAND_PKG",
    }
}

/// A period such as `7d`, `1m` or `12m`: 1 to 36 units, days up to 180.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    pub count: u16,
    pub unit: PeriodUnit,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a period; write for example 7d (up to 180), 1m, 12m (up to 36) or 1y (up to 3)")]
pub struct BadPeriod(pub String);

impl Period {
    /// # Errors
    /// [`BadPeriod`] when the count is outside the unit's limits.
    pub fn new(count: u16, unit: PeriodUnit) -> Result<Self, BadPeriod> {
        let max = match unit {
            PeriodUnit::Day => 180,
            PeriodUnit::Month => 36,
            PeriodUnit::Year => 3,
        };
        if (1..=max).contains(&count) { Ok(Self { count, unit }) } else { Err(BadPeriod(format!("{count} {unit}"))) }
    }

    /// `1y` and `12m` are the same period: the wire knows years, so whole years are written as years.
    #[must_use]
    pub fn in_years(self) -> Option<u16> {
        match self.unit {
            PeriodUnit::Year => Some(self.count),
            PeriodUnit::Month if self.count.is_multiple_of(12) => Some(self.count / 12),
            PeriodUnit::Month | PeriodUnit::Day => None,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            PeriodUnit::Day => 'd',
            PeriodUnit::Month => 'm',
            PeriodUnit::Year => 'y',
        };
        write!(f, "{}{unit}", self.count)
    }
}

impl FromStr for Period {
    type Err = BadPeriod;
    fn from_str(s: &str) -> Result<Self, BadPeriod> {
        let bad = || BadPeriod(s.chars().take(20).collect());
        let unit = match s.chars().last() {
            Some('d') => PeriodUnit::Day,
            Some('m') => PeriodUnit::Month,
            Some('y') => PeriodUnit::Year,
            _ => return Err(bad()),
        };
        let count = s.get(..s.len().saturating_sub(1)).unwrap_or_default().parse().map_err(|_| bad())?;
        Self::new(count, unit).map_err(|_| bad())
    }
}

crate::stored_text!(Period);

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_short_words() {
        for text in ["7d", "180d", "1m", "36m", "3y"] {
            assert_eq!(text.parse::<Period>().map(|p| p.to_string()).as_deref(), Ok(text));
        }
        for bad in ["", "m", "0m", "37m", "181d", "4y", "1w", "-1m", "1.5m", "月", "99999d"] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
    }
}
