//! What the platform writes to both sides of a case.

use super::{Done, Found, find};
use crate::{Ctx, Error, Tenant};
use db::Tx;
use domain::{
    id::SupervisionId,
    message::MessageEvent,
    supervision::{Party, StepKind},
    text,
};
use serde_json::json;

/// Sends buyer and seller a text; it stays in the log of the case.
///
/// # Errors
/// `supervision.not_found`, `supervision.bad_text`.
pub fn tell_both(tx: &mut Tx, ctx: &Ctx, id: SupervisionId, words: &str) -> Result<Found, Error> {
    text::block(words, 5_000).map_err(|e| Error::field("/text", "supervision.bad_text", e.to_string()))?;
    let mut found = find(tx, ctx, Tenant::Any, id)?;
    let from = found.case.node.clone();
    let done = Done { party: Some(Party::Operator), kind: StepKind::Note, data: json!({ "text": words }), documents: &[] };
    found.keep(tx, ctx, &from, &done)?;
    let more = [("text", words.to_owned())];
    super::effects::tell(tx, ctx, &found, MessageEvent::SupervisionNote, &more)?;
    super::effects::tell(tx, ctx, &found, MessageEvent::SaleSupervisionNote, &more)?;
    Ok(found)
}
