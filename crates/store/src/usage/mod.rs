//! Use of on-demand instances: batches as they came, records, totals of cycles, charges.

mod due;

pub use due::{corrected_instances, due, due_charges, due_of_buyer, due_of_instance, oldest_due, owing_instances, paid_of_instance};

use crate::{DbError, Key, Moment, Page, Tx, Written, legible};
use db::{
    Lock, Run,
    schema::{usage_batches, usage_charges, usage_records, usage_totals},
};
use diesel::{
    prelude::*,
    query_builder::{AstPass, QueryFragment},
    sql_types::{BigInt, Binary, Nullable, Text},
};
use domain::{
    money::Currency,
    usage::{ChargeState, UsageState},
};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = usage_batches)]
    pub struct Batch of usage_batches {
        pub id: Key,
        pub seller_id: Key,
        pub received_at: Moment,
        pub records: String,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable)]
    #[diesel(table_name = usage_records)]
    pub struct Record of usage_records {
        pub id: Key,
        pub known_by: Key,
        pub seller_id: Key,
        pub instance_id: Option<Key>,
        pub sent_instance: String,
        pub metering_sn: Option<String>,
        pub begin_at: Option<Moment>,
        pub end_at: Option<Moment>,
        pub quantity: Option<i64>,
        pub sent_value: String,
        pub state: UsageState,
        pub reason: Option<String>,
        pub repeats: i64,
        pub corrects_id: Option<Key>,
        pub charge_id: Option<Key>,
        pub received_at: Moment,
        /// The package that the record names.
        pub package_id: Option<Key>,
        /// The last charge of it that was held.
        pub hold_id: Option<Key>,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable, AsChangeset)]
    #[diesel(table_name = usage_totals)]
    pub struct Total of usage_totals {
        pub instance_id: Key,
        pub cycle_at: Moment,
        pub quantity: i64,
        pub exact: String,
        pub charged_minor: i64,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = usage_charges)]
    pub struct Charge of usage_charges {
        pub id: Key,
        pub instance_id: Key,
        pub buyer_id: Key,
        pub seller_id: Key,
        pub begin_at: Moment,
        pub quantity: i64,
        pub currency: Currency,
        pub amount_minor: i64,
        pub state: ChargeState,
        pub created_at: Moment,
        pub paid_at: Option<Moment>,
        /// What packages gave, beside the quantity that was charged.
        pub from_packages: i64,
    }
}

/// # Errors
/// [`DbError`].
pub fn insert_batch(tx: &mut Tx, batch: &Batch) -> Result<(), DbError> {
    diesel::insert_into(usage_batches::table).values(batch).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn any_batch(tx: &mut Tx, id: Key) -> Result<Option<Batch>, DbError> {
    Ok(usage_batches::table.find(id).select(Batch::as_select()).first(tx).optional()?)
}

/// The batches of a seller that came before one, and it, the oldest first.
///
/// # Errors
/// [`DbError`].
pub fn any_batches_until(tx: &mut Tx, batch: &Batch, limit: i64) -> Result<Vec<Batch>, DbError> {
    let at = batch.received_at;
    let older = usage_batches::received_at.lt(at).or(usage_batches::received_at.eq(at).and(usage_batches::id.le(batch.id)));
    Ok(usage_batches::table
        .filter(usage_batches::seller_id.eq(batch.seller_id))
        .filter(older)
        .order((usage_batches::received_at, usage_batches::id))
        .limit(limit)
        .select(Batch::as_select())
        .load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn remove_batch(tx: &mut Tx, id: Key) -> Result<(), DbError> {
    diesel::delete(usage_batches::table.find(id)).run(tx)?;
    Ok(())
}

/// Rows in one statement: few round trips, and a text that stays prepared.
const ROWS: usize = 50;

/// Inserts records; returns the ids of those that are new. One that is known already is left out.
///
/// # Errors
/// [`DbError`].
pub fn insert_new(tx: &mut Tx, records: &[Record]) -> Result<Vec<Key>, DbError> {
    let mut new = Vec::with_capacity(records.len());
    for rows in records.chunks(ROWS) {
        let ids = rows.iter().map(|r| r.id);
        if Insert(rows).run(tx)? == rows.len() {
            new.extend(ids);
        } else {
            let there = usage_records::table.filter(usage_records::id.eq_any(ids.collect::<Vec<_>>()));
            new.extend(there.select(usage_records::id).load::<Key>(tx)?);
        }
    }
    Ok(new)
}

struct Insert<'a>(&'a [Record]);

impl QueryFragment<db::Backend> for Insert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, db::Backend>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO usage_records (id, known_by, seller_id, instance_id, corrects_id, charge_id, package_id, sent_instance, \
             sent_value, state, metering_sn, reason, begin_at, end_at, quantity, repeats, received_at) VALUES ",
        );
        for (i, r) in self.0.iter().enumerate() {
            out.push_sql(if i == 0 { "(" } else { ", (" });
            out.push_bind_param::<Binary, _>(&r.id)?;
            for key in [&r.known_by, &r.seller_id] {
                out.push_sql(", ");
                out.push_bind_param::<Binary, _>(key)?;
            }
            for key in [&r.instance_id, &r.corrects_id, &r.charge_id, &r.package_id] {
                out.push_sql(", ");
                out.push_bind_param::<Nullable<Binary>, _>(key)?;
            }
            for text in [&r.sent_instance, &r.sent_value] {
                out.push_sql(", ");
                out.push_bind_param::<Text, _>(text)?;
            }
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(&r.state)?;
            for text in [&r.metering_sn, &r.reason] {
                out.push_sql(", ");
                out.push_bind_param::<Nullable<Text>, _>(text)?;
            }
            for time in [&r.begin_at, &r.end_at] {
                out.push_sql(", ");
                out.push_bind_param::<Nullable<BigInt>, _>(time)?;
            }
            out.push_sql(", ");
            out.push_bind_param::<Nullable<BigInt>, _>(&r.quantity)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&r.repeats)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&r.received_at)?;
            out.push_sql(")");
        }
        out.push_sql(" ON CONFLICT (known_by) WHERE state <> 'refused' DO NOTHING");
        Ok(())
    }
}

