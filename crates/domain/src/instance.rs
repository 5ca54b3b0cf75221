//! Instances: what a buyer has after an order, the unit of fulfilment (`order-life 4`).

crate::words! {
    /// States of an instance (实例状态).
    pub enum InstanceState ("instance state") {
        Opening = "opening",
        Running = "running",
        Frozen = "frozen",
        Released = "released",
        Failed = "failed",
    }
}

crate::words! {
    /// Why an instance is frozen (`saas-interface 2.4`).
    pub enum FreezeCause ("freeze cause") {
        /// The last term is over, or a package that stops is used up.
        Expired = "expired",
        Violation = "violation",
        Arrears = "arrears",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceStep {
    Open,
    Fail,
    Freeze,
    Unfreeze,
    Release,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the instance is {from} and cannot {verb}")]
pub struct NotAllowed {
    pub from: InstanceState,
    pub verb: &'static str,
}

impl InstanceState {
    /// The state after a step.
    ///
    /// # Errors
    /// [`NotAllowed`]. A released instance allows nothing; a frozen one only unfreezing and release.
    pub fn after(self, step: InstanceStep) -> Result<Self, NotAllowed> {
        let refused = |verb| Err(NotAllowed { from: self, verb });
        match (step, self) {
            (InstanceStep::Open, Self::Opening) | (InstanceStep::Unfreeze, Self::Frozen) => Ok(Self::Running),
            (InstanceStep::Fail, Self::Opening) => Ok(Self::Failed),
            (InstanceStep::Freeze, Self::Running) => Ok(Self::Frozen),
            (InstanceStep::Release, Self::Running | Self::Frozen) => Ok(Self::Released),
            (InstanceStep::Open, Self::Running | Self::Frozen | Self::Released | Self::Failed) => refused("be opened"),
            (InstanceStep::Fail, Self::Running | Self::Frozen | Self::Released | Self::Failed) => refused("fail"),
            (InstanceStep::Freeze, Self::Opening | Self::Frozen | Self::Released | Self::Failed) => refused("be frozen"),
            (InstanceStep::Unfreeze, Self::Opening | Self::Running | Self::Released | Self::Failed) => refused("be unfrozen"),
            (InstanceStep::Release, Self::Opening | Self::Released | Self::Failed) => refused("be released"),
        }
    }

    /// Whether the buyer may renew: running, or frozen and not yet released (`seller-domain 4.4`).
    #[must_use]
    pub fn renewable(self) -> bool {
        match self {
            Self::Running | Self::Frozen => true,
            Self::Opening | Self::Released | Self::Failed => false,
        }
    }
}

/// Days before the end of the last term on which the buyer is reminded, at 10:00 site time.
pub const REMINDER_DAYS: [i64; 4] = [15, 7, 3, 1];
/// Days before the last day on which automatic renewal is tried, at the hour of reminders (`order-life 3`).
pub const AUTO_RENEWAL_DAYS: [i64; 4] = [7, 3, 1, 0];
/// The hour of reminders, site time.
pub const REMINDER_HOUR: i8 = 10;
/// Days from the first unpaid charge to the freeze (`seller-domain 4.4`; their number is ours).
pub const ARREARS_GRACE_DAYS: i64 = 3;
/// Days that a frozen instance is kept after its term (`seller-domain 4.4`).
pub const RETENTION_DAYS: i64 = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_step_has_an_answer() {
        use InstanceState::{Failed, Frozen, Opening, Released, Running};
        use InstanceStep::{Fail, Freeze, Open, Release, Unfreeze};
        let states = [Opening, Running, Frozen, Released, Failed];
        for (step, after) in [
            (Open, [Some(Running), None, None, None, None]),
            (Fail, [Some(Failed), None, None, None, None]),
            (Freeze, [None, Some(Frozen), None, None, None]),
            (Unfreeze, [None, None, Some(Running), None, None]),
            (Release, [None, Some(Released), Some(Released), None, None]),
        ] {
            for (from, to) in states.into_iter().zip(after) {
                assert_eq!(from.after(step).ok(), to, "{step:?} of {from}");
            }
        }
    }
}
