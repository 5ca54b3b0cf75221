//! Messages: stored in the transaction that makes them true, never twice for the same thing; the in-site inbox shows them,
//! and they are handed on to mail, SMS and webhooks (`deployment-and-messages 5`).

mod confirm;
mod hand_on;
mod mail;
mod param;
mod reader;
mod settings;
mod webhook;

pub use confirm::{ask_again as ask_mailbox_again, confirm as confirm_mailbox};
pub use hand_on::hand_on;
pub(crate) use hand_on::resume;
pub use mail::{Begun as BegunMail, Outgoing as OutgoingMail, begin as begin_mail, finish as finish_mail, unsubscribe};
pub use param::{Param, reason};
pub use settings::{NewRecipient, Wanted, add_recipient, mailbox, phone, put as put_setting, remove_recipient, wanted};
pub(crate) use settings::{add_to as add_recipient_to, is_mailbox};
pub use webhook::{
    Answered, NewEndpoint, Outgoing as OutgoingWebhook, add as add_endpoint, begin as begin_webhook, change as change_endpoint, deliveries,
    finish as finish_webhook, remove as remove_endpoint, replay, rotate, secret, show_endpoint, test as test_endpoint,
};

use crate::{Ctx, Error, Page, Tenant, order};
use db::{Key, Tx};
use domain::{
    id::MessageId,
    message::{Audience, MessageEvent},
};
use jiff::tz::TimeZone;
use std::{collections::BTreeMap, sync::LazyLock};
use store::{account, message};

/// A message to be sent.
#[derive(Debug)]
pub struct Send<'a> {
    pub event: MessageEvent,
    /// The reader's account; messages for the operator go to the staff's.
    pub account: Option<Key>,
    pub order: Option<Key>,
    /// What the event's page is about, such as an order's number; see [`MessageEvent::page`].
    pub subject: Option<String>,
    /// Tells this message from others of the same event.
    pub about: String,
    pub params: &'a [(&'a str, Param)],
}

/// Sends a message once; it is written with the others of its unit when the unit is done.
///
/// # Errors
/// [`Error::Store`].
pub fn send(tx: &mut Tx, ctx: &Ctx, s: &Send<'_>) -> Result<(), Error> {
    let readers = match (s.account, s.event.audience()) {
        (Some(account), _) => vec![account],
        (None, Audience::Operator) => account::operators(tx)?,
        (None, Audience::Buyer | Audience::Seller) => Vec::new(),
    };
    let params: BTreeMap<&str, &Param> = s.params.iter().map(|(field, value)| (*field, value)).collect();
    let params = serde_json::to_string(&params).map_err(|e| Error::row("messages", &s.about, e))?;
    for reader in readers {
        let name = format!("{}:{}:{}", s.event, s.about, hex::encode(reader.0));
        let row = message::Message {
            id: ctx.key(),
            account_id: reader,
            event: s.event.as_str().to_owned(),
            params: params.clone(),
            order_id: s.order,
            created_at: ctx.moment(),
            read_at: None,
            name,
            handed_on_at: None,
            subject: s.subject.clone(),
        };
        ctx.said.borrow_mut().push(row);
    }
    Ok(())
}

/// Writes the messages of a unit, when it is done.
pub(crate) fn write_down(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    let said = ctx.said.take();
    if said.is_empty() { Ok(()) } else { Ok(message::insert_once(tx, &said)?) }
}

/// A message as its reader sees it.
#[derive(Debug, Clone)]
pub struct Shown {
    pub id: MessageId,
    pub type_code: &'static str,
    pub event: MessageEvent,
    pub title: String,
    pub body: String,
    /// The page that it leads to, such as `/buyer/orders/CS2401111300000001`.
    pub link: Option<String>,
    pub row: message::Message,
}

#[derive(serde::Deserialize)]
struct Template {
    title: String,
    body: String,
}

type Catalogue = BTreeMap<String, Template>;
type Params = BTreeMap<String, Param>;

