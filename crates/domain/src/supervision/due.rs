//! What falls due in a case by itself: nothing waits for ever (`seller-domain 5.4`).

use super::{
    Case, CaseState, Effect, INSPECTION_DAYS, REFUND_PRESS_WORKING_DAYS, RETURN_DAYS, RefundState,
    template::{Anchor, Template, Timer},
};
use crate::site::Site;
use jiff::{SignedDuration, Timestamp};

/// An appeal is decided within so many working days.
pub const APPEAL_WORKING_DAYS: u16 = 3;
/// Goods are not accepted by themselves sooner after the carrier's report came (our own rule).
const DAYS_AFTER_REPORT: u16 = 3;
/// After this long the operator is reminded of a refund of goods in transit.
const PLATFORM_WORKING_DAYS: u16 = 3;

/// The next thing that happens to a case by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// A node's actor is reminded.
    Remind,
    /// The case goes to a node, or to its end.
    Go(String),
    LongOpen,
    AppealLate,
    /// A request for a refund ends by itself.
    RefundLapses,
    /// The buyer is told to press the seller.
    Press,
}

pub(super) fn days(n: u16) -> SignedDuration {
    SignedDuration::from_hours(i64::from(n).saturating_mul(24))
}

impl Case {
    /// When something happens by itself, and what; `None` only at the end, or while an appeal's lateness was told.
    #[must_use]
    pub fn due(&self, template: &Template, site: &Site) -> Option<(Timestamp, Due)> {
        if self.state != CaseState::Open {
            return None;
        }
        let long = (self.next_long(template), Due::LongOpen);
        if let Some(appeal) = self.appeal {
            let late = (!appeal.late_told).then_some((appeal.due_at, Due::AppealLate));
            return late.into_iter().chain([long]).min_by_key(|(at, _)| *at);
        }
        let refund = self.refund_due(site);
        // While a request is open nothing is accepted by itself; once agreed, the node waits for nobody.
        let agreed = self.open_refund().is_some_and(|r| r.state.agreed());
        let flow = template.in_scene(self.scene);
        let timers = flow.node(&self.node).map(|n| n.timers.as_slice()).unwrap_or_default();
        let own = timers.iter().filter(|t| !agreed && (t.to.is_none() || refund.is_none())).filter_map(|t| self.timer(t));
        own.chain(refund.clone()).chain([long]).min_by_key(|(at, _)| *at)
    }

    fn next_long(&self, template: &Template) -> Timestamp {
        let every = days(template.reminder.every_days);
        self.long_reminded_at.map_or(self.started_at + days(template.reminder.after_days), |last| last + every)
    }

    fn timer(&self, timer: &Timer) -> Option<(Timestamp, Due)> {
        let from = match timer.from {
            Anchor::Entered => self.entered_at,
            Anchor::CarrierDelivered => self.carrier_delivered_at?,
        };
        let first = from + days(timer.days) + self.frozen_for;
        match (&timer.to, timer.every_days, self.reminded_at) {
            (Some(to), ..) => Some((first, Due::Go(to.clone()))),
            (None, _, None) => Some((first, Due::Remind)),
            (None, Some(every), Some(last)) => Some((last + days(every), Due::Remind)),
            (None, None, Some(_)) => None,
        }
    }

    /// A report of the carrier may come days after the delivery: what it makes due by itself leaves the buyer some days from then.
    pub(super) fn leave_days_to_inspect(&mut self, flow: &Template, now: Timestamp) {
        let timers = flow.node(&self.node).map(|n| n.timers.as_slice()).unwrap_or_default();
        let first = timers
            .iter()
            .filter(|t| t.from == Anchor::CarrierDelivered && t.to.is_some())
            .filter_map(|t| self.timer(t))
            .min_by_key(|(at, _)| *at);
        if let Some((at, _)) = first {
            self.frozen_for += at.duration_until(now + days(DAYS_AFTER_REPORT)).max(SignedDuration::ZERO);
        }
    }

    fn refund_due(&self, site: &Site) -> Option<(Timestamp, Due)> {
        let refund = self.open_refund()?;
        Some(match refund.state {
            RefundState::WaitingForSeller => {
                (site.working_days_after(refund.pressed_at.unwrap_or(refund.since), REFUND_PRESS_WORKING_DAYS), Due::Press)
            }
            RefundState::WaitingForPlatform => {
                (site.working_days_after(refund.pressed_at.unwrap_or(refund.since), PLATFORM_WORKING_DAYS), Due::Press)
            }
            RefundState::WaitingForReturn => (refund.since + days(RETURN_DAYS), Due::RefundLapses),
            RefundState::WaitingForInspection => (refund.since + days(INSPECTION_DAYS), Due::RefundLapses),
            RefundState::Refunded | RefundState::Rejected | RefundState::Withdrawn => return None,
        })
    }

    /// Does the one thing that is due now; nothing when it is not yet.
    pub fn fall_due(&mut self, template: &Template, site: &Site, now: Timestamp) -> Vec<Effect> {
        let Some((_, due)) = self.due(template, site).filter(|(at, _)| *at <= now) else {
            return Vec::new();
        };
        match due {
            Due::Remind => {
                self.reminded_at = Some(now);
                let actor = template.node(&self.node).map(|n| n.actor);
                actor.map(|party| Effect::Remind { party }).into_iter().collect()
            }
            Due::LongOpen => {
                self.long_reminded_at = Some(now);
                vec![Effect::LongOpen { days: now.duration_since(self.started_at).as_hours() / 24 }]
            }
            Due::AppealLate => {
                if let Some(appeal) = &mut self.appeal {
                    appeal.late_told = true;
                }
                vec![Effect::AppealLate]
            }
            Due::Press => {
                if let Some(refund) = &mut self.refund {
                    refund.pressed_at = Some(now);
                }
                vec![Effect::Press]
            }
            Due::RefundLapses => self.refund_lapsed(now),
            Due::Go(to) => self.go(&template.in_scene(self.scene), &to, now),
        }
    }
}
