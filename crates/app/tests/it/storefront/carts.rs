//! Carts: priced when they are looked at, bought whole or not at all.

use app::{
    Caller, Error,
    cart::{self, BuyCart, CartView, Chosen},
    catalogue,
    order::{Choice, Consents, Full, Input},
};
use domain::{
    id::CartLineId,
    listing::FreezeCause,
    money::{Currency, Money},
    order::OrderState,
    site::SiteCode,
};
use harness::{Market, choice, money, on_both, sample};
use std::sync::Arc;

/// Lines of a cart.
const LINES: usize = domain::limit::Limit::CartLines.most() as usize;

fn view(m: &Market, buyer: &Caller) -> CartView {
    m.read(|tx, ctx| cart::view(tx, ctx, buyer))
}

/// Puts a choice into the cart; the cart then.
fn add(m: &Market, buyer: &Arc<Caller>, wanted: &Choice) -> CartView {
    m.ok(buyer, |tx, ctx| cart::add(tx, ctx, buyer, wanted));
    view(m, buyer)
}

fn chosen(seen: &CartView, i: usize) -> Chosen {
    // What cannot be had has no price that was shown.
    let version = seen.lines[i].quote.as_ref().map_or_else(|_| String::new(), |quote| quote.version());
    Chosen { line: lines(seen)[i], version, inputs: Vec::new(), consents: Consents::default(), with_user_id: false, shipping: None }
}

fn lines(seen: &CartView) -> Vec<CartLineId> {
    seen.lines.iter().map(|l| l.line.id.id()).collect()
}

fn all(seen: &CartView) -> BuyCart {
    BuyCart { lines: (0..seen.lines.len()).map(|i| chosen(seen, i)).collect(), total: seen.total, pay: true }
}

fn buy(m: &Market, buyer: &Arc<Caller>, cmd: &BuyCart) -> Result<Vec<Full>, Error> {
    m.write(buyer, |tx, ctx| cart::buy(tx, ctx, buyer, cmd))
}

/// The code and the field of a refusal.
fn refusal<T>(result: Result<T, Error>) -> (&'static str, String) {
    match result {
        Err(Error::Refused(r)) => (r.code, r.fields.first().map_or_else(String::new, |f| f.pointer.clone())),
        Err(other) => panic!("a failure: {other:?}"),
        Ok(_) => panic!("it was not refused"),
    }
}

fn orders(m: &Market, buyer: &Caller) -> i64 {
    m.read(|tx, _| Ok(store::order::count(tx, app::Tenant::Buyer(m.key(buyer)), &store::order::Filter::default())?))
}

#[test]
fn a_cart_is_bought_whole_and_once() {
    on_both(|m| {
        let buyer = m.buyer();
        add(m, &buyer, &choice("backup", "1m"));
        let twice = add(m, &buyer, &choice("backup", "1m"));
        assert_eq!((twice.lines.len(), twice.lines[0].line.quantity), (1, 2), "the same choice adds to its line");
        let filled = add(m, &buyer, &choice("assess", ""));
        assert_eq!(money(filled.total.minor), "1080.00");
        let bought = buy(m, &buyer, &all(&filled)).unwrap();
        m.settle();
        let states: Vec<OrderState> = bought.iter().map(|full| m.order(&full.order.number).state).collect();
        assert_eq!(states, [OrderState::Completed; 2]);
        assert_eq!(m.balance(&buyer), "998920.00");
        assert!(view(m, &buyer).lines.is_empty());
        assert_eq!(refusal(buy(m, &buyer, &all(&filled))).0, "cart.not_found");
        m.verify();
    });
}

#[test]
fn a_cart_that_cannot_be_bought_whole_changes_nothing() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        add(m, &buyer, &choice("backup", "1m"));
        let seen = add(m, &buyer, &choice("archive", "1m"));
        let short = BuyCart { total: Money::new(100, Currency::Cny), ..all(&seen) };
        assert_eq!(refusal(buy(m, &buyer, &short)).0, "cart.changed", "another sum than was shown");
        assert_eq!(refusal(buy(m, &buyer, &BuyCart { lines: Vec::new(), ..all(&seen) })).0, "cart.nothing_chosen");
        let repeated = BuyCart { lines: vec![chosen(&seen, 0), chosen(&seen, 0)], ..all(&seen) };
        assert_eq!(refusal(buy(m, &buyer, &repeated)), ("cart.not_found", "/lines/1".to_owned()));
        let inputs = vec![Input { name: "x".to_owned(), value: "y".to_owned() }];
        let unknown = BuyCart { lines: vec![Chosen { inputs, ..chosen(&seen, 0) }], ..all(&seen) };
        assert_eq!(refusal(buy(m, &buyer, &unknown)), ("input.unknown", "/lines/0/inputs/0/name".to_owned()));
        let archive = seen.lines[1].line.product_id.id();
        m.ok(&operator, |tx, ctx| catalogue::freeze(tx, ctx, archive, Some(FreezeCause::Other), "probes fail"));
        assert_eq!(refusal(buy(m, &buyer, &all(&seen))).0, "product.not_on_sale");
        let now = view(m, &buyer);
        assert_eq!(now.lines[1].quote.as_ref().err().map(|r| r.code), Some("product.not_on_sale"));
        assert_eq!(money(now.total.minor), "100.00", "what cannot be had is not added up");
        assert_eq!((m.balance(&buyer).as_str(), orders(m, &buyer)), ("1000000.00", 0));
        m.verify();
    });
}

