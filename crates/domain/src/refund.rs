//! Who may unsubscribe, from what and until when (`order-life 5`, `seller-domain 4.5`).

use crate::{instance::InstanceState, order::OrderKind};
use jiff::{SignedDuration, Timestamp};

/// Days after opening within which no reason is asked.
pub const FREE_DAYS: i64 = 5;
/// Unsubscriptions of that kind per account and calendar year.
pub const FREE_PER_YEAR: i64 = 10;

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    pub now: Timestamp,
    pub order_kind: OrderKind,
    pub instance_state: InstanceState,
    pub opened_at: Option<Timestamp>,
    /// The start of the term that the order paid, if it paid one.
    pub term_start: Option<Timestamp>,
    /// Whether that term is the last of its instance.
    pub is_last_term: bool,
    /// Until when a signed licence file is good, of what is paid.
    pub file_until: Option<Timestamp>,
    /// Already given back.
    pub refunded: bool,
    pub open_order: bool,
    pub unsubscribed_this_year: i64,
    /// Delivered under service supervision: a licence.
    pub supervised: bool,
    /// An on-demand package (`seller-domain 4.5`).
    pub package: bool,
}

crate::words! {
    /// How much of what was paid came back.
    pub enum Extent ("extent of a refund") { None = "none", Part = "part", Whole = "whole" }
}

impl Extent {
    #[must_use]
    pub fn of(paid_minor: i64, refunded_minor: i64) -> Self {
        match refunded_minor {
            ..=0 => Self::None,
            back if back < paid_minor => Self::Part,
            _ => Self::Whole,
        }
    }
}

/// What an unsubscription gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refund {
    /// The whole instance ends; all that was paid for it comes back.
    Instance,
    /// The renewal's term is removed; what was paid for it comes back.
    Renewal,
}

/// Why nothing is given back, by the rule's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("this order was refunded already")]
    AlreadyRefunded,
    #[error("the instance has another open order; finish or cancel it first")]
    OpenOrder,
    #[error("a trial cannot be unsubscribed; it ends by itself")]
    Trial,
    #[error("a change cannot be unsubscribed alone; unsubscribe the purchase within five days of opening")]
    Change,
    #[error("the instance is {0} and cannot be unsubscribed")]
    State(InstanceState),
    #[error("five days without reason: it was possible until {0}")]
    FiveDaysOver(Timestamp),
    #[error("a licence was signed or uploaded for this renewal, good until {0}: what it was given for is not given back")]
    FileSigned(Timestamp),
    #[error("what was delivered under service supervision is not given back once the order is completed")]
    Supervised,
    #[error("an on-demand package is not given back; it can be used until its term ends")]
    Package,
    #[error("ten unsubscriptions a year are used up; the next is possible from 1 January")]
    TenPerYear,
    #[error("a renewal can be refunded until its term starts; it started at {0}")]
    RenewalEffective(Timestamp),
    #[error("a later term comes first: unsubscribe from the last term backwards")]
    NotTheLastTerm,
}

impl Refused {
    /// The stable code of the refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyRefunded => "refund.already_refunded",
            Self::OpenOrder => "refund.open_order",
            Self::Trial => "refund.trial",
            Self::Change => "refund.change",
            Self::State(_) => "refund.instance_state",
            Self::FiveDaysOver(_) => "refund.five_days_over",
            Self::Supervised => "refund.supervised",
            Self::Package => "refund.package",
            Self::TenPerYear => "refund.ten_per_year",
            Self::RenewalEffective(_) => "refund.renewal_effective",
            Self::FileSigned(_) => "refund.file_signed",
            Self::NotTheLastTerm => "refund.not_the_last_term",
        }
    }
}

/// Decides an unsubscription.
///
/// # Errors
/// [`Refused`], with the rule and the date until which it was possible.
pub fn decide(s: &Situation) -> Result<Refund, Refused> {
    if s.refunded {
        return Err(Refused::AlreadyRefunded);
    }
    if s.package {
        return Err(Refused::Package);
    }
    if s.open_order {
        return Err(Refused::OpenOrder);
    }
    if !s.instance_state.renewable() {
        return Err(Refused::State(s.instance_state));
    }
    match s.order_kind {
        OrderKind::New => decide_purchase(s),
        OrderKind::Renew | OrderKind::TrialToFormal => decide_renewal(s),
        OrderKind::Trial => Err(Refused::Trial),
        OrderKind::Change => Err(Refused::Change),
        OrderKind::Unsubscribe => Err(Refused::AlreadyRefunded),
    }
}

