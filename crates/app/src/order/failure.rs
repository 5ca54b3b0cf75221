//! How a paid order failed, and what of it its buyer reads. What the seller's server answered is the seller's and the
//! operator's to know: a [`Detail`] cannot become a field of a message, and a buyer's reason is one of the platform's words.

use crate::Tenant;

/// What went wrong with a call to the seller: result codes, answers and errors of the line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Detail<'a>(&'a str);

impl<'a> Detail<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The text, for the seller and the operator.
    pub(crate) fn for_seller(self) -> &'a str {
        self.0
    }
}

const NOT_OPENED: &str = "could not be opened";
const NOT_UPGRADED: &str = "could not be upgraded";
const ENDED: &str = "the instance ended before the change";

domain::words! {
    /// What ended a paid order that did not fail.
    pub enum Ending ("end of an order") {
        /// Buyer and seller agreed.
        Agreement = "agreement",
        /// The platform decided an appeal.
        Decision = "decision",
    }
}

const ENDINGS: [(Ending, &str); 2] =
    [(Ending::Agreement, "negotiated with the seller"), (Ending::Decision, "the platform decided an appeal")];

impl Ending {
    /// By the reason that is kept with the order.
    #[must_use]
    pub fn of(stored: &str) -> Option<Self> {
        ENDINGS.iter().find(|(_, words)| *words == stored).map(|(ending, _)| *ending)
    }

    /// As it is kept with the order, and told.
    #[must_use]
    pub fn words(self) -> &'static str {
        ENDINGS.iter().find(|(ending, _)| *ending == self).map_or("", |(_, words)| words)
    }
}

/// Why a paid order failed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure<'a> {
    NotOpened(Detail<'a>),
    NotUpgraded(Detail<'a>),
    InstanceEnded,
}

impl Failure<'_> {
    /// As it is kept with the order.
    pub(crate) fn whole(self) -> String {
        match self {
            Self::NotOpened(detail) => format!("could not be opened: {}", detail.for_seller()),
            Self::NotUpgraded(detail) => format!("could not be upgraded: {}", detail.for_seller()),
            Self::InstanceEnded => ENDED.to_owned(),
        }
    }

    /// As the buyer is told.
    pub(crate) fn for_buyer(self) -> &'static str {
        match self {
            Self::NotOpened(_) => NOT_OPENED,
            Self::NotUpgraded(_) => NOT_UPGRADED,
            Self::InstanceEnded => ENDED,
        }
    }
}

/// The reason of an order as a side reads it.
#[must_use]
pub fn reason_for(tenant: Tenant, stored: &str) -> &str {
    if !matches!(tenant, Tenant::Buyer(_)) {
        return stored;
    }
    let detailed = |words: &&&str| stored.strip_prefix(**words).is_some_and(|rest| rest.starts_with(':'));
    [NOT_OPENED, NOT_UPGRADED].iter().find(detailed).map_or(stored, |words| words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::Key;

    #[test]
    fn what_was_agreed_or_decided_is_no_failure() {
        for ending in [Ending::Agreement, Ending::Decision] {
            assert_eq!(Ending::of(ending.words()), Some(ending));
        }
        assert_eq!(Ending::of(Failure::InstanceEnded.for_buyer()), None);
    }

    #[test]
    fn a_buyer_reads_the_platforms_words_and_the_others_the_whole() {
        let detail = Detail::new("resultCode 000005 ORA-00942");
        for failure in [Failure::NotOpened(detail), Failure::NotUpgraded(detail), Failure::InstanceEnded] {
            let whole = failure.whole();
            let buyer = reason_for(Tenant::Buyer(Key([0; 16])), &whole);
            assert_eq!(buyer, failure.for_buyer());
            assert!(!buyer.contains("ORA"), "{buyer}");
            for tenant in [Tenant::Seller(Key([0; 16])), Tenant::Any] {
                assert_eq!(reason_for(tenant, &whole), whole);
            }
        }
        for reason in ["not paid in time", "five_days", "could not be opened"] {
            assert_eq!(reason_for(Tenant::Buyer(Key([0; 16])), reason), reason);
        }
    }
}
