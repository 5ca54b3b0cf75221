//! The marketplace of a test: a database, and the use cases run on it.

use crate::{ids::SeededIds, people::People, seeded, server::Server};
use app::{Actor, Caller, Ctx, Environment, Error, MovableClock, Settings, secret::Sealer};
use db::{Local, Tx};
use domain::Timestamp;
use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};
use testdb::{Engine, Fresh, engines};

/// How a market begins.
#[derive(Clone)]
pub struct Setup {
    /// Where business time begins, such as `2024-01-05T02:00:00Z`: some rules are those of the order's date.
    pub start: &'static str,
    /// What is set otherwise than usual.
    pub settings: fn(&mut Settings),
    /// Where ids and random bytes come from.
    pub seed: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self { start: "2024-01-05T02:00:00Z", settings: |_| (), seed: 1 }
    }
}

/// Runs a test on a fresh market of each engine, one after the other; a failure on `SQLite` ends it.
///
/// # Panics
/// When the test does; the engine is named on standard error.
pub fn on_both(test: impl Fn(&Market)) {
    on_both_with(&Setup::default(), test);
}

/// Likewise, with settings or a day of its own.
///
/// # Panics
/// When the test does.
pub fn on_both_with(setup: &Setup, test: impl Fn(&Market)) {
    for engine in engines() {
        on(engine, setup, &test);
    }
}

/// Runs a test on a fresh market of one engine. Does nothing in a run about the other engine, which
/// `YUNSHI_TEST_ENGINE=sqlite` (or `postgres`) chooses.
///
/// # Panics
/// When the test does.
pub fn on(engine: Engine, setup: &Setup, test: impl Fn(&Market)) {
    if !engine.is_wanted() {
        return;
    }
    // Shown when the test fails, and when it is ended because it hangs.
    eprintln!("on {}:", engine.name());
    let market = Market::begin(engine, setup);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(&market))) {
        eprintln!("the test failed on {}", engine.name());
        resume_unwind(panic);
    }
}

/// A marketplace with people and products, of one test.
pub struct Market {
    pub(crate) env: Environment,
    pub(crate) local: RefCell<Local>,
    /// Connections of those who do something at the same moment.
    pub(crate) others: RefCell<Vec<Local>>,
    pub(crate) people: People,
    pub(crate) sent: RefCell<Vec<crate::Sent>>,
    pub(crate) undelivered: RefCell<u32>,
    /// Steps until the process is killed.
    pub(crate) crash: Cell<Option<u32>>,
    /// The server that answers the platform's calls.
    pub server: Server,
    fresh: Fresh,
}

/// Where the wall clock stands: it drives signatures, leases and sessions, and no business rule.
pub(crate) fn wall() -> Timestamp {
    "2026-01-05T02:00:00Z".parse().expect("a time")
}

pub(crate) fn environment(setup: &Setup) -> Environment {
    let clock = MovableClock::standing_at(wall());
    clock.set_now(setup.start.parse().expect("Setup.start is a time"));
    let mut settings = Settings { loopback_allowed: true, probing: false, ..Settings::default() };
    settings.neighbours = app::Neighbours { aws: true, azure: true };
    (setup.settings)(&mut settings);
    Environment::new(clock, Arc::new(SeededIds::new(setup.seed)), settings, Sealer::new(&[7; 32]))
}

impl Market {
    /// A copy of the seeded market, in a database of its own.
    ///
    /// # Panics
    /// When the database cannot be made; the message says what is missing.
    #[must_use]
    pub fn begin(engine: Engine, setup: &Setup) -> Self {
        let fresh = seeded::copy(engine, setup.start);
        let mut local = Local::open(&fresh.url).expect("the database opens");
        let env = environment(setup);
        let people = People::load(&mut local, &env);
        Self {
            server: Server::new(wall()),
            env,
            local: RefCell::new(local),
            others: RefCell::default(),
            people,
            sent: RefCell::default(),
            undelivered: RefCell::default(),
            crash: Cell::default(),
            fresh,
        }
    }

