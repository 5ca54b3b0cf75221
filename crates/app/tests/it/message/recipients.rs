//! Who of an account hears of messages, and of which.

use super::ops;
use app::message::{self, NewRecipient, Wanted};
use domain::id::RecipientId;
use harness::{Sent, choice, on_both};

#[test]
fn what_is_wrong_is_refused_by_name_and_belongs_to_one_account() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let refused = |new: NewRecipient| m.refused(&buyer, |tx, ctx| message::add_recipient(tx, ctx, &buyer, &new));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(refused(NewRecipient { mailbox: None, ..ops() }), "message.no_address");
        for mailbox in ["a b@example.com", "x@y@example.com", "x@example", "@example.com"] {
            assert_eq!(refused(NewRecipient { mailbox: text(mailbox), ..ops() }), "message.bad_mailbox", "{mailbox}");
        }
        for phone in ["call me", "1234", &"1".repeat(21)] {
            assert_eq!(refused(NewRecipient { phone: text(phone), ..ops() }), "message.bad_phone", "{phone}");
        }
        assert_eq!(refused(NewRecipient { time_zone: text("Mars/Olympus"), ..ops() }), "message.bad_zone");
        assert_eq!(refused(NewRecipient { type_code: "999".to_owned(), ..ops() }), "message.unknown_type");
        let made = m.ok(&buyer, |tx, ctx| message::add_recipient(tx, ctx, &buyer, &ops()));
        let remove = |who: &std::sync::Arc<app::Caller>| {
            m.write(who, |tx, ctx| message::remove_recipient(tx, ctx, who, made.id.id::<RecipientId>()))
        };
        assert_eq!(remove(&seller).unwrap_err().code(), Some("message.recipient_not_found"));
        remove(&buyer).unwrap();
        assert_eq!(remove(&buyer).unwrap_err().code(), Some("message.recipient_not_found"));
        for code in ["x", ""] {
            assert_eq!(m.refused(&buyer, |tx, ctx| message::put_setting(tx, ctx, &buyer, code, Wanted::default())), "message.unknown_type");
        }
    });
}

#[test]
fn an_account_has_fifty_recipients() {
    on_both(|m| {
        let buyer = m.buyer();
        for _ in 0..50 {
            m.ok(&buyer, |tx, ctx| message::add_recipient(tx, ctx, &buyer, &ops()));
        }
        let refused = m.refused(&buyer, |tx, ctx| message::add_recipient(tx, ctx, &buyer, &ops()));
        assert_eq!(refused, "message.too_many_recipients");
    });
}

#[test]
fn a_phone_hears_of_what_is_urgent_unless_it_was_switched_off() {
    on_both(|m| {
        let seller = m.seller();
        let phone = NewRecipient { mailbox: None, phone: Some("+86 138 0000 0000".to_owned()), ..ops() };
        m.ok(&seller, |tx, ctx| message::add_recipient(tx, ctx, &seller, &phone));
        m.server.fault("backup", harness::Fault::Http500);
        m.buy(&m.buyer(), &choice("backup", "1m"));
        m.advance("5h");
        let sms = m.sent().iter().filter(|s| matches!(s, Sent::Sms(_))).count();
        assert!(sms > 0, "{:?}", m.sent());
    });
}
