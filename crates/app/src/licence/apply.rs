//! On-line opening: a buyer asks for a licence, the seller uploads it under the event's id (`license-interface 4.2`,
//! `4.3`).

use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, Tenant, call, event, instance, micros, order::Detail};
use db::{Key, Moment, Tx};
use domain::{Timestamp, id::InstanceId, instance::InstanceState, licence::ApplicationState, listing::AccessType, message::MessageEvent};
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{
    Locked, Written,
    call::Call,
    instance::Instance,
    licence_application::{self as rows, Delivery},
};
use wire::{licence_online, result_code::ResultCode};

/// After so many hours without a licence it may be asked for again.
const PATIENCE_HOURS: i64 = 24;
const GIVEN_BACK: &str = "the renewal that it was for was given back";
const LATE: &str = "the seller gave no licence within a day";
const CONTENT_COLUMN: Sealed = Sealed::LicenceContent;

/// What a seller uploads for an event.
#[derive(Debug, Clone)]
pub struct Upload {
    pub event: String,
    /// None for characters.
    pub file_name: Option<String>,
    /// Lower hexadecimal SHA-256 of the content, as the seller says it.
    pub sha256: Option<String>,
    pub content: Vec<u8>,
    pub is_file: bool,
}

/// Asks the seller for a licence of an instance, bound to a device when its fingerprint is given.
///
/// # Errors
/// `instance.not_found`, `licence.not_by_application`, `instance.state`, `licence.application_open`.
pub fn request(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, fingerprint: Option<String>) -> Result<rows::Application, Error> {
    let found = instance::locked(tx, Tenant::Buyer(Key::of(caller.account_id)), id)?;
    if found.access_type != AccessType::LicenceOnline {
        return Err(Error::conflict("licence.not_by_application", "licences of this product are not asked for"));
    }
    if found.state != InstanceState::Running {
        return Err(Error::conflict("instance.state", format!("the instance is {}; a licence is given while it runs", found.state)));
    }
    // A seller who took the application and gave nothing for a day does not keep the buyer from asking again; what he
    // uploads later is kept all the same.
    let a_day_ago = micros(ctx.now - SignedDuration::from_hours(PATIENCE_HOURS));
    rows::give_up(tx, found.id, a_day_ago, LATE)?;
    let row = rows::Application {
        id: ctx.key(),
        event_id: format!("EV{}", ctx.random_hex(15).to_uppercase()),
        instance_id: found.id,
        seller_id: found.seller_id,
        buyer_id: found.buyer_id,
        state: ApplicationState::Asked,
        device_fingerprint: fingerprint,
        effective_at: ctx.moment(),
        expires_at: found.expires_at,
        error: None,
        asked_at: ctx.moment(),
        delivered_at: None,
        kind: None,
        file_name: None,
        sha256: None,
        content: None,
    };
    match rows::insert(tx, &row) {
        Err(e) if e.is_unique_violation() => {
            return Err(Error::conflict("licence.application_open", "a licence was asked for already; wait until the seller has given it"));
        }
        result => result?,
    }
    let application = licence_online::Application {
        instance_id: instance::wire_id(&found)?,
        effective_time: ctx.now,
        expire_time: row.expires_at.map(|end| domain::term::shown_end(end.at())),
        event_id: row.event_id.clone(),
        device_fingerprint: row.device_fingerprint.clone(),
    };
    recorded(tx, ctx, &row, "licence.applied")?;
    call::enqueue_application(tx, ctx, &found, application)?;
    Ok(row)
}

fn recorded(tx: &mut Tx, ctx: &Ctx, row: &rows::Application, kind: &str) -> Result<(), Error> {
    let about = event::About { instance: Some(row.instance_id), ..event::About::default() };
    event::record(tx, ctx, kind, about, &json!({ "event_id": row.event_id }))
}

fn event_of(call: &Call) -> Result<String, Error> {
    let application: licence_online::Application =
        serde_json::from_str(&call.request).map_err(|e| Error::row("calls", hex::encode(call.id.0), e))?;
    Ok(application.event_id)
}

/// A renewal was given back: who asked for a licence until its end gets none.
pub(crate) fn given_back(tx: &mut Tx, instance: &Locked<Instance>, end: Timestamp) -> Result<(), Error> {
    Ok(rows::give_up_beyond(tx, instance, Moment::of(end), GIVEN_BACK)?)
}

/// Until when licences that the buyer has are good without the marketplace: files that it signed, and licences that the seller
/// uploaded. Nothing takes those back.
pub(crate) fn given_until(tx: &mut Tx, instance: Key) -> Result<Option<Timestamp>, Error> {
    let signed = store::licence::of_instance(tx, instance)?.and_then(|licence| licence.file_until);
    Ok(signed.max(rows::delivered_until(tx, instance)?).map(Moment::at))
}

