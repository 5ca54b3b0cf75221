//! Access keys: AK and SK, with which programs sign their requests (`open-api 1`).

use super::{caller, words};
use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, event};
use db::{DbError, Key, Tx};
use domain::{access::Scope, id::AccessKeyId};
use serde_json::json;
use store::{Written, access_key};

/// As upstream: one in use, one to rotate to.
const SLOTS: [i64; 2] = [1, 2];
const SECRET_COLUMN: Sealed = Sealed::AccessKey;
/// The last use is written this much later at most: a busy key must not be a busy row.
const USE_WRITTEN_EVERY_MICROS: i64 = 60_000_000;

/// A new key: the secret is given once.
#[derive(Clone)]
pub struct Issued {
    pub id: AccessKeyId,
    pub access: String,
    pub secret: String,
}

/// Random letters and digits: A–Z and 0–9 for the public half, small letters too for the secret.
fn random_text(ctx: &Ctx, alphabet: &[u8], length: usize) -> String {
    let mut bytes = vec![0; length];
    ctx.ids.random(&mut bytes);
    // 256 is a multiple of neither alphabet; the bias of a bit in 20 or 40 characters costs no safety.
    bytes.iter().map(|b| char::from(alphabet[usize::from(*b) % alphabet.len()])).collect()
}

/// Issues a key for the caller.
///
/// # Errors
/// `access_key.too_many`, `access_key.scopes_missing`, `access_key.scope_not_yours`.
pub fn issue(tx: &mut Tx, ctx: &Ctx, caller: &Caller, name: &str, scopes: &[Scope]) -> Result<Issued, Error> {
    const SECRET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const ACCESS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    if scopes.is_empty() {
        return Err(Error::field("/scopes", "access_key.scopes_missing", "choose at least one of read, write"));
    }
    if let Some(scope) = scopes.iter().find(|s| !caller.scopes.contains(s)) {
        let detail = format!("you act with a token that lacks {scope} and cannot give it on");
        return Err(Error::field("/scopes", "access_key.scope_not_yours", detail));
    }
    let taken: Vec<i64> = access_key::of_user(tx, Key::of(caller.user_id))?.iter().map(|k| k.slot).collect();
    let slot = SLOTS.into_iter().find(|slot| !taken.contains(slot)).ok_or_else(|| {
        let detail = format!("you have {} access keys, disabled ones counted; delete one first", SLOTS.len());
        Error::conflict("access_key.too_many", detail)
    })?;
    let (access, secret) = (random_text(ctx, ACCESS, 20), random_text(ctx, SECRET, 40));
    let id = ctx.id::<AccessKeyId>();
    let words: Vec<&str> = scopes.iter().map(|s| s.as_str()).collect();
    let row = access_key::AccessKey {
        id: Key::of(id),
        user_id: Key::of(caller.user_id),
        access: access.clone(),
        secret: ctx.sealer.seal(ctx.ids, SECRET_COLUMN, &secret),
        name: name.to_owned(),
        scopes: words.join(","),
        created_at: ctx.wall_micros(),
        disabled_at: None,
        last_used_at: None,
        last_used_from: None,
        slot,
    };
    match access_key::insert(tx, &row) {
        // Another was issued at the same moment: this unit runs again.
        Err(e) if e.is_unique_violation() => return Err(DbError::Raced.into()),
        result => result?,
    }
    recorded(tx, ctx, caller, "access_key.issued", id)?;
    Ok(Issued { id, access, secret })
}

fn recorded(tx: &mut Tx, ctx: &Ctx, caller: &Caller, kind: &str, id: AccessKeyId) -> Result<(), Error> {
    event::record(tx, ctx, kind, event::About::account(Key::of(caller.account_id)), &json!({ "access_key": id }))
}

/// The caller's keys, without their secrets.
///
/// # Errors
/// [`Error::Store`].
pub fn list(tx: &mut Tx, caller: &Caller) -> Result<Vec<access_key::AccessKey>, Error> {
    Ok(access_key::of_user(tx, Key::of(caller.user_id))?)
}

fn missing(written: Written) -> Result<(), Error> {
    match written {
        Written::Yes => Ok(()),
        Written::SomeoneElseWasFirst => Err(Error::not_found("access_key.not_found", "there is no such access key")),
    }
}

/// Disables a key of the caller, or makes it work again.
///
/// # Errors
/// `access_key.not_found`.
pub fn set_enabled(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: AccessKeyId, enabled: bool) -> Result<(), Error> {
    let at = (!enabled).then_some(ctx.wall_micros());
    missing(access_key::set_disabled(tx, Key::of(caller.user_id), Key::of(id), at)?)?;
    recorded(tx, ctx, caller, if enabled { "access_key.enabled" } else { "access_key.disabled" }, id)
}

/// Deletes a key of the caller: what is signed with it is refused from now on.
///
/// # Errors
/// `access_key.not_found`.
pub fn delete(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: AccessKeyId) -> Result<(), Error> {
    missing(access_key::delete(tx, Key::of(caller.user_id), Key::of(id))?)?;
    recorded(tx, ctx, caller, "access_key.deleted", id)
}

/// Who signs with a key, and what it is checked with.
#[derive(Clone)]
pub struct Signer {
    pub id: AccessKeyId,
    pub secret: String,
    pub caller: Caller,
    /// Whether this use is to be written down.
    pub use_is_news: bool,
}

/// The holder of a key that is not disabled.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn signer(tx: &mut Tx, ctx: &Ctx, access: &str) -> Result<Option<Signer>, Error> {
    // To whoever holds the key of somebody who left it does not exist.
    let Some((key, user, account)) = access_key::living(tx, access)?.filter(|(_, user, _)| user.left_at.is_none()) else {
        return Ok(None);
    };
    Ok(Some(Signer {
        id: key.id.id(),
        secret: ctx.sealer.open(SECRET_COLUMN, &key.secret)?,
        caller: caller(&user, &account, words("access_keys", &key.scopes)?)?,
        use_is_news: key.last_used_at.is_none_or(|at| ctx.wall_micros() - at >= USE_WRITTEN_EVERY_MICROS),
    }))
}

/// Writes down when and from where a key was used.
///
/// # Errors
/// [`Error::Store`].
pub fn used(tx: &mut Tx, ctx: &Ctx, id: AccessKeyId, from: &str) -> Result<(), Error> {
    Ok(access_key::used(tx, Key::of(id), ctx.wall_micros(), from)?)
}
