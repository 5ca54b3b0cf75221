//! Accounts, people, sessions, tokens and access keys.

pub mod access_key;
mod log_in;
mod preferences;
mod register;
mod token;
mod tries;

pub use log_in::{
    LoggedIn, Seen, begin as begin_session, caller_of_session, change_password, end_session, log_in, log_out_everywhere, sessions,
};
pub use preferences::set as set_preferences;
pub use register::{NewAccount, Registered, create_operator, register};
pub(crate) use register::{check_password, insert_user};
pub use token::{NewToken, caller_of_token, issue as issue_token, list as tokens, revoke as revoke_token};

use crate::{Caller, Error};
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

/// Somebody who gets in: whoever left the account does not, by whichever way.
fn caller(user: &User, account: &Account, scopes: Vec<Scope>) -> Result<Caller, Error> {
    if user.left_at.is_some() {
        return Err(Error::unauthenticated("account.left", "you were removed from this account; ask its administrator"));
    }
    Ok(person(user, account, scopes))
}

fn person(user: &User, account: &Account, scopes: Vec<Scope>) -> Caller {
    let member = user.member_role;
    let roles = member.of(account.roles.all().to_vec());
    Caller {
        user_id: user.id.id(),
        account_id: account.id.id(),
        login: user.login.clone(),
        user_name: user.name.clone(),
        account_name: account.name.clone(),
        account_kind: account.kind,
        site: account.site,
        staff: user.staff_role.filter(|_| roles.contains(&Role::Operator)),
        roles,
        member,
        scopes,
        language: user.language.clone(),
        dismissed: user.dismissed.clone(),
        session: None,
        repeat: None,
        seen: None,
    }
}

/// A person in whose name the platform does what was agreed, without a session.
///
/// # Errors
/// [`Error::Row`] when there is no such user.
pub fn caller_of_user(tx: &mut Tx, id: Key) -> Result<Caller, Error> {
    let missing = |table| Error::row(table, id.id::<UserId>(), "is missing");
    let user = store::account::user(tx, id)?.ok_or_else(|| missing("users"))?;
    let account = store::account::lookup(tx, user.account_id)?.ok_or_else(|| missing("accounts"))?;
    // What was agreed stays agreed when the person leaves, or loses the right to buy: it is the account's.
    Ok(Caller { roles: account.roles.all().to_vec(), ..person(&user, &account, Vec::new()) })
}
