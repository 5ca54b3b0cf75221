//! Exact money: whole minor units and a currency. A float never touches it.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize};
use std::{cmp::Ordering, fmt, str::FromStr};

crate::words! {
    /// States of an announced bank transfer.
    pub enum TransferState ("transfer state") { Pending = "pending", Confirmed = "confirmed", Refused = "refused" }
}

crate::words! {
    /// ISO 4217.
    pub enum Currency ("currency") { Cny = "CNY", Usd = "USD", Eur = "EUR", Jpy = "JPY", Kwd = "KWD" }
}

impl Currency {
    /// The digits after the point; the minor unit is the last of them.
    #[must_use]
    pub fn decimals(self) -> u32 {
        match self {
            Self::Cny | Self::Usd | Self::Eur => 2,
            Self::Jpy => 0,
            Self::Kwd => 3,
        }
    }

    /// Minor units of one whole unit.
    #[must_use]
    pub fn minor_per_unit(self) -> i64 {
        10_i64.saturating_pow(self.decimals())
    }

    /// So many whole units in minor units.
    #[must_use]
    pub fn minor_of(self, units: i64) -> i64 {
        units.saturating_mul(self.minor_per_unit())
    }

    /// The decimal text of minor units: `-120000` is `-1200.00` in CNY, `-120000` in JPY, `-120.000` in KWD.
    #[must_use]
    pub fn text(self, minor: i64) -> String {
        let sign = if minor < 0 { "-" } else { "" };
        let (abs, per_unit) = (minor.unsigned_abs(), self.minor_per_unit().unsigned_abs().max(1));
        let width = usize::try_from(self.decimals()).unwrap_or_default();
        match width {
            0 => format!("{sign}{abs}"),
            _ => {
                let (whole, part) = (abs.checked_div(per_unit).unwrap_or(abs), abs.checked_rem(per_unit).unwrap_or(0));
                format!("{sign}{whole}.{part:0width$}")
            }
        }
    }
}

/// The largest amount accepted from outside, in minor units: 10 thousand million CNY.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("{0:?} is not an amount; write digits, such as {1}")]
    NotAnAmount(String, String),
    #[error("the amount must not be negative")]
    Negative,
    #[error("the amount is larger than {}", .0.text(AMOUNT_MINOR_MAX))]
    TooLarge(Currency),
    #[error("the sum is too large")]
    Overflow,
}

/// An amount in minor units (fen, cent) of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(count).filter(|m| m.abs() <= AMOUNT_MINOR_MAX).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }

    /// The decimal text of the amount, without its currency.
    #[must_use]
    pub fn text(self) -> String {
        self.currency.text(self.minor)
    }

    /// Reads an amount that a client sent: not negative, at most the currency's decimals.
    ///
    /// # Errors
    /// [`MoneyError`], naming what is wrong.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        if text.starts_with('-') {
            return Err(MoneyError::Negative);
        }
        let decimals = usize::try_from(currency.decimals()).unwrap_or_default();
        let bad = || MoneyError::NotAnAmount(text.chars().take(40).collect(), currency.text(currency.minor_of(1_200)));
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        // More digits than the currency has are taken when they say nothing: 1200.00 in JPY.
        if !digits(whole) || !digits(part) || part.len() > 3 {
            return Err(bad());
        }
        let (kept, beyond) = part.split_at(part.len().min(decimals));
        if beyond.bytes().any(|b| b != b'0') {
            return Err(bad());
        }
        let whole: i64 = whole.parse().map_err(|_| MoneyError::TooLarge(currency))?;
        let part: i64 = format!("{kept:0<decimals$}0").parse::<i64>().map_err(|_| bad())? / 10;
        let minor = whole.checked_mul(currency.minor_per_unit()).and_then(|w| w.checked_add(part));
        let minor = minor.filter(|m| *m <= AMOUNT_MINOR_MAX).ok_or(MoneyError::TooLarge(currency))?;
        Ok(Self { minor, currency })
    }
}

