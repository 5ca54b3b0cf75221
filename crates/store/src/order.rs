//! Orders and their lines.

use crate::{
    DbError, Key, Legible, Locked, Moment, Page, Tx, Written, containing,
    event::{self, NewEvent},
    legible, lower,
};
use db::{
    Lock, Run,
    schema::{order_lines, orders},
};
use diesel::{dsl, prelude::*};
use domain::{
    money::Currency,
    order::{OrderKind, OrderState},
    period::{ChargingMode, Period},
    site::SiteCode,
};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = orders)]
    pub struct Order of orders {
        pub id: Key,
        pub number: String,
        pub kind: OrderKind,
        pub state: OrderState,
        pub site: SiteCode,
        pub currency: Currency,
        pub total_minor: i64,
        pub buyer_id: Key,
        pub seller_id: Key,
        pub customer_name: String,
        pub user_name: String,
        pub product_name: String,
        pub instance_id: Option<Key>,
        pub subject_order_id: Option<Key>,
        pub created_at: Moment,
        pub pay_by: Option<Moment>,
        pub paid_at: Option<Moment>,
        pub ended_at: Option<Moment>,
        pub reason: Option<String>,
        /// By use: not in the lists of orders (`seller-domain 4.1`).
        pub on_demand: bool,
        /// Empty: as `product_name`, which is the Chinese one.
        pub product_name_en: String,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable)]
    #[diesel(table_name = order_lines)]
    pub struct Line of order_lines {
        pub id: Key,
        pub order_id: Key,
        pub number: String,
        pub product_id: Key,
        pub revision_id: Key,
        pub specification: String,
        pub sku: String,
        pub sold: String,
        pub charging_mode: ChargingMode,
        pub period: Option<Period>,
        pub quantity: i64,
        pub amount_minor: i64,
        pub refunded_minor: i64,
        pub completed_at: Option<Moment>,
        pub instance_id: Option<Key>,
        /// Shared out of escrow before the line is complete: accepted parts, or what a negotiated refund left.
        pub released_minor: i64,
    }
}

/// Whose orders may be seen: the tenant is part of every look-up.
#[derive(Debug, Clone, Copy)]
pub enum Tenant {
    Buyer(Key),
    Seller(Key),
    /// Staff and workers.
    Any,
}

/// An order with its line and the events that tell of it, one at least. No other transaction sees it before this one ends.
///
/// # Errors
/// [`DbError`]; a unique violation when the number is taken.
pub fn insert(tx: &mut Tx, order: Order, line: &Line, events: &[NewEvent]) -> Result<Locked<Order>, DbError> {
    let row = diesel::insert_into(orders::table).values(&order);
    db::together(tx, &[&row, &line_insertion(line), &event::insertion(events)])?;
    db::made(Lock::Order, order.id);
    Ok(Locked::new(order))
}

#[rustfmt::skip]
fn line_insertion(l: &Line) -> db::Insert<'_, 16> {
    db::Insert {
        table: "order_lines",
        columns: [
            "id", "order_id", "number", "product_id", "revision_id", "specification", "sku", "sold", "charging_mode", "period",
            "quantity", "amount_minor", "refunded_minor", "completed_at", "instance_id", "released_minor",
        ],
        rows: vec![db::row![
            &l.id, &l.order_id, &l.number, &l.product_id, &l.revision_id, &l.specification, &l.sku, &l.sold,
            l.charging_mode.as_str(), l.period.map(|p| p.to_string()), l.quantity, l.amount_minor, l.refunded_minor,
            l.completed_at, &l.instance_id, l.released_minor,
        ]],
        conflict: "",
    }
}

/// An order, locked with its lines until the transaction ends. Where it has an instance, that is locked first.
///
/// # Errors
/// [`DbError`].
pub fn lock(tx: &mut Tx, tenant: Tenant, id: Key) -> Result<Option<Locked<Order>>, DbError> {
    let found = db::lock(tx, (Lock::Order, &[id]), scoped(tenant).filter(orders::id.eq(id)).select(Order::as_select()))?;
    Ok(found.into_iter().next().map(Locked::new))
}

