//! Webhooks: endpoints of one account, tried for 28 hours, sent again under the same id.

use app::{
    Caller, Error, Page,
    message::{self, NewEndpoint},
};
use domain::{
    id::EndpointId,
    message::{DeliveryState, MessageEvent},
};
use harness::{Market, Sent, choice, on_both};
use std::sync::Arc;
use store::delivery::Delivery;

fn hook(url: &str) -> NewEndpoint {
    NewEndpoint { url: url.to_owned(), description: None, events: vec![MessageEvent::OrderOpened] }
}

pub(crate) fn add(m: &Market, who: &Arc<Caller>, url: &str) -> Result<EndpointId, Error> {
    let added = m.write(who, |tx, ctx| message::add_endpoint(tx, ctx, who, &hook(url)));
    added.map(|endpoint| endpoint.id.id())
}

fn newest(m: &Market, who: &Caller, id: EndpointId) -> Delivery {
    m.read(|tx, _| message::deliveries(tx, who, id, Page::first(1))).remove(0)
}

fn taken(m: &Market) -> usize {
    m.sent().iter().filter(|sent| matches!(sent, Sent::Webhook { .. })).count()
}

#[test]
fn an_endpoint_hears_of_what_it_asked_for_and_is_sent_it_again_under_the_same_id() {
    on_both(|m| {
        let (buyer, id) = (m.buyer(), add(m, &m.buyer(), "https://hooks.example.com/").unwrap());
        m.open(&buyer, &choice("backup", "1m"));
        let delivery = newest(m, &buyer, id);
        assert_eq!(
            (delivery.event.as_str(), delivery.state, taken(m)),
            ("order.opened", DeliveryState::Sent, 1),
            "only what was asked for"
        );
        let again = |who: &Arc<Caller>| m.write(who, |tx, ctx| message::replay(tx, ctx, who, delivery.id.id()));
        assert_eq!(again(&m.buyer2()).unwrap_err().code(), Some("webhook.delivery_not_found"));
        again(&buyer).unwrap();
        assert_eq!(again(&buyer).unwrap_err().code(), Some("webhook.under_way"));
        m.settle();
        let ids: Vec<String> = m
            .sent()
            .into_iter()
            .filter_map(|sent| if let Sent::Webhook { headers, .. } = sent { Some(headers) } else { None })
            .flatten()
            .filter(|(name, _)| name.eq_ignore_ascii_case("webhook-id"))
            .map(|(_, id)| id)
            .collect();
        assert_eq!((ids.len(), &ids[0]), (2, &ids[1]), "known as the same");
    });
}

#[test]
fn an_endpoint_that_never_takes_it_is_given_up_after_28_hours() {
    on_both(|m| {
        let (buyer, id) = (m.buyer(), add(m, &m.buyer(), "https://hooks.example.com/").unwrap());
        m.fail_deliveries(100);
        m.open(&buyer, &choice("backup", "1m"));
        assert_eq!(newest(m, &buyer, id).state, DeliveryState::Due);
        m.advance("30h");
        let over = newest(m, &buyer, id);
        assert_eq!((over.state, over.attempts), (DeliveryState::Failed, 9));
    });
}

#[test]
fn an_endpoint_has_a_secure_address_and_belongs_to_one_account() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        for url in ["ftp://example.com", "http://example.com/", "https://user@example.com/", "https:///x", "https://a b"] {
            assert_eq!(add(m, &buyer, url).unwrap_err().code(), Some("webhook.bad_url"), "{url}");
        }
        let id = add(m, &buyer, "https://hooks.example.com/").unwrap();
        assert_eq!(m.refused(&seller, |tx, ctx| message::rotate(tx, ctx, &seller, id)), "webhook.not_found");
        assert_eq!(m.refused(&seller, |tx, ctx| message::remove_endpoint(tx, ctx, &seller, id)), "webhook.not_found");
        assert_eq!(m.refused(&seller, |tx, ctx| message::test_endpoint(tx, ctx, &seller, id)), "webhook.not_found");
        m.ok(&buyer, |tx, ctx| message::remove_endpoint(tx, ctx, &buyer, id));
        for n in 0..20 {
            add(m, &buyer, &format!("https://hooks.example.com/{n}")).unwrap();
        }
        assert_eq!(add(m, &buyer, "https://hooks.example.com/").unwrap_err().code(), Some("webhook.too_many"));
    });
}

#[test]
fn a_delivery_that_several_replay_at_once_is_sent_once_more() {
    on_both(|m| {
        let (buyer, id) = (m.buyer(), add(m, &m.buyer(), "https://hooks.example.com/").unwrap());
        m.open(&buyer, &choice("backup", "1m"));
        let delivery = newest(m, &buyer, id).id.id();
        let done = m.at_once(&buyer, 8, |_, tx, ctx| message::replay(tx, ctx, &buyer, delivery).map(drop));
        let refused: Vec<_> = done.into_iter().filter_map(|r| r.err()?.code()).collect();
        assert_eq!(refused, ["webhook.under_way"; 7]);
        m.settle();
        assert_eq!((newest(m, &buyer, id).state, taken(m)), (DeliveryState::Sent, 2));
        m.verify();
    });
}

#[test]
fn a_delivery_that_nothing_sends_is_named_and_replayed() {
    on_both(|m| {
        let (buyer, id) = (m.buyer(), add(m, &m.buyer(), "https://hooks.example.com/").unwrap());
        m.open(&buyer, &choice("backup", "1m"));
        let delivery = newest(m, &buyer, id).id.id();
        m.execute("UPDATE deliveries SET state = 'due', ended_at = NULL");
        let wrong = m.differences();
        assert!(matches!(&wrong[..], [("no_stuck_job", told)] if told[0].contains("nothing sends it")), "{wrong:?}");
        m.ok(&buyer, |tx, ctx| message::replay(tx, ctx, &buyer, delivery));
        m.settle();
        assert_eq!(newest(m, &buyer, id).state, DeliveryState::Sent);
        m.verify();
    });
}

#[test]
fn a_delivery_whose_job_failed_for_good_is_sent_when_it_is_replayed() {
    on_both(|m| {
        let (buyer, id) = (m.buyer(), add(m, &m.buyer(), "https://hooks.example.com/").unwrap());
        m.open(&buyer, &choice("backup", "1m"));
        let delivery = newest(m, &buyer, id).id.id();
        m.ok(&buyer, |tx, ctx| message::replay(tx, ctx, &buyer, delivery));
        // As a worker leaves it that lost count: the next attempt is one that was made already.
        m.execute("UPDATE deliveries SET attempts = 0");
        m.execute("UPDATE jobs SET state = 'failed', error = 'the database did not do it' WHERE kind = 'message.webhook'");
        m.ok(&buyer, |tx, ctx| message::replay(tx, ctx, &buyer, delivery));
        m.settle();
        let sent = newest(m, &buyer, id);
        assert_eq!((sent.state, sent.attempts, taken(m)), (DeliveryState::Sent, 2, 2));
        m.verify();
    });
}
