//! Mails and SMS: what is sent to whom, repeated until it is taken, gathered where that was wished.

use super::{
    reader::{self, Reader},
    settings, show,
};
use crate::secret::Sealed;
use crate::{Ctx, Error, event};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    id::{AccountId, DeliveryId},
    message::{Channel, DeliveryState, MessageEvent},
    site::Language,
};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    Locked,
    delivery::{self as rows, Attempt, Delivery, Progress},
    message,
};

/// When a mail that was not taken is tried again, in minutes; then it is given up.
const RETRIES: [i64; 7] = [1, 5, 15, 60, 240, 720, 1440];
/// How long after a digest was due what it gathered is looked at again.
const GATHERED: SignedDuration = SignedDuration::from_mins(1);
const PURPOSE: Sealed = Sealed::Unsubscribe;

/// A message to a mailbox or a phone.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Stays the same when it is sent again, so that a mailbox knows it.
    pub id: DeliveryId,
    pub to: String,
    pub subject: String,
    pub text: String,
    /// The page that it leads to; none of a digest, whose text names the page of each.
    pub link: Option<String>,
    /// Where the reader can say that he does not want such mails; none for legal and money ones.
    pub unsubscribe: Option<String>,
    number: i64,
    delivery: Key,
    gathered: Vec<Key>,
}

/// What is to be done for a delivery that is due.
#[derive(Debug, Clone)]
pub enum Begun {
    Send(Box<Outgoing>),
    /// Nothing: it was sent, or its reader is gone.
    Over,
    /// Another delivery's mail has it too, unless that cannot be sent: look again then.
    Gathered(Timestamp),
}

