//! Orders on an instance after its product was revised: what it has may be read from the revision that it was bought from, what
//! it is changed to is what is sold today.

use app::{
    catalogue,
    order::{self, Choice, PlaceChange, RenewWithChange},
};
use db::Moment;
use domain::listing::Listing;
use harness::{Bought, Market, choice, money, on_both, pack, sample};

/// Revises the backup service: `basic/5`, which the instances of these tests have, is off the list.
fn without_basic(m: &Market, change: impl Fn(&mut Listing)) {
    let mut listed = sample("backup");
    listed.specifications[0].skus.remove(0);
    change(&mut listed);
    m.list(&m.seller(), "backup", &listed);
}

fn pro(month_minor: i64) -> impl Fn(&mut Listing) {
    move |listed| listed.specifications[0].skus.iter_mut().filter(|s| s.key == "pro/5").for_each(|s| s.month_minor = Some(month_minor))
}

fn upgrade(bought: &Bought, pay: bool) -> PlaceChange {
    PlaceChange { instance: bought.id(), sku: "pro/5".to_owned(), pay }
}

fn renewal(bought: &Bought) -> RenewWithChange {
    RenewWithChange { instance: bought.id(), sku: "pro/5".to_owned(), period: "1m".parse().unwrap(), pay: true }
}

/// How the upgrade, its quote, the renewal with change and its quote are refused.
fn refused(m: &Market, bought: &Bought) -> [String; 4] {
    let buyer = m.buyer();
    [
        m.refused(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &upgrade(bought, true))),
        m.refused(&buyer, |tx, ctx| order::change_quote(tx, ctx, &buyer, bought.id(), "pro/5")),
        m.renew_with_change(&buyer, &renewal(bought)).unwrap_err().code().unwrap().to_owned(),
        m.renewal_quote(&buyer, bought.id(), (Some("pro/5"), "1m")).unwrap_err().code().unwrap().to_owned(),
    ]
}

#[test]
fn an_upgrade_from_what_is_off_the_list_costs_what_the_new_one_costs_today() {
    on_both(|m| {
        let buyer = m.buyer();
        let (bought, other) = (m.open(&buyer, &choice("backup", "1m")), m.open(&buyer, &choice("backup", "1m")));
        without_basic(m, pro(500_000));
        assert_eq!(m.renew(&buyer, &bought, "1m").total_minor, 10_000, "what it has is renewed by its own revision");
        let quote = m.ok(&buyer, |tx, ctx| order::change_quote(tx, ctx, &buyer, bought.id(), "pro/5"));
        assert_eq!(money(quote.fee.minor), "9800.00", "2 × 5,000.00 less 2 × 100.00");
        assert_eq!(m.upgrade(&buyer, &bought, "pro/5").total_minor, 980_000);
        assert_eq!(m.renew(&buyer, &bought, "1m").total_minor, 500_000);
        let wanted = renewal(&other);
        let quote = m.renewal_quote(&buyer, other.id(), (Some("pro/5"), "1m")).unwrap();
        assert_eq!(money(quote.fee.minor), "9900.00", "5,000.00, and 4,900.00 for the month that was bought");
        assert_eq!(m.renew_with_change(&buyer, &wanted).unwrap().unwrap().order.total_minor, 990_000);
        m.settle();
        m.verify();
    });
}

#[test]
fn an_upgrade_from_what_is_off_the_list_is_as_cheap_as_for_everybody() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        without_basic(m, pro(15_000));
        assert_eq!(m.upgrade(&buyer, &bought, "pro/5").total_minor, 5_000);
        m.verify();
    });
}

#[test]
fn a_change_that_waits_is_worked_out_by_the_list_of_the_day_of_its_payment() {
    on_both(|m| {
        let buyer = m.buyer();
        let (bought, other) = (m.open(&buyer, &choice("backup", "1m")), m.open(&buyer, &choice("backup", "1m")));
        let [waiting, gone] =
            [&bought, &other].map(|b| m.ok(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &upgrade(b, false))).order.number);
        let pay = |number: &str| m.refused(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, number));
        without_basic(m, pro(500_000));
        assert_eq!(pay(&waiting), "order.price_changed");
        without_basic(m, |listed| listed.specifications[0].skus.truncate(1));
        assert_eq!(pay(&gone), "sku.not_found");
        assert_eq!(m.balance(&buyer), "999800.00");
        without_basic(m, |_| ());
        let paid = m.ok(&buyer, |tx, ctx| order::pay(tx, ctx, &buyer, &waiting));
        assert_eq!(money(paid.order.total_minor), "120.00");
        m.settle();
        m.verify();
    });
}

#[test]
fn nothing_is_changed_to_what_is_not_sold_today() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        without_basic(m, |listed| listed.specifications[0].skus.truncate(1));
        assert_eq!(refused(m, &bought), ["sku.not_found"; 4]);
        without_basic(m, |listed| listed.specifications[0].key = "another".to_owned());
        assert_eq!(refused(m, &bought), ["specification.not_found"; 4]);
        without_basic(m, |listed| listed.specifications[0].on_sale = false);
        assert_eq!(refused(m, &bought), ["specification.not_found"; 4]);
        without_basic(m, |listed| listed.specifications[0].skus[1].on_sale = false);
        assert_eq!(refused(m, &bought), ["price.not_on_sale"; 4]);
        without_basic(m, |listed| {
            let spec = &mut listed.specifications[0];
            (spec.upgrade_allowed, spec.renewal_change_allowed) = (false, false);
        });
        assert_eq!(refused(m, &bought), ["change.not_offered"; 4], "whether it is offered is said today");
        assert_eq!(m.renew(&buyer, &bought, "1m").total_minor, 10_000, "what was sold goes on");
        m.verify();
    });
}

