//! Activations that come at the same moment share a transaction: when a school opens its machines in the morning,
//! thousands of codes are used first within a minute, each by a call of its own.

use crate::state::Api;
use app::{
    Caller, Ctx, Error, Tx,
    licence::{self, Answer},
};
use domain::Timestamp;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use store::DbError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Codes that share a transaction at most.
const GROUP_MAX: usize = 128;
/// Transactions at a time on this node: with two, groups are small, and what a transaction costs is the larger part.
const AT_ONCE: usize = 1;

struct Waiting {
    caller: Arc<Caller>,
    code: String,
    real: Option<Timestamp>,
    reply: oneshot::Sender<Result<Answer, Error>>,
}

impl Waiting {
    /// One person's codes that are used from the same time.
    fn goes_with(&self, other: &Self) -> bool {
        (self.caller.user_id, self.real) == (other.caller.user_id, other.real)
    }
}

/// Activations on their way to the database.
pub(crate) struct Activations {
    waiting: Mutex<VecDeque<Waiting>>,
    turns: Arc<Semaphore>,
}

impl Default for Activations {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Activations {
    /// Activates a code, with others that come meanwhile. Whoever has a turn takes what waits, so a call that comes
    /// alone does not wait at all.
    ///
    /// # Errors
    /// Those of [`licence::activate`].
    pub(crate) async fn activate(&self, api: &Api, caller: Arc<Caller>, code: String, real: Option<Timestamp>) -> Result<Answer, Error> {
        let (reply, mut answer) = oneshot::channel();
        self.waiting().push_back(Waiting { caller, code, real, reply });
        loop {
            let turn = self.turns.clone().acquire_owned();
            tokio::select! {
                biased;
                given = &mut answer => return given.unwrap_or_else(|_| Err(DbError::Closed.into())),
                turn = turn => {
                    let group = self.next();
                    if group.is_empty() {
                        drop(turn);
                        return answer.await.unwrap_or_else(|_| Err(DbError::Closed.into()));
                    }
                    // Others wait for it also when the client of this call goes away.
                    tokio::spawn(run(api.clone(), group, turn.ok()));
                }
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next that may go together; nothing is done for a client that went away.
    fn next(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        waiting.retain(|w| !w.reply.is_closed());
        let mut group: Vec<Waiting> = waiting.pop_front().into_iter().collect();
        let mut rest = VecDeque::new();
        while let Some(next) = waiting.pop_front() {
            if group.len() < GROUP_MAX && group[0].goes_with(&next) {
                group.push(next);
            } else {
                rest.push_back(next);
            }
        }
        *waiting = rest;
        group
    }
}

/// All at once; when one is refused, each by itself, for the others have nothing to do with it.
async fn run(api: Api, group: Vec<Waiting>, _turn: Option<OwnedSemaphorePermit>) {
    if let [_, _, ..] = &group[..] {
        let codes = group.iter().map(|w| w.code.clone()).collect();
        if let Ok(answers) = activated(&api, group[0].caller.clone(), codes, group[0].real).await {
            for (waiting, answer) in group.into_iter().zip(answers) {
                let _gone = waiting.reply.send(Ok(answer));
            }
            return;
        }
    }
    for w in group {
        let answer = activated(&api, w.caller, vec![w.code], w.real).await;
        let _gone = w.reply.send(answer.and_then(|mut all| all.pop().ok_or_else(|| DbError::Closed.into())));
    }
}

async fn activated(api: &Api, caller: Arc<Caller>, codes: Vec<String>, real: Option<Timestamp>) -> Result<Vec<Answer>, Error> {
    let unit = move |tx: &mut Tx, ctx: &Ctx, who: &Caller| {
        licence::activate(tx, ctx, who, &codes, real)?;
        licence::query(tx, ctx, who, &codes)
    };
    api.write(caller, unit).await
}
