//! Restart (重新启动) of production-interface messages, by their seller or the operator (`saas-interface 1.2`).

use app::{Tenant, call};
use domain::{id::CallId, instance::InstanceState, order::OrderState};
use harness::{Bought, Fault, Market, choice, on_both};

/// What a restart as a seller is refused with; nothing when it went.
fn restart(m: &Market, id: CallId) -> Option<&'static str> {
    let seller = m.seller();
    let tenant = Tenant::Seller(m.key(&seller));
    let result = m.write(&seller, |tx, ctx| call::restart(tx, ctx, tenant, id));
    result.err().map(|e| e.code().unwrap())
}

/// The last call on an instance.
fn last(m: &Market, of: &Bought) -> CallId {
    m.calls(of.instance).pop().unwrap().id.id()
}

#[test]
fn a_restart_inside_the_window_opens_at_once() {
    on_both(|m| {
        let seller2 = m.seller2();
        m.server.fault("backup", Fault::Http500);
        let number = m.buy(&m.buyer(), &choice("backup", "1m")).order.number;
        m.settle();
        m.server.fault("backup", Fault::None);
        let id: CallId = m.calls_of_order(&number)[0].id.id();
        for (tenant, id) in [(Tenant::Seller(m.key(&seller2)), id), (Tenant::Any, db::Key([7; 16]).id())] {
            assert_eq!(m.refused(&seller2, |tx, ctx| call::restart(tx, ctx, tenant, id)), "call.not_found");
        }
        assert_eq!(restart(m, id), None);
        m.settle();
        assert_eq!(m.order(&number).state, OrderState::Completed);
        assert_eq!(m.count_messages(&m.seller(), "call.recovered"), 1);
        assert_eq!(restart(m, id), Some("call.state"), "it is done");
        m.verify();
    });
}

#[test]
fn several_given_up_messages_are_restarted_each_for_itself() {
    on_both(|m| {
        let buyer = m.buyer();
        let [one, two] = [(); 2].map(|()| m.open(&buyer, &choice("backup", "1m")));
        m.server.fault("backup", Fault::Code000005);
        for bought in [&one, &two] {
            m.renew(&buyer, bought, "1m");
        }
        m.advance("3h");
        let failed = m.failed_calls();
        assert_eq!(failed.len(), 2, "{failed:?}");
        m.server.fault("backup", Fault::None);
        assert!(failed.iter().all(|call| restart(m, call.id.id()).is_none()));
        let opened = m.calls(one.instance)[0].id.id();
        assert_eq!(restart(m, opened), Some("call.state"), "one that cannot be keeps none back");
        m.settle();
        assert!(m.failed_calls().is_empty());
        m.verify();
    });
}

#[test]
fn what_is_over_is_not_restarted() {
    on_both(|m| {
        let buyer = m.buyer();
        let renewed = m.open(&buyer, &choice("backup", "1m"));
        m.server.fault("backup", Fault::Code000005);
        m.buy(&buyer, &choice("backup", "1m"));
        m.upgrade(&buyer, &renewed, "pro/5");
        m.advance("4h");
        assert_eq!(m.failed_calls().len(), 2);
        for given_up in m.failed_calls() {
            assert_eq!(restart(m, given_up.id.id()), Some("call.order_over"), "{}: it was refunded", given_up.activity);
        }
        m.renew(&buyer, &renewed, "1m");
        m.advance("3h");
        let refresh = last(m, &renewed);
        m.server.fault("backup", Fault::None);
        m.advance("90d");
        assert_eq!(m.instance(renewed.instance).state, InstanceState::Released);
        assert_eq!(restart(m, refresh), Some("call.order_over"), "it was released");
        m.verify();
    });
}

#[test]
fn a_given_up_message_waits_for_the_one_that_is_on_its_way() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.server.fault("backup", Fault::Http500);
        m.renew(&buyer, &bought, "1m");
        m.advance("3h");
        let first = last(m, &bought);
        m.renew(&buyer, &bought, "1m");
        assert_eq!(restart(m, first), Some("call.state"));
        m.server.fault("backup", Fault::None);
        assert_eq!(restart(m, last(m, &bought)), None, "one that waits for its next try goes now");
        m.settle();
        assert_eq!(restart(m, first), None);
        m.settle();
        assert!(m.failed_calls().is_empty());
        m.verify();
    });
}

#[test]
fn restarted_eight_times_at_once_a_message_goes_once() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.server.fault("backup", Fault::Http500);
        m.renew(&buyer, &bought, "1m");
        m.advance("3h");
        m.server.fault("backup", Fault::None);
        let (id, sent) = (last(m, &bought), m.server.requests().len());
        let results = m.at_once(&seller, 8, |_, tx, ctx| call::restart(tx, ctx, Tenant::Any, id).map(|_| ()));
        assert!(results.iter().any(Result::is_ok), "{results:?}");
        m.settle();
        assert_eq!((m.server.requests().len() - sent, m.last_activity(bought.instance).1.as_str()), (1, "done"));
        m.verify();
    });
}
