//! Usage records: which are right, and why the others are refused (`open-api 4.1`).

use super::{BadNumber, CHARGE_MINOR_MAX, CYCLE_MINOR_MAX, QUANTITY_SUM_MAX, Quantity};
use crate::{money::Currency, site::Site};
use jiff::{RoundMode, SignedDuration, Timestamp, Unit, ZonedDateTimeRound};

/// Records are accepted for so long (`open-api 3.3`, MKT.9004).
pub const LATE_DAYS: i64 = 21;

/// The longest time of a record: the longest day of a zone. What is measured belongs to the hour, day and month in which it began,
/// so a longer one would carry use into a month, a cap or a package that it is not of (our own rule).
pub const LONGEST: SignedDuration = SignedDuration::from_hours(25);

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
    #[error("begin_time to end_time is longer than a day; push each day by itself")]
    TooLong,
    #[error("Record beginTime extends Limit: begin_time is older than {LATE_DAYS} days")]
    TooLate,
    #[error("begin_time lies before the hour in which the instance was opened")]
    BeforeOpening,
    #[error("end_time lies after the instance was released")]
    AfterRelease,
    #[error("begin_time lies in a time for which the instance was frozen")]
    Frozen,
    #[error("end_time lies in a time for which the instance was frozen, after the hour in which that began; send what was used until then")]
    GoesOnFrozen,
    #[error("relate_pkg_instance: the buyer of the instance has no package {0} for it")]
    UnknownPackage(String),
    #[error("relate_pkg_instance: the package {0} does not cover begin_time; its terms are over or begin later")]
    PackageOver(String),
    #[error("relate_pkg_instance: the package {0} is used up and stops; the buyer may renew it")]
    PackageUsedUp(String),
    #[error("relate_pkg_instance: begin_time lies in a time for which the package {0} was frozen")]
    PackageFrozen(String),
    #[error("usage_value: with it the charge of its hour or day would be more than {}, the largest charge", .0.text(CHARGE_MINOR_MAX))]
    ChargeTooLarge(Currency),
    #[error("usage_value: with it the use of its day or month would come to more than {}", .0.text(CYCLE_MINOR_MAX))]
    CycleTooLarge(Currency),
    #[error("usage_value: with it more than {} would be counted in its day or month", Quantity(QUANTITY_SUM_MAX))]
    QuantityTooLarge,
    #[error("corrects: the record is of another month; correct it in its month, and push what was used in this one by itself")]
    CorrectsOtherMonth,
    #[error("corrects: there is no such record of this instance that can still be corrected")]
    NothingToCorrect,
}

/// The measured time of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub begin: Timestamp,
    pub end: Timestamp,
}

impl Span {
    /// The moment by which it is judged what held for the use: its begin, or for more than an hour the begin of its last one. What
    /// goes on after the hour in which something began or ended is not of before.
    #[must_use]
    pub fn judged_at(self) -> Timestamp {
        (self.end - SignedDuration::from_hours(1)).max(self.begin)
    }
}

/// When an instance could be used.
#[derive(Debug, Clone, Copy)]
pub struct Life<'a> {
    pub opened_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// From when until when it was frozen.
    pub frozen: &'a [(Timestamp, Option<Timestamp>)],
}

/// The first moment of the hour of the site that a moment lies in.
#[must_use]
pub fn hour_of(site: &Site, at: Timestamp) -> Timestamp {
    let rounding = ZonedDateTimeRound::new().smallest(Unit::Hour).mode(RoundMode::Trunc);
    at.to_zoned_datetime(site.time_zone.clone()).round(rounding).map_or(at, |hour| hour.timestamp())
}

/// Whether a moment lies in one of the times from which until which something was frozen.
#[must_use]
pub fn is_frozen<'a>(frozen: impl IntoIterator<Item = &'a (Timestamp, Option<Timestamp>)>, at: Timestamp) -> bool {
    frozen.into_iter().any(|(from, until)| at >= *from && until.is_none_or(|until| at < until))
}

/// Whether a record begins, or goes on for more than an hour, in one of these times.
#[must_use]
pub fn is_frozen_in(frozen: &[(Timestamp, Option<Timestamp>)], span: Span) -> bool {
    is_frozen(frozen, span.begin) || is_frozen(frozen, span.judged_at())
}

