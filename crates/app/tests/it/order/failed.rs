//! An order that failed: where its money is, and that what the seller's server answered is not the buyer's to read.

use app::{
    Tenant,
    order::{self, Full, MoneyPlace, NextStep, Whereabouts},
};
use db::Moment;
use domain::{instance::InstanceState, listing::AccessType, order::OrderState};
use harness::{Fault, Market, choice, money, on_both};

/// What a buyer must not find anywhere: the words of a result code and of an HTTP error.
const DETAILS: [&str; 4] = ["resultCode", "000005", "HTTP 500", "outcome"];

/// All that a buyer reads of an order and its instance.
fn read_by_buyer(m: &Market, number: &str) -> String {
    let buyer = Tenant::Buyer(m.key(&m.buyer()));
    m.read(|tx, _| {
        let order = order::show(tx, buyer, number)?.order;
        let mut text = format!("{:?}", order.reason.as_deref().map(|stored| order::reason_for(buyer, stored)));
        text += &format!("{:?}", order::timeline(tx, buyer, number)?);
        if let Some(instance) = order.instance_id {
            text += &format!("{:?}", order::instance_timeline(tx, buyer, instance.id())?);
        }
        for message in store::message::any_of_order(tx, order.id)?.into_iter().filter(|row| row.account_id == m.key(&m.buyer())) {
            text += &message.params; // webhooks carry them as they are
            for language in ["zh", "en"] {
                let shown = app::message::show(message.clone(), language, &jiff::tz::TimeZone::UTC)?;
                text += &format!("{} {}", shown.title, shown.body);
            }
        }
        Ok(text)
    })
}

#[test]
fn a_message_of_an_older_release_is_shown_without_what_was_answered() {
    on_both(|m| {
        m.server.fault("backup", Fault::Http500);
        m.buy(&m.buyer(), &choice("backup", "1m"));
        m.advance("185m");
        let mut told = m.read(|tx, _| Ok(store::message::list(tx, m.key(&m.buyer()), false, (None, &[]), app::Page::first(1))?)).remove(0);
        told.params = told.params.replace("could not be opened", "could not be opened: HTTP 500");
        let shown = app::message::show(told, "zh", &jiff::tz::TimeZone::UTC).unwrap();
        assert!(shown.body.contains("开通失败") && !shown.body.contains("500"), "{}", shown.body);
    });
}

fn whereabouts(m: &Market, number: &str) -> Option<Whereabouts> {
    m.read(|tx, _| order::whereabouts(&order::show(tx, Tenant::Any, number)?))
}

/// The place of the money, the amount and what comes next.
fn told(m: &Market, number: &str) -> (MoneyPlace, String, NextStep) {
    let found = whereabouts(m, number).unwrap();
    (found.place, money(found.amount_minor), found.next)
}

#[track_caller]
fn assert_kept_from_the_buyer(m: &Market, number: &str) {
    let text = read_by_buyer(m, number);
    for detail in DETAILS {
        assert!(!text.contains(detail), "{detail} in {text}");
    }
    let seller = Tenant::Seller(m.key(&m.seller()));
    let theirs = m.read(|tx, _| Ok(format!("{:?}", order::timeline(tx, seller, number)?)));
    assert!(theirs.contains("resultCode 000005") || theirs.contains("500"), "{theirs}");
    let order = m.order(number);
    assert!(order::reason_for(seller, order.reason.as_deref().unwrap()).contains(": "), "{order:?}");
}

#[test]
fn a_failed_opening_says_where_the_money_is_and_not_what_was_answered() {
    for fault in [Fault::Code000005, Fault::Http500] {
        on_both(|m| {
            m.server.fault("backup", fault);
            let number = m.buy(&m.buyer(), &choice("backup", "1m")).order.number;
            m.settle();
            assert_eq!(told(m, &number), (MoneyPlace::Kept, "100.00".to_owned(), NextStep::Wait));
            let full = m.read(|tx, _| order::show(tx, Tenant::Any, &number));
            let until = m.read(|tx, ctx| order::kept_until(tx, ctx, &full));
            assert_eq!(until, Some(m.now() + jiff::SignedDuration::from_hours(3)), "it is asked for three hours");
            m.advance("185m");
            assert_eq!(told(m, &number), (MoneyPlace::Wallet, "100.00".to_owned(), NextStep::OrderAgain));
            let ended = m.order(&number).ended_at.map(Moment::at);
            assert_eq!(whereabouts(m, &number).unwrap().at, ended);
            assert_kept_from_the_buyer(m, &number);
        });
    }
}

#[test]
fn a_failed_upgrade_gives_the_fee_back_and_the_service_goes_on() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.server.fault("backup", Fault::Code000005);
        let number = m.upgrade(&buyer, &bought, "pro/5").number;
        m.advance("4h");
        let (place, _, next) = told(m, &number);
        assert_eq!((place, next), (MoneyPlace::Wallet, NextStep::ChangeAgain));
        assert_eq!(m.instance(bought.instance).state, InstanceState::Running);
        assert_kept_from_the_buyer(m, &number);
    });
}

#[test]
fn a_supervised_opening_that_fails_tells_the_buyer_no_answer_either() {
    on_both(|m| {
        let mut supervised = harness::listing(AccessType::Saas);
        supervised.supervised = true;
        supervised.delivery = harness::listing(AccessType::HumanService).delivery;
        m.list(&m.seller(), "desk", &supervised);
        m.server.fault("desk", Fault::Http500);
        let number = m.buy(&m.buyer(), &choice("desk", "1m")).order.number;
        m.advance("4h");
        assert_eq!(m.order(&number).state, OrderState::Cancelled);
        assert_eq!(told(m, &number), (MoneyPlace::Wallet, "100.00".to_owned(), NextStep::None));
        assert_kept_from_the_buyer(m, &number);
    });
}

#[test]
fn an_order_that_was_not_paid_or_is_done_needs_no_word_of_its_money() {
    on_both(|m| {
        let buyer = m.buyer();
        let unpaid: Full = m.place(&buyer, &choice("backup", "1m"));
        assert_eq!(whereabouts(m, &unpaid.order.number), None);
        m.advance("8d");
        assert_eq!(told(m, &unpaid.order.number), (MoneyPlace::NotPaid, "0.00".to_owned(), NextStep::OrderAgain));
        let done = m.open(&buyer, &choice("backup", "1m"));
        assert_eq!(whereabouts(m, &done.order.number), None);
    });
}
