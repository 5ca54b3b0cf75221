//! Refunds: the example of docs/contributing.md.

use app::order;
use harness::{choice, on_both};

#[test]
fn a_purchase_cannot_be_given_back_after_five_days() {
    on_both(|m| {
        let buyer = m.buyer(); // 1,000,000.00 CNY in the wallet
        let bought = m.open(&buyer, &choice("backup", "1m")); // 100.00, paid, and opened by the seller's server
        m.advance("6d"); // what falls due on the way happens in order
        let number = &bought.order.number;
        let code = m.refused(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, number));
        assert_eq!(code, "refund.five_days_over");
        assert_eq!(m.balance(&buyer), "999900.00");
        m.verify(); // what `yunshi verify` checks
    });
}
