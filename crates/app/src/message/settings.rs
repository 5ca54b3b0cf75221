//! The message centre (消息中心): who hears of which type by mail and SMS, and of what not.

use super::confirm;
use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, event, limit};
use db::{Key, Tx};
use domain::limit::Limit;
use domain::{
    id::RecipientId,
    message::{MessageEvent, TYPES},
    site::Language,
    text::Line,
};
use jiff::tz::TimeZone;
use serde_json::json;
use store::{
    Written,
    delivery::{self as rows, Recipient, Setting},
};

const MAILBOX: Sealed = Sealed::Mailbox;
const PHONE: Sealed = Sealed::Phone;

/// What an account wants of a type of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub mail: bool,
    pub sms: bool,
    /// Noisy messages come once a day, gathered.
    pub digest: bool,
}

impl Default for Wanted {
    /// The catalogue's channels: mail for all, SMS for what is urgent.
    fn default() -> Self {
        Self { mail: true, sms: true, digest: false }
    }
}

/// What an account wants of a type.
#[must_use]
pub fn wanted(settings: &[Setting], type_code: &str) -> Wanted {
    let own = settings.iter().find(|s| s.type_code == type_code);
    own.map_or_else(Wanted::default, |s| Wanted { mail: s.mail, sms: s.sms, digest: s.digest })
}

fn known_type(code: &str, or_all: bool) -> Result<(), Error> {
    if TYPES.contains(&code) || (or_all && code.is_empty()) {
        return Ok(());
    }
    Err(Error::field("/type", "message.unknown_type", format!("choose one of {}", TYPES.join(", "))))
}

/// Sets what the caller's account wants of a type. Legal and money messages are sent all the same.
///
/// # Errors
/// `message.unknown_type`.
pub fn put(tx: &mut Tx, ctx: &Ctx, caller: &Caller, type_code: &str, wanted: Wanted) -> Result<(), Error> {
    known_type(type_code, false)?;
    let account = Key::of(caller.account_id);
    let row = Setting { account_id: account, type_code: type_code.to_owned(), mail: wanted.mail, sms: wanted.sms, digest: wanted.digest };
    rows::put_setting(tx, &row)?;
    let data = json!({ "type": type_code, "mail": wanted.mail, "sms": wanted.sms, "digest": wanted.digest });
    event::record(tx, ctx, "message.setting_changed", event::About::account(account), &data)
}

/// Somebody who hears of messages.
#[derive(Debug, Clone)]
pub struct NewRecipient {
    /// All types when it is empty.
    pub type_code: String,
    pub name: Line<60>,
    pub mailbox: Option<String>,
    pub phone: Option<String>,
    pub language: Language,
    /// A name such as `Asia/Shanghai`; the site's when it is left out.
    pub time_zone: Option<String>,
}

/// Adds a recipient of the caller's account.
///
/// # Errors
/// `message.unknown_type`, `message.no_address`, `message.bad_mailbox`, `message.bad_phone`, `message.bad_zone`,
/// `message.too_many_recipients`, `message.too_many_asked`.
pub fn add_recipient(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: &NewRecipient) -> Result<Recipient, Error> {
    add_to(tx, ctx, Key::of(caller.account_id), new)
}

