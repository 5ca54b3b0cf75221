//! Endpoints that hear of an account's messages.

use crate::{DbError, Key, Moment, Tx, Written};
use db::{Run, schema::webhook_endpoints};
use diesel::prelude::*;

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = webhook_endpoints)]
    pub struct Endpoint of webhook_endpoints {
        pub id: Key,
        pub account_id: Key,
        pub url: String,
        pub description: String,
        /// Keys of events joined by blanks; all when it is empty.
        pub events: String,
        pub enabled: bool,
        pub disabled_reason: Option<String>,
        pub secret: Vec<u8>,
        pub old_secret: Option<Vec<u8>>,
        pub old_until: Option<Moment>,
        pub created_at: Moment,
    }
}

/// # Errors
/// [`DbError`].
pub fn insert(tx: &mut Tx, endpoint: &Endpoint) -> Result<(), DbError> {
    diesel::insert_into(webhook_endpoints::table).values(endpoint).run(tx)?;
    Ok(())
}

/// All of an account, the oldest first.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, account: Key) -> Result<Vec<Endpoint>, DbError> {
    let own = webhook_endpoints::table.filter(webhook_endpoints::account_id.eq(account));
    Ok(own.order((webhook_endpoints::created_at, webhook_endpoints::id)).select(Endpoint::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, account: Key, id: Key) -> Result<Option<Endpoint>, DbError> {
    let own = webhook_endpoints::table.find(id).filter(webhook_endpoints::account_id.eq(account));
    Ok(own.select(Endpoint::as_select()).first(tx).optional()?)
}

/// Stores an endpoint as it is now.
///
/// # Errors
/// [`DbError`].
pub fn change(tx: &mut Tx, e: &Endpoint) -> Result<Written, DbError> {
    let change = (
        webhook_endpoints::url.eq(&e.url),
        webhook_endpoints::description.eq(&e.description),
        webhook_endpoints::events.eq(&e.events),
        webhook_endpoints::enabled.eq(e.enabled),
        webhook_endpoints::disabled_reason.eq(&e.disabled_reason),
        webhook_endpoints::secret.eq(&e.secret),
        webhook_endpoints::old_secret.eq(&e.old_secret),
        webhook_endpoints::old_until.eq(e.old_until),
    );
    let own = webhook_endpoints::table.find(e.id).filter(webhook_endpoints::account_id.eq(e.account_id));
    Ok(Written::from_rows(diesel::update(own).set(change).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn remove(tx: &mut Tx, account: Key, id: Key) -> Result<Written, DbError> {
    let own = webhook_endpoints::table.find(id).filter(webhook_endpoints::account_id.eq(account));
    Ok(Written::from_rows(diesel::delete(own).run(tx)?))
}
