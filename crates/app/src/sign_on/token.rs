//! The token request, and what an application is told of its user.

use super::{ACCESS_SECONDS, REFRESH_DAYS, authorise::is_url_safe, keys::Signer, may_use, wall_after};
use crate::{Ctx, Error, kit, organisation, secret};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use db::Tx;
use domain::id::{AccountId, InstanceId, UserId};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{
    Written,
    kit::Application,
    sign_on::{self as rows, SignOn},
};
use subtle::ConstantTimeEq;

/// What an application shows for tokens.
#[derive(Debug, Clone)]
pub enum Grant {
    Code { code: String, redirect_uri: String, verifier: Option<String> },
    Refresh { token: String },
}

/// Tokens of a sign-on; the secrets are given this once.
#[derive(Debug, Clone, Serialize)]
pub struct Tokens {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    pub scope: String,
    pub refresh_token: String,
    /// When the scope has `openid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

/// What is known of a user who signed on: the standard claims, and his place in the company.
#[derive(Debug, Clone, Serialize)]
pub struct Claims {
    pub sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// As `tenantSync` and `authSync` named them.
    pub tenant_id: String,
    pub instance_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_code: Option<String>,
    /// `user` or `admin`.
    pub role: String,
}

#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(flatten)]
    claims: Claims,
}

fn refused(detail: &str) -> Error {
    Error::unauthenticated("invalid_grant", detail)
}

/// The application of a client id and secret.
pub(super) fn client(tx: &mut Tx, ctx: &Ctx, client_id: &str, client_secret: &str) -> Result<Application, Error> {
    let wrong = || Error::unauthenticated("invalid_client", "client_id or client_secret is wrong");
    let found = store::kit::any_by_client(tx, client_id)?.ok_or_else(wrong)?;
    let right: bool = kit::secret(ctx, &found)?.as_bytes().ct_eq(client_secret.as_bytes()).into();
    if right { Ok(found) } else { Err(wrong()) }
}

/// Whether a verifier of PKCE is the one whose hash the code was asked with.
fn proves(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) if (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_url_safe) => {
            URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())).as_bytes().ct_eq(challenge.as_bytes()).into()
        }
        _ => false,
    }
}

/// What came of a token request. A stolen code or token ends its sign-on, and that is kept although the request is refused.
#[derive(Debug, Clone)]
pub enum Exchanged {
    Tokens(Box<Tokens>),
    Stolen,
}

/// Gives tokens for a code or a refresh token.
///
/// # Errors
/// `invalid_client`, `invalid_grant`.
pub fn exchange(
    tx: &mut Tx,
    ctx: &Ctx,
    client_id: &str,
    client_secret: &str,
    grant: &Grant,
    (issuer, signer): (&str, &Signer),
) -> Result<Exchanged, Error> {
    let application = client(tx, ctx, client_id, client_secret)?;
    let own = |found: Option<SignOn>| {
        found
            .filter(|s| s.application_id == application.id)
            .ok_or_else(|| refused("this code or token is unknown, or another application's"))
    };
    let (access, refresh) = (ctx.random_hex(32), ctx.random_hex(32));
    let tokens = rows::Tokens {
        access_hash: &secret::hash(&access),
        access_expires_at: wall_after(ctx, ACCESS_SECONDS),
        refresh_hash: &secret::hash(&refresh),
        refresh_expires_at: wall_after(ctx, REFRESH_DAYS * 24 * 3600),
    };
    let found = match grant {
        Grant::Code { code, redirect_uri, verifier } => {
            let found = own(rows::any_by_code(tx, &secret::hash(code))?)?;
            if found.code_used_at.is_some() {
                // Somebody has it twice: what was given for it is void (RFC 6749 4.1.2).
                rows::end(tx, found.id, ctx.wall_micros())?;
                return Ok(Exchanged::Stolen);
            }
            if found.code_expires_at <= ctx.wall_micros() || found.redirect_uri != *redirect_uri {
                return Err(refused("the code is older than five minutes, or redirect_uri is not the one it was asked with"));
            }
            if !proves(found.challenge.as_deref(), verifier.as_deref()) {
                return Err(refused("code_verifier does not fit the code_challenge"));
            }
            if rows::use_code(tx, found.id, ctx.wall_micros(), &tokens)? == Written::SomeoneElseWasFirst {
                return Err(db::DbError::Raced.into());
            }
            found
        }
        Grant::Refresh { token } => {
            let hash = secret::hash(token);
            let found = own(rows::any_by_refresh(tx, &hash)?)?;
            if found.ended_at.is_some() || found.refresh_expires_at.is_none_or(|at| at <= ctx.wall_micros()) {
                return Err(refused("the refresh token is over"));
            }
            if found.refresh_hash.as_ref() != Some(&hash) {
                rows::end(tx, found.id, ctx.wall_micros())?;
                return Ok(Exchanged::Stolen);
            }
            if rows::rotate(tx, found.id, &hash, &tokens)? == Written::SomeoneElseWasFirst {
                return Err(db::DbError::Raced.into());
            }
            found
        }
    };
    let claims = claims(tx, ctx, &found)?.ok_or_else(|| refused("the application is not granted to this person any more"))?;
    let id_token = has(&found.scope, "openid").then(|| id_token(ctx, &application, &found, claims, issuer, signer)).transpose()?;
    Ok(Exchanged::Tokens(Box::new(Tokens {
        access_token: access,
        token_type: "Bearer",
        expires_in: ACCESS_SECONDS,
        scope: found.scope,
        refresh_token: refresh,
        id_token,
    })))
}

