//! Sets of use cases at the same moment, in any mixture, with what falls due and what sellers answer beside them: after each
//! set the books agree, and what is paid ends. A set is the same for the same seed, but not who comes first.
//! `make stress` plays new ones, and `YUNSHI_TEST_SEED=7` the one of a seed alone.

mod cases;
mod purchases;

use app::{Actor, Caller, Ctx, Error};
use db::Tx;
use harness::{Engine, Market, Setup, on};
use std::{ops::Range, sync::Arc};

/// What was found by `make stress`, and is played each time: the kind of the sets, the engine, the seed.
const KEPT: &[(&str, Engine, u64)] = &[
    // A code that was activated was locked before its instance.
    ("cases", Engine::Postgres, 2_364_440_445),
];

type Work = Box<dyn Fn(&mut Tx, &Ctx) -> Result<(), Error> + Send + Sync>;

/// What somebody does, under the name by which a failure tells of it.
struct Deed {
    name: String,
    actor: Actor,
    work: Work,
}

impl Deed {
    fn new(name: String, actor: Actor, work: impl Fn(&mut Tx, &Ctx) -> Result<(), Error> + Send + Sync + 'static) -> Self {
        Self { name, actor, work: Box::new(work) }
    }

    /// Somebody's.
    fn of(who: &Arc<Caller>, name: String, work: impl Fn(&mut Tx, &Ctx) -> Result<(), Error> + Send + Sync + 'static) -> Self {
        Self::new(name, Actor::Caller(who.clone()), work)
    }

    /// A timer's.
    fn timed(name: String, work: impl Fn(&mut Tx, &Ctx) -> Result<(), Error> + Send + Sync + 'static) -> Self {
        Self::new(name, Actor::System, work)
    }
}

/// Sets of a market, and what is done in each at once.
const SETS: usize = 4;
const AT_ONCE: usize = 8;
/// What is due is done beside it, so much at most.
const DUE: i64 = 4;

/// What was played so far: it is shown when the test fails.
struct Played {
    seed: u64,
    lines: Vec<String>,
}

impl Drop for Played {
    fn drop(&mut self) {
        eprintln!("seed {}:\n{}", self.seed, self.lines.join("\n"));
    }
}

impl Played {
    fn new(seed: u64) -> Self {
        Self { seed, lines: Vec::new() }
    }

    fn says(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Does all of a set at once, with what is due; then the books agree.
    fn at_once(&mut self, m: &Market, deeds: Vec<Deed>) {
        let due = m.claim_due(DUE).into_iter().map(|due| Deed::timed(format!("due: {}", due.name()), move |tx, ctx| due.finish(tx, ctx)));
        let deeds: Vec<Deed> = deeds.into_iter().chain(due).collect();
        let actors: Vec<Actor> = deeds.iter().map(|d| d.actor.clone()).collect();
        let done = m.all_at_once(&actors, |n, tx, ctx| (deeds[n].work)(tx, ctx));
        self.says("at once:".to_owned());
        for (deed, result) in deeds.iter().zip(&done) {
            let outcome = result.as_ref().map_or_else(|e| e.code().unwrap_or("failure"), |()| "ok");
            self.says(format!("  {}: {outcome}", deed.name));
        }
        let wrong = deeds.iter().zip(done).filter_map(|(deed, result)| {
            let error = result.err()?;
            (error.code().is_none() || deed.name.starts_with("due: ")).then(|| format!("{}: {error:?}", deed.name))
        });
        let wrong: Vec<String> = wrong.collect();
        assert!(wrong.is_empty(), "what is refused has a reason, and what is due is done: {wrong:#?}");
        m.verify();
    }
}

/// One kind of sets: how its market begins, and what is played on it.
struct Sets {
    name: &'static str,
    start: &'static str,
    play: fn(&Market, u64),
}

static ALL: [Sets; 2] = [purchases::SETS_OF_PURCHASES, cases::SETS_OF_CASES];

impl Sets {
    fn play(&self, engine: Engine, seed: u64) {
        on(engine, &Setup { start: self.start, seed, ..Setup::default() }, |m| {
            (self.play)(m, seed);
            assert_eq!(m.deadlocks(), 0, "all take their locks in one order");
        });
    }

    fn play_all(&self, engine: Engine, seeds: Range<u64>) {
        let chosen = std::env::var("YUNSHI_TEST_SEED").ok().map(|text| text.parse::<u64>().unwrap());
        for seed in chosen.map_or(seeds, |seed| seed..seed + 1) {
            self.play(engine, seed);
        }
    }
}

fn named(name: &str) -> &'static Sets {
    ALL.iter().find(|sets| sets.name == name).unwrap_or_else(|| panic!("there are no sets of {name}"))
}

/// `make stress` names a kind of sets and a seed.
#[test]
fn sets_that_found_something_or_are_named_leave_the_books_right() {
    let text = |name: &str| std::env::var(name).ok();
    let chosen = text("YUNSHI_TEST_SETS").zip(text("YUNSHI_TEST_SEED"));
    let chosen = chosen.map(|(name, seed)| harness::ENGINES.map(|engine| (named(&name), engine, seed.parse().unwrap())).to_vec());
    let kept = || KEPT.iter().map(|(name, engine, seed)| (named(name), *engine, *seed)).collect();
    for (sets, engine, seed) in chosen.unwrap_or_else(kept) {
        sets.play(engine, seed);
    }
}
