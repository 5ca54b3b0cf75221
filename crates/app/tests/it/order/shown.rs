//! The price that was shown is the price that is taken: an order names the version of it, and another one is refused.

use app::{
    Caller, Ctx, Error, Tx,
    order::{self, Choice, PlaceChange, PlaceOrder, RenewWithChange},
};
use domain::{
    listing::Listing,
    usage::{Accumulation, PriceModel, Tier},
};
use harness::{Bought, Market, choice, on_both, sample, unpaid};

fn paid(choice: &Choice) -> PlaceOrder {
    PlaceOrder { pay: true, ..unpaid(choice) }
}

/// Lists a sample anew with other prices.
fn reprice(m: &Market, key: &str, change: impl Fn(&mut Listing)) {
    let mut listed = sample(key);
    change(&mut listed);
    m.list(&m.seller(), key, &listed);
}

/// All combinations cost as much a month.
fn monthly(m: &Market, minor: i64) {
    reprice(m, "backup", |l| l.specifications[0].skus.iter_mut().for_each(|sku| sku.month_minor = Some(minor)));
}

fn shown(m: &Market, choice: &Choice) -> String {
    let buyer = m.buyer();
    m.read(|tx, ctx| order::quote(tx, ctx, Some(&buyer), &ctx.site(buyer.site), choice)).version()
}

/// What becomes of an order of the buyer who saw a version of the price.
fn ordered<T>(m: &Market, seen: &str, order: impl Fn(&mut Tx, &Ctx, &Caller) -> Result<T, Error>) -> Option<&'static str> {
    let buyer = m.having_seen(&m.buyer(), seen);
    m.write(&buyer, |tx, ctx| order(tx, ctx, &buyer)).err().map(|e| e.code().expect("a refusal"))
}

#[test]
fn a_purchase_takes_the_price_that_was_shown_and_no_other() {
    on_both(|m| {
        let wanted = choice("backup", "1m");
        let place = |seen: &str, cmd: &PlaceOrder| ordered(m, seen, |tx, ctx, buyer| order::place(tx, ctx, buyer, cmd));
        let seen = shown(m, &wanted);
        monthly(m, 500_000);
        assert_eq!(place(&seen, &paid(&wanted)), Some("price.changed"));
        assert_eq!(place(&seen, &unpaid(&wanted)), Some("price.changed"), "also to pay later");
        monthly(m, 1_000);
        assert_eq!(place(&seen, &paid(&wanted)), Some("price.changed"), "a lower one is shown first");
        assert_eq!(m.balance(&m.buyer()), "1000000.00", "nothing was taken");
        monthly(m, 10_000);
        assert_eq!(place(&seen, &paid(&wanted)), None, "another revision with the same price is the same price");
        assert_eq!(place(&shown(m, &wanted), &paid(&wanted)), None);
        m.settle();
        assert_eq!(m.balance(&m.buyer()), "999800.00");
        m.verify();
    });
}

#[test]
fn what_is_billed_by_use_is_opened_at_the_prices_of_use_that_were_shown() {
    on_both(|m| {
        let by_use = choice("transcribe", "");
        let place = |seen: &str| ordered(m, seen, |tx, ctx, buyer| order::place(tx, ctx, buyer, &unpaid(&by_use)));
        let seen = shown(m, &by_use);
        let price = |text: &str| {
            let price = text.parse().unwrap();
            reprice(m, "transcribe", |l| {
                l.specifications
                    .iter_mut()
                    .flat_map(|s| &mut s.skus)
                    .filter(|s| !s.tiers.is_empty())
                    .for_each(|s| s.tiers[0].price = price);
            });
        };
        price("5");
        assert_eq!(place(&seen), Some("price.changed"));
        assert_eq!(place(&shown(m, &by_use)), None);
    });
}

#[test]
fn what_is_billed_by_use_is_opened_as_its_prices_were_counted_when_they_were_shown() {
    on_both(|m| {
        let by_use = choice("transcribe", "");
        let count = |model, accumulation| {
            reprice(m, "transcribe", |l| {
                let spec = &mut l.specifications[0];
                let tiers = [(Some("10"), "1"), (None, "0.000001")];
                spec.skus[0].tiers =
                    tiers.map(|(end, price)| Tier { up_to: end.map(|q| q.parse().unwrap()), price: price.parse().unwrap() }).to_vec();
                let meter = spec.meter.as_mut().unwrap();
                (meter.model, meter.accumulation) = (model, accumulation);
            });
            shown(m, &by_use)
        };
        let seen = [
            count(PriceModel::Volume, Accumulation::Month),
            count(PriceModel::Volume, Accumulation::Day),
            count(PriceModel::Tiered, Accumulation::Month),
            count(PriceModel::Tiered, Accumulation::Day),
        ];
        let place = |seen: &str| ordered(m, seen, |tx, ctx, buyer| order::place(tx, ctx, buyer, &unpaid(&by_use)));
        let changed = Some("price.changed");
        assert_eq!(seen.each_ref().map(|seen| place(seen)), [changed, changed, changed, None]);
        assert_eq!(count(PriceModel::Volume, Accumulation::Month), seen[0], "what is the same again has the same version");
    });
}

