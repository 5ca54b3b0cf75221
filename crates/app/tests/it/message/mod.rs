//! Messages and where they go: mailboxes that agreed, digests, webhooks (`deployment-and-messages 5`).

mod consent;
mod inbox;
mod mail;
mod recipients;
pub(crate) mod webhooks;

use app::{
    Caller,
    message::{self, NewRecipient, OutgoingMail},
};
use domain::{site::Language, text::Line};
use harness::{Market, Sent, Setup, on_both_with};
use std::sync::Arc;
use store::delivery::Recipient;

/// Runs a test on a platform that has a mail server.
fn with_mail(test: impl Fn(&Market)) {
    on_both_with(&Setup { settings: |s| s.mail = true, ..Setup::default() }, test);
}

/// Somebody who hears of all types by mail, in English.
pub(crate) fn ops() -> NewRecipient {
    NewRecipient {
        type_code: String::new(),
        name: Line::parse("Ops").expect("a line"),
        mailbox: Some("ops@example.com".to_owned()),
        phone: None,
        language: Language::En,
        time_zone: None,
    }
}

/// Adds a recipient and sends the mail that asks its owner.
fn add(m: &Market, who: &Arc<Caller>, new: &NewRecipient) -> Recipient {
    let made = m.ok(who, |tx, ctx| message::add_recipient(tx, ctx, who, new));
    m.settle();
    made
}

/// The mails that left the platform, in order.
fn mails(m: &Market) -> Vec<OutgoingMail> {
    let mail = |sent: Sent| if let Sent::Mail(mail) = sent { Some(mail) } else { None };
    m.sent().into_iter().filter_map(mail).collect()
}

fn subjects(m: &Market) -> Vec<String> {
    mails(m).into_iter().map(|mail| mail.subject).collect()
}

/// What the link of the mail that asks ends in.
fn token(asked: &OutgoingMail) -> String {
    let link = asked.link.clone().unwrap_or_default();
    let (_, token) = link.split_once("/mail/confirm/").unwrap_or_else(|| panic!("it asks nothing: {asked:?}"));
    token.to_owned()
}

/// The owner of a mailbox agrees; a refusal by its code.
fn agree(m: &Market, token: &str) -> Option<&'static str> {
    m.write_system(|tx, ctx| message::confirm_mailbox(tx, ctx, token)).err().map(|e| e.code().expect("a refusal"))
}

/// Adds a recipient whose owner agrees.
fn confirmed(m: &Market, who: &Arc<Caller>, new: &NewRecipient) -> Recipient {
    let made = add(m, who, new);
    assert_eq!(agree(m, &token(mails(m).last().expect("a mail"))), None);
    made
}
