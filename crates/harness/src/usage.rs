//! Use that sellers report, and what it comes to.

use crate::{Bought, Market, at, choice, listing};
use app::{
    Caller,
    order::Choice,
    usage::{self, Metered},
};
use db::Key;
use domain::{
    Timestamp,
    listing::{AccessType, Listing, Sku},
    period::ChargingMode,
    usage::{Accumulation, BillingCycle, Meter, PriceModel, Tier},
};
use jiff::SignedDuration;
use std::sync::Arc;
use store::{Page, usage as rows};
use wire::open_api::usage::Record;

/// A listing that is billed by the hour at a price of each unit, such as `"0.01"`, counted over a month.
///
/// # Panics
/// When the text is no price.
#[must_use]
pub fn on_demand(price: &str) -> Listing {
    let mut made = listing(AccessType::Saas);
    let standard = &mut made.specifications[0];
    let name = standard.name.clone();
    let (cycle, model, accumulation) = (BillingCycle::Hour, PriceModel::Fixed, Accumulation::Month);
    standard.charging_mode = ChargingMode::OnDemand;
    standard.meter = Some(Meter { name: name.clone(), unit: name, cycle, model, accumulation });
    let tiers = vec![Tier { up_to: None, price: price.parse().expect("a price of a unit") }];
    standard.skus = vec![Sku { tiers, ..Sku::default() }];
    made
}

/// A package of `transcribe` that resets by the month, of size `s` or `m`.
#[must_use]
pub fn pack(size: &str, period: &str) -> Choice {
    Choice { specification: "pack".to_owned(), sku: Some(size.to_owned()), ..choice("transcribe", period) }
}

/// A package of `transcribe` for a year that stops when it is used up.
#[must_use]
pub fn stopping_pack() -> Choice {
    Choice { specification: "once".to_owned(), ..choice("transcribe", "1y") }
}

impl Market {
    /// A record of an hour, such as of the one that begins at `2024-01-05T03` UTC, with a name of its own.
    ///
    /// # Panics
    /// When the instance is not open, or the text is no hour.
    #[must_use]
    pub fn record(&self, of: &Bought, hour: &str, value: &str, sn: &str) -> Record {
        let begin = at(&format!("{hour}:00:00Z"));
        let stamp = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
        let end = stamp(begin + SignedDuration::from_hours(1));
        Record {
            instance_id: self.sellers_id(of),
            record_time: end.clone(),
            begin_time: stamp(begin),
            end_time: end,
            usage_value: value.to_owned(),
            metering_sn: Some(sn.to_owned()),
            ..Record::default()
        }
    }

    /// What the seller calls an instance.
    ///
    /// # Panics
    /// When the seller has not opened it.
    #[must_use]
    pub fn sellers_id(&self, of: &Bought) -> String {
        self.instance(of.instance).seller_instance_id.expect("an instance that the seller opened")
    }

    /// Pushes records as a seller; they are judged before this returns.
    ///
    /// # Panics
    /// When the push is refused as a whole.
    #[track_caller]
    pub fn push(&self, seller: &Arc<Caller>, records: &[Record]) {
        self.ok(seller, |tx, ctx| usage::receive(tx, ctx, seller, None, records));
        self.settle();
    }

    /// The records that a seller pushed, newest first.
    #[must_use]
    pub fn records(&self, seller: &Caller) -> Vec<rows::Record> {
        let seller = Key::of(seller.account_id);
        self.read(|tx, _| Ok(rows::records(tx, Some(seller), &rows::Filter::default(), Page::first(200))?))
    }

    /// The newest record of a name.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn record_named(&self, sn: &str) -> rows::Record {
        let filter = rows::Filter { metering_sn: Some(sn.to_owned()), ..rows::Filter::default() };
        let found = self.read(|tx, _| Ok(rows::records(tx, None, &filter, Page::first(200))?)).into_iter().next();
        found.unwrap_or_else(|| panic!("no record is called {sn}"))
    }

    /// Why the newest record of a name was refused; empty when it was not.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn reason(&self, sn: &str) -> String {
        self.record_named(sn).reason.unwrap_or_default()
    }

    /// What an on-demand instance used and what it cost.
    ///
    /// # Panics
    /// When it is not billed by use.
    #[track_caller]
    #[must_use]
    pub fn metered(&self, of: &Bought) -> Metered {
        let found = self.instance(of.instance);
        self.read(|tx, ctx| usage::metered(tx, ctx, &found))
    }

    /// What is left of a package now, such as `"300"`.
    ///
    /// # Panics
    /// When it is none, or its term has not begun or is over.
    #[track_caller]
    #[must_use]
    pub fn left(&self, package: &Bought) -> String {
        let found = self.instance(package.instance);
        let (window, used) = self.read(|tx, ctx| usage::left(tx, ctx, &found)).window.expect("a package in its term");
        domain::usage::Quantity((window.quota.0 - used.0).max(0)).to_string()
    }
}