#[test]
fn a_renewal_an_upgrade_and_a_conversion_take_the_price_that_was_shown_and_no_other() {
    on_both(|m| {
        let buyer = m.buyer();
        let trial = m.open(&buyer, &Choice { trial: true, ..choice("backup", "") });
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let month = "1m".parse().unwrap();
        let renewed = |seen: &str| ordered(m, seen, |tx, ctx, who| order::renew(tx, ctx, who, bought.id(), month, true));
        let converted = |seen: &str| ordered(m, seen, |tx, ctx, who| order::convert(tx, ctx, who, trial.id(), month, true));
        let up = PlaceChange { instance: bought.id(), sku: "pro/5".to_owned(), pay: true };
        let changed = |seen: &str| ordered(m, seen, |tx, ctx, who| order::change(tx, ctx, who, &up));
        let fee = || m.read(|tx, ctx| order::change_quote(tx, ctx, &buyer, bought.id(), "pro/5")).version;
        let term = |of: &Bought| m.renewal_quote(&buyer, of.id(), (None, "1m")).unwrap().version;
        let (seen, upgrade) = ([term(&bought), term(&trial)], fee());
        let dearer = |minor: i64| {
            reprice(m, "backup", |l| {
                for (sku, factor) in l.specifications[0].skus.iter_mut().zip(1..) {
                    sku.month_minor = Some(minor * factor);
                }
            });
        };
        dearer(44_400);
        assert_eq!(
            (renewed(&seen[0]), converted(&seen[1]), changed(&upgrade)),
            (Some("price.changed"), Some("price.changed"), Some("price.changed"))
        );
        assert_eq!(m.balance(&buyer), "999900.00", "nothing was taken");
        assert_eq!((renewed(&term(&bought)), converted(&term(&trial))), (None, None));
        assert_eq!(changed(&fee()), None);
        m.settle();
        m.verify();
    });
}

#[test]
fn a_renewal_with_change_takes_the_price_that_was_shown_and_no_other() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let cmd = with_change(&bought);
        let quote = || m.renewal_quote(&buyer, bought.id(), (Some("pro/5"), "1m")).unwrap().version;
        let ordered = |seen: &str| m.renew_with_change(&m.having_seen(&buyer, seen), &cmd).err().map(|e| e.code().expect("a refusal"));
        let seen = quote();
        monthly(m, 500_000);
        assert_eq!(ordered(&seen), Some("price.changed"));
        assert_eq!(m.balance(&buyer), "999900.00");
        assert_eq!(ordered(&quote()), None);
        m.verify();
    });
}

fn with_change(of: &Bought) -> RenewWithChange {
    RenewWithChange { instance: of.id(), sku: "pro/5".to_owned(), period: "1m".parse().unwrap(), pay: true }
}

#[test]
fn an_upgrade_that_shows_another_price_of_the_next_term_agrees_to_that_alone() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let last_day = m.instance(bought.instance).expires_at.unwrap();
        m.advance_to(last_day.at() - jiff::SignedDuration::from_hours(20));
        super::renewal::auto_renewal(m, bought.id(), Some("1m"));
        let quote = || m.read(|tx, ctx| order::change_quote(tx, ctx, &buyer, bought.id(), "pro/5"));
        let (seen, cmd) = (quote(), PlaceChange { instance: bought.id(), sku: "pro/5".to_owned(), pay: true });
        let change = |seen: &str| ordered(m, seen, |tx, ctx, who| order::change(tx, ctx, who, &cmd));
        reprice(m, "backup", |l| {
            l.specifications[0].skus.iter_mut().filter(|s| s.key == "pro/5").for_each(|s| s.month_minor = Some(500_000))
        });
        assert_eq!(quote().fee, seen.fee, "no day is left to pay for");
        assert_eq!(change(&seen.version), Some("price.changed"), "automatic renewal would take 5,000.00");
        assert_eq!(change(&quote().version), None);
    });
}