/// Begins to send a delivery.
///
/// # Errors
/// [`Error::Store`].
pub fn begin(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<Begun, Error> {
    let Some(found) = rows::lock(tx, id)?.filter(|d| d.state == DeliveryState::Due) else {
        return Ok(Begun::Over);
    };
    if found.digest
        && let Some((_, next_at)) = rows::gathers(tx, found.target)?.filter(|(other, _)| *other != id)
    {
        // One mail for all: several jobs of a target are done at once, each of which would gather the same.
        return Ok(Begun::Gathered(next_at.map_or(ctx.now, |at| at.at().max(ctx.now)) + GATHERED));
    }
    let reader = match reader::of(tx, ctx, &found)? {
        Ok(reader) => reader,
        Err(why) => {
            end(tx, ctx, &found, (DeliveryState::Failed, Some(why)))?;
            return Ok(Begun::Over);
        }
    };
    let all = if found.digest { rows::digest(tx, found.target)? } else { vec![Delivery::clone(&found)] };
    let (subject, text, link) = words(tx, ctx, &all, &reader)?;
    let number = found.attempts + 1;
    let attempt = Attempt { delivery_id: id, number, started_at: ctx.moment(), duration_ms: None, status: None, error: None, answer: None };
    rows::insert_attempt(tx, &attempt)?;
    let progress = Progress { state: DeliveryState::Due, attempts: number, next_at: found.next_at, ended_at: None, error: None };
    rows::progress(tx, &found, &progress)?;
    let event: Option<MessageEvent> = found.event.parse().ok();
    let may_be_off = found.channel == Channel::Mail && event.is_some_and(|e| !e.essential());
    let unsubscribe = event.filter(|_| may_be_off).map(|e| {
        let token = hex::encode(ctx.sealer.seal(ctx.ids, PURPOSE, &format!("{} {}", found.account_id.id::<AccountId>(), e.type_code())));
        format!("{}/api/v1/messages/unsubscribe/{token}", ctx.settings.public_url)
    });
    Ok(Begun::Send(Box::new(Outgoing {
        id: id.id(),
        to: reader.to,
        subject,
        text,
        link,
        unsubscribe,
        number,
        delivery: id,
        gathered: all.iter().map(|d| d.id).collect(),
    })))
}

/// Subject, text and page, in the reader's language and zone; several are one digest.
fn words(tx: &mut Tx, ctx: &Ctx, all: &[Delivery], reader: &Reader) -> Result<(String, String, Option<String>), Error> {
    let mut shown = Vec::new();
    for d in all {
        if let Some(row) = message::any_lookup(tx, d.message_id)? {
            let at = row.created_at.at().to_zoned_datetime(reader.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
            shown.push((show(row, reader.language.as_str(), &reader.zone)?, at));
        }
    }
    let subject = match (shown.as_slice(), reader.language) {
        ([(one, _)], _) => one.title.clone(),
        (many, Language::En) => format!("{} messages of your marketplace", many.len()),
        (many, Language::Zh) => format!("云市：{} 条消息", many.len()),
    };
    let address = |m: &super::Shown| {
        let page = if m.event == MessageEvent::MailboxToConfirm { reader.confirmation.as_ref() } else { m.link.as_ref() };
        page.map(|page| format!("{}{page}", ctx.settings.public_url))
    };
    let part = |(m, at): &(super::Shown, String)| {
        let address = address(m).map_or_else(String::new, |a| format!("{a}\n"));
        format!("{at}  {}\n{}\n{address}", m.title, m.body)
    };
    Ok(match shown.as_slice() {
        [(one, _)] => (subject, one.body.clone(), address(one)),
        many => (subject, many.iter().map(part).collect::<Vec<_>>().join("\n"), None),
    })
}

fn end(tx: &mut Tx, ctx: &Ctx, d: &Locked<Delivery>, (state, error): (DeliveryState, Option<&str>)) -> Result<(), Error> {
    let progress = Progress { state, attempts: d.attempts, next_at: None, ended_at: Some(ctx.moment()), error };
    Ok(rows::progress(tx, d, &progress)?)
}

/// Notes what came of it; when it has to be tried again, when.
///
/// # Errors
/// [`Error::Store`].
pub fn finish(tx: &mut Tx, ctx: &Ctx, sent: &Outgoing, result: &Result<(), String>, duration_ms: i64) -> Result<Option<Timestamp>, Error> {
    let error = result.as_ref().err().map(|e| e.chars().take(500).collect::<String>());
    let attempt = Attempt {
        delivery_id: sent.delivery,
        number: sent.number,
        started_at: ctx.moment(),
        duration_ms: Some(duration_ms),
        status: None,
        error: error.clone(),
        answer: None,
    };
    rows::end_attempt(tx, &attempt)?;
    let Some(error) = error else {
        for d in rows::lock_all(tx, &sent.gathered)? {
            end(tx, ctx, &d, (DeliveryState::Sent, None))?;
        }
        return Ok(None);
    };
    let wait = usize::try_from(sent.number - 1).ok().and_then(|n| RETRIES.get(n));
    let next = wait.map(|minutes| ctx.now + SignedDuration::from_mins(*minutes));
    let Some(delivery) = rows::lock(tx, sent.delivery)? else { return Ok(None) };
    let progress = Progress {
        state: if next.is_some() { DeliveryState::Due } else { DeliveryState::Failed },
        attempts: delivery.attempts,
        next_at: next.map(Moment::of),
        ended_at: next.is_none().then(|| ctx.moment()),
        error: Some(&error),
    };
    rows::progress(tx, &delivery, &progress)?;
    Ok(next)
}

/// A reader does not want mails of a type any more; legal and money ones come all the same.
///
/// # Errors
/// `message.bad_token`.
pub fn unsubscribe(tx: &mut Tx, ctx: &Ctx, token: &str) -> Result<(), Error> {
    let bad = || Error::not_found("message.bad_token", "this address is not one that a mail named; switch mails off in the message centre");
    let clear = hex::decode(token).ok().and_then(|sealed| ctx.sealer.open(PURPOSE, &sealed).ok()).ok_or_else(bad)?;
    let (account, type_code) = clear.split_once(' ').ok_or_else(bad)?;
    let account = Key::of(account.parse::<AccountId>().map_err(|_| bad())?);
    let wanted = settings::wanted(&rows::settings(tx, account)?, type_code);
    let row = rows::Setting { account_id: account, type_code: type_code.to_owned(), mail: false, sms: wanted.sms, digest: wanted.digest };
    rows::put_setting(tx, &row)?;
    event::record(tx, ctx, "message.unsubscribed", event::About::account(account), &json!({ "type": type_code }))
}
