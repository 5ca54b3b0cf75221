//! How often a login may be tried: counted in the database, so that all nodes count together.

use crate::{Ctx, Error};
use db::Tx;
use jiff::SignedDuration;
use store::log_in_try;

/// Tries at once, and how fast they come back.
const AT_ONCE: i64 = 10;
const EVERY: SignedDuration = SignedDuration::from_secs(6);

/// What a try is for; each has its own allowance.
#[derive(Debug, Clone, Copy)]
pub enum Try {
    LogIn,
    PasswordChange,
}

/// Counts a try. Follows wall time, like sessions.
///
/// # Errors
/// `auth.too_many_log_ins`.
pub fn count_try(tx: &mut Tx, ctx: &Ctx, kind: Try, login: &str) -> Result<(), Error> {
    let subject = match kind {
        Try::LogIn => login.to_lowercase(),
        // No login holds a line break.
        Try::PasswordChange => format!("password\n{}", login.to_lowercase()),
    };
    let every = i64::try_from(EVERY.as_micros()).unwrap_or(i64::MAX);
    if log_in_try::take(tx, &subject, ctx.wall_micros(), every, AT_ONCE)? {
        return Ok(());
    }
    Err(Error::too_many("auth.too_many_log_ins", "too many tries for this login; wait a minute"))
}
