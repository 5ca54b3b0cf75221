//! In-site messages.

use crate::{DbError, Key, Moment, Page, Tx, legible};
use db::{Run, schema::messages};
use diesel::{dsl::sql, prelude::*, sql_types::Bool};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = messages)]
    pub struct Message of messages {
        pub id: Key,
        pub account_id: Key,
        pub event: String,
        pub params: String,
        pub order_id: Option<Key>,
        pub created_at: Moment,
        pub read_at: Option<Moment>,
        pub name: String,
        /// When it was handed to the other channels.
        pub handed_on_at: Option<Moment>,
        /// What the page that it leads to is about.
        pub subject: Option<String>,
    }
}

/// Stores unread messages, but those of which one of the same name was said already.
///
/// # Errors
/// [`DbError`].
pub fn insert_once(tx: &mut Tx, messages: &[Message]) -> Result<(), DbError> {
    db::each_part(tx, messages, |part| db::Insert {
        table: "messages",
        columns: ["id", "account_id", "event", "params", "order_id", "created_at", "name", "subject"],
        rows: part
            .iter()
            .map(|m| db::row![&m.id, &m.account_id, &m.event, &m.params, &m.order_id, m.created_at, &m.name, &m.subject])
            .collect(),
        conflict: " ON CONFLICT (name) DO NOTHING",
    })?;
    Ok(())
}

/// A page of an account's messages of some events, but not of some others.
///
/// # Errors
/// [`DbError`].
pub fn list(
    tx: &mut Tx,
    account: Key,
    unread: bool,
    (events, others): (Option<&[&str]>, &[&str]),
    page: Page,
) -> Result<Vec<Message>, DbError> {
    let owned = |list: &[&str]| list.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>();
    let place = |message: &Message| (message.created_at.micros(), message.id);
    let read = |page: Page| {
        let mut query = messages::table.filter(messages::account_id.eq(account)).filter(messages::event.ne_all(owned(others))).into_boxed();
        if let Some(events) = events {
            query = query.filter(messages::event.eq_any(owned(events)));
        }
        if unread {
            query = query.filter(messages::read_at.is_null());
        }
        db::readable(tx, newest_first!(query, page, messages::created_at, messages::id).select(Message::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// Unread messages are counted to here.
const UNREAD_MAX: i64 = 1_000;

/// How many messages are unread, 1,000 for more: PostgreSQL looks at the row of each that is counted.
///
/// # Errors
/// [`DbError`].
pub fn unread(tx: &mut Tx, account: Key) -> Result<i64, DbError> {
    let own = messages::table.filter(messages::account_id.eq(account)).filter(messages::read_at.is_null());
    let counted: Vec<Key> = own.select(messages::id).limit(UNREAD_MAX).load(tx)?;
    Ok(i64::try_from(counted.len()).unwrap_or(UNREAD_MAX))
}

/// Marks one message, or all of an account, as read.
///
/// # Errors
/// [`DbError`].
pub fn mark_read(tx: &mut Tx, account: Key, id: Option<Key>, at: Moment) -> Result<usize, DbError> {
    let of_account = messages::table.filter(messages::account_id.eq(account)).filter(messages::read_at.is_null());
    let changed = match id {
        Some(id) => diesel::update(of_account.filter(messages::id.eq(id))).set(messages::read_at.eq(at)).run(tx)?,
        None => diesel::update(of_account).set(messages::read_at.eq(at)).run(tx)?,
    };
    Ok(changed)
}

/// The messages about an order.
///
/// # Errors
/// [`DbError`].
pub fn any_of_order(tx: &mut Tx, order: Key) -> Result<Vec<Message>, DbError> {
    Ok(messages::table.filter(messages::order_id.eq(order)).order(messages::created_at).select(Message::as_select()).load(tx)?)
}

/// Whether a message waits to be handed to the other channels.
///
/// # Errors
/// [`DbError`].
pub fn any_to_hand_on(tx: &mut Tx) -> Result<bool, DbError> {
    let waiting = messages::table.filter(messages::handed_on_at.is_null());
    Ok(waiting.select(messages::id).first::<Key>(tx).optional()?.is_some())
}

/// Messages that wait to be handed on, the oldest first.
///
/// # Errors
/// [`DbError`].
pub fn to_hand_on(tx: &mut Tx, limit: i64) -> Result<Vec<Message>, DbError> {
    let waiting = messages::table.filter(messages::handed_on_at.is_null());
    Ok(waiting.order((messages::created_at, messages::id)).limit(limit).select(Message::as_select()).load(tx)?)
}

/// Notes that messages were handed on; says how many were not before.
///
/// # Errors
/// [`DbError`].
pub fn handed_on(tx: &mut Tx, ids: &[Key], at: Moment) -> Result<usize, DbError> {
    // Said so that no index fits: PostgreSQL would rather read all that wait than find these by their keys.
    let waiting = || sql::<Bool>("(handed_on_at IS NULL) IS TRUE");
    Ok(db::each_part(tx, ids, |part| {
        diesel::update(messages::table.filter(messages::id.eq_any(part.to_vec())).filter(waiting())).set(messages::handed_on_at.eq(at))
    })?)
}

/// # Errors
/// [`DbError`].
pub fn any_lookup(tx: &mut Tx, id: Key) -> Result<Option<Message>, DbError> {
    Ok(messages::table.find(id).select(Message::as_select()).first(tx).optional()?)
}

/// Stores a message that is only for one channel: it is not in the inbox's count.
///
/// # Errors
/// [`DbError`].
pub fn insert_handed_on(tx: &mut Tx, m: &Message) -> Result<(), DbError> {
    let row = Message { read_at: Some(m.created_at), ..m.clone() };
    diesel::insert_into(messages::table).values(row).run(tx)?;
    Ok(())
}
