//! On-demand specifications: meters, prices by use, usage records and what they cost (`seller-domain 2.5`,
//! `open-api 4`).
//!
//! Sellers choose the numbers, so no sum of them may wrap: what is added up is wide, what is stored has a stated limit, and
//! a record that would go beyond one is refused by itself.

#![deny(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod cap;
mod hold;
mod record;
mod total;

pub use cap::{Cap, CapAction, CapLevel, CapSide, Standing as CapStanding, WARN_PERCENT, in_force};
pub use hold::{HOLD_DAYS, HOLD_OVER_UNITS, HOLD_TIMES, HoldEnd, HoldState, LARGEST_DAYS, needs_consent};
pub use record::{LATE_DAYS, Life, Refused, Span, check_span, hour_of, is_frozen, is_frozen_in};
pub use total::{CHARGE_MINOR_MAX, CYCLE_MINOR_MAX, Exact, QUANTITY_SUM_MAX, QuantitySum, Total, charge, cost, minor};

use crate::listing::Bilingual;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

crate::words! {
    /// How often use is reported and charged (计费周期).
    pub enum BillingCycle ("billing cycle") { Hour = "hour", Day = "day" }
}

crate::words! {
    /// How a quantity becomes an amount (`seller-domain 2.5`, quantity pricing).
    pub enum PriceModel ("price model") {
        /// Quantity × unit price.
        Fixed = "fixed",
        /// Each slice at its own price, over an accumulation cycle. Upstream: Step, tiered.
        Tiered = "tiered",
        /// The whole quantity at the tier reached, judged per usage record. Upstream: Tier, volume.
        Volume = "volume",
    }
}

crate::words! {
    /// How long a quantity accumulates before tiers begin anew (累计周期).
    pub enum Accumulation ("accumulation cycle") { Day = "day", Month = "month" }
}

crate::words! {
    /// What became of a usage record (话单).
    pub enum UsageState ("usage record state") {
        /// Right, and not charged yet.
        Accepted = "accepted",
        /// Right, and part of a charge that waits for the buyer's consent.
        Held = "held",
        /// Wrong; to be sent again.
        Refused = "refused",
        Charged = "charged",
        /// Replaced by a later record.
        Corrected = "corrected",
    }
}

crate::words! {
    /// What became of a charge by use.
    pub enum ChargeState ("state of a charge") {
        /// Not taken from the wallet yet.
        Due = "due",
        Paid = "paid",
    }
}

/// Text that is no number with so many decimals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a number with at most {whole} digits before the point and {decimals} after")]
pub struct BadNumber {
    text: String,
    whole: usize,
    decimals: usize,
}

fn fixed(text: &str, whole: usize, decimals: usize) -> Result<i64, BadNumber> {
    let bad = || BadNumber { text: text.chars().take(40).collect(), whole, decimals };
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let fits = !before.is_empty() && before.len() <= whole && after.len() <= decimals && digits(before) && digits(after);
    if !fits || text.ends_with('.') {
        return Err(bad());
    }
    format!("{before}{after:0<decimals$}").parse().map_err(|_| bad())
}

/// The shortest decimal text of a number with so many decimals.
fn text(value: i128, decimals: usize) -> String {
    let digits = format!("{:0>1$}", value.unsigned_abs(), decimals.saturating_add(1));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
    let all = format!("{}{whole}.{fraction}", if value < 0 { "-" } else { "" });
    all.trim_end_matches('0').trim_end_matches('.').to_owned()
}

macro_rules! decimals {
    ($(#[$meta:meta])* $name:ident, $whole:literal, $decimals:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl FromStr for $name {
            type Err = BadNumber;
            fn from_str(s: &str) -> Result<Self, BadNumber> { fixed(s, $whole, $decimals).map(Self) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&text(i128::from(self.0), $decimals)) }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

decimals!(
    /// A measured quantity in ten-thousandths (`open-api 4.1`: 12 digits before the point, 4 after).
    Quantity, 12, 4
);
decimals!(
    /// A price per unit in millionths of a currency unit.
    UnitPrice, 9, 6
);

/// A billing factor with its one billing item (计费因子, 计费项): what is counted and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    pub name: Bilingual,
    /// Such as GB or call.
    pub unit: Bilingual,
    pub cycle: BillingCycle,
    pub model: PriceModel,
    pub accumulation: Accumulation,
}

/// A price up to a quantity; the last tier has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    pub up_to: Option<Quantity>,
    pub price: UnitPrice,
}

/// Whether tiers fit a model: one without an end for a fixed price, else rising ends and the last without.
#[must_use]
pub fn tiers_fit(model: PriceModel, tiers: &[Tier]) -> bool {
    let ends: Vec<Option<Quantity>> = tiers.iter().map(|t| t.up_to).collect();
    let rising = ends.windows(2).all(|pair| match (pair[0], pair[1]) {
        (Some(a), Some(b)) => a < b,
        (Some(_), None) => true,
        (None, _) => false,
    });
    let begins = ends.first().is_some_and(|end| end.is_none_or(|q| q.0 > 0));
    rising && begins && ends.last() == Some(&None) && (model != PriceModel::Fixed || tiers.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn tiers(all: &[(Option<&str>, &str)]) -> Vec<Tier> {
        all.iter().map(|(end, price)| Tier { up_to: end.map(q), price: price.parse().unwrap() }).collect()
    }

    #[test]
    fn numbers_have_the_documented_digits() {
        for (text, value) in [("1", 10_000), ("0.0001", 1), ("999999999999.9999", 9_999_999_999_999_999), ("8.50", 85_000)] {
            assert_eq!(text.parse(), Ok(Quantity(value)));
        }
        for bad in ["", ".", "1.", ".5", "-1", "1e3", "1000000000000", "0.00001", " 1", "１"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
        assert_eq!((q("8.50").to_string(), q("12").to_string(), Quantity(-5).to_string()), ("8.5".into(), "12".into(), "-0.0005".into()));
    }

    #[test]
    fn tiers_rise_and_the_last_has_no_end() {
        let fit = |model, all: &[(Option<&str>, &str)]| tiers_fit(model, &tiers(all));
        assert!(fit(PriceModel::Tiered, &[(Some("3"), "0.3"), (Some("9"), "0.2"), (None, "0")]));
        assert!(fit(PriceModel::Fixed, &[(None, "1")]));
        assert!(!fit(PriceModel::Fixed, &[(Some("3"), "1"), (None, "1")]));
        for bad in [
            &[][..],
            &[(Some("3"), "1")],
            &[(Some("3"), "1"), (Some("3"), "1"), (None, "1")],
            &[(None, "1"), (None, "1")],
            &[(Some("0"), "1"), (None, "1")],
        ] {
            assert!(!fit(PriceModel::Volume, bad), "{bad:?}");
        }
    }
}
