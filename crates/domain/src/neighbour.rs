//! What other marketplaces call the things of this one: AWS Marketplace and Azure SaaS fulfilment.

use crate::id::InstanceId;
use jiff::{SignedDuration, Timestamp};

/// A combination as one word: an AWS dimension, an Azure plan. It is `standard` for a specification without
/// attributes, else `standard.pro.5`.
#[must_use]
pub fn plan(specification: &str, sku: &str) -> String {
    if sku == "-" { specification.to_owned() } else { format!("{specification}.{}", sku.replace('/', ".")) }
}

/// An instance as a GUID.
#[must_use]
pub fn guid(id: InstanceId) -> String {
    id.0.hyphenated().to_string()
}

/// The instance of a GUID.
#[must_use]
pub fn of_guid(text: &str) -> Option<InstanceId> {
    (text.len() == 36).then(|| uuid::Uuid::try_parse(text).ok().map(InstanceId))?
}

/// An instance as an AWS licence.
#[must_use]
pub fn license_arn(number: &str, id: InstanceId) -> String {
    format!("arn:aws:license-manager::{number}:license:l-{}", id.0.simple())
}

/// The instance of an AWS licence.
#[must_use]
pub fn of_license_arn(text: &str) -> Option<InstanceId> {
    let hex = text.rsplit_once(":license:l-").filter(|(front, _)| front.starts_with("arn:aws:license-manager:"))?.1;
    (hex.len() == 32).then(|| uuid::Uuid::try_parse(hex).ok().map(InstanceId))?
}

/// Usage is reported for up to so many hours back, by both.
pub const METERED_HOURS: i64 = 24;
/// Clocks may differ by so much.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Why a time cannot be metered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTime {
    #[error("it lies more than {METERED_HOURS} hours back")]
    TooOld,
    #[error("it lies in the future")]
    Ahead,
    #[error("it lies before the customer could use the product")]
    BeforeOpening,
    #[error("it lies after the end of the subscription")]
    AfterEnd,
}

/// Whether use at a moment may be reported now.
///
/// # Errors
/// [`BadTime`].
pub fn check_metered(at: Timestamp, opened: Timestamp, ended: Option<Timestamp>, now: Timestamp) -> Result<(), BadTime> {
    if at < now - SignedDuration::from_hours(METERED_HOURS) {
        return Err(BadTime::TooOld);
    }
    if at > now + AHEAD {
        return Err(BadTime::Ahead);
    }
    // An hour counts as a whole: the one in which it was opened, and the one in which it ended.
    if at < hour(opened) {
        return Err(BadTime::BeforeOpening);
    }
    if ended.is_some_and(|end| hour(at) > end) { Err(BadTime::AfterEnd) } else { Ok(()) }
}

fn hour(at: Timestamp) -> Timestamp {
    at - SignedDuration::from_secs(at.as_second().rem_euclid(3600)) - SignedDuration::from_nanos(at.subsec_nanosecond().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_have_one_name_at_each_neighbour_and_come_back_by_it() {
        let id = InstanceId(uuid::Uuid::from_u128(0x1234));
        assert_eq!(of_guid(&guid(id)), Some(id));
        assert_eq!(of_license_arn(&license_arn("000000000001", id)), Some(id));
        for bad in ["", "l-12", "arn:aws:license-manager::1:license:l-12", "arn:aws:iam::1:license:l-00000000000000000000000000001234"] {
            assert_eq!((of_license_arn(bad), of_guid(bad)), (None, None), "{bad}");
        }
        assert_eq!((plan("gold", "-"), plan("gold", "pro/5")), ("gold".to_owned(), "gold.pro.5".to_owned()));
    }

    #[test]
    fn use_is_reported_within_a_day_and_within_the_subscription() {
        let at = |t: &str| t.parse::<Timestamp>().unwrap();
        let (opened, now) = (at("2026-01-01T10:30:00Z"), at("2026-01-01T20:00:00Z"));
        let check = |t: &str, ended: Option<&str>| check_metered(at(t), opened, ended.map(at), now);
        assert_eq!(check("2026-01-01T10:00:00Z", None), Ok(()));
        assert_eq!(check("2026-01-01T20:05:00Z", None), Ok(()));
        assert_eq!(check("2026-01-01T20:05:01Z", None), Err(BadTime::Ahead));
        assert_eq!(check("2026-01-01T09:59:59Z", None), Err(BadTime::BeforeOpening));
        assert_eq!(check("2025-12-31T19:59:59Z", None), Err(BadTime::TooOld));
        assert_eq!(check("2026-01-01T15:59:00Z", Some("2026-01-01T15:00:00Z")), Ok(()));
        assert_eq!(check("2026-01-01T16:00:00Z", Some("2026-01-01T15:30:00Z")), Err(BadTime::AfterEnd));
    }
}
