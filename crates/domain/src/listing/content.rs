//! What a key of a listing stands for. Orders and instances name specifications and combinations by their keys, and read what
//! they get from the revision that they were bought from and what a further term costs from today's: so what was ever listed
//! under a key stays what it is. Prices, names and whether it is on sale may change.

use super::{Listing, Sku, Specification};
use crate::{licence_rules::LicenceRules, period::PeriodUnit};
use std::collections::BTreeMap;

/// A part of what is sold under a key, as text to compare and to tell.
struct Part<'a> {
    /// Where it stands in the specification, by keys: the order of a list says nothing.
    name: String,
    /// Where it stands in the specification, by positions.
    pointer: String,
    /// None: it is the same of all combinations.
    sku: Option<&'a str>,
    value: String,
}

/// All that a specification gives, without what it costs. The unit and the cycle of a meter say what one of a package is: a
/// gigabyte that is counted every hour is eaten 24 times as fast as one that is counted every day. The price model and the
/// accumulation only make an amount of what was counted: they belong to the prices.
fn parts(spec: &Specification) -> Vec<Part<'_>> {
    let part = |name: &str, value: String| Part { name: name.to_owned(), pointer: name.to_owned(), sku: None, value };
    let mut all = vec![part("charging_mode", spec.charging_mode.to_string())];
    if let Some(meter) = &spec.meter {
        all.push(part("meter/unit", format!("{:?} ({:?})", meter.unit.zh, meter.unit.en)));
        all.push(part("meter/cycle", meter.cycle.to_string()));
    }
    if let Some(package) = &spec.package {
        all.push(part("package/of", package.of.clone()));
        all.push(part("package/reset", package.reset.to_string()));
        all.push(part("package/stop_when_used_up", package.stop_when_used_up.to_string()));
        // What it contains is of a month or of a year, as it is sold.
        if let Some(unit) = spec.skus.iter().find_map(sold_per) {
            all.push(part("skus", format!("a price for each {unit}")));
        }
    }
    for (i, sku) in spec.skus.iter().enumerate() {
        if let Some(quota) = sku.quota {
            let (name, pointer) = (format!("skus/{}/quota", sku.key), format!("skus/{i}/quota"));
            all.push(Part { name, pointer, sku: Some(&sku.key), value: quota.to_string() });
        }
    }
    // Who says nothing of licences says what the reference says.
    let rules = spec.licence.clone().unwrap_or_default();
    all.extend(licence(&rules).into_iter().map(|(field, value)| part(&format!("licence/{field}"), value)));
    all
}

fn sold_per(sku: &Sku) -> Option<PeriodUnit> {
    let month = sku.month_minor.map(|_| PeriodUnit::Month);
    month.or_else(|| sku.year_minor.map(|_| PeriodUnit::Year))
}

fn licence(rules: &LicenceRules) -> Vec<(&'static str, String)> {
    let limit = |limit: Option<u32>| limit.map_or_else(|| "no limit".to_owned(), |n| n.to_string());
    let mut features: Vec<String> = rules.features.iter().map(|f| format!("{} = {:?}", f.code, f.value)).collect();
    features.sort_unstable();
    vec![
        ("seats", limit(rules.seats)),
        ("nodes", limit(rules.nodes)),
        ("file_days", limit(rules.file_days.map(u32::from))),
        ("files", rules.files.to_string()),
        ("grace_days", rules.grace_days.to_string()),
        ("lease_minutes", rules.lease_minutes.to_string()),
        ("take_over", rules.take_over.to_string()),
        ("node_match", rules.node_match.to_string()),
        ("node_releases", rules.node_releases.to_string()),
        ("features", format!("{features:?}")),
    ]
}

/// Whether a combination that two specifications have under one key gives the same in both.
#[must_use]
pub fn is_same(one: &Specification, other: &Specification, sku: &str) -> bool {
    let of = |spec| -> BTreeMap<String, String> {
        let all = parts(spec).into_iter().filter(|p| p.sku.is_none_or(|key| key == sku));
        // For how long the others are sold says nothing of this one.
        all.filter(|p| p.name != "skus").map(|p| (p.name, p.value)).collect()
    };
    let per = |spec: &Specification| spec.package.as_ref().and(spec.sku(sku)).and_then(sold_per);
    of(one) == of(other) && per(one).zip(per(other)).is_none_or(|(a, b)| a == b)
}

/// What a revision would change of what was sold under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub pointer: String,
    pub specification: String,
    pub was: String,
}

/// A revision on its way through those that were approved, the newest first: each part of it is compared with the newest that
/// has that part, and as long as all before it were compared so, with every one that has it.
#[derive(Debug)]
pub struct Kept {
    /// What was in none yet: specification and name of the part, with its pointer and value.
    open: BTreeMap<(String, String), (String, String)>,
}

