//! Licences by authorisation code, and who used them day by day.

use crate::{DbError, Key, Locked, Moment, Page, Tx, Written, instance::Instance, legible, order::Tenant};
use db::{
    Run,
    schema::{instances, licence_clients, licence_days, licences},
};
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

db::stored! {
    /// A code. Without an instance it is a test code.
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = licences)]
    pub struct Licence of licences {
        pub id: Key,
        pub code: String,
        pub seller_id: Key,
        pub buyer_id: Option<Key>,
        pub product_id: Option<Key>,
        pub instance_id: Option<Key>,
        pub order_line: Option<String>,
        pub issued_at: Moment,
        pub ordered_at: Moment,
        pub activated_at: Option<Moment>,
        pub real_effect_at: Option<Moment>,
        pub queried_at: Option<Moment>,
        /// When the buyer took the code.
        pub shown_at: Option<Moment>,
        /// Until when files that were signed are good, of the terms that are paid.
        pub file_until: Option<Moment>,
    }
}

/// Active clients of a licence on a day.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = licence_days)]
pub struct Day {
    pub day: String,
    pub clients: i64,
    pub reported: i64,
}

/// A new instance with its code.
///
/// # Errors
/// [`DbError`]; a unique violation for a second instance of a line, or a code that exists.
pub fn insert_with_instance(tx: &mut Tx, instance: Instance, licence: &Licence) -> Result<Locked<Instance>, DbError> {
    let row = diesel::insert_into(instances::table).values(&instance);
    db::together(tx, &[&row, &diesel::insert_into(licences::table).values(licence)])?;
    db::made(db::Lock::Instance, instance.id);
    Ok(Locked::new(instance))
}

/// # Errors
/// [`DbError`]; a unique violation for a code that exists.
pub fn insert(tx: &mut Tx, licence: &Licence) -> Result<(), DbError> {
    diesel::insert_into(licences::table).values(licence).run(tx)?;
    Ok(())
}

fn scoped(tenant: Tenant) -> licences::BoxedQuery<'static, db::Backend> {
    let query = licences::table.into_boxed();
    match tenant {
        Tenant::Buyer(id) => query.filter(licences::buyer_id.eq(id)),
        Tenant::Seller(id) => query.filter(licences::seller_id.eq(id)),
        Tenant::Any => query,
    }
}

/// The licence of a code.
///
/// # Errors
/// [`DbError`].
pub fn by_code(tx: &mut Tx, tenant: Tenant, code: &str) -> Result<Option<Licence>, DbError> {
    Ok(scoped(tenant).filter(licences::code.eq(code.to_owned())).select(Licence::as_select()).first(tx).optional()?)
}

