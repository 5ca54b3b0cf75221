//! Messages on their way by mail, SMS and webhook; who hears of what.

use crate::{DbError, Key, Locked, Moment, Page, Tx, Written, legible};
use db::{
    Lock, Run,
    schema::{deliveries, delivery_attempts, jobs, message_recipients, message_settings},
};
use diesel::{dsl, prelude::*};
use domain::{
    job::JobState,
    message::{Channel, DeliveryState},
    site::Language,
};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = message_recipients)]
    pub struct Recipient of message_recipients {
        pub id: Key,
        pub account_id: Key,
        /// Of all types when it is empty.
        pub type_code: String,
        pub name: String,
        pub mailbox: Option<Vec<u8>>,
        pub phone: Option<Vec<u8>>,
        pub language: Language,
        pub time_zone: String,
        pub created_at: Moment,
        /// When the owner of the mailbox agreed to be written to.
        pub confirmed_at: Option<Moment>,
        /// The blind index of the mailbox; rows from before there were any have none.
        pub mailbox_index: Option<Vec<u8>>,
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = message_settings)]
pub struct Setting {
    pub account_id: Key,
    pub type_code: String,
    pub mail: bool,
    pub sms: bool,
    pub digest: bool,
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = deliveries)]
    pub struct Delivery of deliveries {
        pub id: Key,
        pub message_id: Key,
        pub account_id: Key,
        pub channel: Channel,
        pub target: Key,
        pub event: String,
        pub digest: bool,
        pub state: DeliveryState,
        pub attempts: i64,
        pub created_at: Moment,
        pub next_at: Option<Moment>,
        pub ended_at: Option<Moment>,
        pub error: Option<String>,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = delivery_attempts)]
    pub struct Attempt of delivery_attempts {
        pub delivery_id: Key,
        pub number: i64,
        pub started_at: Moment,
        pub duration_ms: Option<i64>,
        pub status: Option<i64>,
        pub error: Option<String>,
        pub answer: Option<String>,
    }
}

