//! Sellers who are slow, wrong or hostile: each fault has a named outcome, and the money comes back.

use app::order::{self, PlaceChange};
use domain::{instance::InstanceState, order::OrderState};
use harness::{Fault, Market, choice, on_both, time};

fn visibility(m: &Market, product: &str) -> String {
    let seller = m.key(&m.seller());
    m.read(|tx, _| Ok(store::product::by_key(tx, seller, product)?)).unwrap().visibility.to_string()
}

#[test]
fn every_fault_of_a_seller_has_a_named_outcome_and_the_next_try_opens() {
    on_both(|m| {
        let buyer = m.buyer();
        for (fault, outcome) in [
            (Fault::TimeOut, "timed_out"),
            (Fault::NeverEnding, "timed_out"),
            (Fault::Http500, "http_status"),
            (Fault::WrongSignature, "authentication_failed"),
            (Fault::Code000002, "invalid_parameter"),
            (Fault::Code000005, "internal_error"),
            (Fault::Code000100, "no_resource"),
            (Fault::NotJson, "not_json"),
            (Fault::Truncated, "not_json"),
            (Fault::Huge, "too_large"),
            (Fault::Redirect, "redirect"),
            (Fault::NoInstanceId, "field_missing"),
        ] {
            m.server.fault("backup", fault);
            let number = m.buy(&buyer, &choice("backup", "1m")).order.number;
            m.settle();
            let call = m.calls_of_order(&number).remove(0);
            assert_eq!(m.attempts(&call)[0].outcome.as_deref(), Some(outcome), "{fault:?}");
            assert_eq!(m.order(&number).state, OrderState::Processing);
        }
        m.server.fault("backup", Fault::None);
        m.advance("65m");
        let open = store::order::Filter { state: Some(OrderState::Processing), ..store::order::Filter::default() };
        let open = m.read(|tx, _| Ok(store::order::list(tx, app::Tenant::Any, &open, app::Page::first(100))?));
        assert!(open.is_empty(), "all were opened by the next try: {open:?}");
        m.verify();
    });
}

#[test]
fn a_seller_who_never_opens_is_tried_for_three_hours_and_the_money_goes_back() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        m.server.fault("backup", Fault::Code000005);
        let number = m.buy(&buyer, &choice("backup", "1m")).order.number;
        m.settle();
        assert_eq!(m.balance(&buyer), "999900.00");
        m.advance("170m");
        assert_eq!(m.count_messages(&seller, "call.failed"), 3, "a notice at each failure");
        m.advance("15m");
        let found = m.order(&number);
        assert_eq!(found.state, OrderState::Cancelled);
        assert!(found.reason.as_ref().unwrap().starts_with("could not be opened"), "{found:?}");
        assert_eq!(m.balance(&buyer), "1000000.00");
        assert_eq!(m.instance(found.instance_id.unwrap()).state, InstanceState::Failed);
        assert_eq!((m.count_messages(&buyer, "order.refunded"), m.count_messages(&seller, "sale.opening_failed")), (1, 1));
        let call = m.calls_of_order(&number).remove(0);
        assert_eq!((call.state.as_str(), call.attempts), ("failed", 4));
        m.verify();
    });
}

#[test]
fn more_than_five_failed_openings_in_a_month_take_the_product_off_sale() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        m.server.fault("backup", Fault::Code000005);
        for _ in 0..5 {
            m.buy(&buyer, &choice("backup", "1m"));
        }
        m.advance("4h");
        assert_eq!(visibility(m, "backup"), "on_sale", "five are borne with");
        m.buy(&buyer, &choice("backup", "1m"));
        m.advance("4h");
        assert_eq!(visibility(m, "backup"), "frozen");
        assert_eq!(m.balance(&buyer), "1000000.00");
        let cmd = harness::unpaid(&choice("backup", "1m"));
        assert_eq!(m.refused(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &cmd)), "product.not_on_sale");
        assert_eq!(m.count_messages(&seller, "product.delisted"), 1);
        assert_eq!(m.count_messages(&m.operator(), "product.to_check"), 1);
        m.verify();
    });
}

#[test]
fn the_count_of_failed_openings_restarts_with_each_month() {
    on_both(|m| {
        m.server.fault("backup", Fault::Code000005);
        for _ in 0..5 {
            m.buy(&m.buyer(), &choice("backup", "1m"));
        }
        m.advance_to(harness::at("2024-01-31T16:00:00Z")); // 1 February at the site
        m.buy(&m.buyer(), &choice("backup", "1m"));
        m.advance("4h");
        assert_eq!(visibility(m, "backup"), "on_sale");
        m.verify();
    });
}

