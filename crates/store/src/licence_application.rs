//! Licences that buyers asked for by on-line opening, and what was uploaded for them.

use crate::{DbError, Key, Locked, Moment, Tx, Written, instance::Instance, order::Tenant};
use db::{Run, schema::licence_applications};
use diesel::prelude::*;
use domain::licence::{ApplicationState, LicenceForm};

db::stored! {
    #[derive(Clone, Selectable, Insertable)]
    #[diesel(table_name = licence_applications)]
    pub struct Application of licence_applications {
        pub id: Key,
        pub event_id: String,
        pub instance_id: Key,
        pub seller_id: Key,
        pub buyer_id: Key,
        pub state: ApplicationState,
        pub device_fingerprint: Option<String>,
        pub effective_at: Moment,
        pub expires_at: Option<Moment>,
        pub error: Option<String>,
        pub asked_at: Moment,
        pub delivered_at: Option<Moment>,
        pub kind: Option<LicenceForm>,
        pub file_name: Option<String>,
        pub sha256: Option<String>,
        pub content: Option<Vec<u8>>,
    }
}

/// # Errors
/// [`DbError`]; a unique violation while another of the instance is open.
pub fn insert(tx: &mut Tx, application: &Application) -> Result<(), DbError> {
    diesel::insert_into(licence_applications::table).values(application).run(tx)?;
    Ok(())
}

/// The application of an event.
///
/// # Errors
/// [`DbError`].
pub fn by_event(tx: &mut Tx, tenant: Tenant, event: &str) -> Result<Option<Application>, DbError> {
    let query = licence_applications::table.filter(licence_applications::event_id.eq(event.to_owned())).into_boxed();
    let query = match tenant {
        Tenant::Buyer(id) => query.filter(licence_applications::buyer_id.eq(id)),
        Tenant::Seller(id) => query.filter(licence_applications::seller_id.eq(id)),
        Tenant::Any => query,
    };
    Ok(query.select(Application::as_select()).first(tx).optional()?)
}

/// The newest applications of an instance, newest first.
///
/// # Errors
/// [`DbError`].
pub fn of_instance(tx: &mut Tx, instance: Key, limit: i64) -> Result<Vec<Application>, DbError> {
    let own = licence_applications::table.filter(licence_applications::instance_id.eq(instance));
    let order = (licence_applications::asked_at.desc(), licence_applications::id.desc());
    Ok(own.order(order).limit(limit).select(Application::as_select()).load(tx)?)
}

/// Moves an open application on.
///
/// # Errors
/// [`DbError`].
pub fn step(tx: &mut Tx, event: &str, to: &str, error: Option<&str>) -> Result<Written, DbError> {
    let open = licence_applications::table
        .filter(licence_applications::event_id.eq(event.to_owned()))
        .filter(licence_applications::state.eq_any(["asked", "accepted"]));
    let change = (licence_applications::state.eq(to), licence_applications::error.eq(error));
    Ok(Written::from_rows(diesel::update(open).set(change).run(tx)?))
}

/// Gives up the open application of an instance, if it was asked for before a moment.
///
/// # Errors
/// [`DbError`].
pub fn give_up(tx: &mut Tx, instance: Key, before: i64, reason: &str) -> Result<(), DbError> {
    let open = licence_applications::table
        .filter(licence_applications::instance_id.eq(instance))
        .filter(licence_applications::asked_at.lt(before))
        .filter(licence_applications::state.eq_any(["asked", "accepted"]));
    diesel::update(open).set((licence_applications::state.eq("failed"), licence_applications::error.eq(Some(reason)))).run(tx)?;
    Ok(())
}

/// Gives up the open application of an instance, if it is for a licence that is good beyond a moment.
///
/// # Errors
/// [`DbError`].
pub fn give_up_beyond(tx: &mut Tx, of: &Locked<Instance>, end: Moment, reason: &str) -> Result<(), DbError> {
    let open = licence_applications::table
        .filter(licence_applications::instance_id.eq(of.id))
        .filter(licence_applications::expires_at.gt(end))
        .filter(licence_applications::state.eq_any([ApplicationState::Asked, ApplicationState::Accepted]));
    diesel::update(open).set((licence_applications::state.eq(ApplicationState::Failed), licence_applications::error.eq(reason))).run(tx)?;
    Ok(())
}

/// Until when the licences that a seller uploaded for an instance are good; nothing when there is none with an end.
///
/// # Errors
/// [`DbError`].
pub fn delivered_until(tx: &mut Tx, instance: Key) -> Result<Option<Moment>, DbError> {
    let given = licence_applications::table
        .filter(licence_applications::instance_id.eq(instance))
        .filter(licence_applications::expires_at.is_not_null())
        .filter(licence_applications::state.eq(ApplicationState::Delivered));
    let last = given.order(licence_applications::expires_at.desc()).select(licence_applications::expires_at);
    Ok(last.first::<Option<Moment>>(tx).optional()?.flatten())
}

/// What a seller uploaded, with the content encrypted.
pub struct Delivery<'a> {
    pub event: &'a str,
    pub at: i64,
    pub kind: &'a str,
    pub file_name: Option<&'a str>,
    pub sha256: &'a str,
    pub content: &'a [u8],
}

/// Keeps an upload, once.
///
/// # Errors
/// [`DbError`].
pub fn deliver(tx: &mut Tx, d: &Delivery<'_>) -> Result<Written, DbError> {
    let open = licence_applications::table
        .filter(licence_applications::event_id.eq(d.event.to_owned()))
        .filter(licence_applications::state.ne("delivered"));
    let change = (
        licence_applications::state.eq("delivered"),
        licence_applications::error.eq(None::<String>),
        licence_applications::delivered_at.eq(d.at),
        licence_applications::kind.eq(d.kind),
        licence_applications::file_name.eq(d.file_name),
        licence_applications::sha256.eq(d.sha256),
        licence_applications::content.eq(d.content),
    );
    Ok(Written::from_rows(diesel::update(open).set(change).run(tx)?))
}
