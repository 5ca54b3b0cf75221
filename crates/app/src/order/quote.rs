//! What a choice costs and whether this buyer may have it.

use super::{Sold, shown};
use crate::{Caller, Ctx, Error, catalogue};
use db::{Key, Tx};
use domain::{
    Timestamp,
    listing::{Listing, Sku, Specification},
    money::Money,
    order::OrderKind,
    period::{ChargingMode, Period, PeriodUnit},
    pricing::{self, Price, PriceError},
    site::Site,
    term::{self, Anchor},
};
use std::sync::Arc;
use store::{product::Listed, trial};

/// What a buyer chooses.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Id or key.
    pub product: String,
    pub specification: String,
    /// The SKU's key; may be left out when there is one.
    pub sku: Option<String>,
    pub period: Option<Period>,
    pub quantity: u32,
    pub trial: bool,
}

/// An answer to a choice.
#[derive(Debug, Clone)]
pub struct Quote {
    pub listed: Listed,
    pub listing: Arc<Listing>,
    pub specification: Specification,
    pub sku: Sku,
    pub site: Site,
    pub kind: OrderKind,
    pub period: Option<Period>,
    pub quantity: u32,
    pub price: Price,
    /// When the term would end if it were opened now; shown end.
    pub ends_at: Option<Timestamp>,
}

/// The refusal for a price that cannot be had, at the field that is wrong.
pub(super) fn price_refused(e: &PriceError) -> Error {
    let (pointer, code) = match e {
        PriceError::PeriodNotWanted => ("/period", "price.period_not_wanted"),
        PriceError::ByUse => ("/period", "price.by_use"),
        PriceError::PeriodMissing => ("/period", "price.period_missing"),
        PriceError::NotSoldPer(_) => ("/period", "price.not_sold_per"),
        PriceError::NotOnSale => ("/sku", "price.not_on_sale"),
        PriceError::NoTrial => ("/trial", "price.no_trial"),
        PriceError::Quantity => ("/quantity", "price.quantity"),
        PriceError::Amount(_) => ("/quantity", "price.too_large"),
    };
    Error::field(pointer, code, e.to_string())
}

fn chosen_sku<'a>(spec: &'a Specification, sku: Option<&str>) -> Result<&'a Sku, Error> {
    match sku {
        Some(key) => spec.sku(key).ok_or_else(|| Error::field("/sku", "sku.not_found", format!("there is no combination {key}"))),
        None => {
            let mut on_sale = spec.skus.iter().filter(|s| s.on_sale);
            match (on_sale.next(), on_sale.next()) {
                (Some(only), None) => Ok(only),
                _ => {
                    let keys: Vec<&str> = spec.skus.iter().map(|s| s.key.as_str()).collect();
                    Err(Error::field("/sku", "sku.missing", format!("choose one of {}", keys.join(", "))))
                }
            }
        }
    }
}

/// Works out a choice for a site; `buyer` is checked when there is one.
///
/// # Errors
/// `product.not_found`, `product.not_on_sale`, `specification.not_found`, `sku.…`, `price.…`,
/// `trial.had_one`, `site.other`, `order.in_arrears`.
pub fn quote(tx: &mut Tx, ctx: &Ctx, buyer: Option<&Caller>, site: &Site, choice: &Choice) -> Result<Quote, Error> {
    let (listed, listing) = catalogue::find(tx, ctx, site.code.as_str(), &choice.product)?;
    if !listed.product.visibility.buyable() {
        return Err(Error::conflict("product.not_on_sale", format!("the product is {}", listed.product.visibility)));
    }
    let product_site = ctx.site(listed.product.site);
    if let Some(buyer) = buyer
        && buyer.site != product_site.code
    {
        let detail = format!("your account is of site {}; this product is sold at {}", buyer.site, product_site.code);
        return Err(Error::conflict("site.other", detail));
    }
    let spec = listing.specification(&choice.specification).filter(|s| s.on_sale).cloned().ok_or_else(|| {
        let keys: Vec<&str> = listing.specifications.iter().map(|s| s.key.as_str()).collect();
        let detail = format!("there is no specification {}; choose one of {}", choice.specification, keys.join(", "));
        Error::field("/specification", "specification.not_found", detail)
    })?;
    let sku = chosen_sku(&spec, choice.sku.as_deref())?.clone();
    if spec.charging_mode == ChargingMode::OnDemand {
        refuse_in_arrears(tx, buyer, &product_site)?;
    }
    let (kind, period, price) = if choice.trial {
        let days = spec.trial_days.ok_or_else(|| price_refused(&PriceError::NoTrial))?;
        refuse_second_trial(tx, buyer, listed.product.id, &spec.key)?;
        let period = Period::new(days, PeriodUnit::Day).map_err(|e| Error::row("listing_revisions", &spec.key, e))?;
        let zero = Money::zero(product_site.currency);
        let price = Price { unit: zero, units: 1, quantity: 1, total: zero, by_month: None };
        (OrderKind::Trial, Some(period), price)
    } else {
        let price = pricing::price(&spec, &sku, choice.period, choice.quantity, product_site.currency).map_err(|e| price_refused(&e))?;
        (OrderKind::New, choice.period, price)
    };
    let ends_at = period.map(|p| estimate(&product_site, ctx.now, p));
    let quantity = if choice.trial { 1 } else { choice.quantity };
    Ok(Quote { listed, listing, specification: spec, sku, site: product_site, kind, period, quantity, price, ends_at })
}

