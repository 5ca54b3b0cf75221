//! Instances.

use crate::{DbError, Key, Legible, Locked, Moment, Page, Tx, Written, legible, order::Tenant};
use db::{
    Lock, Run,
    schema::{instance_freezes, instances, order_lines},
};
use diesel::{prelude::*, sql_types::BigInt};
use domain::{
    instance::{FreezeCause, InstanceState},
    listing::AccessType,
};

db::stored! {
    #[derive(Clone, Selectable, Insertable)]
    #[diesel(table_name = instances)]
    pub struct Instance of instances {
        pub id: Key,
        pub buyer_id: Key,
        pub seller_id: Key,
        pub product_id: Key,
        pub revision_id: Key,
        pub access_type: AccessType,
        pub address_id: Option<Key>,
        pub line_id: Key,
        pub specification: String,
        pub sku: String,
        pub quantity: i64,
        pub trial: bool,
        pub state: InstanceState,
        pub freeze_cause: Option<FreezeCause>,
        pub freeze_reason: Option<String>,
        pub seller_instance_id: Option<String>,
        pub front_end_url: Option<String>,
        pub admin_url: Option<String>,
        pub user_name: Option<String>,
        pub password: Option<Vec<u8>>,
        pub memo: Option<String>,
        pub licence: Option<Vec<u8>>,
        pub anchor_day: Option<i64>,
        pub opened_at: Option<Moment>,
        pub expires_at: Option<Moment>,
        pub ended_at: Option<Moment>,
        pub open_order_id: Option<Key>,
        pub created_at: Moment,
    }
}

fn scoped(tenant: Tenant) -> instances::BoxedQuery<'static, db::Backend> {
    let query = instances::table.into_boxed();
    match tenant {
        Tenant::Buyer(id) => query.filter(instances::buyer_id.eq(id)),
        Tenant::Seller(id) => query.filter(instances::seller_id.eq(id)),
        Tenant::Any => query,
    }
}

fn in_state(tenant: Tenant, state: Option<InstanceState>) -> instances::BoxedQuery<'static, db::Backend> {
    let query = scoped(tenant);
    match state {
        Some(state) => query.filter(instances::state.eq(state)),
        None => query,
    }
}

/// Stores a new instance that nobody is called for. No other transaction sees it before this one ends.
///
/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, instance: Instance) -> Result<Locked<Instance>, DbError> {
    diesel::insert_into(instances::table).values(&instance).run(tx)?;
    db::made(Lock::Instance, instance.id);
    Ok(Locked::new(instance))
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, tenant: Tenant, id: Key) -> Result<Option<Instance>, DbError> {
    Ok(scoped(tenant).filter(instances::id.eq(id)).select(Instance::as_select()).first(tx).optional()?)
}

impl Locked<Instance> {
    /// The instance as it is once it was frozen for a cause, or works again.
    #[must_use]
    pub fn frozen_for(&self, cause: Option<FreezeCause>) -> Self {
        Self::new(Instance { freeze_cause: cause, ..Instance::clone(self) })
    }
}

/// The instance, locked until the transaction ends: what it says stays true until then.
///
/// # Errors
/// [`DbError`].
pub fn lock(tx: &mut Tx, tenant: Tenant, id: Key) -> Result<Option<Locked<Instance>>, DbError> {
    let found = db::lock(tx, (Lock::Instance, &[id]), scoped(tenant).filter(instances::id.eq(id)).select(Instance::as_select()))?;
    Ok(found.into_iter().next().map(Locked::new))
}

/// Those of these instances that exist, locked one after the other in the order of their ids.
///
/// # Errors
/// [`DbError`].
pub fn lock_all(tx: &mut Tx, ids: &[Key]) -> Result<Vec<Locked<Instance>>, DbError> {
    let (mut ids, mut found) = (ids.to_vec(), Vec::new());
    ids.sort_unstable();
    for part in db::parts(&ids) {
        let these = instances::table.filter(instances::id.eq_any(part.to_vec())).order(instances::id);
        found.extend(db::lock(tx, (Lock::Instance, part), these.select(Instance::as_select()))?.into_iter().map(Locked::new));
    }
    Ok(found)
}

