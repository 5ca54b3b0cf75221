//! On-demand packages: what was used in the time of each quota, and which record took it.

use crate::{DbError, Key, Moment, Tx, instance::Instance};
use db::{
    Lock, Run,
    schema::{instances, order_lines, package_draws, package_windows},
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary},
};

db::stored! {
    /// What a record took from a package.
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = package_draws)]
    pub struct Draw of package_draws {
        pub record_id: Key,
        pub instance_id: Key,
        pub window_at: Moment,
        pub quantity: i64,
    }
}

/// The packages of a product that a buyer has or had, in the order of purchase.
///
/// # Errors
/// [`DbError`].
pub fn of_buyer(tx: &mut Tx, buyer: Key, product: Key) -> Result<Vec<Instance>, DbError> {
    Ok(instances::table
        .inner_join(order_lines::table.on(order_lines::id.eq(instances::line_id)))
        .filter(instances::buyer_id.eq(buyer))
        .filter(instances::product_id.eq(product))
        .filter(instances::opened_at.is_not_null())
        .filter(order_lines::charging_mode.eq("ON_DEMAND_PKG"))
        .order((instances::created_at, instances::id))
        .select(Instance::as_select())
        .load(tx)?)
}

/// Lets the transactions that draw from a buyer's packages pass one at a time.
///
/// # Errors
/// [`DbError`].
pub fn hold(tx: &mut Tx, buyer: Key) -> Result<(), DbError> {
    db::dialect::one_at_a_time(tx, Lock::Packages, buyer)
}

/// What was used of a window, in ten-thousandths.
///
/// # Errors
/// [`DbError`].
pub fn any_used(tx: &mut Tx, package: Key, begin_at: Moment) -> Result<i64, DbError> {
    let there = package_windows::table.find((package, begin_at));
    Ok(there.select(package_windows::used).first(tx).optional()?.unwrap_or_default())
}

/// # Errors
/// [`DbError`].
pub fn set_used(tx: &mut Tx, package: Key, begin_at: Moment, used: i64) -> Result<(), DbError> {
    let there = package_windows::table.find((package, begin_at));
    if diesel::update(there).set(package_windows::used.eq(used)).run(tx)? == 0 {
        let row = (package_windows::instance_id.eq(package), package_windows::begin_at.eq(begin_at), package_windows::used.eq(used));
        diesel::insert_into(package_windows::table).values(row).run(tx)?;
    }
    Ok(())
}

/// What a record took.
///
/// # Errors
/// [`DbError`].
pub fn any_draws(tx: &mut Tx, record: Key) -> Result<Vec<Draw>, DbError> {
    Ok(package_draws::table.filter(package_draws::record_id.eq(record)).select(Draw::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn insert_draw(tx: &mut Tx, draw: &Draw) -> Result<(), DbError> {
    diesel::insert_into(package_draws::table).values(draw).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn remove_draws(tx: &mut Tx, record: Key) -> Result<(), DbError> {
    diesel::delete(package_draws::table.filter(package_draws::record_id.eq(record))).run(tx)?;
    Ok(())
}

#[derive(Debug, QueryableByName)]
pub struct Difference {
    #[diesel(sql_type = Binary)]
    pub instance_id: Key,
    #[diesel(sql_type = BigInt)]
    pub used: i64,
    #[diesel(sql_type = BigInt)]
    pub drawn: i64,
}

/// Windows of packages whose use is not what records took.
///
/// # Errors
/// [`DbError`].
pub fn any_differences(tx: &mut Tx) -> Result<Vec<Difference>, DbError> {
    let text = "SELECT instance_id, CAST(SUM(used) AS BIGINT) AS used, CAST(SUM(drawn) AS BIGINT) AS drawn
        FROM (SELECT instance_id, begin_at, used, 0 AS drawn FROM package_windows UNION ALL
              SELECT instance_id, window_at AS begin_at, 0 AS used, quantity AS drawn FROM package_draws) x
        GROUP BY instance_id, begin_at HAVING SUM(used) <> SUM(drawn) LIMIT 51";
    Ok(sql_query(text).load(tx)?)
}