/// Counts that a known record came again.
///
/// # Errors
/// [`DbError`].
pub fn came_again(tx: &mut Tx, known_by: Key) -> Result<(), DbError> {
    let known = usage_records::table.filter(usage_records::known_by.eq(known_by)).filter(usage_records::state.ne("refused"));
    diesel::update(known).set(usage_records::repeats.eq(usage_records::repeats + 1)).run(tx)?;
    Ok(())
}

/// The standing record that the documented key tells.
///
/// # Errors
/// [`DbError`].
pub fn any_known(tx: &mut Tx, known_by: Key) -> Result<Option<Record>, DbError> {
    let known = usage_records::table.filter(usage_records::known_by.eq(known_by)).filter(usage_records::state.ne("refused"));
    Ok(known.select(Record::as_select()).first(tx).optional()?)
}

/// The standing records that keys tell, with their instances.
///
/// # Errors
/// [`DbError`].
pub fn any_known_among(tx: &mut Tx, keys: &[Key]) -> Result<Vec<(Key, Option<Key>)>, DbError> {
    let mut all = Vec::new();
    for keys in keys.chunks(ROWS) {
        let known = usage_records::table.filter(usage_records::known_by.eq_any(keys.to_vec())).filter(usage_records::state.ne("refused"));
        all.extend(known.select((usage_records::known_by, usage_records::instance_id)).load::<(Key, Option<Key>)>(tx)?);
    }
    Ok(all)
}

/// # Errors
/// [`DbError`].
pub fn any_record(tx: &mut Tx, id: Key) -> Result<Option<Record>, DbError> {
    Ok(usage_records::table.find(id).select(Record::as_select()).first(tx).optional()?)
}

/// Marks a record as replaced, if it still stands.
///
/// # Errors
/// [`DbError`].
pub fn correct(tx: &mut Tx, id: Key) -> Result<Written, DbError> {
    let standing = usage_records::table.find(id).filter(usage_records::state.eq_any(["accepted", "held", "charged"]));
    Ok(Written::from_rows(diesel::update(standing).set(usage_records::state.eq("corrected")).run(tx)?))
}

/// Accepted records of an instance that are not charged yet, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn any_to_rate(tx: &mut Tx, instance: Key, limit: i64) -> Result<Vec<Record>, DbError> {
    Ok(usage_records::table
        .filter(usage_records::instance_id.eq(instance))
        .filter(usage_records::state.eq("accepted"))
        .order((usage_records::begin_at, usage_records::id))
        .limit(limit)
        .select(Record::as_select())
        .load(tx)?)
}

/// Lets the transactions that judge a seller's pushes pass one at a time.
///
/// # Errors
/// [`DbError`].
pub fn hold_pushes(tx: &mut Tx, seller: Key) -> Result<(), DbError> {
    db::dialect::one_at_a_time(tx, Lock::Pushes, seller)
}

/// Lets the transactions that settle what a buyer owes, or write what it is settled from, pass one at a time.
///
/// # Errors
/// [`DbError`].
pub fn hold_buyer(tx: &mut Tx, buyer: Key) -> Result<(), DbError> {
    db::dialect::one_at_a_time(tx, Lock::Buyer, buyer)
}

/// # Errors
/// [`DbError::Raced`] when one of them was corrected meanwhile.
pub fn set_charged(tx: &mut Tx, ids: &[Key], charge: Key) -> Result<(), DbError> {
    for ids in ids.chunks(ROWS) {
        let there = usage_records::table.filter(usage_records::id.eq_any(ids.to_vec())).filter(usage_records::state.eq("accepted"));
        let changed = diesel::update(there).set((usage_records::state.eq("charged"), usage_records::charge_id.eq(charge))).run(tx)?;
        if changed != ids.len() {
            return Err(DbError::Raced);
        }
    }
    Ok(())
}

