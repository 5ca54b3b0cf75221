//! A push for the instance that debugging created: it proves that a seller reports use, and charges nobody
//! (`seller-domain 6.1`).

use app::{
    catalogue,
    interface::{self, Passed},
    usage,
};
use harness::{Market, on_both, sample};
use wire::{conformance::Protocol, open_api::usage::Record};

const DEBUGGED: &str = "debugged-instance";

/// A new address of the seller at which debugging created an instance; nothing was reported for it.
fn debugged(m: &Market) -> domain::id::AddressId {
    let seller = m.seller();
    let id = m.address(&seller, "metered", Protocol::SaasV2);
    let created = Passed {
        scenario: "create".to_owned(),
        request: "{}".to_owned(),
        answer: serde_json::json!({ "resultCode": "000000", "resultMsg": "success", "instanceId": DEBUGGED }).to_string(),
    };
    let address = m.read(|tx, ctx| interface::target(tx, ctx, m.key(&seller), id)).address;
    m.ok(&seller, |tx, ctx| interface::save_case(tx, ctx, &address, &created));
    m.execute("DELETE FROM debug_cases WHERE scenario = 'usage_push'");
    id
}

fn record(instance: &str, value: &str, sn: &str) -> Record {
    Record {
        instance_id: instance.to_owned(),
        record_time: "20240105T030100Z".to_owned(),
        begin_time: "20240105T020000Z".to_owned(),
        end_time: "20240105T030000Z".to_owned(),
        usage_value: value.to_owned(),
        metering_sn: Some(sn.to_owned()),
        ..Record::default()
    }
}

/// The saved request of the case that a push proves.
fn proven(m: &Market, address: domain::id::AddressId) -> Vec<String> {
    let cases = m.read(|tx, _| Ok(store::interface::cases(tx, db::Key::of(address))?));
    cases.into_iter().filter(|c| c.scenario == "usage_push").map(|c| c.request).collect()
}

#[test]
fn an_on_demand_product_is_listed_when_its_seller_reported_use_for_the_debugged_instance() {
    on_both(|m| {
        let (seller, address) = (m.seller(), debugged(m));
        let mut listing = sample("transcribe");
        listing.interface_address = Some(address);
        let revision = m.ok(&seller, |tx, ctx| catalogue::save(tx, ctx, &seller, "metered", &listing)).1.id.id();
        let submit = |tx: &mut db::Tx, ctx: &app::Ctx| catalogue::submit(tx, ctx, &seller, revision);
        let refused = m.refusal(&seller, submit);
        assert_eq!(refused.code, "application.cases_missing");
        assert!(refused.detail.contains("usage_push passes when your server reports use"), "{refused}");
        m.advance("2h");
        // A wrong record proves nothing and is shown with its reason; so is one of an instance that nobody knows.
        m.push(&seller, &[record(DEBUGGED, "0", "zero"), record("never-created", "1", "nobody")]);
        assert!(proven(m, address).is_empty());
        assert_eq!(m.reason("zero"), "usage_value must be more than zero");
        assert_eq!(m.reason("nobody"), "Instance ID not found: you have no instance never-created");
        m.push(&seller, &[record(DEBUGGED, "1.5", "right")]);
        let passed = proven(m, address);
        assert!(passed.len() == 1 && passed[0].contains("\"usage_value\":\"1.5\""), "{passed:?}");
        assert_eq!(m.records(&seller).len(), 2, "what was tried is no usage");
        m.ok(&seller, submit);
        m.advance("3h");
        m.verify();
    });
}

#[test]
fn said_several_times_at_once_it_is_proved_once_and_no_batch_is_lost() {
    on_both(|m| {
        let (seller, address) = (m.seller(), debugged(m));
        m.advance("2h");
        let results = m.at_once(&seller, 8, |n, tx, ctx| {
            let sent = record(DEBUGGED, "1.5", &format!("at-once-{n}"));
            let batch = usage::receive(tx, ctx, &seller, None, &[sent])?;
            usage::judge_batch(tx, ctx, batch)
        });
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        m.settle();
        assert_eq!((proven(m, address).len(), m.records(&seller).len()), (1, 0));
    });
}

#[test]
fn another_sellers_push_does_not_prove_an_address() {
    on_both(|m| {
        let address = debugged(m);
        m.advance("2h");
        m.push(&m.seller2(), &[record(DEBUGGED, "1.5", "theirs")]);
        assert!(proven(m, address).is_empty());
        assert!(m.reason("theirs").contains("Instance ID not found"));
    });
}