/// Those of these instances that exist, in no order.
///
/// # Errors
/// [`DbError`].
pub fn any_of(tx: &mut Tx, ids: &[Key]) -> Result<Vec<Instance>, DbError> {
    Ok(instances::table.filter(instances::id.eq_any(ids.to_vec())).select(Instance::as_select()).load(tx)?)
}

/// Instances of a seller by its own ids.
///
/// # Errors
/// [`DbError`].
pub fn by_sellers_ids(tx: &mut Tx, seller: Key, ids: &[String]) -> Result<Vec<Instance>, DbError> {
    let mut found = Vec::new();
    for ids in ids.chunks(200) {
        let own = scoped(Tenant::Seller(seller)).filter(instances::seller_instance_id.eq_any(ids.to_vec()));
        found.extend(own.select(Instance::as_select()).load::<Instance>(tx)?);
    }
    Ok(found)
}

/// The newest instances that a buyer has of a product; at most 100.
///
/// # Errors
/// [`DbError`].
pub fn of_buyer(tx: &mut Tx, buyer: Key, product: Key) -> Result<Vec<Instance>, DbError> {
    let own = scoped(Tenant::Buyer(buyer)).filter(instances::product_id.eq(product));
    Ok(own.order((instances::created_at.desc(), instances::id.desc())).limit(100).select(Instance::as_select()).load(tx)?)
}

/// Whether a seller has an instance that is still called at an address.
///
/// # Errors
/// [`DbError`].
pub fn any_at(tx: &mut Tx, seller: Key, address: Key) -> Result<bool, DbError> {
    let over = [InstanceState::Released, InstanceState::Failed];
    let called = scoped(Tenant::Seller(seller)).filter(instances::address_id.eq(address)).filter(instances::state.ne_all(over));
    Ok(called.select(instances::id).first::<Key>(tx).optional()?.is_some())
}

/// When an instance ends, for sorting; those that never end come last. The index is on this very expression.
fn end() -> diesel::expression::SqlLiteral<BigInt> {
    diesel::dsl::sql("COALESCE(instances.expires_at, 9223372036854775807)")
}

/// The place of an instance in the list of the newest.
pub(crate) fn place(i: &Instance) -> (i64, Key) {
    (i.created_at.micros(), i.id)
}

/// The place of an instance in the list that is sorted by end.
#[must_use]
pub fn place_by_end(i: &Instance) -> (i64, Key) {
    (i.expires_at.map_or(i64::MAX, Moment::micros), i.id)
}

/// A page of instances, newest first.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, tenant: Tenant, state: Option<InstanceState>, page: Page) -> Result<Vec<Instance>, DbError> {
    Ok(legible_list(tx, tenant, state, page)?.reported())
}

/// The same with what is wrong with those that cannot be read.
///
/// # Errors
/// [`DbError`].
pub fn legible_list(tx: &mut Tx, tenant: Tenant, state: Option<InstanceState>, page: Page) -> Result<Legible<Instance>, DbError> {
    let read = |page: Page| {
        let query = in_state(tenant, state);
        db::readable(tx, newest_first!(query, page, instances::created_at, instances::id).select(Instance::as_select()))
    };
    legible(page, place, read)
}

/// A page of instances, those that end soonest first.
///
/// # Errors
/// [`DbError`].
pub fn list_by_end(tx: &mut Tx, tenant: Tenant, state: Option<InstanceState>, page: Page) -> Result<Vec<Instance>, DbError> {
    let read = |page: Page| {
        let query = in_state(tenant, state);
        db::readable(tx, oldest_first!(query, page, end(), instances::id).select(Instance::as_select()))
    };
    Ok(legible(page, place_by_end, read)?.reported())
}

/// How many instances of a product could not be opened since a moment.
///
/// # Errors
/// [`DbError`].
pub fn any_failed_since(tx: &mut Tx, product: Key, since: Moment) -> Result<i64, DbError> {
    Ok(instances::table
        .filter(instances::product_id.eq(product))
        .filter(instances::state.eq(InstanceState::Failed))
        .filter(instances::ended_at.ge(since))
        .count()
        .get_result(tx)?)
}

