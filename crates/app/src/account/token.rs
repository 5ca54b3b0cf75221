//! API tokens: for programs, with scopes; the secret is shown once.

use super::{caller, words};
use crate::{Caller, Ctx, Error, event, limit, micros, secret};
use db::{Key, Tx};
use domain::limit::Limit;
use domain::{Timestamp, access::Scope, id::TokenId};
use serde_json::json;
use store::{Written, session};

#[derive(Debug, Clone)]
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<Scope>,
    pub expires_at: Option<Timestamp>,
}

/// Tokens begin with this, so that a leaked one is recognised.
pub const PREFIX: &str = "yst_";

/// Issues a token for the caller; returns its id and secret.
///
/// # Errors
/// `token.scopes_missing`, `token.expired`, `token.too_many`, `token.scope_not_yours`.
pub fn issue(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: &NewToken) -> Result<(TokenId, String), Error> {
    if new.scopes.is_empty() {
        return Err(Error::field("/scopes", "token.scopes_missing", "choose at least one of read, write"));
    }
    if let Some(scope) = new.scopes.iter().find(|s| !caller.scopes.contains(s)) {
        let detail = format!("you act with a token that lacks {scope} and cannot give it on");
        return Err(Error::field("/scopes", "token.scope_not_yours", detail));
    }
    if new.expires_at.is_some_and(|at| at <= ctx.wall) {
        return Err(Error::field("/expires_at", "token.expired", "the end must lie in the future"));
    }
    let user = Key::of(caller.user_id);
    limit::room(tx, Limit::Tokens, user, |tx| Ok(limit::number(&session::tokens_of_user(tx, user)?)))?;
    let (id, secret) = (ctx.id::<TokenId>(), format!("{PREFIX}{}", ctx.random_hex(24)));
    let scopes: Vec<&str> = new.scopes.iter().map(|s| s.as_str()).collect();
    session::insert_token(
        tx,
        &session::Token {
            id: Key::of(id),
            user_id: Key::of(caller.user_id),
            secret_hash: secret::hash(&secret),
            name: new.name.clone(),
            scopes: scopes.join(","),
            created_at: ctx.wall_micros(),
            expires_at: new.expires_at.map(micros),
            revoked_at: None,
        },
    )?;
    let about = event::About::account(Key::of(caller.account_id));
    event::record(tx, ctx, "token.issued", about, &json!({ "token": id, "name": new.name, "scopes": scopes }))?;
    Ok((id, secret))
}

/// Who holds a token.
///
/// # Errors
/// [`Error::Store`].
pub fn caller_of_token(tx: &mut Tx, ctx: &Ctx, secret: &str) -> Result<Option<Caller>, Error> {
    let found = session::token(tx, &secret::hash(secret), ctx.wall_micros())?;
    found.map(|(token, user, account)| caller(&user, &account, words("api_tokens", &token.scopes)?)).transpose()
}

/// The caller's tokens, without their secrets.
///
/// # Errors
/// [`Error::Store`].
pub fn list(tx: &mut Tx, caller: &Caller) -> Result<Vec<session::Token>, Error> {
    Ok(session::tokens_of_user(tx, Key::of(caller.user_id))?)
}

/// Revokes one of the caller's tokens.
///
/// # Errors
/// `token.not_found`.
pub fn revoke(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: TokenId) -> Result<(), Error> {
    match session::revoke_token(tx, Key::of(caller.user_id), Key::of(id), ctx.wall_micros())? {
        Written::Yes => event::record(tx, ctx, "token.revoked", event::About::account(Key::of(caller.account_id)), &json!({ "token": id })),
        Written::SomeoneElseWasFirst => Err(Error::not_found("token.not_found", "there is no such token")),
    }
}