/// Whether a time may be reported for an instance (`open-api 4.1`). That it begins not before the hour of the site in
/// which the instance was opened is our own rule: what was used earlier was not used by this buyer. Nor does it begin while
/// the instance is frozen, or go on after the hour in which that began: the seller was told to stop its use.
///
/// # Errors
/// [`Refused`]: the rule that it breaks.
pub fn check_span(span: Span, life: Life<'_>, site: &Site, now: Timestamp) -> Result<(), Refused> {
    let opened = life.opened_at.ok_or(Refused::NotOpened)?;
    if span.end <= span.begin {
        return Err(Refused::EndsBeforeItBegins);
    }
    if span.end > now {
        return Err(Refused::InTheFuture);
    }
    if span.begin.duration_until(now) > SignedDuration::from_hours(24_i64.saturating_mul(LATE_DAYS)) {
        return Err(Refused::TooLate);
    }
    if span.begin < hour_of(site, opened) {
        return Err(Refused::BeforeOpening);
    }
    if span.begin.duration_until(span.end) > LONGEST {
        return Err(Refused::TooLong);
    }
    if life.ended_at.is_some_and(|ended| span.end > ended) {
        return Err(Refused::AfterRelease);
    }
    if is_frozen(life.frozen, span.begin) {
        return Err(Refused::Frozen);
    }
    for (from, until) in life.frozen {
        let hour_over = hour_of(site, *from).saturating_add(SignedDuration::from_hours(1)).unwrap_or(*from);
        if span.begin < *from && span.end > hour_over && until.is_none_or(|until| until > hour_over) {
            return Err(Refused::GoesOnFrozen);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::SiteCode;

    #[test]
    fn each_rule_of_the_measured_time_refuses() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2024-01-31T08:05:00Z");
        let running = Life { opened_at: Some(at("2024-01-05T02:00:00Z")), ended_at: None, frozen: &[] };
        let site = Site::of(SiteCode::Cn);
        let check = |begin: &str, end: &str, life| check_span(Span { begin: at(begin), end: at(end) }, life, &site, now);
        assert_eq!(check("2024-01-31T07:00:00Z", "2024-01-31T08:00:00Z", running), Ok(()));
        assert_eq!(check("2024-01-31T08:00:00Z", "2024-01-31T08:00:00Z", running), Err(Refused::EndsBeforeItBegins));
        assert_eq!(check("2024-01-31T08:00:00Z", "2024-01-31T09:00:00Z", running), Err(Refused::InTheFuture));
        assert_eq!(check("2024-01-30T07:00:00Z", "2024-01-31T08:00:00Z", running), Ok(()), "the longest day");
        assert_eq!(check("2024-01-30T06:59:59Z", "2024-01-31T08:00:00Z", running), Err(Refused::TooLong));
        let judged = |begin: &str, end: &str| Span { begin: at(begin), end: at(end) }.judged_at();
        assert_eq!(judged("2024-01-31T07:00:00Z", "2024-01-31T07:30:00Z"), at("2024-01-31T07:00:00Z"));
        assert_eq!(judged("2024-01-30T08:00:00Z", "2024-01-31T08:00:00Z"), at("2024-01-31T07:00:00Z"));
        assert_eq!(check("2024-01-10T08:00:00Z", "2024-01-10T09:00:00Z", running), Err(Refused::TooLate));
        assert_eq!(check("2024-01-10T08:10:00Z", "2024-01-10T09:10:00Z", running), Ok(()));
        let young = Life { opened_at: Some(at("2024-01-31T06:30:00Z")), ended_at: None, frozen: &[] };
        assert_eq!(check("2024-01-31T05:00:00Z", "2024-01-31T06:00:00Z", young), Err(Refused::BeforeOpening));
        assert_eq!(check("2024-01-31T06:00:00Z", "2024-01-31T07:00:00Z", young), Ok(()), "the hour in which it opened");
        assert_eq!(
            check("2024-01-31T05:59:59Z", "2024-01-31T07:00:00Z", young),
            Err(Refused::BeforeOpening),
            "ends after it, begins before"
        );
        assert_eq!(check("2024-01-11T06:00:00Z", "2024-01-31T07:00:00Z", young), Err(Refused::BeforeOpening));
        let frozen = [(at("2024-01-31T05:30:00Z"), Some(at("2024-01-31T06:30:00Z"))), (at("2024-01-31T07:10:00Z"), None)];
        let stopped = Life { frozen: &frozen, ..running };
        let begins = ["05:00", "06:00", "06:30", "07:00", "07:10", "07:30"].map(|t| format!("2024-01-31T{t}:00Z"));
        let refused = begins.map(|begin| check(&begin, "2024-01-31T08:00:00Z", stopped).is_err());
        assert_eq!(refused, [true, true, false, false, true, true], "what begins while it is frozen, or goes on in it");
        let check_to = |end: &str| check("2024-01-31T04:00:00Z", end, stopped);
        assert_eq!((check_to("2024-01-31T06:00:00Z"), check_to("2024-01-31T06:00:01Z")), (Ok(()), Err(Refused::GoesOnFrozen)));
        let over = Life { ended_at: Some(at("2024-01-31T07:30:00Z")), ..running };
        assert_eq!(check("2024-01-31T07:00:00Z", "2024-01-31T08:00:00Z", over), Err(Refused::AfterRelease));
        assert_eq!(
            check("2024-01-31T07:00:00Z", "2024-01-31T08:00:00Z", Life { opened_at: None, ended_at: None, frozen: &[] }),
            Err(Refused::NotOpened)
        );
    }

    #[test]
    fn the_hour_of_opening_is_that_of_the_site() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let india =
            Site { time_zone: jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_seconds(19_800).unwrap()), ..Site::of(SiteCode::Cn) };
        assert_eq!(hour_of(&india, at("2024-01-31T06:45:00Z")), at("2024-01-31T06:30:00Z"));
        assert_eq!(hour_of(&Site::of(SiteCode::Cn), at("2024-01-31T06:45:00Z")), at("2024-01-31T06:00:00Z"));
    }
}
