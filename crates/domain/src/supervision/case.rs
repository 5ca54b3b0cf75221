//! A case: one order on its way through a template. Everything that moves it is here.

use super::{
    Form, Goods, Party, RefundRequest, RefundState, Refused, Scene, Verb,
    template::{Action, END, Happening, Node, Template},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

crate::words! {
    /// Whether a case goes on.
    pub enum CaseState ("case state") { Open = "open", Completed = "completed", Cancelled = "cancelled" }
}

/// An appeal that is open: the flow is frozen (`seller-domain 5.6`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    pub by: Party,
    pub at: Timestamp,
    /// Three working days later.
    pub due_at: Timestamp,
    pub late_told: bool,
}

/// One order's way through a template, as its scene has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub scene: Scene,
    pub state: CaseState,
    /// Where it is, or was when it ended.
    pub node: String,
    pub ordered_at: Timestamp,
    pub started_at: Timestamp,
    pub entered_at: Timestamp,
    /// How long it was frozen at this node: its timers fall due that much later.
    pub frozen_for: SignedDuration,
    pub shipped_at: Option<Timestamp>,
    pub carrier_delivered_at: Option<Timestamp>,
    /// When the buyer took the code.
    pub claimed_at: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
    /// 实际开通时间, as the seller gave it last.
    pub opening_at: Option<Timestamp>,
    pub accepted_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// How often the buyer rejected a delivery; for statistics (`seller-domain 10`).
    pub rejections: u32,
    pub reminded_at: Option<Timestamp>,
    /// The last reminder that the whole case is open for long.
    pub long_reminded_at: Option<Timestamp>,
    pub paid_minor: i64,
    /// Per cent that accepted milestones released.
    pub released_percent: u8,
    pub released_minor: i64,
    pub refunded_minor: i64,
    pub appeal: Option<Appeal>,
    pub refund: Option<RefundRequest>,
}

/// How the operator decides an appeal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The flow goes on where it stood.
    Continue,
    /// Delivered: the order is settled.
    Close,
    /// Given back in full or in part.
    Refund { amount_minor: i64 },
}

/// What reaches a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Act {
        by: Party,
        verb: Verb,
        form: Form,
    },
    Happened {
        event: Happening,
        at: Timestamp,
    },
    /// `due_at`: three working days from now.
    Appeal {
        by: Party,
        due_at: Timestamp,
    },
    Decide(Decision),
    AskRefund {
        amount_minor: i64,
        goods: Goods,
    },
    WithdrawRefund,
    AnswerRefund {
        agree: bool,
    },
    /// The platform confirms a refund of goods in transit.
    ConfirmRefund {
        agree: bool,
    },
    SendBack,
    Inspect {
        good: bool,
    },
    /// What is sold could not be opened: everything goes back.
    OpeningFailed,
}

/// What a move means for the rest of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Moved {
        from: String,
        to: String,
    },
    /// The buyer may see the code from now on.
    CodeShown,
    /// The instance runs from this moment.
    Opened {
        at: Timestamp,
    },
    /// A milestone was accepted: so much of the price is the seller's.
    Released {
        minor: i64,
        percent: u8,
    },
    /// The order is done; what was still in escrow is the seller's.
    Completed {
        released_minor: i64,
        opened_at: Timestamp,
    },
    Cancelled {
        refunded_minor: i64,
        released_minor: i64,
    },
    Refund {
        state: RefundState,
    },
    Appealed,
    /// A decision that lets the flow go on.
    Resumed,
    /// Somebody is waited for.
    Remind {
        party: Party,
    },
    /// The case is open for so many days.
    LongOpen {
        days: i64,
    },
    AppealLate,
    /// The buyer is told to press the seller for an answer to the request.
    Press,
}

impl Case {
    /// A case at the first node of its flow.
    #[must_use]
    pub fn begin(template: &Template, scene: Scene, ordered_at: Timestamp, paid_minor: i64, now: Timestamp) -> Self {
        let flow = template.in_scene(scene);
        Self {
            scene,
            state: CaseState::Open,
            node: flow.nodes.first().map_or_else(String::new, |n| n.key.clone()),
            ordered_at,
            started_at: now,
            entered_at: now,
            frozen_for: SignedDuration::ZERO,
            shipped_at: None,
            carrier_delivered_at: None,
            claimed_at: None,
            activated_at: None,
            opening_at: None,
            accepted_at: None,
            ended_at: None,
            rejections: 0,
            reminded_at: None,
            long_reminded_at: None,
            paid_minor,
            released_percent: 0,
            released_minor: 0,
            refunded_minor: 0,
            appeal: None,
            refund: None,
        }
    }