fn decide_purchase(s: &Situation) -> Result<Refund, Refused> {
    if s.supervised {
        return Err(Refused::Supervised);
    }
    let until = s.opened_at.map_or(s.now, |opened| opened + SignedDuration::from_hours(FREE_DAYS.saturating_mul(24)));
    if s.now > until {
        return Err(Refused::FiveDaysOver(until));
    }
    if s.unsubscribed_this_year >= FREE_PER_YEAR {
        return Err(Refused::TenPerYear);
    }
    Ok(Refund::Instance)
}

fn decide_renewal(s: &Situation) -> Result<Refund, Refused> {
    let start = s.term_start.unwrap_or(s.now);
    if start <= s.now {
        return Err(Refused::RenewalEffective(start));
    }
    // A signed file is good without the marketplace: nothing can take it back.
    if let Some(until) = s.file_until.filter(|until| *until > start) {
        return Err(Refused::FileSigned(until));
    }
    if s.is_last_term { Ok(Refund::Renewal) } else { Err(Refused::NotTheLastTerm) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn purchase() -> Situation {
        Situation {
            now: at("2024-01-07T00:00:00Z"),
            order_kind: OrderKind::New,
            instance_state: InstanceState::Running,
            opened_at: Some(at("2024-01-05T00:00:00Z")),
            term_start: Some(at("2024-01-05T00:00:00Z")),
            is_last_term: true,
            file_until: None,
            refunded: false,
            open_order: false,
            supervised: false,
            package: false,
            unsubscribed_this_year: 0,
        }
    }

    #[test]
    fn a_purchase_is_given_back_for_five_days_and_ten_times_a_year() {
        assert_eq!(decide(&purchase()), Ok(Refund::Instance));
        let last = Situation { now: at("2024-01-10T00:00:00Z"), ..purchase() };
        assert_eq!(decide(&last), Ok(Refund::Instance));
        let late = Situation { now: at("2024-01-10T00:00:01Z"), ..purchase() };
        assert_eq!(decide(&late), Err(Refused::FiveDaysOver(at("2024-01-10T00:00:00Z"))));
        let eleventh = Situation { unsubscribed_this_year: 10, ..purchase() };
        assert_eq!(decide(&eleventh), Err(Refused::TenPerYear));
    }

    #[test]
    fn a_renewal_is_given_back_until_it_starts_and_only_from_the_end() {
        let renewal = Situation { order_kind: OrderKind::Renew, term_start: Some(at("2024-02-05T00:00:00Z")), ..purchase() };
        assert_eq!(decide(&renewal), Ok(Refund::Renewal));
        let file = |until: &str| decide(&Situation { file_until: Some(at(until)), ..renewal });
        assert_eq!(file("2024-02-05T00:00:00Z"), Ok(Refund::Renewal), "good for the term before");
        assert_eq!(file("2024-02-05T00:00:01Z"), Err(Refused::FileSigned(at("2024-02-05T00:00:01Z"))));
        assert_eq!(decide(&Situation { is_last_term: false, ..renewal }), Err(Refused::NotTheLastTerm));
        let started = Situation { now: at("2024-02-05T00:00:00Z"), ..renewal };
        assert_eq!(decide(&started), Err(Refused::RenewalEffective(at("2024-02-05T00:00:00Z"))));
    }

    #[test]
    fn trials_changes_released_and_busy_instances_are_refused_by_name() {
        for (situation, code) in [
            (Situation { order_kind: OrderKind::Trial, ..purchase() }, "refund.trial"),
            (Situation { order_kind: OrderKind::Change, ..purchase() }, "refund.change"),
            (Situation { instance_state: InstanceState::Released, ..purchase() }, "refund.instance_state"),
            (Situation { open_order: true, ..purchase() }, "refund.open_order"),
            (Situation { refunded: true, ..purchase() }, "refund.already_refunded"),
        ] {
            assert_eq!(decide(&situation).unwrap_err().code(), code);
        }
    }

    #[test]
    fn what_was_delivered_under_supervision_is_not_given_back() {
        let package = Situation { package: true, ..purchase() };
        assert_eq!(decide(&package), Err(Refused::Package));
        let supervised = Situation { supervised: true, ..purchase() };
        assert_eq!(decide(&supervised), Err(Refused::Supervised));
        assert_eq!(decide(&purchase()), Ok(Refund::Instance));
    }
}