/// When the newest purchases of a product, or of all, were paid and opened, and what went back of each.
///
/// # Errors
/// [`DbError`].
pub fn any_newest(tx: &mut Tx, product: Option<Key>, limit: i64) -> Result<Vec<(Moment, Option<Moment>, i64)>, DbError> {
    let mut query = instances::table.inner_join(order_lines::table.on(order_lines::id.eq(instances::line_id))).into_boxed();
    if let Some(product) = product {
        query = query.filter(instances::product_id.eq(product));
    }
    let query = query.order((instances::created_at.desc(), instances::id.desc())).limit(limit);
    Ok(query.select((instances::created_at, instances::opened_at, order_lines::refunded_minor)).load(tx)?)
}

/// When instances of a seller were paid and opened, of those opened since a moment, at most so many.
///
/// # Errors
/// [`DbError`].
pub fn opened_since(tx: &mut Tx, seller: Key, since: Moment, limit: i64) -> Result<Vec<(Moment, Moment)>, DbError> {
    let own = instances::table.filter(instances::seller_id.eq(seller)).filter(instances::created_at.ge(since));
    let opened = own.filter(instances::opened_at.is_not_null()).order((instances::created_at.desc(), instances::id.desc())).limit(limit);
    let rows: Vec<(Moment, Option<Moment>)> = opened.select((instances::created_at, instances::opened_at)).load(tx)?;
    Ok(rows.into_iter().filter_map(|(paid, opened)| Some((paid, opened?))).collect())
}

/// Takes the instance for an order, if no other order has it.
///
/// # Errors
/// [`DbError`].
pub fn take(tx: &mut Tx, of: &Locked<Instance>, order: Key) -> Result<Written, DbError> {
    let free = instances::table.find(of.id).filter(instances::open_order_id.is_null());
    Ok(Written::from_rows(diesel::update(free).set(instances::open_order_id.eq(order)).run(tx)?))
}

/// Lets the instance go when its order ends.
///
/// # Errors
/// [`DbError`].
pub fn give_back(tx: &mut Tx, of: &Locked<Instance>, order: Key) -> Result<(), DbError> {
    diesel::update(instances::table.find(of.id).filter(instances::open_order_id.eq(order)))
        .set(instances::open_order_id.eq(None::<Key>))
        .run(tx)?;
    Ok(())
}

/// Remembers the seller's id of an instance, once.
///
/// # Errors
/// [`DbError`]; a unique violation when another instance of the product has it.
pub fn set_seller_id(tx: &mut Tx, of: &Locked<Instance>, seller_instance_id: &str) -> Result<Written, DbError> {
    let unknown = instances::table.find(of.id).filter(instances::seller_instance_id.is_null());
    Ok(Written::from_rows(diesel::update(unknown).set(instances::seller_instance_id.eq(seller_instance_id)).run(tx)?))
}

/// What the seller said of an instance when it opened.
pub struct Opening<'a> {
    pub of: &'a Locked<Instance>,
    pub at: Moment,
    pub anchor_day: Option<i64>,
    pub expires_at: Option<Moment>,
    /// The order that has the instance from now on.
    pub open_order_id: Option<Key>,
}

/// Lets instances run that were being opened.
///
/// # Errors
/// [`DbError`].
pub fn open_all(tx: &mut Tx, openings: &[Opening<'_>]) -> Result<Written, DbError> {
    let changed = db::each_part(tx, openings, |part| db::Update {
        table: "instances",
        keys: 1,
        columns: ["id", "opened_at", "anchor_day", "expires_at", "open_order_id"],
        rows: part.iter().map(|o| db::row![&o.of.id, o.at, o.anchor_day, o.expires_at, &o.open_order_id]).collect(),
        set: "state = 'running'",
        filter: "instances.state = 'opening'",
    })?;
    Ok(Written::of_all(changed, openings.len()))
}

/// Data to use an instance, with the password encrypted.
#[derive(Default)]
pub struct AppData {
    pub front_end_url: Option<String>,
    pub admin_url: Option<String>,
    pub user_name: Option<String>,
    pub password: Option<Vec<u8>>,
    pub memo: Option<String>,
}

/// # Errors
/// [`DbError`].
pub fn set_app(tx: &mut Tx, of: &Locked<Instance>, app: &AppData) -> Result<(), DbError> {
    diesel::update(instances::table.find(of.id))
        .set((
            instances::front_end_url.eq(&app.front_end_url),
            instances::admin_url.eq(&app.admin_url),
            instances::user_name.eq(&app.user_name),
            instances::password.eq(&app.password),
            instances::memo.eq(&app.memo),
        ))
        .run(tx)?;
    Ok(())
}

/// Keeps the licence that a seller of 1.x gave.
///
/// # Errors
/// [`DbError`].
pub fn set_licence(tx: &mut Tx, of: &Locked<Instance>, licence: &[u8]) -> Result<(), DbError> {
    diesel::update(instances::table.find(of.id)).set(instances::licence.eq(Some(licence))).run(tx)?;
    Ok(())
}

/// A change of state with what belongs to it.
#[derive(Debug)]
pub struct Step<'a> {
    pub to: InstanceState,
    pub freeze_cause: Option<FreezeCause>,
    pub freeze_reason: Option<&'a str>,
    pub ended_at: Option<Moment>,
}

