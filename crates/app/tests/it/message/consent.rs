//! Nobody is written to who did not agree; nobody is asked more often than needed.

use super::{add, agree, mails, ops, subjects, token, with_mail};
use app::{
    Caller,
    message::{self, NewRecipient},
};
use domain::{id::RecipientId, message::MessageEvent};
use harness::{Market, choice};
use jiff::tz::TimeZone;
use std::sync::Arc;
use store::delivery::Recipient;

fn ask_again(m: &Market, who: &Arc<Caller>, made: &Recipient) -> Option<&'static str> {
    let asked = m.write(who, |tx, ctx| message::ask_mailbox_again(tx, ctx, who, made.id.id()));
    m.settle();
    asked.err().map(|e| e.code().expect("a refusal"))
}

fn remove(m: &Market, who: &Arc<Caller>, made: &Recipient) {
    m.ok(who, |tx, ctx| message::remove_recipient(tx, ctx, who, made.id.id::<RecipientId>()));
}

/// Whether each recipient of an account is confirmed.
fn all_confirmed(m: &Market, who: &Caller) -> Vec<bool> {
    let all = m.read(|tx, _| Ok(store::delivery::recipients(tx, m.key(who))?));
    all.iter().map(|r| r.confirmed_at.is_some()).collect()
}

#[test]
fn nobody_is_written_to_who_did_not_agree() {
    with_mail(|m| {
        let (buyer, made) = (m.buyer(), add(m, &m.buyer(), &ops()));
        assert_eq!(made.confirmed_at, None);
        let asked = mails(m).remove(0);
        assert_eq!((asked.to.as_str(), asked.unsubscribe.is_none()), ("ops@example.com", true));
        m.place(&buyer, &choice("backup", "1m"));
        m.settle();
        assert_eq!(mails(m).len(), 1, "no mail about the order");
        // The account cannot answer for the owner: what asks is in no inbox.
        let page = app::Page::first(100);
        let (inbox, _) = m.read(|tx, _| message::list(tx, m.key(&buyer), (false, None), ("en", &TimeZone::UTC), page));
        assert!(!inbox.is_empty() && inbox.iter().all(|shown| shown.event != MessageEvent::MailboxToConfirm));
        assert_eq!(agree(m, &token(&asked)), None);
        assert_eq!(agree(m, &token(&asked)), None, "saying so again changes nothing");
        assert_eq!(all_confirmed(m, &buyer), [true]);
        assert_eq!(ask_again(m, &buyer, &made), Some("message.confirmed"));
        m.place(&buyer, &choice("backup", "1m"));
        m.settle();
        assert!(subjects(m)[1].ends_with("waits for payment"), "{:?}", subjects(m));
    });
}

#[test]
fn the_address_in_a_mail_is_over_after_a_week_and_a_changed_one_is_none() {
    with_mail(|m| {
        let (buyer, made) = (m.buyer(), add(m, &m.buyer(), &ops()));
        assert_eq!(ask_again(m, &buyer, &made), Some("message.asked_already"));
        assert_eq!(ask_again(m, &m.seller(), &made), Some("message.recipient_not_found"));
        m.advance("11m");
        assert_eq!(ask_again(m, &buyer, &made), None);
        let [first, newer] = [0, 1].map(|n| mails(m)[n].clone());
        assert_eq!(newer.subject, first.subject);
        m.advance("10070m");
        assert_eq!(agree(m, &token(&first)), Some("message.confirmation_over"));
        assert_eq!(agree(m, &format!("{}00", token(&newer))), Some("message.bad_token"));
        assert_eq!(agree(m, "00"), Some("message.bad_token"));
        remove(m, &buyer, &made);
        assert_eq!(agree(m, &token(&newer)), Some("message.bad_token"), "nobody has this mailbox");
        add(m, &buyer, &ops());
        assert_eq!(agree(m, &token(&newer)), None);
    });
}

#[test]
fn an_owner_is_asked_once_however_often_an_account_names_his_mailbox() {
    with_mail(|m| {
        let buyer = m.buyer();
        let first = add(m, &buyer, &ops());
        // Removed and added again, in capitals, for one type and for all: the mail from before serves.
        remove(m, &buyer, &first);
        let second = add(m, &buyer, &NewRecipient { mailbox: Some("OPS@example.com".to_owned()), ..ops() });
        let money = add(m, &buyer, &NewRecipient { type_code: "501".to_owned(), ..ops() });
        assert_eq!(mails(m).len(), 1);
        assert_eq!(agree(m, &token(&mails(m)[0])), None);
        assert_eq!(all_confirmed(m, &buyer), [true, true], "one agreement for both");
        let third = add(m, &buyer, &NewRecipient { type_code: "101".to_owned(), ..ops() });
        assert!(third.confirmed_at.is_some(), "who agreed is not asked for another type");
        let theirs = add(m, &m.seller(), &ops());
        assert_eq!((theirs.confirmed_at, mails(m).len()), (None, 2), "another account asks for itself");
        // All of an account's are removed: who is added after that is asked anew.
        for made in [&second, &money, &third] {
            remove(m, &buyer, made);
        }
        m.advance("11m");
        assert_eq!(add(m, &buyer, &ops()).confirmed_at, None);
        assert_eq!(mails(m).len(), 3);
        assert_ne!(mails(m)[1].subject, mails(m)[2].subject, "one to each account");
    });
}

#[test]
fn of_eight_who_ask_again_at_once_one_does() {
    with_mail(|m| {
        let (seller, made) = (m.seller(), add(m, &m.seller(), &ops()));
        m.advance("11m");
        let asked = m.at_once(&seller, 8, |_, tx, ctx| message::ask_mailbox_again(tx, ctx, &seller, made.id.id()));
        assert_eq!(asked.iter().filter(|a| a.is_ok()).count(), 1, "{asked:?}");
        m.settle();
        assert_eq!(mails(m).len(), 2);
    });
}

#[test]
fn an_account_asks_fifty_mailboxes_a_day() {
    with_mail(|m| {
        let buyer = m.buyer();
        let of = |n: usize| NewRecipient { mailbox: Some(format!("n{n}@example.com")), ..ops() };
        for n in 0..50 {
            let made = add(m, &buyer, &of(n));
            remove(m, &buyer, &made);
        }
        let more = || m.write(&buyer, |tx, ctx| message::add_recipient(tx, ctx, &buyer, &of(50)));
        assert_eq!(more().unwrap_err().code(), Some("message.too_many_asked"));
        m.advance("25h");
        more().unwrap();
    });
}

#[test]
fn without_a_mail_server_nobody_is_asked() {
    harness::on_both(|m| {
        let (buyer, made) = (m.buyer(), add(m, &m.buyer(), &ops()));
        assert!(mails(m).is_empty());
        assert_eq!(ask_again(m, &buyer, &made), Some("message.no_mail"));
    });
}
