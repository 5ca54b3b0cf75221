//! How a payment is shared when a line completes, and taken back when it is refunded (`money 1.3`).

use crate::money::{self, MoneyError, difference, round_fraction, round_quotient, round_rate};
use rust_decimal::Decimal;

crate::words! {
    /// What a line of a bill tells of.
    pub enum BillKind ("kind of a bill line") {
        /// What was paid for an order line, or a part of it that was released by itself.
        Original = "original",
        Refund = "refund",
        /// The use of a day.
        Usage = "usage",
    }
}

/// Rates of a site: the platform's fee on what was paid, and the tax inside that fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    pub fee: Decimal,
    pub fee_tax: Decimal,
}

impl Default for Rates {
    /// 5 % fee, 6 % tax on it.
    fn default() -> Self {
        Self { fee: Decimal::new(5, 2), fee_tax: Decimal::new(6, 2) }
    }
}

/// The parts of a payment in minor units; they add up to it exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    pub payable: i64,
    pub commission: i64,
    pub tax: i64,
}

impl Shares {
    /// What was shared.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn sum(self) -> Result<i64, MoneyError> {
        money::sum([self.payable, self.commission, self.tax])
    }

    /// The platform's fee with its tax.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn fee(self) -> Result<i64, MoneyError> {
        money::sum([self.commission, self.tax])
    }

    /// The shares of an amount of which the platform gets so much, split into commission and tax.
    fn of(amount: i64, fee: i64, commission: i64) -> Result<Self, MoneyError> {
        Ok(Self { payable: difference(amount, fee)?, commission, tax: difference(fee, commission)? })
    }

    /// What is left of these shares without others.
    fn without(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            payable: difference(self.payable, other.payable)?,
            commission: difference(self.commission, other.commission)?,
            tax: difference(self.tax, other.tax)?,
        })
    }
}

/// Shares a paid amount; every step is rounded half-even, the seller takes the remainder.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn share(paid_minor: i64, rates: Rates) -> Result<Shares, MoneyError> {
    let fee = round_rate(paid_minor, rates.fee)?;
    let taxed = rates.fee_tax.checked_add(Decimal::ONE).ok_or(MoneyError::Overflow)?;
    Shares::of(paid_minor, fee, round_quotient(fee, taxed)?)
}

/// The shares of an amount after what was shared of the same line before, less than zero for one that comes back: together
/// they are those of one amount, so that of many small ones no share gains a minor unit. What leaves nothing paid takes all
/// shares back, at whatever rates they were made (`money 1.3`).
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn share_next(before: Shares, minor: i64, rates: Rates) -> Result<Shares, MoneyError> {
    let was = before.sum()?;
    match money::sum([was, minor])? {
        0 => Shares::default().without(before),
        is => share(is, rates)?.without(share(was, rates)?),
    }
}

/// The part of former shares that a refund of `refund_minor` takes back when `before_minor` of the same payment were
/// refunded before. Refunds of parts take back together what one refund of their sum takes, and those of the whole
/// everything, each share to the minor unit (`money 1.4`).
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn take_back(shares: Shares, before_minor: i64, refund_minor: i64) -> Result<Shares, MoneyError> {
    let (paid, all_fee) = (shares.sum()?, shares.fee()?);
    let until = |refunded: i64| {
        let fee = round_fraction(all_fee, refunded, paid);
        Shares::of(refunded, fee, round_fraction(shares.commission, fee, all_fee))
    };
    until(money::sum([before_minor, refund_minor])?)?.without(until(before_minor)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shared(paid: i64) -> Shares {
        share(paid, Rates::default()).unwrap()
    }

    #[test]
    fn a_hundred_is_shared_as_the_reference_says() {
        assert_eq!(shared(10_000), Shares { payable: 9_500, commission: 472, tax: 28 });
    }

    #[test]
    fn a_part_refund_takes_back_in_proportion() {
        let back = take_back(shared(10_000), 0, 3_333).unwrap();
        // fee 500 × 3333/10000 = 167 (166.65); its commission 472 × 167/500 = 158 (157.648).
        assert_eq!(back, Shares { payable: 3_166, commission: 158, tax: 9 });
        assert_eq!(share(i64::MAX, Rates { fee: Decimal::TWO, ..Rates::default() }), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn shares_add_up_and_a_full_refund_takes_everything(paid in 0i64..100_000_000_000) {
            let shares = shared(paid);
            prop_assert_eq!(shares.sum(), Ok(paid));
            prop_assert!(shares.payable >= 0 && shares.commission >= 0 && shares.tax >= 0);
            prop_assert_eq!(take_back(shares, 0, paid), Ok(shares));
        }

        /// However use is charged and corrected, in whatever steps, it is shared as one charge of what is left.
        #[test]
        fn many_charges_are_shared_as_one_of_their_sum(steps in proptest::collection::vec(-5_000i64..10_000, 1..60)) {
            let mut all = Shares::default();
            for step in steps {
                let step = step.max(-all.sum().unwrap());
                let next = share_next(all, step, Rates::default()).unwrap();
                prop_assert_eq!(next.sum(), Ok(step));
                all = Shares {
                    payable: all.payable + next.payable,
                    commission: all.commission + next.commission,
                    tax: all.tax + next.tax,
                };
                prop_assert_eq!(all, shared(all.sum().unwrap()));
            }
            // Also after the rates have changed, nothing is left of what came back whole.
            let other = Rates { fee: Decimal::new(1, 1), ..Rates::default() };
            let whole = share_next(all, -all.sum().unwrap(), other).unwrap();
            prop_assert_eq!((whole.payable, whole.commission, whole.tax), (-all.payable, -all.commission, -all.tax));
        }

        /// However a payment is given back in parts, no share moves by a minor unit, and no part takes from nothing.
        #[test]
        fn part_refunds_add_up_to_the_whole(paid in 1i64..1_000_000_000, cuts in proptest::collection::vec(0i64..1_000_000_000, 0..12)) {
            let mut cuts: Vec<i64> = cuts.into_iter().map(|cut| cut % paid).chain([0, paid]).collect();
            cuts.sort_unstable();
            let mut back = Shares::default();
            for cut in cuts.windows(2) {
                let part = take_back(shared(paid), cut[0], cut[1] - cut[0]).unwrap();
                prop_assert_eq!(part.sum(), Ok(cut[1] - cut[0]));
                prop_assert!(part.payable >= 0 && part.commission >= 0 && part.tax >= 0, "{:?}", part);
                back.payable += part.payable;
                back.commission += part.commission;
                back.tax += part.tax;
            }
            prop_assert_eq!(back, shared(paid));
        }
    }
}
