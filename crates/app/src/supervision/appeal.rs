//! Appeals (申诉): either side, at any node; the flow is frozen until the platform decides (`seller-domain 5.6`).

use super::{Done, Found, act, find, party};
use crate::{Ctx, Error, Tenant};
use db::Tx;
use domain::{
    id::{DocumentId, SupervisionId},
    message::MessageEvent,
    supervision::{APPEAL_WORKING_DAYS, Decision, EvidenceKind, FILES_MAX, Input, Party, StepKind},
    text,
};
use serde_json::json;

fn well_formed(text: &str, documents: &[(DocumentId, EvidenceKind)]) -> Result<(), Error> {
    text::block(text, 5_000).map_err(|e| Error::field("/text", "supervision.bad_text", e.to_string()))?;
    if documents.len() > FILES_MAX {
        return Err(Error::field("/documents", "supervision.too_many_files", format!("at most {FILES_MAX} files go with an action")));
    }
    Ok(())
}

/// Opens an appeal with a reason and proofs.
///
/// # Errors
/// `supervision.over`, `supervision.appeal_open`, `supervision.bad_text`, `evidence.…`.
pub fn appeal(
    tx: &mut Tx,
    ctx: &Ctx,
    tenant: Tenant,
    id: SupervisionId,
    reason: &str,
    documents: &[(DocumentId, EvidenceKind)],
) -> Result<Found, Error> {
    well_formed(reason, documents)?;
    let mut found = find(tx, ctx, tenant, id)?;
    let by = party(tenant);
    let due_at = found.site(tx, ctx)?.working_days_after(ctx.now, APPEAL_WORKING_DAYS);
    let done = Done { party: Some(by), kind: StepKind::Appealed, data: json!({ "reason": reason }), documents };
    found.moved(tx, ctx, &Input::Appeal { by, due_at }, &done)?;
    Ok(found)
}

/// Adds what a side has to say to an open appeal, with its evidence.
///
/// # Errors
/// `supervision.no_appeal`, `supervision.bad_text`, `evidence.…`.
pub fn state_case(
    tx: &mut Tx,
    ctx: &Ctx,
    tenant: Tenant,
    id: SupervisionId,
    text: &str,
    documents: &[(DocumentId, EvidenceKind)],
) -> Result<Found, Error> {
    well_formed(text, documents)?;
    let mut found = find(tx, ctx, tenant, id)?;
    if found.case.appeal.is_none() {
        return Err(Error::conflict("supervision.no_appeal", "no appeal is open"));
    }
    ctx.require_seen(&found.version())?;
    let from = found.case.node.clone();
    let done = Done { party: Some(party(tenant)), kind: StepKind::Stated, data: json!({ "text": text }), documents };
    found.keep(tx, ctx, &from, &done)?;
    Ok(found)
}

/// Decides an appeal; both sides are told.
///
/// # Errors
/// `supervision.no_appeal`, `supervision.refund_amount`, `supervision.not_created`, `supervision.over`.
pub fn decide(tx: &mut Tx, ctx: &Ctx, id: SupervisionId, decision: Decision, reason: &str) -> Result<Found, Error> {
    text::block(reason, 5_000).map_err(|e| Error::field("/reason", "supervision.bad_text", e.to_string()))?;
    let mut found = find(tx, ctx, Tenant::Any, id)?;
    let word = match decision {
        Decision::Continue => "continue",
        Decision::Close => "close",
        Decision::Refund { .. } => "refund",
    };
    if decision == Decision::Close {
        act::require_created(tx, &found)?;
    }
    let mut data = json!({ "decision": word, "reason": reason });
    if let Decision::Refund { amount_minor } = decision {
        data["amount"] = json!(super::amount_text(tx, &found, amount_minor)?);
    }
    let done = Done { party: Some(Party::Operator), kind: StepKind::Decided, data, documents: &[] };
    found.moved(tx, ctx, &Input::Decide(decision), &done)?;
    let more = [("decision", word.to_owned()), ("reason", reason.to_owned())];
    super::effects::tell(tx, ctx, &found, MessageEvent::AppealDecided, &more)?;
    super::effects::tell(tx, ctx, &found, MessageEvent::SaleAppealDecided, &more)?;
    Ok(found)
}
