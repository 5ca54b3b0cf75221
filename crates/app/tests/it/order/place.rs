//! What a buyer may choose, and what is refused (`order-life 2`, `seller-domain 2.5`).

use app::{
    Caller, Kind,
    order::{self, Choice, Input, PlaceOrder},
};
use db::Key;
use domain::{
    id::ProductId,
    instance::InstanceState,
    listing::{Bilingual, ExtensionParameter},
    period::Period,
    site::SiteCode,
};
use harness::{Market, choice, on_both, sample, unpaid};
use std::sync::Arc;

fn refused(m: &Market, cmd: &PlaceOrder) -> String {
    let buyer = m.buyer();
    m.refused(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, cmd))
}

#[test]
fn each_choice_that_cannot_be_had_is_refused_by_its_rule() {
    on_both(|m| {
        let wrong: [(Choice, &str); 13] = [
            (choice("nothing", "1m"), "product.not_found"),
            (Choice { specification: "other".to_owned(), ..choice("backup", "1m") }, "specification.not_found"),
            (Choice { sku: Some("pro/99".to_owned()), ..choice("backup", "1m") }, "sku.not_found"),
            (Choice { sku: None, ..choice("backup", "1m") }, "sku.missing"),
            (choice("backup", ""), "price.period_missing"),
            (choice("backup", "7d"), "price.not_sold_per"),
            (choice("assess", "1m"), "price.period_not_wanted"),
            (choice("transcribe", "1m"), "price.by_use"),
            (Choice { quantity: 2, ..choice("transcribe", "") }, "price.by_use"),
            (Choice { quantity: 0, ..choice("backup", "1m") }, "price.quantity"),
            (Choice { quantity: 1_001, ..choice("backup", "1m") }, "price.quantity"),
            (Choice { trial: true, ..choice("archive", "") }, "price.no_trial"),
            (Choice { specification: "pack".to_owned(), sku: Some("s".to_owned()), ..choice("transcribe", "") }, "price.period_missing"),
        ];
        for (choice, code) in wrong {
            assert_eq!(refused(m, &unpaid(&choice)), code, "{choice:?}");
        }
        assert!(["0m", "37m", "4y", "181d", "7y", "1w", ""].iter().all(|text| text.parse::<Period>().is_err()));
        let orders = m.read(|tx, _| Ok(store::order::list(tx, app::Tenant::Any, &store::order::Filter::default(), app::Page::first(1))?));
        assert!(orders.is_empty(), "nothing is left of what was refused");
    });
}

#[test]
fn a_thousand_for_three_years_is_the_largest_order_and_a_larger_sum_is_refused() {
    on_both(|m| {
        let buyer = m.buyer();
        let most = Choice { quantity: 1_000, ..choice("backup", "3y") };
        assert_eq!(harness::money(m.place(&buyer, &most).order.total_minor), "3000000.00");
        let mut dear = sample("backup");
        dear.specifications[0].skus[0].year_minor = Some(400_000_000);
        m.list(&m.seller(), "dear", &dear);
        let refused =
            m.refusal(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &unpaid(&Choice { product: "dear".to_owned(), ..most.clone() })));
        assert_eq!((refused.code, refused.fields[0].pointer.as_str()), ("price.too_large", "/quantity"), "{refused}");
        m.verify();
    });
}

#[test]
fn a_payment_that_the_wallet_does_not_cover_changes_nothing() {
    on_both(|m| {
        let poor = m.new_buyer("poor", "99.99");
        let cmd = PlaceOrder { pay: true, ..unpaid(&choice("backup", "1m")) };
        assert_eq!(m.refused(&poor, |tx, ctx| order::place(tx, ctx, &poor, &cmd)), "wallet.short");
        let waiting = m.place(&poor, &choice("backup", "1m")).order.number;
        assert_eq!(m.refused(&poor, |tx, ctx| order::pay(tx, ctx, &poor, &waiting)), "wallet.short");
        assert_eq!((m.balance(&poor).as_str(), m.order(&waiting).state.as_str()), ("99.99", "pending_payment"));
        m.top_up(&poor, "0.01");
        m.ok(&poor, |tx, ctx| order::pay(tx, ctx, &poor, &waiting));
        m.settle();
        assert_eq!((m.balance(&poor).as_str(), m.order(&waiting).state.as_str()), ("0.00", "completed"));
        m.verify();
    });
}

