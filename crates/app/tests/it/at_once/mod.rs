//! Sets of use cases at the same moment, in any mixture: after each set the books agree, and what is paid ends. A set is the
//! same for the same seed, but not who comes first. `YUNSHI_TEST_SEED=7` plays that one alone, `YUNSHI_TEST_CASES=1000` so many.

mod cases;
mod purchases;

use app::{Caller, Ctx, Error};
use db::Tx;
use harness::{Engine, Market, Setup, on};
use std::{ops::Range, sync::Arc};

/// What somebody does, under the name by which a failure tells of it.
type Deed = (String, Box<dyn Fn(&mut Tx, &Ctx) -> Result<(), Error> + Send + Sync>);

/// Sets of a market, and what is done in each at once.
const SETS: usize = 4;
const AT_ONCE: usize = 8;

fn deed(name: String, work: impl Fn(&mut Tx, &Ctx) -> Result<(), Error> + Send + Sync + 'static) -> Deed {
    (name, Box::new(work))
}

/// What was played so far: it is told when the test fails.
struct Played {
    seed: u64,
    lines: Vec<String>,
}

impl Drop for Played {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}:\n{}", self.seed, self.lines.join("\n"));
        }
    }
}

impl Played {
    fn new(seed: u64) -> Self {
        Self { seed, lines: Vec::new() }
    }

    fn says(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Does all of a set at once, and what becomes due by it; then the books agree.
    fn at_once(&mut self, m: &Market, who: &Arc<Caller>, deeds: &[Deed]) {
        let done = m.at_once(who, deeds.len(), |n, tx, ctx| (deeds[n].1)(tx, ctx));
        self.says("at once:".to_owned());
        for ((name, _), result) in deeds.iter().zip(&done) {
            let outcome = result.as_ref().map_or_else(|e| e.code().unwrap_or("failure"), |()| "ok");
            self.says(format!("  {name}: {outcome}"));
        }
        let failed: Vec<_> = done.into_iter().filter_map(Result::err).filter(|e| e.code().is_none()).collect();
        assert!(failed.is_empty(), "what is refused has a reason: {failed:?}");
        m.settle();
        m.verify();
    }
}

fn play_all(engine: Engine, seeds: Range<u64>, setup: &Setup, play: fn(&Market, u64)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match (number("YUNSHI_TEST_SEED"), number("YUNSHI_TEST_CASES")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(cases)) => seeds.start..seeds.start + cases,
        (None, None) => seeds,
    };
    for seed in seeds {
        on(engine, &Setup { seed, ..setup.clone() }, |m| play(m, seed));
    }
}