    /// Runs a use case as a person, in a transaction that is committed when it succeeds. What is due by it happens with
    /// [`Market::settle`].
    ///
    /// # Errors
    /// What the use case refuses.
    pub fn write<T>(&self, who: &Arc<Caller>, work: impl FnMut(&mut Tx, &Ctx) -> Result<T, Error>) -> Result<T, Error> {
        self.write_as(&Actor::Caller(who.clone()), work)
    }

    /// Runs what a timer does, in a transaction that is committed when it succeeds.
    ///
    /// # Errors
    /// What it refuses.
    pub fn write_system<T>(&self, work: impl FnMut(&mut Tx, &Ctx) -> Result<T, Error>) -> Result<T, Error> {
        self.write_as(&Actor::System, work)
    }

    fn write_as<T>(&self, actor: &Actor, mut work: impl FnMut(&mut Tx, &Ctx) -> Result<T, Error>) -> Result<T, Error> {
        self.local.borrow_mut().write(|tx| self.env.write(tx, actor, &mut work))
    }

    /// Runs a write that must succeed.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn ok<T>(&self, who: &Arc<Caller>, work: impl FnMut(&mut Tx, &Ctx) -> Result<T, Error>) -> T {
        match self.write(who, work) {
            Ok(value) => value,
            Err(e) => panic!("refused: {e:?}"),
        }
    }

    /// Runs a write that must be refused; the code of the refusal, such as `order.not_payable`.
    ///
    /// # Panics
    /// When it is not refused.
    #[track_caller]
    pub fn refused<T>(&self, who: &Arc<Caller>, work: impl FnMut(&mut Tx, &Ctx) -> Result<T, Error>) -> String {
        match self.write(who, work) {
            Ok(_) => panic!("it was not refused"),
            Err(e) => crate::show::code(&e),
        }
    }

    /// Reads something.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn read<T>(&self, work: impl FnOnce(&mut Tx, &Ctx) -> Result<T, Error>) -> T {
        match self.local.borrow_mut().read(|tx| self.env.read(tx, &Actor::System, work)) {
            Ok(value) => value,
            Err(e) => panic!("cannot be read: {e:?}"),
        }
    }

    /// What happened to the books: every check of `yunshi verify`.
    ///
    /// # Panics
    /// When one of them finds a difference.
    #[track_caller]
    pub fn verify(&self) {
        let wrong = self.differences();
        assert!(wrong.is_empty(), "the books do not agree: {wrong:#?}");
    }

    /// What `yunshi verify` finds wrong: the name of each check that fails, with its differences.
    #[must_use]
    pub fn differences(&self) -> Vec<(&'static str, Vec<String>)> {
        let checks = self.read(app::verify::verify);
        checks.into_iter().filter(|c| !c.ok).map(|c| (c.name, c.differences)).collect()
    }

    /// The names of the checks of `yunshi verify` that would fail after a damage, which is taken back.
    ///
    /// # Panics
    /// When the damage is refused.
    #[must_use]
    #[track_caller]
    pub fn would_differ(&self, damage: &str) -> Vec<&'static str> {
        let checks = self.local.borrow_mut().suppose(damage, |tx| self.env.read(tx, &Actor::System, app::verify::verify));
        let checks = checks.unwrap_or_else(|e| panic!("{damage}: {e:?}"));
        checks.into_iter().filter(|c| !c.ok).map(|c| c.name).collect()
    }

    /// Reads something as it would be after a damage, which is taken back.
    ///
    /// # Errors
    /// What cannot be read, or why the damage was refused.
    pub fn supposing<T>(&self, damage: &str, work: impl FnOnce(&mut Tx, &Ctx) -> Result<T, Error>) -> Result<T, Error> {
        self.local.borrow_mut().suppose(damage, |tx| self.env.read(tx, &Actor::System, work))
    }

    /// What the use cases of this market are given.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.env
    }

    /// The address of the database, for a connection of one's own.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.fresh.url
    }

    /// Lets the database grow to so many pages at most, as a full disk does; on `SQLite` only.
    ///
    /// # Panics
    /// When the database is gone.
    pub fn limit_pages(&self, pages: u32) {
        self.local.borrow_mut().limit_pages(pages).expect("the database is there");
    }

    /// Changes what is stored, as an older release or a hand would have left it.
    pub fn execute(&self, statement: &str) {
        self.fresh.execute(statement);
    }
}