/// `amount × numerator / denominator`, rounded half-even, for a part of an amount: `0 ≤ numerator ≤ denominator`, else it is
/// brought into that range. Nothing of nothing (a denominator of zero) is nothing.
#[must_use]
pub fn round_fraction(amount_minor: i64, numerator: i64, denominator: i64) -> i64 {
    if denominator <= 0 {
        return 0;
    }
    let part = i128::from(amount_minor).saturating_mul(i128::from(numerator.clamp(0, denominator)));
    // A part of an amount is no larger than the amount.
    round_half_even(part, i128::from(denominator)).unwrap_or(amount_minor)
}

/// `numerator / denominator` rounded half-even; `None` when it does not fit or the denominator is not positive.
#[must_use]
pub fn round_half_even(numerator: i128, denominator: i128) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let (whole, rest) = (numerator.checked_div_euclid(denominator)?, numerator.checked_rem_euclid(denominator)?);
    let up = match rest.cmp(&denominator.checked_sub(rest)?) {
        Ordering::Less => 0,
        Ordering::Equal => whole.checked_rem_euclid(2)?,
        Ordering::Greater => 1,
    };
    i64::try_from(whole.checked_add(up)?).ok()
}

/// The decimal text of stored minor units; of a currency that is not known, the number as it is.
#[must_use]
pub fn text(minor: i64, currency: &str) -> String {
    currency.parse().map_or_else(|_| minor.to_string(), |c: Currency| c.text(minor))
}

/// The sum of amounts, worked out wide.
///
/// # Errors
/// [`MoneyError::Overflow`] when it is no amount any more.
pub fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, MoneyError> {
    // So many i64 as fit into memory cannot overflow it.
    let all = amounts.into_iter().fold(0_i128, |sum, minor| sum.saturating_add(i128::from(minor)));
    i64::try_from(all).map_err(|_| MoneyError::Overflow)
}

/// An amount spread over others in proportion, to the minor unit; no part is larger than what it is spread over as long as
/// the amount is not larger than all of them.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn spread(amount_minor: i64, over: &[i64]) -> Result<Vec<i64>, MoneyError> {
    let all = sum(over.iter().copied())?;
    let (mut until, mut given, mut parts) = (0, 0, Vec::new());
    for share in over {
        until = sum([until, *share])?;
        let now = round_fraction(amount_minor, until, all);
        parts.push(difference(now, given)?);
        given = now;
    }
    Ok(parts)
}

/// `a − b`.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn difference(a: i64, b: i64) -> Result<i64, MoneyError> {
    a.checked_sub(b).ok_or(MoneyError::Overflow)
}

/// `amount × rate`, half-even to the minor unit.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn round_rate(amount_minor: i64, rate: Decimal) -> Result<i64, MoneyError> {
    Decimal::from(amount_minor).checked_mul(rate).and_then(round).ok_or(MoneyError::Overflow)
}

/// `amount / divisor`, half-even to the minor unit.
///
/// # Errors
/// [`MoneyError::Overflow`], also for a divisor of zero.
pub fn round_quotient(amount_minor: i64, divisor: Decimal) -> Result<i64, MoneyError> {
    Decimal::from(amount_minor).checked_div(divisor).and_then(round).ok_or(MoneyError::Overflow)
}

fn round(exact: Decimal) -> Option<i64> {
    exact.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven).to_i64()
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.text())
    }
}

/// `{"amount":"1200.00","currency":"CNY"}` (`contract`, JSON that other programs rely on).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyJson {
    amount: String,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        MoneyJson { amount: self.text(), currency: self.currency }.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let json = MoneyJson::deserialize(d)?;
        Self::parse(&json.amount, json.currency).map_err(serde::de::Error::custom)
    }
}

