//! A push of usage records is stored as it came and answered; it is judged in the background (`open-api 4.3`).

use crate::{
    Caller, Ctx, Error,
    interface::{self, InterfaceClass},
    job::{self, JobKind},
};
use db::{Key, Tx};
use domain::id::AccountId;
use store::usage::{self, Batch};
use wire::open_api::usage::{Record, signed_by};

/// The signature over a push's body, from its headers (`open-api 4.1`).
#[derive(Debug, Clone)]
pub struct BodySignature {
    pub signature: String,
    pub ts: String,
    pub nonce: String,
    pub body: Vec<u8>,
}

/// Stores a push of the caller's records; returns the batch that they are.
///
/// # Errors
/// `usage.not_signed` when no key of class basic made the signature, where one is asked for.
pub fn receive(tx: &mut Tx, ctx: &Ctx, caller: &Caller, signed: Option<&BodySignature>, records: &[Record]) -> Result<Key, Error> {
    if let Some(signed) = signed
        && !by_a_key(tx, ctx, caller.account_id, signed)?
    {
        let detail =
            "the header signature fits none of your keys of class basic; sign base64(HMAC-SHA256(key, ts={ts}&nonce={nonce}&body={body}))";
        return Err(Error::unauthenticated("usage.not_signed", detail));
    }
    let records = serde_json::to_string(records).map_err(|e| Error::row("usage_batches", caller.account_id, e))?;
    let batch = Batch { id: ctx.key(), seller_id: Key::of(caller.account_id), received_at: ctx.moment(), records };
    usage::insert_batch(tx, &batch)?;
    job::schedule(tx, ctx, JobKind::UsageBatch, Some(batch.id), ctx.now)?;
    Ok(batch.id)
}

fn by_a_key(tx: &mut Tx, ctx: &Ctx, seller: AccountId, s: &BodySignature) -> Result<bool, Error> {
    for key in store::interface::keys(tx, Key::of(seller))?.iter().filter(|k| k.class == InterfaceClass::Basic) {
        if signed_by(&interface::secret(ctx, key)?, &s.ts, &s.nonce, &s.body, &s.signature) {
            return Ok(true);
        }
    }
    Ok(false)
}
