//! Writes that a client may repeat: the first answer is kept with a hash of the inputs and given again.

use crate::{App, Caller, Ctx, Error, context::Actor};
use db::{DbError, Tx};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::{Key, idempotency};

/// The key of a repeatable write, and a hash of what was asked.
#[derive(Debug, Clone)]
pub struct Repeat {
    key: String,
    inputs_hash: Vec<u8>,
}

impl Repeat {
    /// # Errors
    /// A refusal when the key is empty, longer than 100 characters, or not plain ASCII.
    pub fn new(key: &str, route: &str, inputs: &[u8]) -> Result<Self, Error> {
        if key.is_empty() || key.len() > 100 || !key.bytes().all(|b| b.is_ascii_graphic()) {
            let detail = "the Idempotency-Key must be 1 to 100 visible ASCII characters";
            return Err(Error::field("/header/Idempotency-Key", "idempotency.bad_key", detail));
        }
        let mut hash = Sha256::new();
        hash.update(route.as_bytes());
        hash.update([0]);
        hash.update(inputs);
        Ok(Self { key: key.to_owned(), inputs_hash: hash.finalize().to_vec() })
    }
}

/// An answer, and whether it is one that was given before.
#[derive(Debug, Clone)]
pub struct Once<T> {
    pub answer: T,
    pub hit: bool,
}

impl App {
    /// The answer that was kept for a key, for a write that does something outside before its unit.
    ///
    /// # Errors
    /// `idempotency.other_inputs` when the key was used for something else.
    pub async fn kept<T>(&self, caller: Arc<Caller>, repeat: Option<Repeat>) -> Result<Option<Once<T>>, Error>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let Some(repeat) = repeat else {
            return Ok(None);
        };
        let account = Key::of(caller.account_id);
        let unit = move |tx: &mut Tx, _: &Ctx| idempotency::lookup(tx, account, &repeat.key)?.map(|kept| known(&kept, &repeat)).transpose();
        self.read(Actor::Caller(caller), unit).await
    }

    /// Runs a unit once per idempotency key; without a key it is an ordinary write.
    ///
    /// # Errors
    /// `idempotency.other_inputs` when the key was used for something else; else as [`App::write`].
    pub async fn write_once<T, F>(&self, caller: Arc<Caller>, repeat: Option<Repeat>, mut unit: F) -> Result<Once<T>, Error>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Tx, &Ctx) -> Result<T, Error> + Send + 'static,
    {
        let account = Key::of(caller.account_id);
        // Nearly all keys are new, so none is looked for at first. A unit that fails, or whose key is there
        // already, runs again and looks: nothing of the first run was stored.
        let mut again = false;
        self.write(Actor::Caller(caller), move |tx, ctx| {
            let Some(repeat) = &repeat else {
                return Ok(Once { answer: unit(tx, ctx)?, hit: false });
            };
            if again && let Some(kept) = idempotency::lookup(tx, account, &repeat.key)? {
                return known(&kept, repeat);
            }
            let answer = match unit(tx, ctx) {
                Err(_) if !again => {
                    again = true;
                    return Err(DbError::Raced.into());
                }
                result => result?,
            };
            let kept = idempotency::Kept {
                account_id: account,
                key: repeat.key.clone(),
                inputs_hash: repeat.inputs_hash.clone(),
                answer: serde_json::to_string(&answer).map_err(|e| Error::row("idempotency_keys", &repeat.key, e))?,
                created_at: ctx.wall_micros(),
            };
            match idempotency::insert(tx, &kept) {
                // The other request's answer will be found when the unit runs again.
                Err(e) if e.is_unique_violation() => {
                    again = true;
                    Err(DbError::Raced.into())
                }
                result => result.map(|()| Once { answer, hit: false }).map_err(Error::from),
            }
        })
        .await
    }
}

fn known<T: DeserializeOwned>(kept: &idempotency::Kept, repeat: &Repeat) -> Result<Once<T>, Error> {
    if kept.inputs_hash != repeat.inputs_hash {
        let detail = "this Idempotency-Key was used for another request; use a new key";
        return Err(Error::field("/header/Idempotency-Key", "idempotency.other_inputs", detail));
    }
    let answer = serde_json::from_str(&kept.answer).map_err(|e| Error::row("idempotency_keys", &repeat.key, e))?;
    Ok(Once { answer, hit: true })
}
