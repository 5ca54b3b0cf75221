//! Log-in, sessions, passwords. Sessions follow wall time.

use super::{
    caller,
    register::check_password,
    tries::{Try, count_try},
};
use crate::{Caller, Ctx, Error, event, micros, secret};
use db::{Key, Tx};
use domain::{Timestamp, access::Scope, id::SessionId};
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;
use store::{Written, account, session};

/// A new session: the secret for the cookie is given once.
#[derive(Debug)]
pub struct LoggedIn {
    pub secret: String,
    pub csrf: String,
    pub expires_at: Timestamp,
    pub caller: Caller,
}

/// Where a log-in comes from, for the list of sessions.
#[derive(Debug, Clone)]
pub struct Seen {
    pub address: String,
    pub agent: String,
}

/// A hash of nothing, so that an unknown login takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$J2gGBzqVKM2y0DIpVs2nEMS2PxLjJ3DUy1tXJlqsNSY";

/// Checks login and password; slow on purpose, so it runs on a reading connection before the session is
/// written.
///
/// # Errors
/// `account.bad_credentials`, the same for an unknown login and a wrong password.
fn recognise(tx: &mut Tx, login: &str, password: &str) -> Result<(account::User, account::Account), Error> {
    let found = account::user_by_login(tx, login)?;
    let hashed = found.as_ref().map_or(NOBODY, |(user, _)| user.password.as_str());
    if secret::password_matches(password, hashed)
        && let Some(found) = found
    {
        return Ok(found);
    }
    Err(wrong())
}

fn wrong() -> Error {
    Error::unauthenticated("account.bad_credentials", "login or password is wrong")
}

/// Logs a person in.
///
/// # Errors
/// `account.bad_credentials`, `auth.too_many_log_ins`.
pub async fn log_in(app: &crate::App, login: String, password: String, seen: Seen) -> Result<LoggedIn, Error> {
    let tried = login.clone();
    app.write(crate::Actor::Anybody, move |tx, ctx| count_try(tx, ctx, Try::LogIn, &tried)).await?;
    let (user, account) = app.read(crate::Actor::Anybody, move |tx, _| recognise(tx, &login, &password)).await?;
    let caller = caller(&user, &account, vec![Scope::Read, Scope::Write])?;
    let caller = Arc::new(caller);
    app.write(crate::Actor::Caller(caller.clone()), move |tx, ctx| begin(tx, ctx, &caller, (&user.password, &seen))).await
}

/// Begins a session for who was recognised by a password, if it is theirs still: whoever changes it, or takes the person away,
/// ends the sessions that there are.
///
/// # Errors
/// `account.bad_credentials`.
pub fn begin(tx: &mut Tx, ctx: &Ctx, caller: &Caller, (hash, seen): (&str, &Seen)) -> Result<LoggedIn, Error> {
    let user = account::lock_user(tx, Key::of(caller.user_id))?;
    if user.is_none_or(|user| user.password != hash || user.left_at.is_some()) {
        return Err(wrong());
    }
    let (secret, csrf) = (ctx.random_hex(32), ctx.random_hex(16));
    let expires_at = ctx.wall + SignedDuration::from_hours(24 * ctx.settings.session_days);
    session::insert(
        tx,
        &session::Session {
            id: ctx.key(),
            user_id: Key::of(caller.user_id),
            secret_hash: secret::hash(&secret),
            csrf: csrf.clone(),
            created_at: ctx.wall_micros(),
            last_seen_at: ctx.wall_micros(),
            expires_at: micros(expires_at),
            ended_at: None,
            address: seen.address.clone(),
            agent: seen.agent.chars().filter(|c| !c.is_control()).take(200).collect(),
        },
    )?;
    let about = event::About::account(Key::of(caller.account_id));
    event::record(tx, ctx, "session.begun", about, &json!({ "user": caller.login, "address": seen.address }))?;
    Ok(LoggedIn { secret, csrf, expires_at, caller: caller.clone() })
}

