//! What use comes to: exact sums of an accumulation cycle, and what is charged of them.

use super::{PriceModel, Quantity, Refused, Tier, UnitPrice, text};
use crate::money::{AMOUNT_MINOR_MAX, Currency, round_half_even};
use std::fmt;

/// Quantities added up, in ten-thousandths: wide, so that no number of records makes it wrap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuantitySum(i128);

impl QuantitySum {
    #[must_use]
    pub fn plus(self, quantity: Quantity) -> Self {
        Self(self.0.saturating_add(i128::from(quantity.0)))
    }

    #[must_use]
    pub fn minus(self, quantity: Quantity) -> Self {
        Self(self.0.saturating_sub(i128::from(quantity.0)))
    }

    /// As it is stored; nothing beyond [`QUANTITY_SUM_MAX`] either way.
    #[must_use]
    pub fn stored(self) -> Option<i64> {
        i64::try_from(self.0).ok().filter(|n| n.unsigned_abs() <= QUANTITY_SUM_MAX.unsigned_abs())
    }
}

impl From<Quantity> for QuantitySum {
    fn from(quantity: Quantity) -> Self {
        Self(i128::from(quantity.0))
    }
}

impl fmt::Display for QuantitySum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(self.0, 4))
    }
}

/// An amount as a whole number of 10^-10 currency units: ten-thousandths × millionths.
pub type Exact = i128;
/// One currency unit.
const UNIT: Exact = 10_000_000_000;

/// What a quantity costs: of a cycle so far when tiers accumulate, of one record for volume prices. The largest quantity
/// at the largest price is a hundred thousandth of what [`Exact`] holds.
#[must_use]
pub fn cost(model: PriceModel, tiers: &[Tier], quantity: Quantity) -> Exact {
    let times = |amount: i64, price: UnitPrice| i128::from(amount).saturating_mul(i128::from(price.0));
    match model {
        PriceModel::Fixed => tiers.first().map_or(0, |t| times(quantity.0, t.price)),
        PriceModel::Volume => {
            let reached = tiers.iter().find(|t| t.up_to.is_none_or(|end| quantity <= end));
            reached.map_or(0, |t| times(quantity.0, t.price))
        }
        PriceModel::Tiered => {
            let (mut begin, mut sum) = (0_i64, 0_i128);
            for tier in tiers {
                let end = tier.up_to.map_or(quantity.0, |end| end.0.min(quantity.0));
                sum = sum.saturating_add(times(end.saturating_sub(begin).max(0), tier.price));
                begin = begin.max(end);
            }
            sum
        }
    }
}

/// Minor units of an exact amount, half-even; none when they do not fit.
#[must_use]
pub fn minor(exact: Exact, currency: Currency) -> Option<i64> {
    let per_minor = UNIT.checked_div(i128::from(currency.minor_per_unit()))?;
    round_half_even(exact, per_minor)
}

/// The largest charge: what one rating takes for an hour or a day.
pub const CHARGE_MINOR_MAX: i64 = AMOUNT_MINOR_MAX;
/// The most that the use of an accumulation cycle may come to: a thousand of the largest charges.
pub const CYCLE_MINOR_MAX: i64 = 1_000_000_000_000_000;
/// The most that is counted in an accumulation cycle or a charge, in ten-thousandths.
pub const QUANTITY_SUM_MAX: i64 = 9_000_000_000_000_000_000;

/// What was used in an accumulation cycle so far and what was charged for it. Nothing of it is ever below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub currency: Currency,
    pub quantity: Quantity,
    pub exact: Exact,
    pub charged_minor: i64,
}

impl Total {
    /// Nothing yet.
    #[must_use]
    pub fn of(currency: Currency) -> Self {
        Self { currency, quantity: Quantity::default(), exact: 0, charged_minor: 0 }
    }

