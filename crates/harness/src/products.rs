//! Listings of every product type, and how they get on sale.

use crate::{Market, server};
use app::{
    Caller, Ctx, Error,
    catalogue::{self, Decision},
    interface::{self, InterfaceClass, NewAddress, Passed},
};
use db::Tx;
use domain::{
    id::{AddressId, ProductId},
    listing::{AccessType, Attribute, AttributeValue, Bilingual, Category, Delivery, Listing, Sku, Specification, Support},
    package::{Package, Reset},
    period::ChargingMode,
    usage::{Accumulation, BillingCycle, Meter, PriceModel, Tier},
};
use std::sync::Arc;
use wire::conformance::{Protocol, USAGE_PUSH};

fn both(text: &str) -> Bilingual {
    Bilingual::both(text, text)
}

fn sku(key: &str, month: i64, year: i64) -> Sku {
    Sku { key: key.to_owned(), month_minor: Some(month), year_minor: Some(year), ..Sku::default() }
}

/// An attribute with the values of these codes.
fn attribute(code: &str, values: &[&str]) -> Attribute {
    let value = |code: &&str| AttributeValue { code: (*code).to_owned(), name: both(code) };
    Attribute { code: code.to_owned(), name: both(code), values: values.iter().map(value).collect() }
}

/// A complete listing of a product type with one specification, `standard`: 100.00 a month and 1,000.00 a year, or
/// 100.00 once for hardware and data files. Change what the test is about.
#[must_use]
pub fn listing(access_type: AccessType) -> Listing {
    let once = matches!(access_type, AccessType::Hardware | AccessType::DataFile);
    let sku = if once { Sku { once_minor: Some(10_000), ..Sku::default() } } else { sku("-", 10_000, 100_000) };
    let specification = Specification {
        key: "standard".to_owned(),
        name: both("Standard"),
        charging_mode: if once { ChargingMode::OneTime } else { ChargingMode::Period },
        skus: vec![sku],
        ..Specification::default()
    };
    let mut listing = Listing {
        access_type,
        name: both("样品 Sample"),
        category: Some(Category::Security),
        overview: both("A product of a test."),
        description: both(&"一个测试用的商品，说明它的功能、规格、安全与服务。".repeat(20)),
        support: Support {
            service_time: "5 × 8, GMT+08:00".to_owned(),
            service_content: "set-up, use and accounts".to_owned(),
            hotline: "400-000-0002".to_owned(),
            mailbox: "support@example.com".to_owned(),
        },
        usage_guide: both("Open the link and log in."),
        agreement: both("The service agreement."),
        specifications: vec![specification],
        public_sale: Some(true),
        ..Listing::default()
    };
    if listing.is_supervised() {
        listing.delivery = Some(Delivery { template: both("It works as it was ordered."), sla_days: Some(3), ..Delivery::default() });
    }
    listing
}

/// The products that are on sale from the beginning, with the prices of the sandbox's:
///
/// | Key | Sold by | Specification | Combinations |
/// |---|---|---|---|
/// | `backup` | `seller` | `standard`: trial of 14 days, upgrades, renewal with change | `basic/5` 100.00 a month, 1,000.00 a year |
/// | | | | `basic/10` 180.00, 1,800.00; `pro/5` 220.00, 2,200.00 |
/// | `assess` | `seller` | `once` | `-` 880.00 once |
/// | `transcribe` | `seller` | `minutes` on demand: 0.12 up to 1,000 in a month, then 0.09 | `-` |
/// | | | `pack`, a package that resets by the month | `s` 90.00 for 1,000, `m` 400.00 for 5,000 |
/// | | | `once`, a package that stops when it is used up | `-` 80.00 a year for 1,000 |
/// | `archive` | `seller2` | `standard`: upgrades | `starter` 12.00, 120.00; `team` 299.00, 2,990.00 |
///
/// # Panics
/// For another key.
#[must_use]
pub fn sample(key: &str) -> Listing {
    let mut made = listing(AccessType::Saas);
    made.name = both(&format!("样品 {key} SaaS"));
    let standard = made.specifications[0].clone();
    made.specifications = match key {
        "backup" => vec![Specification {
            trial_days: Some(14),
            upgrade_allowed: true,
            renewal_change_allowed: true,
            attributes: vec![attribute("edition", &["basic", "pro"]), attribute("servers", &["5", "10"])],
            skus: vec![sku("basic/5", 10_000, 100_000), sku("basic/10", 18_000, 180_000), sku("pro/5", 22_000, 220_000)],
            ..standard
        }],
        "assess" => vec![Specification {
            key: "once".to_owned(),
            charging_mode: ChargingMode::OneTime,
            skus: vec![Sku { once_minor: Some(88_000), ..Sku::default() }],
            ..standard
        }],
        "archive" => vec![Specification {
            upgrade_allowed: true,
            attributes: vec![attribute("edition", &["starter", "team"])],
            skus: vec![sku("starter", 1_200, 12_000), sku("team", 29_900, 299_000)],
            ..standard
        }],
        "transcribe" => transcribe(&standard),
        other => panic!("there is no sample {other}"),
    };
    made
}

