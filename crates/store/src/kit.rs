//! Applications that a buyer's people sign on to, the instances bound to them, and who may use them.

use crate::{DbError, Key, Moment, Page, Tx, Written, account::User, instance::Instance, legible};
use db::{
    Run,
    schema::{applications, bindings, calls, grants, instances, products, users},
};
use diesel::prelude::*;
use domain::kit::{BindingState, GrantRole};
use std::collections::HashSet;

db::stored! {
    #[derive(Clone, Selectable, Insertable)]
    #[diesel(table_name = applications)]
    pub struct Application of applications {
        pub id: Key,
        pub seller_id: Key,
        pub product_id: Key,
        pub address_id: Key,
        pub name: String,
        pub login_url: String,
        pub public_key: String,
        pub client_id: String,
        pub client_secret: Vec<u8>,
        pub redirect_uris: String,
        pub created_at: Moment,
        pub updated_at: Moment,
    }
}

/// # Errors
/// [`DbError`]; a unique violation when product or login address have an application.
pub fn insert_application(tx: &mut Tx, application: &Application) -> Result<(), DbError> {
    diesel::insert_into(applications::table).values(application).run(tx)?;
    Ok(())
}

/// Stores what the seller said of an application. Its secret is written by [`set_client_secret`] alone.
///
/// # Errors
/// [`DbError`]; a unique violation when the login address is another's.
pub fn update_application(tx: &mut Tx, a: &Application) -> Result<(), DbError> {
    let change = (
        applications::address_id.eq(a.address_id),
        applications::name.eq(&a.name),
        applications::login_url.eq(&a.login_url),
        applications::public_key.eq(&a.public_key),
        applications::redirect_uris.eq(&a.redirect_uris),
        applications::updated_at.eq(a.updated_at),
    );
    diesel::update(applications::table.find(a.id)).set(change).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn set_client_secret(tx: &mut Tx, id: Key, secret: &[u8], at: Moment) -> Result<(), DbError> {
    let change = (applications::client_secret.eq(secret), applications::updated_at.eq(at));
    diesel::update(applications::table.find(id)).set(change).run(tx)?;
    Ok(())
}

/// Applications of a seller with the keys of their products, newest first.
///
/// # Errors
/// [`DbError`].
pub fn applications(tx: &mut Tx, seller: Key, page: Page) -> Result<Vec<(Application, String)>, DbError> {
    let place = |(application, _): &(Application, String)| (application.created_at.micros(), application.id);
    let read = |page: Page| {
        let query = applications::table
            .inner_join(products::table.on(products::id.eq(applications::product_id)))
            .filter(applications::seller_id.eq(seller))
            .into_boxed();
        let query = newest_first!(query, page, applications::created_at, applications::id);
        db::readable(tx, query.select((Application::as_select(), products::key)))
    };
    Ok(legible(page, place, read)?.reported())
}

/// # Errors
/// [`DbError`].
pub fn any_of_product(tx: &mut Tx, product: Key) -> Result<Option<Application>, DbError> {
    Ok(applications::table.filter(applications::product_id.eq(product)).select(Application::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn any_by_client(tx: &mut Tx, client_id: &str) -> Result<Option<Application>, DbError> {
    Ok(applications::table.filter(applications::client_id.eq(client_id)).select(Application::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn any_application(tx: &mut Tx, id: Key) -> Result<Option<Application>, DbError> {
    Ok(applications::table.find(id).select(Application::as_select()).first(tx).optional()?)
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = bindings)]
    pub struct Binding of bindings {
        pub instance_id: Key,
        pub application_id: Key,
        pub buyer_id: Key,
        pub state: BindingState,
        pub began_at: Moment,
    }
}

/// # Errors
/// [`DbError`].
pub fn any_binding(tx: &mut Tx, instance: Key) -> Result<Option<Binding>, DbError> {
    Ok(bindings::table.find(instance).select(Binding::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`]; a unique violation when two bind at once.
pub fn insert_binding(tx: &mut Tx, binding: &Binding) -> Result<(), DbError> {
    diesel::insert_into(bindings::table).values(binding).run(tx)?;
    Ok(())
}

/// Moves a binding on from one state to another; `began` when that begins anew.
///
/// # Errors
/// [`DbError`].
pub fn step(tx: &mut Tx, instance: Key, from: BindingState, to: BindingState, began: Option<Moment>) -> Result<Written, DbError> {
    let there = bindings::table.find(instance).filter(bindings::state.eq(from));
    let changed = match began {
        Some(at) => diesel::update(there).set((bindings::state.eq(to), bindings::began_at.eq(at))).run(tx)?,
        None => diesel::update(there).set(bindings::state.eq(to)).run(tx)?,
    };
    Ok(Written::from_rows(changed))
}

/// The bound instances of a buyer.
///
/// # Errors
/// [`DbError`].
pub fn bound(tx: &mut Tx, buyer: Key) -> Result<Vec<Key>, DbError> {
    let own = bindings::table.filter(bindings::buyer_id.eq(buyer)).filter(bindings::state.eq(BindingState::Bound));
    Ok(own.select(bindings::instance_id).load(tx)?)
}

/// The bound instances of an application.
///
/// # Errors
/// [`DbError`].
pub fn any_bound_to(tx: &mut Tx, application: Key) -> Result<Vec<Key>, DbError> {
    let own = bindings::table.filter(bindings::application_id.eq(application)).filter(bindings::state.eq(BindingState::Bound));
    Ok(own.select(bindings::instance_id).load(tx)?)
}

/// Those of these instances that are bound.
///
/// # Errors
/// [`DbError`].
pub fn any_bound(tx: &mut Tx, instances: &[Key]) -> Result<HashSet<Key>, DbError> {
    let mut found = HashSet::new();
    for part in db::parts(instances) {
        let bound = bindings::table.filter(bindings::instance_id.eq_any(part.to_vec())).filter(bindings::state.eq(BindingState::Bound));
        found.extend(bound.select(bindings::instance_id).load::<Key>(tx)?);
    }
    Ok(found)
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = grants)]
    pub struct Grant of grants {
        pub instance_id: Key,
        pub user_id: Key,
        pub role: GrantRole,
        pub granted_at: Moment,
        pub signed_on_at: Option<Moment>,
    }
}

/// Who may use an instance's application, by login.
///
/// # Errors
/// [`DbError`].
pub fn grants(tx: &mut Tx, instance: Key) -> Result<Vec<(Grant, User)>, DbError> {
    Ok(grants::table
        .inner_join(users::table.on(users::id.eq(grants::user_id)))
        .filter(grants::instance_id.eq(instance))
        .order(users::login)
        .select((Grant::as_select(), User::as_select()))
        .load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn grant(tx: &mut Tx, instance: Key, user: Key) -> Result<Option<Grant>, DbError> {
    Ok(grants::table.find((instance, user)).select(Grant::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn put_grant(tx: &mut Tx, grant: &Grant) -> Result<(), DbError> {
    let there = grants::table.find((grant.instance_id, grant.user_id));
    if diesel::update(there).set(grants::role.eq(grant.role)).run(tx)? == 0 {
        diesel::insert_into(grants::table).values(grant).run(tx)?;
    }
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn delete_grant(tx: &mut Tx, instance: Key, user: Key) -> Result<Written, DbError> {
    Ok(Written::from_rows(diesel::delete(grants::table.find((instance, user))).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn delete_grants(tx: &mut Tx, instance: Key) -> Result<(), DbError> {
    diesel::delete(grants::table.filter(grants::instance_id.eq(instance))).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn signed_on(tx: &mut Tx, instance: Key, user: Key, at: Moment) -> Result<(), DbError> {
    diesel::update(grants::table.find((instance, user))).set(grants::signed_on_at.eq(at)).run(tx)?;
    Ok(())
}

/// What a person may use: bound instances with their application.
///
/// # Errors
/// [`DbError`].
pub fn granted(tx: &mut Tx, user: Key) -> Result<Vec<(Grant, Instance, Application)>, DbError> {
    Ok(grants::table
        .inner_join(bindings::table.on(bindings::instance_id.eq(grants::instance_id)))
        .inner_join(instances::table.on(instances::id.eq(grants::instance_id)))
        .inner_join(applications::table.on(applications::id.eq(bindings::application_id)))
        .filter(grants::user_id.eq(user))
        .filter(bindings::state.eq(BindingState::Bound))
        .order(grants::granted_at.desc())
        .select((Grant::as_select(), Instance::as_select(), Application::as_select()))
        .load(tx)?)
}

/// Failed calls of an instance since a moment, among some activities, in their order.
///
/// # Errors
/// [`DbError`].
pub fn failed_calls(tx: &mut Tx, instance: Key, activities: &[&str], since: Moment) -> Result<Vec<crate::call::Call>, DbError> {
    Ok(calls::table
        .filter(calls::instance_id.eq(instance))
        .filter(calls::state.eq("failed"))
        .filter(calls::activity.eq_any(activities.to_vec()))
        .filter(calls::created_at.ge(since))
        .order(calls::seq)
        .select(crate::call::Call::as_select())
        .load(tx)?)
}
