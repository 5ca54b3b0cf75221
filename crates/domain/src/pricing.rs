//! Prices: what a choice costs, and what an upgrade costs (`seller-domain 2.5`, `order-life 3`).

use crate::{
    listing::{Sku, Specification},
    money::{Currency, Money, MoneyError, round_fraction},
    period::{ChargingMode, Period, PeriodUnit},
    site::Site,
    term::{self, TermSpan},
};
use jiff::Timestamp;

/// The most that can be bought on one line.
pub const QUANTITY_MAX: u32 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    #[error("the specification is sold once, without a period; leave the period out")]
    PeriodNotWanted,
    #[error("the specification is sold by period; choose one, such as 1m or 1y")]
    PeriodMissing,
    #[error("what is billed by use is ordered once; leave period and quantity out")]
    ByUse,
    #[error("the chosen combination is not sold per {0}")]
    NotSoldPer(PeriodUnit),
    #[error("the chosen combination is not on sale")]
    NotOnSale,
    #[error("the specification offers no trial")]
    NoTrial,
    #[error("the quantity must be between 1 and {QUANTITY_MAX}")]
    Quantity,
    #[error(transparent)]
    Amount(#[from] MoneyError),
}

/// How a price came about: unit price × units × quantity, and what the same time costs by the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub unit: Money,
    pub units: i64,
    pub quantity: i64,
    pub total: Money,
    /// The same time at the monthly price, when both prices exist and the yearly one was chosen.
    pub by_month: Option<Money>,
}

/// What a choice costs. Months cost the monthly price, years the yearly one.
///
/// # Errors
/// [`PriceError`], naming what cannot be bought.
pub fn price(spec: &Specification, sku: &Sku, period: Option<Period>, quantity: u32, currency: Currency) -> Result<Price, PriceError> {
    if quantity == 0 || quantity > QUANTITY_MAX {
        return Err(PriceError::Quantity);
    }
    if !sku.on_sale {
        return Err(PriceError::NotOnSale);
    }
    let (unit, units) = match (spec.charging_mode, period) {
        (ChargingMode::OnDemand, Some(_)) => return Err(PriceError::ByUse),
        (ChargingMode::OnDemand, None) if quantity != 1 => return Err(PriceError::ByUse),
        // Nothing is paid for the order; what is used is charged.
        (ChargingMode::OnDemand, None) => (0, 1),
        (ChargingMode::OneTime, Some(_)) => return Err(PriceError::PeriodNotWanted),
        (ChargingMode::Period | ChargingMode::OnDemandPackage, None) => return Err(PriceError::PeriodMissing),
        (ChargingMode::OneTime, None) => (sku.once_minor.ok_or(PriceError::NotOnSale)?, 1),
        (ChargingMode::Period | ChargingMode::OnDemandPackage, Some(period)) => (unit_price(sku, period.unit)?, i64::from(period.count)),
    };
    let quantity = i64::from(quantity);
    let unit = Money::new(unit, currency);
    let total = unit.times(units)?.times(quantity)?;
    let by_month = match period {
        Some(Period { unit: PeriodUnit::Year, count }) => sku
            .month_minor
            .map(|m| Money::new(m, currency).times(i64::from(count) * 12)?.times(quantity))
            .transpose()?
            .filter(|m| m.minor > total.minor),
        _ => None,
    };
    Ok(Price { unit, units, quantity, total, by_month })
}

fn unit_price(sku: &Sku, unit: PeriodUnit) -> Result<i64, PriceError> {
    let price = match unit {
        PeriodUnit::Month => sku.month_minor,
        PeriodUnit::Year => sku.year_minor,
        PeriodUnit::Day => None,
    };
    price.ok_or(PriceError::NotSoldPer(unit))
}

/// A term as the upgrade fee sees it.
#[derive(Debug, Clone, Copy)]
pub struct PaidTerm {
    pub span: TermSpan,
    pub period: Period,
    /// What was paid for the term so far, former upgrades included.
    pub paid_minor: i64,
}

/// The fee of an upgrade: for each term that is not over,
/// `round(new price × r / d) − round(paid × r / d)`, never below 0 (`order-life 3`).
///
/// # Errors
/// [`PriceError`] when the new choice is not sold for a term's period.
pub fn upgrade_fee(site: &Site, terms: &[PaidTerm], new: &Sku, quantity: u32, now: Timestamp) -> Result<Vec<i64>, PriceError> {
    terms
        .iter()
        .map(|paid| {
            if paid.span.end <= now {
                return Ok(0);
            }
            let full = Money::new(unit_price(new, paid.period.unit)?, site.currency)
                .times(i64::from(paid.period.count))?
                .times(i64::from(quantity))?;
            let (r, d) = (term::days_to_come(site, paid.span, now), term::days(site, paid.span));
            Ok((round_fraction(full.minor, r, d) - round_fraction(paid.paid_minor, r, d)).max(0))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{site::SiteCode, term::Anchor};

    fn sku(month: i64, year: i64) -> Sku {
        Sku { month_minor: Some(month), year_minor: Some(year), ..Sku::default() }
    }

    fn spec() -> Specification {
        Specification { charging_mode: ChargingMode::Period, ..Specification::default() }
    }

    fn total(period: &str, quantity: u32) -> Result<i64, PriceError> {
        price(&spec(), &sku(10_000, 100_000), Some(period.parse().unwrap()), quantity, Currency::Cny).map(|p| p.total.minor)
    }

    #[test]
    fn months_cost_the_monthly_price_and_years_the_yearly_one() {
        assert_eq!(total("1m", 1), Ok(10_000));
        assert_eq!(total("12m", 1), Ok(120_000));
        assert_eq!(total("1y", 1), Ok(100_000));
        assert_eq!(total("1y", 3), Ok(300_000));
        assert_eq!(total("7d", 1), Err(PriceError::NotSoldPer(PeriodUnit::Day)));
        assert_eq!(total("1m", 0), Err(PriceError::Quantity));
        assert_eq!(total("1m", 1_001), Err(PriceError::Quantity));
    }

    #[test]
    fn the_saving_of_a_year_is_shown() {
        let year = price(&spec(), &sku(10_000, 100_000), Some("1y".parse().unwrap()), 1, Currency::Cny).unwrap();
        assert_eq!(year.by_month, Some(Money::new(120_000, Currency::Cny)));
    }

    #[test]
    fn an_upgrade_on_the_first_day_costs_the_difference_and_on_the_last_nothing() {
        let site = Site::of(SiteCode::Cn);
        let start: Timestamp = "2026-01-05T02:00:00Z".parse().unwrap();
        let period: Period = "1m".parse().unwrap();
        let span = term::term(&site, start, Anchor::first(site.day_of(start)), period);
        let terms = [PaidTerm { span, period, paid_minor: 10_000 }];
        let fee = |now| upgrade_fee(&site, &terms, &sku(20_000, 1), 1, now).unwrap();
        assert_eq!(fee(start), [10_000]);
        assert_eq!(fee(term::shown_end(span.end)), [0]);
        assert_eq!(fee(span.end), [0]);
        // 31 days, 16 of them to come on 20 January: 20000×16/31 = 10323 (10322.58), 10000×16/31 = 5161 (5161.29).
        assert_eq!(fee("2026-01-20T02:00:00Z".parse().unwrap()), [5_162]);
        assert_eq!(upgrade_fee(&site, &terms, &sku(5_000, 1), 1, start).unwrap(), [0]);
    }
}
