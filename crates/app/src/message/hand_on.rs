//! Stored messages are handed on to the other channels in batches: making them costs an order nothing, and each is made
//! once for each reader, whatever crashes.

use super::{reader, settings, webhook};
use crate::{
    Ctx, Error,
    job::{self, JobKind},
};
use db::{DbError, Key, Moment, Tx};
use domain::{
    Timestamp,
    id::DeliveryId,
    message::{Channel, DeliveryState, MessageEvent},
    site::Site,
};
use jiff::SignedDuration;
use std::collections::{HashMap, hash_map::Entry};
use store::{
    delivery::{self as rows, Delivery},
    message::{self, Message},
    webhook as endpoints,
};

/// Messages handed on in one transaction.
const BATCH: i64 = 200;
/// The same noisy event goes to the same reader once in this time.
const QUIET: SignedDuration = SignedDuration::from_hours(1);
/// The hour of digests, at the reader's site.
const DIGEST_HOUR: i8 = 9;

/// What is known of an account while a batch is handed on.
struct Readers {
    recipients: Vec<rows::Recipient>,
    settings: Vec<rows::Setting>,
    endpoints: Vec<endpoints::Endpoint>,
}

fn readers(tx: &mut Tx, account: Key) -> Result<Readers, Error> {
    Ok(Readers {
        recipients: rows::recipients(tx, account)?,
        settings: rows::settings(tx, account)?,
        endpoints: endpoints::list(tx, account)?,
    })
}

/// Hands the next messages on; says how many.
///
/// # Errors
/// [`Error::Store`].
pub fn hand_on(tx: &mut Tx, ctx: &Ctx) -> Result<usize, Error> {
    let batch = message::to_hand_on(tx, BATCH)?;
    let ids: Vec<Key> = batch.iter().map(|m| m.id).collect();
    if message::handed_on(tx, &ids, ctx.moment())? != ids.len() {
        // Another node has some of them; nothing of this batch is made twice.
        return Err(DbError::Raced.into());
    }
    let mut known: HashMap<Key, Readers> = HashMap::new();
    for m in &batch {
        let Ok(event) = m.event.parse::<MessageEvent>() else { continue };
        let of = match known.entry(m.account_id) {
            Entry::Occupied(of) => of.into_mut(),
            Entry::Vacant(place) => place.insert(readers(tx, m.account_id)?),
        };
        to_people(tx, ctx, m, event, of)?;
        to_endpoints(tx, ctx, m, event, of)?;
    }
    Ok(batch.len())
}

/// By mail and SMS, as the account wants it.
fn to_people(tx: &mut Tx, ctx: &Ctx, m: &Message, event: MessageEvent, of: &Readers) -> Result<(), Error> {
    let wanted = settings::wanted(&of.settings, event.type_code());
    let mailed = ctx.settings.mail && (wanted.mail || event.essential());
    let digest = wanted.digest && event.noisy();
    let due = if digest { next_digest(&ctx.site(reader::site_of(tx, m.account_id)?), ctx.now) } else { ctx.now };
    if mailed && event.to_service_mailbox() && reader::service_mailbox(tx, m.account_id)?.is_some() {
        make(tx, ctx, m, (Channel::Mail, m.account_id), (digest, due))?;
    }
    for r in settings::who_hears(&of.recipients, event) {
        if mailed && r.confirmed_at.is_some() {
            make(tx, ctx, m, (Channel::Mail, r.id), (digest, due))?;
        }
        if r.phone.is_some() && event.by_sms() && (wanted.sms || event.essential()) {
            make(tx, ctx, m, (Channel::Sms, r.id), (false, ctx.now))?;
        }
    }
    Ok(())
}

fn next_digest(site: &Site, now: Timestamp) -> Timestamp {
    let today = site.at_hour(site.day_of(now), DIGEST_HOUR);
    if today > now { today } else { site.at_hour(site.day_of(now).saturating_add(jiff::Span::new().days(1)), DIGEST_HOUR) }
}

fn to_endpoints(tx: &mut Tx, ctx: &Ctx, m: &Message, event: MessageEvent, of: &Readers) -> Result<(), Error> {
    for e in of.endpoints.iter().filter(|e| e.enabled && webhook::hears(e, event)) {
        make(tx, ctx, m, (Channel::Webhook, e.id), (false, ctx.now))?;
    }
    Ok(())
}

/// One message on one channel to one reader.
fn make(tx: &mut Tx, ctx: &Ctx, m: &Message, (channel, target): (Channel, Key), (digest, due): (bool, Timestamp)) -> Result<(), Error> {
    let noisy = m.event.parse::<MessageEvent>().is_ok_and(MessageEvent::noisy);
    // Programs want everything; people do not want to hear the same again and again.
    let quiet =
        channel != Channel::Webhook && noisy && !digest && rows::any_since(tx, target, &m.event, Moment::of(m.created_at.at() - QUIET))?;
    let row = Delivery { digest, next_at: Some(Moment::of(due)), ..due_now(ctx, m, (channel, target)) };
    if quiet {
        let quiet = Delivery { state: DeliveryState::Quiet, next_at: None, ended_at: Some(ctx.moment()), ..row };
        return Ok(rows::insert(tx, &quiet)?);
    }
    rows::insert(tx, &row)?;
    schedule(tx, ctx, &row, (channel, due))
}

fn due_now(ctx: &Ctx, m: &Message, (channel, target): (Channel, Key)) -> Delivery {
    Delivery {
        id: Key::of(ctx.id::<DeliveryId>()),
        message_id: m.id,
        account_id: m.account_id,
        channel,
        target,
        event: m.event.clone(),
        digest: false,
        state: DeliveryState::Due,
        attempts: 0,
        created_at: ctx.moment(),
        next_at: Some(ctx.moment()),
        ended_at: None,
        error: None,
    }
}

/// Sends a message to one reader, now.
pub(super) fn deliver(tx: &mut Tx, ctx: &Ctx, m: &Message, to: (Channel, Key)) -> Result<Delivery, Error> {
    let row = due_now(ctx, m, to);
    rows::insert(tx, &row)?;
    schedule(tx, ctx, &row, (to.0, ctx.now))?;
    Ok(row)
}

/// Sends on what is due and no job sends any more; so many at most.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn resume(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    let forgotten = rows::any_forgotten(tx, BATCH)?;
    let locked = rows::lock_all(tx, &forgotten)?;
    // Looked at again: another node may have done it meanwhile.
    let forgotten = if locked.is_empty() { forgotten } else { rows::any_forgotten(tx, BATCH)? };
    for row in locked.iter().filter(|row| forgotten.contains(&row.id)) {
        schedule(tx, ctx, row, (row.channel, ctx.now))?;
    }
    Ok(())
}

fn schedule(tx: &mut Tx, ctx: &Ctx, row: &Delivery, (channel, due): (Channel, Timestamp)) -> Result<(), Error> {
    let kind = match channel {
        Channel::Mail => JobKind::Mail,
        Channel::Sms => JobKind::Sms,
        Channel::Webhook => JobKind::Webhook,
    };
    // A slow endpoint holds up only its own account's.
    job::schedule_in_lane(tx, ctx, kind, row.id, row.target, due)
}