impl FromStr for Money {
    type Err = MoneyError;
    /// `100.00 CNY`, as written in catalogue files.
    fn from_str(s: &str) -> Result<Self, MoneyError> {
        let bad = || MoneyError::NotAnAmount(s.chars().take(40).collect(), "1200.00 CNY".to_owned());
        let (amount, currency) = s.split_once(' ').ok_or_else(bad)?;
        Self::parse(amount, currency.parse().map_err(|_| bad())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_to_the_cent_or_refused() {
        let read = |s| Money::parse(s, Currency::Cny).map(|m| m.minor);
        assert_eq!(read("1200.00"), Ok(120_000));
        assert_eq!(read("1200"), Ok(120_000));
        assert_eq!(read("0.5"), Ok(50));
        assert_eq!(read("-1"), Err(MoneyError::Negative));
        assert_eq!(read("99999999999999999999"), Err(MoneyError::TooLarge(Currency::Cny)));
        for bad in ["", ".", "1.", "1.234", "1,00", "1e3", " 1", "１"] {
            assert!(matches!(read(bad), Err(MoneyError::NotAnAmount(..))), "{bad:?}");
        }
    }

    #[test]
    fn a_currency_has_its_own_decimals() {
        let read = |s, currency| Money::parse(s, currency).map(|m| m.minor).ok();
        assert_eq!([Currency::Jpy, Currency::Cny, Currency::Kwd].map(|c| c.text(-1_234)), ["-1234", "-12.34", "-1.234"]);
        assert_eq!((read("1200", Currency::Jpy), read("1200.00", Currency::Jpy)), (Some(1_200), Some(1_200)));
        assert_eq!((read("1200.5", Currency::Jpy), read("1.234", Currency::Kwd)), (None, Some(1_234)));
        assert_eq!((read("1.2", Currency::Kwd), read("1.2345", Currency::Kwd), read("1.", Currency::Jpy)), (Some(1_200), None, None));
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        assert_eq!([5, 7, -5, -7, 0].map(|minor| round_fraction(minor, 1, 2)), [2, 4, -2, -4, 0]);
        assert_eq!((round_fraction(100, 1, 0), round_fraction(100, 3, 2), round_fraction(100, -1, 2)), (0, 100, 0));
        assert_eq!(round_fraction(i64::MAX, i64::MAX, i64::MAX), i64::MAX);
        let rate = |minor| round_rate(minor, Decimal::new(5, 1));
        assert_eq!((rate(5), rate(7), rate(i64::MAX)), (Ok(2), Ok(4), Ok(4_611_686_018_427_387_904)));
        assert_eq!(round_rate(i64::MAX, Decimal::TWO), Err(MoneyError::Overflow));
        assert_eq!((round_quotient(106, Decimal::new(106, 2)), round_quotient(1, Decimal::ZERO)), (Ok(100), Err(MoneyError::Overflow)));
    }

    #[test]
    fn sums_are_worked_out_wide_and_refused_when_they_do_not_fit() {
        assert_eq!(sum([i64::MAX, 1, -1]), Ok(i64::MAX), "what passes the limit on the way comes back");
        assert_eq!(sum([i64::MAX, 1]), Err(MoneyError::Overflow));
        assert_eq!(difference(i64::MIN, 1), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn what_is_spread_adds_up(over in proptest::collection::vec(0i64..10_000_000, 1..6), part in 0i64..=1_000) {
            let all: i64 = over.iter().sum();
            let amount = round_fraction(all, part, 1_000);
            let parts = spread(amount, &over).unwrap();
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            prop_assert!(parts.iter().zip(&over).all(|(part, share)| (0..=*share).contains(part)), "{:?} of {:?}", parts, over);
        }

        #[test]
        fn text_reads_back(minor in 0..AMOUNT_MINOR_MAX, currency in proptest::sample::select(Currency::ALL)) {
            let money = Money::new(minor, currency);
            prop_assert_eq!(Money::parse(&money.text(), currency), Ok(money));
        }
    }
}
