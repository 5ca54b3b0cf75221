//! A listing as clients write it: prices as decimal text, ids as text.

use crate::{licence::rules::LicenceRulesBody, views::TextView};
use app::Error;
use domain::{
    id::{DocumentId, PictureId},
    listing::{AccessType, Attribute, AttributeValue, Category, Delivery, ExtensionParameter, Listing, Sku, Specification, Support},
    money::{Currency, Money},
    package::{Package, Reset},
    period::ChargingMode,
    supervision::Flow,
    usage::{Meter, Tier},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ListingBody {
    /// How it is delivered: `saas`, which is meant when it is left out, `license_code`, `license_1x`, `license_online`,
    /// `license_identification`, `license_file`, `license_package`, `human_service`, `data_file`, `hardware` or `orchestration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_type: Option<String>,
    /// Joint operation with the platform.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub joint: bool,
    /// `saas` that is delivered under service supervision; the others are or are not by themselves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub supervised: bool,
    /// How what is supervised is delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryBody>,
    pub name: TextView,
    /// `office`, `storage`, `security`, `development`, `data_ai`, `industry`, `operations`, `communication`.
    pub category: Option<String>,
    /// Shown in lists, up to 120 characters.
    pub overview: TextView,
    /// Markdown, at least 400 characters.
    pub description: TextView,
    #[schema(max_items = 10)]
    pub highlights: Vec<TextView>,
    /// Id of a picture of the kind `logo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Ids of pictures of the kind `main`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 5)]
    pub pictures: Vec<String>,
    pub support: SupportBody,
    pub usage_guide: TextView,
    pub agreement: TextView,
    /// Id of an interface address; a licence by code needs none.
    pub interface_address: Option<String>,
    #[schema(max_items = 20)]
    pub specifications: Vec<SpecificationBody>,
    #[schema(max_items = 3)]
    pub extension_parameters: Vec<ExtensionBody>,
    /// What is passed to the seller with the buyer's consent: `mobile_phone`, `email`, `user_id`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 3)]
    pub personal_data: Vec<String>,
    /// No: not in shop and search.
    pub public_sale: Option<bool>,
}

/// Delivery under service supervision.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryBody {
    /// The acceptance criteria, shown on the product page and in the case.
    pub template: TextView,
    /// What the buyer is asked for before the seller begins.
    pub request: TextView,
    /// Id of a file that the buyer fills in, sent as a form of the seller's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_file: Option<String>,
    /// Calendar days in which it is delivered, 1 to 365.
    pub sla_days: Option<u16>,
    /// Human services: `standard`, `site_building` or `milestones`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// SaaS by interface 1.0: `newInstance` is called when the buyer has accepted, not at purchase.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub call_after_acceptance: bool,
}

fn delivery(body: DeliveryBody) -> Result<Delivery, Error> {
    let file = body.request_file.as_deref().filter(|f| !f.is_empty()).map(str::parse::<DocumentId>).transpose();
    Ok(Delivery {
        template: body.template.into(),
        request: body.request.into(),
        request_file: file.map_err(|e| Error::field("/delivery/request_file", "body.bad_field", e.to_string()))?,
        sla_days: body.sla_days,
        flow: body.flow.as_deref().filter(|f| !f.is_empty()).map_or(Ok(Flow::Standard), |f| word("/delivery/flow", f))?,
        call_after_acceptance: body.call_after_acceptance,
    })
}

impl DeliveryBody {
    pub fn of(delivery: &Delivery) -> Self {
        Self {
            template: delivery.template.clone().into(),
            request: delivery.request.clone().into(),
            request_file: delivery.request_file.map(|f| f.to_string()),
            sla_days: delivery.sla_days,
            flow: Some(delivery.flow.to_string()),
            call_after_acceptance: delivery.call_after_acceptance,
        }
    }
}

