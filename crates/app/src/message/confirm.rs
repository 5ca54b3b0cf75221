//! A mailbox is written to once its owner agreed: nobody gets mails because somebody else typed his address.

use super::{hand_on::deliver, settings};
use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, event, limit, micros};
use db::{DbError, Key, Tx};
use domain::limit::Limit;
use domain::{
    id::{AccountId, MessageId, RecipientId},
    message::{Channel, MessageEvent},
};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    Written, account,
    delivery::{self as rows, Recipient},
    mailbox as mailboxes, message,
};

const PURPOSE: Sealed = Sealed::Confirmation;
/// The address in a mail that asks is good for so long.
const VALID: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Between two mails that ask the owner of one mailbox, whichever recipients an account gives it.
const PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// What asking the owner of a mailbox came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Now,
    /// Within the pause; that mail serves.
    Already,
    /// There is nothing to ask, or no mail server to ask by.
    No,
}

/// Asks the owner of a mailbox that waits; without a mail server nobody can be asked yet.
///
/// # Errors
/// `message.too_many_asked`.
pub(super) fn ask(tx: &mut Tx, ctx: &Ctx, r: &Recipient) -> Result<Asked, Error> {
    let Some(mailbox) = settings::mailbox(ctx, r)?.filter(|_| ctx.settings.mail && r.confirmed_at.is_none()) else {
        return Ok(Asked::No);
    };
    let index = settings::index(ctx, &mailbox);
    if r.mailbox_index.is_none() {
        mailboxes::put_index(tx, r.id, &index)?;
    }
    let today = micros(ctx.now - SignedDuration::from_hours(24));
    limit::room(tx, Limit::MailboxesAsked, r.account_id, |tx| mailboxes::asked_after(tx, r.account_id, today))?;
    let moments = (ctx.now_micros(), micros(ctx.now - PAUSE));
    match mailboxes::ask(tx, r.account_id, &index, moments) {
        Ok(Written::Yes) => send(tx, ctx, r).map(|()| Asked::Now),
        Ok(Written::SomeoneElseWasFirst) => Ok(Asked::Already),
        Err(e) if e.is_unique_violation() => Err(DbError::Raced.into()),
        Err(e) => Err(e.into()),
    }
}

fn send(tx: &mut Tx, ctx: &Ctx, r: &Recipient) -> Result<(), Error> {
    let owner = account::lookup(tx, r.account_id)?.ok_or_else(|| Error::row("message_recipients", &r.name, "has no account"))?;
    let asked = MessageEvent::MailboxToConfirm;
    let row = message::Message {
        id: Key::of(ctx.id::<MessageId>()),
        account_id: r.account_id,
        event: asked.to_string(),
        params: json!({ "account": owner.name, "name": r.name }).to_string(),
        order_id: None,
        created_at: ctx.moment(),
        read_at: None,
        name: format!("{asked}:{}:{}", r.id.id::<RecipientId>(), ctx.now_micros()),
        handed_on_at: Some(ctx.moment()),
        subject: None,
    };
    message::insert_handed_on(tx, &row)?;
    deliver(tx, ctx, &row, (Channel::Mail, r.id))?;
    Ok(())
}

/// Sends the mail that asks once more.
///
/// # Errors
/// `message.recipient_not_found`, `message.confirmed`, `message.no_mail`, `message.asked_already`,
/// `message.too_many_asked`.
pub fn ask_again(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: RecipientId) -> Result<(), Error> {
    let account = Key::of(caller.account_id);
    let found = rows::recipients(tx, account)?.into_iter().find(|r| r.id == Key::of(id)).ok_or_else(settings::not_found)?;
    if found.mailbox.is_none() || found.confirmed_at.is_some() {
        return Err(Error::conflict("message.confirmed", "there is no mailbox that waits to be confirmed"));
    }
    if !ctx.settings.mail {
        return Err(Error::conflict("message.no_mail", "this platform has no mail server; ask its operator to name one"));
    }
    if ask(tx, ctx, &found)? == Asked::Already {
        let minutes = PAUSE.as_mins();
        return Err(Error::conflict("message.asked_already", format!("a mail was sent within {minutes} minutes; look for it, or wait")));
    }
    event::record(tx, ctx, "message.mailbox_asked", event::About::account(account), &json!({ "name": found.name }))
}

/// The page on which the owner agrees.
pub(super) fn page(ctx: &Ctx, r: &Recipient, mailbox: &str) -> String {
    let index = hex::encode(settings::index(ctx, mailbox));
    let clear = format!("{} {index} {}", r.account_id.id::<AccountId>(), micros(ctx.now + VALID));
    format!("/mail/confirm/{}", hex::encode(ctx.sealer.seal(ctx.ids, PURPOSE, &clear)))
}

/// The owner of a mailbox agrees; saying so again changes nothing.
///
/// # Errors
/// `message.bad_token`, `message.confirmation_over`.
pub fn confirm(tx: &mut Tx, ctx: &Ctx, token: &str) -> Result<(), Error> {
    let bad = || Error::not_found("message.bad_token", "this address is not one that a mail named; open it from the mail again");
    let clear = hex::decode(token).ok().and_then(|sealed| ctx.sealer.open(PURPOSE, &sealed).ok()).ok_or_else(bad)?;
    let [account, index, until] = clear.split(' ').collect::<Vec<_>>()[..] else { return Err(bad()) };
    let account = Key::of(account.parse::<AccountId>().map_err(|_| bad())?);
    let index = hex::decode(index).map_err(|_| bad())?;
    if until.parse::<i64>().map_err(|_| bad())? <= ctx.now_micros() {
        return Err(Error::conflict("message.confirmation_over", "the address in the mail is over; ask for another mail"));
    }
    let own = |r: &Recipient| r.mailbox_index.as_ref() == Some(&index);
    let Some(found) = rows::recipients(tx, account)?.into_iter().find(own) else { return Err(bad()) };
    if mailboxes::confirm(tx, account, &index, ctx.now_micros())? > 0 {
        event::record(tx, ctx, "message.mailbox_confirmed", event::About::account(account), &json!({ "name": found.name }))?;
    }
    Ok(())
}
