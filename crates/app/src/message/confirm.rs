//! A mailbox is written to once its owner agreed: nobody gets mails because somebody else typed his address.

use super::{hand_on::deliver, settings};
use crate::{Caller, Ctx, Error, event, micros};
use db::{Key, Tx};
use domain::{
    id::{MessageId, RecipientId},
    message::{Channel, MessageEvent},
};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    Written, account,
    delivery::{self as rows, Recipient},
    message,
};

const PURPOSE: &str = "message.confirm";
/// The address in a mail that asks is good for so long.
const VALID: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Between two mails that ask.
const PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Asks the owner of a new mailbox; without a mail server nobody can be asked yet.
pub(super) fn ask(tx: &mut Tx, ctx: &Ctx, r: &Recipient) -> Result<(), Error> {
    if r.mailbox.is_none() || !ctx.settings.mail {
        return Ok(());
    }
    let owner = account::lookup(tx, r.account_id)?.ok_or_else(|| Error::row("message_recipients", &r.name, "has no account"))?;
    let asked = MessageEvent::MailboxToConfirm;
    let row = message::Message {
        id: Key::of(ctx.id::<MessageId>()),
        account_id: r.account_id,
        event: asked.to_string(),
        params: json!({ "account": owner.name, "name": r.name }).to_string(),
        order_id: None,
        created_at: ctx.now_micros(),
        read_at: None,
        name: format!("{asked}:{}:{}", r.id.id::<RecipientId>(), ctx.now_micros()),
        handed_on_at: Some(ctx.now_micros()),
        subject: None,
    };
    message::insert_handed_on(tx, &row)?;
    deliver(tx, ctx, &row, (Channel::Mail, r.id))?;
    Ok(())
}

/// Sends the mail that asks once more.
///
/// # Errors
/// `message.recipient_not_found`, `message.confirmed`, `message.no_mail`, `message.asked_already`.
pub fn ask_again(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: RecipientId) -> Result<(), Error> {
    let account = Key::of(caller.account_id);
    let found = rows::recipients(tx, account)?.into_iter().find(|r| r.id == Key::of(id)).ok_or_else(settings::not_found)?;
    if found.mailbox.is_none() || found.confirmed_at.is_some() {
        return Err(Error::conflict("message.confirmed", "there is no mailbox that waits to be confirmed"));
    }
    if !ctx.settings.mail {
        return Err(Error::conflict("message.no_mail", "this platform has no mail server; ask its operator to name one"));
    }
    if rows::any_since(tx, found.id, MessageEvent::MailboxToConfirm.as_str(), micros(ctx.now - PAUSE))? {
        let minutes = PAUSE.as_mins();
        return Err(Error::conflict("message.asked_already", format!("a mail was sent within {minutes} minutes; look for it, or wait")));
    }
    ask(tx, ctx, &found)?;
    event::record(tx, ctx, "message.mailbox_asked", event::About::account(account), &json!({ "name": found.name }))
}

/// The page on which the owner agrees.
pub(super) fn page(ctx: &Ctx, r: &Recipient) -> String {
    let clear = format!("{} {}", r.id.id::<RecipientId>(), micros(ctx.now + VALID));
    format!("/mail/confirm/{}", hex::encode(ctx.sealer.seal(ctx.ids, PURPOSE, &clear)))
}

/// The owner of a mailbox agrees; saying so again changes nothing.
///
/// # Errors
/// `message.bad_token`, `message.confirmation_over`.
pub fn confirm(tx: &mut Tx, ctx: &Ctx, token: &str) -> Result<(), Error> {
    let bad = || Error::not_found("message.bad_token", "this address is not one that a mail named; open it from the mail again");
    let clear = hex::decode(token).ok().and_then(|sealed| ctx.sealer.open(PURPOSE, &sealed).ok()).ok_or_else(bad)?;
    let (id, until) = clear.split_once(' ').ok_or_else(bad)?;
    let id = Key::of(id.parse::<RecipientId>().map_err(|_| bad())?);
    if until.parse::<i64>().map_err(|_| bad())? <= ctx.now_micros() {
        return Err(Error::conflict("message.confirmation_over", "the address in the mail is over; ask for another mail"));
    }
    let Some(found) = rows::any_recipient(tx, id)? else { return Err(bad()) };
    if rows::confirm(tx, id, ctx.now_micros())? == Written::Yes {
        event::record(tx, ctx, "message.mailbox_confirmed", event::About::account(found.account_id), &json!({ "name": found.name }))?;
    }
    Ok(())
}
