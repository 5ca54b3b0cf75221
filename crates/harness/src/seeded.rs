//! The market that every test begins with is made once for a build and copied.

use crate::{Setup, market, people, products};
use app::{Actor, Ctx, Error};
use db::{Local, Tx};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use testdb::{Engine, Fresh, Original};

/// A copy of the market of an engine whose business time begins at a moment.
pub(crate) fn copy(engine: Engine, start: &'static str) -> Fresh {
    original(engine, start).copy()
}

fn original(engine: Engine, start: &'static str) -> Arc<Original> {
    type Known = HashMap<(Engine, &'static str), Arc<Original>>;
    static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        Arc::new(Original::shared(engine, "market", &start, |fresh| {
            let mut local = Local::open(&fresh.url).expect("the database opens");
            local.migrate().expect("the migrations run");
            let env = market::environment(&Setup { start, seed: 0, ..Setup::default() });
            seed(&mut |step| local.write(|tx| env.write(tx, &Actor::System, &mut *step)).expect("the market is seeded"));
            // Every test would do it first: nobody here has a mailbox.
            while local.write(|tx| env.write(tx, &Actor::System, app::message::hand_on)).expect("messages are dispatched") > 0 {}
        }))
    };
    known.entry((engine, start)).or_insert_with(make).clone()
}

/// Each step is a unit of its own, as it is on a platform.
type Step<'a> = &'a mut dyn FnMut(&mut Tx, &Ctx) -> Result<(), Error>;

fn seed(run: &mut dyn FnMut(Step<'_>)) {
    run(&mut |tx, ctx| app::job::prepare(tx, ctx));
    let mut all = HashMap::new();
    for (name, kind) in people::PEOPLE {
        run(&mut |tx, ctx| people::register(tx, ctx, name, kind).map(|caller| drop(all.insert(name, caller))));
    }
    let operator = &all["operator"];
    for buyer in ["buyer", "buyer2"] {
        run(&mut |tx, ctx| people::top_up(tx, ctx, operator, &all[buyer], people::WALLET_MINOR));
    }
    for seller in ["seller", "seller2"] {
        run(&mut |tx, ctx| people::approve_seller(tx, ctx, operator, &all[seller]));
    }
    for (seller, key) in [("seller", "backup"), ("seller", "assess"), ("seller", "transcribe"), ("seller2", "archive")] {
        run(&mut |tx, ctx| products::list(tx, ctx, (&all[seller], operator), key, products::sample(key)).map(drop));
    }
}
