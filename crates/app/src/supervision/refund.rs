//! Negotiated refunds while supervision is open (协商退订, `seller-domain 4.5`).

use super::{Done, Found, act, amount_text, find, party};
use crate::{Ctx, Error, Tenant};
use db::Tx;
use domain::{
    id::{DocumentId, SupervisionId},
    supervision::{EvidenceKind, Goods, Input, Party, StepKind},
    text,
};
use serde_json::json;

fn reason_of(text: &str) -> Result<(), Error> {
    text::block(text, 1_000).map_err(|e| Error::field("/reason", "supervision.bad_text", e.to_string())).map(|_| ())
}

/// Asks for a refund of a part or all of what was paid.
///
/// # Errors
/// `supervision.refund_amount`, `supervision.refund_open`, `supervision.code_taken`, `supervision.frozen`, `supervision.over`.
pub fn ask(
    tx: &mut Tx,
    ctx: &Ctx,
    tenant: Tenant,
    id: SupervisionId,
    (amount_minor, goods): (i64, Goods),
    reason: &str,
) -> Result<Found, Error> {
    reason_of(reason)?;
    let mut found = find(tx, ctx, tenant, id)?;
    let data = json!({ "amount": amount_text(tx, &found, amount_minor)?, "goods": goods, "reason": reason });
    let done = Done { party: Some(Party::Buyer), kind: StepKind::RefundAsked, data, documents: &[] };
    found.moved(tx, ctx, &Input::AskRefund { amount_minor, goods }, &done)?;
    Ok(found)
}

/// A step of a request that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Withdraw,
    Agree,
    Reject,
    /// The platform confirms a refund of goods that are on their way, or does not.
    Confirm,
    Refuse,
    SendBack,
    Inspected,
    /// What came back is not as it was: an exception is reported.
    Damaged,
}

impl Answer {
    fn step(self) -> StepKind {
        match self {
            Self::Withdraw => StepKind::RefundWithdrawn,
            Self::Agree => StepKind::RefundAgreed,
            Self::Reject => StepKind::RefundRejected,
            Self::Confirm => StepKind::RefundConfirmed,
            Self::Refuse => StepKind::RefundRefused,
            Self::SendBack => StepKind::RefundSentBack,
            Self::Inspected => StepKind::RefundInspected,
            Self::Damaged => StepKind::RefundDamaged,
        }
    }

    fn of(self) -> (Party, Input) {
        match self {
            Self::Withdraw => (Party::Buyer, Input::WithdrawRefund),
            Self::Agree => (Party::Seller, Input::AnswerRefund { agree: true }),
            Self::Reject => (Party::Seller, Input::AnswerRefund { agree: false }),
            Self::Confirm => (Party::Operator, Input::ConfirmRefund { agree: true }),
            Self::Refuse => (Party::Operator, Input::ConfirmRefund { agree: false }),
            Self::SendBack => (Party::Buyer, Input::SendBack),
            Self::Inspected => (Party::Seller, Input::Inspect { good: true }),
            Self::Damaged => (Party::Seller, Input::Inspect { good: false }),
        }
    }
}

/// Takes a request a step further.
///
/// # Errors
/// `supervision.not_yours`, `supervision.no_such_refund`, `supervision.frozen`, `evidence.missing` when the seller agrees
/// without proof of the agreement, `shipping.tracking_missing`.
pub fn step(
    tx: &mut Tx,
    ctx: &Ctx,
    tenant: Tenant,
    id: SupervisionId,
    (answer, reason, tracking): (Answer, &str, Option<(&str, &str)>),
    documents: &[(DocumentId, EvidenceKind)],
) -> Result<Found, Error> {
    reason_of(reason)?;
    let mut found = find(tx, ctx, tenant, id)?;
    let (turn, input) = answer.of();
    if party(tenant) != turn {
        return Err(Error::conflict("supervision.not_yours", format!("it is the {turn}'s turn")));
    }
    if answer == Answer::Agree && !documents.iter().any(|(_, kind)| *kind == EvidenceKind::Agreement) {
        return Err(Error::field("/documents", "evidence.missing", "upload the proof of the agreement"));
    }
    let mut data = json!({ "reason": reason });
    if answer == Answer::SendBack {
        let missing =
            || Error::field("/tracking_number", "shipping.tracking_missing", "say with which carrier and number you sent it back");
        let (carrier, number) = tracking.ok_or_else(missing)?;
        act::tracked(Some(carrier), Some(number))?;
        data["carrier"] = json!(carrier);
        data["tracking_number"] = json!(number);
    }
    let done = Done { party: Some(turn), kind: answer.step(), data, documents };
    found.moved(tx, ctx, &input, &done)?;
    Ok(found)
}
