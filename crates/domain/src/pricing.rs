//! Prices: what a choice costs, and what an upgrade costs (`seller-domain 2.5`, `order-life 3`).

use crate::{
    listing::{Sku, Specification},
    money::{self, Currency, Money, MoneyError, round_fraction},
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
            .map(|m| Money::new(m, currency).times(i64::from(count).saturating_mul(12))?.times(quantity))
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

/// A payment for a term: its price, or what a change added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermPayment {
    pub amount_minor: i64,
    /// The whole site days that it was for: all of the term's for its price, those that were left for a change.
    pub days: i64,
}

/// A term as the price of a change sees it.
#[derive(Debug, Clone)]
pub struct PaidTerm {
    pub span: TermSpan,
    pub period: Period,
    pub payments: Vec<TermPayment>,
}

impl PaidTerm {
    /// What is left of the payments for the term when `days` whole days of it are to come: each payment counts by the
    /// days that it was for (`order-life 3`).
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn value_left(&self, days: i64) -> Result<i64, MoneyError> {
        money::sum(self.payments.iter().map(|p| round_fraction(p.amount_minor, days.min(p.days), p.days)))
    }
}

/// A change of what an instance is sold as.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    pub from: &'a Sku,
    pub to: &'a Sku,
    pub quantity: u32,
}

/// What a change adds to a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeFee {
    pub fee_minor: i64,
    /// The whole site days of the term that are to come: the fee is for these.
    pub days: i64,
}

