//! Charges that wait for consent, and the records that they are made of.

use crate::{DbError, Key, Moment, Page, Tx, Written, legible, order::Tenant, usage::Record};
use db::{
    Run,
    schema::{usage_charges, usage_holds, usage_records},
};
use diesel::prelude::*;
use domain::{
    money::Currency,
    usage::{HoldEnd, HoldState},
};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = usage_holds)]
    pub struct Hold of usage_holds {
        pub id: Key,
        pub instance_id: Key,
        pub buyer_id: Key,
        pub seller_id: Key,
        /// The hour or day that would be charged.
        pub begin_at: Moment,
        pub quantity: i64,
        pub currency: Currency,
        pub amount_minor: i64,
        /// The largest charge of the 30 days before.
        pub largest_minor: Option<i64>,
        pub state: HoldState,
        pub created_at: Moment,
        pub until_at: Moment,
        pub decided_at: Option<Moment>,
        pub decided_by: Option<HoldEnd>,
    }
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, hold: &Hold) -> Result<(), DbError> {
    diesel::insert_into(usage_holds::table).values(hold).run(tx)?;
    Ok(())
}

fn of_tenant(tenant: Tenant) -> usage_holds::BoxedQuery<'static, db::Backend> {
    match tenant {
        Tenant::Buyer(buyer) => usage_holds::table.filter(usage_holds::buyer_id.eq(buyer)).into_boxed(),
        Tenant::Seller(seller) => usage_holds::table.filter(usage_holds::seller_id.eq(seller)).into_boxed(),
        Tenant::Any => usage_holds::table.into_boxed(),
    }
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, tenant: Tenant, id: Key) -> Result<Option<Hold>, DbError> {
    Ok(of_tenant(tenant).filter(usage_holds::id.eq(id)).select(Hold::as_select()).first(tx).optional()?)
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<HoldState>,
    pub instance: Option<Key>,
}

/// A page of holds, newest first.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, tenant: Tenant, filter: &Filter, page: Page) -> Result<Vec<Hold>, DbError> {
    let place = |hold: &Hold| (hold.created_at.micros(), hold.id);
    let read = |page: Page| {
        let mut query = of_tenant(tenant);
        if let Some(state) = filter.state {
            query = query.filter(usage_holds::state.eq(state));
        }
        if let Some(instance) = filter.instance {
            query = query.filter(usage_holds::instance_id.eq(instance));
        }
        db::readable(tx, newest_first!(query, page, usage_holds::created_at, usage_holds::id).select(Hold::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// What was charged for the records of a hold in the end; none before it was.
///
/// # Errors
/// [`DbError`].
pub fn any_charged(tx: &mut Tx, hold: Key) -> Result<Option<i64>, DbError> {
    let charge = usage_records::table.filter(usage_records::hold_id.eq(hold)).filter(usage_records::charge_id.is_not_null());
    let Some(Some(id)) = charge.select(usage_records::charge_id).first::<Option<Key>>(tx).optional()? else {
        return Ok(None);
    };
    Ok(usage_charges::table.find(id).select(usage_charges::amount_minor).first(tx).optional()?)
}

/// Ends a hold that waits.
///
/// # Errors
/// [`DbError`].
pub fn decide(tx: &mut Tx, id: Key, state: HoldState, by: HoldEnd, at: Moment) -> Result<Written, DbError> {
    let waiting = usage_holds::table.find(id).filter(usage_holds::state.eq(HoldState::Waiting));
    let decided = (usage_holds::state.eq(state), usage_holds::decided_by.eq(by), usage_holds::decided_at.eq(at));
    Ok(Written::from_rows(diesel::update(waiting).set(decided).run(tx)?))
}

/// Says of a hold that was agreed to that its amount had grown and is asked for again.
///
/// # Errors
/// [`DbError`].
pub fn withdraw_approved(tx: &mut Tx, id: Key) -> Result<(), DbError> {
    let approved = usage_holds::table.find(id).filter(usage_holds::state.eq(HoldState::Approved));
    diesel::update(approved).set((usage_holds::state.eq(HoldState::Withdrawn), usage_holds::decided_by.eq(HoldEnd::Amount))).run(tx)?;
    Ok(())
}

/// Lets accepted records wait with a hold.
///
/// # Errors
/// [`DbError::Raced`] when one of them was corrected meanwhile.
pub fn hold_records(tx: &mut Tx, ids: &[Key], hold: Key) -> Result<(), DbError> {
    for ids in ids.chunks(50) {
        let there = usage_records::table.filter(usage_records::id.eq_any(ids.to_vec())).filter(usage_records::state.eq("accepted"));
        let changed = diesel::update(there).set((usage_records::state.eq("held"), usage_records::hold_id.eq(hold))).run(tx)?;
        if changed != ids.len() {
            return Err(DbError::Raced);
        }
    }
    Ok(())
}

/// Lets the records that wait with a hold be accepted again; they are returned, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn let_go(tx: &mut Tx, hold: Key) -> Result<Vec<Record>, DbError> {
    let held = usage_records::table.filter(usage_records::hold_id.eq(hold)).filter(usage_records::state.eq("held"));
    let records: Vec<Record> = held.order((usage_records::begin_at, usage_records::id)).select(Record::as_select()).load(tx)?;
    if diesel::update(held).set(usage_records::state.eq("accepted")).run(tx)? != records.len() {
        return Err(DbError::Raced);
    }
    Ok(records)
}

/// Held records whose hold waits no more, and holds that wait for nothing: how many there are of both.
///
/// # Errors
/// [`DbError`].
pub fn any_loose(tx: &mut Tx) -> Result<i64, DbError> {
    let waiting = usage_holds::table.filter(usage_holds::state.eq(HoldState::Waiting));
    let records = usage_records::table
        .filter(usage_records::state.eq("held"))
        .filter(usage_records::hold_id.ne_all(waiting.select(usage_holds::id.nullable())));
    let held = usage_records::table.filter(usage_records::state.eq("held")).filter(usage_records::hold_id.is_not_null());
    let holds = waiting.filter(usage_holds::id.nullable().ne_all(held.select(usage_records::hold_id)));
    let (records, holds): (i64, i64) = (records.count().get_result(tx)?, holds.count().get_result(tx)?);
    Ok(records.saturating_add(holds))
}