/// The four mandatory items.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SupportBody {
    pub service_time: String,
    pub service_content: String,
    pub hotline: String,
    pub mailbox: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpecificationBody {
    pub key: String,
    pub name: TextView,
    /// `PERIOD`, `ONE_TIME`, `ON_DEMAND` or `ON_DEMAND_PKG`.
    pub charging_mode: String,
    #[schema(max_items = 10)]
    pub attributes: Vec<AttributeBody>,
    #[schema(max_items = 100)]
    pub skus: Vec<SkuBody>,
    pub trial_days: Option<u16>,
    pub upgrade_allowed: bool,
    /// A renewal may choose another combination.
    pub renewal_change_allowed: bool,
    pub on_sale: Option<bool>,
    /// `ON_DEMAND`: what is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<MeterBody>,
    /// `ON_DEMAND_PKG`: what a package covers; how much is said by each SKU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageBody>,
    /// `license_code`: what the licence allows beyond its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<LicenceRulesBody>,
}

/// What packages of a specification cover.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PackageBody {
    /// Key of the specification of this product whose use is covered.
    pub of: String,
    /// When the whole quota is there again: `never` within a term, `hour`, `day`, `week`, `month` or `year`.
    pub reset: String,
    /// What exceeds the quota is not charged on demand: the package stops.
    pub stop_when_used_up: bool,
}

/// A billing factor with its billing item.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MeterBody {
    pub name: TextView,
    /// Such as GB or call.
    pub unit: TextView,
    /// `hour` or `day`: how often use is reported and charged.
    pub cycle: String,
    /// `fixed`, `tiered` (each slice at its own price) or `volume` (all at the tier that a record reaches).
    pub model: String,
    /// `day` or `month`: when tiers begin anew.
    pub accumulation: String,
}

