//! The people of an account: who may do what, where they belong, who is asked to join. Sellers whose applications
//! they use are told (`saas-interface 4`).

mod colleague;
mod department;
mod invitation;

pub use colleague::{Person, change, remove, shown};
pub use department::{delete as delete_department, put as put_department};
pub use invitation::{Invite, accept, invite, opened, withdraw};

use crate::{Caller, Ctx, Error, event};
use db::{Key, Tx};
use serde_json::Value;

fn recorded(tx: &mut Tx, ctx: &Ctx, caller: &Caller, kind: &str, data: &Value) -> Result<(), Error> {
    event::record(tx, ctx, kind, event::About::account(Key::of(caller.account_id)), data)
}

/// A department of the caller's account by its code, for a field of a body.
fn department_of(tx: &mut Tx, account: Key, code: Option<&str>) -> Result<Option<Key>, Error> {
    let Some(code) = code else {
        return Ok(None);
    };
    let found = store::organisation::departments(tx, account)?.into_iter().find(|d| d.code == code);
    found.map(|d| Some(d.id)).ok_or_else(|| Error::field("/department", "department.not_found", "there is no department of this code"))
}