/// Who holds a session's cookie.
///
/// # Errors
/// [`Error::Store`].
pub fn caller_of_session(tx: &mut Tx, ctx: &Ctx, secret: &str) -> Result<Option<Caller>, Error> {
    let found = session::lookup(tx, &secret::hash(secret), ctx.wall_micros())?;
    found
        .map(|(session, user, account)| {
            let caller = caller(&user, &account, vec![Scope::Read, Scope::Write])?;
            Ok(Caller { session: Some((session.id.id(), session.csrf)), ..caller })
        })
        .transpose()
}

/// Ends one session of the caller.
///
/// # Errors
/// `session.not_found`.
pub fn end_session(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: SessionId) -> Result<(), Error> {
    match session::end(tx, Key::of(caller.user_id), Key::of(id), ctx.wall_micros())? {
        Written::Yes => ended(tx, ctx, caller, 1),
        Written::SomeoneElseWasFirst => Err(Error::not_found("session.not_found", "there is no such session")),
    }
}

/// Ends all sessions of the caller but the present one; says how many.
///
/// # Errors
/// [`Error::Store`].
pub fn log_out_everywhere(tx: &mut Tx, ctx: &Ctx, caller: &Caller) -> Result<usize, Error> {
    let but = caller.session.as_ref().map(|(id, _)| Key::of(*id));
    let count = session::end_all(tx, Key::of(caller.user_id), but, ctx.wall_micros())?;
    ended(tx, ctx, caller, count)?;
    Ok(count)
}

fn ended(tx: &mut Tx, ctx: &Ctx, caller: &Caller, sessions: usize) -> Result<(), Error> {
    let about = event::About::account(Key::of(caller.account_id));
    event::record(tx, ctx, "session.ended", about, &json!({ "user": caller.login, "sessions": sessions }))
}

/// The caller's living sessions.
///
/// # Errors
/// [`Error::Store`].
pub fn sessions(tx: &mut Tx, ctx: &Ctx, caller: &Caller) -> Result<Vec<session::Session>, Error> {
    Ok(session::of_user(tx, Key::of(caller.user_id), ctx.wall_micros())?)
}

/// Changes the caller's password and ends the other sessions. The slow hashing is done on a reading
/// connection, before the change is written.
///
/// # Errors
/// `account.wrong_password`, `account.weak_password`, `auth.too_many_log_ins`.
pub async fn change_password(app: &crate::App, caller: Arc<Caller>, old: String, new: String) -> Result<(), Error> {
    let login = caller.login.clone();
    app.write(crate::Actor::Anybody, move |tx, ctx| count_try(tx, ctx, Try::PasswordChange, &login)).await?;
    let who = caller.clone();
    let hashes = app.read(crate::Actor::Caller(caller.clone()), move |tx, _| hashed(tx, &who, &old, &new)).await?;
    let who = caller.clone();
    app.write(crate::Actor::Caller(caller), move |tx, ctx| {
        let (before, after) = &hashes;
        // Before the sessions that there are: one that is begun meanwhile waits, and finds the new one.
        account::lock_user(tx, Key::of(who.user_id))?;
        if account::set_password(tx, Key::of(who.user_id), before, after)? == Written::SomeoneElseWasFirst {
            return Err(Error::conflict("account.password_changed", "the password was changed meanwhile; log in again"));
        }
        log_out_everywhere(tx, ctx, &who)?;
        let about = event::About::account(Key::of(who.account_id));
        event::record(tx, ctx, "account.password_changed", about, &json!({ "user": who.login }))
    })
    .await
}

/// The hashes of the present and the new password, when the change is allowed.
fn hashed(tx: &mut Tx, caller: &Caller, old: &str, new: &str) -> Result<(String, String), Error> {
    let user =
        account::user(tx, Key::of(caller.user_id))?.ok_or_else(|| Error::row("users", caller.user_id, "the session's user is gone"))?;
    if !secret::password_matches(old, &user.password) {
        return Err(Error::field("/old_password", "account.wrong_password", "the old password is wrong"));
    }
    check_password("/new_password", &caller.login, new)?;
    Ok((user.password, secret::hash_password(new)?))
}
