//! Instances that are renewed automatically.

use crate::{DbError, Key, Moment, Tx, Written};
use db::{Run, schema::auto_renewals};
use diesel::prelude::*;
use domain::period::Period;

db::stored! {
    #[derive(Debug, Clone, Selectable)]
    #[diesel(table_name = auto_renewals)]
    pub struct AutoRenewal of auto_renewals {
        pub instance_id: Key,
        pub period: Period,
        pub user_id: Key,
        pub since: Moment,
        /// What a term may cost at most without the buyer's consent: the last price.
        pub price_minor: i64,
        /// The month in which it was renewed because it was used up, such as `2026-03`; empty before.
        pub used_up_month: String,
    }
}

/// # Errors
/// [`DbError`].
pub fn of_instance(tx: &mut Tx, instance: Key) -> Result<Option<AutoRenewal>, DbError> {
    Ok(auto_renewals::table.find(instance).select(AutoRenewal::as_select()).first(tx).optional()?)
}

/// Switches it on, or changes it.
///
/// # Errors
/// [`DbError`].
pub fn put(tx: &mut Tx, row: &AutoRenewal) -> Result<(), DbError> {
    let own = auto_renewals::table.find(row.instance_id);
    let change = (
        auto_renewals::period.eq(row.period.to_string()),
        auto_renewals::user_id.eq(row.user_id),
        auto_renewals::since.eq(row.since),
        auto_renewals::price_minor.eq(row.price_minor),
        auto_renewals::used_up_month.eq(row.used_up_month.clone()),
    );
    if diesel::update(own).set(change.clone()).run(tx)? == 0 {
        let new = (auto_renewals::instance_id.eq(row.instance_id), change);
        diesel::insert_into(auto_renewals::table).values(new).run(tx)?;
    }
    Ok(())
}

/// Sets the last price.
///
/// # Errors
/// [`DbError`].
pub fn set_price(tx: &mut Tx, instance: Key, minor: i64) -> Result<(), DbError> {
    diesel::update(auto_renewals::table.find(instance)).set(auto_renewals::price_minor.eq(minor)).run(tx)?;
    Ok(())
}

/// It was renewed in a month because it was used up.
///
/// # Errors
/// [`DbError`].
pub fn set_used_up_month(tx: &mut Tx, instance: Key, month: &str) -> Result<(), DbError> {
    diesel::update(auto_renewals::table.find(instance)).set(auto_renewals::used_up_month.eq(month)).run(tx)?;
    Ok(())
}

/// Switches it off; says whether it was on.
///
/// # Errors
/// [`DbError`].
pub fn remove(tx: &mut Tx, instance: Key) -> Result<Written, DbError> {
    Ok(Written::from_rows(diesel::delete(auto_renewals::table.find(instance)).run(tx)?))
}
