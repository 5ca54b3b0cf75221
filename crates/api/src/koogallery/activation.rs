//! Activations that come at the same moment share a transaction: when a school opens its machines in the morning,
//! thousands of codes are used first within a minute, each by a call of its own.

use crate::state::Api;
use app::{
    Caller, Ctx, Error, Tx,
    licence::{self, Answer},
};
use domain::{
    Timestamp,
    id::{AccountId, UserId},
};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use store::DbError;
use tokio::sync::oneshot;

/// Codes that share a transaction at most.
const GROUP_MAX: usize = 128;

/// Whose codes go together: one person's, in one account.
type Who = (AccountId, UserId);

struct Waiting {
    code: String,
    real: Option<Timestamp>,
    reply: oneshot::Sender<Result<Answer, Error>>,
}

/// Activations on their way to the database. Those of one person go one group after another, so that groups are large;
/// nobody waits for another seller's.
#[derive(Default)]
pub(crate) struct Activations {
    /// Who is here has a task that takes what waits.
    waiting: Mutex<HashMap<Who, Vec<Waiting>>>,
}

impl Activations {
    /// Activates a code, with others that come meanwhile. A call that comes alone does not wait at all.
    ///
    /// # Errors
    /// Those of [`licence::activate`].
    pub(crate) async fn activate(api: &Api, caller: Arc<Caller>, code: String, real: Option<Timestamp>) -> Result<Answer, Error> {
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting { code, real, reply };
        let is_first = match api.activations.waiting().entry((caller.account_id, caller.user_id)) {
            Entry::Occupied(mut there) => {
                there.get_mut().push(waiting);
                false
            }
            Entry::Vacant(place) => {
                place.insert(vec![waiting]);
                true
            }
        };
        if is_first {
            // Others wait for it also when the client of this call goes away.
            tokio::spawn(take_turns(api.clone(), caller));
        }
        answer.await.unwrap_or_else(|_| Err(DbError::Closed.into()))
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Who, Vec<Waiting>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What may go together next, those that are used from the same time; nothing is done for a client that went away.
    fn next(&self, who: Who) -> Vec<Waiting> {
        let mut all = self.waiting();
        let waiting = all.remove(&who).unwrap_or_default();
        let mut open = waiting.into_iter().filter(|w| !w.reply.is_closed());
        let mut group: Vec<Waiting> = open.next().into_iter().collect();
        let mut rest = Vec::new();
        for next in open {
            if group.len() < GROUP_MAX && group[0].real == next.real {
                group.push(next);
            } else {
                rest.push(next);
            }
        }
        if !group.is_empty() {
            all.insert(who, rest);
        }
        group
    }
}

/// Activates what waits of a person until nothing does.
async fn take_turns(api: Api, caller: Arc<Caller>) {
    loop {
        let group = api.activations.next((caller.account_id, caller.user_id));
        if group.is_empty() {
            return;
        }
        // What breaks in one group does not stop those after it.
        if let Err(e) = tokio::spawn(run(api.clone(), caller.clone(), group)).await {
            tracing::error!(error = %e, "activations broke");
        }
    }
}

/// All at once; when one is refused, each by itself, for the others have nothing to do with it. What the database did
/// not do is not tried again: it may have been done, and then the second try would be refused.
async fn run(api: Api, caller: Arc<Caller>, group: Vec<Waiting>) {
    if let [first, _, ..] = &group[..] {
        let codes = group.iter().map(|w| w.code.clone()).collect();
        match activated(&api, caller.clone(), codes, first.real).await {
            Ok(answers) => {
                for (waiting, answer) in group.into_iter().zip(answers) {
                    let _gone = waiting.reply.send(Ok(answer));
                }
                return;
            }
            Err(Error::Refused(_)) => {}
            // Surely nothing was done.
            Err(Error::Store(e)) if e.is_busy() => {
                for waiting in group {
                    let _gone = waiting.reply.send(Err(e.busy().unwrap_or(DbError::Closed).into()));
                }
                return;
            }
            Err(e) => {
                tracing::error!(error = %e, cause = ?std::error::Error::source(&e), codes = group.len(), "codes were not activated");
                // Who waits hears that nothing is known of his code: his channel ends.
                return;
            }
        }
    }
    for w in group {
        let answer = activated(&api, caller.clone(), vec![w.code], w.real).await;
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
