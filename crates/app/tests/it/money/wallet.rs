//! Wallets: topped up by transfers that finance confirms, and never overdrawn (`money-reseller-buyer-domain 1`).

use app::{Caller, Error, money, order};
use domain::{
    id::TransferId,
    money::{AMOUNT_MINOR_MAX, Currency, Money, TransferState},
};
use harness::{Market, choice, on_both, unpaid};
use std::sync::Arc;

fn yuan(minor: i64) -> Money {
    Money::new(minor, Currency::Cny)
}

fn announce(m: &Market, buyer: &Arc<Caller>, amount: Money) -> Result<TransferId, Error> {
    m.write(buyer, |tx, ctx| money::request_transfer(tx, ctx, buyer, amount, "R-1")).map(|transfer| transfer.id.id())
}

fn decide(m: &Market, id: TransferId, confirm: bool, reason: Option<&str>) -> Result<String, Error> {
    let operator = m.operator();
    m.write(&operator, |tx, ctx| money::decide_transfer(tx, ctx, &operator, id, confirm, reason)).map(|decided| decided.state.to_string())
}

fn code<T>(result: Result<T, Error>) -> Option<&'static str> {
    result.err().and_then(|e| e.code())
}

#[test]
fn a_wallet_is_topped_up_by_a_confirmed_transfer_and_never_overdrawn() {
    on_both(|m| {
        let buyer = m.buyer();
        let transfer = announce(m, &buyer, yuan(1_234)).unwrap();
        assert_eq!(m.balance(&buyer), "1000000.00");
        assert_eq!(decide(m, transfer, true, None).unwrap(), "confirmed");
        assert_eq!(m.balance(&buyer), "1000012.34");
        assert_eq!(code(decide(m, transfer, true, None)), Some("transfer.decided"));
        assert_eq!(code(decide(m, transfer, false, Some("late"))), Some("transfer.decided"));
        assert_eq!(code(announce(m, &buyer, Money::new(100, Currency::Usd))), Some("transfer.currency"));
        let much = order::Choice { quantity: 1_000, sku: Some("pro/5".to_owned()), ..choice("backup", "3y") };
        let much = order::PlaceOrder { pay: true, ..unpaid(&much) };
        assert_eq!(m.refused(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &much)), "wallet.short");
        assert_eq!(m.balance(&buyer), "1000012.34", "a refused payment changes nothing");
        m.verify();
    });
}

#[test]
fn a_transfer_is_refused_with_a_reason_and_brings_nothing() {
    on_both(|m| {
        let buyer = m.buyer();
        let transfer = announce(m, &buyer, yuan(1_234)).unwrap();
        assert_eq!(code(decide(m, transfer, false, None)), Some("transfer.reason_missing"));
        assert_eq!(decide(m, transfer, false, Some("no money came")).unwrap(), "refused");
        assert_eq!(code(decide(m, transfer, true, None)), Some("transfer.decided"));
        assert_eq!(code(decide(m, db::Key([7; 16]).id(), true, None)), Some("transfer.not_found"));
        assert_eq!((m.balance(&buyer).as_str(), m.count_messages(&buyer, "transfer.decided")), ("1000000.00", 2));
        m.verify();
    });
}

#[test]
fn transfers_are_of_more_than_nothing_and_twenty_wait_at_most() {
    on_both(|m| {
        let buyer = m.new_buyer("poor", "0.00");
        assert_eq!(code(announce(m, &buyer, yuan(0))), Some("transfer.amount"));
        let largest = announce(m, &buyer, yuan(AMOUNT_MINOR_MAX)).unwrap();
        for _ in 1..20 {
            announce(m, &buyer, yuan(1)).unwrap();
        }
        assert_eq!(code(announce(m, &buyer, yuan(1))), Some("transfer.too_many"));
        announce(m, &m.buyer2(), yuan(1)).unwrap();
        decide(m, largest, true, None).unwrap();
        assert_eq!(m.balance(&buyer), "10000000000.00");
        announce(m, &buyer, yuan(1)).unwrap();
        m.verify();
    });
}

#[test]
fn a_transfer_that_is_decided_eight_times_at_once_is_booked_once() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let transfer = announce(m, &buyer, yuan(1_234)).unwrap();
        let results = m.at_once(&operator, 8, |n, tx, ctx| {
            let confirm = n % 2 == 0;
            money::decide_transfer(tx, ctx, &operator, transfer, confirm, (!confirm).then_some("no money came")).map(|t| t.state)
        });
        let decided: Vec<_> = results.iter().filter_map(|r| r.as_ref().ok()).collect();
        let refused = results.iter().filter_map(|r| r.as_ref().err()).all(|e| e.code() == Some("transfer.decided"));
        assert!(decided.len() == 1 && refused, "{results:?}");
        let expected = if *decided[0] == TransferState::Confirmed { "1000012.34" } else { "1000000.00" };
        assert_eq!(m.balance(&buyer), expected);
        m.verify();
    });
}

#[test]
fn many_orders_at_once_spend_each_cent_once() {
    on_both(|m| {
        // 1,000,000.00 pays for 151 of three years at 6,600.00; the rest is refused.
        let buyer = m.buyer();
        let cmd = order::Choice { sku: Some("pro/5".to_owned()), ..choice("backup", "3y") };
        let cmd = order::PlaceOrder { pay: true, ..unpaid(&cmd) };
        let mut paid = 0;
        for _ in 0..20 {
            for result in m.at_once(&buyer, 8, |_, tx, ctx| order::place(tx, ctx, &buyer, &cmd)) {
                match result {
                    Ok(_) => paid += 1,
                    Err(e) => assert_eq!(e.code(), Some("wallet.short"), "{e:?}"),
                }
            }
        }
        assert_eq!((paid, m.balance(&buyer).as_str()), (151, "3400.00"));
        m.settle();
        m.verify();
    });
}
