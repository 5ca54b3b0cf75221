//! Accounts, people, sessions, tokens and access keys.

pub mod access_key;
mod log_in;
mod preferences;
mod register;
mod token;
mod tries;

pub use log_in::{LoggedIn, Seen, caller_of_session, change_password, end_session, log_in, log_out_everywhere, sessions};
pub use preferences::set as set_preferences;
pub use register::{NewAccount, Registered, create_operator, register};
pub use token::{NewToken, caller_of_token, issue as issue_token, list as tokens, revoke as revoke_token};

use crate::{Caller, Error, from_micros};
use db::{Key, Tx};
use domain::{
    access::{Role, Scope},
    id::UserId,
};
use store::account::{Account, User};

/// Reads comma-separated words of an enum.
fn words<T: std::str::FromStr<Err = domain::Unknown>>(table: &'static str, text: &str) -> Result<Vec<T>, Error> {
    text.split(',').filter(|w| !w.is_empty()).map(|w| w.parse().map_err(|e| Error::row(table, w, e))).collect()
}

fn caller(user: &User, account: &Account, scopes: Vec<Scope>) -> Result<Caller, Error> {
    let bad = |e: domain::Unknown| Error::row("accounts", &account.name, e);
    Ok(Caller {
        user_id: user.id.id(),
        account_id: account.id.id(),
        login: user.login.clone(),
        user_name: user.name.clone(),
        account_name: account.name.clone(),
        account_kind: account.kind.parse().map_err(bad)?,
        site: account.site.parse().map_err(bad)?,
        roles: words::<Role>("accounts", &account.roles)?,
        staff: user.staff_role.as_deref().map(str::parse).transpose().map_err(bad)?,
        scopes,
        language: user.language.clone(),
        dismissed: user.dismissed.clone(),
        session: None,
    })
}

/// A person in whose name the platform does what was agreed, without a session.
///
/// # Errors
/// [`Error::Row`] when there is no such user.
pub fn caller_of_user(tx: &mut Tx, id: Key) -> Result<Caller, Error> {
    let missing = |table| Error::row(table, id.id::<UserId>(), "is missing");
    let user = store::account::user(tx, id)?.ok_or_else(|| missing("users"))?;
    let account = store::account::lookup(tx, user.account_id)?.ok_or_else(|| missing("accounts"))?;
    caller(&user, &account, Vec::new())
}

/// When a session or token was made, for lists.
#[must_use]
pub fn at(micros: i64) -> domain::Timestamp {
    from_micros(micros)
}
