//! How sellers' servers are reached: keys, addresses, saved debugging cases.

use crate::{DbError, Key, Moment, Tx, Written};
use db::{
    Run,
    schema::{debug_cases, interface_addresses, interface_keys},
};
use diesel::prelude::*;
use domain::access::InterfaceClass;

db::stored! {
    #[derive(Clone, Selectable, Insertable)]
    #[diesel(table_name = interface_keys)]
    pub struct AccessKey of interface_keys {
        pub id: Key,
        pub seller_id: Key,
        pub name: String,
        pub class: InterfaceClass,
        pub secret: Vec<u8>,
        pub created_at: Moment,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = interface_addresses)]
    pub struct Address of interface_addresses {
        pub id: Key,
        pub seller_id: Key,
        pub name: String,
        pub url: String,
        pub key_id: Key,
        pub always_test_flag: bool,
        pub created_at: Moment,
        pub updated_at: Moment,
        pub protocol: String,
        pub send_empty_parameters: bool,
        pub notify_product_id: Option<Key>,
        /// Azure: where a buyer sets a subscription up; the address is the webhook.
        pub landing_page: Option<String>,
        /// Order notifications: of products of this access type only.
        pub notify_access_type: Option<String>,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = debug_cases)]
    pub struct Case of debug_cases {
        pub id: Key,
        pub address_id: Key,
        pub scenario: String,
        pub request: String,
        pub answer: String,
        pub passed_at: Moment,
    }
}