/// Those of a seller's codes that exist, test codes among them.
///
/// # Errors
/// [`DbError`].
pub fn by_codes(tx: &mut Tx, seller: Key, codes: &[String]) -> Result<Vec<Licence>, DbError> {
    let own = licences::table.filter(licences::seller_id.eq(seller)).filter(licences::code.eq_any(codes.to_vec()));
    Ok(own.select(Licence::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn of_instance(tx: &mut Tx, instance: Key) -> Result<Option<Licence>, DbError> {
    Ok(licences::table.filter(licences::instance_id.eq(instance)).select(Licence::as_select()).first(tx).optional()?)
}

/// A page of purchased licences with their instances, newest first.
///
/// # Errors
/// [`DbError`].
pub fn list(
    tx: &mut Tx,
    tenant: Tenant,
    product: Option<Key>,
    code: Option<&str>,
    page: Page,
) -> Result<Vec<(Licence, Instance)>, DbError> {
    let place = |(licence, _): &(Licence, Instance)| (licence.issued_at.micros(), licence.id);
    let read = |page: Page| {
        let mut query = licences::table.inner_join(instances::table.on(licences::instance_id.eq(instances::id.nullable()))).into_boxed();
        query = match tenant {
            Tenant::Buyer(id) => query.filter(licences::buyer_id.eq(id)),
            Tenant::Seller(id) => query.filter(licences::seller_id.eq(id)),
            Tenant::Any => query,
        };
        if let Some(product) = product {
            query = query.filter(licences::product_id.eq(product));
        }
        if let Some(code) = code {
            query = query.filter(licences::code.eq(code.to_owned()));
        }
        let query = newest_first!(query, page, licences::issued_at, licences::id);
        db::readable(tx, query.select((Licence::as_select(), Instance::as_select())))
    };
    Ok(legible(page, place, read)?.reported())
}

/// The test codes of a seller, newest first.
///
/// # Errors
/// [`DbError`].
pub fn tests(tx: &mut Tx, seller: Key, limit: i64) -> Result<Vec<Licence>, DbError> {
    let own = licences::table.filter(licences::seller_id.eq(seller)).filter(licences::instance_id.is_null());
    Ok(own.order((licences::issued_at.desc(), licences::id.desc())).limit(limit).select(Licence::as_select()).load(tx)?)
}

/// How many test codes a seller has.
///
/// # Errors
/// [`DbError`].
pub fn test_count(tx: &mut Tx, seller: Key) -> Result<i64, DbError> {
    Ok(licences::table.filter(licences::seller_id.eq(seller)).filter(licences::instance_id.is_null()).count().get_result(tx)?)
}

/// Marks codes as activated, each once; all or, when somebody else was first at one, to be rolled back. The row of a code that was
/// bought is written under the lock of its instance; test codes have none.
///
/// # Errors
/// [`DbError`].
pub fn activate(
    tx: &mut Tx,
    codes: &[(Key, Option<&Locked<Instance>>)],
    at: Moment,
    real_effect_at: Option<Moment>,
) -> Result<Written, DbError> {
    let times = (licences::activated_at.eq(at), licences::real_effect_at.eq(real_effect_at));
    let ids: Vec<Key> = codes.iter().map(|(id, _)| *id).collect();
    let changed = db::each_part(tx, &ids, |part| {
        diesel::update(licences::table.filter(licences::id.eq_any(part.to_vec())).filter(licences::activated_at.is_null())).set(times)
    })?;
    Ok(Written::of_all(changed, ids.len()))
}

/// Notes that the software asked about licences.
///
/// # Errors
/// [`DbError`].
pub fn queried(tx: &mut Tx, ids: &[Key], at: Moment) -> Result<(), DbError> {
    db::each_part(tx, ids, |part| {
        diesel::update(licences::table.filter(licences::id.eq_any(part.to_vec()))).set(licences::queried_at.eq(at))
    })?;
    Ok(())
}

/// Keeps who was active on a day and adds those that are new to its count; who was known already changes nothing. A
/// licence with 10,000 clients on the day has no others: programs name whom they like, and each name is a row.
///
/// # Errors
/// [`DbError`].
pub fn count_clients(tx: &mut Tx, day: &str, clients: &[(Key, Vec<u8>)]) -> Result<(), DbError> {
    let full = full(tx, day)?;
    let clients: Vec<&(Key, Vec<u8>)> = clients.iter().filter(|(licence, _)| !full.contains(licence)).collect();
    let mut new: BTreeMap<Key, i64> = BTreeMap::new();
    for part in db::parts(&clients) {
        let insert = db::Insert {
            table: "licence_clients",
            columns: ["licence_id", "day", "client"],
            rows: part.iter().map(|(licence, client)| db::row![licence, day, client]).collect(),
            conflict: " ON CONFLICT (licence_id, day, client) DO NOTHING",
        };
        for licence in insert.returning(tx, "licence_id")? {
            *new.entry(licence).or_default() += 1;
        }
    }
    let new: Vec<(Key, i64)> = new.into_iter().collect();
    db::each_part(tx, &new, |part| db::Insert {
        table: "licence_days",
        columns: ["licence_id", "day", "clients", "reported"],
        rows: part.iter().map(|(licence, clients)| db::row![licence, day, *clients, 0]).collect(),
        conflict: " ON CONFLICT (licence_id, day) DO UPDATE SET clients = licence_days.clients + excluded.clients",
    })?;
    Ok(())
}

/// The licences that have as many clients on a day as are told apart.
fn full(tx: &mut Tx, day: &str) -> Result<BTreeSet<Key>, DbError> {
    // As the index has it; a bound number would not be found there.
    let full = diesel::dsl::sql::<diesel::sql_types::Bool>("clients >= 10000");
    let of_day = licence_days::table.filter(licence_days::day.eq(day.to_owned())).filter(full);
    Ok(of_day.select(licence_days::licence_id).load::<Key>(tx)?.into_iter().collect())
}

/// Keeps the highest number of active clients that was reported for a day.
///
/// # Errors
/// [`DbError`].
pub fn report_days(tx: &mut Tx, day: &str, reported: &[(Key, i64)]) -> Result<(), DbError> {
    db::each_part(tx, reported, |part| db::Insert {
        table: "licence_days",
        columns: ["licence_id", "day", "clients", "reported"],
        rows: part.iter().map(|(licence, reported)| db::row![licence, day, 0, *reported]).collect(),
        conflict: " ON CONFLICT (licence_id, day) DO UPDATE SET \
                   reported = CASE WHEN excluded.reported > licence_days.reported THEN excluded.reported ELSE licence_days.reported END",
    })?;
    Ok(())
}

/// The newest days of a licence, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn days(tx: &mut Tx, licence: Key, limit: i64) -> Result<Vec<Day>, DbError> {
    let own = licence_days::table.filter(licence_days::licence_id.eq(licence));
    let mut found: Vec<Day> = own.order(licence_days::day.desc()).limit(limit).select(Day::as_select()).load(tx)?;
    found.reverse();
    Ok(found)
}

/// Forgets who was counted before a day; the counts stay.
///
/// # Errors
/// [`DbError`].
pub fn forget_clients(tx: &mut Tx, before: &str) -> Result<usize, DbError> {
    Ok(diesel::delete(licence_clients::table.filter(licence_clients::day.lt(before.to_owned()))).run(tx)?)
}

/// Notes that the buyer of an instance sees its code from a moment on, once.
///
/// # Errors
/// [`DbError`].
pub fn show(tx: &mut Tx, instance: &Locked<Instance>, at: i64) -> Result<(), DbError> {
    let hidden = licences::table.filter(licences::instance_id.eq(instance.id)).filter(licences::shown_at.is_null());
    diesel::update(hidden).set(licences::shown_at.eq(at)).run(tx)?;
    Ok(())
}

/// A file was signed that is good until then: never earlier than one before.
///
/// # Errors
/// [`DbError`].
pub fn set_file_until(tx: &mut Tx, of: &Locked<Instance>, until: Moment) -> Result<(), DbError> {
    let earlier = licences::file_until.is_null().or(licences::file_until.lt(until));
    diesel::update(licences::table.filter(licences::instance_id.eq(of.id)).filter(earlier)).set(licences::file_until.eq(until)).run(tx)?;
    Ok(())
}