/// Refuses a record that was accepted; it replaces nothing any more.
///
/// # Errors
/// [`DbError::Raced`] when it was corrected meanwhile.
pub fn refuse(tx: &mut Tx, id: Key, reason: &str) -> Result<(), DbError> {
    let there = usage_records::table.find(id).filter(usage_records::state.eq("accepted"));
    let refused = (usage_records::state.eq("refused"), usage_records::reason.eq(reason), usage_records::corrects_id.eq(None::<Key>));
    if diesel::update(there).set(refused).run(tx)? == 0 { Err(DbError::Raced) } else { Ok(()) }
}

/// How a record stands whose correction was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// To be rated.
    Accepted,
    Charged,
}

/// Lets a record stand again that a correction had replaced.
///
/// # Errors
/// [`DbError::Raced`] when it is replaced no more.
pub fn stand_again(tx: &mut Tx, id: Key) -> Result<Standing, DbError> {
    let replaced = usage_records::table.find(id).filter(usage_records::state.eq("corrected"));
    let charged = replaced.filter(usage_records::charge_id.is_not_null());
    if diesel::update(charged).set(usage_records::state.eq("charged")).run(tx)? > 0 {
        return Ok(Standing::Charged);
    }
    let changed = diesel::update(replaced).set(usage_records::state.eq("accepted")).run(tx)?;
    if changed == 0 { Err(DbError::Raced) } else { Ok(Standing::Accepted) }
}

/// What a list of records is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<UsageState>,
    pub instance: Option<Key>,
    /// As the seller named it.
    pub sent_instance: Option<String>,
    pub metering_sn: Option<String>,
}

/// A page of records of a seller, or of all; the newest first.
///
/// # Errors
/// [`DbError`].
pub fn records(tx: &mut Tx, seller: Option<Key>, filter: &Filter, page: Page) -> Result<Vec<Record>, DbError> {
    let place = |record: &Record| (record.received_at.micros(), record.id);
    let read = |page: Page| {
        let mut query = usage_records::table.into_boxed();
        if let Some(seller) = seller {
            query = query.filter(usage_records::seller_id.eq(seller));
        }
        if let Some(state) = filter.state {
            query = query.filter(usage_records::state.eq(state));
        }
        if let Some(instance) = filter.instance {
            query = query.filter(usage_records::instance_id.eq(instance));
        }
        if let Some(name) = filter.sent_instance.clone() {
            query = query.filter(usage_records::sent_instance.eq(name));
        }
        if let Some(sn) = filter.metering_sn.clone() {
            query = query.filter(usage_records::metering_sn.eq(sn));
        }
        let query = newest_first!(query, page, usage_records::received_at, usage_records::id);
        db::readable(tx, query.select(Record::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// # Errors
/// [`DbError`].
pub fn any_total(tx: &mut Tx, instance: Key, cycle_at: Moment) -> Result<Option<Total>, DbError> {
    Ok(usage_totals::table.find((instance, cycle_at)).select(Total::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn put_total(tx: &mut Tx, total: &Total) -> Result<(), DbError> {
    let there = usage_totals::table.find((total.instance_id, total.cycle_at));
    if diesel::update(there).set(total).run(tx)? == 0 {
        diesel::insert_into(usage_totals::table).values(total).run(tx)?;
    }
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn insert_charge(tx: &mut Tx, charge: &Charge) -> Result<(), DbError> {
    diesel::insert_into(usage_charges::table).values(charge).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn set_paid(tx: &mut Tx, id: Key, at: Moment) -> Result<Written, DbError> {
    let due = usage_charges::table.find(id).filter(usage_charges::state.eq("due"));
    Ok(Written::from_rows(diesel::update(due).set((usage_charges::state.eq("paid"), usage_charges::paid_at.eq(at))).run(tx)?))
}

/// Charges of an instance since a moment, oldest first. The caller has looked up the instance for its tenant.
///
/// # Errors
/// [`DbError`].
pub fn charges(tx: &mut Tx, instance: Key, since: Moment, limit: i64) -> Result<Vec<Charge>, DbError> {
    Ok(usage_charges::table
        .filter(usage_charges::instance_id.eq(instance))
        .filter(usage_charges::begin_at.ge(since))
        .order((usage_charges::begin_at, usage_charges::id))
        .limit(limit)
        .select(Charge::as_select())
        .load(tx)?)
}

/// The largest charge of an instance that was made between two moments and of which no record was corrected since.
///
/// # Errors
/// [`DbError`].
pub fn largest_charge(tx: &mut Tx, instance: Key, (since, until): (Moment, Moment)) -> Result<Option<i64>, DbError> {
    let made = usage_charges::table.filter(usage_charges::instance_id.eq(instance)).filter(usage_charges::created_at.ge(since));
    let made = made.filter(usage_charges::created_at.le(until));
    let of_charge = usage_records::table.filter(usage_records::charge_id.eq(usage_charges::id.nullable()));
    let corrected = of_charge.filter(usage_records::instance_id.eq(instance)).filter(usage_records::state.eq("corrected"));
    let stands = made.filter(diesel::dsl::not(diesel::dsl::exists(corrected)));
    Ok(stands.select(diesel::dsl::max(usage_charges::amount_minor)).first(tx)?)
}
