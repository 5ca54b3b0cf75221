//! Service supervision (服务监管, `seller-domain 5`): the money waits until delivery is proved.
//!
//! What happens in which order is data: a [`Template`] is a graph of nodes with actors, actions, evidence and timers,
//! checked when it is loaded. A [`Case`] is one order's way through a template; [`Case::apply`] is the only thing that
//! moves it, and says what its move means for money, instance and people.

mod address;
mod builtin;
mod case;
mod check;
mod document;
mod due;
mod elements;
mod evidence;
mod form;
#[cfg(test)]
mod lives;
mod refund;
mod refused;
mod template;

pub use address::Address;
pub use builtin::{BUILT_IN, built_in, choose};
pub use case::{Appeal, Case, CaseState, Decision, Effect, Input};
pub use check::{BadTemplate, check};
pub use document::document;
pub use due::{APPEAL_WORKING_DAYS, Due};
pub use elements::{Elements, Expected, check as check_elements};
pub use evidence::{BadFile, FILE_BYTES_MAX, FILES_MAX, Preview, check_file, media_type, preview};
pub use form::Form;
pub use refund::{Goods, INSPECTION_DAYS, REFUND_PRESS_WORKING_DAYS, RETURN_DAYS, RefundRequest, RefundState};
pub use refused::Refused;
pub use template::{Action, Anchor, CodeRule, END, Evidence, Field, Happening, Node, Reminder, Template, Timer, Trigger, mermaid};

crate::words! {
    /// Who acts in a case.
    pub enum Party ("party") { Buyer = "buyer", Seller = "seller", Operator = "operator" }
}

crate::words! {
    /// Whose rules an order is delivered under (`seller-domain 5.1`).
    pub enum Scene ("scene") {
        General = "general",
        Joint = "joint",
        /// 赋能云: the buyer's track, or its vouchers.
        EmpowermentCloud = "empowerment_cloud",
        /// 基地云.
        BaseCloud = "base_cloud",
    }
}

impl Scene {
    /// The scene of an order: a buyer's track counts for joint products only (`seller-domain 5.1`).
    #[must_use]
    pub fn of(joint: bool, track: Option<Track>) -> Self {
        match (joint, track) {
            (false, _) => Self::General,
            (true, None) => Self::Joint,
            (true, Some(Track::EmpowermentCloud)) => Self::EmpowermentCloud,
            (true, Some(Track::BaseCloud)) => Self::BaseCloud,
        }
    }

    /// Whether the platform reviews deliveries (`seller-domain 5.1`).
    #[must_use]
    pub fn reviewed(self) -> bool {
        match self {
            Self::General | Self::Joint => false,
            Self::EmpowermentCloud | Self::BaseCloud => true,
        }
    }
}

crate::words! {
    /// A programme that a buyer's account takes part in.
    pub enum Track ("track") { EmpowermentCloud = "empowerment_cloud", BaseCloud = "base_cloud" }
}

crate::words! {
    /// Which of the flows of an access type a product is delivered by.
    #[derive(Default)]
    pub enum Flow ("flow") {
        #[default]
        Standard = "standard",
        /// 建站类.
        SiteBuilding = "site_building",
        Milestones = "milestones",
    }
}

impl Flow {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
    pub(crate) fn is_standard(&self) -> bool {
        *self == Self::Standard
    }
}

crate::words! {
    /// What may be done at a node.
    pub enum Verb ("action") {
        Submit = "submit",
        Confirm = "confirm",
        Return = "return",
        Deliver = "deliver",
        Ship = "ship",
        /// Take the authorisation code (领取).
        Claim = "claim",
        /// Upload the proof of delivery.
        Prove = "prove",
        Pass = "pass",
        Accept = "accept",
        Reject = "reject",
    }
}

crate::words! {
    /// What was done in a case, as its log keeps it: what people do at a node, and what else moves it.
    pub enum StepKind ("step of a case") {
        Begun = "begun",
        Submit = "submit",
        Confirm = "confirm",
        Return = "return",
        Deliver = "deliver",
        Ship = "ship",
        Claim = "claim",
        Prove = "prove",
        Pass = "pass",
        Accept = "accept",
        Reject = "reject",
        AddressChanged = "address_changed",
        Appealed = "appealed",
        Stated = "stated",
        Decided = "decided",
        Note = "note",
        Activation = "activation",
        CarrierDelivered = "carrier_delivered",
        OpeningFailed = "opening_failed",
        RefundAsked = "refund_asked",
        RefundWithdrawn = "refund_withdrawn",
        RefundAgreed = "refund_agreed",
        RefundRejected = "refund_rejected",
        RefundConfirmed = "refund_confirmed",
        RefundRefused = "refund_refused",
        RefundSentBack = "refund_sent_back",
        RefundInspected = "refund_inspected",
        RefundDamaged = "refund_damaged",
        RefundLapsed = "refund_lapsed",
        AcceptedByTime = "accepted_by_time",
        LongOpen = "long_open",
        AppealLate = "appeal_late",
        Reminded = "reminded",
    }
}

impl From<Verb> for StepKind {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Submit => Self::Submit,
            Verb::Confirm => Self::Confirm,
            Verb::Return => Self::Return,
            Verb::Deliver => Self::Deliver,
            Verb::Ship => Self::Ship,
            Verb::Claim => Self::Claim,
            Verb::Prove => Self::Prove,
            Verb::Pass => Self::Pass,
            Verb::Accept => Self::Accept,
            Verb::Reject => Self::Reject,
        }
    }
}

crate::words! {
    /// Who did a step of a case.
    pub enum StepParty ("party of a step") {
        Buyer = "buyer",
        Seller = "seller",
        Operator = "operator",
        /// It happened by itself.
        System = "system",
    }
}

impl From<Option<Party>> for StepParty {
    fn from(party: Option<Party>) -> Self {
        match party {
            Some(Party::Buyer) => Self::Buyer,
            Some(Party::Seller) => Self::Seller,
            Some(Party::Operator) => Self::Operator,
            None => Self::System,
        }
    }
}

crate::words! {
    /// What a person fills in beside files.
    pub enum FieldName ("field") {
        Text = "text",
        Reason = "reason",
        /// 实际开通时间 (`seller-domain 4.3`).
        OpeningTime = "opening_time",
        /// The five key elements (`seller-domain 5.5`).
        Elements = "elements",
        Carrier = "carrier",
        TrackingNumber = "tracking_number",
        /// Hardware code that the buyer types, or the system's (`license-interface 2.6`).
        IdentificationCode = "identification_code",
        /// The licence as text.
        Licence = "licence",
    }
}

crate::words! {
    /// What a file proves (交付凭证, `seller-domain 5.5`).
    pub enum EvidenceKind ("kind of evidence") {
        Requirement = "requirement",
        /// Statement of work (需求说明书).
        StatementOfWork = "statement_of_work",
        Acceptance = "acceptance",
        ValidityScreenshot = "validity_screenshot",
        DeploymentScreenshot = "deployment_screenshot",
        KitScreenshot = "kit_screenshot",
        ResourceOrder = "resource_order",
        Delivery = "delivery",
        LicenceFile = "licence_file",
        Shipping = "shipping",
        Agreement = "agreement",
        /// 申诉处理承诺函.
        Commitment = "commitment",
        Other = "other",
    }
}
