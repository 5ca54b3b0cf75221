//! Stored messages are handed on to the other channels in batches: making them costs an order nothing, and each is made
//! once for each reader, whatever crashes.

use super::{settings, webhook};
use crate::{
    Ctx, Error, from_micros,
    job::{self, JobKind},
    micros,
};
use db::{DbError, Key, Tx};
use domain::{
    Timestamp,
    id::DeliveryId,
    message::{Channel, MessageEvent},
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
    if message::handed_on(tx, &ids, ctx.now_micros())? != ids.len() {
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
    for r in settings::who_hears(&of.recipients, event) {
        if ctx.settings.mail && r.mailbox.is_some() && (wanted.mail || event.essential()) {
            let digest = wanted.digest && event.noisy();
            let due = if digest { next_digest(&ctx.site(site_of(tx, m)?), ctx.now) } else { ctx.now };
            make(tx, ctx, m, (Channel::Mail, r.id), (digest, due))?;
        }
        if r.phone.is_some() && event.by_sms() && (wanted.sms || event.essential()) {
            make(tx, ctx, m, (Channel::Sms, r.id), (false, ctx.now))?;
        }
    }
    Ok(())
}

fn site_of(tx: &mut Tx, m: &Message) -> Result<domain::site::SiteCode, Error> {
    let account = store::account::lookup(tx, m.account_id)?.ok_or_else(|| Error::row("messages", &m.name, "has no account"))?;
    account.site.parse().map_err(|e| Error::row("accounts", &account.name, e))
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
    let quiet = channel != Channel::Webhook
        && noisy
        && !digest
        && rows::any_since(tx, target, &m.event, micros(from_micros(m.created_at) - QUIET))?;
    let row = Delivery {
        id: Key::of(ctx.id::<DeliveryId>()),
        message_id: m.id,
        account_id: m.account_id,
        channel: channel.to_string(),
        target,
        event: m.event.clone(),
        digest,
        state: if quiet { "quiet" } else { "due" }.to_owned(),
        attempts: 0,
        created_at: ctx.now_micros(),
        next_at: (!quiet).then(|| micros(due)),
        ended_at: quiet.then(|| ctx.now_micros()),
        error: None,
    };
    rows::insert(tx, &row)?;
    if quiet {
        return Ok(());
    }
    let kind = match channel {
        Channel::Mail => JobKind::Mail,
        Channel::Sms => JobKind::Sms,
        Channel::Webhook => JobKind::Webhook,
    };
    // A slow endpoint holds up only its own account's.
    job::schedule_in_lane(tx, ctx, kind, row.id, target, due)
}