/// Those of these orders that exist, locked one after the other in the order of their ids.
///
/// # Errors
/// [`DbError`].
pub fn lock_all(tx: &mut Tx, ids: &[Key]) -> Result<Vec<Locked<Order>>, DbError> {
    let (mut ids, mut found) = (ids.to_vec(), Vec::new());
    ids.sort_unstable();
    for part in db::parts(&ids) {
        let these = orders::table.filter(orders::id.eq_any(part.to_vec())).order(orders::id);
        found.extend(db::lock(tx, (Lock::Order, part), these.select(Order::as_select()))?.into_iter().map(Locked::new));
    }
    Ok(found)
}

/// The filters of the order list (`seller-domain 4.1`).
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Filter {
    pub number: Option<String>,
    pub customer_name: Option<String>,
    pub user_name: Option<String>,
    pub product_name: Option<String>,
    pub created_from: Option<i64>,
    pub created_to: Option<i64>,
    pub state: Option<OrderState>,
    pub kind: Option<OrderKind>,
    pub instance_id: Option<uuid::Uuid>,
    pub on_demand: Option<bool>,
}

fn scoped(tenant: Tenant) -> orders::BoxedQuery<'static, db::Backend> {
    let query = orders::table.into_boxed();
    match tenant {
        Tenant::Buyer(id) => query.filter(orders::buyer_id.eq(id)),
        Tenant::Seller(id) => query.filter(orders::seller_id.eq(id)),
        Tenant::Any => query,
    }
}

fn filtered(tenant: Tenant, filter: &Filter) -> orders::BoxedQuery<'static, db::Backend> {
    let mut query = scoped(tenant);
    if let Some(text) = &filter.number {
        query = query.filter(lower(orders::number).like(containing(text)).escape('\\'));
    }
    if let Some(text) = &filter.customer_name {
        query = query.filter(lower(orders::customer_name).like(containing(text)).escape('\\'));
    }
    if let Some(text) = &filter.user_name {
        query = query.filter(lower(orders::user_name).like(containing(text)).escape('\\'));
    }
    if let Some(text) = &filter.product_name {
        let zh = lower(orders::product_name).like(containing(text)).escape('\\');
        query = query.filter(zh.or(lower(orders::product_name_en).like(containing(text)).escape('\\')));
    }
    if let Some(at) = filter.created_from {
        query = query.filter(orders::created_at.ge(at));
    }
    if let Some(at) = filter.created_to {
        query = query.filter(orders::created_at.lt(at));
    }
    if let Some(state) = filter.state {
        query = query.filter(orders::state.eq(state));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(orders::kind.eq(kind));
    }
    if let Some(instance) = filter.instance_id {
        query = query.filter(orders::instance_id.eq(Key::of(instance)));
    }
    if let Some(on_demand) = filter.on_demand {
        query = query.filter(orders::on_demand.eq(on_demand));
    }
    query
}

/// A page of orders, newest first.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, tenant: Tenant, filter: &Filter, page: Page) -> Result<Vec<Order>, DbError> {
    Ok(legible_list(tx, tenant, filter, page)?.reported())
}

/// The same with what is wrong with those that cannot be read.
///
/// # Errors
/// [`DbError`].
pub fn legible_list(tx: &mut Tx, tenant: Tenant, filter: &Filter, page: Page) -> Result<Legible<Order>, DbError> {
    let place = |o: &Order| (o.created_at.micros(), o.id);
    legible(page, place, |page| {
        let query = filtered(tenant, filter);
        db::readable(tx, newest_first!(query, page, orders::created_at, orders::id).select(Order::as_select()))
    })
}

/// # Errors
/// [`DbError`].
pub fn count(tx: &mut Tx, tenant: Tenant, filter: &Filter) -> Result<i64, DbError> {
    Ok(filtered(tenant, filter).count().get_result(tx)?)
}