/// Adds a recipient of an account.
///
/// # Errors
/// Those of [`add_recipient`].
pub(crate) fn add_to(tx: &mut Tx, ctx: &Ctx, account: Key, new: &NewRecipient) -> Result<Recipient, Error> {
    known_type(&new.type_code, true)?;
    if new.mailbox.is_none() && new.phone.is_none() {
        return Err(Error::field("/mailbox", "message.no_address", "give a mailbox, a phone number, or both"));
    }
    if new.mailbox.as_deref().is_some_and(|m| !is_mailbox(m)) {
        return Err(Error::field("/mailbox", "message.bad_mailbox", "write an e-mail address such as ops@example.com"));
    }
    let digits = |p: &str| p.bytes().filter(u8::is_ascii_digit).count();
    if new.phone.as_deref().is_some_and(|p| !(5..=20).contains(&digits(p)) || !p.bytes().all(|b| b.is_ascii_digit() || b"+- ".contains(&b)))
    {
        return Err(Error::field("/phone", "message.bad_phone", "write a phone number such as +86 138 0000 0000"));
    }
    if let Some(name) = &new.time_zone {
        TimeZone::get(name)
            .map_err(|e| Error::field("/time_zone", "message.bad_zone", format!("{e}; write a name such as Asia/Shanghai")))?;
    }
    limit::hold(tx, Limit::Recipients, account)?;
    let others = rows::recipients(tx, account)?;
    limit::room(tx, Limit::Recipients, account, |_| Ok(limit::number(&others)))?;
    let seal = |column: Sealed, text: &Option<String>| text.as_ref().map(|t| ctx.sealer.seal(ctx.ids, column, t));
    let mailbox_index = new.mailbox.as_deref().map(|m| index(ctx, m));
    // The owner of the same mailbox agreed for another type already.
    let agreed = |r: &Recipient| r.mailbox_index == mailbox_index && r.confirmed_at.is_some();
    let confirmed_at = (mailbox_index.is_some() && others.iter().any(agreed)).then(|| ctx.moment());
    let row = Recipient {
        id: Key::of(ctx.id::<RecipientId>()),
        account_id: account,
        type_code: new.type_code.clone(),
        name: new.name.as_str().to_owned(),
        mailbox: seal(MAILBOX, &new.mailbox),
        phone: seal(PHONE, &new.phone),
        language: new.language,
        time_zone: new.time_zone.clone().unwrap_or_default(),
        created_at: ctx.moment(),
        confirmed_at,
        mailbox_index,
    };
    rows::insert_recipient(tx, &row)?;
    confirm::ask(tx, ctx, &row)?;
    event::record(tx, ctx, "message.recipient_added", event::About::account(account), &json!({ "type": row.type_code, "name": row.name }))?;
    Ok(row)
}

/// Whether a text is an e-mail address of one person.
pub(crate) fn is_mailbox(text: &str) -> bool {
    let plain = text.len() <= 120 && !text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"'));
    plain
        && text
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.starts_with('.') && host.contains('.') && !host.contains('@'))
}

pub(super) fn not_found() -> Error {
    Error::not_found("message.recipient_not_found", "you have no such recipient")
}

/// Removes a recipient of the caller's account.
///
/// # Errors
/// `message.recipient_not_found`.
pub fn remove_recipient(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: RecipientId) -> Result<(), Error> {
    let account = Key::of(caller.account_id);
    if rows::remove_recipient(tx, account, Key::of(id))? == Written::SomeoneElseWasFirst {
        return Err(not_found());
    }
    event::record(tx, ctx, "message.recipient_removed", event::About::account(account), &json!({ "recipient": id }))
}

/// The blind index of a mailbox; upper and lower case are one.
pub(super) fn index(ctx: &Ctx, mailbox: &str) -> Vec<u8> {
    ctx.sealer.blind_index(MAILBOX, &mailbox.to_lowercase())
}

/// The mailbox of a recipient.
///
/// # Errors
/// [`Error::Row`] when it cannot be decrypted.
pub fn mailbox(ctx: &Ctx, r: &Recipient) -> Result<Option<String>, Error> {
    r.mailbox.as_deref().map(|sealed| ctx.sealer.open(MAILBOX, sealed)).transpose()
}

/// The phone number of a recipient.
///
/// # Errors
/// [`Error::Row`] when it cannot be decrypted.
pub fn phone(ctx: &Ctx, r: &Recipient) -> Result<Option<String>, Error> {
    r.phone.as_deref().map(|sealed| ctx.sealer.open(PHONE, sealed)).transpose()
}

/// Who of an account hears of an event: those of its type, else those of all types.
pub(super) fn who_hears(all: &[Recipient], event: MessageEvent) -> Vec<&Recipient> {
    let of = |code: &str| all.iter().filter(|r| r.type_code == code).collect::<Vec<_>>();
    let own = of(event.type_code());
    if own.is_empty() { of("") } else { own }
}
