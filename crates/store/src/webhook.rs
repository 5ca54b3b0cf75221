//! Endpoints that hear of an account's messages.

use crate::{DbError, Key, Moment, Tx, Written};
use db::{Run, schema::webhook_endpoints};
use diesel::{dsl, prelude::*};

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
    Ok(own(account, id).select(Endpoint::as_select()).first(tx).optional()?)
}

type Own = dsl::Filter<dsl::Find<webhook_endpoints::table, Key>, dsl::Eq<webhook_endpoints::account_id, Key>>;

fn own(account: Key, id: Key) -> Own {
    webhook_endpoints::table.find(id).filter(webhook_endpoints::account_id.eq(account))
}

/// Stores what an endpoint's account chose of it. Its secrets are written by [`rotate`] alone.
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
    );
    Ok(Written::from_rows(diesel::update(own(e.account_id, e.id)).set(change).run(tx)?))
}

/// Stores the secrets of an endpoint whose secret is still the one before.
///
/// # Errors
/// [`DbError`].
pub fn rotate(tx: &mut Tx, e: &Endpoint, before: &[u8]) -> Result<Written, DbError> {
    let change = (
        webhook_endpoints::secret.eq(&e.secret),
        webhook_endpoints::old_secret.eq(&e.old_secret),
        webhook_endpoints::old_until.eq(e.old_until),
    );
    let same = own(e.account_id, e.id).filter(webhook_endpoints::secret.eq(before));
    Ok(Written::from_rows(diesel::update(same).set(change).run(tx)?))
}

/// Switches an endpoint off, if it still has the address that was asked.
///
/// # Errors
/// [`DbError`].
pub fn switch_off(tx: &mut Tx, e: &Endpoint, reason: &str) -> Result<Written, DbError> {
    let same = own(e.account_id, e.id).filter(webhook_endpoints::url.eq(&e.url)).filter(webhook_endpoints::enabled.eq(true));
    let off = (webhook_endpoints::enabled.eq(false), webhook_endpoints::disabled_reason.eq(reason));
    Ok(Written::from_rows(diesel::update(same).set(off).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn remove(tx: &mut Tx, account: Key, id: Key) -> Result<Written, DbError> {
    Ok(Written::from_rows(diesel::delete(own(account, id)).run(tx)?))
}
