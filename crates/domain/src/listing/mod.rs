//! Listings: what a seller says of a product, revision by revision (`seller-domain 2.3`–`2.6`).
//!
//! A draft may be incomplete; [`crate::listing_check`] says what is missing before it is submitted.

mod content;
mod delivery;

pub use content::{Changed, Kept, is_same};
pub use delivery::Delivery;

use crate::{
    id::{AddressId, PictureId},
    licence_rules::LicenceRules,
    package::Package,
    period::ChargingMode,
    usage::{Meter, Quantity, Tier},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

crate::words! {
    /// States of a listing application (我的申请).
    pub enum RevisionState ("application state") {
        Draft = "draft",
        InReview = "in_review",
        Rejected = "rejected",
        Approved = "approved",
    }
}

crate::words! {
    /// Whether a product can be seen and bought (`seller-domain 2.6`).
    pub enum Visibility ("product state") {
        /// No revision was approved yet.
        Unlisted = "unlisted",
        OnSale = "on_sale",
        /// By its link only.
        Hidden = "hidden",
        /// Trading frozen by the operator.
        Frozen = "frozen",
        Stopped = "stopped",
    }
}

crate::words! {
    /// Why trading of a product is frozen.
    pub enum FreezeCause ("cause of a freeze") {
        /// Its instances may not be renewed or changed either.
        Violation = "violation",
        Other = "other",
        /// By the platform: its openings or probes fail.
        Failing = "failing",
    }
}

impl Visibility {
    #[must_use]
    pub fn buyable(self) -> bool {
        match self {
            Self::OnSale | Self::Hidden => true,
            Self::Unlisted | Self::Frozen | Self::Stopped => false,
        }
    }

    #[must_use]
    pub fn in_storefront(self) -> bool {
        match self {
            Self::OnSale => true,
            Self::Unlisted | Self::Hidden | Self::Frozen | Self::Stopped => false,
        }
    }
}

crate::words! {
    /// The storefront's categories.
    pub enum Category ("category") {
        Office = "office",
        Storage = "storage",
        Security = "security",
        Development = "development",
        DataAi = "data_ai",
        Industry = "industry",
        Operations = "operations",
        Communication = "communication",
    }
}

crate::words! {
    /// How a product is delivered (商品接入类型, `seller-domain 2.2`).
    pub enum AccessType ("access type") {
        Saas = "saas",
        /// Licence by authorisation code 2.0 (授权码): the marketplace makes a code, the seller's software activates it.
        LicenceCode = "license_code",
        /// Licence 1.x: the seller answers the purchase with a licence (`license-interface 3`).
        LicenceV1 = "license_1x",
        /// On-line opening: the buyer asks for licences, the seller uploads them (`license-interface 4`).
        LicenceOnline = "license_online",
        /// Licence 1.0 by identification code (识别码): the buyer gives a code, the seller returns a licence.
        LicenceIdentification = "license_identification",
        /// Licence handed over off line (线下交付).
        LicenceFile = "license_file",
        /// Licence with a software package that is deployed on the buyer's cloud (软件包部署).
        LicencePackage = "license_package",
        HumanService = "human_service",
        DataFile = "data_file",
        Hardware = "hardware",
        Orchestration = "orchestration",
    }
}

crate::words! {
    /// Personal data that a product may ask for (需要用户授权, `seller-domain 2.4`).
    pub enum PersonalData ("personal data") { MobilePhone = "mobile_phone", Email = "email", UserId = "user_id" }
}

impl AccessType {
    #[must_use]
    pub fn is_licence(self) -> bool {
        match self {
            Self::Saas | Self::HumanService | Self::DataFile | Self::Hardware | Self::Orchestration => false,
            Self::LicenceCode
            | Self::LicenceV1
            | Self::LicenceOnline
            | Self::LicenceIdentification
            | Self::LicenceFile
            | Self::LicencePackage => true,
        }
    }

    /// Whether the seller's production interface opens the instance; what else is sold is delivered by hand or code.
    #[must_use]
    pub fn opened_by_interface(self) -> bool {
        match self {
            Self::Saas | Self::LicenceV1 | Self::LicenceOnline => true,
            Self::LicenceCode
            | Self::LicenceIdentification
            | Self::LicenceFile
            | Self::LicencePackage
            | Self::HumanService
            | Self::DataFile
            | Self::Hardware
            | Self::Orchestration => false,
        }
    }

    /// How it may be sold (`seller-domain 2.2`).
    #[must_use]
    pub fn sold_by(self, mode: ChargingMode) -> bool {
        match (self, mode) {
            (Self::Saas, _) | (Self::HumanService, ChargingMode::Period | ChargingMode::OneTime) => true,
            (Self::Orchestration, mode) => mode == ChargingMode::Period,
            (Self::Hardware | Self::DataFile, mode) => mode == ChargingMode::OneTime,
            (_, mode) => matches!(mode, ChargingMode::Period | ChargingMode::OneTime),
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
    fn is_saas(&self) -> bool {
        *self == Self::Saas
    }
}

impl Default for AccessType {
    /// What listings and orders were before there was another.
    fn default() -> Self {
        Self::Saas
    }
}

/// Text in both languages; an empty English text falls back to Chinese and the reverse.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bilingual {
    pub zh: String,
    pub en: String,
}

impl Bilingual {
    #[must_use]
    pub fn both(zh: &str, en: &str) -> Self {
        Self { zh: zh.to_owned(), en: en.to_owned() }
    }

    /// The text in a language (`zh` or `en`), or the other one when it is missing.
    #[must_use]
    pub fn get(&self, language: &str) -> &str {
        let (first, second) = if language == "en" { (&self.en, &self.zh) } else { (&self.zh, &self.en) };
        if first.is_empty() { second } else { first }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zh.is_empty() && self.en.is_empty()
    }
}

/// The four mandatory items of service and support (服务与支持, `seller-domain 2.4`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Support {
    pub service_time: String,
    pub service_content: String,
    pub hotline: String,
    pub mailbox: String,
}

/// An enumerated attribute and its values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attribute {
    pub code: String,
    pub name: Bilingual,
    pub values: Vec<AttributeValue>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeValue {
    pub code: String,
    pub name: Bilingual,
}

/// One combination of attribute values and its prices in minor units of the site's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sku {
    /// Value codes joined by `/` in the order of the attributes; `-` when there are no attributes.
    pub key: String,
    pub on_sale: bool,
    pub month_minor: Option<i64>,
    pub year_minor: Option<i64>,
    pub once_minor: Option<i64>,
    /// Prices by use, tier by tier.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// What a package of this combination contains, in units of the meter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quantity>,
}

