//! The authorisation request: a logged-in person comes with what an application asks, and goes back with a code.

use super::{CODE_SECONDS, may_use, wall_after};
use crate::{Caller, Ctx, Error, event, secret};
use db::{Key, Tx};
use domain::id::InstanceId;
use serde_json::json;
use store::{
    kit::{self, Application},
    sign_on::{self, SignOn},
};

/// What an application asks in the browser's address.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub response_type: String,
    pub redirect_uri: String,
    pub scope: String,
    pub challenge: Option<String>,
    pub challenge_method: Option<String>,
    pub nonce: Option<String>,
    /// One of several instances of the product.
    pub instance: Option<InstanceId>,
}

/// An error of RFC 6749 4.1.2.1 that goes back to the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub error: &'static str,
    pub description: &'static str,
}

/// What became of a request.
#[derive(Debug, Clone)]
pub enum Authorised {
    Code(String),
    Refused(Refused),
}

/// The application of a client id, if the redirect address is one of its own: else nobody may be sent there.
///
/// # Errors
/// `sign_on.unknown_client`, `sign_on.unknown_redirect`.
pub fn client_of(tx: &mut Tx, client_id: &str, redirect_uri: &str) -> Result<Application, Error> {
    let found = kit::any_by_client(tx, client_id)?
        .ok_or_else(|| Error::field("/client_id", "sign_on.unknown_client", "no application has this client_id"))?;
    if redirects(&found)?.iter().any(|known| known == redirect_uri) {
        return Ok(found);
    }
    let detail = "the application did not register this redirect_uri; it is compared letter by letter";
    Err(Error::field("/redirect_uri", "sign_on.unknown_redirect", detail))
}

pub(super) fn redirects(application: &Application) -> Result<Vec<String>, Error> {
    serde_json::from_str(&application.redirect_uris).map_err(|e| Error::row("applications", &application.name, e))
}

fn check(asked: &Asked) -> Result<(), Refused> {
    let refused = |error, description| Err(Refused { error, description });
    if asked.response_type != "code" {
        return refused("unsupported_response_type", "only response_type=code is offered");
    }
    match (&asked.challenge, asked.challenge_method.as_deref()) {
        (None, None) => {}
        (Some(challenge), Some("S256")) if challenge.len() == 43 && challenge.bytes().all(is_url_safe) => {}
        (Some(_), Some("S256")) => return refused("invalid_request", "code_challenge is the base64url of a SHA-256: 43 characters"),
        _ => return refused("invalid_request", "use PKCE with code_challenge_method=S256"),
    }
    if asked.nonce.as_ref().is_some_and(|n| n.len() > 255) || asked.scope.len() > 255 {
        return refused("invalid_request", "nonce and scope have at most 255 characters");
    }
    Ok(())
}

pub(super) fn is_url_safe(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~')
}

/// Gives a code to whoever may use the application.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`]; what the application did wrong is [`Authorised::Refused`].
pub fn authorise(tx: &mut Tx, ctx: &Ctx, caller: &Caller, application: &Application, asked: &Asked) -> Result<Authorised, Error> {
    if let Err(refused) = check(asked) {
        return Ok(Authorised::Refused(refused));
    }
    let user = Key::of(caller.user_id);
    let mut usable = None;
    for (_, instance, of) in kit::granted(tx, user)? {
        let wanted = asked.instance.is_none_or(|id| Key::of(id) == instance.id);
        if usable.is_none() && wanted && of.id == application.id {
            usable = may_use(tx, instance.id, user)?;
        }
    }
    let Some((instance, _, _)) = usable else {
        let description = "the application was not granted to you, or its instance is not running; ask your administrator";
        return Ok(Authorised::Refused(Refused { error: "access_denied", description }));
    };
    let code = ctx.random_hex(32);
    let row = SignOn {
        id: ctx.key(),
        application_id: application.id,
        instance_id: instance.id,
        user_id: user,
        scope: asked.scope.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        nonce: asked.nonce.clone(),
        code_hash: secret::hash(&code),
        code_expires_at: wall_after(ctx, CODE_SECONDS),
        code_used_at: None,
        access_hash: None,
        access_expires_at: None,
        refresh_hash: None,
        refresh_expires_at: None,
        former_hash: None,
        begun_at: ctx.wall_micros(),
        ended_at: None,
    };
    sign_on::insert(tx, &row)?;
    kit::signed_on(tx, instance.id, user, ctx.moment())?;
    let about = event::About { instance: Some(instance.id), account: Some(Key::of(caller.account_id)), ..event::About::default() };
    event::record(tx, ctx, "sign_on.begun", about, &json!({ "application": application.name }))?;
    Ok(Authorised::Code(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_for_a_code_and_its_pkce_is_s256() {
        let good = Asked { response_type: "code".into(), ..Asked::default() };
        let with = |challenge: &str, method: Option<&str>| Asked {
            challenge: Some(challenge.into()),
            challenge_method: method.map(Into::into),
            ..good.clone()
        };
        assert_eq!(check(&good), Ok(()));
        assert_eq!(check(&with(&"a".repeat(43), Some("S256"))), Ok(()));
        for bad in [with(&"a".repeat(43), None), with(&"a".repeat(43), Some("plain")), with("short", Some("S256"))] {
            assert_eq!(check(&bad).unwrap_err().error, "invalid_request", "{bad:?}");
        }
        let implicit = Asked { response_type: "token".into(), ..good };
        assert_eq!(check(&implicit).unwrap_err().error, "unsupported_response_type");
    }
}
