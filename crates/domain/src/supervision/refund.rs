//! Negotiated refunds while supervision is open (协商退订, `seller-domain 4.5`).

use super::{Case, Effect, Party, Refused};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Working days after which the buyer is told to press the seller.
pub const REFUND_PRESS_WORKING_DAYS: u16 = 7;
/// Days to send goods back; then the request counts as withdrawn.
pub const RETURN_DAYS: u16 = 10;
/// Days to inspect what came back; then it counts as accepted.
pub const INSPECTION_DAYS: u16 = 15;

crate::words! {
    /// States of a request for a negotiated refund.
    pub enum RefundState ("refund state") {
        /// 待商家审核.
        WaitingForSeller = "waiting_for_seller",
        /// Goods are on the way: the platform confirms.
        WaitingForPlatform = "waiting_for_platform",
        /// 待用户寄回.
        WaitingForReturn = "waiting_for_return",
        /// 待验收.
        WaitingForInspection = "waiting_for_inspection",
        Refunded = "refunded",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
    }
}

crate::words! {
    /// Where shipped goods are, as the buyer says.
    pub enum Goods ("goods") { None = "none", InTransit = "in_transit", Received = "received" }
}

/// A request for a negotiated refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    pub state: RefundState,
    pub amount_minor: i64,
    pub goods: Goods,
    pub asked_at: Timestamp,
    /// When it came into its state; freezing pushes it back.
    pub since: Timestamp,
    pub pressed_at: Option<Timestamp>,
}

impl RefundState {
    /// Whose turn it is; nobody's when it is over.
    #[must_use]
    pub fn waits_for(self) -> Option<Party> {
        match self {
            Self::WaitingForSeller | Self::WaitingForInspection => Some(Party::Seller),
            Self::WaitingForPlatform => Some(Party::Operator),
            Self::WaitingForReturn => Some(Party::Buyer),
            Self::Refunded | Self::Rejected | Self::Withdrawn => None,
        }
    }

    /// Whether the seller has agreed and the rest has to follow: the flow stands still meanwhile.
    #[must_use]
    pub fn agreed(self) -> bool {
        matches!(self, Self::WaitingForPlatform | Self::WaitingForReturn | Self::WaitingForInspection)
    }
}

impl Case {
    /// The request that is not over.
    #[must_use]
    pub fn open_refund(&self) -> Option<RefundRequest> {
        self.refund.filter(|r| r.state.waits_for().is_some())
    }

    /// What may be given back at most: paid, not yet released.
    #[must_use]
    pub fn refundable_minor(&self) -> i64 {
        self.paid_minor.saturating_sub(self.released_minor)
    }