impl Default for Sku {
    fn default() -> Self {
        Self { key: "-".to_owned(), on_sale: true, month_minor: None, year_minor: None, once_minor: None, tiers: Vec::new(), quota: None }
    }
}

/// A sellable variant with a billing mode (规格).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Specification {
    pub key: String,
    pub name: Bilingual,
    pub charging_mode: ChargingMode,
    pub attributes: Vec<Attribute>,
    pub skus: Vec<Sku>,
    /// 3–180 days, or no trial.
    pub trial_days: Option<u16>,
    pub upgrade_allowed: bool,
    /// A renewal may choose another combination.
    pub renewal_change_allowed: bool,
    pub on_sale: bool,
    /// What is counted, when the specification is billed by use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<Meter>,
    /// What a package covers, when the specification sells packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// What a licence by code allows beyond its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<LicenceRules>,
}

impl Default for Specification {
    fn default() -> Self {
        Self {
            key: String::new(),
            name: Bilingual::default(),
            charging_mode: ChargingMode::Period,
            attributes: Vec::new(),
            skus: Vec::new(),
            trial_days: None,
            upgrade_allowed: false,
            renewal_change_allowed: false,
            on_sale: true,
            meter: None,
            package: None,
            licence: None,
        }
    }
}

impl Specification {
    #[must_use]
    pub fn sku(&self, key: &str) -> Option<&Sku> {
        self.skus.iter().find(|sku| sku.key == key)
    }

    /// All combinations of the attribute values, as SKU keys.
    #[must_use]
    pub fn combinations(&self) -> Vec<String> {
        if self.attributes.is_empty() {
            return vec!["-".to_owned()];
        }
        self.attributes.iter().fold(vec![String::new()], |keys, attribute| {
            keys.iter()
                .flat_map(|key| {
                    attribute.values.iter().map(
                        move |value| {
                            if key.is_empty() { value.code.clone() } else { format!("{key}/{}", value.code) }
                        },
                    )
                })
                .collect()
        })
    }

    /// The names of a SKU's attribute values, in a language.
    #[must_use]
    pub fn sku_name(&self, key: &str, language: &str) -> String {
        let codes = key.split('/');
        let names: Vec<&str> = self
            .attributes
            .iter()
            .zip(codes)
            .filter_map(|(a, code)| a.values.iter().find(|v| v.code == code).map(|v| v.name.get(language)))
            .collect();
        names.join(" / ")
    }
}