/// Moves an instance on, if it is still where it was.
///
/// # Errors
/// [`DbError`].
pub fn step(tx: &mut Tx, of: &Locked<Instance>, s: &Step<'_>) -> Result<Written, DbError> {
    let there = instances::table.find(of.id).filter(instances::state.eq(of.state));
    let changed = diesel::update(there)
        .set((
            instances::state.eq(s.to),
            instances::freeze_cause.eq(s.freeze_cause),
            instances::freeze_reason.eq(s.freeze_reason),
            instances::ended_at.eq(s.ended_at),
        ))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

db::stored! {
    /// A time for which an instance was frozen, or still is.
    #[derive(Debug, Clone, Copy, Selectable)]
    #[diesel(table_name = instance_freezes)]
    pub struct Freeze of instance_freezes {
        pub instance_id: Key,
        pub from_at: Moment,
        pub until_at: Option<Moment>,
    }
}

/// # Errors
/// [`DbError`].
pub fn begin_freeze(tx: &mut Tx, of: &Locked<Instance>, at: Moment) -> Result<(), DbError> {
    // Frozen, unfrozen and frozen again at one moment is one freeze.
    let same = instance_freezes::table.find((of.id, at));
    if diesel::update(same).set(instance_freezes::until_at.eq(None::<Moment>)).run(tx)? == 0 {
        let row = (instance_freezes::instance_id.eq(of.id), instance_freezes::from_at.eq(at));
        diesel::insert_into(instance_freezes::table).values(row).run(tx)?;
    }
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn end_freeze(tx: &mut Tx, of: &Locked<Instance>, at: Moment) -> Result<(), DbError> {
    let open = instance_freezes::table.filter(instance_freezes::instance_id.eq(of.id)).filter(instance_freezes::until_at.is_null());
    diesel::update(open).set(instance_freezes::until_at.eq(at)).run(tx)?;
    Ok(())
}

/// When these instances were frozen, in no order.
///
/// # Errors
/// [`DbError`].
pub fn freezes(tx: &mut Tx, ids: &[Key]) -> Result<Vec<Freeze>, DbError> {
    let of = instance_freezes::table.filter(instance_freezes::instance_id.eq_any(ids.to_vec()));
    Ok(of.select(Freeze::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn set_expiry(tx: &mut Tx, of: &Locked<Instance>, expires_at: Option<Moment>) -> Result<(), DbError> {
    diesel::update(instances::table.find(of.id)).set(instances::expires_at.eq(expires_at)).run(tx)?;
    Ok(())
}

/// A trial that became formal counts its months anew.
///
/// # Errors
/// [`DbError`].
pub fn set_formal(tx: &mut Tx, of: &Locked<Instance>, anchor_day: i64) -> Result<(), DbError> {
    diesel::update(instances::table.find(of.id)).set((instances::anchor_day.eq(anchor_day), instances::trial.eq(false))).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn set_sku(tx: &mut Tx, of: &Locked<Instance>, sku: &str, revision: Key) -> Result<(), DbError> {
    diesel::update(instances::table.find(of.id)).set((instances::sku.eq(sku), instances::revision_id.eq(revision))).run(tx)?;
    Ok(())
}

/// Whether an instance of the product has a seller's id.
///
/// # Errors
/// [`DbError`].
pub fn any_with_seller_id(tx: &mut Tx, product: Key, seller_instance_id: &str) -> Result<bool, DbError> {
    let found: i64 = instances::table
        .filter(instances::product_id.eq(product))
        .filter(instances::seller_instance_id.eq(seller_instance_id))
        .count()
        .get_result(tx)?;
    Ok(found > 0)
}
