//! Probes of products on sale.

use crate::{DbError, Key, Page, Tx, order::Tenant};
use db::{
    Run,
    schema::{probes, products},
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Text},
};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = probes)]
pub struct Probe {
    pub id: Key,
    pub product_id: Key,
    pub seller_id: Key,
    pub at: i64,
    pub day: String,
    pub passed: bool,
    pub cases: i64,
    pub failed_case: Option<String>,
    pub reason: Option<String>,
    pub duration_ms: i64,
    pub froze: bool,
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, probe: &Probe) -> Result<(), DbError> {
    diesel::insert_into(probes::table).values(probe).run(tx)?;
    Ok(())
}

/// Marks the probe that froze its product.
///
/// # Errors
/// [`DbError`].
pub fn froze(tx: &mut Tx, id: Key) -> Result<(), DbError> {
    diesel::update(probes::table.find(id)).set(probes::froze.eq(true)).run(tx)?;
    Ok(())
}

/// What the list of probes is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub product: Option<Key>,
    pub passed: Option<bool>,
}

/// A page of probes, newest first, each with the key of its product. Buyers see none.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, tenant: Tenant, filter: &Filter, page: Page) -> Result<Vec<(Probe, String)>, DbError> {
    let mut query = probes::table.inner_join(products::table.on(products::id.eq(probes::product_id))).into_boxed();
    query = match tenant {
        Tenant::Buyer(_) => return Ok(Vec::new()),
        Tenant::Seller(id) => query.filter(probes::seller_id.eq(id)),
        Tenant::Any => query,
    };
    if let Some(product) = filter.product {
        query = query.filter(probes::product_id.eq(product));
    }
    if let Some(passed) = filter.passed {
        query = query.filter(probes::passed.eq(passed));
    }
    Ok(newest_first!(query, page, probes::at, probes::id).select((Probe::as_select(), products::key)).load(tx)?)
}

/// A day of a product's probes.
#[derive(Debug, Clone, QueryableByName)]
pub struct Day {
    #[diesel(sql_type = Text)]
    pub day: String,
    #[diesel(sql_type = BigInt)]
    pub passed: i64,
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
}

/// The newest days of a product after a moment, newest first.
///
/// # Errors
/// [`DbError`].
pub fn any_days(tx: &mut Tx, product: Key, after: i64, limit: i64) -> Result<Vec<Day>, DbError> {
    let text = "SELECT day, CAST(SUM(CASE WHEN passed THEN 1 ELSE 0 END) AS BIGINT) AS passed, \
                CAST(SUM(CASE WHEN passed THEN 0 ELSE 1 END) AS BIGINT) AS failed \
                FROM probes WHERE product_id = $1 AND at > $2 GROUP BY day ORDER BY day DESC LIMIT $3";
    let found = sql_query(text).bind::<Binary, _>(product).bind::<BigInt, _>(after).bind::<BigInt, _>(limit).load(tx)?;
    Ok(found)
}

/// When probing froze a product last.
///
/// # Errors
/// [`DbError`].
pub fn any_last_freeze(tx: &mut Tx, product: Key) -> Result<Option<i64>, DbError> {
    let froze = probes::table.filter(probes::product_id.eq(product)).filter(probes::froze.eq(true));
    Ok(froze.order((probes::at.desc(), probes::id.desc())).select(probes::at).first(tx).optional()?)
}

/// The newest probe of a product.
///
/// # Errors
/// [`DbError`].
pub fn any_newest(tx: &mut Tx, product: Key) -> Result<Option<Probe>, DbError> {
    let own = probes::table.filter(probes::product_id.eq(product));
    Ok(own.order((probes::at.desc(), probes::id.desc())).select(Probe::as_select()).first(tx).optional()?)
}
