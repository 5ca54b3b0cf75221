//! AWS's metering: one record for a customer, a dimension and an hour, whichever instance it is booked on.

use app::neighbour::batch_meter;
use harness::{Bought, Market, choice, on_both, sample};
use wire::{
    aws::{BatchMeterUsage, Status},
    conformance::Protocol,
};

/// An instance of a product whose seller meters as for AWS.
fn opened(m: &Market) -> Bought {
    let wanted = app::order::Choice { specification: "minutes".to_owned(), ..choice("scribe", "") };
    let placed = m.buy(&m.buyer(), &wanted);
    m.settle();
    let order = m.order(&placed.order.number);
    Bought { instance: order.instance_id.unwrap(), order }
}

/// Reports a hundred minutes of the hour before this one.
fn report(m: &Market, hour: i64) -> Status {
    let seller = m.seller();
    let buyer = m.key(&m.buyer());
    let customer = m.read(|tx, _| Ok(store::neighbour::customer(tx, m.key(&seller), buyer)?)).expect("a customer");
    let body = serde_json::json!({
        "ProductCode": "scribe",
        "UsageRecords": [{ "Timestamp": hour, "CustomerIdentifier": customer.identifier, "Dimension": "minutes", "Quantity": 100 }],
    });
    let batch = BatchMeterUsage::read(&body).unwrap();
    m.ok(&seller, |tx, ctx| batch_meter(tx, ctx, &seller, &batch)).pop().unwrap().2
}

#[test]
fn a_record_that_comes_again_is_charged_once_also_when_another_instance_is_the_newest() {
    on_both(|m| {
        let mut listing = sample("transcribe");
        listing.interface_address = Some(m.address(&m.seller(), "scribe", Protocol::SaasAws));
        m.list(&m.seller(), "scribe", &listing);
        let buyer = m.buyer();
        let first = opened(m);
        let hour = m.now().as_second();
        assert_eq!(report(m, hour), Status::Success);
        let second = opened(m);
        assert_eq!(report(m, hour), Status::Success, "the same again");
        m.ok(&buyer, |tx, ctx| app::instance::end_on_demand(tx, ctx, &buyer, first.id()));
        assert_eq!(report(m, hour), Status::Success, "the same again");
        m.advance("2h");
        assert_eq!((m.balance(&buyer).as_str(), m.metered(&second).days.len()), ("999988.00", 0), "100 minutes at 0.12");
        m.verify();
    });
}

#[test]
fn use_of_the_last_hours_of_an_instance_is_booked_on_it_also_when_the_customer_has_bought_another() {
    on_both(|m| {
        let mut listing = sample("transcribe");
        listing.interface_address = Some(m.address(&m.seller(), "scribe", Protocol::SaasAws));
        m.list(&m.seller(), "scribe", &listing);
        let buyer = m.buyer();
        let first = opened(m);
        m.advance("3h");
        let hour = m.now().as_second() - 3_600;
        m.ok(&buyer, |tx, ctx| app::instance::end_on_demand(tx, ctx, &buyer, first.id()));
        m.advance("1h");
        let second = opened(m);
        assert_eq!(report(m, hour), Status::Success);
        m.advance("2h");
        assert_eq!((m.balance(&buyer).as_str(), m.metered(&second).days.len()), ("999988.00", 0), "100 minutes at 0.12, on the first");
        m.verify();
    });
}
