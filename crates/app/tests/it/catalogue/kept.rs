//! What was ever listed under a key stays what it is, whatever revisions come between.

use app::{
    Error,
    catalogue::{self, Decision},
};
use domain::{
    id::RevisionId,
    licence_rules::LicenceRules,
    listing::{AccessType, Bilingual, Listing, Sku},
    package::{Package, Reset},
    period::ChargingMode,
    usage::BillingCycle,
};
use harness::{Market, licensed, listing, on_both};

/// The listing that a product sells by now.
fn listed(m: &Market, key: &str) -> Listing {
    m.read(|tx, ctx| catalogue::find(tx, ctx, "cn", key).map(|(_, listing)| Listing::clone(&listing)))
}

fn submitted(m: &Market, key: &str, new: &Listing) -> Result<RevisionId, Error> {
    let seller = m.seller();
    let id = m.ok(&seller, |tx, ctx| catalogue::save(tx, ctx, &seller, key, new)).1.id.id();
    m.write(&seller, |tx, ctx| catalogue::submit(tx, ctx, &seller, id)).map(|()| id)
}

fn approve(m: &Market, id: RevisionId) -> Result<(), Error> {
    let operator = m.operator();
    m.write(&operator, |tx, ctx| catalogue::decide(tx, ctx, &operator, id, &Decision::Approve))
}

/// Submits and approves a revision; the field that it may not change.
fn revised(m: &Market, key: &str, new: &Listing) -> Option<String> {
    field(submitted(m, key, new).and_then(|id| approve(m, id)))
}

fn field(result: Result<(), Error>) -> Option<String> {
    match result {
        Ok(()) => None,
        Err(Error::Refused(refusal)) => {
            assert_eq!(refusal.fields[0].code, "application.content_fixed", "{refusal:?}");
            assert!(refusal.fields[0].detail.contains("a new key"), "{refusal:?}");
            Some(refusal.fields[0].pointer.clone())
        }
        Err(e) => panic!("{e:?}"),
    }
}

#[test]
fn a_package_that_was_off_the_list_comes_back_with_its_quota_or_under_a_new_key() {
    on_both(|m| {
        let old = listed(m, "transcribe");
        let mut larger = old.clone();
        larger.specifications[1].skus[0].quota = Some("2000".parse().unwrap());
        larger.specifications[1].skus[0].month_minor = Some(18_000);
        let at = Some("/specifications/1/skus/0/quota".to_owned());
        assert_eq!(revised(m, "transcribe", &larger), at);
        let mut without = old.clone();
        without.specifications[1].skus.remove(0);
        assert_eq!(revised(m, "transcribe", &without), None);
        assert_eq!(revised(m, "transcribe", &larger), at, "one revision without it passes nothing");
        without.specifications.remove(1);
        assert_eq!(revised(m, "transcribe", &without), None);
        assert_eq!(revised(m, "transcribe", &larger), at);
        larger.specifications[1].key = "pack-2".to_owned();
        assert_eq!(revised(m, "transcribe", &larger), None, "a new key is new goods");
        assert_eq!(revised(m, "transcribe", &old), None, "and the old ones may come back");
    });
}

#[test]
fn what_is_counted_keeps_its_unit_and_cycle_and_may_change_its_price_model() {
    on_both(|m| {
        let old = listed(m, "transcribe");
        let mut hours = old.clone();
        hours.specifications[0].meter.as_mut().unwrap().unit = Bilingual::both("小时", "hour");
        let unit = Some("/specifications/0/meter/unit".to_owned());
        assert_eq!(revised(m, "transcribe", &hours), unit);
        let mut daily = old.clone();
        daily.specifications[0].meter.as_mut().unwrap().cycle = BillingCycle::Day;
        assert_eq!(revised(m, "transcribe", &daily).as_deref(), Some("/specifications/0/meter/cycle"));
        // Everything of the old name goes, comes back in another shape.
        let mut other = old.clone();
        for (i, key) in ["seconds", "pack-3", "once-3"].into_iter().enumerate() {
            other.specifications[i].key = key.to_owned();
            other.specifications[i].package.iter_mut().for_each(|p| p.of = "seconds".to_owned());
        }
        assert_eq!(revised(m, "transcribe", &other), None);
        assert_eq!(revised(m, "transcribe", &hours), unit);
        let mut priced = old;
        priced.specifications[0].name = Bilingual::both("转写", "Transcription");
        priced.specifications[0].meter.as_mut().unwrap().accumulation = domain::usage::Accumulation::Day;
        priced.specifications[0].skus[0].tiers[0].price = "9".parse().unwrap();
        assert_eq!(revised(m, "transcribe", &priced), None);
    });
}

