//! What a listing must say before it may be submitted (`seller-domain 2.4`), field by field.

mod delivery;
mod rules;

use crate::{
    listing::{AccessType, Bilingual, Listing, Specification},
    money::AMOUNT_MINOR_MAX,
    period::ChargingMode,
    picture::MAIN_MAX,
    text, usage,
};

/// A field that is not right yet: JSON pointer, stable code, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldError {
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

impl FieldError {
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), detail: detail.into() }
    }
}

pub const SPECIFICATIONS_MAX: usize = 20;
pub const SKUS_MAX: usize = 100;
pub const EXTENSION_PARAMETERS_MAX: usize = 3;
/// Ours: the reference names no maximum (`seller-domain` 12, question 8).
pub const HIGHLIGHTS_MAX: usize = 10;
const DESCRIPTION_MIN: usize = 400;
const TRIAL_DAYS: std::ops::RangeInclusive<u16> = 3..=180;

/// Every field that keeps a listing from being submitted; empty when it may be.
#[must_use]
pub fn check(listing: &Listing) -> Vec<FieldError> {
    let mut c = Checker::default();
    c.both("/name", &listing.name, 60);
    c.name_words("/name", &listing.name);
    if listing.category.is_none() {
        c.wrong("/category", "missing", "choose a category");
    }
    c.both("/overview", &listing.overview, 120);
    c.both("/description", &listing.description, 20_000);
    if listing.description.get("zh").chars().filter(|ch| !ch.is_whitespace()).count() < DESCRIPTION_MIN {
        c.wrong("/description", "too_short", "describe functions and each specification in at least 400 characters");
    }
    if listing.highlights.len() > HIGHLIGHTS_MAX {
        c.wrong("/highlights", "too_many", &format!("at most {HIGHLIGHTS_MAX} highlights are shown"));
    }
    for (i, highlight) in listing.highlights.iter().enumerate() {
        c.both(&format!("/highlights/{i}"), highlight, 60);
    }
    if listing.pictures.len() > MAIN_MAX {
        c.wrong("/pictures", "too_many", &format!("at most {MAIN_MAX} main pictures are shown"));
    }
    support(&mut c, listing);
    c.both("/usage_guide", &listing.usage_guide, 20_000);
    c.both("/agreement", &listing.agreement, 20_000);
    extension_parameters(&mut c, listing);
    delivery::check(&mut c, listing);
    let data = &listing.personal_data;
    if (1..data.len()).any(|i| data[..i].contains(&data[i])) {
        c.wrong("/personal_data", "repeated", "ask for each once");
    }
    if !data.is_empty() && !listing.access_type.opened_by_interface() {
        c.wrong("/personal_data", "not_for_codes", "no interface is called for this product; personal data would be passed to nobody");
    }
    specifications(&mut c, listing);
    if listing.access_type != AccessType::Saas {
        rules::sold_by_rules(&mut c, listing);
    }
    c.errors
}

#[derive(Default)]
struct Checker {
    errors: Vec<FieldError>,
}

impl Checker {
    fn wrong(&mut self, pointer: &str, code: &str, detail: &str) {
        self.errors.push(FieldError::new(pointer, code, detail));
    }

    fn text(&mut self, pointer: &str, value: &str, max: usize) {
        if let Err(e) = text::block(value, max) {
            let code = match e {
                text::BadText::Empty => "missing",
                text::BadText::TooLong { .. } => "too_long",
                text::BadText::Control(_) => "control_character",
            };
            self.wrong(pointer, code, &e.to_string());
        }
    }

    /// At least one language must be there; a language that is there must fit.
    fn both(&mut self, pointer: &str, value: &Bilingual, max: usize) {
        if value.is_empty() {
            return self.wrong(pointer, "missing", "must not be empty");
        }
        for (language, text) in [("zh", &value.zh), ("en", &value.en)] {
            if !text.is_empty() {
                self.text(&format!("{pointer}/{language}"), text, max);
            }
        }
    }

    /// No price, version, phone number or marketing word in a name (`seller-domain 2.4`).
    fn name_words(&mut self, pointer: &str, name: &Bilingual) {
        for (language, text) in [("zh", &name.zh), ("en", &name.en)] {
            let digits = text.chars().filter(char::is_ascii_digit).count();
            let marketing = ["最佳", "第一", "免费", "特价", "¥", "$", "best", "cheap"];
            let lower = text.to_lowercase();
            if digits >= 7 || marketing.iter().any(|word| lower.contains(word)) {
                self.wrong(
                    &format!("{pointer}/{language}"),
                    "name_words",
                    "leave prices, phone numbers and marketing words out of the name",
                );
            }
        }
    }

