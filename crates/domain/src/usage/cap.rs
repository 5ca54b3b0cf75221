//! Caps of an instance's charges in a month, set by its buyer and its seller: our own rule. The lower one counts.

use crate::Timestamp;

crate::words! {
    /// Who set a cap.
    pub enum CapSide ("side of a cap") { Buyer = "buyer", Seller = "seller" }
}

crate::words! {
    /// What happens at 100 %.
    pub enum CapAction ("action of a cap") {
        /// The instance is frozen until the month ends or the cap is raised.
        Freeze = "freeze",
        /// Further records of the month are refused.
        Refuse = "refuse",
    }
}

/// A cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    pub side: CapSide,
    pub amount_minor: i64,
    pub action: CapAction,
}

/// How far a month has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CapLevel {
    Below,
    /// 80 % and more: a warning.
    Near,
    Reached,
}

/// From here on a warning is given, in per cent.
pub const WARN_PERCENT: i64 = 80;

/// The cap that counts: the lower one; of two alike the one that refuses, which lets nothing pass.
#[must_use]
pub fn in_force(caps: impl IntoIterator<Item = Cap>) -> Option<Cap> {
    caps.into_iter().min_by_key(|cap| (cap.amount_minor, cap.action == CapAction::Freeze))
}

/// The cap of one side, with those that it had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub cap: Cap,
    pub set_at: Timestamp,
    /// From when until when, which is exclusive.
    pub former: Vec<(Timestamp, Timestamp, Cap)>,
}

impl Standing {
    /// Whether use of a moment is refused when it raises what is charged of a month. A cap refuses nothing that was
    /// used before it was set: the seller could not know of it. One that was lowered refuses of the use before what the higher
    /// one refused, and one that was raised lets pass what the lower one refused (our own rule).
    #[must_use]
    pub fn refuses(&self, used: Timestamp, charged_minor: i64, after_minor: i64) -> bool {
        let former = || self.former.iter().find(|(from, until, _)| (*from..*until).contains(&used)).map(|(_, _, cap)| *cap);
        let then = if used >= self.set_at { Some(self.cap) } else { former() };
        let refuses = |cap: Cap| !cap.allows(charged_minor, after_minor);
        refuses(self.cap) && then.is_some_and(refuses)
    }
}

impl Cap {
    /// How far what was charged in a month has come.
    #[must_use]
    pub fn level(&self, charged_minor: i64) -> CapLevel {
        let per_cent = |of: i64, n: i64| i128::from(of).saturating_mul(i128::from(n));
        if charged_minor >= self.amount_minor {
            CapLevel::Reached
        } else if per_cent(charged_minor, 100) >= per_cent(self.amount_minor, WARN_PERCENT) {
            CapLevel::Near
        } else {
            CapLevel::Below
        }
    }

    /// Whether a charge may be made on top of what was charged in the month: one that gives back always may.
    #[must_use]
    pub fn allows(&self, charged_minor: i64, amount_minor: i64) -> bool {
        let sum = i128::from(charged_minor).saturating_add(i128::from(amount_minor));
        self.action == CapAction::Freeze || amount_minor <= 0 || sum <= i128::from(self.amount_minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cap(side: CapSide, amount_minor: i64, action: CapAction) -> Cap {
        Cap { side, amount_minor, action }
    }

    #[test]
    fn the_lower_cap_counts() {
        let (high, low) = (cap(CapSide::Buyer, 500, CapAction::Refuse), cap(CapSide::Seller, 400, CapAction::Freeze));
        assert_eq!(in_force([high, low]), Some(low));
        assert_eq!(in_force([high]), Some(high));
        assert_eq!(in_force([]), None);
        let same = cap(CapSide::Seller, 500, CapAction::Freeze);
        assert_eq!((in_force([high, same]), in_force([same, high])), (Some(high), Some(high)));
    }

    #[test]
    fn eighty_per_cent_warn_and_a_hundred_end_it() {
        let of = cap(CapSide::Buyer, 1_000, CapAction::Refuse);
        let levels = [0, 799, 800, 999, 1_000, i64::MAX].map(|charged| of.level(charged));
        assert_eq!(levels, [CapLevel::Below, CapLevel::Below, CapLevel::Near, CapLevel::Near, CapLevel::Reached, CapLevel::Reached]);
        assert!(of.allows(900, 100) && !of.allows(900, 101) && of.allows(5_000, -1) && !of.allows(i64::MAX, i64::MAX));
        assert!(cap(CapSide::Buyer, 1_000, CapAction::Freeze).allows(1_000, 1), "the use was there before the freeze");
    }
}
