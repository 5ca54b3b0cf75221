//! Licences by authorisation code (授权码, `license-interface 2`): how a code looks and what may be done with it.

use crate::instance::InstanceState;
use jiff::Timestamp;

crate::words! {
    /// States of a licence; the wire has no word for the first (`license-interface 2.1`).
    pub enum LicenceState ("licence state") {
        NotActivated = "not_activated",
        Alive = "alive",
        Expired = "expired",
        Released = "released",
    }
}

crate::words! {
    /// How far an application for a licence is that the seller gives by hand (`license-interface 4.2`).
    pub enum ApplicationState ("state of a licence application") {
        Asked = "asked",
        /// The seller took it.
        Accepted = "accepted",
        Failed = "failed",
        Delivered = "delivered",
    }
}

crate::words! {
    /// What a seller uploads as a licence (`license-interface 4.3`).
    pub enum LicenceForm ("form of a licence") { File = "FILE", Characters = "CHARACTERS" }
}

/// Digits and letters that are not taken for each other.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What codes begin with (`license-interface 2.1`).
const PREFIX: &str = "PL";
/// Random characters of a code: 125 bits, five a character.
pub const RANDOM_CHARACTERS: usize = 25;

/// A code of random bytes, five bits of each, with a check character.
#[must_use]
pub fn code(random: [u8; RANDOM_CHARACTERS]) -> String {
    with_prefix(PREFIX, random)
}

/// An identification code that the marketplace makes (系统识别码, `license-interface 2.6`).
#[must_use]
pub fn identification_code(random: [u8; RANDOM_CHARACTERS]) -> String {
    with_prefix("ID", random)
}

fn with_prefix(prefix: &str, random: [u8; RANDOM_CHARACTERS]) -> String {
    let values = random.map(|byte| byte & 31);
    let letters = values.iter().chain([&check(&values)]).map(|v| char::from(ALPHABET[usize::from(*v)])).collect::<String>();
    format!("{prefix}{letters}")
}

/// Whether a text can be a code: a wrong letter, or two exchanged, cannot.
#[must_use]
pub fn is_code(text: &str) -> bool {
    let letters = text.strip_prefix(PREFIX).unwrap_or_default().bytes();
    let values: Option<Vec<u8>> = letters.map(|l| ALPHABET.iter().position(|a| *a == l).and_then(|v| u8::try_from(v).ok())).collect();
    match values.as_deref() {
        Some([values @ .., last]) if values.len() == RANDOM_CHARACTERS => check(values) == *last,
        _ => false,
    }
}

/// Luhn's check over 32 values.
fn check(values: &[u8]) -> u8 {
    let sum = values.iter().rev().enumerate().fold(0_u16, |sum, (i, value)| {
        let value = u16::from(*value).saturating_mul(if i % 2 == 0 { 2 } else { 1 });
        sum.saturating_add(value / 32).saturating_add(value % 32)
    });
    u8::try_from(32_u16.saturating_sub(sum % 32) % 32).unwrap_or_default()
}

/// What a licence is, from the instance that it opens. A term that ended counts at once, before its timer ran.
#[must_use]
pub fn state(instance: InstanceState, expires_at: Option<Timestamp>, now: Timestamp) -> LicenceState {
    match instance {
        InstanceState::Opening => LicenceState::NotActivated,
        InstanceState::Running if expires_at.is_some_and(|end| end <= now) => LicenceState::Expired,
        InstanceState::Running => LicenceState::Alive,
        InstanceState::Frozen => LicenceState::Expired,
        InstanceState::Released | InstanceState::Failed => LicenceState::Released,
    }
}

/// Why a call of the seller's software is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the code was activated already; ask for its state")]
    ActivatedAlready,
    #[error("the code was released")]
    Released,
    #[error("the code was not activated yet")]
    NotActivated,
    #[error("the buyer has not taken the code yet")]
    NotReceived,
    #[error("the order is under appeal")]
    Frozen,
    #[error("real_effect_time lies before the order")]
    BeforeOrder,
    #[error("real_effect_time lies in the future")]
    InFuture,
}

/// Whether a code may be activated now. `real` is the delivery as the seller tells it.
///
/// # Errors
/// [`Refused`].
pub fn may_activate(state: LicenceState, ordered: Timestamp, real: Option<Timestamp>, now: Timestamp) -> Result<(), Refused> {
    match state {
        LicenceState::NotActivated => {}
        LicenceState::Alive | LicenceState::Expired => return Err(Refused::ActivatedAlready),
        LicenceState::Released => return Err(Refused::Released),
    }
    match real {
        // The wire knows seconds only.
        Some(real) if real.as_second() < ordered.as_second() => Err(Refused::BeforeOrder),
        Some(real) if real > now => Err(Refused::InFuture),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn a_code_reads_back_and_a_wrong_letter_does_not(random: [u8; RANDOM_CHARACTERS], place in 2_usize..28, other in 0_usize..32) {
            let code = code(random);
            prop_assert!(is_code(&code) && code.len() == 28);
            let mut wrong = code.clone().into_bytes();
            wrong[place] = ALPHABET[other];
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(is_code(&wrong), wrong == code);
        }
    }

    #[test]
    fn a_licence_follows_its_instance() {
        let (now, end) = (at("2024-01-05T00:00:00Z"), at("2025-01-05T00:00:00Z"));
        for (instance, expires_at, expected) in [
            (InstanceState::Opening, None, LicenceState::NotActivated),
            (InstanceState::Running, None, LicenceState::Alive),
            (InstanceState::Running, Some(end), LicenceState::Alive),
            (InstanceState::Running, Some(now), LicenceState::Expired),
            (InstanceState::Frozen, Some(end), LicenceState::Expired),
            (InstanceState::Released, Some(end), LicenceState::Released),
            (InstanceState::Failed, None, LicenceState::Released),
        ] {
            assert_eq!(state(instance, expires_at, now), expected, "{instance}");
        }
    }

    #[test]
    fn a_code_is_activated_once_and_not_before_its_order() {
        let (ordered, now) = (at("2024-01-05T02:00:00.9Z"), at("2024-01-06T00:00:00Z"));
        let may = |state, real: Option<&str>| may_activate(state, ordered, real.map(at), now);
        assert_eq!(may(LicenceState::NotActivated, None), Ok(()));
        assert_eq!(may(LicenceState::NotActivated, Some("2024-01-05T02:00:00Z")), Ok(()), "the order's own second");
        assert_eq!(may(LicenceState::NotActivated, Some("2024-01-05T01:59:59Z")), Err(Refused::BeforeOrder));
        assert_eq!(may(LicenceState::NotActivated, Some("2024-01-06T00:00:01Z")), Err(Refused::InFuture));
        assert_eq!(may(LicenceState::Alive, None), Err(Refused::ActivatedAlready));
        assert_eq!(may(LicenceState::Expired, None), Err(Refused::ActivatedAlready));
        assert_eq!(may(LicenceState::Released, None), Err(Refused::Released));
    }
}
