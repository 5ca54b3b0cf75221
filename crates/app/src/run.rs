//! Runs transactions with what they are given: [`Environment`] in one that the caller opened, [`App`] on a database.

use crate::{Actor, Answer, Clock, Ctx, Error, Ids, MovableClock, Settings, catalogue::Listings, secret::Sealer, supervision::Templates};
use db::{Db, Party, Tx};
use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// What transactions are given: clocks, ids, settings, the key for secrets, and what is kept in memory. Cheap to clone.
#[derive(Clone)]
pub struct Environment {
    pub clock: Arc<MovableClock>,
    pub ids: Arc<dyn Ids>,
    pub settings: Arc<Settings>,
    pub sealer: Arc<Sealer>,
    pub listings: Arc<Listings>,
    pub templates: Arc<Templates>,
}

impl Environment {
    /// With nothing in memory yet.
    #[must_use]
    pub fn new(clock: MovableClock, ids: Arc<dyn Ids>, settings: Settings, sealer: Sealer) -> Self {
        Self {
            clock: Arc::new(clock),
            ids,
            settings: Arc::new(settings),
            sealer: Arc::new(sealer),
            listings: Arc::default(),
            templates: Arc::default(),
        }
    }

    /// Runs a closure in an open transaction and writes the events and messages that it left, and the key of the
    /// request when its caller brought one.
    ///
    /// # Errors
    /// What the closure refuses, or what the database says; [`Error::Repeated`] when the caller's key was used before.
    /// The caller then rolls back.
    pub fn write<T>(&self, tx: &mut Tx, actor: &Actor, work: impl FnOnce(&mut Tx, &Ctx) -> Result<T, Error>) -> Result<T, Error> {
        self.write_answered(tx, actor, work, |_| Ok(None))
    }

    /// Runs a closure that only reads.
    ///
    /// # Errors
    /// As [`Environment::write`].
    pub fn read<T>(&self, tx: &mut Tx, actor: &Actor, work: impl FnOnce(&mut Tx, &Ctx) -> Result<T, Error>) -> Result<T, Error> {
        work(tx, &self.context(actor))
    }

    pub(crate) fn context<'a>(&'a self, actor: &'a Actor) -> Ctx<'a> {
        Ctx {
            now: self.clock.now(),
            wall: self.clock.wall(),
            ids: &*self.ids,
            actor,
            settings: &self.settings,
            sealer: &self.sealer,
            listings: &self.listings,
            templates: &self.templates,
            news: RefCell::default(),
            said: RefCell::default(),
            credited: RefCell::default(),
        }
    }
}

/// The application: a database and what its transactions are given. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub env: Environment,
    /// Transactions that this process wrote: what was read before the last of them may be old.
    pub writes: Arc<AtomicU64>,
}

impl App {
    #[must_use]
    pub fn new(db: Db, env: Environment) -> Self {
        Self { db, env, writes: Arc::default() }
    }

    /// Runs a closure in a transaction for an actor and commits it; again after a conflict.
    ///
    /// # Errors
    /// What the closure refuses, or what the database says.
    pub async fn write<T, F>(&self, actor: Actor, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx, &Ctx) -> Result<T, Error> + Send + 'static,
    {
        self.write_answered(actor, work, |_| Ok(None)).await
    }

    /// As [`App::write`], and keeps the answer to the caller in the same transaction.
    ///
    /// # Errors
    /// As [`Environment::write_answered`].
    pub async fn write_answered<T, F>(
        &self,
        actor: Actor,
        mut work: F,
        answer: impl Fn(&T) -> Result<Option<Answer>, Error> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx, &Ctx) -> Result<T, Error> + Send + 'static,
    {
        let env = self.env.clone();
        let repeat = actor.repeat();
        let result = self.db.write_for(actor.party(), move |tx| env.write_answered(tx, &actor, &mut work, &answer)).await;
        self.writes.fetch_add(1, Ordering::SeqCst);
        if let (Ok(_), Some(repeat)) = (&result, repeat) {
            repeat.committed();
        }
        result
    }

    /// Runs a closure for its result and rolls it back: the dry run of a write is the write.
    ///
    /// # Errors
    /// As [`App::write`].
    pub async fn try_out<T, F>(&self, actor: Actor, mut work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx, &Ctx) -> Result<T, Error> + Send + 'static,
    {
        let kept = Arc::new(std::sync::Mutex::new(None));
        let keep = kept.clone();
        let outcome: Result<(), Error> = self
            .write(actor, move |tx, ctx| {
                let result = work(tx, ctx)?;
                *keep.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(result);
                Err(Error::TriedOut)
            })
            .await;
        match outcome {
            Err(Error::TriedOut) => {
                let mut kept = kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                kept.take().ok_or(Error::TriedOut)
            }
            Err(e) => Err(e),
            Ok(()) => Err(Error::TriedOut),
        }
    }

    /// Runs a closure that only reads.
    ///
    /// # Errors
    /// As [`App::write`].
    pub async fn read<T, F>(&self, actor: Actor, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &Ctx) -> Result<T, Error> + Send + 'static,
    {
        self.read_as(actor.party(), actor, work).await
    }

    /// Runs a reading closure that sees the database at one moment.
    ///
    /// # Errors
    /// As [`App::write`].
    pub async fn snapshot<T, F>(&self, actor: Actor, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &Ctx) -> Result<T, Error> + Send + 'static,
    {
        let env = self.env.clone();
        self.db.snapshot_for(actor.party(), move |tx| env.read(tx, &actor, work)).await
    }

    /// Runs a closure that finds out who calls, or what they were answered before: it waits behind nothing that they do.
    ///
    /// # Errors
    /// As [`App::write`].
    pub async fn read_at_the_edge<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &Ctx) -> Result<T, Error> + Send + 'static,
    {
        self.read_as(Party::Edge, Actor::System, work).await
    }

    async fn read_as<T, F>(&self, party: Party, actor: Actor, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &Ctx) -> Result<T, Error> + Send + 'static,
    {
        let env = self.env.clone();
        self.db.read_for(party, move |tx| env.read(tx, &actor, work)).await
    }
}
