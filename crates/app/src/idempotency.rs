//! Writes that a client may repeat: a key is stored by the transaction that it was sent with, so that a second one
//! with the same key cannot be committed, and the answer is stored beside it and given again.

use crate::secret::Sealed;
use crate::{App, Caller, Ctx, Environment, Error, context::Actor};
use db::{Party, Tx};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use store::{Key, idempotency};

const COLUMN: Sealed = Sealed::Answer;

/// The key of a request, and what the request asks. [`Caller::repeat`] carries it to the transaction.
#[derive(Debug)]
pub struct Repeat {
    key: String,
    inputs: Mutex<Sha256>,
    /// A transaction with the key was committed.
    claimed: AtomicBool,
    /// Its answer is stored with it.
    answered: AtomicBool,
    /// A transaction was given up because another request had the key.
    met: AtomicBool,
}

impl Repeat {
    /// # Errors
    /// `idempotency.bad_key` when the key is empty, longer than 100 characters, or not plain ASCII.
    pub fn new(key: &str, route: &str) -> Result<Self, Error> {
        if key.is_empty() || key.len() > 100 || !key.bytes().all(|b| b.is_ascii_graphic()) {
            let detail = "the Idempotency-Key must be 1 to 100 visible ASCII characters";
            return Err(Error::field("/header/Idempotency-Key", "idempotency.bad_key", detail));
        }
        let repeat = Self {
            key: key.to_owned(),
            inputs: Mutex::default(),
            claimed: AtomicBool::default(),
            answered: AtomicBool::default(),
            met: AtomicBool::default(),
        };
        repeat.add(route.as_bytes());
        repeat.add(&[0]);
        Ok(repeat)
    }

    /// Adds a part of the body to what the request asks; before the transaction begins.
    pub fn add(&self, bytes: &[u8]) {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
    }

    fn inputs_hash(&self) -> Vec<u8> {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize().to_vec()
    }

    /// Whether a transaction of this request was committed: its answer is final, also when it is a refusal.
    #[must_use]
    pub fn is_claimed(&self) -> bool {
        self.claimed.load(Ordering::SeqCst)
    }

    /// Whether the committed transaction stored the answer too.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.answered.load(Ordering::SeqCst)
    }

    /// Whether a transaction of this request found the key taken.
    #[must_use]
    pub fn has_met(&self) -> bool {
        self.met.load(Ordering::SeqCst)
    }

    /// Stores the key in the transaction that does what it asks; the second one to do so fails.
    pub(crate) fn claim(&self, tx: &mut Tx, ctx: &Ctx, user: Key, answer: Option<&Answer>) -> Result<(), Error> {
        let kept = idempotency::Kept {
            user_id: user,
            key: self.key.clone(),
            inputs_hash: self.inputs_hash(),
            answer: answer.map(|a| a.seal(ctx)).transpose()?,
            created_at: ctx.wall_micros(),
        };
        match idempotency::insert(tx, &kept) {
            Err(e) if e.is_unique_violation() => {
                self.met.store(true, Ordering::SeqCst);
                Err(Error::Repeated)
            }
            result => {
                self.answered.store(answer.is_some(), Ordering::SeqCst);
                Ok(result?)
            }
        }
    }

    pub(crate) fn committed(&self) {
        self.claimed.store(true, Ordering::SeqCst);
    }
}

/// What a request was answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

impl Answer {
    /// A success with a JSON document.
    ///
    /// # Errors
    /// [`Error::Row`] when the value has no JSON form.
    pub fn json(value: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_string(value).map_err(|e| Error::row("idempotency_keys", "answer", e))?;
        Ok(Self { status: 200, content_type: "application/json".to_owned(), body })
    }

    /// Some answers hold a secret that is stored nowhere else in clear, such as a new token.
    fn seal(&self, ctx: &Ctx) -> Result<Vec<u8>, Error> {
        let text = serde_json::to_vec(self).map_err(|e| Error::row("idempotency_keys", "answer", e))?;
        Ok(ctx.sealer.seal_bytes(ctx.ids, COLUMN, &text))
    }
}

/// An earlier request with the same key.
#[derive(Debug)]
pub struct Earlier {
    inputs_hash: Vec<u8>,
    answer: Option<Answer>,
}

impl Earlier {
    /// Its answer; none while it is not known.
    ///
    /// # Errors
    /// `idempotency.other_inputs` when it asked something else.
    pub fn answer_to(self, repeat: &Repeat) -> Result<Option<Answer>, Error> {
        if self.inputs_hash != repeat.inputs_hash() {
            let detail = "this Idempotency-Key was used for another request; use a new key";
            return Err(Error::field("/header/Idempotency-Key", "idempotency.other_inputs", detail));
        }
        Ok(self.answer)
    }
}

/// The request that was answered, or is being answered, under a person's key.
///
/// # Errors
/// What the database says.
pub fn earlier(tx: &mut Tx, ctx: &Ctx, who: &Caller) -> Result<Option<Earlier>, Error> {
    let Some(repeat) = &who.repeat else { return Ok(None) };
    let Some(kept) = idempotency::lookup(tx, Key::of(who.user_id), &repeat.key)? else { return Ok(None) };
    let read = |sealed: Vec<u8>| {
        let text = ctx.sealer.open_bytes(COLUMN, &sealed)?;
        serde_json::from_slice(&text).map_err(|e| Error::row("idempotency_keys", &repeat.key, e))
    };
    Ok(Some(Earlier { inputs_hash: kept.inputs_hash, answer: kept.answer.map(read).transpose()? }))
}

/// Keeps what a person's request was answered with, after its transaction.
///
/// # Errors
/// What the database says.
pub fn keep(tx: &mut Tx, ctx: &Ctx, who: &Caller, answer: &Answer) -> Result<(), Error> {
    let Some(repeat) = &who.repeat else { return Ok(()) };
    Ok(idempotency::answered(tx, Key::of(who.user_id), &repeat.key, &answer.seal(ctx)?)?)
}

impl App {
    /// Looks for an earlier request with the caller's key.
    ///
    /// # Errors
    /// What the database says.
    pub async fn earlier(&self, caller: Arc<Caller>) -> Result<Option<Earlier>, Error> {
        self.read_at_the_edge(move |tx, ctx| earlier(tx, ctx, &caller)).await
    }

    /// Keeps what a request was answered with, after its transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep(&self, caller: Arc<Caller>, answer: Answer) -> Result<(), Error> {
        let env = self.env.clone();
        // Not in the caller's name, who is done with the key, and behind nothing else that they do.
        self.db.write_for(Party::Edge, move |tx| env.write(tx, &Actor::System, |tx, ctx| keep(tx, ctx, &caller, &answer))).await
    }
}

impl Environment {
    /// As [`Environment::write`]; the answer to the caller is made of the result and kept in the same transaction.
    ///
    /// # Errors
    /// What the closure refuses; [`Error::Repeated`] when the caller's key was used before.
    pub fn write_answered<T>(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        work: impl FnOnce(&mut Tx, &Ctx) -> Result<T, Error>,
        answer: impl FnOnce(&T) -> Result<Option<Answer>, Error>,
    ) -> Result<T, Error> {
        let ctx = self.context(actor);
        let result = work(tx, &ctx)?;
        ctx.write_down(tx)?;
        if let Actor::Caller(who) = actor
            && let Some(repeat) = who.repeat.as_ref().filter(|r| !r.is_claimed())
        {
            repeat.claim(tx, &ctx, Key::of(who.user_id), answer(&result)?.as_ref())?;
        }
        Ok(result)
    }
}
