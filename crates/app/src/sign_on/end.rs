//! The end of sign-ons: by the application (revocation, RFC 7009) and by the user's log-out there.

use super::{authorise::redirects, keys::Signer};
use crate::{Ctx, Error, event, secret};
use db::{Key, Tx};
use domain::id::UserId;
use serde_json::json;
use store::sign_on as rows;

/// Voids the sign-on of an access or refresh token of a client; an unknown token is none any more.
///
/// # Errors
/// `invalid_client`.
pub fn revoke(tx: &mut Tx, ctx: &Ctx, client_id: &str, client_secret: &str, token: &str) -> Result<(), Error> {
    let application = super::token::client(tx, ctx, client_id, client_secret)?;
    let hash = secret::hash(token);
    let found = match rows::any_by_access(tx, &hash, ctx.wall_micros())? {
        Some(found) => Some(found),
        None => rows::any_by_refresh(tx, &hash)?,
    };
    match found.filter(|s| s.application_id == application.id && s.ended_at.is_none()) {
        Some(found) => {
            rows::end(tx, found.id, ctx.wall_micros())?;
            ended(tx, ctx, found.instance_id, &application.name)
        }
        None => Ok(()),
    }
}

fn ended(tx: &mut Tx, ctx: &Ctx, instance: Key, application: &str) -> Result<(), Error> {
    let about = event::About { instance: Some(instance), ..event::About::default() };
    event::record(tx, ctx, "sign_on.ended", about, &json!({ "application": application }))
}

/// Ends the sign-ons of the user whom an id token of ours names, into its application; says where the browser goes:
/// only to an address that the application registered.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn log_out(tx: &mut Tx, ctx: &Ctx, signers: &[Signer], hint: &str, back: Option<&str>) -> Result<Option<String>, Error> {
    #[derive(serde::Deserialize)]
    struct Hint {
        sub: String,
        aud: String,
    }
    let Some(hint) = signers.iter().find_map(|s| s.read::<Hint>(hint)) else {
        return Ok(None);
    };
    let (Some(application), Ok(user)) = (store::kit::any_by_client(tx, &hint.aud)?, hint.sub.parse::<UserId>()) else {
        return Ok(None);
    };
    rows::end_of_user(tx, Key::of(user), Some(application.id), ctx.wall_micros())?;
    let about = event::About { product: Some(application.product_id), ..event::About::default() };
    event::record(tx, ctx, "sign_on.logged_out", about, &json!({ "application": application.name, "user": user }))?;
    let known = redirects(&application)?;
    Ok(back.filter(|b| *b == application.login_url || known.iter().any(|k| k == b)).map(str::to_owned))
}
