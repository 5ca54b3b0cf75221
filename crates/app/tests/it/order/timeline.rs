//! The time line of an order, as each role may read it (`order-life 6`).

use app::{
    Tenant,
    order::{self, TimelineEntry},
};
use harness::{Fault, Market, choice, on_both};

fn kinds(entries: &[TimelineEntry]) -> Vec<&str> {
    entries.iter().map(|e| e.kind.as_str()).collect()
}

fn of(m: &Market, tenant: Tenant, number: &str) -> Vec<TimelineEntry> {
    m.read(|tx, _| order::timeline(tx, tenant, number))
}

#[test]
fn the_time_line_tells_each_role_what_it_may_know() {
    on_both(|m| {
        let number = m.open(&m.buyer(), &choice("backup", "1m")).order.number;
        let buyer = of(m, Tenant::Buyer(m.key(&m.buyer())), &number);
        for kind in ["order.created", "order.paid", "call.succeeded", "instance.opened", "order.completed"] {
            assert!(kinds(&buyer).contains(&kind), "{kind} is not in {:?}", kinds(&buyer));
        }
        let text = format!("{buyer:?}");
        assert!(!text.contains("money.completed") && !text.contains("ledger"), "{text}");
        let seller = of(m, Tenant::Seller(m.key(&m.seller())), &number);
        assert!(kinds(&seller).contains(&"money.completed"));
        let operator = of(m, Tenant::Any, &number);
        assert!(kinds(&operator).contains(&"ledger.posted"));
        assert!(!format!("{buyer:?}{seller:?}{operator:?}").contains("pw-"), "nobody sees a password");
        for tenant in [Tenant::Buyer(m.key(&m.buyer2())), Tenant::Seller(m.key(&m.seller2()))] {
            assert_eq!(m.refused(&m.buyer2(), |tx, _| order::timeline(tx, tenant, &number)), "order.not_found");
        }
    });
}

#[test]
fn a_failed_call_is_in_the_time_line_with_its_next_try_and_its_error_is_not_for_the_buyer() {
    on_both(|m| {
        m.server.fault("backup", Fault::Code000005);
        let number = m.buy(&m.buyer(), &choice("backup", "1m")).order.number;
        m.settle();
        let buyer = of(m, Tenant::Buyer(m.key(&m.buyer())), &number);
        assert_eq!(buyer[0].kind, "next.call", "what is to come is at the top");
        assert!(kinds(&buyer).contains(&"call.failed"));
        let failed = |entries: Vec<TimelineEntry>| entries.into_iter().find(|e| e.kind == "call.failed").unwrap().data;
        assert!(failed(buyer)["error"].is_null());
        let seller = failed(of(m, Tenant::Seller(m.key(&m.seller())), &number));
        assert!(seller["error"].as_str().unwrap().contains("000005"), "{seller}");
    });
}

#[test]
fn the_time_line_of_an_instance_is_that_of_all_its_orders() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.renew(&buyer, &bought, "1m");
        let entries = m.read(|tx, _| order::instance_timeline(tx, Tenant::Buyer(m.key(&buyer)), bought.id()));
        assert_eq!(kinds(&entries).iter().filter(|k| **k == "order.paid").count(), 2);
        for kind in ["next.instance.reminder", "next.instance.expiry", "term.added"] {
            assert!(kinds(&entries).contains(&kind), "{kind} is not in {:?}", kinds(&entries));
        }
        let other = Tenant::Buyer(m.key(&m.buyer2()));
        assert_eq!(m.refused(&buyer, |tx, _| order::instance_timeline(tx, other, bought.id())), "instance.not_found");
    });
}
