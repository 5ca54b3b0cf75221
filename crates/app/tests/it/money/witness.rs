//! Our own witness: each check of `yunshi verify` names the damage that it is for (`order-life 7`).

use harness::{Market, choice, on_both};

/// Money of every kind: bought, renewed, upgraded, given back, in part and whole, used.
fn traded(m: &Market) {
    let (buyer, seller) = (m.buyer(), m.seller());
    let kept = m.open(&buyer, &choice("backup", "1m"));
    m.renew(&buyer, &kept, "1m");
    let renewal = m.renew(&buyer, &kept, "1m");
    m.upgrade(&buyer, &kept, "pro/5");
    m.give_back(&buyer, &renewal);
    let given = m.open(&buyer, &choice("backup", "1m"));
    m.give_back(&buyer, &given.order);
    let used = m.open(&buyer, &choice("transcribe", ""));
    m.advance("26h");
    let record = m.record(&used, "2024-01-06T03", "100", "sn-1");
    m.push(&seller, &[record]);
    m.advance("2h");
}

/// The checks that fail after a damage.
fn seen(m: &Market, damage: &str) -> Vec<&'static str> {
    m.verify();
    m.execute(damage);
    m.differences().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn every_damage_is_named_by_its_check() {
    for (damage, check) in [
        ("UPDATE order_lines SET number = number || 'x'", "payments"),
        ("UPDATE order_lines SET refunded_minor = refunded_minor - 1 WHERE refunded_minor > 0", "refunds"),
        ("UPDATE orders SET total_minor = total_minor + 1 WHERE reason = 'renewal_not_effective'", "refunds"),
        ("UPDATE orders SET reason = 'five_days' WHERE reason = 'renewal_not_effective'", "refunds"),
        ("UPDATE instances SET state = 'released', password = NULL, ended_at = opened_at WHERE state = 'running'", "paid_terms_lived"),
        ("UPDATE ledger_entries SET kind = 'completion' WHERE kind = 'top_up'", "entries_have_causes"),
        ("UPDATE transfers SET amount_minor = amount_minor - 1", "entries_have_causes"),
        ("UPDATE ledger_balances SET balance_minor = balance_minor + 1 WHERE account = 'buyer_wallet'", "balances"),
        ("UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE account = 'seller_payable'", "ledger_balanced"),
        ("UPDATE orders SET state = 'cancelled', reason = 'x' WHERE kind = 'new' AND state = 'completed'", "orders_and_escrow"),
        ("UPDATE orders SET state = 'processing', ended_at = NULL WHERE kind = 'change'", "no_stuck_order"),
        ("UPDATE terms SET end_at = end_at + 1 WHERE NOT removed", "terms"),
        ("UPDATE jobs SET due_at = 0 WHERE state = 'due'", "no_stuck_job"),
        ("UPDATE bill_lines SET payable_minor = payable_minor + 1, fee_minor = fee_minor - 1", "payable_is_billed"),
        ("UPDATE usage_charges SET amount_minor = amount_minor + 1", "charges_by_use"),
    ] {
        on_both(|m| {
            traded(m);
            let named = seen(m, damage);
            assert!(named.contains(&check), "{damage}: {named:?}");
        });
    }
}
