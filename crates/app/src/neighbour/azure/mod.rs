//! Azure SaaS fulfilment 2: a subscription is an instance, a plan one of its combinations, an operation the order or
//! the call that changes it.

mod change;
mod operation;
mod subscription;
mod usage;

pub use change::{change_plan, unsubscribe};
pub(crate) use operation::{event, is_told};
pub use operation::{operation, operations, update};
pub use subscription::{activate, list, plans, resolve, show};
pub use usage::{Told, report};

use super::protocol;
use crate::{Caller, Error, Tenant, instance};
use db::{Key, Tx};
use store::{Locked, instance::Instance};
use wire::conformance::Protocol;

fn unknown() -> Error {
    Error::not_found("neighbour.subscription_unknown", "you have no subscription of this id")
}

/// A subscription of the caller's, by its GUID.
fn find(tx: &mut Tx, caller: &Caller, id: &str) -> Result<Instance, Error> {
    let id = domain::neighbour::of_guid(id).ok_or_else(unknown)?;
    let found = store::instance::lookup(tx, Tenant::Seller(Key::of(caller.account_id)), Key::of(id))?.ok_or_else(unknown)?;
    if protocol(tx, &found)? == Some(Protocol::SaasAzure) { Ok(found) } else { Err(unknown()) }
}

/// A subscription of the caller's, locked: nobody else decides on its calls until this transaction ends.
fn locked(tx: &mut Tx, caller: &Caller, id: &str) -> Result<Locked<Instance>, Error> {
    let found = find(tx, caller, id)?;
    instance::locked(tx, Tenant::Seller(Key::of(caller.account_id)), instance::id(&found))
}