/// # Errors
/// [`DbError`]; a unique violation when the name is taken.
pub fn insert_key(tx: &mut Tx, key: &AccessKey) -> Result<(), DbError> {
    diesel::insert_into(interface_keys::table).values(key).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn keys(tx: &mut Tx, seller: Key) -> Result<Vec<AccessKey>, DbError> {
    Ok(interface_keys::table
        .filter(interface_keys::seller_id.eq(seller))
        .order(interface_keys::created_at)
        .select(AccessKey::as_select())
        .load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn key(tx: &mut Tx, seller: Key, id: Key) -> Result<Option<AccessKey>, DbError> {
    Ok(interface_keys::table.find(id).filter(interface_keys::seller_id.eq(seller)).select(AccessKey::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn set_secret(tx: &mut Tx, id: Key, secret: &[u8]) -> Result<(), DbError> {
    diesel::update(interface_keys::table.find(id)).set(interface_keys::secret.eq(secret)).run(tx)?;
    Ok(())
}

/// Deletes a key that no address uses.
///
/// # Errors
/// [`DbError`]; a foreign-key violation when an address still uses it.
pub fn delete_key(tx: &mut Tx, seller: Key, id: Key) -> Result<usize, DbError> {
    Ok(diesel::delete(interface_keys::table.find(id).filter(interface_keys::seller_id.eq(seller))).run(tx)?)
}

/// # Errors
/// [`DbError`]; a unique violation when the name is taken.
pub fn insert_address(tx: &mut Tx, address: &Address) -> Result<(), DbError> {
    diesel::insert_into(interface_addresses::table).values(address).run(tx)?;
    Ok(())
}

/// Changes an address; its saved cases no longer prove anything and go, also those that were saved while this waited.
///
/// # Errors
/// [`DbError`].
pub fn update_address(tx: &mut Tx, address: &Address) -> Result<(), DbError> {
    diesel::update(interface_addresses::table.find(address.id).filter(interface_addresses::seller_id.eq(address.seller_id)))
        .set((
            interface_addresses::url.eq(&address.url),
            interface_addresses::key_id.eq(address.key_id),
            interface_addresses::always_test_flag.eq(address.always_test_flag),
            interface_addresses::updated_at.eq(address.updated_at),
            interface_addresses::protocol.eq(&address.protocol),
            interface_addresses::send_empty_parameters.eq(address.send_empty_parameters),
            interface_addresses::notify_product_id.eq(address.notify_product_id),
            interface_addresses::notify_access_type.eq(&address.notify_access_type),
            interface_addresses::landing_page.eq(&address.landing_page),
        ))
        .run(tx)?;
    disprove(tx, &[address.id])
}

fn disprove(tx: &mut Tx, addresses: &[Key]) -> Result<(), DbError> {
    diesel::delete(debug_cases::table.filter(debug_cases::address_id.eq_any(addresses.to_vec()))).run(tx)?;
    Ok(())
}

/// The secret of a key changed: the cases of the addresses that call with it no longer prove anything and go. What else is said
/// of them stays as whoever changes it at this moment says.
///
/// # Errors
/// [`DbError`].
pub fn disprove_key(tx: &mut Tx, key: Key, at: Moment) -> Result<(), DbError> {
    let with = interface_addresses::table.filter(interface_addresses::key_id.eq(key));
    let ids: Vec<Key> = with.order(interface_addresses::id).select(interface_addresses::id).load(tx)?;
    for id in &ids {
        diesel::update(interface_addresses::table.find(*id)).set(interface_addresses::updated_at.eq(at)).run(tx)?;
    }
    disprove(tx, &ids)
}

/// Whether an address still is what was called, and holds it as it is until the transaction ends.
///
/// # Errors
/// [`DbError`].
pub fn hold_address(tx: &mut Tx, called: &Address) -> Result<Written, DbError> {
    let same = interface_addresses::table
        .find(called.id)
        .filter(interface_addresses::url.eq(&called.url))
        .filter(interface_addresses::protocol.eq(&called.protocol))
        .filter(interface_addresses::key_id.eq(called.key_id))
        .filter(interface_addresses::updated_at.eq(called.updated_at));
    Ok(Written::from_rows(diesel::update(same).set(interface_addresses::updated_at.eq(called.updated_at)).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn addresses(tx: &mut Tx, seller: Key) -> Result<Vec<Address>, DbError> {
    Ok(interface_addresses::table
        .filter(interface_addresses::seller_id.eq(seller))
        .order(interface_addresses::created_at)
        .select(Address::as_select())
        .load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn address(tx: &mut Tx, seller: Key, id: Key) -> Result<Option<Address>, DbError> {
    Ok(interface_addresses::table
        .find(id)
        .filter(interface_addresses::seller_id.eq(seller))
        .select(Address::as_select())
        .first(tx)
        .optional()?)
}

/// The addresses of a protocol on which a case was passed, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn proven(tx: &mut Tx, seller: Key, protocol: &str, scenario: &str) -> Result<Vec<Address>, DbError> {
    Ok(interface_addresses::table
        .inner_join(debug_cases::table.on(debug_cases::address_id.eq(interface_addresses::id)))
        .filter(interface_addresses::seller_id.eq(seller))
        .filter(interface_addresses::protocol.eq(protocol))
        .filter(debug_cases::scenario.eq(scenario))
        .order(interface_addresses::created_at)
        .select(Address::as_select())
        .load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn address_by_name(tx: &mut Tx, seller: Key, name: &str) -> Result<Option<Address>, DbError> {
    Ok(interface_addresses::table
        .filter(interface_addresses::seller_id.eq(seller))
        .filter(interface_addresses::name.eq(name))
        .select(Address::as_select())
        .first(tx)
        .optional()?)
}

/// The saved cases of an address.
///
/// # Errors
/// [`DbError`].
pub fn cases(tx: &mut Tx, address: Key) -> Result<Vec<Case>, DbError> {
    Ok(debug_cases::table.filter(debug_cases::address_id.eq(address)).order(debug_cases::scenario).select(Case::as_select()).load(tx)?)
}

/// What passed of one scenario at any address of a seller.
///
/// # Errors
/// [`DbError`].
pub fn cases_of_seller(tx: &mut Tx, seller: Key, scenario: &str) -> Result<Vec<Case>, DbError> {
    Ok(debug_cases::table
        .inner_join(interface_addresses::table.on(interface_addresses::id.eq(debug_cases::address_id)))
        .filter(interface_addresses::seller_id.eq(seller))
        .filter(debug_cases::scenario.eq(scenario))
        .order(debug_cases::passed_at)
        .select(Case::as_select())
        .load(tx)?)
}

/// Saves a passed case in the place of an older one of the same scenario.
///
/// # Errors
/// [`DbError`]; [`DbError::Raced`] when it is saved at the same moment elsewhere.
pub fn save_case(tx: &mut Tx, case: &Case) -> Result<(), DbError> {
    let old = debug_cases::table.filter(debug_cases::address_id.eq(case.address_id)).filter(debug_cases::scenario.eq(&case.scenario));
    diesel::delete(old).run(tx)?;
    let inserted = diesel::insert_into(debug_cases::table).values(case).run(tx).map_err(DbError::from);
    inserted.map(|_| ()).map_err(|e| if e.is_unique_violation() { DbError::Raced } else { e })
}

/// Moves the addresses under one prefix to another and keeps their cases; says how many.
///
/// # Errors
/// [`DbError`].
pub fn any_move(tx: &mut Tx, from: &str, to: &str, at: i64) -> Result<usize, DbError> {
    let all: Vec<(Key, String)> = interface_addresses::table.select((interface_addresses::id, interface_addresses::url)).load(tx)?;
    let mut moved = 0;
    for (id, url) in all {
        let Some(rest) = url.strip_prefix(from).filter(|_| from != to) else {
            continue;
        };
        diesel::update(interface_addresses::table.find(id))
            .set((interface_addresses::url.eq(format!("{to}{rest}")), interface_addresses::updated_at.eq(at)))
            .run(tx)?;
        moved += 1;
    }
    Ok(moved)
}