fn id_token(ctx: &Ctx, application: &Application, found: &SignOn, claims: Claims, issuer: &str, signer: &Signer) -> Result<String, Error> {
    let iat = ctx.wall.as_second();
    let exp = iat + ACCESS_SECONDS;
    signer.sign(&IdToken { iss: issuer, aud: &application.client_id, exp, iat, nonce: found.nonce.as_deref(), claims })
}

fn has(scope: &str, word: &str) -> bool {
    scope.split(' ').any(|w| w == word)
}

fn claims(tx: &mut Tx, ctx: &Ctx, found: &SignOn) -> Result<Option<Claims>, Error> {
    let Some((instance, user, grant)) = may_use(tx, found.instance_id, found.user_id)? else {
        return Ok(None);
    };
    let Some(colleague) = store::organisation::colleague(tx, user.account_id, user.id)? else {
        return Ok(None);
    };
    let person = organisation::shown(tx, ctx, &colleague)?;
    // Without `openid` an OAuth 2 client gets what `profile` has, as upstream does.
    let profile = has(&found.scope, "profile") || !has(&found.scope, "openid");
    Ok(Some(Claims {
        sub: user.id.id::<UserId>().to_string(),
        name: profile.then_some(person.name),
        preferred_username: profile.then_some(user.login),
        email: person.email.filter(|_| has(&found.scope, "email")),
        phone_number: person.mobile.filter(|_| has(&found.scope, "phone")),
        tenant_id: user.account_id.id::<AccountId>().to_string(),
        instance_id: instance.seller_instance_id.unwrap_or_else(|| instance.id.id::<InstanceId>().to_string()),
        org_code: person.department.filter(|_| profile),
        role: grant.role.to_string(),
    }))
}

/// What is known of the user of an access token.
///
/// # Errors
/// `invalid_token`.
pub fn user_info(tx: &mut Tx, ctx: &Ctx, access_token: &str) -> Result<Claims, Error> {
    let over =
        || Error::unauthenticated("invalid_token", "the access token is unknown, over, or its user may not use the application any more");
    let found = rows::any_by_access(tx, &secret::hash(access_token), ctx.wall_micros())?.ok_or_else(over)?;
    claims(tx, ctx, &found)?.ok_or_else(over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce_is_proved_as_rfc_7636_does() {
        let (challenge, verifier) = ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert!(proves(Some(challenge), Some(verifier)));
        assert!(proves(None, None));
        assert!(!proves(Some(challenge), None), "a code that was asked with PKCE needs its verifier");
        assert!(!proves(None, Some(verifier)));
        assert!(!proves(Some(challenge), Some(&verifier[..42])));
        assert!(!proves(Some(challenge), Some(&verifier.replace('d', "e"))));
    }
}
