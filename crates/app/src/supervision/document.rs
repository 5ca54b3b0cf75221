//! Files: sent to a case by a side, then named in what that side does; or the forms of a seller's listings.

use super::{Found, find};
use crate::{Caller, Ctx, Error, Tenant, event, limit, micros};
use db::{Key, Tx};
use domain::limit::Limit;
use domain::{
    id::{DocumentId, SupervisionId},
    supervision::{CaseState, EvidenceKind},
};
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{
    Written,
    document::{self as rows, Document},
};

/// Files that an account sends in a day at most, and their bytes (ours, after `seller-domain 2.1`).
const DAY_FILES_MAX: i64 = 200;
const DAY_BYTES_MAX: i64 = 2 << 30;
/// After so long a file that no step named is forgotten.
const WAITING_DAYS: i64 = 7;

/// A file as it was sent.
#[derive(Debug, Clone)]
pub struct NewDocument {
    pub name: String,
    pub kind: EvidenceKind,
    pub content: Vec<u8>,
}

/// The name of the file with a document's bytes.
#[must_use]
pub fn file(hash: &[u8]) -> String {
    format!("documents/{}", hex::encode(hash))
}

fn row(tx: &mut Tx, ctx: &Ctx, caller: &Caller, case: Option<Key>, new: &NewDocument) -> Result<Document, Error> {
    domain::supervision::check_file(&new.name, &new.content).map_err(|e| Error::field("/name", e.code(), e.to_string()))?;
    let account = Key::of(caller.account_id);
    let (files, bytes) = rows::sent_since(tx, account, micros(ctx.now - SignedDuration::from_hours(24)))?;
    let length = i64::try_from(new.content.len()).unwrap_or(i64::MAX);
    if files >= DAY_FILES_MAX || bytes.saturating_add(length) > DAY_BYTES_MAX {
        return Err(Error::too_many("evidence.day_full", "200 files and 2 GB a day can be sent; go on tomorrow"));
    }
    Ok(Document {
        id: Key::of(ctx.id::<DocumentId>()),
        account_id: account,
        case_id: case,
        step: None,
        kind: new.kind.to_string(),
        name: new.name.clone(),
        hash: Sha256::digest(&new.content).to_vec(),
        length,
        created_at: ctx.now_micros(),
    })
}

/// Takes a file of a side of a case; its bytes are kept under its hash before this.
///
/// # Errors
/// `evidence.…`, `supervision.not_found`, `supervision.over`.
pub fn add(tx: &mut Tx, ctx: &Ctx, caller: &Caller, tenant: Tenant, id: SupervisionId, new: &NewDocument) -> Result<Document, Error> {
    let found = find(tx, ctx, tenant, id)?;
    if found.case.state != CaseState::Open {
        return Err(Error::conflict("supervision.over", format!("the case is {}", found.case.state)));
    }
    let row = row(tx, ctx, caller, Some(found.row.id), new)?;
    let count = |tx: &mut Tx| Ok(limit::number(&rows::waiting(tx, row.account_id, found.row.id)?));
    limit::room(tx, Limit::WaitingFiles, row.account_id, count)?;
    rows::insert(tx, &row)?;
    let about = event::About::order(found.row.order_id, Some(found.row.instance_id));
    event::record(
        tx,
        ctx,
        "supervision.file_sent",
        about,
        &json!({ "name": row.name, "kind": row.kind, "sha256": hex::encode(&row.hash) }),
    )?;
    Ok(row)
}

/// Takes a form of the caller's listings.
///
/// # Errors
/// `evidence.…`.
pub fn add_form(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: &NewDocument) -> Result<Document, Error> {
    crate::seller::require_approved(tx, Key::of(caller.account_id))?;
    let row = row(tx, ctx, caller, None, new)?;
    rows::insert(tx, &row)?;
    event::record(tx, ctx, "document.form_sent", event::About::account(row.account_id), &json!({ "name": row.name }))?;
    Ok(row)
}

/// A form of a listing: whoever knows its id may have it.
///
/// # Errors
/// `document.not_found`.
pub fn form(tx: &mut Tx, id: DocumentId) -> Result<Document, Error> {
    let found = rows::any_lookup(tx, Key::of(id))?.filter(|d| d.case_id.is_none());
    found.ok_or_else(|| Error::not_found("document.not_found", "there is no such file"))
}

/// A file of a case that the tenant may see: what was sent, and what of his own waits.
///
/// # Errors
/// `supervision.not_found`, `document.not_found`.
pub fn of_case(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    tenant: Tenant,
    id: SupervisionId,
    document: DocumentId,
) -> Result<Document, Error> {
    let found = find(tx, ctx, tenant, id)?;
    let there = rows::any_lookup(tx, Key::of(document))?.filter(|d| d.case_id == Some(found.row.id));
    let seen = there.filter(|d| d.step.is_some() || d.account_id == Key::of(caller.account_id));
    seen.ok_or_else(|| Error::not_found("document.not_found", "there is no such file in this case"))
}

/// Ties files to a step: each was sent to this case by whoever acts, and waits. Returns their names.
pub(super) fn sent(
    tx: &mut Tx,
    ctx: &Ctx,
    found: &Found,
    step: i64,
    documents: &[(DocumentId, EvidenceKind)],
) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for (i, (id, kind)) in documents.iter().enumerate() {
        let missing =
            || Error::field(&format!("/documents/{i}"), "evidence.not_waiting", "send the file to this case first; each file is used once");
        let crate::Actor::Caller(caller) = ctx.actor else {
            return Err(missing());
        };
        let row = rows::any_lookup(tx, Key::of(*id))?;
        let row = row.filter(|d| d.case_id == Some(found.row.id) && d.account_id == Key::of(caller.account_id)).ok_or_else(missing)?;
        if rows::send(tx, row.id, step, kind.as_str())? == Written::SomeoneElseWasFirst {
            return Err(missing());
        }
        names.push(row.name);
    }
    Ok(names)
}

/// Forgets files that waited for a step too long; says how many.
///
/// # Errors
/// [`Error::Store`].
pub fn forget_waiting(tx: &mut Tx, ctx: &Ctx) -> Result<usize, Error> {
    Ok(rows::forget_waiting(tx, micros(ctx.now - SignedDuration::from_hours(24 * WAITING_DAYS)))?)
}
