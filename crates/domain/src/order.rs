//! Orders: numbers, kinds, states and what may follow what (`order-life 1`, `seller-domain 4.2`).

use crate::site::Site;
use jiff::Timestamp;

crate::words! {
    /// Kinds of order (订单类型).
    pub enum OrderKind ("order kind") {
        New = "new",
        Trial = "trial",
        TrialToFormal = "trial_to_formal",
        Renew = "renew",
        Change = "change",
        Unsubscribe = "unsubscribe",
    }
}

impl OrderKind {
    /// The word on the wire (`orderType`).
    #[must_use]
    pub fn wire(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Trial => "TRIAL",
            Self::TrialToFormal => "TRIAL_TO_FORMAL",
            Self::Renew => "RENEW",
            Self::Change => "CHANGE",
            Self::Unsubscribe => "UNSUBSCRIBE",
        }
    }

    /// Whether the order makes an instance; the others act on one that is there.
    #[must_use]
    pub fn opens_instance(self) -> bool {
        match self {
            Self::New | Self::Trial => true,
            Self::TrialToFormal | Self::Renew | Self::Change | Self::Unsubscribe => false,
        }
    }
}

crate::words! {
    /// States of an order and of its lines (订单状态).
    pub enum OrderState ("order state") {
        PendingPayment = "pending_payment",
        Processing = "processing",
        Completed = "completed",
        Cancelled = "cancelled",
    }
}

/// What happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStep {
    Pay,
    Complete,
    Cancel,
    /// Opening or upgrading failed for good: the money goes back.
    Fail,
}

/// A step that the state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the order is {from} and cannot {verb}")]
pub struct NotAllowed {
    pub from: OrderState,
    pub verb: &'static str,
}

impl OrderState {
    /// The state after a step.
    ///
    /// # Errors
    /// [`NotAllowed`], naming state and step.
    pub fn after(self, step: OrderStep) -> Result<Self, NotAllowed> {
        let refused = |verb| Err(NotAllowed { from: self, verb });
        match (step, self) {
            (OrderStep::Pay, Self::PendingPayment) => Ok(Self::Processing),
            (OrderStep::Complete, Self::Processing) => Ok(Self::Completed),
            (OrderStep::Cancel, Self::PendingPayment) | (OrderStep::Fail, Self::Processing) => Ok(Self::Cancelled),
            (OrderStep::Pay, Self::Processing | Self::Completed | Self::Cancelled) => refused("be paid"),
            (OrderStep::Complete, Self::PendingPayment | Self::Completed | Self::Cancelled) => refused("be completed"),
            (OrderStep::Cancel, Self::Processing | Self::Completed | Self::Cancelled) => refused("be cancelled"),
            (OrderStep::Fail, Self::PendingPayment | Self::Completed | Self::Cancelled) => refused("fail"),
        }
    }
}

/// The digits and letters of an order number, in the order of their bytes.
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Parts of a minute that two letters tell apart.
const PARTS: u64 = 36 * 36;

/// Three characters of a number.
const CUBE: u64 = 36 * 36 * 36;

/// `CS` + `yyMMddHHmm` in site time + five letters or digits: two for the part of the minute, three drawn from random
/// bytes. So numbers sort by time, and what is kept by number is written where its neighbours were: indexes on numbers
/// that were random within a minute had half of the pages that an activation writes.
#[must_use]
pub fn number(site: &Site, at: Timestamp, random: [u8; 8]) -> String {
    let time = at.to_zoned_datetime(site.time_zone.clone());
    let millis = u64::from(time.second().unsigned_abs()).saturating_mul(1_000).saturating_add(u64::from(time.millisecond().unsigned_abs()));
    let part = millis.saturating_mul(PARTS) / 60_000;
    let mut rest = part.saturating_mul(CUBE).saturating_add(u64::from_le_bytes(random) % CUBE);
    let mut tail = [b'0'; 5];
    for letter in tail.iter_mut().rev() {
        *letter = usize::try_from(rest % 36).ok().and_then(|place| ALPHABET.get(place)).copied().unwrap_or(b'0');
        rest /= 36;
    }
    format!("CS{}{}", time.strftime("%y%m%d%H%M"), String::from_utf8_lossy(&tail))
}

/// The number of an order's n-th line, counting from 1.
#[must_use]
pub fn line_number(order_number: &str, n: u32) -> String {
    format!("{order_number}-{n:06}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::SiteCode;

    fn number_of(at: &str, random: u64) -> String {
        number(&Site::of(SiteCode::Cn), at.parse().unwrap(), random.to_le_bytes())
    }

    #[test]
    fn numbers_have_the_documented_form() {
        let at = "2022-07-26T06:47:36Z".parse().unwrap();
        let number = number(&Site::of(SiteCode::Cn), at, [7, 91, 3, 4, 200, 6, 7, 8]);
        assert!(number.starts_with("CS2207261447"), "{number}");
        assert_eq!(number.len(), 17);
        assert!(number[12..].bytes().all(|b| ALPHABET.contains(&b)));
        let later = number_of("2022-07-26T06:47:36.050Z", 0);
        assert!(number_of("2022-07-26T06:47:36Z", u64::MAX) < later, "numbers sort by time");
        assert!(later < number_of("2022-07-26T06:47:59.999Z", 0) && later < number_of("2022-07-26T06:48:00Z", 0));
        assert_eq!(
            (number_of("2022-07-26T06:48:00Z", 0), number_of("2022-07-26T06:48:59.999Z", 46_655)),
            ("CS220726144800000".into(), "CS2207261448ZZZZZ".into())
        );
        assert_eq!(line_number("CS2207261447AUY4H", 1), "CS2207261447AUY4H-000001");
    }

    #[test]
    fn every_state_and_step_has_an_answer() {
        use OrderState::{Cancelled, Completed, PendingPayment, Processing};
        use OrderStep::{Cancel, Complete, Fail, Pay};
        for (step, from, to) in [
            (Pay, PendingPayment, Some(Processing)),
            (Pay, Processing, None),
            (Pay, Completed, None),
            (Pay, Cancelled, None),
            (Complete, PendingPayment, None),
            (Complete, Processing, Some(Completed)),
            (Complete, Completed, None),
            (Complete, Cancelled, None),
            (Cancel, PendingPayment, Some(Cancelled)),
            (Cancel, Processing, None),
            (Cancel, Completed, None),
            (Cancel, Cancelled, None),
            (Fail, PendingPayment, None),
            (Fail, Processing, Some(Cancelled)),
            (Fail, Completed, None),
            (Fail, Cancelled, None),
        ] {
            assert_eq!(from.after(step).ok(), to, "{step:?} of {from}");
        }
    }
}