    /// Why no refund could be asked for now.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn may_ask_refund(&self) -> Result<(), Refused> {
        self.active()?;
        if self.claimed_at.is_some() || self.activated_at.is_some() {
            return Err(Refused::CodeTaken);
        }
        if self.open_refund().is_some() {
            return Err(Refused::RefundOpen);
        }
        if self.refundable_minor() == 0 { Err(Refused::NothingToRefund) } else { Ok(()) }
    }

    pub(super) fn ask_refund(&mut self, amount_minor: i64, goods: Goods, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.may_ask_refund()?;
        if amount_minor <= 0 || amount_minor > self.refundable_minor() {
            return Err(Refused::RefundAmount { max_minor: self.refundable_minor() });
        }
        // Goods that were not shipped are nowhere; those that were are somewhere.
        let goods = match (self.shipped_at, goods) {
            (None, _) => Goods::None,
            (Some(_), Goods::None) => Goods::InTransit,
            (Some(_), goods) => goods,
        };
        let state = RefundState::WaitingForSeller;
        self.refund = Some(RefundRequest { state, amount_minor, goods, asked_at: now, since: now, pressed_at: None });
        Ok(vec![Effect::Refund { state }])
    }

    fn refund_in(&self, wanted: RefundState) -> Result<RefundRequest, Refused> {
        self.active()?;
        self.refund.filter(|r| r.state == wanted).ok_or(Refused::NoSuchRefund)
    }

    fn refund_to(&mut self, state: RefundState, now: Timestamp) -> Vec<Effect> {
        if state.waits_for().is_none() {
            self.timers_go_on(now);
        }
        if let Some(refund) = &mut self.refund {
            (refund.state, refund.since) = (state, now);
        }
        vec![Effect::Refund { state }]
    }

    /// A request is over and the case goes on: what falls due in its node does so later by the time that it stood still, or a
    /// seller who waits would be paid the moment that they refuse (`seller-domain 4.5`: the buyer may apply again or appeal).
    fn timers_go_on(&mut self, now: Timestamp) {
        let Some(refund) = self.open_refund() else { return };
        self.frozen_for += now.duration_since(self.stood_still_from(refund.asked_at)).max(SignedDuration::ZERO);
    }

    /// Since when the timers of the node stood still because of what began at a moment: not before they began themselves.
    pub(super) fn stood_still_from(&self, at: Timestamp) -> Timestamp {
        [Some(self.entered_at), self.carrier_delivered_at].into_iter().flatten().fold(at, Timestamp::max)
    }

    /// A request that is not answered ends when the buyer goes on nevertheless.
    pub(super) fn request_over(&mut self, now: Timestamp) -> Vec<Effect> {
        match &mut self.refund {
            Some(refund) if refund.state.waits_for().is_some() => {
                (refund.state, refund.since) = (RefundState::Withdrawn, now);
                vec![Effect::Refund { state: RefundState::Withdrawn }]
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn withdraw_refund(&mut self, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.active()?;
        match self.open_refund().map(|r| r.state) {
            Some(RefundState::WaitingForSeller | RefundState::WaitingForPlatform | RefundState::WaitingForReturn) => {
                Ok(self.refund_to(RefundState::Withdrawn, now))
            }
            _ => Err(Refused::NoSuchRefund),
        }
    }

    /// What was released to the seller since the request was made is not there to be given back any more.
    fn require_left(&self, request: &RefundRequest) -> Result<(), Refused> {
        let max_minor = self.refundable_minor();
        if request.amount_minor > max_minor { Err(Refused::RefundAmount { max_minor }) } else { Ok(()) }
    }

    pub(super) fn answer_refund(&mut self, agree: bool, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        let request = self.refund_in(RefundState::WaitingForSeller)?;
        if agree {
            self.require_left(&request)?;
        }
        Ok(match (agree, request.goods) {
            (false, _) => self.refund_to(RefundState::Rejected, now),
            (true, Goods::None) => self.pay_back(request.amount_minor, now),
            (true, Goods::InTransit) => self.refund_to(RefundState::WaitingForPlatform, now),
            (true, Goods::Received) => self.refund_to(RefundState::WaitingForReturn, now),
        })
    }

    pub(super) fn confirm_refund(&mut self, agree: bool, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        let request = self.refund_in(RefundState::WaitingForPlatform)?;
        if agree {
            self.require_left(&request)?;
        }
        Ok(if agree { self.pay_back(request.amount_minor, now) } else { self.refund_to(RefundState::Rejected, now) })
    }

    pub(super) fn send_back(&mut self, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.refund_in(RefundState::WaitingForReturn)?;
        Ok(self.refund_to(RefundState::WaitingForInspection, now))
    }

    pub(super) fn inspect(&mut self, good: bool, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        let request = self.refund_in(RefundState::WaitingForInspection)?;
        Ok(if good { self.pay_back(request.amount_minor, now) } else { self.refund_to(RefundState::Rejected, now) })
    }

    /// The request's timer ran out.
    pub(super) fn refund_lapsed(&mut self, now: Timestamp) -> Vec<Effect> {
        match self.open_refund() {
            Some(r) if r.state == RefundState::WaitingForReturn => self.refund_to(RefundState::Withdrawn, now),
            Some(r) if r.state == RefundState::WaitingForInspection => self.pay_back(r.amount_minor, now),
            _ => Vec::new(),
        }
    }

    /// Gives so much back; the seller keeps the rest, and the case is over.
    pub(super) fn pay_back(&mut self, amount_minor: i64, now: Timestamp) -> Vec<Effect> {
        let rest = self.refundable_minor().saturating_sub(amount_minor);
        if let Some(refund) = &mut self.refund
            && refund.state.waits_for().is_some()
        {
            (refund.state, refund.since) = (RefundState::Refunded, now);
        }
        self.refunded_minor = amount_minor;
        self.released_minor = self.released_minor.saturating_add(rest);
        self.over(super::CaseState::Cancelled, now);
        vec![Effect::Cancelled { refunded_minor: amount_minor, released_minor: rest }]
    }
}
