//! Keys that sign id tokens (RS256): the newest signs; a new one is made after 90 days, and the old ones stay published
//! for as long as a client may keep what it was given.

use crate::secret::Sealed;
use crate::{Ctx, Error, event, micros};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use db::Tx;
use jiff::SignedDuration;
use rsa::{
    Generate, PrivateKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
    sha2::Sha256,
    traits::PublicKeyParts,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::sync::Arc;
use store::sign_on::{self as rows, SigningKey};

const COLUMN: Sealed = Sealed::SigningKey;
const SIGNS_DAYS: i64 = 90;
/// Id tokens last half an hour; clients fetch the keys anew when they meet an unknown one.
const PUBLISHED_DAYS: i64 = SIGNS_DAYS + 7;

/// A key with its name; cheap to clone.
#[derive(Clone)]
pub struct Signer {
    id: String,
    key: Arc<PrivateKey>,
}

impl Signer {
    fn of(ctx: &Ctx, row: &SigningKey) -> Result<Self, Error> {
        let der = ctx.sealer.open_bytes(COLUMN, &row.private_key)?;
        let key = PrivateKey::from_pkcs8_der(&der).map_err(|e| Error::row("signing_keys", hex::encode(row.id.0), e))?;
        Ok(Self { id: hex::encode(row.id.0), key: Arc::new(key) })
    }

    /// A signed token of some claims (RFC 7519, RS256).
    ///
    /// # Errors
    /// [`Error::Row`].
    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<String, Error> {
        let bad = |e: &dyn std::fmt::Display| Error::row("signing_keys", &self.id, e);
        let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
        let claims = serde_json::to_value(claims).map_err(|e| bad(&e))?;
        let text = format!("{}.{}", part(&json!({ "alg": "RS256", "kid": self.id, "typ": "JWT" })), part(&claims));
        let signature = self.key.pkcs1v15_sign::<Sha256>(text.as_bytes()).map_err(|e| bad(&e))?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that this key signed, however old.
    pub(super) fn read<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.key.to_public_key().pkcs1v15_verify::<Sha256>(text.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split_once('.')?.1).ok()?).ok()
    }
}

/// The keys of the moment: the first signs.
#[derive(Clone)]
pub struct Published {
    pub signers: Vec<Signer>,
    /// JWKS (RFC 7517).
    pub document: Value,
}

/// The keys of the moment; nothing when there is none, or the newest is too old to sign.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn published(tx: &mut Tx, ctx: &Ctx) -> Result<Option<Published>, Error> {
    let rows = rows::keys(tx)?;
    let signs_until = |row: &SigningKey| row.created_at + SIGNS_DAYS * 24 * 3600 * 1_000_000;
    if rows.first().is_none_or(|newest| signs_until(newest) <= ctx.wall_micros()) {
        return Ok(None);
    }
    let key =
        |r: &SigningKey| json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": hex::encode(r.id.0), "n": r.modulus, "e": r.exponent });
    let document = json!({ "keys": rows.iter().map(key).collect::<Vec<_>>() });
    let signers = rows.iter().map(|r| Signer::of(ctx, r)).collect::<Result<_, _>>()?;
    Ok(Some(Published { signers, document }))
}

/// A key that is not kept yet.
#[derive(Clone)]
pub struct NewKey {
    der: Vec<u8>,
    modulus: String,
    exponent: String,
}

/// Makes a key of 3072 bits; takes a second or so, outside any transaction.
///
/// # Errors
/// [`Error::Row`] when it cannot be written as PKCS 8, which does not happen.
pub fn new_key() -> Result<NewKey, Error> {
    let key = PrivateKey::generate();
    let der = key.to_pkcs8_der().map_err(|e| Error::row("signing_keys", "new", e))?.as_bytes().to_vec();
    let text = |bytes: Box<[u8]>| {
        let zeros = bytes.iter().take_while(|b| **b == 0).count();
        URL_SAFE_NO_PAD.encode(&bytes[zeros..])
    };
    Ok(NewKey { der, modulus: text(key.n_bytes()), exponent: text(key.e_bytes()) })
}

/// Keeps a key: it signs from now on. Unless `although_fresh`, one that another node kept meanwhile is taken instead.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn keep_key(tx: &mut Tx, ctx: &Ctx, new: &NewKey, although_fresh: bool) -> Result<Published, Error> {
    if !although_fresh && let Some(known) = published(tx, ctx)? {
        return Ok(known);
    }
    let row = SigningKey {
        id: ctx.key(),
        private_key: ctx.sealer.seal_bytes(ctx.ids, COLUMN, &new.der),
        modulus: new.modulus.clone(),
        exponent: new.exponent.clone(),
        created_at: ctx.wall_micros(),
    };
    rows::insert_key(tx, &row)?;
    rows::forget_keys(tx, micros(ctx.wall - SignedDuration::from_hours(24 * PUBLISHED_DAYS)))?;
    event::record(tx, ctx, "sign_on.key_made", event::About::default(), &json!({ "key": hex::encode(row.id.0) }))?;
    published(tx, ctx)?.ok_or_else(|| Error::row("signing_keys", "new", "was not kept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_token_is_read_by_its_key_alone() {
        let make = || Signer { id: "k".into(), key: Arc::new(PrivateKey::generate()) };
        let (one, other) = (make(), make());
        let token = one.sign(&json!({ "sub": "u" })).unwrap();
        assert_eq!(one.read::<Value>(&token), Some(json!({ "sub": "u" })));
        assert_eq!(other.read::<Value>(&token), None);
        let (text, _) = token.rsplit_once('.').unwrap();
        assert_eq!(one.read::<Value>(&format!("{text}.")), None);
    }
}