    /// With a record more.
    ///
    /// # Errors
    /// [`Refused::CycleTooLarge`], [`Refused::QuantityTooLarge`].
    pub fn with(self, model: PriceModel, tiers: &[Tier], quantity: Quantity) -> Result<Self, Refused> {
        let sum = QuantitySum::from(self.quantity).plus(quantity);
        let now = Quantity(sum.stored().ok_or(Refused::QuantityTooLarge)?);
        let exact = match model {
            PriceModel::Volume => self.exact.saturating_add(cost(model, tiers, quantity)),
            PriceModel::Fixed | PriceModel::Tiered => cost(model, tiers, now),
        };
        let total = Self { quantity: now, exact, ..self };
        total.comes_to()?;
        Ok(total)
    }

    /// Without a record that a correction replaces; none when it was never counted.
    #[must_use]
    pub fn without(self, model: PriceModel, tiers: &[Tier], quantity: Quantity) -> Option<Self> {
        let sum = QuantitySum::from(self.quantity).minus(quantity);
        let now = Quantity(sum.stored().filter(|n| *n >= 0)?);
        let exact = match model {
            PriceModel::Volume => self.exact.saturating_sub(cost(model, tiers, quantity)),
            PriceModel::Fixed | PriceModel::Tiered => cost(model, tiers, now),
        };
        (exact >= 0).then_some(Self { quantity: now, exact, ..self })
    }

    /// All charges of the cycle together: the exact amount rounded once.
    ///
    /// # Errors
    /// [`Refused::CycleTooLarge`].
    pub fn comes_to(&self) -> Result<i64, Refused> {
        minor(self.exact, self.currency).filter(|all| *all <= CYCLE_MINOR_MAX).ok_or(Refused::CycleTooLarge(self.currency))
    }

    /// What is to be charged now; below zero it gives back what was charged before, and never more than that.
    ///
    /// # Errors
    /// [`Refused::CycleTooLarge`].
    pub fn open(&self) -> Result<i64, Refused> {
        Ok(self.comes_to()?.saturating_sub(self.charged_minor))
    }
}

