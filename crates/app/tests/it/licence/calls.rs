//! A server that wants to hear what becomes of codes (`license-interface 2.3`).

use super::{in_2026, renew, sent};
use app::order;
use domain::licence_rules::LicenceRules;
use harness::licensed;
use serde_json::{Value, json};
use wire::conformance::Protocol;

#[test]
fn a_server_that_wants_to_hear_of_codes_is_told_with_the_key_of_their_class() {
    in_2026(|m| {
        let (seller, buyer) = (m.seller(), m.buyer());
        let mut listing = licensed(LicenceRules::default());
        listing.interface_address = Some(m.address(&seller, "shield", Protocol::Licence));
        m.list(&seller, "shield", &listing);
        let bought = m.claimed(&buyer, 1);
        assert!(m.calls(bought.instance).is_empty(), "the purchase is no call (2.1)");
        m.activate(&seller, &[&bought.code]).unwrap();
        let renewal = renew(m, bought.instance);
        m.ok(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &renewal));
        m.advance("371d");
        renew(m, bought.instance);
        m.advance("385d");
        let done = |activity: &str| (activity.to_owned(), "done".to_owned());
        let (refresh, status) = (done("refreshLicenseCode"), done("updateLicenseCodeStatus"));
        let expected = [&refresh, &refresh, &status, &refresh, &status, &status, &done("releaseLicenseCode")].map(Clone::clone);
        assert_eq!(m.activities(bought.instance), expected);
        let sent = sent(m, bought.instance);
        let scenes: Vec<&Value> = sent.iter().map(|s| if s["scene"].is_null() { &s["status"] } else { &s["scene"] }).collect();
        assert_eq!(json!(scenes), json!(["RENEWAL", "UNSUBSCRIBE_RENEWAL_PERIOD", "FREEZE", "RENEWAL", "UNFREEZE", "FREEZE", null]));
        assert!(sent.iter().all(|s| s["license"] == json!(bought.code)), "{sent:?}");
        let first = (&sent[0]["orderId"], &sent[0]["expireTime"]);
        assert_eq!(first, (&json!(renewal), &json!("20280105155959")), "the renewal's own order");
        m.verify();
    });
}