/// An input at order time (扩展参数), at most three.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtensionParameter {
    pub name: String,
    pub label: Bilingual,
    pub mandatory: bool,
}

/// Everything a revision says. Immutable once approved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listing {
    /// Never changes once the product was listed.
    #[serde(skip_serializing_if = "AccessType::is_saas")]
    pub access_type: AccessType,
    /// Joint operation (联营) with the platform.
    #[serde(skip_serializing_if = "is_false")]
    pub joint: bool,
    /// `SaaS` that is delivered under service supervision; never changes once the product was listed.
    #[serde(skip_serializing_if = "is_false")]
    pub supervised: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    pub name: Bilingual,
    pub category: Option<Category>,
    pub overview: Bilingual,
    /// Markdown.
    pub description: Bilingual,
    pub highlights: Vec<Bilingual>,
    /// Product logo; the first letter of the name stands for it when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<PictureId>,
    /// Main pictures, the first one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<PictureId>,
    pub support: Support,
    pub usage_guide: Bilingual,
    pub agreement: Bilingual,
    pub interface_address: Option<AddressId>,
    pub specifications: Vec<Specification>,
    pub extension_parameters: Vec<ExtensionParameter>,
    /// What is passed to the seller with the buyer's consent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub personal_data: Vec<PersonalData>,
    /// No: not in shop and search, reached by its link only.
    pub public_sale: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Listing {
    /// Whether the interface is called when the buyer has accepted, not at purchase.
    #[must_use]
    pub fn is_called_after_acceptance(&self) -> bool {
        self.is_supervised() && self.delivery.as_ref().is_some_and(|d| d.call_after_acceptance)
    }

    /// Whether orders go through service supervision (`seller-domain 2.2`).
    #[must_use]
    pub fn is_supervised(&self) -> bool {
        match self.access_type {
            AccessType::Saas => self.supervised,
            // Opened on line: the licence comes by interface, there is nothing to supervise.
            AccessType::LicenceV1 | AccessType::LicenceOnline => false,
            AccessType::LicenceCode
            | AccessType::LicenceIdentification
            | AccessType::LicenceFile
            | AccessType::LicencePackage
            | AccessType::HumanService
            | AccessType::DataFile
            | AccessType::Hardware
            | AccessType::Orchestration => true,
        }
    }

    #[must_use]
    pub fn specification(&self, key: &str) -> Option<&Specification> {
        self.specifications.iter().find(|s| s.key == key)
    }

    /// The lowest monthly price, else yearly, else one-time, for lists. What is billed by use has none: its prices
    /// are of units, mostly below a cent; a package is an addition to it.
    #[must_use]
    pub fn price_from(&self) -> Option<(i64, &'static str)> {
        let skus = || self.specifications.iter().filter(|s| s.on_sale && s.package.is_none()).flat_map(|s| &s.skus).filter(|s| s.on_sale);
        let lowest = |price: fn(&Sku) -> Option<i64>| skus().filter_map(price).min();
        lowest(|s| s.month_minor)
            .map(|p| (p, "month"))
            .or_else(|| lowest(|s| s.year_minor).map(|p| (p, "year")))
            .or_else(|| lowest(|s| s.once_minor).map(|p| (p, "once")))
    }

    #[must_use]
    pub fn trial_days(&self) -> Option<u16> {
        self.specifications.iter().filter(|s| s.on_sale).filter_map(|s| s.trial_days).max()
    }
}

/// What the operator says of single fields when an application goes back: JSON pointer → reason.
pub type Marks = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skus_are_the_product_of_the_attribute_values() {
        let values = |codes: &[&str]| codes.iter().map(|c| AttributeValue { code: (*c).to_owned(), name: Bilingual::both(c, c) }).collect();
        let spec = Specification {
            attributes: vec![
                Attribute { code: "edition".into(), values: values(&["basic", "pro"]), ..Attribute::default() },
                Attribute { code: "seats".into(), values: values(&["5", "10"]), ..Attribute::default() },
            ],
            ..Specification::default()
        };
        assert_eq!(spec.combinations(), ["basic/5", "basic/10", "pro/5", "pro/10"]);
        assert_eq!(spec.sku_name("pro/5", "en"), "pro / 5");
        assert_eq!(Specification::default().combinations(), ["-"]);
    }
}