    fn code(&mut self, pointer: &str, value: &str) {
        let fits = !value.is_empty() && value.len() <= 40 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !fits {
            self.wrong(pointer, "bad_code", "use 1 to 40 letters, digits, - or _");
        }
    }
}

fn support(c: &mut Checker, listing: &Listing) {
    let support = &listing.support;
    c.text("/support/service_time", &support.service_time, 200);
    c.text("/support/service_content", &support.service_content, 1_000);
    c.text("/support/hotline", &support.hotline, 60);
    let mailbox = support.mailbox.as_str();
    let looks_right = mailbox.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if mailbox.chars().count() > 120 || !looks_right {
        c.wrong("/support/mailbox", "not_a_mailbox", "write an e-mail address such as support@example.com");
    }
}

fn extension_parameters(c: &mut Checker, listing: &Listing) {
    if listing.extension_parameters.len() > EXTENSION_PARAMETERS_MAX {
        c.wrong("/extension_parameters", "too_many", "at most 3 extension parameters are allowed");
    }
    for (i, parameter) in listing.extension_parameters.iter().enumerate() {
        let at = format!("/extension_parameters/{i}");
        c.code(&format!("{at}/name"), &parameter.name);
        c.both(&format!("{at}/label"), &parameter.label, 60);
    }
}

fn specifications(c: &mut Checker, listing: &Listing) {
    let specs = &listing.specifications;
    if specs.is_empty() {
        c.wrong("/specifications", "missing", "add at least one specification");
    }
    if specs.len() > SPECIFICATIONS_MAX {
        c.wrong("/specifications", "too_many", "at most 20 specifications are allowed");
    }
    for (i, spec) in specs.iter().enumerate() {
        let at = format!("/specifications/{i}");
        if specs[..i].iter().any(|other| other.key == spec.key) {
            c.wrong(&format!("{at}/key"), "repeated", "each specification needs a key of its own");
        }
        specification(c, &at, spec);
        rules::package(c, &at, listing, spec);
        rules::licence_rules(c, &at, listing, spec);
    }
}

fn specification(c: &mut Checker, at: &str, spec: &Specification) {
    c.code(&format!("{at}/key"), &spec.key);
    c.both(&format!("{at}/name"), &spec.name, 50);
    for (i, attribute) in spec.attributes.iter().enumerate() {
        let at = format!("{at}/attributes/{i}");
        c.code(&format!("{at}/code"), &attribute.code);
        c.both(&format!("{at}/name"), &attribute.name, 50);
        if attribute.values.is_empty() {
            c.wrong(&format!("{at}/values"), "missing", "add at least one value");
        }
        for (j, value) in attribute.values.iter().enumerate() {
            c.code(&format!("{at}/values/{j}/code"), &value.code);
            c.both(&format!("{at}/values/{j}/name"), &value.name, 50);
        }
    }
    match (&spec.meter, spec.charging_mode == ChargingMode::OnDemand) {
        (Some(meter), true) => {
            c.both(&format!("{at}/meter/name"), &meter.name, 50);
            c.both(&format!("{at}/meter/unit"), &meter.unit, 20);
        }
        (None, true) => c.wrong(&format!("{at}/meter"), "missing", "say what is counted: name, unit, cycle and price model"),
        (Some(_), false) => c.wrong(&format!("{at}/meter"), "meter_not_wanted", "only what is billed by use has a meter"),
        (None, false) => {}
    }
    if spec.renewal_change_allowed && spec.charging_mode != ChargingMode::Period {
        c.wrong(&format!("{at}/renewal_change_allowed"), "renewal_needs_period", "only period specifications are renewed");
    }
    if spec.upgrade_allowed && matches!(spec.charging_mode, ChargingMode::OnDemand | ChargingMode::OnDemandPackage) {
        c.wrong(&format!("{at}/upgrade_allowed"), "upgrade_needs_period", "what is billed by use, and a package, has no upgrade");
    }
    if let Some(days) = spec.trial_days {
        if spec.charging_mode != ChargingMode::Period {
            c.wrong(&format!("{at}/trial_days"), "trial_needs_period", "only period specifications can have a trial");
        } else if !TRIAL_DAYS.contains(&days) {
            c.wrong(&format!("{at}/trial_days"), "out_of_range", "a trial lasts 3 to 180 days");
        }
    }
    skus(c, at, spec);
}