fn read(text: &str) -> Catalogue {
    serde_json::from_str(text).unwrap_or_default()
}

static ZH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../texts/messages.zh.json")));
static EN: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../texts/messages.en.json")));

fn fill(template: &str, params: &Params, reader: (&str, &TimeZone)) -> String {
    params.iter().fold(template.to_owned(), |text, (field, value)| text.replace(&format!("{{{field}}}"), &value.shown(field, reader)))
}

/// Renders a message in a language, with times in a zone.
///
/// # Errors
/// [`Error::Row`] for an event that the catalogue does not know.
pub fn show(row: message::Message, language: &str, zone: &TimeZone) -> Result<Shown, Error> {
    let event: MessageEvent = row.event.parse().map_err(|e| Error::row("messages", &row.name, e))?;
    let mut params: Params = serde_json::from_str(&row.params).map_err(|e| Error::row("messages", &row.name, e))?;
    // Older releases kept what the seller's server answered with the buyer's reason.
    if let Some(Param::Text(reason)) = params.get_mut("reason").filter(|_| event.audience() == Audience::Buyer) {
        *reason = order::reason_for(Tenant::Buyer(row.account_id), reason).to_owned();
    }
    let catalogue = if language == "en" { &EN } else { &ZH };
    let (title, body) = catalogue.get(event.as_str()).map_or_else(
        || (event.to_string(), row.params.clone()),
        |t| (fill(&t.title, &params, (language, zone)), fill(&t.body, &params, (language, zone))),
    );
    let link = event.link(row.subject.as_deref());
    Ok(Shown { id: row.id.id(), type_code: event.type_code(), event, title, body, link, row })
}

/// A page of an account's messages and how many are unread.
///
/// # Errors
/// [`Error::Store`].
pub fn list(
    tx: &mut Tx,
    account: Key,
    (unread, type_code): (bool, Option<&str>),
    (language, zone): (&str, &TimeZone),
    page: Page,
) -> Result<(Vec<Shown>, i64), Error> {
    let of_type = |code: &str| MessageEvent::ALL.iter().filter(|e| e.type_code() == code).map(|e| e.as_str()).collect::<Vec<_>>();
    let others: Vec<_> = MessageEvent::ALL.iter().filter(|e| !e.in_inbox()).map(|e| e.as_str()).collect();
    let rows = message::list(tx, account, unread, (type_code.map(of_type).as_deref(), &others), page)?;
    let shown = rows.into_iter().map(|row| show(row, language, zone)).collect::<Result<_, _>>()?;
    Ok((shown, message::unread(tx, account)?))
}

/// Marks one message, or all, as read; says how many were unread.
///
/// # Errors
/// [`Error::Store`].
pub fn mark_read(tx: &mut Tx, ctx: &Ctx, account: Key, id: Option<MessageId>) -> Result<usize, Error> {
    Ok(message::mark_read(tx, account, id.map(Key::of), ctx.moment())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in braces.
    fn places(text: &str) -> Vec<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
    }

    #[test]
    fn every_event_has_its_text_in_both_languages_with_the_same_places() {
        for event in MessageEvent::ALL {
            let (zh, en) = (ZH.get(event.as_str()), EN.get(event.as_str()));
            let (zh, en) = (zh.unwrap_or_else(|| panic!("{event} has no Chinese")), en.unwrap_or_else(|| panic!("{event} has no English")));
            let sorted = |t: &Template| {
                let mut all: Vec<String> = places(&t.title).into_iter().chain(places(&t.body)).map(str::to_owned).collect();
                all.sort();
                all.dedup();
                all
            };
            assert_eq!(sorted(zh), sorted(en), "{event}");
        }
        assert_eq!(ZH.len(), MessageEvent::ALL.len(), "a text without an event");
        assert_eq!(EN.len(), MessageEvent::ALL.len(), "a text without an event");
    }
}
