//! Licences: by authorisation code 2.0 (`license-interface 2`), issued with the purchase, activated and asked about by
//! the seller's software; by application (`4`), asked for by the buyer and uploaded by the seller. Beyond the reference:
//! floating seats, machines that a licence is bound to, and signed files for machines without network.
//!
//! A code has no state of its own beside its activation: it is alive, expired or released as its instance is.

mod activate;
mod apply;
mod file;
mod holding;
mod issue;
mod node;
mod query;
mod right;
mod seat;
mod tally;
mod test_code;
mod usage;

pub use activate::activate;
pub use apply::{Upload, content as application_content, deliver, refusal, request as apply};
pub(crate) use apply::{accepted, given_back, given_until, refused as application_refused};
pub use file::{File, issue as issue_file, key_set, new_key};
pub use holding::{Holding, holding, release_node, release_seat};
pub use issue::issue;
pub(crate) use issue::shown;
pub use query::{Answer, query};
pub use right::Right;
pub use seat::{Take, Taken, give_back, lease_text, renew, take};
pub use tally::{Noted, write_down};
pub use test_code::request as request_test_code;
pub use usage::{by_day, report};

use crate::{Ctx, Error};
use db::{Key, Moment, Tx};
use domain::licence::{self, LicenceState, RANDOM_CHARACTERS, Refused};
use std::collections::HashMap;
use store::{instance::Instance, licence::Licence};

/// A code with the instance that it opens; a test code has none.
pub(crate) struct Held {
    pub licence: Licence,
    pub instance: Option<Instance>,
}

/// A code with the instance that it opens, locked: whoever writes a licence has its instance, as whoever moves its case has.
struct Locked {
    licence: Licence,
    instance: Option<store::Locked<Instance>>,
}

fn unknown(code: &str) -> Error {
    Error::not_found("licence.not_found", format!("you have no code {}", code.chars().take(64).collect::<String>()))
}

/// The refusal of a decision, by a stable code.
fn refused(e: &Refused) -> Error {
    let code = match e {
        Refused::ActivatedAlready | Refused::Released => "licence.state",
        Refused::Frozen => "licence.state",
        Refused::NotReceived => "licence.not_received",
        Refused::NotActivated => "licence.not_activated",
        Refused::BeforeOrder | Refused::InFuture => "licence.real_effect_time",
    };
    Error::conflict(code, e.to_string())
}

/// Codes of a seller, in the order that they were named in.
///
/// # Errors
/// `licence.not_found` for the first that the seller has not.
fn held(tx: &mut Tx, seller: Key, codes: &[String]) -> Result<Vec<Held>, Error> {
    let found = store::licence::by_codes(tx, seller, codes)?;
    let ids = instances_of(&found);
    let instances = if ids.is_empty() { Vec::new() } else { store::instance::any_of(tx, &ids)? };
    let instances = by(instances, |i| i.id);
    each(found, codes, |licence| Held { instance: licence.instance_id.and_then(|id| instances.get(&id)).cloned(), licence })
}

/// Likewise, locked.
///
/// # Errors
/// As [`held`].
fn locked(tx: &mut Tx, seller: Key, codes: &[String]) -> Result<Vec<Locked>, Error> {
    let found = store::licence::by_codes(tx, seller, codes)?;
    let instances = by(store::instance::lock_all(tx, &instances_of(&found))?, |i| i.id);
    each(found, codes, |licence| Locked { instance: licence.instance_id.and_then(|id| instances.get(&id)).cloned(), licence })
}

fn instances_of(licences: &[Licence]) -> Vec<Key> {
    licences.iter().filter_map(|l| l.instance_id).collect()
}

/// The licence of each code, in their order.
fn each<T>(found: Vec<Licence>, codes: &[String], make: impl Fn(Licence) -> T) -> Result<Vec<T>, Error> {
    let found = by(found, |l| l.code.clone());
    codes.iter().map(|code| found.get(code).cloned().map(&make).ok_or_else(|| unknown(code))).collect()
}

/// Rows by what tells them apart.
fn by<T, K: Eq + std::hash::Hash>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, T> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

impl Held {
    fn state(&self, ctx: &Ctx) -> Result<LicenceState, Error> {
        state_of(ctx, &self.licence, self.instance.as_ref())
    }
}

impl Locked {
    fn state(&self, ctx: &Ctx) -> Result<LicenceState, Error> {
        state_of(ctx, &self.licence, self.instance.as_deref())
    }
}

fn state_of(ctx: &Ctx, licence: &Licence, instance: Option<&Instance>) -> Result<LicenceState, Error> {
    match instance {
        Some(instance) => state(ctx, instance),
        None if licence.activated_at.is_some() => Ok(LicenceState::Alive),
        None => Ok(LicenceState::NotActivated),
    }
}

/// What the licence of an instance is now.
///
/// # Errors
/// [`Error::Row`].
pub fn state(ctx: &Ctx, instance: &Instance) -> Result<LicenceState, Error> {
    Ok(licence::state(instance.state, instance.expires_at.map(Moment::at), ctx.now))
}

/// A new code that nobody can guess.
fn new_code(ctx: &Ctx) -> String {
    let mut random = [0; RANDOM_CHARACTERS];
    ctx.ids.random(&mut random);
    licence::code(random)
}