/// # Errors
/// [`DbError`].
pub fn recipients(tx: &mut Tx, account: Key) -> Result<Vec<Recipient>, DbError> {
    let own = message_recipients::table.filter(message_recipients::account_id.eq(account));
    Ok(own
        .order((message_recipients::type_code, message_recipients::created_at, message_recipients::id))
        .select(Recipient::as_select())
        .load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn any_recipient(tx: &mut Tx, id: Key) -> Result<Option<Recipient>, DbError> {
    Ok(message_recipients::table.find(id).select(Recipient::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn insert_recipient(tx: &mut Tx, recipient: &Recipient) -> Result<(), DbError> {
    diesel::insert_into(message_recipients::table).values(recipient).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn remove_recipient(tx: &mut Tx, account: Key, id: Key) -> Result<Written, DbError> {
    let own = message_recipients::table.find(id).filter(message_recipients::account_id.eq(account));
    Ok(Written::from_rows(diesel::delete(own).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn settings(tx: &mut Tx, account: Key) -> Result<Vec<Setting>, DbError> {
    Ok(message_settings::table.filter(message_settings::account_id.eq(account)).select(Setting::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn put_setting(tx: &mut Tx, setting: &Setting) -> Result<(), DbError> {
    diesel::delete(message_settings::table.find((setting.account_id, setting.type_code.clone()))).run(tx)?;
    diesel::insert_into(message_settings::table).values(setting).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`]; a unique violation when the message is on its way to this target already.
pub fn insert(tx: &mut Tx, delivery: &Delivery) -> Result<(), DbError> {
    diesel::insert_into(deliveries::table).values(delivery).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn any_lookup(tx: &mut Tx, id: Key) -> Result<Option<Delivery>, DbError> {
    Ok(deliveries::table.find(id).select(Delivery::as_select()).first(tx).optional()?)
}

/// Those of these deliveries that exist, locked until the transaction ends, in the order of their ids.
///
/// # Errors
/// [`DbError`].
pub fn lock_all(tx: &mut Tx, ids: &[Key]) -> Result<Vec<Locked<Delivery>>, DbError> {
    let (mut ids, mut found) = (ids.to_vec(), Vec::new());
    ids.sort_unstable();
    for part in db::parts(&ids) {
        let these = deliveries::table.filter(deliveries::id.eq_any(part.to_vec())).order(deliveries::id);
        found.extend(db::lock(tx, (Lock::Delivery, part), these.select(Delivery::as_select()))?.into_iter().map(Locked::new));
    }
    Ok(found)
}

/// A delivery, locked until the transaction ends.
///
/// # Errors
/// [`DbError`].
pub fn lock(tx: &mut Tx, id: Key) -> Result<Option<Locked<Delivery>>, DbError> {
    Ok(lock_all(tx, &[id])?.pop())
}

/// Deliveries that are due and that no job sends any more; so many at most.
///
/// # Errors
/// [`DbError`].
pub fn any_forgotten(tx: &mut Tx, limit: i64) -> Result<Vec<Key>, DbError> {
    // As the index has it; a bound word would not be found there.
    let due = deliveries::table.filter(dsl::sql::<diesel::sql_types::Bool>("deliveries.state = 'due'"));
    let job = jobs::table.filter(jobs::subject.eq(deliveries::id.nullable()));
    Ok(due.filter(dsl::not(dsl::exists(job))).order(deliveries::id).limit(limit).select(deliveries::id).load(tx)?)
}

/// Whether the same event was sent to a target since a moment.
///
/// # Errors
/// [`DbError`].
pub fn any_since(tx: &mut Tx, target: Key, event: &str, since: Moment) -> Result<bool, DbError> {
    let same = deliveries::table.filter(deliveries::target.eq(target)).filter(deliveries::created_at.ge(since));
    let same = same.filter(deliveries::event.eq(event.to_owned())).filter(deliveries::state.ne(DeliveryState::Quiet));
    Ok(same.select(deliveries::id).first::<Key>(tx).optional()?.is_some())
}

/// What waits for the digest of a target, the oldest first.
///
/// # Errors
/// [`DbError`].
pub fn digest(tx: &mut Tx, target: Key) -> Result<Vec<Delivery>, DbError> {
    let waiting = deliveries::table.filter(deliveries::target.eq(target)).filter(deliveries::digest.eq(true));
    Ok(waiting
        .filter(deliveries::state.eq(DeliveryState::Due))
        .order((deliveries::created_at, deliveries::id))
        .select(Delivery::as_select())
        .load(tx)?)
}

/// The delivery whose job sends the digest of a target: of those that wait for it and have a job, the oldest.
///
/// # Errors
/// [`DbError`].
pub fn gathers(tx: &mut Tx, target: Key) -> Result<Option<(Key, Option<Moment>)>, DbError> {
    let waiting = deliveries::table.filter(deliveries::target.eq(target)).filter(deliveries::digest.eq(true));
    let job = jobs::table.filter(jobs::subject.eq(deliveries::id.nullable())).filter(jobs::state.eq(JobState::Due));
    let with_job = waiting.filter(deliveries::state.eq(DeliveryState::Due)).filter(dsl::exists(job));
    let oldest = with_job.order((deliveries::created_at, deliveries::id)).select((deliveries::id, deliveries::next_at));
    Ok(oldest.first(tx).optional()?)
}

/// A page of what went to a target, newest first.
///
/// # Errors
/// [`DbError`].
pub fn of_target(tx: &mut Tx, account: Key, target: Key, page: Page) -> Result<Vec<Delivery>, DbError> {
    let place = |delivery: &Delivery| (delivery.created_at.micros(), delivery.id);
    let read = |page: Page| {
        let query = deliveries::table.filter(deliveries::account_id.eq(account)).filter(deliveries::target.eq(target)).into_boxed();
        db::readable(tx, newest_first!(query, page, deliveries::created_at, deliveries::id).select(Delivery::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// Where a delivery stands now.
#[derive(Debug, Clone)]
pub struct Progress<'a> {
    pub state: DeliveryState,
    pub attempts: i64,
    pub next_at: Option<Moment>,
    pub ended_at: Option<Moment>,
    pub error: Option<&'a str>,
}

/// # Errors
/// [`DbError`].
pub fn progress(tx: &mut Tx, of: &Locked<Delivery>, p: &Progress<'_>) -> Result<(), DbError> {
    let change = (
        deliveries::state.eq(p.state),
        deliveries::attempts.eq(p.attempts),
        deliveries::next_at.eq(p.next_at),
        deliveries::ended_at.eq(p.ended_at),
        deliveries::error.eq(p.error),
    );
    diesel::update(deliveries::table.find(of.id)).set(change).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn insert_attempt(tx: &mut Tx, attempt: &Attempt) -> Result<(), DbError> {
    diesel::insert_into(delivery_attempts::table).values(attempt).run(tx)?;
    Ok(())
}

/// What an attempt came to.
///
/// # Errors
/// [`DbError`].
pub fn end_attempt(tx: &mut Tx, a: &Attempt) -> Result<(), DbError> {
    let change = (
        delivery_attempts::duration_ms.eq(a.duration_ms),
        delivery_attempts::status.eq(a.status),
        delivery_attempts::error.eq(&a.error),
        delivery_attempts::answer.eq(&a.answer),
    );
    diesel::update(delivery_attempts::table.find((a.delivery_id, a.number))).set(change).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn attempts(tx: &mut Tx, delivery: Key) -> Result<Vec<Attempt>, DbError> {
    let own = delivery_attempts::table.filter(delivery_attempts::delivery_id.eq(delivery));
    Ok(own.order(delivery_attempts::number).select(Attempt::as_select()).load(tx)?)
}