impl Change<'_> {
    /// The fee of the change for each term: `round(new price × r / d) − value left`, never below 0, where `d` are the
    /// term's days and `r` those to come; nothing for a term that is over (`order-life 3`). At one moment a chain of
    /// changes, each dearer than the one before, costs what the direct change costs.
    ///
    /// # Errors
    /// [`PriceError`] when the new choice is not sold for a term's period.
    pub fn fees(&self, site: &Site, terms: &[PaidTerm], now: Timestamp) -> Result<Vec<ChangeFee>, PriceError> {
        terms.iter().map(|term| self.fee(site, term, now)).collect()
    }

    fn fee(&self, site: &Site, term: &PaidTerm, now: Timestamp) -> Result<ChangeFee, PriceError> {
        if term.span.end <= now {
            return Ok(ChangeFee { fee_minor: 0, days: 0 });
        }
        let (left, days) = (term::days_to_come(site, term.span, now), term::days(site, term.span));
        let full = full_price(self.to, term.period, self.quantity, site.currency)?;
        let fee = money::difference(round_fraction(full.minor, left, days), term.value_left(left)?)?;
        Ok(ChangeFee { fee_minor: fee.max(0), days: left })
    }

    /// Whether the new choice costs more than the old one for every term that is not over. A term's period for which the
    /// old choice has no price any more is compared with what was paid for the term.
    ///
    /// # Errors
    /// [`PriceError`] when the new choice is not sold for a term's period.
    pub fn is_dearer(&self, site: &Site, terms: &[PaidTerm], now: Timestamp) -> Result<bool, PriceError> {
        for term in terms.iter().filter(|t| t.span.end > now) {
            let new = full_price(self.to, term.period, self.quantity, site.currency)?;
            let old = match full_price(self.from, term.period, self.quantity, site.currency) {
                Ok(price) => price.minor,
                Err(PriceError::NotSoldPer(_)) => money::sum(term.payments.iter().map(|p| p.amount_minor))?,
                Err(e) => return Err(e),
            };
            if new.minor <= old {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn full_price(sku: &Sku, period: Period, quantity: u32, currency: Currency) -> Result<Money, PriceError> {
    Ok(Money::new(unit_price(sku, period.unit)?, currency).times(i64::from(period.count))?.times(i64::from(quantity))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{site::SiteCode, term::Anchor};
    use proptest::prelude::*;

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

    fn site() -> Site {
        Site::of(SiteCode::Cn)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Terms one after the other from 5 January 2026, each paid with the price.
    fn terms(periods: &[&str], price: &Sku) -> Vec<PaidTerm> {
        let (site, mut start) = (site(), at("2026-01-05T02:00:00Z"));
        let mut anchor = Anchor::first(site.day_of(start));
        let paid = |period: &&str| {
            let period: Period = period.parse().unwrap();
            let span = term::term(&site, start, anchor, period);
            (start, anchor) = (span.end, Anchor::after(&site, span.end, 5));
            let amount_minor = full_price(price, period, 1, site.currency).unwrap().minor;
            PaidTerm { span, period, payments: vec![TermPayment { amount_minor, days: term::days(&site, span) }] }
        };
        periods.iter().map(paid).collect()
    }

    fn fees(terms: &[PaidTerm], from: &Sku, to: &Sku, now: Timestamp) -> Vec<i64> {
        let change = Change { from, to, quantity: 1 };
        change.fees(&site(), terms, now).unwrap().iter().map(|f| f.fee_minor).collect()
    }

    /// Makes the changes one after the other at one moment; the fees together.
    fn chained(terms: &mut [PaidTerm], skus: &[Sku], now: Timestamp) -> i64 {
        let mut sum = 0;
        for pair in skus.windows(2) {
            let fees = Change { from: &pair[0], to: &pair[1], quantity: 1 }.fees(&site(), terms, now).unwrap();
            for (term, fee) in terms.iter_mut().zip(fees) {
                sum += fee.fee_minor;
                term.payments.push(TermPayment { amount_minor: fee.fee_minor, days: fee.days });
            }
        }
        sum
    }

    #[test]
    fn an_upgrade_on_the_first_day_costs_the_difference_and_on_the_last_nothing() {
        let (old, new) = (sku(10_000, 100_000), sku(20_000, 200_000));
        let terms = terms(&["1m"], &old);
        let (start, end) = (terms[0].span.start, terms[0].span.end);
        assert_eq!(fees(&terms, &old, &new, start), [10_000]);
        assert_eq!(fees(&terms, &old, &new, term::shown_end(end)), [0]);
        assert_eq!(fees(&terms, &old, &new, end), [0]);
        // 31 days, 16 of them to come on 20 January: 20000×16/31 = 10323 (10322.58), 10000×16/31 = 5161 (5161.29).
        assert_eq!(fees(&terms, &old, &new, at("2026-01-20T02:00:00Z")), [5_162]);
        assert_eq!(fees(&terms, &old, &sku(5_000, 1), start), [0]);
    }

    #[test]
    fn a_detour_over_another_combination_costs_what_the_direct_way_costs() {
        let (basic, more, pro) = (sku(10_000, 100_000), sku(17_000, 170_000), sku(22_000, 220_000));
        let now = at("2026-01-20T02:00:00Z");
        let direct = chained(&mut terms(&["1m"], &basic), &[basic.clone(), pro.clone()], now);
        assert_eq!((direct, chained(&mut terms(&["1m"], &basic), &[basic.clone(), more, pro], now)), (6_194, 6_194));
    }

    #[test]
    fn a_choice_is_dearer_when_it_costs_more_for_every_term_to_come() {
        let (old, now) = (sku(10_000, 100_000), at("2026-01-20T02:00:00Z"));
        let dearer = |periods: &[&str], from: &Sku, to: &Sku| {
            Change { from, to, quantity: 1 }.is_dearer(&site(), &terms(periods, &old), now).unwrap()
        };
        assert!(dearer(&["1m", "1y"], &old, &sku(10_001, 100_001)));
        assert!(!dearer(&["1m", "1y"], &old, &sku(20_000, 100_000)), "the year to come would cost the same");
        assert!(!dearer(&["1m"], &old, &sku(10_000, 200_000)), "only months were bought");
        let withdrawn = Sku { month_minor: None, ..old.clone() };
        assert!(dearer(&["1m"], &withdrawn, &sku(10_001, 1)) && !dearer(&["1m"], &withdrawn, &sku(10_000, 1)));
        let unsold = Sku { month_minor: None, ..old.clone() };
        let refused = Change { from: &old, to: &unsold, quantity: 1 }.is_dearer(&site(), &terms(&["1m"], &old), now);
        assert_eq!(refused, Err(PriceError::NotSoldPer(PeriodUnit::Month)));
    }

    proptest! {
        /// Any chain of dearer choices, over any terms, at any moment.
        #[test]
        fn at_one_moment_the_way_does_not_matter(
            steps in proptest::collection::vec((1i64..50_000_000, 1i64..500_000_000), 2..7),
            periods in proptest::collection::vec(proptest::sample::select(vec!["1m", "3m", "12m", "1y", "2y", "36m"]), 1..4),
            hours in -24i64..40_000,
            cents in (0i64..5_000_000, 0i64..50_000_000),
        ) {
            let mut skus = vec![sku(cents.0, cents.1)];
            for (month, year) in steps {
                let last = skus.last().unwrap();
                skus.push(sku(last.month_minor.unwrap() + month, last.year_minor.unwrap() + year));
            }
            let now = at("2026-01-05T02:00:00Z") + jiff::SignedDuration::from_hours(hours);
            let (first, last) = (skus[0].clone(), skus.last().unwrap().clone());
            let direct = chained(&mut terms(&periods, &first), &[first.clone(), last], now);
            prop_assert_eq!(chained(&mut terms(&periods, &first), &skus, now), direct);
        }

        /// Over several moments the value of a term is kept to one minor unit for each payment.
        #[test]
        fn over_several_moments_a_change_differs_by_one_minor_unit_at_most(
            steps in proptest::collection::vec((1i64..5_000_000, 0i64..90), 1..8),
        ) {
            let first = sku(12_345, 123_456);
            let mut paid = terms(&["12m"], &first);
            let (mut old, mut now, mut changes) = (first, paid[0].span.start, 0);
            for (more, days) in steps {
                let new = sku(old.month_minor.unwrap() + more, 1);
                now += jiff::SignedDuration::from_hours(24 * days);
                if now >= paid[0].span.end { break; }
                chained(&mut paid, &[old, new.clone()], now);
                (old, changes) = (new, changes + 1);
                let left = term::days_to_come(&site(), paid[0].span, now);
                let exact = round_fraction(12 * old.month_minor.unwrap(), left, term::days(&site(), paid[0].span));
                prop_assert!((paid[0].value_left(left).unwrap() - exact).abs() <= changes);
            }
        }
    }
}