fn skus(c: &mut Checker, at: &str, spec: &Specification) {
    let combinations = spec.combinations();
    if spec.skus.is_empty() {
        c.wrong(&format!("{at}/skus"), "missing", "price at least one combination");
    }
    if combinations.len() > SKUS_MAX {
        c.wrong(&format!("{at}/attributes"), "too_many", "the attributes give more than 100 combinations");
    }
    for (i, sku) in spec.skus.iter().enumerate() {
        let at = format!("{at}/skus/{i}");
        if !combinations.contains(&sku.key) || spec.skus[..i].iter().any(|other| other.key == sku.key) {
            c.wrong(&format!("{at}/key"), "bad_combination", "each SKU names one combination of the attribute values, once");
        }
        let prices = [("month_minor", sku.month_minor), ("year_minor", sku.year_minor), ("once_minor", sku.once_minor)];
        for (field, price) in prices {
            if price.is_some_and(|p| !(0..=AMOUNT_MINOR_MAX).contains(&p)) {
                c.wrong(&format!("{at}/{field}"), "out_of_range", "a price is 0 or more and at most 10,000,000,000.00");
            }
        }
        let priced = match spec.charging_mode {
            ChargingMode::Period | ChargingMode::OnDemandPackage => {
                sku.month_minor.or(sku.year_minor).is_some() && sku.once_minor.is_none()
            }
            ChargingMode::OneTime => sku.once_minor.is_some() && sku.month_minor.or(sku.year_minor).is_none(),
            ChargingMode::OnDemand => prices.iter().all(|(_, price)| price.is_none()),
        };
        if sku.on_sale && !priced {
            c.wrong(
                &at,
                "price_missing",
                "give the prices of the billing mode: month or year for periods, once for one-time, tiers alone by use",
            );
        }
        match (&spec.meter, sku.tiers.is_empty()) {
            (Some(meter), _) if !usage::tiers_fit(meter.model, &sku.tiers) => c.wrong(
                &format!("{at}/tiers"),
                "bad_tiers",
                "give one tier without an end for a fixed price, else tiers with rising ends, the last without",
            ),
            (None, false) => c.wrong(&format!("{at}/tiers"), "tiers_without_meter", "only what is billed by use has tiers"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        listing::{Category, Delivery, Sku, Support},
        package::{Package, Reset},
        usage::{Accumulation, BillingCycle, Meter, PriceModel, Quantity, Tier, UnitPrice},
    };

    pub(crate) fn complete() -> Listing {
        let text = |t: &str| Bilingual::both(t, t);
        Listing {
            name: text("盾存云备份 SaaS"),
            category: Some(Category::Storage),
            overview: text("自动备份"),
            description: text(&"备份说明".repeat(100)),
            support: Support {
                service_time: "5 × 8, GMT+08:00".into(),
                service_content: "安装与使用".into(),
                hotline: "400-000-000".into(),
                mailbox: "support@example.com".into(),
            },
            usage_guide: text("打开链接登录"),
            agreement: text("服务协议"),
            interface_address: Some(AddressIdOf::any()),
            specifications: vec![Specification {
                key: "standard".into(),
                name: text("标准版"),
                skus: vec![Sku { month_minor: Some(10_000), ..Sku::default() }],
                ..Specification::default()
            }],
            ..Listing::default()
        }
    }

    struct AddressIdOf;
    impl AddressIdOf {
        fn any() -> crate::id::AddressId {
            crate::id::AddressId(uuid::Uuid::from_u128(1))
        }
    }

    fn pointers(change: impl FnOnce(&mut Listing)) -> Vec<(String, String)> {
        let mut listing = complete();
        change(&mut listing);
        check(&listing).into_iter().map(|e| (e.pointer, e.code)).collect()
    }

    #[test]
    fn a_complete_listing_has_nothing_to_mend() {
        assert_eq!(check(&complete()), []);
    }

    #[test]
    fn each_wrong_field_is_named() {
        let is = |found: Vec<(String, String)>, pointer: &str, code: &str| {
            assert_eq!(found, [(pointer.to_owned(), code.to_owned())]);
        };
        is(pointers(|l| l.category = None), "/category", "missing");
        is(pointers(|l| l.support.hotline.clear()), "/support/hotline", "missing");
        is(pointers(|l| l.support.mailbox = "nobody".into()), "/support/mailbox", "not_a_mailbox");
        is(pointers(|l| l.support.service_time.clear()), "/support/service_time", "missing");
        is(pointers(|l| l.support.service_content.clear()), "/support/service_content", "missing");
        is(pointers(|l| l.description = Bilingual::both("短", "")), "/description", "too_short");
        is(pointers(|l| l.overview.zh = "长".repeat(121)), "/overview/zh", "too_long");
        is(pointers(|l| l.name.zh = "最佳备份".into()), "/name/zh", "name_words");
        is(pointers(|l| l.interface_address = None), "/interface_address", "missing");
        is(pointers(|l| l.specifications.clear()), "/specifications", "missing");
        is(pointers(|l| l.specifications[0].trial_days = Some(2)), "/specifications/0/trial_days", "out_of_range");
        is(pointers(|l| l.specifications[0].trial_days = Some(181)), "/specifications/0/trial_days", "out_of_range");
        is(pointers(|l| l.specifications[0].skus[0].month_minor = Some(-1)), "/specifications/0/skus/0/month_minor", "out_of_range");
        is(pointers(|l| l.specifications[0].skus[0].month_minor = None), "/specifications/0/skus/0", "price_missing");
        is(pointers(|l| l.specifications[0].skus[0].key = "x".into()), "/specifications/0/skus/0/key", "bad_combination");
        let by_code = |l: &mut Listing| {
            l.access_type = AccessType::LicenceCode;
            l.interface_address = None;
            l.delivery = Some(Delivery {
                template: Bilingual::both("激活即验收", "The code is activated"),
                sla_days: Some(3),
                ..Delivery::default()
            });
        };
        let trial = pointers(|l| {
            by_code(l);
            l.specifications[0].trial_days = Some(7);
        });
        is(trial, "/specifications/0/trial_days", "not_for_licences");
        let undelivered = pointers(|l| {
            by_code(l);
            l.delivery = None;
        });
        is(undelivered, "/delivery", "missing");
        let never = pointers(|l| {
            by_code(l);
            l.delivery.iter_mut().for_each(|d| d.sla_days = Some(0));
        });
        is(never, "/delivery/sla_days", "out_of_range");
        let called = pointers(|l| {
            by_code(l);
            l.delivery.iter_mut().for_each(|d| d.call_after_acceptance = true);
        });
        is(called, "/delivery/call_after_acceptance", "not_wanted");
        is(pointers(|l| l.specifications.push(l.specifications[0].clone())), "/specifications/1/key", "repeated");
    }

    fn by_use_with_package() -> Listing {
        let mut l = complete();
        let text = Bilingual::both("分钟", "minute");
        let meter = Meter {
            name: text.clone(),
            unit: text.clone(),
            cycle: BillingCycle::Hour,
            model: PriceModel::Fixed,
            accumulation: Accumulation::Month,
        };
        let tiers = vec![Tier { up_to: None, price: UnitPrice(1) }];
        l.specifications[0] = Specification {
            key: "minutes".into(),
            name: text.clone(),
            charging_mode: ChargingMode::OnDemand,
            meter: Some(meter),
            skus: vec![Sku { tiers, ..Sku::default() }],
            ..Specification::default()
        };
        l.specifications.push(Specification {
            key: "pack".into(),
            name: text,
            charging_mode: ChargingMode::OnDemandPackage,
            package: Some(Package { of: "minutes".into(), reset: Reset::Month, stop_when_used_up: false }),
            skus: vec![Sku { month_minor: Some(1_000), quota: Some(Quantity(1)), ..Sku::default() }],
            ..Specification::default()
        });
        l
    }

    #[test]
    fn a_package_names_what_it_covers_and_how_much() {
        assert_eq!(check(&by_use_with_package()), []);
        let is = |change: fn(&mut Listing), pointer: &str, code: &str| {
            let mut listing = by_use_with_package();
            change(&mut listing);
            let found: Vec<_> = check(&listing).into_iter().map(|e| (e.pointer, e.code)).collect();
            assert_eq!(found, [(format!("/specifications/{pointer}"), code.to_owned())]);
        };
        is(|l| l.specifications[1].package = None, "1/package", "missing");
        is(|l| l.specifications[0].package = l.specifications[1].package.clone(), "0/package", "package_not_wanted");
        is(|l| l.specifications[1].package.as_mut().unwrap().of = "pack".into(), "1/package/of", "not_by_use");
        is(|l| l.specifications[1].package.as_mut().unwrap().stop_when_used_up = true, "1/package/reset", "stops_and_resets");
        is(|l| l.specifications[1].skus[0].quota = None, "1/skus/0/quota", "missing");
        is(|l| l.specifications[0].skus[0].quota = Some(Quantity(1)), "0/skus/0/quota", "quota_without_package");
        is(|l| l.specifications[1].skus[0].year_minor = Some(9), "1/skus", "one_period_type");
        is(|l| l.specifications[1].trial_days = Some(7), "1/trial_days", "trial_needs_period");
        is(|l| l.specifications[1].upgrade_allowed = true, "1/upgrade_allowed", "upgrade_needs_period");
    }
}
