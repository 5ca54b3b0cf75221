//! On-line opening: a buyer asks for licences, the seller uploads them (`license-interface 4`).

use super::{renew, sent};
use app::{
    Caller, Error, Key,
    licence::{self, Upload},
    order,
};
use domain::{licence::ApplicationState, listing::AccessType, order::OrderState};
use harness::{Bought, Fault, Market, choice, on_both};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::licence_application::Application;

/// An instance that runs, whose licences are asked for.
fn opened(m: &Market) -> Bought {
    m.list(&m.seller(), "shield", &harness::listing(AccessType::LicenceOnline));
    m.open(&m.buyer(), &choice("shield", "1y"))
}

/// Asks for a licence as the buyer; a refusal by its code.
fn ask(m: &Market, instance: Key) -> Result<Application, &'static str> {
    let (buyer, machine) = (m.buyer(), Some("00-16-3E|disk|board|cpu".to_owned()));
    let asked = m.write(&buyer, |tx, ctx| licence::apply(tx, ctx, &buyer, instance.id(), machine.clone()));
    m.settle();
    asked.map_err(|e| e.code().expect("a refusal"))
}

fn upload(event: &str, content: &str) -> Upload {
    Upload {
        event: event.to_owned(),
        file_name: Some("../x y.lic".to_owned()),
        sha256: Some(hex::encode(Sha256::digest(content))),
        content: content.as_bytes().to_vec(),
        is_file: true,
    }
}

fn deliver(m: &Market, seller: &Arc<Caller>, upload: &Upload) -> Option<&'static str> {
    let delivered = m.write(seller, |tx, ctx| licence::deliver(tx, ctx, seller, upload));
    delivered.err().map(|e| e.code().expect("a refusal"))
}

fn states(m: &Market, instance: Key) -> Vec<String> {
    let all = m.read(|tx, _| Ok(store::licence_application::of_instance(tx, instance, 10)?));
    all.into_iter().map(|a| a.state.to_string()).collect()
}

fn content(m: &Market, buyer: &Arc<Caller>, event: &str) -> Result<(Option<String>, Vec<u8>), Error> {
    m.write(buyer, |tx, ctx| licence::application_content(tx, ctx, buyer, event))
}

#[test]
fn a_licence_is_asked_for_with_the_event_the_machine_and_the_term() {
    on_both(|m| {
        let Bought { order, instance } = opened(m);
        assert_eq!(order.state, OrderState::Completed, "open once the seller gave an id");
        let event = ask(m, instance).unwrap().event_id;
        assert_eq!(ask(m, instance).err(), Some("licence.application_open"));
        assert_eq!(states(m, instance), ["accepted"]);
        let sent = sent(m, instance);
        let activities: Vec<&Value> = sent.iter().map(|s| &s["activity"]).collect();
        assert_eq!(json!(activities), json!(["newInstance", "getLicenseAsync"]), "nothing is queried");
        assert_eq!((&sent[1]["eventId"], &sent[1]["deviceFingerprint"]), (&json!(event), &json!("00-16-3E|disk|board|cpu")));
        assert!(sent[1]["effectiveTime"].as_str().unwrap().ends_with(" z"), "{}", sent[1]);
        assert_eq!(sent[1]["expireTime"], "2025-01-05 15:59:59 z");
    });
}

#[test]
fn a_buyer_asks_for_licences_and_the_seller_uploads_them() {
    on_both(|m| {
        let (buyer, seller, Bought { instance, .. }) = (m.buyer(), m.seller(), opened(m));
        let event = ask(m, instance).unwrap().event_id;
        let good = upload(&event, "-----LICENCE-----");
        assert_eq!(deliver(m, &m.seller2(), &good), Some("licence.no_such_event"));
        assert_eq!(deliver(m, &seller, &Upload { sha256: Some("00".to_owned()), ..good.clone() }), Some("licence.wrong_hash"));
        assert_eq!(states(m, instance), ["accepted"], "what is wrong changes nothing");
        assert_eq!(content(m, &buyer, &event).unwrap_err().code(), Some("licence.not_delivered"));
        for _ in 0..2 {
            assert_eq!(deliver(m, &seller, &good), None, "also again");
        }
        assert_eq!(deliver(m, &seller, &upload(&event, "other")), Some("licence.delivered_already"), "one licence for one event");
        assert_eq!(states(m, instance), ["delivered"]);
        let (name, bytes) = content(m, &buyer, &event).unwrap();
        assert_eq!((name.as_deref(), bytes), (Some("../x y.lic"), good.content));
        assert_eq!(content(m, &m.buyer2(), &event).unwrap_err().code(), Some("licence.no_such_event"));
        // Characters, for a second licence.
        m.advance("1m");
        let event = ask(m, instance).unwrap().event_id;
        let characters = Upload { file_name: None, sha256: None, is_file: false, ..upload(&event, "ABCD-EFGH") };
        assert_eq!(deliver(m, &seller, &characters), None);
        assert_eq!(m.messages(&buyer).iter().filter(|e| *e == "licence.delivered").count(), 2);
        m.verify();
    });
}

#[test]
fn of_eight_uploads_at_once_one_is_kept() {
    on_both(|m| {
        let (seller, Bought { instance, .. }) = (m.seller(), opened(m));
        let event = ask(m, instance).unwrap().event_id;
        let answers = m.at_once(&seller, 8, |n, tx, ctx| licence::deliver(tx, ctx, &seller, &upload(&event, &format!("licence {n}"))));
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1, "{answers:?}");
        m.settle();
        assert_eq!(m.messages(&m.buyer()).iter().filter(|e| *e == "licence.delivered").count(), 1);
    });
}

