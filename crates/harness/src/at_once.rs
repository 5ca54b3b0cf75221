//! What several do at the same moment, and what falls due beside it.

use crate::Market;
use app::{
    Actor, Caller, Ctx, Error,
    call::Outgoing,
    job::{self, JobKind, Work},
};
use db::{Claim, Local, Tx};
use std::{
    panic::resume_unwind,
    sync::{Arc, Barrier},
};
use store::job::{Job, claim};
use wire::conformance::Exchange;

/// A job that a worker has claimed and still has to do.
pub struct Due {
    job: Job,
    /// The call that it sent, with the seller's answer, which is not booked yet.
    answered: Option<(Box<Outgoing>, Exchange)>,
}

impl Due {
    /// What there is to do, such as `the answer to newInstance` or `instance.expiry`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.answered {
            Some((sent, _)) => format!("the answer to {}", asked(sent)),
            None => self.job.kind.to_string(),
        }
    }

    /// Does it, as the worker that claimed it.
    ///
    /// # Errors
    /// What the database says, or what a platform would put the job off for.
    pub fn finish(&self, tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
        match &self.answered {
            Some((sent, exchange)) => job::finish_call(tx, ctx, &self.job.lease(), sent, exchange),
            None => job::begin(tx, ctx, &self.job).map(drop),
        }
    }
}

impl Market {
    /// Runs a write on as many connections at the same moment, each in a thread of its own, which is given its number;
    /// the results in the order of the threads. The writes are repeated after a conflict, as the platform does.
    ///
    /// # Panics
    /// When one of them does.
    pub fn at_once<T: Send>(
        &self,
        who: &Arc<Caller>,
        count: usize,
        work: impl Fn(usize, &mut Tx, &Ctx) -> Result<T, Error> + Sync,
    ) -> Vec<Result<T, Error>> {
        self.all_at_once(&vec![Actor::Caller(who.clone()); count], work)
    }

    /// Likewise, by one for each of these actors.
    ///
    /// # Panics
    /// When one of them does.
    pub fn all_at_once<T: Send>(
        &self,
        actors: &[Actor],
        work: impl Fn(usize, &mut Tx, &Ctx) -> Result<T, Error> + Sync,
    ) -> Vec<Result<T, Error>> {
        let mut others = self.others.borrow_mut();
        while others.len() < actors.len() {
            others.push(Local::open(self.database()).expect("another connection opens"));
        }
        let (start, env) = (Barrier::new(actors.len()), &self.env);
        let run = |number: usize, actor: &Actor, local: &mut Local| {
            start.wait();
            local.write(|tx| env.write(tx, actor, |tx, ctx| work(number, tx, ctx)))
        };
        std::thread::scope(|scope| {
            let run = &run;
            let each = actors.iter().zip(others.iter_mut()).enumerate();
            let threads: Vec<_> = each.map(|(number, (actor, local))| scope.spawn(move || run(number, actor, local))).collect();
            threads.into_iter().map(|t| t.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    }

    /// How often the database had to break a circle of those who acted at the same moment: never, when all take their locks in
    /// one order.
    #[must_use]
    pub fn deadlocks(&self) -> u32 {
        self.others.borrow().iter().map(Local::deadlocks).sum()
    }

    /// Claims some of what is due, and sends those of the calls: what is left is to be done beside others, in any order. The
    /// rest of it is done at once.
    ///
    /// # Panics
    /// When a job fails.
    #[must_use]
    pub fn claim_due(&self, most: i64) -> Vec<Due> {
        let claimed = self.ok_system(|tx, ctx| {
            let owner = ctx.random_hex(16);
            let wanted = Claim {
                owner: &owner,
                lease: job::lease_micros(ctx),
                due_until: ctx.now_micros(),
                standing_at: Some(ctx.wall_micros()),
                per_lane: most,
                no_lane: most,
                limit: most,
                busy: &[],
            };
            Ok(claim(tx, &wanted)?)
        });
        claimed.into_iter().filter_map(|job| self.begin_due(job)).collect()
    }

    fn begin_due(&self, job: Job) -> Option<Due> {
        match job.kind {
            JobKind::Call => match self.ok_system(|tx, ctx| job::begin(tx, ctx, &job)) {
                Work::Call(sent) => {
                    let exchange = self.server.call(&sent);
                    Some(Due { job, answered: Some((sent, exchange)) })
                }
                _ => None,
            },
            JobKind::Mail | JobKind::Sms | JobKind::Webhook | JobKind::Probe | JobKind::Export => {
                self.perform(&job);
                None
            }
            _ => Some(Due { job, answered: None }),
        }
    }
}

/// The activity of a call.
fn asked(sent: &Outgoing) -> String {
    let body: serde_json::Value = sent.body.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    body["activity"].as_str().unwrap_or("a call").to_owned()
}
