//! Production calls and their attempts: the production-interface messages (生产接口消息).

use crate::{DbError, Key, Legible, Locked, Moment, Page, Tx, Written, instance::Instance, job::Job, legible, order::Tenant};
use db::{
    Run,
    schema::{call_attempts, calls, instances, jobs},
};
use diesel::{
    dsl,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Text},
};
use domain::call::{Activity, CallState};
use std::collections::HashMap;

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = calls)]
    pub struct Call of calls {
        pub id: Key,
        pub seller_id: Key,
        pub buyer_id: Key,
        pub product_id: Key,
        pub instance_id: Key,
        pub order_id: Option<Key>,
        pub order_number: Option<String>,
        pub seq: i64,
        pub activity: Activity,
        pub request: String,
        pub state: CallState,
        pub attempts: i64,
        pub failures: i64,
        pub first_at: Option<Moment>,
        pub next_at: Option<Moment>,
        pub ended_at: Option<Moment>,
        pub last_error: Option<String>,
        pub created_at: Moment,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = call_attempts)]
    pub struct Attempt of call_attempts {
        pub id: Key,
        pub call_id: Key,
        pub number: i64,
        pub started_at: Moment,
        pub url: String,
        pub request: String,
        pub outcome: Option<String>,
        pub status: Option<i64>,
        pub answer: Option<String>,
        pub duration_ms: Option<i64>,
        pub error: Option<String>,
    }
}

fn scoped(tenant: Tenant) -> calls::BoxedQuery<'static, db::Backend> {
    let query = calls::table.into_boxed();
    match tenant {
        Tenant::Buyer(id) => query.filter(calls::buyer_id.eq(id)),
        Tenant::Seller(id) => query.filter(calls::seller_id.eq(id)),
        Tenant::Any => query,
    }
}

type Own = dsl::Filter<dsl::Find<calls::table, Key>, dsl::Eq<calls::instance_id, Key>>;

/// A call of an instance. Calls are written under the lock of their instance: who has it decides on them alone.
fn own(of: &Locked<Instance>, call: Key) -> Own {
    calls::table.find(call).filter(calls::instance_id.eq(of.id))
}

fn is_of(of: &Locked<Instance>, call: &Call) {
    debug_assert_eq!(of.id, call.instance_id, "the lock is that of the call's instance");
}

/// A new instance with the call that opens it and the job of that.
///
/// # Errors
/// [`DbError`]; a unique violation for a second instance of a line, or a second trial.
pub fn insert_opening(tx: &mut Tx, instance: Instance, call: &Call, job: &Job) -> Result<Locked<Instance>, DbError> {
    let row = diesel::insert_into(instances::table).values(&instance);
    let call = diesel::insert_into(calls::table).values(call);
    db::together(tx, &[&row, &call, &diesel::insert_into(jobs::table).values(job)])?;
    db::made(db::Lock::Instance, instance.id);
    Ok(Locked::new(instance))
}

/// A call that is over already, with its one attempt.
///
/// # Errors
/// [`DbError`]; a unique violation when two calls want the same place.
pub fn insert_over(tx: &mut Tx, of: &Locked<Instance>, call: &Call, attempt: &Attempt) -> Result<(), DbError> {
    is_of(of, call);
    let call = diesel::insert_into(calls::table).values(call);
    Ok(db::together(tx, &[&call, &diesel::insert_into(call_attempts::table).values(attempt)])?)
}

/// A call that is due at once, with its job.
///
/// # Errors
/// [`DbError`]; a unique violation when two calls want the same place.
pub fn insert_due(tx: &mut Tx, of: &Locked<Instance>, call: &Call, job: &Job) -> Result<(), DbError> {
    is_of(of, call);
    let call = diesel::insert_into(calls::table).values(call);
    Ok(db::together(tx, &[&call, &diesel::insert_into(jobs::table).values(job)])?)
}

