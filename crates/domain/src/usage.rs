//! On-demand specifications: meters, prices by use, usage records and what they cost (`seller-domain 2.5`,
//! `open-api 4`).

use crate::listing::Bilingual;
use jiff::{SignedDuration, Timestamp};
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
        /// Wrong; to be sent again.
        Refused = "refused",
        Charged = "charged",
        /// Replaced by a later record.
        Corrected = "corrected",
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
fn text(value: i64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    let (abs, width) = (value.unsigned_abs(), decimals as usize);
    let all = format!("{}{}.{:0width$}", if value < 0 { "-" } else { "" }, abs / scale, abs % scale);
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
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&text(self.0, $decimals)) }
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

/// An amount as a whole number of 10^-10 currency units: ten-thousandths × millionths.
pub type Exact = i128;

/// What a quantity costs: of a cycle so far when tiers accumulate, of one record for volume prices.
#[must_use]
pub fn cost(model: PriceModel, tiers: &[Tier], quantity: Quantity) -> Exact {
    let times = |amount: i64, price: UnitPrice| i128::from(amount) * i128::from(price.0);
    match model {
        PriceModel::Fixed => tiers.first().map_or(0, |t| times(quantity.0, t.price)),
        PriceModel::Volume => {
            let reached = tiers.iter().find(|t| t.up_to.is_none_or(|end| quantity <= end));
            reached.map_or(0, |t| times(quantity.0, t.price))
        }
        PriceModel::Tiered => {
            let (mut begin, mut sum) = (0, 0);
            for tier in tiers {
                let end = tier.up_to.map_or(quantity.0, |end| end.0.min(quantity.0));
                sum += times((end - begin).max(0), tier.price);
                begin = begin.max(end);
            }
            sum
        }
    }
}

/// Minor units of an exact amount, half-even.
#[must_use]
pub fn minor(exact: Exact) -> i64 {
    const STEP: i128 = 100_000_000;
    let (whole, rest) = (exact.div_euclid(STEP), exact.rem_euclid(STEP));
    let up = rest * 2 > STEP || (rest * 2 == STEP && whole % 2 != 0);
    i64::try_from(whole + i128::from(up)).unwrap_or(i64::MAX)
}

/// What was used in an accumulation cycle so far and what was charged for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    pub quantity: Quantity,
    pub exact: Exact,
    pub charged_minor: i64,
}

impl Total {
    /// Adds a record, or takes one back that a correction replaces.
    pub fn count(&mut self, model: PriceModel, tiers: &[Tier], quantity: Quantity, back: bool) {
        let sign = if back { -1 } else { 1 };
        self.quantity.0 += sign * quantity.0;
        self.exact = match model {
            PriceModel::Volume => self.exact + i128::from(sign) * cost(model, tiers, quantity),
            PriceModel::Fixed | PriceModel::Tiered => cost(model, tiers, self.quantity),
        };
    }

    /// What is to be charged now, so that all charges together are the exact amount rounded once.
    pub fn charge(&mut self) -> i64 {
        let all = minor(self.exact);
        let now = all - self.charged_minor;
        self.charged_minor = all;
        now
    }
}

/// Records are accepted for so long (`open-api 3.3`, MKT.9004).
pub const LATE_DAYS: i64 = 21;

/// Why a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("Instance ID not found: you have no instance {0}")]
    UnknownInstance(String),
    #[error("two products have an instance {0}; send product_id too")]
    Ambiguous(String),
    #[error("the instance is not billed by use")]
    NotOnDemand,
    #[error("the instance was not opened")]
    NotOpened,
    #[error("{field} {text:?} is not a time such as 20240131T080000Z")]
    NotATime { field: &'static str, text: String },
    #[error("usage_value: {0}")]
    NotANumber(#[from] BadNumber),
    #[error("usage_value must be more than zero")]
    NotPositive,
    #[error("end_time lies before begin_time or at it")]
    EndsBeforeItBegins,
    #[error("end_time lies in the future")]
    InTheFuture,
    #[error("Record beginTime extends Limit: begin_time is older than {LATE_DAYS} days")]
    TooLate,
    #[error("begin_time lies before the instance was opened")]
    BeforeOpening,
    #[error("end_time lies after the instance was released")]
    AfterRelease,
    #[error("relate_pkg_instance: the buyer of the instance has no package {0} for it")]
    UnknownPackage(String),
    #[error("relate_pkg_instance: the package {0} does not cover begin_time; its terms are over or begin later")]
    PackageOver(String),
    #[error("relate_pkg_instance: the package {0} is used up and stops; the buyer may renew it")]
    PackageUsedUp(String),
    #[error("corrects: there is no such record of this instance that can still be corrected")]
    NothingToCorrect,
}

/// The measured time of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub begin: Timestamp,
    pub end: Timestamp,
}

