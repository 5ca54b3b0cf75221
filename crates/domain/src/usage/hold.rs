//! Charges that wait for consent: our own rule, so that one wrong record does not take what nobody expected.

use crate::money::Currency;

/// A charge is held when it is more than so many times the largest of the days before …
pub const HOLD_TIMES: i64 = 10;
/// … and more than so many units of the currency. Without a charge in those days this alone decides.
pub const HOLD_OVER_UNITS: i64 = 1_000;
/// The days before in which the largest charge is looked for.
pub const LARGEST_DAYS: i64 = 30;
/// Days for which a charge waits; then its records are refused.
pub const HOLD_DAYS: i64 = 7;

crate::words! {
    /// What became of a charge that was held.
    pub enum HoldState ("state of a held charge") {
        Waiting = "waiting",
        /// Charged.
        Approved = "approved",
        /// Its records are refused.
        Refused = "refused",
        /// Its records are judged anew, because one of them was corrected or the amount grew.
        Withdrawn = "withdrawn",
    }
}

crate::words! {
    /// Who or what ended the wait of a held charge.
    pub enum HoldEnd ("end of a held charge") {
        Buyer = "buyer",
        Operator = "operator",
        /// Nobody said anything in time.
        Time = "time",
        Correction = "correction",
        Amount = "amount",
    }
}

/// Whether a charge waits for consent, by the largest charge of the days before.
#[must_use]
pub fn needs_consent(amount_minor: i64, largest_minor: Option<i64>, currency: Currency) -> bool {
    let times = i128::from(largest_minor.unwrap_or(0)).saturating_mul(i128::from(HOLD_TIMES));
    amount_minor > currency.minor_of(HOLD_OVER_UNITS) && i128::from(amount_minor) > times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_waits_when_it_is_large_and_much_larger_than_those_before() {
        for (amount, largest, waits) in [
            (100_000, None, false),
            (100_001, None, true),
            (100_001, Some(10_000), true),
            (100_001, Some(10_001), false),
            (100_000, Some(1), false),
            (100_001, Some(-5), true),
            (i64::MAX, Some(i64::MAX), false),
        ] {
            assert_eq!(needs_consent(amount, largest, Currency::Cny), waits, "{amount} after {largest:?}");
        }
    }
}