fn transcribe(standard: &Specification) -> Vec<Specification> {
    let meter = Meter {
        name: both("Transcribed time"),
        unit: both("minute"),
        cycle: BillingCycle::Hour,
        model: PriceModel::Tiered,
        accumulation: Accumulation::Month,
    };
    let tier = |up_to: Option<&str>, price: &str| Tier {
        up_to: up_to.map(|u| u.parse().expect("a quantity")),
        price: price.parse().expect("a price of a unit"),
    };
    let quota = |text: &str| Some(text.parse().expect("a quantity"));
    let packages = |key: &str, reset, stop_when_used_up, skus| Specification {
        key: key.to_owned(),
        charging_mode: ChargingMode::OnDemandPackage,
        package: Some(Package { of: "minutes".to_owned(), reset, stop_when_used_up }),
        skus,
        ..standard.clone()
    };
    let pack = |key: &str, month, contains| Sku { key: key.to_owned(), month_minor: Some(month), quota: quota(contains), ..Sku::default() };
    vec![
        Specification {
            key: "minutes".to_owned(),
            charging_mode: ChargingMode::OnDemand,
            meter: Some(meter),
            skus: vec![Sku { tiers: vec![tier(Some("1000"), "0.12"), tier(None, "0.09")], ..Sku::default() }],
            ..standard.clone()
        },
        Specification {
            attributes: vec![attribute("size", &["s", "m"])],
            ..packages("pack", Reset::Month, false, vec![pack("s", 9_000, "1000"), pack("m", 40_000, "5000")])
        },
        packages("once", Reset::Never, true, vec![Sku { year_minor: Some(8_000), quota: quota("1000"), ..Sku::default() }]),
    ]
}

/// What the address of a product type speaks; nothing when no interface opens it.
fn protocol(access_type: AccessType) -> Option<Protocol> {
    match access_type {
        AccessType::Saas => Some(Protocol::SaasV2),
        AccessType::LicenceV1 => Some(Protocol::LicenceV1),
        AccessType::LicenceOnline => Some(Protocol::LicenceOnline),
        AccessType::LicenceCode
        | AccessType::LicenceIdentification
        | AccessType::LicenceFile
        | AccessType::LicencePackage
        | AccessType::HumanService
        | AccessType::DataFile
        | AccessType::Hardware
        | AccessType::Orchestration => None,
    }
}

/// The class of the key that signs for a protocol (`seller-domain 6.1`).
fn class(protocol: Protocol) -> InterfaceClass {
    match protocol {
        Protocol::OrderNotify => InterfaceClass::General,
        Protocol::Licence => InterfaceClass::Licence,
        Protocol::Kit | Protocol::KitV1 => InterfaceClass::KitSync,
        Protocol::SaasV2 | Protocol::SaasV1 | Protocol::LicenceV1 | Protocol::LicenceOnline | Protocol::SaasAws | Protocol::SaasAzure => {
            InterfaceClass::Basic
        }
    }
}

/// Makes an address at the market's server that passed all cases of its protocol.
pub(crate) fn address(tx: &mut Tx, ctx: &Ctx, seller: &Caller, name: &str, protocol: Protocol) -> Result<AddressId, Error> {
    let class = class(protocol);
    let (key, _) = interface::put_key(tx, ctx, seller, &format!("harness-{class}"), class, server::KEY)?;
    let azure = protocol == Protocol::SaasAzure;
    let new = NewAddress {
        name: name.to_owned(),
        url: format!("{}/{name}", server::BASE),
        key_id: key.id.id(),
        protocol,
        always_test_flag: false,
        send_empty_parameters: false,
        product: None,
        access_type: None,
        landing_page: azure.then(|| format!("{}/landing", server::BASE)),
    };
    let (address, _) = interface::put_address(tx, ctx, seller, &new)?;
    let id: AddressId = address.id.id();
    for scenario in protocol.scenarios().iter().map(|s| s.name()).chain([USAGE_PUSH]) {
        let passed = Passed { scenario: scenario.to_owned(), request: "{}".to_owned(), answer: "{}".to_owned() };
        interface::save_case(tx, ctx, &address, &passed)?;
    }
    Ok(id)
}

/// Drafts, submits and approves a product.
pub(crate) fn put_on_sale(
    tx: &mut Tx,
    ctx: &Ctx,
    (seller, operator): (&Caller, &Caller),
    key: &str,
    listing: &Listing,
) -> Result<ProductId, Error> {
    let (product, revision, _) = catalogue::save(tx, ctx, seller, key, listing)?;
    catalogue::submit(tx, ctx, seller, revision.id.id())?;
    catalogue::decide(tx, ctx, operator, revision.id.id(), &Decision::Approve)?;
    Ok(product.id.id())
}

/// The same, with an address of its own where an interface opens it and the listing names none.
pub(crate) fn list(tx: &mut Tx, ctx: &Ctx, people: (&Caller, &Caller), key: &str, mut listing: Listing) -> Result<ProductId, Error> {
    if let (None, Some(protocol)) = (listing.interface_address, protocol(listing.access_type)) {
        listing.interface_address = Some(address(tx, ctx, people.0, key, protocol)?);
    }
    put_on_sale(tx, ctx, people, key, &listing)
}

impl Market {
    /// Puts a product on sale, or a new revision of it: drafted, submitted and approved. What an interface opens gets an
    /// address at [`Market::server`], unless the listing names one.
    ///
    /// # Panics
    /// When the listing is refused; the message names the fields.
    #[track_caller]
    pub fn list(&self, seller: &Arc<Caller>, key: &str, listing: &Listing) -> ProductId {
        let operator = self.operator();
        self.ok(seller, |tx, ctx| list(tx, ctx, (seller, &operator), key, listing.clone()))
    }

    /// An address at the market's server, at `http://localhost/NAME`, that passed all cases of its protocol.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn address(&self, seller: &Arc<Caller>, name: &str, protocol: Protocol) -> AddressId {
        self.ok(seller, |tx, ctx| address(tx, ctx, seller, name, protocol))
    }
}