/// # Errors
/// [`DbError`]; a unique violation when two calls want the same place.
pub fn insert(tx: &mut Tx, of: &Locked<Instance>, call: &Call) -> Result<(), DbError> {
    is_of(of, call);
    diesel::insert_into(calls::table).values(call).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, tenant: Tenant, id: Key) -> Result<Option<Call>, DbError> {
    Ok(scoped(tenant).filter(calls::id.eq(id)).select(Call::as_select()).first(tx).optional()?)
}

/// What the list of messages is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub order_number: Option<String>,
    pub state: Option<CallState>,
    pub activity: Option<Activity>,
    pub instance_id: Option<Key>,
}

fn filtered(tenant: Tenant, filter: &Filter) -> calls::BoxedQuery<'static, db::Backend> {
    let mut query = scoped(tenant);
    if let Some(number) = &filter.order_number {
        query = query.filter(calls::order_number.eq(number.clone()));
    }
    if let Some(state) = filter.state {
        query = query.filter(calls::state.eq(state));
    }
    if let Some(activity) = filter.activity {
        query = query.filter(calls::activity.eq(activity));
    }
    if let Some(instance) = filter.instance_id {
        query = query.filter(calls::instance_id.eq(instance));
    }
    query
}

/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, tenant: Tenant, filter: &Filter, page: Page) -> Result<Vec<Call>, DbError> {
    let place = |c: &Call| (c.created_at.micros(), c.id);
    let read = |page: Page| {
        let query = filtered(tenant, filter);
        db::readable(tx, newest_first!(query, page, calls::created_at, calls::id).select(Call::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// Of the newest calls of a product: how often each was tried, and how often that failed.
///
/// # Errors
/// [`DbError`].
pub fn any_newest_of_product(tx: &mut Tx, product: Key, limit: i64) -> Result<Vec<(i64, i64)>, DbError> {
    Ok(calls::table
        .filter(calls::product_id.eq(product))
        .order((calls::created_at.desc(), calls::id.desc()))
        .limit(limit)
        .select((calls::attempts, calls::failures))
        .load(tx)?)
}

/// An attempt with what is said of its call.
#[derive(Debug, Clone)]
pub struct Followed {
    pub attempt: Attempt,
    pub activity: Activity,
    pub order_number: Option<String>,
}

/// Attempts from an id on, in order: ids rise with the wall clock.
///
/// # Errors
/// [`DbError`].
pub fn followed(tx: &mut Tx, tenant: Tenant, from: Key, limit: i64) -> Result<Vec<Followed>, DbError> {
    let query = call_attempts::table.inner_join(calls::table.on(calls::id.eq(call_attempts::call_id))).into_boxed();
    let query = match tenant {
        Tenant::Buyer(id) => query.filter(calls::buyer_id.eq(id)),
        Tenant::Seller(id) => query.filter(calls::seller_id.eq(id)),
        Tenant::Any => query,
    };
    let query = query.filter(call_attempts::id.ge(from)).order(call_attempts::id).limit(limit);
    let read = db::readable::<_, (Attempt, Activity, Option<String>)>(
        tx,
        query.select((Attempt::as_select(), calls::activity, calls::order_number)),
    )?;
    let found = Legible::of(read).reported().into_iter();
    Ok(found.map(|(attempt, activity, order_number)| Followed { attempt, activity, order_number }).collect())
}

/// How many calls of a seller came to which state, by day since a moment; days are counted from zero.
///
/// # Errors
/// [`DbError`].
pub fn results_by_day(tx: &mut Tx, seller: Key, since: Moment) -> Result<Vec<(i64, CallState, i64)>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        day: i64,
        #[diesel(sql_type = Text)]
        state: CallState,
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let rows: Vec<Row> = sql_query(
        "SELECT (created_at - $1) / 86400000000 AS day, state, CAST(COUNT(*) AS BIGINT) AS count
         FROM calls WHERE seller_id = $2 AND created_at >= $1 GROUP BY 1, 2",
    )
    .bind::<BigInt, _>(since)
    .bind::<Binary, _>(seller)
    .load(tx)?;
    Ok(rows.into_iter().map(|r| (r.day, r.state, r.count)).collect())
}

/// The calls of an instance, in order.
///
/// # Errors
/// [`DbError`].
pub fn of_instance(tx: &mut Tx, instance: Key) -> Result<Vec<Call>, DbError> {
    Ok(calls::table.filter(calls::instance_id.eq(instance)).order(calls::seq).select(Call::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn attempts(tx: &mut Tx, call: Key) -> Result<Vec<Attempt>, DbError> {
    Ok(call_attempts::table
        .filter(call_attempts::call_id.eq(call))
        .order(call_attempts::number)
        .limit(1_000)
        .select(Attempt::as_select())
        .load(tx)?)
}

/// The last ended attempt of each of some calls, in the order in which they began.
///
/// # Errors
/// [`DbError`].
pub fn any_last_attempts(tx: &mut Tx, calls: &[Key]) -> Result<Vec<Attempt>, DbError> {
    let mut last = HashMap::<Key, Attempt>::new();
    for calls in calls.chunks(100) {
        let ended = call_attempts::table.filter(call_attempts::call_id.eq_any(calls.to_vec())).filter(call_attempts::outcome.is_not_null());
        let rows: Vec<Attempt> = ended.order(call_attempts::number).select(Attempt::as_select()).load(tx)?;
        last.extend(rows.into_iter().map(|a| (a.call_id, a)));
    }
    let mut last: Vec<Attempt> = last.into_values().collect();
    last.sort_by_key(|a| (a.started_at, a.id));
    Ok(last)
}

/// Writes an attempt before it is sent.
///
/// # Errors
/// [`DbError`]; a unique violation when another worker began the same attempt.
pub fn begin_attempt(tx: &mut Tx, of: &Locked<Instance>, attempt: &Attempt, first_at: Moment) -> Result<Written, DbError> {
    let due = own(of, attempt.call_id).filter(calls::state.eq(CallState::Due)).filter(calls::attempts.eq(attempt.number - 1));
    let changed = diesel::update(due)
        .set((calls::attempts.eq(attempt.number), calls::first_at.eq(first_at), calls::next_at.eq(None::<Moment>)))
        .run(tx)?;
    if changed == 1 {
        diesel::insert_into(call_attempts::table).values(attempt).run(tx)?;
    }
    Ok(Written::from_rows(changed))
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Finished {
    pub id: Key,
    pub outcome: String,
    pub status: Option<i64>,
    pub answer: Option<String>,
    pub duration_ms: i64,
    pub error: Option<String>,
}

/// Completes an attempt, once.
///
/// # Errors
/// [`DbError`].
pub fn finish_attempt(tx: &mut Tx, f: &Finished) -> Result<Written, DbError> {
    let open = call_attempts::table.find(f.id).filter(call_attempts::outcome.is_null());
    let changed = diesel::update(open)
        .set((
            call_attempts::outcome.eq(&f.outcome),
            call_attempts::status.eq(f.status),
            call_attempts::answer.eq(&f.answer),
            call_attempts::duration_ms.eq(f.duration_ms),
            call_attempts::error.eq(&f.error),
        ))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

/// Where a call stands after an attempt.
#[derive(Debug)]
pub struct Progress<'a> {
    pub id: Key,
    pub state: CallState,
    pub failures: i64,
    pub next_at: Option<Moment>,
    pub ended_at: Option<Moment>,
    pub error: Option<&'a str>,
}

/// # Errors
/// [`DbError`].
pub fn progress(tx: &mut Tx, of: &Locked<Instance>, p: &Progress<'_>) -> Result<(), DbError> {
    diesel::update(own(of, p.id))
        .set((
            calls::state.eq(p.state),
            calls::failures.eq(p.failures),
            calls::next_at.eq(p.next_at),
            calls::ended_at.eq(p.ended_at),
            calls::last_error.eq(p.error),
        ))
        .run(tx)?;
    Ok(())
}

/// Makes a failed call due again.
///
/// # Errors
/// [`DbError`].
pub fn restart(tx: &mut Tx, of: &Locked<Instance>, id: Key, at: Moment) -> Result<Written, DbError> {
    let failed = own(of, id).filter(calls::state.eq(CallState::Failed));
    let changed = diesel::update(failed)
        .set((
            calls::state.eq(CallState::Due),
            calls::failures.eq(0),
            calls::first_at.eq(None::<Moment>),
            calls::next_at.eq(at),
            calls::ended_at.eq(None::<Moment>),
        ))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

/// A failed call waits for its turn again.
///
/// # Errors
/// [`DbError`].
pub fn wait_again(tx: &mut Tx, of: &Locked<Instance>, id: Key) -> Result<Written, DbError> {
    let failed = own(of, id).filter(calls::state.eq(CallState::Failed));
    let changed = diesel::update(failed)
        .set((
            calls::state.eq(CallState::Waiting),
            calls::failures.eq(0),
            calls::first_at.eq(None::<Moment>),
            calls::ended_at.eq(None::<Moment>),
        ))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

/// The first call of an instance that waits for its turn. Whoever asks has the lock of the instance: a call that joins
/// meanwhile would wait for one that is over.
///
/// # Errors
/// [`DbError`].
pub fn first_waiting(tx: &mut Tx, of: &Locked<Instance>) -> Result<Option<Call>, DbError> {
    Ok(calls::table
        .filter(calls::instance_id.eq(of.id))
        .filter(calls::state.eq(CallState::Waiting))
        .order(calls::seq)
        .select(Call::as_select())
        .first(tx)
        .optional()?)
}

/// Whether a call of the instance is on its way, and the last place taken. Notifications of orders go beside
/// the others and hold none up. Whoever asks has the lock, as in [`first_waiting`].
///
/// # Errors
/// [`DbError`].
pub fn place(tx: &mut Tx, of: &Locked<Instance>) -> Result<(bool, i64), DbError> {
    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = BigInt)]
        last: i64,
        #[diesel(sql_type = BigInt)]
        open: i64,
    }
    let place: Place = sql_query(
        "SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) AS last,
                CAST(COALESCE(SUM(CASE WHEN state IN ('due', 'waiting') AND activity <> 'orderNotify' THEN 1 ELSE 0 END), 0) AS BIGINT)
                    AS open
         FROM calls WHERE instance_id = $1",
    )
    .bind::<Binary, _>(of.id)
    .get_result(tx)?;
    Ok((place.open > 0, place.last))
}

/// # Errors
/// [`DbError`].
pub fn set_due(tx: &mut Tx, of: &Locked<Instance>, id: Key, at: Moment) -> Result<Written, DbError> {
    let waiting = own(of, id).filter(calls::state.eq(CallState::Waiting));
    Ok(Written::from_rows(diesel::update(waiting).set((calls::state.eq(CallState::Due), calls::next_at.eq(at))).run(tx)?))
}

/// Changes the request of a call that waits, when its instance got its id meanwhile.
///
/// # Errors
/// [`DbError`].
pub fn set_request(tx: &mut Tx, of: &Locked<Instance>, id: Key, request: &str) -> Result<(), DbError> {
    diesel::update(own(of, id)).set(calls::request.eq(request)).run(tx)?;
    Ok(())
}

/// Attempts that were begun before a moment and never ended.
///
/// # Errors
/// [`DbError`].
pub fn any_unknown(tx: &mut Tx, call: Key) -> Result<Vec<Attempt>, DbError> {
    Ok(call_attempts::table
        .filter(call_attempts::call_id.eq(call))
        .filter(call_attempts::outcome.is_null())
        .select(Attempt::as_select())
        .load(tx)?)
}
