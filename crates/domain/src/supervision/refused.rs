//! Why a case does not move, each reason by a stable code.

use super::{CaseState, EvidenceKind, FieldName, Party, Verb};

/// Why a case does not move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the case is {0}")]
    Over(CaseState),
    #[error("the flow is frozen by an appeal until the platform has decided")]
    Frozen,
    #[error("the seller agreed to a refund; the flow stands still until it is over")]
    RefundAgreed,
    #[error("{verb} is not possible at {node}")]
    NoSuchAction { node: String, verb: Verb },
    #[error("it is the {0}'s turn")]
    NotYours(Party),
    #[error("fill in {0}")]
    FieldMissing(FieldName),
    #[error("{0} is not asked for here")]
    FieldNotAsked(FieldName),
    #[error("send at least {min} files of the kind {kind}; there are {found}")]
    EvidenceMissing { kind: EvidenceKind, min: u8, found: usize },
    #[error("files of the kind {0} are not asked for here")]
    EvidenceNotAsked(EvidenceKind),
    #[error("at most {} files go with an action", super::FILES_MAX)]
    TooManyFiles,
    #[error("platform review wants three screenshots in all; there are {0}")]
    TooFewScreenshots(usize),
    #[error("the actual opening time lies before the order was paid")]
    OpeningBeforeOrder,
    #[error("the actual opening time lies in the future")]
    OpeningInFuture,
    #[error("the code was not taken yet")]
    NotTaken,
    #[error("the code was taken already")]
    TakenAlready,
    #[error("an appeal is open already")]
    AppealOpen,
    #[error("no appeal is open; it was decided already or withdrawn")]
    NoAppeal,
    #[error("a taken code is not given back")]
    CodeTaken,
    #[error("a request for a refund is open already")]
    RefundOpen,
    #[error("there is no request for a refund at this step")]
    NoSuchRefund,
    #[error("nothing is left to give back")]
    NothingToRefund,
    #[error("the amount must be more than 0 and at most what was paid and is not released")]
    RefundAmount { max_minor: i64 },
    #[error("nothing waits for this event")]
    NotAwaited,
}

impl Refused {
    /// The stable code of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Over(_) => "supervision.over",
            Self::Frozen => "supervision.frozen",
            Self::RefundAgreed => "supervision.refund_agreed",
            Self::NoSuchAction { .. } => "supervision.no_such_action",
            Self::NotYours(_) => "supervision.not_yours",
            Self::FieldMissing(_) => "supervision.field_missing",
            Self::FieldNotAsked(_) => "supervision.field_not_asked",
            Self::EvidenceMissing { .. } => "supervision.evidence_missing",
            Self::EvidenceNotAsked(_) => "supervision.evidence_not_asked",
            Self::TooManyFiles => "supervision.too_many_files",
            Self::TooFewScreenshots(_) => "supervision.too_few_screenshots",
            Self::OpeningBeforeOrder => "supervision.opening_before_order",
            Self::OpeningInFuture => "supervision.opening_in_future",
            Self::NotTaken => "supervision.not_taken",
            Self::TakenAlready => "supervision.taken_already",
            Self::AppealOpen => "supervision.appeal_open",
            Self::NoAppeal => "supervision.no_appeal",
            Self::CodeTaken => "supervision.code_taken",
            Self::RefundOpen => "supervision.refund_open",
            Self::NoSuchRefund => "supervision.no_such_refund",
            Self::NothingToRefund => "supervision.nothing_to_refund",
            Self::RefundAmount { .. } => "supervision.refund_amount",
            Self::NotAwaited => "supervision.not_awaited",
        }
    }

    /// The field of the input that is wrong, when one is.
    #[must_use]
    pub fn pointer(&self) -> Option<String> {
        match self {
            Self::FieldMissing(name) | Self::FieldNotAsked(name) => Some(format!("/{name}")),
            Self::EvidenceMissing { .. } | Self::EvidenceNotAsked(_) | Self::TooManyFiles | Self::TooFewScreenshots(_) => {
                Some("/documents".to_owned())
            }
            Self::OpeningBeforeOrder | Self::OpeningInFuture => Some("/opening_time".to_owned()),
            Self::RefundAmount { .. } => Some("/amount".to_owned()),
            _ => None,
        }
    }
}
