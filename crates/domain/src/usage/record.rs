//! Usage records: which are right, and why the others are refused (`open-api 4.1`).

use super::{BadNumber, CHARGE_MINOR_MAX, CYCLE_MINOR_MAX, QUANTITY_SUM_MAX, Quantity};
use crate::money::Money;
use jiff::{SignedDuration, Timestamp};

/// Records are accepted for so long (`open-api 3.3`, MKT.9004).
pub const LATE_DAYS: i64 = 21;

/// Why a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("Instance ID not found: you have no instance {0}")]
    UnknownInstance(String),
    #[error("two products have an instance {0}; send product_id too")]
    Ambiguous(String),
    #[error("the instance is not billed by use")]
    NotOnDemand,
    #[error("the instance was not opened")]
    NotOpened,
    #[error("{field} {text:?} is not a time such as 20240131T080000Z")]
    NotATime { field: &'static str, text: String },
    #[error("usage_value: {0}")]
    NotANumber(#[from] BadNumber),
    #[error("usage_value must be more than zero")]
    NotPositive,
    #[error("end_time lies before begin_time or at it")]
    EndsBeforeItBegins,
    #[error("end_time lies in the future")]
    InTheFuture,
    #[error("Record beginTime extends Limit: begin_time is older than {LATE_DAYS} days")]
    TooLate,
    #[error("begin_time lies before the instance was opened")]
    BeforeOpening,
    #[error("end_time lies after the instance was released")]
    AfterRelease,
    #[error("relate_pkg_instance: the buyer of the instance has no package {0} for it")]
    UnknownPackage(String),
    #[error("relate_pkg_instance: the package {0} does not cover begin_time; its terms are over or begin later")]
    PackageOver(String),
    #[error("relate_pkg_instance: the package {0} is used up and stops; the buyer may renew it")]
    PackageUsedUp(String),
    #[error("usage_value: with it the charge of its hour or day would be more than {}, the largest charge", Money::text(CHARGE_MINOR_MAX))]
    ChargeTooLarge,
    #[error("usage_value: with it the use of its day or month would come to more than {}", Money::text(CYCLE_MINOR_MAX))]
    CycleTooLarge,
    #[error("usage_value: with it more than {} would be counted in its day or month", Quantity(QUANTITY_SUM_MAX))]
    QuantityTooLarge,
    #[error("corrects: there is no such record of this instance that can still be corrected")]
    NothingToCorrect,
}

/// The measured time of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub begin: Timestamp,
    pub end: Timestamp,
}

/// When an instance could be used.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub opened_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// Whether a time may be reported for an instance (`open-api 4.1`).
///
/// # Errors
/// [`Refused`]: the rule that it breaks.
pub fn check_span(span: Span, life: Life, now: Timestamp) -> Result<(), Refused> {
    let opened = life.opened_at.ok_or(Refused::NotOpened)?;
    if span.end <= span.begin {
        return Err(Refused::EndsBeforeItBegins);
    }
    if span.end > now {
        return Err(Refused::InTheFuture);
    }
    if span.begin < now - SignedDuration::from_hours(24 * LATE_DAYS) {
        return Err(Refused::TooLate);
    }
    // Reports are by whole hours or days: the one in which the instance opened counts.
    if span.end <= opened {
        return Err(Refused::BeforeOpening);
    }
    if life.ended_at.is_some_and(|ended| span.end > ended) {
        return Err(Refused::AfterRelease);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_of_the_measured_time_refuses() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2024-01-31T08:05:00Z");
        let running = Life { opened_at: Some(at("2024-01-05T02:00:00Z")), ended_at: None };
        let check = |begin: &str, end: &str, life| check_span(Span { begin: at(begin), end: at(end) }, life, now);
        assert_eq!(check("2024-01-31T07:00:00Z", "2024-01-31T08:00:00Z", running), Ok(()));
        assert_eq!(check("2024-01-31T08:00:00Z", "2024-01-31T08:00:00Z", running), Err(Refused::EndsBeforeItBegins));
        assert_eq!(check("2024-01-31T08:00:00Z", "2024-01-31T09:00:00Z", running), Err(Refused::InTheFuture));
        assert_eq!(check("2024-01-10T08:00:00Z", "2024-01-10T09:00:00Z", running), Err(Refused::TooLate));
        assert_eq!(check("2024-01-10T08:10:00Z", "2024-01-10T09:10:00Z", running), Ok(()));
        let young = Life { opened_at: Some(at("2024-01-31T06:30:00Z")), ended_at: None };
        assert_eq!(check("2024-01-31T05:00:00Z", "2024-01-31T06:00:00Z", young), Err(Refused::BeforeOpening));
        assert_eq!(check("2024-01-31T06:00:00Z", "2024-01-31T07:00:00Z", young), Ok(()), "the hour in which it opened");
        let over = Life { ended_at: Some(at("2024-01-31T07:30:00Z")), ..running };
        assert_eq!(check("2024-01-31T07:00:00Z", "2024-01-31T08:00:00Z", over), Err(Refused::AfterRelease));
        assert_eq!(
            check("2024-01-31T07:00:00Z", "2024-01-31T08:00:00Z", Life { opened_at: None, ended_at: None }),
            Err(Refused::NotOpened)
        );
    }
}