fn refuse_second_trial(tx: &mut Tx, buyer: Option<&Caller>, product: Key, spec: &str) -> Result<(), Error> {
    if let Some(buyer) = buyer
        && trial::had(tx, Key::of(buyer.account_id), product, spec)?
    {
        return Err(Error::conflict("trial.had_one", "you had a trial of this specification; one is given per buyer"));
    }
    Ok(())
}

/// Nothing is asked of a wallet when use is opened, so who owes for use pays first (our own rule).
fn refuse_in_arrears(tx: &mut Tx, buyer: Option<&Caller>, site: &Site) -> Result<(), Error> {
    let Some(buyer) = buyer else { return Ok(()) };
    let due = store::usage::due_of_buyer(tx, Key::of(buyer.account_id))?;
    if due > 0 {
        let owed = Money::new(due, site.currency);
        let detail = format!("you owe {owed} for use; top up your wallet, it is paid at once, and order again");
        return Err(Error::conflict("order.in_arrears", detail));
    }
    Ok(())
}

/// The end of a period if it began at a moment: an estimate before opening (`order-life 1`).
pub(crate) fn estimate(site: &Site, start: Timestamp, period: Period) -> Timestamp {
    term::shown_end(term::term(site, start, Anchor::first(site.day_of(start)), period).end)
}

impl Quote {
    /// The copy that goes on the order line.
    #[must_use]
    pub fn sold(&self, inputs: Vec<super::Input>) -> Sold {
        let (product, spec, sku) = (&self.listed.product, &self.specification, &self.sku);
        Sold {
            access_type: self.listing.access_type,
            supervised: self.listing.is_supervised(),
            product_key: product.key.clone(),
            product_name: self.listing.name.clone(),
            specification_name: spec.name.clone(),
            sku_name: domain::listing::Bilingual { zh: spec.sku_name(&sku.key, "zh"), en: spec.sku_name(&sku.key, "en") },
            seller_name: self.listed.seller_name.clone(),
            support: self.listing.support.clone(),
            unit_minor: self.price.unit.minor,
            units: self.price.units,
            by_month_minor: self.price.by_month.map(|m| m.minor),
            sku_code: catalogue::sku_code(product.id, spec, &sku.key),
            wire_product_id: catalogue::wire_product_id(product.id, &spec.key, &sku.key, self.period.map(|p| p.unit)),
            inputs,
            personal: None,
            shipping: None,
            term_fees: Vec::new(),
            renewal: None,
            asked: false,
            changed_from: None,
            changed_from_name: None,
        }
    }

    /// The version of the price, by which an order says what was seen.
    #[must_use]
    pub fn version(&self) -> String {
        shown::version_of(self.price.total, None, shown::by_use(&self.specification, &self.sku))
    }

    #[must_use]
    pub fn charging_mode(&self) -> ChargingMode {
        self.specification.charging_mode
    }
}