#[test]
fn a_cart_is_bought_at_the_prices_of_use_that_were_shown() {
    on_both(|m| {
        let buyer = m.buyer();
        add(m, &buyer, &choice("backup", "1m"));
        let seen = add(m, &buyer, &choice("transcribe", ""));
        let mut listed = sample("transcribe");
        listed.specifications[0].skus[0].tiers[0].price = "100".parse().unwrap();
        m.list(&m.seller(), "transcribe", &listed);
        assert_eq!(refusal(buy(m, &buyer, &all(&seen))), ("cart.changed", "/lines/1/version".to_owned()));
        assert_eq!((m.balance(&buyer).as_str(), orders(m, &buyer)), ("1000000.00", 0));
        assert_eq!(buy(m, &buyer, &all(&view(m, &buyer))).unwrap().len(), 2);
        m.verify();
    });
}

#[test]
fn a_cart_belongs_to_its_buyer() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), m.buyer2());
        let id = lines(&add(m, &buyer, &choice("backup", "1m")))[0];
        assert_eq!(m.refused(&other, |tx, ctx| cart::change(tx, ctx, &other, id, 2)), "cart.not_found");
        assert_eq!(m.refused(&other, |tx, _| cart::remove(tx, &other, id)), "cart.not_found");
        assert_eq!(refusal(buy(m, &other, &all(&view(m, &buyer)))).0, "cart.not_found");
        assert!(view(m, &other).lines.is_empty());
        for quantity in [0, 1_001] {
            assert_eq!(m.refused(&buyer, |tx, ctx| cart::change(tx, ctx, &buyer, id, quantity)), "price.quantity");
        }
        m.ok(&buyer, |tx, ctx| cart::change(tx, ctx, &buyer, id, 3));
        assert_eq!(money(view(m, &buyer).total.minor), "300.00");
        m.ok(&buyer, |tx, _| cart::remove(tx, &buyer, id));
        assert_eq!(m.refused(&buyer, |tx, _| cart::remove(tx, &buyer, id)), "cart.not_found");
    });
}

#[test]
fn a_cart_takes_only_what_its_buyer_may_have() {
    on_both(|m| {
        let buyer = m.buyer();
        let refused = |buyer: &Arc<Caller>, wanted: Choice| m.refused(buyer, |tx, ctx| cart::add(tx, ctx, buyer, &wanted));
        let product = add(m, &buyer, &choice("backup", "1m")).lines[0].line.product_id.id::<domain::id::ProductId>();
        let abroad = Arc::new(Caller { site: SiteCode::Intl, ..(*m.buyer2()).clone() });
        assert_eq!(refused(&abroad, Choice { product: product.to_string(), ..choice("backup", "1m") }), "site.other");
        assert_eq!(refused(&buyer, Choice { trial: true, period: None, ..choice("backup", "") }), "cart.trial");
        assert_eq!(refused(&buyer, choice("nothing", "1m")), "product.not_found");
        assert_eq!(refused(&buyer, Choice { quantity: 1_001, ..choice("backup", "1m") }), "price.quantity");
    });
}

#[test]
fn a_cart_holds_fifty_lines() {
    on_both(|m| {
        let buyer = m.buyer();
        let periods = ["1m", "2m", "3m", "4m", "5m", "6m", "7m", "8m", "9m", "1y", "2y", "3y"];
        let products = [("backup", "basic/5"), ("backup", "basic/10"), ("backup", "pro/5"), ("archive", "starter"), ("archive", "team")];
        let wanted = |(product, sku): (&str, &str), period: &str| Choice { sku: Some(sku.to_owned()), ..choice(product, period) };
        let mut choices = products.into_iter().flat_map(|of| periods.map(|period| wanted(of, period)));
        for fits in choices.by_ref().take(LINES) {
            add(m, &buyer, &fits);
        }
        let more = choices.next().unwrap();
        assert_eq!(m.refused(&buyer, |tx, ctx| cart::add(tx, ctx, &buyer, &more)), "cart.full");
        assert_eq!(add(m, &buyer, &choice("backup", "1m")).lines.len(), LINES, "what is there may be more");
    });
}

#[test]
fn eight_at_once_fill_a_cart_line_by_eight_and_buy_it_once() {
    on_both(|m| {
        let buyer = m.buyer();
        let wanted = choice("backup", "1m");
        let added = m.at_once(&buyer, 8, |_, tx, ctx| cart::add(tx, ctx, &buyer, &wanted));
        assert!(added.iter().all(Result::is_ok), "{added:?}");
        let seen = view(m, &buyer);
        assert_eq!((seen.lines.len(), seen.lines[0].line.quantity), (1, 8));
        let cmd = all(&seen);
        let bought = m.at_once(&buyer, 8, |_, tx, ctx| cart::buy(tx, ctx, &buyer, &cmd).map(drop));
        assert_eq!(bought.iter().filter(|b| b.is_ok()).count(), 1, "{bought:?}");
        assert!(bought.iter().filter_map(|b| b.as_ref().err()).all(|e| e.code() == Some("cart.not_found")), "{bought:?}");
        assert_eq!((orders(m, &buyer), m.balance(&buyer).as_str()), (1, "999200.00"));
        m.settle();
        m.verify();
    });
}

#[test]
fn a_cart_that_the_wallet_does_not_cover_is_not_bought_in_part() {
    on_both(|m| {
        let buyer = m.buyer();
        add(m, &buyer, &choice("backup", "1m"));
        let seen = add(m, &buyer, &Choice { quantity: 1_000, ..choice("backup", "12m") });
        assert_eq!(refusal(buy(m, &buyer, &all(&seen))).0, "wallet.short");
        assert_eq!((m.balance(&buyer).as_str(), orders(m, &buyer)), ("1000000.00", 0));
        assert_eq!(view(m, &buyer).lines.len(), 2, "the lines stay");
        m.verify();
    });
}
