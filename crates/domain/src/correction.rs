//! Corrections (更正): refunds by the operator and postings that mend the books, and who confirms them (`money 5`).

use crate::money::Currency;

crate::words! {
    /// What a correction moves.
    pub enum CorrectionKind ("kind of correction") {
        /// A part of what a completed order cost goes back to its buyer.
        Refund = "refund",
        /// An amount goes from one account of the ledger to another.
        Posting = "posting",
    }
}

crate::words! {
    pub enum CorrectionState ("state of a correction") {
        /// For a second person.
        Waiting = "waiting",
        Done = "done",
        Refused = "refused",
    }
}

/// From so many units of the currency on, what is given back for an instance needs a second person. Ours.
pub const UNITS_ALONE: i64 = 1_000;

/// Who confirms a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// Whoever asks.
    NotNeeded,
    SecondPerson,
    /// A second person is wanted and there is none: it holds, and is marked so.
    Alone,
}

/// Who confirms a correction, where so many others may. Refunds count together with those of the same instance that no second
/// person confirmed: many small ones are a large one.
#[must_use]
pub fn confirmation(kind: CorrectionKind, amount_minor: i64, before_minor: i64, currency: Currency, others: usize) -> Confirmation {
    let small = match kind {
        CorrectionKind::Refund => amount_minor.saturating_add(before_minor) < currency.minor_of(UNITS_ALONE),
        CorrectionKind::Posting => false,
    };
    match (small, others) {
        (true, _) => Confirmation::NotNeeded,
        (false, 0) => Confirmation::Alone,
        (false, _) => Confirmation::SecondPerson,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_person_confirms_large_refunds_and_every_posting() {
        use CorrectionKind::{Posting, Refund};
        let of = |kind, minor, others| confirmation(kind, minor, 0, Currency::Cny, others);
        assert_eq!(of(Refund, 99_999, 3), Confirmation::NotNeeded);
        assert_eq!(of(Refund, 100_000, 3), Confirmation::SecondPerson);
        assert_eq!(of(Refund, 100_000, 0), Confirmation::Alone);
        assert_eq!((of(Posting, 1, 1), of(Posting, 1, 0)), (Confirmation::SecondPerson, Confirmation::Alone));
        assert_eq!(confirmation(Refund, 1, 99_998, Currency::Cny, 1), Confirmation::NotNeeded);
        assert_eq!(confirmation(Refund, 1, 99_999, Currency::Cny, 1), Confirmation::SecondPerson);
        assert_eq!(confirmation(Refund, 1, i64::MAX, Currency::Cny, 1), Confirmation::SecondPerson);
        assert_eq!(confirmation(Refund, 999, 0, Currency::Jpy, 1), Confirmation::NotNeeded);
        assert_eq!(confirmation(Refund, 1_000, 0, Currency::Jpy, 1), Confirmation::SecondPerson);
        assert_eq!(confirmation(Refund, 999_999, 0, Currency::Kwd, 1), Confirmation::NotNeeded);
    }
}