#[test]
fn a_product_is_sold_at_its_own_site_alone() {
    on_both(|m| {
        let buyer = m.buyer();
        let abroad = Arc::new(Caller { site: SiteCode::Eu, ..Caller::clone(&buyer) });
        let product = store::product::by_key;
        let id = m.read(|tx, _| Ok(product(tx, Key::of(m.seller().account_id), "backup")?)).unwrap().id.id::<ProductId>();
        let by_key = unpaid(&choice("backup", "1m"));
        let by_id = unpaid(&Choice { product: id.to_string(), ..choice("backup", "1m") });
        assert_eq!(m.refused(&abroad, |tx, ctx| order::place(tx, ctx, &abroad, &by_key)), "product.not_found");
        assert_eq!(m.refused(&abroad, |tx, ctx| order::place(tx, ctx, &abroad, &by_id)), "site.other");
        m.ok(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &by_id));
    });
}

#[test]
fn inputs_that_a_product_asks_for_are_given_once_and_pass_to_the_seller() {
    on_both(|m| {
        let mut asking = sample("assess");
        let parameter =
            |name: &str, mandatory| ExtensionParameter { name: name.to_owned(), label: Bilingual::both("域名", name), mandatory };
        asking.extension_parameters = vec![parameter("domain", true), parameter("account", false)];
        m.list(&m.seller(), "asking", &asking);
        let of = |given: &[(&str, &str)]| {
            let inputs = given.iter().map(|(name, value)| Input { name: (*name).to_owned(), value: (*value).to_owned() }).collect();
            PlaceOrder { inputs, ..unpaid(&Choice { product: "asking".to_owned(), ..choice("assess", "") }) }
        };
        let long = "x".repeat(201);
        for (given, code, pointer) in [
            (&[][..], "input.missing", "/inputs"),
            (&[("account", "a")], "input.missing", "/inputs"),
            (&[("domain", "a.cn"), ("colour", "red")], "input.unknown", "/inputs/1/name"),
            (&[("domain", "a.cn"), ("domain", "b.cn")], "input.repeated", "/inputs/1/name"),
            (&[("domain", "two\nlines")], "input.bad_value", "/inputs/0/value"),
            (&[("domain", long.as_str())], "input.bad_value", "/inputs/0/value"),
        ] {
            let buyer = m.buyer();
            let refused = m.refusal(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &of(given)));
            let seen = (refused.kind, refused.code, refused.fields[0].pointer.as_str());
            assert_eq!(seen, (Kind::Invalid, code, pointer), "{given:?}");
        }
        let buyer = m.buyer();
        let placed = m.ok(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &of(&[("domain", "a.cn"), ("account", "=cmd|calc")])));
        let seen = m.ok(&m.seller(), |tx, ctx| order::query(tx, ctx, &m.seller(), &placed.order.number, None));
        let seen: Vec<_> = seen.order_line[0].extend_params.iter().map(|p| (p.name.as_str(), p.value.as_str())).collect();
        assert_eq!(seen, [("domain", "a.cn"), ("account", "=cmd|calc")]);
    });
}

#[test]
fn a_one_time_purchase_has_no_term() {
    on_both(|m| {
        let bought = m.open(&m.buyer(), &choice("assess", ""));
        let found = m.instance(bought.instance);
        assert_eq!((found.state.as_str(), found.expires_at, m.terms(bought.instance).len()), ("running", None, 0));
        assert_eq!(m.balance(&m.buyer()), "999120.00");
        m.advance("365d");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Running);
        m.verify();
    });
}