/// An order by its number.
///
/// # Errors
/// [`DbError`].
pub fn by_number(tx: &mut Tx, tenant: Tenant, number: &str) -> Result<Option<Order>, DbError> {
    Ok(scoped(tenant).filter(orders::number.eq(number.to_owned())).select(Order::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, tenant: Tenant, id: Key) -> Result<Option<Order>, DbError> {
    Ok(scoped(tenant).filter(orders::id.eq(id)).select(Order::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn lines(tx: &mut Tx, order: Key) -> Result<Vec<Line>, DbError> {
    Ok(order_lines::table.filter(order_lines::order_id.eq(order)).order(order_lines::number).select(Line::as_select()).load(tx)?)
}

/// The lines of several orders, and what is wrong with those that cannot be read.
///
/// # Errors
/// [`DbError`].
pub fn lines_of(tx: &mut Tx, orders: &[Key]) -> Result<Legible<Line>, DbError> {
    let theirs = order_lines::table.filter(order_lines::order_id.eq_any(orders.to_vec())).order(order_lines::number);
    Ok(Legible::of(db::readable(tx, theirs.select(Line::as_select()))?))
}

/// An order line by its number, with its order.
///
/// # Errors
/// [`DbError`].
pub fn any_of_line(tx: &mut Tx, number: &str) -> Result<Option<(Order, Line)>, DbError> {
    let query = order_lines::table.inner_join(orders::table).filter(order_lines::number.eq(number.to_owned()));
    Ok(query.select((Order::as_select(), Line::as_select())).first(tx).optional()?)
}

/// Lines with their orders, in no order.
///
/// # Errors
/// [`DbError`].
pub fn any_lines(tx: &mut Tx, ids: &[Key]) -> Result<Vec<(Line, Order)>, DbError> {
    let query = order_lines::table.inner_join(orders::table).filter(order_lines::id.eq_any(ids.to_vec()));
    Ok(query.select((Line::as_select(), Order::as_select())).load(tx)?)
}

/// A line by its id.
///
/// # Errors
/// [`DbError`].
pub fn any_line(tx: &mut Tx, id: Key) -> Result<Option<Line>, DbError> {
    Ok(order_lines::table.find(id).select(Line::as_select()).first(tx).optional()?)
}

/// The lines that paid something for an instance, with their orders, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn any_lines_of_instance(tx: &mut Tx, instance: Key) -> Result<Vec<(Line, Order)>, DbError> {
    Ok(order_lines::table
        .inner_join(orders::table)
        .filter(order_lines::instance_id.eq(instance))
        .order((orders::created_at, orders::id))
        .select((Line::as_select(), Order::as_select()))
        .load(tx)?)
}

/// A step of an order: from a state to another, with the times that belong to it.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    pub from: OrderState,
    pub to: OrderState,
    pub paid_at: Option<Moment>,
    pub ended_at: Option<Moment>,
    pub reason: Option<&'a str>,
}

/// Moves orders on, each once, if each is still where it was.
///
/// # Errors
/// [`DbError`].
pub fn step_all(tx: &mut Tx, steps: &[(&Locked<Order>, Step<'_>)]) -> Result<Written, DbError> {
    let changed = db::each_part(tx, steps, |part| db::Update {
        table: "orders",
        keys: 1,
        columns: ["id", "", "state", "paid_at", "ended_at", "reason"],
        rows: part.iter().map(|(of, s)| db::row![&of.id, s.from.as_str(), s.to.as_str(), s.paid_at, s.ended_at, s.reason]).collect(),
        set: "",
        filter: "orders.state = v.column2",
    })?;
    Ok(Written::of_all(changed, steps.len()))
}

/// Moves an order on, if it is still where it was.
///
/// # Errors
/// [`DbError`].
pub fn step(tx: &mut Tx, of: &mut Locked<Order>, s: &Step<'_>) -> Result<Written, DbError> {
    let there = orders::table.find(of.id).filter(orders::state.eq(s.from));
    let changed = diesel::update(there)
        .set((orders::state.eq(s.to), orders::paid_at.eq(s.paid_at), orders::ended_at.eq(s.ended_at), orders::reason.eq(s.reason)))
        .run(tx)?;
    let row = of.row_mut();
    (row.state, row.paid_at, row.ended_at, row.reason) = (s.to, s.paid_at, s.ended_at, s.reason.map(str::to_owned));
    Ok(Written::from_rows(changed))
}

/// Ties order and line to the instance that they are about.
///
/// # Errors
/// [`DbError`].
pub fn set_instance(tx: &mut Tx, of: &mut Locked<Order>, line: &mut Line, instance: Key) -> Result<(), DbError> {
    diesel::update(orders::table.find(of.id)).set(orders::instance_id.eq(instance)).run(tx)?;
    diesel::update(own(of, line)).set(order_lines::instance_id.eq(instance)).run(tx)?;
    (of.row_mut().instance_id, line.instance_id) = (Some(instance), Some(instance));
    Ok(())
}

type OwnLine = dsl::Filter<dsl::Find<order_lines::table, Key>, dsl::Eq<order_lines::order_id, Key>>;

/// A line of an order.
fn own(of: &Locked<Order>, line: &Line) -> OwnLine {
    order_lines::table.find(line.id).filter(order_lines::order_id.eq(of.id))
}

/// Completes lines of orders, each once.
///
/// # Errors
/// [`DbError`].
pub fn complete_lines(tx: &mut Tx, lines: &[(&Locked<Order>, &Line)], at: Moment) -> Result<Written, DbError> {
    let changed = db::each_part(tx, lines, |part| {
        let ids = part.iter().map(|(_, line)| line.id).collect::<Vec<_>>();
        diesel::update(order_lines::table.filter(order_lines::id.eq_any(ids)).filter(order_lines::completed_at.is_null()))
            .set(order_lines::completed_at.eq(at))
    })?;
    Ok(Written::of_all(changed, lines.len()))
}

/// Shares a part of a line out before it is complete.
///
/// # Errors
/// [`DbError`].
pub fn release_part(tx: &mut Tx, of: &Locked<Order>, line: &Line, minor: i64) -> Result<(), DbError> {
    let change = order_lines::released_minor.eq(order_lines::released_minor + minor);
    diesel::update(own(of, line)).set(change).run(tx)?;
    Ok(())
}

/// Gives a part of a line back, when nobody gave a part of it back since it was read. More than was paid cannot be given.
///
/// # Errors
/// [`DbError`].
pub fn refund_line(tx: &mut Tx, of: &Locked<Order>, line: &Line, minor: i64) -> Result<Written, DbError> {
    let as_read = own(of, line)
        .filter(order_lines::refunded_minor.eq(line.refunded_minor))
        .filter(order_lines::amount_minor.ge(order_lines::refunded_minor + minor));
    let more = order_lines::refunded_minor.eq(order_lines::refunded_minor + minor);
    Ok(Written::from_rows(diesel::update(as_read).set(more).run(tx)?))
}

/// Sets what a line that waits for payment costs, with the copy that says how.
///
/// # Errors
/// [`DbError`].
pub fn set_price(tx: &mut Tx, of: &mut Locked<Order>, line: &Line) -> Result<(), DbError> {
    diesel::update(orders::table.find(of.id)).set(orders::total_minor.eq(line.amount_minor)).run(tx)?;
    let price = (order_lines::amount_minor.eq(line.amount_minor), order_lines::sold.eq(&line.sold));
    diesel::update(own(of, line)).set((price, order_lines::revision_id.eq(line.revision_id))).run(tx)?;
    of.row_mut().total_minor = line.amount_minor;
    Ok(())
}

/// Completed unsubscriptions of a buyer since a moment.
///
/// # Errors
/// [`DbError`].
pub fn unsubscriptions_since(tx: &mut Tx, buyer: Key, since: Moment) -> Result<i64, DbError> {
    Ok(orders::table
        .filter(orders::buyer_id.eq(buyer))
        .filter(orders::kind.eq(OrderKind::Unsubscribe))
        .filter(orders::reason.eq("five_days"))
        .filter(orders::created_at.ge(since))
        .count()
        .get_result(tx)?)
}

/// Whether a completed or running unsubscription of an order exists.
///
/// # Errors
/// [`DbError`].
pub fn any_unsubscription_of(tx: &mut Tx, order: Key) -> Result<bool, DbError> {
    let found: i64 = orders::table.filter(orders::subject_order_id.eq(order)).count().get_result(tx)?;
    Ok(found > 0)
}