#[test]
fn asynchronous_opening_is_polled_until_the_data_come() {
    on_both(|m| {
        m.server.fault("backup", Fault::Asynchronous);
        let number = m.buy(&m.buyer(), &choice("backup", "1m")).order.number;
        m.settle();
        assert_eq!(m.order(&number).state, OrderState::Processing);
        m.advance("1m");
        let found = m.order(&number);
        assert_eq!(found.state, OrderState::Completed);
        let activities: Vec<_> = m.activities(found.instance_id.unwrap()).into_iter().map(|(activity, _)| activity).collect();
        assert_eq!(activities, ["newInstance", "queryInstance"]);
        m.verify();
    });
}

#[test]
fn data_that_never_come_end_in_a_refund_and_the_instance_is_released_at_the_sellers() {
    on_both(|m| {
        m.server.fault("backup", Fault::NoData);
        let number = m.buy(&m.buyer(), &choice("backup", "1m")).order.number;
        m.advance("185m");
        let found = m.order(&number);
        assert_eq!(found.state, OrderState::Cancelled);
        assert_eq!(m.balance(&m.buyer()), "1000000.00");
        assert_eq!(m.last_activity(found.instance_id.unwrap()), ("releaseInstance".to_owned(), "done".to_owned()));
        m.verify();
    });
}

#[test]
fn a_renewal_that_cannot_be_told_stands_and_reaches_the_operator_after_a_day() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.server.fault("backup", Fault::Http500);
        m.renew(&buyer, &bought, "1m");
        m.advance("3h");
        assert_eq!(m.last_activity(bought.instance), ("refreshInstance".to_owned(), "failed".to_owned()));
        let end = time(m.instance(bought.instance).expires_at.unwrap());
        assert_eq!(end, "2024-03-05T16:00:00Z", "the buyer has paid: the term stands");
        assert_eq!(m.count_messages(&m.seller(), "call.given_up"), 1);
        m.advance("24h");
        assert_eq!(m.count_messages(&operator, "call.renewal_stuck"), 1);
        m.server.fault("backup", Fault::None);
        let failed = m.failed_calls().remove(0).id.id();
        m.ok(&operator, |tx, ctx| app::call::restart(tx, ctx, app::Tenant::Any, failed));
        m.settle();
        assert_eq!(m.last_activity(bought.instance).1, "done");
        m.verify();
    });
}

#[test]
fn an_upgrade_that_fails_for_three_hours_is_refunded_and_nothing_changed() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        m.server.fault("backup", Fault::Code000005);
        let cmd = PlaceChange { instance: bought.id(), sku: "pro/5".to_owned(), pay: true };
        let number = m.ok(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &cmd)).order.number;
        m.advance("185m");
        assert_eq!(m.order(&number).state, OrderState::Cancelled);
        assert_eq!(m.instance(bought.instance).sku, "basic/5");
        assert_eq!((m.balance(&buyer).as_str(), m.instance(bought.instance).open_order_id), ("999900.00", None));
        m.verify();
    });
}

#[test]
fn a_failed_freeze_does_not_keep_the_buyer_in_and_later_calls_go_on() {
    on_both(|m| {
        let bought = m.open(&m.buyer(), &choice("backup", "1m"));
        m.server.fault("backup", Fault::Http500);
        m.advance("33d");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Frozen, "our own state does not wait for the seller");
        assert_eq!(m.last_activity(bought.instance).1, "failed");
        m.server.fault("backup", Fault::None);
        m.advance("15d");
        assert_eq!(m.last_activity(bought.instance), ("releaseInstance".to_owned(), "done".to_owned()));
        m.verify();
    });
}

#[test]
fn an_instance_id_that_another_order_has_is_not_taken() {
    on_both(|m| {
        let buyer = m.buyer();
        let first = m.open(&buyer, &choice("backup", "1m"));
        let body = serde_json::json!({ "resultCode": "000000", "resultMsg": "success", "instanceId": m.sellers_id(&first) });
        m.server.answer_next(harness::answer(&body));
        let number = m.buy(&buyer, &choice("backup", "1m")).order.number;
        m.settle();
        let call = m.calls_of_order(&number).remove(0);
        assert_eq!(m.attempts(&call)[0].outcome.as_deref(), Some("instance_id_taken"));
        m.advance("65m");
        assert_eq!(m.order(&number).state, OrderState::Completed, "the next try gave an id of its own");
        m.verify();
    });
}