/// When an instance could be used.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub opened_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// Whether a time may be reported for an instance (`open-api 4.1`).
///
/// # Errors
/// [`Refused`]: the rule that it breaks.
pub fn check_span(span: Span, life: Life, now: Timestamp) -> Result<(), Refused> {
    let opened = life.opened_at.ok_or(Refused::NotOpened)?;
    if span.end <= span.begin {
        return Err(Refused::EndsBeforeItBegins);
    }
    if span.end > now {
        return Err(Refused::InTheFuture);
    }
    if span.begin < now - SignedDuration::from_hours(24 * LATE_DAYS) {
        return Err(Refused::TooLate);
    }
    // Reports are by whole hours or days: the one in which the instance opened counts.
    if span.end <= opened {
        return Err(Refused::BeforeOpening);
    }
    if life.ended_at.is_some_and(|ended| span.end > ended) {
        return Err(Refused::AfterRelease);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn eight_minutes_cost_what_the_reference_says() {
        let prices = tiers(&[(Some("3"), "0.3"), (None, "0.2")]);
        assert_eq!(minor(cost(PriceModel::Tiered, &prices, q("8"))), 190);
        assert_eq!(minor(cost(PriceModel::Volume, &prices, q("8"))), 160);
        assert_eq!(minor(cost(PriceModel::Volume, &prices, q("3"))), 90);
        assert_eq!(minor(cost(PriceModel::Fixed, &tiers(&[(None, "0.3")]), q("8"))), 240);
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let at = |cents: i128| minor(cents * 100_000_000 / 2);
        assert_eq!([at(1), at(3), at(5), at(-1), at(-3)], [0, 2, 2, 0, -2]);
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

    #[test]
    fn each_rule_of_the_measured_time_refuses() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2024-01-31T08:05:00Z");
        let running = Life { opened_at: Some(at("2024-01-05T02:00:00Z")), ended_at: None };
        let check = |begin: &str, end: &str, life| check_span(Span { begin: at(begin), end: at(end) }, life, now);
        assert_eq!(check("2024-01-31T07:00:00Z", "2024-01-31T08:00:00Z", running), Ok(()));
        assert_eq!(check("2024-01-31T08:00:00Z", "2024-01-31T08:00:00Z", running), Err(Refused::EndsBeforeItBegins));
        assert_eq!(check("2024-01-31T08:00:00Z", "2024-01-31T09:00:00Z", running), Err(Refused::InTheFuture));
        assert_eq!(check("2024-01-10T08:00:00Z", "2024-01-10T09:00:00Z", running), Err(Refused::TooLate));
        assert_eq!(check("2024-01-10T08:10:00Z", "2024-01-10T09:10:00Z", running), Ok(()));
        let young = Life { opened_at: Some(at("2024-01-31T06:30:00Z")), ended_at: None };
        assert_eq!(check("2024-01-31T05:00:00Z", "2024-01-31T06:00:00Z", young), Err(Refused::BeforeOpening));
        assert_eq!(check("2024-01-31T06:00:00Z", "2024-01-31T07:00:00Z", young), Ok(()), "the hour in which it opened");
        let over = Life { ended_at: Some(at("2024-01-31T07:30:00Z")), ..running };
        assert_eq!(check("2024-01-31T07:00:00Z", "2024-01-31T08:00:00Z", over), Err(Refused::AfterRelease));
        assert_eq!(
            check("2024-01-31T07:00:00Z", "2024-01-31T08:00:00Z", Life { opened_at: None, ended_at: None }),
            Err(Refused::NotOpened)
        );
    }

    proptest! {
        /// However records come in and are corrected, what was charged is the exact amount rounded once.
        #[test]
        fn charges_add_up_to_the_exact_amount(
            amounts in proptest::collection::vec((1..50_000_000_i64, any::<bool>(), any::<bool>()), 1..40),
            model in proptest::sample::select(PriceModel::ALL.to_vec()),
        ) {
            let prices = match model {
                PriceModel::Fixed => tiers(&[(None, "0.001234")]),
                _ => tiers(&[(Some("1000"), "0.37"), (Some("9000"), "0.000021"), (None, "0.5")]),
            };
            let (mut total, mut charged, mut standing) = (Total::default(), 0, vec![]);
            for (amount, charge, correct) in amounts {
                if correct && let Some(old) = standing.pop() {
                    total.count(model, &prices, old, true);
                }
                total.count(model, &prices, Quantity(amount), false);
                standing.push(Quantity(amount));
                if charge {
                    charged += total.charge();
                }
            }
            charged += total.charge();
            let exact: Exact = match model {
                PriceModel::Volume => standing.iter().map(|q| cost(model, &prices, *q)).sum(),
                PriceModel::Fixed | PriceModel::Tiered => cost(model, &prices, Quantity(standing.iter().map(|q| q.0).sum())),
            };
            prop_assert_eq!(charged, minor(exact));
        }
    }
}
