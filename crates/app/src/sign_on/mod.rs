//! Single sign-on: the platform as OAuth 2 and OpenID Connect provider of bound applications (`saas-interface 4`).
//! Authorisation code with PKCE; who may sign on is who was granted the application, asked anew at every step.

mod authorise;
mod end;
mod keys;
mod token;

pub use authorise::{Asked, Authorised, Refused, authorise, client_of};
pub use end::{log_out, revoke};
pub use keys::{NewKey, Published, Signer, keep_key, new_key, published};
pub use token::{Claims, Exchanged, Grant, Tokens, exchange, user_info};

use crate::{Ctx, Error};
use db::{Key, Tx};
use domain::{instance::InstanceState, kit::BindingState};
use store::{account::User, instance::Instance, kit};

/// Whether somebody may use an instance's application now: bound, running, granted, and still a colleague.
fn may_use(tx: &mut Tx, instance: Key, user: Key) -> Result<Option<(Instance, User, kit::Grant)>, Error> {
    let Some(grant) = kit::grant(tx, instance, user)? else {
        return Ok(None);
    };
    let bound = kit::any_binding(tx, instance)?.is_some_and(|b| b.state == BindingState::Bound);
    let found = store::instance::lookup(tx, crate::Tenant::Any, instance)?;
    let person = store::account::user(tx, user)?.filter(|u| u.left_at.is_none());
    match (found, person) {
        (Some(found), Some(person)) if bound && found.state == InstanceState::Running => Ok(Some((found, person, grant))),
        _ => Ok(None),
    }
}

/// How long a code waits to be used.
const CODE_SECONDS: i64 = 300;
/// An access token and an id token.
const ACCESS_SECONDS: i64 = 1_800;
/// A refresh token (`saas-interface 4`).
const REFRESH_DAYS: i64 = 30;

fn wall_after(ctx: &Ctx, seconds: i64) -> i64 {
    ctx.wall_micros() + seconds * 1_000_000
}