/// A price per unit up to a quantity.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TierBody {
    /// Left out for the last tier.
    pub up_to: Option<String>,
    /// Up to six decimals, such as `0.000125`.
    pub price: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeBody {
    pub code: String,
    pub name: TextView,
    #[schema(max_items = 50)]
    pub values: Vec<ValueBody>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ValueBody {
    pub code: String,
    pub name: TextView,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SkuBody {
    /// Value codes joined by `/`; `-` without attributes.
    pub key: String,
    pub on_sale: Option<bool>,
    /// Price per month, such as `100.00`.
    pub month: Option<String>,
    pub year: Option<String>,
    pub once: Option<String>,
    /// `ON_DEMAND`: prices per unit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub tiers: Vec<TierBody>,
    /// `ON_DEMAND_PKG`: what a package contains, in units of the meter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExtensionBody {
    pub name: String,
    pub label: TextView,
    pub mandatory: bool,
}

fn price(pointer: &str, text: Option<&String>, currency: Currency) -> Result<Option<i64>, Error> {
    text.filter(|t| !t.is_empty())
        .map(|t| Money::parse(t, currency).map(|m| m.minor).map_err(|e| Error::field(pointer, "money.amount", e.to_string())))
        .transpose()
}

fn word<T: std::str::FromStr<Err = E>, E: std::fmt::Display>(pointer: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|e: E| Error::field(pointer, "body.bad_field", e.to_string()))
}

impl From<&Meter> for MeterBody {
    fn from(m: &Meter) -> Self {
        Self {
            name: m.name.clone().into(),
            unit: m.unit.clone().into(),
            cycle: m.cycle.to_string(),
            model: m.model.to_string(),
            accumulation: m.accumulation.to_string(),
        }
    }
}

impl From<&Tier> for TierBody {
    fn from(t: &Tier) -> Self {
        Self { up_to: t.up_to.map(|q| q.to_string()), price: t.price.to_string() }
    }
}

fn meter(at: &str, b: MeterBody) -> Result<Meter, Error> {
    let or = |text: String, usual: &str| if text.is_empty() { usual.to_owned() } else { text };
    Ok(Meter {
        name: b.name.into(),
        unit: b.unit.into(),
        cycle: word(&format!("{at}/cycle"), &or(b.cycle, "hour"))?,
        model: word(&format!("{at}/model"), &or(b.model, "fixed"))?,
        accumulation: word(&format!("{at}/accumulation"), &or(b.accumulation, "month"))?,
    })
}

fn package(at: &str, b: PackageBody) -> Result<Package, Error> {
    let reset = if b.reset.is_empty() { Reset::Never } else { word(&format!("{at}/reset"), &b.reset)? };
    Ok(Package { of: b.of, reset, stop_when_used_up: b.stop_when_used_up })
}

fn tier(at: &str, b: &TierBody) -> Result<Tier, Error> {
    let up_to = b.up_to.as_deref().filter(|t| !t.is_empty());
    Ok(Tier { up_to: up_to.map(|t| word(&format!("{at}/up_to"), t)).transpose()?, price: word(&format!("{at}/price"), &b.price)? })
}

fn sku(at: &str, b: SkuBody, currency: Currency) -> Result<Sku, Error> {
    Ok(Sku {
        month_minor: price(&format!("{at}/month"), b.month.as_ref(), currency)?,
        year_minor: price(&format!("{at}/year"), b.year.as_ref(), currency)?,
        once_minor: price(&format!("{at}/once"), b.once.as_ref(), currency)?,
        on_sale: b.on_sale.unwrap_or(true),
        tiers: b.tiers.iter().enumerate().map(|(i, t)| tier(&format!("{at}/tiers/{i}"), t)).collect::<Result<_, _>>()?,
        quota: b.quota.filter(|q| !q.is_empty()).map(|q| word(&format!("{at}/quota"), &q)).transpose()?,
        key: if b.key.is_empty() { "-".to_owned() } else { b.key },
    })
}

fn specification(at: &str, b: SpecificationBody, currency: Currency) -> Result<Specification, Error> {
    let charging_mode = Some(b.charging_mode).filter(|mode| !mode.is_empty());
    let charging_mode = charging_mode.map(|mode| word(&format!("{at}/charging_mode"), &mode)).transpose()?.unwrap_or(ChargingMode::Period);
    let attribute = |a: AttributeBody| Attribute {
        code: a.code,
        name: a.name.into(),
        values: a.values.into_iter().map(|v| AttributeValue { code: v.code, name: v.name.into() }).collect(),
    };
    Ok(Specification {
        key: b.key,
        name: b.name.into(),
        charging_mode,
        attributes: b.attributes.into_iter().map(attribute).collect(),
        skus: b.skus.into_iter().enumerate().map(|(i, s)| sku(&format!("{at}/skus/{i}"), s, currency)).collect::<Result<_, _>>()?,
        trial_days: b.trial_days,
        upgrade_allowed: b.upgrade_allowed,
        renewal_change_allowed: b.renewal_change_allowed,
        on_sale: b.on_sale.unwrap_or(true),
        meter: b.meter.map(|m| meter(&format!("{at}/meter"), m)).transpose()?,
        package: b.package.map(|p| package(&format!("{at}/package"), p)).transpose()?,
        licence: b.licence.map(|l| l.read(&format!("{at}/licence"))).transpose()?,
    })
}

fn picture(pointer: &str, text: &str) -> Result<PictureId, Error> {
    text.parse().map_err(|e: domain::id::BadId| Error::field(pointer, "body.bad_field", e.to_string()))
}

impl ListingBody {
    /// The listing in a site's currency.
    pub fn read(self, currency: Currency) -> Result<Listing, Error> {
        let category = self.category.as_deref().filter(|c| !c.is_empty()).map(str::parse::<Category>).transpose();
        let address = self.interface_address.as_deref().filter(|a| !a.is_empty()).map(str::parse).transpose();
        let (support, specs) = (self.support, self.specifications.into_iter().enumerate());
        let pictures = self.pictures.iter().enumerate().map(|(i, p)| picture(&format!("/pictures/{i}"), p));
        let extension = |e: ExtensionBody| ExtensionParameter { name: e.name, label: e.label.into(), mandatory: e.mandatory };
        let access = self.access_type.as_deref().filter(|a| !a.is_empty());
        Ok(Listing {
            access_type: access.map_or(Ok(AccessType::Saas), |a| word("/access_type", a))?,
            joint: self.joint,
            supervised: self.supervised,
            delivery: self.delivery.map(delivery).transpose()?,
            name: self.name.into(),
            category: category.map_err(|e| Error::field("/category", "body.bad_field", e.to_string()))?,
            overview: self.overview.into(),
            description: self.description.into(),
            highlights: self.highlights.into_iter().map(Into::into).collect(),
            logo: self.logo.as_deref().filter(|l| !l.is_empty()).map(|l| picture("/logo", l)).transpose()?,
            pictures: pictures.collect::<Result<_, _>>()?,
            support: Support {
                service_time: support.service_time,
                service_content: support.service_content,
                hotline: support.hotline,
                mailbox: support.mailbox,
            },
            usage_guide: self.usage_guide.into(),
            agreement: self.agreement.into(),
            interface_address: address
                .map_err(|e: domain::id::BadId| Error::field("/interface_address", "body.bad_field", e.to_string()))?,
            specifications: specs.map(|(i, s)| specification(&format!("/specifications/{i}"), s, currency)).collect::<Result<_, _>>()?,
            extension_parameters: self.extension_parameters.into_iter().map(extension).collect(),
            personal_data: self.personal_data.iter().map(|d| word("/personal_data", d)).collect::<Result<_, _>>()?,
            public_sale: self.public_sale,
        })
    }

    /// How clients see a listing.
    pub fn of(listing: &Listing, currency: Currency) -> Self {
        let text = |minor: Option<i64>| minor.map(|minor| currency.text(minor));
        let sku = |s: &Sku| SkuBody {
            key: s.key.clone(),
            on_sale: Some(s.on_sale),
            month: text(s.month_minor),
            year: text(s.year_minor),
            once: text(s.once_minor),
            tiers: s.tiers.iter().map(Into::into).collect(),
            quota: s.quota.map(|q| q.to_string()),
        };
        let attribute = |a: &Attribute| AttributeBody {
            code: a.code.clone(),
            name: a.name.clone().into(),
            values: a.values.iter().map(|v| ValueBody { code: v.code.clone(), name: v.name.clone().into() }).collect(),
        };
        let spec = |s: &Specification| SpecificationBody {
            key: s.key.clone(),
            name: s.name.clone().into(),
            charging_mode: s.charging_mode.to_string(),
            attributes: s.attributes.iter().map(attribute).collect(),
            skus: s.skus.iter().map(sku).collect(),
            trial_days: s.trial_days,
            upgrade_allowed: s.upgrade_allowed,
            renewal_change_allowed: s.renewal_change_allowed,
            on_sale: Some(s.on_sale),
            meter: s.meter.as_ref().map(Into::into),
            package: s.package.as_ref().map(|p| PackageBody {
                of: p.of.clone(),
                reset: p.reset.to_string(),
                stop_when_used_up: p.stop_when_used_up,
            }),
            licence: s.licence.as_ref().map(LicenceRulesBody::of),
        };
        let extension =
            |e: &ExtensionParameter| ExtensionBody { name: e.name.clone(), label: e.label.clone().into(), mandatory: e.mandatory };
        Self {
            access_type: Some(listing.access_type.to_string()),
            joint: listing.joint,
            supervised: listing.supervised,
            delivery: listing.delivery.as_ref().map(DeliveryBody::of),
            name: listing.name.clone().into(),
            category: listing.category.map(|c| c.to_string()),
            overview: listing.overview.clone().into(),
            description: listing.description.clone().into(),
            highlights: listing.highlights.iter().cloned().map(Into::into).collect(),
            logo: listing.logo.map(|l| l.to_string()),
            pictures: listing.pictures.iter().map(ToString::to_string).collect(),
            support: SupportBody {
                service_time: listing.support.service_time.clone(),
                service_content: listing.support.service_content.clone(),
                hotline: listing.support.hotline.clone(),
                mailbox: listing.support.mailbox.clone(),
            },
            usage_guide: listing.usage_guide.clone().into(),
            agreement: listing.agreement.clone().into(),
            interface_address: listing.interface_address.map(|a| a.to_string()),
            specifications: listing.specifications.iter().map(spec).collect(),
            extension_parameters: listing.extension_parameters.iter().map(extension).collect(),
            personal_data: listing.personal_data.iter().map(ToString::to_string).collect(),
            public_sale: listing.public_sale,
        }
    }
}
