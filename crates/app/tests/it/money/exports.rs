//! Rows of an export: what was paid, given back and is left of each order, in the reader's language.

use app::{
    export,
    order::{self, Full},
};
use harness::{Market, choice, on_both};

fn row(m: &Market, number: &str, language: &str) -> Vec<String> {
    let full: Full = m.read(|tx, _| order::show(tx, app::Tenant::Any, number));
    export::row(&full, language).unwrap().to_vec()
}

#[test]
fn an_export_says_what_was_paid_and_given_back_and_what_is_left_in_words() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let number = bought.order.number.clone();
        let of = |language: &str| {
            let all = row(m, &number, language);
            [&all[1], &all[2], &all[10], &all[11], &all[12], &all[13]].map(Clone::clone)
        };
        assert_eq!(of("en"), ["New", "Completed", "100.00", "0.00", "100.00", "Nothing given back"]);
        let (operator, amount) = (m.operator(), domain::money::Money::new(3_000, domain::money::Currency::Cny));
        let order = app::money::Correct::Refund { number: number.clone() };
        m.ok(&operator, |tx, ctx| app::money::correct(tx, ctx, &operator, &order, amount, "two days without service"));
        assert_eq!(of("zh"), ["新购", "已完成", "100.00", "30.00", "70.00", "已部分退款"]);
        let given = m.give_back(&buyer, &bought.order);
        assert_eq!(of("en")[2..], ["100.00", "100.00", "0.00", "Given back"]);
        let mirror = row(m, &given.number, "zh");
        assert_eq!(mirror[1..3], ["退订", "已完成"]);
        assert_eq!(mirror[10..], ["0.00", "0.00", "0.00", "未退款"], "what it gave back stands with the order that was paid");
        let unpaid = m.place(&buyer, &choice("backup", "1m"));
        assert_eq!(row(m, &unpaid.order.number, "zh")[10..], ["0.00", "0.00", "0.00", "未退款"]);
        assert_eq!(export::heads("en")[10..], ["Sum paid", "Given back", "Net", "Refund"]);
        assert_eq!(export::heads("zh")[10..], ["已付", "已退", "净额", "退款状态"]);
    });
}
