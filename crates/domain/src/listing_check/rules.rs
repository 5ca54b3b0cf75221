//! What may be sold by which rules: packages, rules of licences, ways of charging.

use super::Checker;
use crate::{
    listing::{AccessType, Listing, Sku, Specification},
    package::Reset,
    period::ChargingMode,
};

/// A package covers the use of one specification of the same product, and is sold by the month or by the year
/// (`seller-domain 2.5`).
pub(super) fn package(c: &mut Checker, at: &str, listing: &Listing, spec: &Specification) {
    let sold = spec.charging_mode == ChargingMode::OnDemandPackage;
    let package = match (&spec.package, sold) {
        (Some(package), true) => package,
        (None, true) => {
            return c.wrong(&format!("{at}/package"), "missing", "say what the package covers: of, reset and what happens at its end");
        }
        (Some(_), false) => return c.wrong(&format!("{at}/package"), "package_not_wanted", "only an on-demand package covers use"),
        (None, false) => {
            if let Some(i) = spec.skus.iter().position(|s| s.quota.is_some()) {
                c.wrong(&format!("{at}/skus/{i}/quota"), "quota_without_package", "only an on-demand package has a quota");
            }
            return;
        }
    };
    if listing.specification(&package.of).is_none_or(|of| of.charging_mode != ChargingMode::OnDemand) {
        c.wrong(&format!("{at}/package/of"), "not_by_use", "name a specification of this product that is billed by use");
    }
    if package.stop_when_used_up && package.reset != Reset::Never {
        c.wrong(&format!("{at}/package/reset"), "stops_and_resets", "a package that stops when it is used up does not reset");
    }
    for (i, sku) in spec.skus.iter().enumerate() {
        if sku.quota.is_none_or(|q| q.0 <= 0) {
            c.wrong(&format!("{at}/skus/{i}/quota"), "missing", "say how much the package contains, more than 0");
        }
    }
    let by = |price: fn(&Sku) -> Option<i64>| spec.skus.iter().any(|s| price(s).is_some());
    if by(|s| s.month_minor) && by(|s| s.year_minor) {
        c.wrong(&format!("{at}/skus"), "one_period_type", "sell a package by the month or by the year; make two specifications for both");
    }
}

/// Only a code has rules of ours; its features are named in both languages like everything that a buyer reads.
pub(super) fn licence_rules(c: &mut Checker, at: &str, listing: &Listing, spec: &Specification) {
    let Some(rules) = &spec.licence else { return };
    if listing.access_type != AccessType::LicenceCode {
        return c.wrong(
            &format!("{at}/licence"),
            "not_wanted",
            "only licences by authorisation code have rules of seats, machines and files",
        );
    }
    for (field, code, detail) in rules.check() {
        c.wrong(&format!("{at}/licence/{field}"), code, detail);
    }
    for (i, feature) in rules.features.iter().enumerate() {
        c.both(&format!("{at}/licence/features/{i}/name"), &feature.name, 60);
    }
}

/// What is no `SaaS` is sold as its access type says; it has no trial and no call for another combination
/// (`seller-domain 2.2`, `license-interface 2.4`).
pub(super) fn sold_by_rules(c: &mut Checker, listing: &Listing) {
    for (i, spec) in listing.specifications.iter().enumerate() {
        let at = format!("/specifications/{i}");
        if !listing.access_type.sold_by(spec.charging_mode) {
            let modes = [ChargingMode::Period, ChargingMode::OneTime].into_iter().filter(|m| listing.access_type.sold_by(*m));
            let names: Vec<&str> = modes.map(ChargingMode::as_str).collect();
            c.wrong(&format!("{at}/charging_mode"), "not_for_licences", &format!("this access type is sold by {}", names.join(" or ")));
        }
        if spec.trial_days.is_some() {
            c.wrong(&format!("{at}/trial_days"), "not_for_licences", "only SaaS has a trial");
        }
        if spec.upgrade_allowed {
            c.wrong(&format!("{at}/upgrade_allowed"), "not_for_licences", "only SaaS changes its combination");
        }
        if spec.renewal_change_allowed {
            c.wrong(&format!("{at}/renewal_change_allowed"), "not_for_licences", "only SaaS changes its combination");
        }
    }
}