/// What several cycles have to be charged together, as one charge.
///
/// # Errors
/// [`Refused::ChargeTooLarge`], [`Refused::CycleTooLarge`].
pub fn charge<'a>(totals: impl IntoIterator<Item = &'a Total>) -> Result<i64, Refused> {
    let (mut sum, mut currency) = (0_i128, Currency::Cny);
    for total in totals {
        currency = total.currency;
        sum = sum.saturating_add(i128::from(total.open()?));
    }
    i64::try_from(sum).ok().filter(|amount| *amount <= CHARGE_MINOR_MAX).ok_or(Refused::ChargeTooLarge(currency))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn none() -> Total {
        Total::of(Currency::Cny)
    }

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn tiers(all: &[(Option<&str>, &str)]) -> Vec<Tier> {
        all.iter().map(|(end, price)| Tier { up_to: end.map(q), price: price.parse().unwrap() }).collect()
    }

    #[test]
    fn eight_minutes_cost_what_the_reference_says() {
        let prices = tiers(&[(Some("3"), "0.3"), (None, "0.2")]);
        assert_eq!(minor(cost(PriceModel::Tiered, &prices, q("8")), Currency::Cny), Some(190));
        assert_eq!(minor(cost(PriceModel::Volume, &prices, q("8")), Currency::Cny), Some(160));
        assert_eq!(minor(cost(PriceModel::Volume, &prices, q("3")), Currency::Cny), Some(90));
        assert_eq!(minor(cost(PriceModel::Fixed, &tiers(&[(None, "0.3")]), q("8")), Currency::Cny), Some(240));
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let at = |cents: i128| minor(cents * 100_000_000 / 2, Currency::Cny);
        assert_eq!([at(1), at(3), at(5), at(-1), at(-3)], [0, 2, 2, 0, -2].map(Some));
        assert_eq!(minor(i128::MAX / 2, Currency::Cny), None);
        let of = |currency| minor(12_345_000_000, currency); // 1.2345
        assert_eq!([Currency::Jpy, Currency::Cny, Currency::Kwd].map(of), [Some(1), Some(123), Some(1_234)]);
    }

    #[test]
    fn what_goes_beyond_a_limit_is_refused_and_never_wraps() {
        let (fixed, most) = (PriceModel::Fixed, q("999999999999.9999"));
        let cents = tiers(&[(None, "0.01")]);
        let mut total = none().with(fixed, &cents, most).unwrap();
        assert_eq!(charge([&total]), Ok(CHARGE_MINOR_MAX), "the largest record is the largest charge");
        total = total.with(fixed, &cents, most).unwrap();
        assert_eq!(charge([&total]), Err(Refused::ChargeTooLarge(Currency::Cny)));
        let dear = tiers(&[(None, "999999999.999999")]);
        assert_eq!(none().with(fixed, &dear, most), Err(Refused::CycleTooLarge(Currency::Cny)));
        let free = tiers(&[(None, "0")]);
        let mut all = none();
        let counted = (0..1_000).take_while(|_| all.with(fixed, &free, most).map(|more| all = more).is_ok()).count();
        assert_eq!((counted, all.with(fixed, &free, most)), (900, Err(Refused::QuantityTooLarge)));
        assert!(Refused::ChargeTooLarge(Currency::Cny).to_string().ends_with("more than 10000000000.00, the largest charge"));
        assert!(Refused::QuantityTooLarge.to_string().contains("900000000000000 "));
    }

    #[test]
    fn what_was_never_counted_cannot_be_taken_back() {
        let (fixed, cents) = (PriceModel::Fixed, tiers(&[(None, "0.01")]));
        assert_eq!(none().without(fixed, &cents, q("1")), None);
        let one = none().with(fixed, &cents, q("1")).unwrap();
        assert_eq!(one.without(fixed, &cents, q("1")), Some(none()));
    }

    proptest! {
        /// However records come in and are corrected, what was charged is the exact amount rounded once; what does not
        /// fit leaves everything as it was.
        #[test]
        fn charges_add_up_to_the_exact_amount(
            amounts in proptest::collection::vec(
                (prop_oneof![1..50_000_000_i64, 1..10_000_000_000_000_000_i64], any::<bool>(), any::<bool>()),
                1..40,
            ),
            model in proptest::sample::select(PriceModel::ALL.to_vec()),
        ) {
            let prices = match model {
                PriceModel::Fixed => tiers(&[(None, "0.001234")]),
                _ => tiers(&[(Some("1000"), "0.37"), (Some("9000"), "0.000021"), (None, "0.5")]),
            };
            let (mut total, mut charged, mut standing) = (none(), 0_i128, vec![]);
            for (amount, ask, correct) in amounts {
                let mut next = total;
                let old = if correct { standing.last().copied() } else { None };
                if let Some(old) = old {
                    next = next.without(model, &prices, old).unwrap();
                }
                let Ok(next) = next.with(model, &prices, Quantity(amount)) else { continue };
                if charge([&next]).is_err() {
                    continue;
                }
                if old.is_some() {
                    standing.pop();
                }
                total = next;
                standing.push(Quantity(amount));
                if ask {
                    let now = charge([&total]).unwrap();
                    charged += i128::from(now);
                    prop_assert!(charged >= 0);
                    total.charged_minor += now;
                }
            }
            charged += i128::from(charge([&total]).unwrap());
            let exact: Exact = match model {
                PriceModel::Volume => standing.iter().map(|q| cost(model, &prices, *q)).sum(),
                PriceModel::Fixed | PriceModel::Tiered => cost(model, &prices, Quantity(standing.iter().map(|q| q.0).sum())),
            };
            prop_assert_eq!(Some(charged), minor(exact, Currency::Cny).map(i128::from));
        }
    }
}