#[test]
fn a_renewal_has_price_and_content_of_one_revision() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &pack("s", "1m"));
        let mut listed = sample("transcribe");
        listed.specifications[1].skus[0].month_minor = Some(18_000);
        m.list(&m.seller(), "transcribe", &listed);
        // A quota that changed under its key before keys kept what is sold under them.
        m.execute(
            "UPDATE listing_revisions SET listing = REPLACE(listing, '\"1000\"', '\"2000\"') WHERE number = 2 AND product_id IN \
             (SELECT id FROM products WHERE key = 'transcribe')",
        );
        let quote = m.renewal_quote(&buyer, bought.id(), (None, "1m")).unwrap();
        assert_eq!(money(quote.fee.minor), "90.00", "the price of a quota of 1,000, which it has");
        let knowing = m.having_seen(&buyer, &quote.version);
        assert_eq!(m.renew(&knowing, &bought, "1m").total_minor, 9_000);
        m.verify();
    });
}

/// Takes the product of an instance off sale for good.
fn stop(m: &Market, of: &Bought) {
    let (seller, product) = (m.seller(), m.instance(of.instance).product_id.id());
    m.ok(&seller, |tx, ctx| catalogue::stop(tx, ctx, &seller, product, "end of life"));
}

#[test]
fn what_is_off_the_list_says_what_a_term_more_costs_and_when_it_ends() {
    on_both(|m| {
        let (buyer, stranger) = (m.buyer(), m.new_buyer("stranger", "0"));
        let bought = m.open(&buyer, &choice("backup", "1m")); // until 5 February
        let choices = |who| m.ok(who, |tx, ctx| order::choices(tx, ctx, who, bought.id()));
        let others = |of: &order::Choices| of.others.iter().map(|o| o.sku.clone()).collect::<Vec<_>>();
        assert!(others(&choices(&buyer)).contains(&"pro/5".to_owned()));
        without_basic(m, |listed| listed.specifications[0].on_sale = false);
        stop(m, &bought);
        let offered = choices(&buyer);
        assert_eq!((offered.present.sku.as_str(), offered.present.month.map(|p| p.minor)), ("basic/5", Some(10_000)));
        assert_eq!(others(&offered), [""; 0], "nothing is changed to what is not sold");
        let quote = m.renewal_quote(&buyer, bought.id(), (None, "1m")).unwrap();
        assert_eq!((money(quote.fee.minor).as_str(), quote.ends_at.unwrap().to_string().as_str()), ("100.00", "2024-03-05T15:59:59Z"));
        let knowing = m.having_seen(&buyer, &quote.version);
        assert_eq!(m.renew(&knowing, &bought, "1m").total_minor, 10_000, "what was sold goes on");
        let end = m.instance(bought.instance).expires_at.map(Moment::at).unwrap();
        assert_eq!(domain::term::shown_end(end), quote.ends_at.unwrap());
        assert_eq!(m.renewal_quote(&buyer, bought.id(), (None, "7d")).unwrap_err().code(), Some("price.not_sold_per"));
        assert_eq!(m.renewal_quote(&stranger, bought.id(), (None, "1m")).unwrap_err().code(), Some("instance.not_found"));
        assert_eq!(m.refused(&stranger, |tx, ctx| order::choices(tx, ctx, &stranger, bought.id())), "instance.not_found");
        m.verify();
    });
}

#[test]
fn a_trial_becomes_what_is_sold_today_at_the_price_of_today() {
    on_both(|m| {
        let buyer = m.buyer();
        let trial = m.open(&buyer, &Choice { trial: true, ..choice("backup", "") });
        let convert = |seen: &str| {
            let knowing = m.having_seen(&buyer, seen);
            m.write(&knowing, |tx, ctx| order::convert(tx, ctx, &knowing, trial.id(), "1m".parse().unwrap(), true))
        };
        let code = |quote: Result<order::Quoted, app::Error>| quote.unwrap_err().code().unwrap();
        let quote = || m.renewal_quote(&buyer, trial.id(), (None, "1m"));
        let other = m.new_buyer("other", "500.00");
        let late = m.open(&other, &Choice { trial: true, ..choice("backup", "") });
        let before = quote().unwrap();
        without_basic(m, |_| ());
        assert_eq!((code(quote()), convert(&before.version).err().unwrap().code()), ("sku.not_found", Some("sku.not_found")));
        without_basic(m, |listed| listed.specifications[0].on_sale = false);
        assert_eq!(code(quote()), "product.not_on_sale");
        assert_eq!(m.refused(&buyer, |tx, ctx| order::choices(tx, ctx, &buyer, trial.id())), "product.not_on_sale");
        let mut listed = sample("backup");
        listed.specifications[0].skus[0].month_minor = Some(12_000);
        m.list(&m.seller(), "backup", &listed);
        assert_eq!(convert(&before.version).err().unwrap().code(), Some("price.changed"));
        let quote = quote().unwrap();
        assert_eq!((money(quote.fee.minor).as_str(), quote.ends_at.unwrap().to_string().as_str()), ("120.00", "2024-02-05T15:59:59Z"));
        assert_eq!(convert(&quote.version).unwrap().order.total_minor, 12_000);
        m.settle();
        let end = m.instance(trial.instance).expires_at.map(Moment::at).unwrap();
        assert_eq!(domain::term::shown_end(end), quote.ends_at.unwrap());
        stop(m, &late);
        let code = m.refused(&other, |tx, ctx| order::convert(tx, ctx, &other, late.id(), "1m".parse().unwrap(), true));
        assert_eq!((code.as_str(), m.balance(&other).as_str()), ("product.not_on_sale", "500.00"));
        assert_eq!(m.renew(&buyer, &trial, "1m").total_minor, 12_000, "what was sold goes on");
        m.verify();
    });
}
