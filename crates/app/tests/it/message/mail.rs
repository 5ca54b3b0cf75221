//! Mails: in the reader's language and zone, tried again, gathered, and switched off by type.

use super::{agree, confirmed, mails, ops, subjects, token, with_mail};
use app::message::{self, NewRecipient, Wanted};
use domain::site::Language;
use harness::{Fault, choice};

#[test]
fn mails_are_written_in_the_readers_language_and_zone() {
    with_mail(|m| {
        let buyer = m.buyer();
        confirmed(m, &buyer, &NewRecipient { time_zone: Some("America/New_York".to_owned()), ..ops() });
        let only_money = NewRecipient { type_code: "501".to_owned(), mailbox: Some("only-501@example.com".to_owned()), ..ops() };
        confirmed(m, &m.seller(), &only_money);
        let placed = m.place(&buyer, &choice("backup", "1m"));
        m.settle();
        let mail = mails(m).remove(2);
        let number = placed.order.number;
        assert_eq!((mail.to.as_str(), mail.subject), ("ops@example.com", format!("Order {number} waits for payment")));
        assert!(mail.text.contains("2024-01-11 21:00"), "in New York's time: {}", mail.text);
        assert!(mail.link.unwrap().ends_with(&format!("/buyer/orders/{number}")), "it leads to the order");
        assert_eq!(mail.unsubscribe, None, "money mails cannot be switched off");
        m.ok(&buyer, |tx, ctx| app::order::pay(tx, ctx, &buyer, &number));
        m.settle();
        assert_eq!(subjects(m)[3..], ["样品 backup SaaS is open"], "the seller's recipient hears of 501 alone");
    });
}

#[test]
fn one_click_ends_mails_of_a_type_and_what_is_essential_comes_all_the_same() {
    with_mail(|m| {
        let buyer = m.buyer();
        confirmed(m, &buyer, &ops());
        m.open(&buyer, &choice("backup", "1m"));
        let opened = mails(m).into_iter().find(|mail| mail.subject.ends_with("is open")).unwrap();
        let link = opened.unsubscribe.unwrap();
        let token = link.rsplit('/').next().unwrap();
        let off = |token: &str| m.write_system(|tx, ctx| message::unsubscribe(tx, ctx, token));
        off(token).unwrap();
        assert!(off(&format!("{token}x")).is_err());
        let settings = m.read(|tx, _| Ok(store::delivery::settings(tx, m.key(&buyer))?));
        assert!(!message::wanted(&settings, "101").mail);
        let before = mails(m).len();
        m.open(&buyer, &choice("backup", "1m"));
        m.place(&buyer, &choice("backup", "1m"));
        m.settle();
        let later = subjects(m).split_off(before);
        assert!(!later.is_empty() && later.iter().all(|s| s.ends_with("waits for payment")), "no mail of type 101: {later:?}");
    });
}

#[test]
fn a_mail_that_is_not_taken_is_tried_again() {
    with_mail(|m| {
        let buyer = m.buyer();
        m.fail_deliveries(2);
        super::add(m, &buyer, &ops());
        assert!(mails(m).is_empty());
        m.advance("10m");
        assert_eq!(mails(m).len(), 1, "what asked was taken at the third try");
        assert_eq!(agree(m, &token(&mails(m)[0])), None);
        m.place(&buyer, &choice("backup", "1m"));
        m.settle();
        assert!(subjects(m)[1].ends_with("waits for payment"));
    });
}

#[test]
fn a_mail_that_is_never_taken_is_given_up_after_the_eighth_try() {
    with_mail(|m| {
        m.fail_deliveries(8);
        super::add(m, &m.buyer(), &ops());
        m.advance("3d");
        assert!(mails(m).is_empty());
        m.fail_deliveries(0);
        m.advance("30d");
        assert!(mails(m).is_empty(), "it is over");
    });
}

#[test]
fn digests_gather_what_is_noisy_once_a_day() {
    with_mail(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let desk = NewRecipient { mailbox: Some("desk@example.com".to_owned()), language: Language::Zh, ..ops() };
        confirmed(m, &seller, &desk);
        let gathered = Wanted { mail: true, sms: false, digest: true };
        m.ok(&seller, |tx, ctx| message::put_setting(tx, ctx, &seller, "101", gathered));
        for _ in 0..3 {
            m.open(&buyer, &choice("backup", "1m"));
        }
        assert_eq!(mails(m).len(), 1, "nothing yet");
        m.advance("24h");
        let digest = mails(m).into_iter().find(|mail| mail.subject == "云市：6 条消息").expect("bought and opened, three times each");
        assert_eq!(digest.to, "desk@example.com");
        let count = |part: &str| digest.text.matches(part).count();
        assert_eq!((count("已完成"), count("/seller/orders/CS")), (3, 6), "each with its page: {}", digest.text);
    });
}

#[test]
fn customer_service_hears_of_a_failing_interface_too() {
    with_mail(|m| {
        m.server.fault("backup", Fault::Http500);
        m.buy(&m.buyer(), &choice("backup", "1m"));
        m.advance("30m");
        let mail = mails(m).remove(0);
        assert_eq!(mail.to, "support@example.com");
        assert!(mail.link.unwrap().contains("/seller/calls/cal_"), "it leads to the call");
    });
}