/// The seller took the application; its licence will be uploaded, or was already.
pub(crate) fn accepted(tx: &mut Tx, call: &Call) -> Result<(), Error> {
    let _was_delivered_before = rows::step(tx, &event_of(call)?, "accepted", None)?;
    Ok(())
}

/// Why a seller gave no licence, as its buyer is told; the answer itself is the seller's and the operator's to know.
#[must_use]
pub fn refusal(stored: &str) -> &'static str {
    if let Some(ours) = [LATE, GIVEN_BACK].into_iter().find(|reason| *reason == stored) {
        return ours;
    }
    let code = stored.strip_prefix("resultCode ").and_then(|rest| rest.split_whitespace().next()).map(ResultCode::parse);
    match code {
        Some(ResultCode::QuotaUsedUp) => "the seller has no licence left for this purchase",
        Some(ResultCode::OutsideValidity) => "the licence would end after the service",
        Some(ResultCode::ExpiryNeeded) => "the seller needs to know when the licence is to end",
        Some(ResultCode::FingerprintNeeded) => "the seller needs the fingerprint of the device",
        _ => "the seller did not issue it",
    }
}

/// The seller refused the application, or never took it.
pub(crate) fn refused(tx: &mut Tx, ctx: &Ctx, call: &Call, detail: Detail<'_>) -> Result<(), Error> {
    let event = event_of(call)?;
    if rows::step(tx, &event, "failed", Some(detail.for_seller()))? == Written::SomeoneElseWasFirst {
        return Ok(());
    }
    let Some(found) = store::instance::lookup(tx, Tenant::Any, call.instance_id)? else {
        return Ok(());
    };
    instance::tell(tx, ctx, &found, MessageEvent::LicenceRefused, &[("reason", refusal(detail.for_seller()).to_owned())])
}

/// Keeps what a seller uploaded; the same again changes nothing.
///
/// # Errors
/// `licence.no_such_event`, `licence.term_over`, `licence.wrong_hash`, `licence.delivered_already`, `licence.instance_over`.
pub fn deliver(tx: &mut Tx, ctx: &Ctx, caller: &Caller, upload: &Upload) -> Result<(), Error> {
    let row = rows::by_event(tx, Tenant::Seller(Key::of(caller.account_id)), &upload.event)?
        .ok_or_else(|| Error::not_found("licence.no_such_event", "you have no such event"))?;
    let hash = hex::encode(Sha256::digest(&upload.content));
    if upload.sha256.as_ref().is_some_and(|said| !said.eq_ignore_ascii_case(&hash)) {
        return Err(Error::field("/sha256", "licence.wrong_hash", format!("the SHA-256 of what came is {hash}")));
    }
    if row.state == ApplicationState::Delivered {
        if row.sha256.as_deref() == Some(&hash) {
            return Ok(());
        }
        return Err(Error::conflict("licence.delivered_already", "another licence was uploaded for this event"));
    }
    let found = instance::locked(tx, Tenant::Any, row.instance_id.id())?;
    if row.expires_at > found.expires_at {
        let detail = "the buyer gave back the renewal that this licence is for; they ask again for what is left";
        return Err(Error::conflict("licence.term_over", detail));
    }
    if !matches!(found.state, InstanceState::Running | InstanceState::Frozen) {
        return Err(Error::conflict("licence.instance_over", format!("the instance is {}", found.state)));
    }
    let sealed = ctx.sealer.seal_bytes(ctx.ids, CONTENT_COLUMN, &upload.content);
    let delivery = Delivery {
        event: &upload.event,
        at: ctx.now_micros(),
        kind: if upload.is_file { "FILE" } else { "CHARACTERS" },
        file_name: upload.file_name.as_deref(),
        sha256: &hash,
        content: &sealed,
    };
    if rows::deliver(tx, &delivery)? == Written::SomeoneElseWasFirst {
        // Another upload came between; the unit runs again and compares.
        return Err(db::DbError::Raced.into());
    }
    recorded(tx, ctx, &row, "licence.delivered")?;
    instance::tell(tx, ctx, &found, MessageEvent::LicenceDelivered, &[])
}

/// A licence that was uploaded, for its buyer: name and bytes.
///
/// # Errors
/// `licence.no_such_event`, `licence.not_delivered`.
pub fn content(tx: &mut Tx, ctx: &Ctx, caller: &Caller, event: &str) -> Result<(Option<String>, Vec<u8>), Error> {
    let row = rows::by_event(tx, Tenant::Buyer(Key::of(caller.account_id)), event)?
        .ok_or_else(|| Error::not_found("licence.no_such_event", "you asked for no such licence"))?;
    let sealed = row.content.ok_or_else(|| Error::conflict("licence.not_delivered", "the seller has not given this licence yet"))?;
    Ok((row.file_name, ctx.sealer.open_bytes(CONTENT_COLUMN, &sealed)?))
}