impl Kept {
    #[must_use]
    pub fn of(listing: &Listing) -> Self {
        let each = |(i, spec): (usize, &Specification)| {
            let open = parts(spec).into_iter().map(|p| {
                let pointer = format!("/specifications/{i}/{}", p.pointer);
                ((spec.key.clone(), p.name), (pointer, p.value))
            });
            open.collect::<Vec<_>>()
        };
        Self { open: listing.specifications.iter().enumerate().flat_map(each).collect() }
    }

    /// Compares with the next older approved revision.
    ///
    /// # Errors
    /// [`Changed`], the first part that is another one.
    pub fn compare(&mut self, before: &Listing) -> Result<(), Changed> {
        for spec in &before.specifications {
            for part in parts(spec) {
                let Some((pointer, value)) = self.open.remove(&(spec.key.clone(), part.name)) else { continue };
                if value != part.value {
                    return Err(Changed { pointer, specification: spec.key.clone(), was: part.value });
                }
            }
        }
        Ok(())
    }

    /// Whether no older revision can say more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        licence_rules::{Feature, FeatureValue},
        listing::Bilingual,
        package::{Package, Reset},
        period::ChargingMode,
        usage::{Accumulation, BillingCycle, Meter, PriceModel, Quantity},
    };
    use proptest::prelude::*;

    fn meter() -> Meter {
        Meter {
            name: Bilingual::both("时长", "time"),
            unit: Bilingual::both("分钟", "minute"),
            cycle: BillingCycle::Hour,
            model: PriceModel::Tiered,
            accumulation: Accumulation::Month,
        }
    }

    fn spec(key: &str, charging_mode: ChargingMode) -> Specification {
        let sku = |key: &str| Sku { key: key.to_owned(), month_minor: Some(1_000), ..Sku::default() };
        Specification { key: key.to_owned(), charging_mode, skus: vec![sku("s"), sku("m")], ..Specification::default() }
    }

    /// A licence for a period, use, and a package of it.
    fn listed() -> Listing {
        let mut pack = spec("pack", ChargingMode::OnDemandPackage);
        pack.package = Some(Package { of: "minutes".to_owned(), reset: Reset::Never, stop_when_used_up: false });
        pack.skus.iter_mut().for_each(|s| s.quota = Some(Quantity(1_000_000)));
        let minutes = Specification { meter: Some(meter()), ..spec("minutes", ChargingMode::OnDemand) };
        let named = |code: &str| Feature { code: code.to_owned(), ..Feature::default() };
        let rules = LicenceRules { seats: Some(500), features: vec![named("scan"), named("hunt")], ..LicenceRules::default() };
        let standard = Specification { licence: Some(rules), ..spec("standard", ChargingMode::Period) };
        Listing { specifications: vec![standard, minutes, pack], ..Listing::default() }
    }

    /// The field that a revision may not change after others, the newest last.
    fn refused(before: &[&Listing], change: impl Fn(&mut Listing)) -> Option<String> {
        let mut new = listed();
        change(&mut new);
        let mut kept = Kept::of(&new);
        let changed = before.iter().rev().find_map(|listing| kept.compare(listing).err());
        changed.map(|c| c.pointer.strip_prefix("/specifications/").unwrap().to_owned())
    }

    #[test]
    fn what_is_sold_under_a_key_stays() {
        let is = |field: &str, change: fn(&mut Listing)| assert_eq!(refused(&[&listed()], change).as_deref(), Some(field));
        let package = |field: &str, change: fn(&mut Package)| {
            let changed = refused(&[&listed()], |l| change(l.specifications[2].package.as_mut().unwrap()));
            assert_eq!(changed, Some(format!("2/package/{field}")));
        };
        let rules = |field: &str, change: fn(&mut LicenceRules)| {
            let changed = refused(&[&listed()], |l| change(l.specifications[0].licence.as_mut().unwrap()));
            assert_eq!(changed, Some(format!("0/licence/{field}")));
        };
        is("0/charging_mode", |l| l.specifications[0].charging_mode = ChargingMode::OneTime);
        is("1/meter/unit", |l| l.specifications[1].meter.as_mut().unwrap().unit = Bilingual::both("小时", "hour"));
        is("1/meter/cycle", |l| l.specifications[1].meter.as_mut().unwrap().cycle = BillingCycle::Day);
        is("2/skus/1/quota", |l| l.specifications[2].skus[1].quota = Some(Quantity(2_000_000)));
        is("2/skus", |l| {
            for sku in &mut l.specifications[2].skus {
                (sku.month_minor, sku.year_minor) = (None, Some(12_000));
            }
        });
        package("of", |p| p.of = "hours".to_owned());
        package("reset", |p| p.reset = Reset::Month);
        package("stop_when_used_up", |p| p.stop_when_used_up = true);
        rules("seats", |r| r.seats = Some(5_000));
        rules("nodes", |r| r.nodes = Some(3));
        rules("file_days", |r| r.file_days = Some(3));
        rules("files", |r| r.files = true);
        rules("grace_days", |r| r.grace_days = 7);
        rules("lease_minutes", |r| r.lease_minutes = 1);
        rules("node_releases", |r| r.node_releases = 0);
        rules("features", |r| r.features[0].value = FeatureValue::Text("true".to_owned()));
        is("0/licence/seats", |l| l.specifications[0].licence = None);
    }

    #[test]
    fn prices_names_and_what_is_on_sale_may_change() {
        let free = |l: &mut Listing| {
            l.specifications.reverse();
            for spec in &mut l.specifications {
                spec.name = Bilingual::both("新", "new");
                spec.on_sale = false;
                spec.skus.reverse();
                spec.skus.iter_mut().for_each(|s| (s.on_sale, s.month_minor) = (false, s.month_minor.map(|m| m * 9)));
                if let Some(meter) = &mut spec.meter {
                    (meter.model, meter.accumulation) = (PriceModel::Fixed, Accumulation::Day);
                }
                if let Some(rules) = &mut spec.licence {
                    rules.features.reverse();
                    rules.features[0].name = Bilingual::both("新", "new");
                }
            }
            l.specifications.push(spec("another", ChargingMode::OneTime));
        };
        assert_eq!(refused(&[&listed()], free), None);
    }

    #[test]
    fn what_was_taken_off_the_list_comes_back_as_it_was() {
        let (mut without, mut unpriced) = (listed(), listed());
        without.specifications.truncate(2);
        unpriced.specifications[2].skus.iter_mut().for_each(|s| s.month_minor = None);
        let before = [&listed(), &unpriced, &without];
        assert_eq!(refused(&before, |_| ()), None);
        assert_eq!(refused(&before, |l| l.specifications[2].skus[0].quota = Some(Quantity(1))).as_deref(), Some("2/skus/0/quota"));
        let by_year = |l: &mut Listing| {
            l.specifications[2].skus.iter_mut().for_each(|s| (s.month_minor, s.year_minor) = (None, s.month_minor));
        };
        assert_eq!(refused(&before, by_year).as_deref(), Some("2/skus"));
        let mut kept = Kept::of(&listed());
        kept.compare(&without).unwrap();
        assert!(!kept.is_done());
        kept.compare(&listed()).unwrap();
        assert!(kept.is_done(), "nothing older is read");
    }

    #[test]
    fn a_combination_is_the_same_by_what_it_gives() {
        let (one, mut other) = (listed().specifications.remove(2), listed().specifications.remove(2));
        other.skus[0].quota = Some(Quantity(5));
        other.skus[1].month_minor = Some(7);
        assert!(is_same(&one, &other, "m") && !is_same(&one, &other, "s"));
        other.skus[1].month_minor = None;
        other.skus[1].year_minor = Some(7);
        assert!(!is_same(&one, &other, "m"), "the quota would be of a year");
    }

    /// A listing of packages: of each of three keys nothing, or a package with one of two quotas in each of two combinations.
    fn any_listing() -> impl Strategy<Value = Listing> {
        let quota = proptest::option::of(1_i64..3);
        let pack = proptest::option::of((any::<bool>(), quota.clone(), quota));
        proptest::collection::vec(pack, 3).prop_map(|packs| {
            let all = packs.into_iter().enumerate().filter_map(|(i, pack)| {
                let (stop_when_used_up, s, m) = pack?;
                let sku =
                    |key: &str, quota: Option<i64>| Some(Sku { key: key.to_owned(), quota: Some(Quantity(quota?)), ..Sku::default() });
                Some(Specification {
                    package: Some(Package { of: "use".to_owned(), reset: Reset::Never, stop_when_used_up }),
                    skus: [sku("s", s), sku("m", m)].into_iter().flatten().collect(),
                    ..spec(&i.to_string(), ChargingMode::OnDemandPackage)
                })
            });
            Listing { specifications: all.collect(), ..Listing::default() }
        })
    }

    proptest! {
        /// Whatever is asked for, in whatever order: of all revisions that were approved no two differ under a key.
        #[test]
        fn a_key_has_one_content_for_ever(asked in proptest::collection::vec(any_listing(), 1..30)) {
            let mut approved: Vec<Listing> = Vec::new();
            for listing in asked {
                let mut kept = Kept::of(&listing);
                let mut newest_first = approved.iter().rev();
                let keeps = loop {
                    match newest_first.next().filter(|_| !kept.is_done()) {
                        None => break true,
                        Some(before) if kept.compare(before).is_err() => break false,
                        Some(_) => {}
                    }
                };
                let agrees = approved.iter().all(|before| Kept::of(&listing).compare(before).is_ok());
                prop_assert_eq!(keeps, agrees, "the newest that has it speaks for all");
                if keeps { approved.push(listing); }
            }
        }
    }
}
