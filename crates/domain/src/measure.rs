//! What is measured of a product, from its newest purchases and calls: facts for buyers, not claims of sellers.

/// How many of the newest purchases and calls are looked at.
pub const SAMPLE: i64 = 500;

/// A purchase as far as facts need it; times in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    pub paid_at: i64,
    pub opened_at: Option<i64>,
    /// The money went back, in full or in part.
    pub refunded: bool,
}

/// A production call: how often it was tried and how often that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    pub attempts: i64,
    pub failures: i64,
}

/// The facts; what nothing was seen of is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Facts {
    /// Purchases that were looked at.
    pub purchases: usize,
    /// Median time from payment to opening, in milliseconds.
    pub opening_ms: Option<i64>,
    /// Share of the attempts that the seller's interface answered well, in tenths of a percent.
    pub answered_permille: Option<i64>,
    /// Share of the purchases whose money went back, in tenths of a percent.
    pub refunded_permille: Option<i64>,
}

/// The middle of some numbers, none of none; of an even number of them the lower one of the two in the middle.
pub fn median(mut of: Vec<i64>) -> Option<i64> {
    of.sort_unstable();
    of.get(of.len().checked_sub(1)? / 2).copied()
}

fn permille(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| part.saturating_mul(1_000).checked_div(whole).unwrap_or(0))
}

impl Facts {
    #[must_use]
    pub fn of(purchases: &[Purchase], calls: &[Tried]) -> Self {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let times = purchases.iter().filter_map(|p| Some(p.opened_at?.saturating_sub(p.paid_at).max(0) / 1_000)).collect();
        let attempts: i64 = calls.iter().map(|c| c.attempts).sum();
        let failures: i64 = calls.iter().map(|c| c.failures).sum();
        Self {
            purchases: purchases.len(),
            opening_ms: median(times),
            answered_permille: permille(attempts.saturating_sub(failures), attempts),
            refunded_permille: permille(count(purchases.iter().filter(|p| p.refunded).count()), count(purchases.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purchase(opened_ms: Option<i64>, refunded: bool) -> Purchase {
        Purchase { paid_at: 7_000, opened_at: opened_ms.map(|ms| 7_000 + 1_000 * ms), refunded }
    }

    #[test]
    fn facts_are_the_median_and_the_shares() {
        let purchases = [purchase(Some(40), false), purchase(None, true), purchase(Some(10), false), purchase(Some(9_000), false)];
        let calls = [Tried { attempts: 3, failures: 1 }, Tried { attempts: 0, failures: 0 }, Tried { attempts: 1, failures: 0 }];
        let facts = Facts::of(&purchases, &calls);
        assert_eq!(facts, Facts { purchases: 4, opening_ms: Some(40), answered_permille: Some(750), refunded_permille: Some(250) });
    }

    #[test]
    fn nothing_is_said_of_what_was_not_seen() {
        assert_eq!(Facts::of(&[], &[]), Facts::default());
        let unopened = Facts::of(&[purchase(None, false)], &[]);
        assert_eq!(unopened, Facts { purchases: 1, opening_ms: None, answered_permille: None, refunded_permille: Some(0) });
    }
}