#[test]
fn a_licence_keeps_its_rules() {
    on_both(|m| {
        let rules = LicenceRules { seats: Some(500), ..LicenceRules::default() };
        m.list(&m.seller(), "shield", &licensed(rules.clone()));
        let change = |change: fn(&mut LicenceRules)| {
            let mut changed = listed(m, "shield");
            change(changed.specifications[0].licence.as_mut().unwrap());
            changed.specifications[0].skus[0].year_minor = Some(500_000);
            revised(m, "shield", &changed)
        };
        assert_eq!(change(|r| r.seats = Some(5_000)).as_deref(), Some("/specifications/0/licence/seats"));
        assert_eq!(change(|r| r.grace_days = 15).as_deref(), Some("/specifications/0/licence/grace_days"));
        assert_eq!(change(|_| ()), None, "its price may change");
    });
}

#[test]
fn a_specification_keeps_its_way_of_charging() {
    on_both(|m| {
        let mut once = listed(m, "backup");
        let spec = &mut once.specifications[0];
        (spec.charging_mode, spec.trial_days, spec.renewal_change_allowed) = (ChargingMode::OneTime, None, false);
        spec.skus.iter_mut().for_each(|s| (s.once_minor, s.month_minor, s.year_minor) = (s.month_minor, None, None));
        assert_eq!(revised(m, "backup", &once).as_deref(), Some("/specifications/0/charging_mode"));
        let mut pack = listed(m, "transcribe");
        let sold = Package { of: "minutes".to_owned(), reset: Reset::Month, stop_when_used_up: false };
        pack.specifications[2].key = "plain".to_owned();
        pack.specifications[2].charging_mode = ChargingMode::Period;
        pack.specifications[2].package = None;
        pack.specifications[2].skus = vec![Sku { month_minor: Some(3_333), ..Sku::default() }];
        assert_eq!(revised(m, "transcribe", &pack), None);
        pack.specifications[2].charging_mode = ChargingMode::OnDemandPackage;
        pack.specifications[2].package = Some(sold);
        pack.specifications[2].skus[0].quota = Some("500".parse().unwrap());
        assert_eq!(revised(m, "transcribe", &pack).as_deref(), Some("/specifications/2/charging_mode"));
    });
}

#[test]
fn what_waited_for_its_review_is_looked_at_again_when_it_is_approved() {
    on_both(|m| {
        let mut changed = listed(m, "transcribe");
        changed.specifications[1].skus[0].month_minor = Some(18_000);
        let id = submitted(m, "transcribe", &changed).unwrap();
        // As an older version took it.
        m.execute("UPDATE listing_revisions SET listing = REPLACE(listing, '\"5000\"', '\"6000\"') WHERE state = 'in_review'");
        assert_eq!(field(approve(m, id)).as_deref(), Some("/specifications/1/skus/1/quota"));
        let price = listed(m, "transcribe").specifications[1].skus[0].month_minor;
        assert_eq!(price, Some(9_000), "the revision before it sells on");
    });
}

#[test]
fn a_product_that_was_never_listed_may_change_in_everything() {
    on_both(|m| {
        let mut report = listing(AccessType::HumanService);
        submitted(m, "report", &report).unwrap();
        let seller = m.seller();
        let draft = m.ok(&seller, |tx, _| {
            let product = store::product::by_key(tx, m.key(&seller), "report")?.unwrap();
            Ok(store::product::open_revision(tx, product.id)?.unwrap().id)
        });
        m.ok(&seller, |tx, ctx| catalogue::withdraw(tx, ctx, &seller, draft.id()));
        report.specifications[0].charging_mode = ChargingMode::OneTime;
        report.specifications[0].skus = vec![Sku { once_minor: Some(100), ..Sku::default() }];
        assert_eq!(revised(m, "report", &report), None);
    });
}