    /// Moves the case, or says why not; a refusal changes nothing.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn apply(&mut self, template: &Template, input: &Input, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        match input {
            Input::Act { by, verb, form } => self.act(template, *by, *verb, form, now),
            Input::Happened { event, at } => self.happened(template, *event, *at, now),
            Input::Appeal { by, due_at } => self.appeal(*by, *due_at, now),
            Input::Decide(decision) => self.decide(*decision, now),
            Input::AskRefund { amount_minor, goods } => self.ask_refund(*amount_minor, *goods, now),
            Input::WithdrawRefund => self.withdraw_refund(now),
            Input::AnswerRefund { agree } => self.answer_refund(*agree, now),
            Input::ConfirmRefund { agree } => self.confirm_refund(*agree, now),
            Input::SendBack => self.send_back(now),
            Input::Inspect { good } => self.inspect(*good, now),
            Input::OpeningFailed => {
                self.still_open()?;
                Ok(self.pay_back(self.refundable_minor(), now))
            }
        }
    }

    fn still_open(&self) -> Result<(), Refused> {
        if self.state == CaseState::Open { Ok(()) } else { Err(Refused::Over(self.state)) }
    }

    /// Open, and no appeal freezes it.
    pub(super) fn active(&self) -> Result<(), Refused> {
        self.still_open()?;
        if self.appeal.is_some() { Err(Refused::Frozen) } else { Ok(()) }
    }

    /// The flow itself may move.
    fn flows(&self) -> Result<(), Refused> {
        self.active()?;
        if self.refund.is_some_and(|r| r.state.agreed()) { Err(Refused::RefundAgreed) } else { Ok(()) }
    }

    /// What a party may do now.
    #[must_use]
    pub fn actions(&self, template: &Template, by: Party) -> Vec<Action> {
        if self.flows().is_err() {
            return Vec::new();
        }
        let flow = template.in_scene(self.scene);
        let Some(node) = flow.node(&self.node) else { return Vec::new() };
        let open = |a: &&Action| a.by(node) == by && (a.verb != Verb::Claim || self.claimed_at.is_none());
        node.actions.iter().filter(open).cloned().collect()
    }

    /// Whose turn it is: the operator's under appeal, else whoever the refund and the node wait for. Nobody's at the end.
    #[must_use]
    pub fn waits_for(&self, template: &Template) -> Vec<Party> {
        if self.state != CaseState::Open {
            return Vec::new();
        }
        if self.appeal.is_some() {
            return vec![Party::Operator];
        }
        let refund = self.open_refund();
        let mut parties: Vec<Party> = refund.and_then(|r| r.state.waits_for()).into_iter().collect();
        if !refund.is_some_and(|r| r.state.agreed()) {
            parties.extend(template.node(&self.node).map(|n| n.actor).filter(|p| !parties.contains(p)));
        }
        parties
    }

    fn act(&mut self, template: &Template, by: Party, verb: Verb, form: &Form, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.flows()?;
        let flow = template.in_scene(self.scene);
        let missing = || Refused::NoSuchAction { node: self.node.clone(), verb };
        let node = flow.node(&self.node).ok_or_else(missing)?;
        let action = node.action(verb).ok_or_else(missing)?;
        if action.by(node) != by {
            return Err(Refused::NotYours(action.by(node)));
        }
        if verb == Verb::Claim && self.claimed_at.is_some() {
            return Err(Refused::TakenAlready);
        }
        form.filled(action, self.scene)?;
        match form.opening_at {
            // The sites show seconds: the order's own second is not before it.
            // The case begins with the payment: before it nothing is opened (`seller-domain 4.3`).
            Some(at) if at.as_second() < self.started_at.as_second() => return Err(Refused::OpeningBeforeOrder),
            Some(at) if at > now => return Err(Refused::OpeningInFuture),
            // Each delivery says anew when it was opened: what was returned or rejected opened nothing.
            opening if verb == Verb::Deliver => self.opening_at = opening,
            opening => self.opening_at = opening.or(self.opening_at),
        }
        let mut effects = Vec::new();
        match verb {
            Verb::Claim => {
                self.claimed_at = Some(now);
                effects.push(Effect::CodeShown);
                effects.extend(self.request_over(now));
            }
            Verb::Ship => (self.shipped_at, self.carrier_delivered_at) = (Some(now), None),
            // A delivery that was rejected or returned opened nothing, also when an appeal is closed over it.
            Verb::Reject => (self.rejections, self.opening_at) = (self.rejections.saturating_add(1), None),
            Verb::Return => self.opening_at = None,
            Verb::Accept => self.accepted_at = Some(now),
            Verb::Submit | Verb::Confirm | Verb::Deliver | Verb::Prove | Verb::Pass => {}
        }
        if let Some(share) = action.share.filter(|_| action.to != END) {
            effects.push(self.release(share));
        }
        effects.extend(self.go(&flow, &action.to, now));
        Ok(effects)
    }

    /// A part of the price, so that the parts of a hundred per cent add up to it.
    fn release(&mut self, percent: u8) -> Effect {
        self.released_percent = self.released_percent.saturating_add(percent).min(100);
        let wanted = i128::from(self.paid_minor).saturating_mul(i128::from(self.released_percent)) / 100;
        let minor = i64::try_from(wanted).unwrap_or(self.paid_minor).saturating_sub(self.released_minor);
        self.released_minor = self.released_minor.saturating_add(minor);
        Effect::Released { minor, percent }
    }

    pub(super) fn go(&mut self, flow: &Template, to: &str, now: Timestamp) -> Vec<Effect> {
        if to == self.node {
            return Vec::new();
        }
        let moved = Effect::Moved { from: self.node.clone(), to: to.to_owned() };
        if to != END {
            debug_assert!(flow.node(to).is_some(), "checked when it was loaded");
            to.clone_into(&mut self.node);
            self.entered_at = now;
            (self.frozen_for, self.reminded_at) = (SignedDuration::ZERO, None);
            return vec![moved];
        }
        let mut effects = self.request_over(now);
        effects.extend([moved, self.complete(now)]);
        effects
    }

    /// What the seller delivered is taken: the order is done.
    fn complete(&mut self, now: Timestamp) -> Effect {
        self.accepted_at = self.accepted_at.or(Some(now));
        let opened_at = self.activated_at.or(self.opening_at).unwrap_or(now);
        let released_minor = self.refundable_minor();
        (self.released_minor, self.released_percent) = (self.paid_minor, 100);
        self.over(CaseState::Completed, now);
        Effect::Completed { released_minor, opened_at }
    }

    pub(super) fn over(&mut self, state: CaseState, now: Timestamp) {
        (self.state, self.ended_at, self.appeal) = (state, Some(now), None);
    }

    fn happened(&mut self, template: &Template, event: Happening, at: Timestamp, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.flows()?;
        let flow = template.in_scene(self.scene);
        let claim_first = template.code.is_some_and(|rule| rule.claim_before_activation);
        if event == Happening::Activation && claim_first && self.claimed_at.is_none() {
            return Err(Refused::NotTaken);
        }
        // A seller may activate: a request that they would rather not answer is not ended by it.
        if event == Happening::Activation && self.open_refund().is_some() {
            return Err(Refused::RefundOpen);
        }
        let node: &Node = flow.node(&self.node).ok_or(Refused::NotAwaited)?;
        let to = node.triggers.iter().find(|t| t.event == event).map(|t| t.to.clone()).ok_or(Refused::NotAwaited)?;
        let mut effects = Vec::new();
        match event {
            Happening::Activation => {
                self.activated_at = Some(at);
                // Whoever activated a code, its buyer sees it (license-interface 2.1).
                effects.extend(self.claimed_at.is_none().then_some(Effect::CodeShown));
                effects.push(Effect::Opened { at });
            }
            Happening::CarrierDelivered => {
                if self.carrier_delivered_at.is_some() || at > now || self.shipped_at.is_none_or(|shipped| at < shipped) {
                    return Err(Refused::NotAwaited);
                }
                self.carrier_delivered_at = Some(at);
            }
        }
        effects.extend(self.go(&flow, &to, now));
        if event == Happening::CarrierDelivered {
            // The days of acceptance begin with the delivery: what stood still before it is none of them.
            self.frozen_for = SignedDuration::ZERO;
            self.leave_days_to_inspect(&flow, now);
        }
        Ok(effects)
    }

    fn appeal(&mut self, by: Party, due_at: Timestamp, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.still_open()?;
        if self.appeal.is_some() {
            return Err(Refused::AppealOpen);
        }
        self.appeal = Some(Appeal { by, at: now, due_at, late_told: false });
        Ok(vec![Effect::Appealed])
    }

    fn decide(&mut self, decision: Decision, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        self.still_open()?;
        let appeal = self.appeal.ok_or(Refused::NoAppeal)?;
        match decision {
            Decision::Continue => {
                let frozen = now.duration_since(appeal.at);
                // A request that is open counts the time of the appeal with its own when it is over.
                match self.refund.as_mut().filter(|refund| refund.state.waits_for().is_some()) {
                    Some(refund) => refund.since += frozen,
                    None => self.frozen_for += now.duration_since(self.stood_still_from(appeal.at)).max(SignedDuration::ZERO),
                }
                self.appeal = None;
                Ok(vec![Effect::Resumed])
            }
            Decision::Close => {
                let mut effects = self.request_over(now);
                effects.push(self.complete(now));
                Ok(effects)
            }
            Decision::Refund { amount_minor } => {
                if amount_minor <= 0 || amount_minor > self.refundable_minor() {
                    return Err(Refused::RefundAmount { max_minor: self.refundable_minor() });
                }
                Ok(self.pay_back(amount_minor, now))
            }
        }
    }
}
