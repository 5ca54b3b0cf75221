//! Service supervision: templates, cases, and what was done in them.

use crate::{DbError, Key, Locked, Moment, Page, Tx, Written, containing, instance::Instance, legible, lower, order::Tenant};
use db::{
    Run,
    schema::{account_tracks, supervision_cases, supervision_steps, supervision_templates},
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Text},
};
use domain::{
    listing::AccessType,
    supervision::{CaseState, StepKind, StepParty},
};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = supervision_templates)]
pub struct Template {
    pub key: String,
    pub version: i64,
    pub access_type: String,
    pub flow: String,
    pub valid_from: String,
    pub body: String,
    pub loaded_at: i64,
    pub loaded_by: String,
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = supervision_cases)]
    pub struct Case of supervision_cases {
        pub id: Key,
        pub order_id: Key,
        pub line_id: Key,
        pub instance_id: Key,
        pub buyer_id: Key,
        pub seller_id: Key,
        pub order_number: String,
        pub product_name: String,
        pub customer_name: String,
        pub access_type: AccessType,
        pub template_key: String,
        pub template_version: i64,
        pub state: CaseState,
        pub node: String,
        pub buyer_turn: bool,
        pub seller_turn: bool,
        pub operator_turn: bool,
        pub appeal_due_at: Option<Moment>,
        pub started_at: Moment,
        pub ended_at: Option<Moment>,
        pub body: String,
        pub address: Option<Vec<u8>>,
        pub tracking: Option<String>,
        pub changes: i64,
        /// Empty: as `product_name`, which is the Chinese one.
        pub product_name_en: String,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = supervision_steps)]
    pub struct Step of supervision_steps {
        pub case_id: Key,
        pub seq: i64,
        pub at: Moment,
        pub party: StepParty,
        pub actor: String,
        pub kind: StepKind,
        pub from_node: String,
        pub to_node: String,
        pub data: String,
    }
}

