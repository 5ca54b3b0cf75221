//! How a payment is shared when a line completes, and taken back when it is refunded (`money 1.3`).

use crate::money::{round_fraction, round_rate};
use rust_decimal::Decimal;

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
    #[must_use]
    pub fn sum(self) -> i64 {
        self.payable + self.commission + self.tax
    }

    /// The platform's fee with its tax.
    #[must_use]
    pub fn fee(self) -> i64 {
        self.commission + self.tax
    }
}

/// Shares a paid amount; every step is rounded half-even, the seller takes the remainder.
#[must_use]
pub fn share(paid_minor: i64, rates: Rates) -> Shares {
    let fee = round_rate(paid_minor, rates.fee);
    let commission = round_rate(fee, Decimal::ONE / (Decimal::ONE + rates.fee_tax));
    Shares { payable: paid_minor - fee, commission, tax: fee - commission }
}

/// The part of former shares that a refund of `refund_minor` takes back; a full refund takes all.
#[must_use]
pub fn take_back(shares: Shares, refund_minor: i64) -> Shares {
    let paid = shares.sum();
    let commission = round_fraction(shares.commission, refund_minor, paid);
    let tax = round_fraction(shares.tax, refund_minor, paid);
    Shares { payable: refund_minor - commission - tax, commission, tax }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_hundred_is_shared_as_the_reference_says() {
        assert_eq!(share(10_000, Rates::default()), Shares { payable: 9_500, commission: 472, tax: 28 });
    }

    proptest! {
        #[test]
        fn shares_add_up_and_a_full_refund_takes_everything(paid in 0i64..100_000_000_000) {
            let shares = share(paid, Rates::default());
            prop_assert_eq!(shares.sum(), paid);
            prop_assert!(shares.payable >= 0 && shares.commission >= 0 && shares.tax >= 0);
            prop_assert_eq!(take_back(shares, paid), shares);
        }

        #[test]
        fn a_part_refund_never_takes_more_than_there_is(paid in 1i64..1_000_000_000, part in 0.0f64..1.0) {
            let refund = ((paid as f64) * part) as i64;
            let shares = share(paid, Rates::default());
            let back = take_back(shares, refund);
            prop_assert_eq!(back.sum(), refund);
            prop_assert!(back.commission <= shares.commission && back.tax <= shares.tax && back.payable <= shares.payable + 1);
        }
    }
}