#[test]
fn of_eight_applications_at_once_one_is_made() {
    on_both(|m| {
        let (buyer, Bought { instance, .. }) = (m.buyer(), opened(m));
        let answers = m.at_once(&buyer, 8, |_, tx, ctx| licence::apply(tx, ctx, &buyer, instance.id(), None).map(drop));
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1, "{answers:?}");
        m.settle();
        assert_eq!(states(m, instance), ["accepted"]);
    });
}

#[test]
fn an_instance_of_on_line_opening_lives_as_in_saas_2_0_and_names_the_renewal_that_is_given_back() {
    on_both(|m| {
        let (buyer, Bought { instance, .. }) = (m.buyer(), opened(m));
        let renewal = renew(m, instance);
        m.ok(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &renewal));
        m.advance("390d");
        let sent = sent(m, instance);
        let activities: Vec<&Value> = sent.iter().map(|s| &s["activity"]).collect();
        let expected = json!(["newInstance", "refreshInstance", "refreshInstance", "updateInstanceStatus", "releaseInstance"]);
        assert_eq!(json!(activities), expected);
        assert_eq!((&sent[2]["scene"], &sent[2]["orderId"]), (&json!("UNSUBSCRIBE_RENEWAL_PERIOD"), &json!(renewal)));
        assert_eq!(ask(m, instance).err(), Some("instance.state"));
        m.verify();
    });
}

#[test]
fn an_application_that_the_seller_refuses_is_told_and_may_be_made_again() {
    on_both(|m| {
        let (buyer, Bought { instance, .. }) = (m.buyer(), opened(m));
        m.server.fault("shield", Fault::Code000900);
        ask(m, instance).unwrap();
        let all = m.read(|tx, _| Ok(store::licence_application::of_instance(tx, instance, 10)?));
        assert_eq!(all[0].state, ApplicationState::Failed);
        assert!(all[0].error.as_ref().unwrap().starts_with("resultCode 000900"), "{:?}", all[0].error);
        let refused = ("getLicenseAsync".to_owned(), "failed".to_owned());
        assert_eq!(m.activities(instance)[1], refused, "a refusal is not repeated");
        assert!(m.messages(&buyer).contains(&"licence.refused".to_owned()));
        let told = m.read(|tx, _| Ok(store::message::list(tx, m.key(&buyer), false, (None, &[]), app::Page::first(1))?));
        assert!(told[0].params.contains("the seller has no licence left") && !told[0].params.contains("000900"), "{:?}", told[0].params);
        assert_eq!(licence::refusal(all[0].error.as_ref().unwrap()), "the seller has no licence left for this purchase");
        assert_eq!(licence::refusal("HTTP 500"), "the seller did not issue it");
        m.server.fault("shield", Fault::None);
        ask(m, instance).unwrap();
        assert_eq!(states(m, instance)[0], "accepted");
        // Taken, but nothing is uploaded for a day: it may be asked for again, and the end of the instance ends it.
        assert_eq!(ask(m, instance).err(), Some("licence.application_open"));
        m.advance("25h");
        let last = ask(m, instance).unwrap().event_id;
        m.advance("400d");
        assert_eq!(states(m, instance), ["failed", "failed", "failed"]);
        assert_eq!(deliver(m, &m.seller(), &upload(&last, "late")), Some("licence.instance_over"));
        m.verify();
    });
}

#[test]
fn what_is_not_opened_within_two_hours_is_refunded() {
    on_both(|m| {
        m.list(&m.seller(), "shield", &harness::listing(AccessType::LicenceOnline));
        m.server.fault("shield", Fault::Code000005);
        let number = m.buy(&m.buyer(), &choice("shield", "1y")).order.number;
        m.advance("150m");
        assert_eq!(m.order(&number).state, OrderState::Cancelled);
        assert_eq!(m.balance(&m.buyer()), "1000000.00");
        m.verify();
    });
}

#[test]
fn licences_are_asked_for_by_the_buyer_of_such_a_product() {
    on_both(|m| {
        let (stranger, Bought { instance, .. }) = (m.buyer2(), opened(m));
        let other = m.open(&stranger, &choice("backup", "1m"));
        let ask = |id: Key| m.refused(&stranger, |tx, ctx| licence::apply(tx, ctx, &stranger, id.id(), None));
        assert_eq!(ask(instance), "instance.not_found");
        assert_eq!(ask(other.instance), "licence.not_by_application");
    });
}

#[test]
fn a_renewal_that_an_uploaded_licence_covers_is_not_given_back_and_none_is_uploaded_for_one_that_was() {
    on_both(|m| {
        let (buyer, seller, Bought { instance, .. }) = (m.buyer(), m.seller(), opened(m));
        let back = |number: &str| m.write(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, number)).err().map(|e| e.code().unwrap());
        // Asked for before it was given back: the seller may not upload it any more.
        let renewal = renew(m, instance);
        let event = ask(m, instance).unwrap().event_id;
        assert_eq!(back(&renewal), None);
        assert_eq!(states(m, instance), ["failed"]);
        assert_eq!(deliver(m, &seller, &upload(&event, "until the year after")), Some("licence.term_over"));
        // One for what is left covers no renewal.
        let event = ask(m, instance).unwrap().event_id;
        assert_eq!(deliver(m, &seller, &upload(&event, "this year's")), None);
        let renewal = renew(m, instance);
        assert_eq!(back(&renewal), None);
        let renewal = renew(m, instance);
        let event = ask(m, instance).unwrap().event_id;
        assert_eq!(deliver(m, &seller, &upload(&event, "until the year after")), None);
        assert_eq!(back(&renewal), Some("refund.file_signed"));
        m.verify();
    });
}