/// # Errors
/// [`DbError`]; a unique violation when this version is there.
pub fn insert_template(tx: &mut Tx, template: &Template) -> Result<(), DbError> {
    diesel::insert_into(supervision_templates::table).values(template).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn template(tx: &mut Tx, key: &str, version: i64) -> Result<Option<Template>, DbError> {
    Ok(supervision_templates::table.find((key.to_owned(), version)).select(Template::as_select()).first(tx).optional()?)
}

/// All versions of all templates.
///
/// # Errors
/// [`DbError`].
pub fn templates(tx: &mut Tx) -> Result<Vec<Template>, DbError> {
    let order = (supervision_templates::key, supervision_templates::version.desc());
    Ok(supervision_templates::table.order(order).select(Template::as_select()).load(tx)?)
}

/// The versions for a way of delivery.
///
/// # Errors
/// [`DbError`].
pub fn templates_for(tx: &mut Tx, access_type: &str, flow: &str) -> Result<Vec<Template>, DbError> {
    let own = supervision_templates::table.filter(supervision_templates::access_type.eq(access_type.to_owned()));
    Ok(own.filter(supervision_templates::flow.eq(flow.to_owned())).select(Template::as_select()).load(tx)?)
}

/// How many cases are open under each version.
///
/// # Errors
/// [`DbError`].
pub fn any_open_by_template(tx: &mut Tx) -> Result<Vec<(String, i64, i64)>, DbError> {
    let open = supervision_cases::table.filter(supervision_cases::state.eq(CaseState::Open));
    let by = (supervision_cases::template_key, supervision_cases::template_version);
    Ok(open.group_by(by).select((by.0, by.1, diesel::dsl::count_star())).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, of: &Locked<Instance>, case: &Case) -> Result<(), DbError> {
    debug_assert_eq!(of.id, case.instance_id, "the lock is that of the case's instance");
    diesel::insert_into(supervision_cases::table).values(case).run(tx)?;
    Ok(())
}

fn scoped(tenant: Tenant) -> supervision_cases::BoxedQuery<'static, db::Backend> {
    let query = supervision_cases::table.into_boxed();
    match tenant {
        Tenant::Buyer(id) => query.filter(supervision_cases::buyer_id.eq(id)),
        Tenant::Seller(id) => query.filter(supervision_cases::seller_id.eq(id)),
        Tenant::Any => query,
    }
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, tenant: Tenant, id: Key) -> Result<Option<Case>, DbError> {
    Ok(scoped(tenant).filter(supervision_cases::id.eq(id)).select(Case::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn of_order(tx: &mut Tx, order: Key) -> Result<Option<Case>, DbError> {
    let own = supervision_cases::table.filter(supervision_cases::order_id.eq(order));
    Ok(own.select(Case::as_select()).first(tx).optional()?)
}

/// The cases of instances; not every instance has one.
///
/// # Errors
/// [`DbError`].
pub fn any_of_instances(tx: &mut Tx, instances: &[Key]) -> Result<Vec<Case>, DbError> {
    let own = supervision_cases::table.filter(supervision_cases::instance_id.eq_any(instances.to_vec()));
    Ok(own.select(Case::as_select()).load(tx)?)
}

/// The filters of the list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<CaseState>,
    /// Whose turn it is: buyer, seller or operator.
    pub turn: Option<domain::supervision::Party>,
    /// Under appeal.
    pub appealed: bool,
    pub access_type: Option<AccessType>,
    pub order_number: Option<String>,
    pub product_name: Option<String>,
    pub customer_name: Option<String>,
}

fn filtered(tenant: Tenant, filter: &Filter) -> supervision_cases::BoxedQuery<'static, db::Backend> {
    use domain::supervision::Party;
    let mut query = scoped(tenant);
    if let Some(state) = filter.state {
        query = query.filter(supervision_cases::state.eq(state));
    }
    match filter.turn {
        Some(Party::Buyer) => query = query.filter(supervision_cases::buyer_turn.eq(true)),
        Some(Party::Seller) => query = query.filter(supervision_cases::seller_turn.eq(true)),
        Some(Party::Operator) => query = query.filter(supervision_cases::operator_turn.eq(true)),
        None => {}
    }
    if filter.appealed {
        query = query.filter(supervision_cases::appeal_due_at.is_not_null());
    }
    if let Some(access_type) = filter.access_type {
        query = query.filter(supervision_cases::access_type.eq(access_type));
    }
    if let Some(text) = &filter.order_number {
        query = query.filter(lower(supervision_cases::order_number).like(containing(text)).escape('\\'));
    }
    if let Some(text) = &filter.product_name {
        let zh = lower(supervision_cases::product_name).like(containing(text)).escape('\\');
        query = query.filter(zh.or(lower(supervision_cases::product_name_en).like(containing(text)).escape('\\')));
    }
    if let Some(text) = &filter.customer_name {
        query = query.filter(lower(supervision_cases::customer_name).like(containing(text)).escape('\\'));
    }
    query
}

/// A page of cases, newest first.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, tenant: Tenant, filter: &Filter, page: Page) -> Result<Vec<Case>, DbError> {
    let place = |c: &Case| (c.started_at.micros(), c.id);
    let read = |page: Page| {
        let query = filtered(tenant, filter);
        db::readable(tx, newest_first!(query, page, supervision_cases::started_at, supervision_cases::id).select(Case::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// # Errors
/// [`DbError`].
pub fn count(tx: &mut Tx, tenant: Tenant, filter: &Filter) -> Result<i64, DbError> {
    Ok(filtered(tenant, filter).count().get_result(tx)?)
}

/// Stores cases as they are now, under the locks of their instances, if nobody changed one since it was read.
///
/// # Errors
/// [`DbError`]; a unique violation when the seller ships another case under a number.
pub fn change(tx: &mut Tx, cases: &[(&Locked<Instance>, &Case)]) -> Result<Written, DbError> {
    debug_assert!(cases.iter().all(|(of, c)| of.id == c.instance_id), "the locks are those of the cases' instances");
    let changed = db::each_part(tx, cases, |part| db::Update {
        table: "supervision_cases",
        keys: 1,
        columns: [
            "id",
            "",
            "state",
            "node",
            "buyer_turn",
            "seller_turn",
            "operator_turn",
            "appeal_due_at",
            "ended_at",
            "body",
            "address",
            "tracking",
        ],
        rows: part.iter().map(|(_, case)| changed(case)).collect(),
        set: "changes = supervision_cases.changes + 1",
        filter: "supervision_cases.changes = v.column2",
    })?;
    Ok(Written::of_all(changed, cases.len()))
}

#[rustfmt::skip]
fn changed(c: &Case) -> [db::Value<'_>; 12] {
    db::row![
        &c.id, c.changes, c.state.as_str(), &c.node, c.buyer_turn, c.seller_turn, c.operator_turn, c.appeal_due_at, c.ended_at, &c.body,
        &c.address, &c.tracking,
    ]
}

/// # Errors
/// [`DbError`]; a unique violation when another step has the number.
pub fn insert_steps(tx: &mut Tx, steps: &[Step]) -> Result<(), DbError> {
    db::each_part(tx, steps, |part| db::Insert {
        table: "supervision_steps",
        columns: ["case_id", "seq", "at", "party", "actor", "kind", "from_node", "to_node", "data"],
        rows: part
            .iter()
            .map(|s| db::row![&s.case_id, s.seq, s.at, s.party.as_str(), &s.actor, s.kind.as_str(), &s.from_node, &s.to_node, &s.data])
            .collect(),
        conflict: "",
    })?;
    Ok(())
}

/// What was done in a case, in order.
///
/// # Errors
/// [`DbError`].
pub fn steps(tx: &mut Tx, case: Key) -> Result<Vec<Step>, DbError> {
    let own = supervision_steps::table.filter(supervision_steps::case_id.eq(case));
    Ok(own.order(supervision_steps::seq).select(Step::as_select()).load(tx)?)
}

/// The programme of a buyer's account.
///
/// # Errors
/// [`DbError`].
pub fn track(tx: &mut Tx, account: Key) -> Result<Option<String>, DbError> {
    Ok(account_tracks::table.find(account).select(account_tracks::track).first(tx).optional()?)
}

/// Sets or takes away the programme of a buyer's account.
///
/// # Errors
/// [`DbError`].
pub fn set_track(tx: &mut Tx, account: Key, track: Option<&str>, at: i64) -> Result<(), DbError> {
    diesel::delete(account_tracks::table.find(account)).run(tx)?;
    if let Some(track) = track {
        let row = (account_tracks::account_id.eq(account), account_tracks::track.eq(track), account_tracks::set_at.eq(at));
        diesel::insert_into(account_tracks::table).values(row).run(tx)?;
    }
    Ok(())
}

/// What a seller has under supervision.
#[derive(Debug, Clone, QueryableByName)]
pub struct OpenOfSeller {
    #[diesel(sql_type = Binary)]
    pub seller_id: Key,
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// Those that wait for the seller.
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
    #[diesel(sql_type = BigInt)]
    pub oldest: Moment,
}

/// Open cases by seller, of the sellers of a site.
///
/// # Errors
/// [`DbError`].
pub fn any_open_by_seller(tx: &mut Tx, site: &str) -> Result<Vec<OpenOfSeller>, DbError> {
    Ok(sql_query(
        "SELECT c.seller_id, COUNT(*) AS count, COUNT(CASE WHEN c.seller_turn THEN 1 END) AS waiting, MIN(c.started_at) AS oldest
         FROM supervision_cases c JOIN accounts a ON a.id = c.seller_id
         WHERE c.state = 'open' AND a.site = $1 GROUP BY c.seller_id",
    )
    .bind::<Text, _>(site)
    .load(tx)?)
}
