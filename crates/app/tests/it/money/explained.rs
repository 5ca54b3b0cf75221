//! A property: after any sequence of what buyers, sellers, the operator and time do, every account is explained. The
//! sequence is the same for the same seed; the seed of one that fails is printed with its steps. `YUNSHI_TEST_SEED=7`
//! plays that one alone, `YUNSHI_TEST_CASES=1000` so many.

use app::{
    Caller, Error, Tenant, call, instance,
    money::{Correct, Place, correct},
    order::{self, Choice, PlaceChange, PlaceOrder, RenewWithChange},
    usage,
};
use domain::{
    money::{Currency, Money},
    order::OrderState,
    site::{Site, SiteCode, Sites},
    usage::{CapAction, CapSide},
};
use harness::{Bought, Engine, Fault, Market, Setup, choice, pack, stopping_pack, unpaid};
use ledger::AccountKind;
use std::sync::Arc;
use store::order::Filter;

/// Sequences on an engine, at a site with a currency: of two decimals, of none and of three.
const SEEDS: [(Engine, Currency, u64); 4] = [
    (Engine::Sqlite, Currency::Cny, 5),
    (Engine::Sqlite, Currency::Jpy, 2),
    (Engine::Sqlite, Currency::Kwd, 2),
    (Engine::Postgres, Currency::Cny, 2),
];
const STEPS: usize = 60;

/// A sequence that is being played.
struct Play<'a> {
    m: &'a Market,
    dice: fastrand::Rng,
    /// Its wallet is small, so that it is short at times.
    buyer: Arc<Caller>,
    orders: Vec<String>,
    instances: Vec<Bought>,
    /// Names of the records that were pushed.
    records: Vec<String>,
    played: Vec<String>,
    seed: u64,
}

impl Drop for Play<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}:\n{}", self.seed, self.played.join("\n"));
        }
    }
}

impl<'a> Play<'a> {
    fn new(m: &'a Market, seed: u64) -> Self {
        let (dice, buyer) = (fastrand::Rng::with_seed(seed), m.new_buyer("player", "9000.00"));
        Self { m, dice, buyer, orders: Vec::new(), instances: Vec::new(), records: Vec::new(), played: Vec::new(), seed }
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.dice.usize(..all.len())]
    }

    /// Runs a write; a refusal is part of the play, a failure is not.
    fn attempt<T>(&mut self, what: String, work: impl FnMut(&mut db::Tx, &app::Ctx) -> Result<T, Error>) -> Option<T> {
        let result = self.m.write(&self.buyer.clone(), work);
        let outcome = result.as_ref().map_or_else(|e| e.code().unwrap_or("failure"), |_| "ok");
        self.played.push(format!("{what}: {outcome}"));
        match result {
            Ok(value) => Some(value),
            Err(Error::Refused(_)) => None,
            Err(failure) => panic!("{failure:?}"),
        }
    }

    fn buy(&mut self) {
        let period = self.one_of(&["1m", "3m", "1y"]);
        let wanted = match self.dice.u32(..10) {
            0..4 => Choice { quantity: self.dice.u32(1..4), ..choice("backup", period) },
            4 => Choice { sku: Some("pro/5".to_owned()), ..choice("backup", period) },
            5 => Choice { trial: true, ..choice("backup", "") },
            6 => choice("archive", period),
            7 => choice("transcribe", ""),
            8 => pack("s", "1m"),
            _ => stopping_pack(),
        };
        let cmd = PlaceOrder { pay: self.dice.u32(..4) > 0, ..unpaid(&wanted) };
        let buyer = self.buyer.clone();
        let what = format!("buy {} {} {} {period}, paid: {}", wanted.product, wanted.specification, wanted.quantity, cmd.pay);
        if let Some(full) = self.attempt(what, |tx, ctx| order::place(tx, ctx, &buyer, &cmd)) {
            self.orders.push(full.order.number.clone());
            self.instances.extend(full.order.instance_id.map(|instance| Bought { order: full.order, instance }));
        }
    }

    fn on_an_instance(&mut self) {
        if self.instances.is_empty() {
            return;
        }
        let (buyer, id) = (self.buyer.clone(), self.instances[self.dice.usize(..self.instances.len())].id());
        let (period, pay) = (self.one_of(&["1m", "1y"]), self.dice.u32(..4) > 0);
        let next = period.parse().unwrap();
        let sku = self.one_of(&["basic/5", "basic/10", "pro/5", "team"]).to_owned();
        let placed = match self.dice.u32(..10) {
            0..4 => self.attempt(format!("renew {id} {period} {pay}"), |tx, ctx| order::renew(tx, ctx, &buyer, id, next, pay)),
            4 => self.attempt(format!("convert {id}"), |tx, ctx| order::convert(tx, ctx, &buyer, id, next, pay)),
            5 | 6 => {
                let cmd = PlaceChange { instance: id, sku, pay };
                self.attempt(format!("change {id} to {}", cmd.sku), |tx, ctx| order::change(tx, ctx, &buyer, &cmd))
            }
            7 => {
                let cmd = RenewWithChange { instance: id, sku, period: next, pay };
                let result = self.m.renew_with_change(&buyer, &cmd);
                self.played.push(format!("renew {id} as {}: {:?}", cmd.sku, result.as_ref().map(|_| ())));
                result.ok().and_then(Result::ok)
            }
            8 => {
                let wanted = (self.dice.u32(..3) > 0).then_some(next);
                self.attempt(format!("auto-renewal of {id}: {wanted:?}"), |tx, ctx| {
                    order::set_auto_renewal(tx, ctx, &buyer, id, wanted).map(|_| ())
                });
                None
            }
            _ => {
                self.attempt(format!("release {id}"), |tx, ctx| instance::end_on_demand(tx, ctx, &buyer, id).map(|_| ()));
                None
            }
        };
        self.orders.extend(placed.map(|full| full.order.number));
    }

    fn on_an_order(&mut self) {
        if self.orders.is_empty() {
            return;
        }
        let (buyer, number) = (self.buyer.clone(), self.orders[self.dice.usize(..self.orders.len())].clone());
        let (name, verb) = self.one_of(&[
            ("give back", order::unsubscribe as fn(&mut db::Tx, &app::Ctx, &Caller, &str) -> Result<order::Full, Error>),
            ("give back", order::unsubscribe),
            ("cancel", order::cancel),
            ("pay", order::pay),
        ]);
        let done = self.attempt(format!("{name} {number}"), |tx, ctx| verb(tx, ctx, &buyer, &number)).map(|full| full.order);
        self.orders.extend(done.clone().filter(|o| o.number != number).map(|o| o.number));
        if let Some((order, instance)) = done.and_then(|o| o.instance_id.map(|i| (o, i))).filter(|_| name == "pay") {
            self.instances.push(Bought { order, instance });
        }
    }

    /// Gives a part of an order back, or takes a posting back that was one too many.
    fn by_finance(&mut self) {
        if self.orders.is_empty() {
            return;
        }
        let (operator, number) = (self.m.operator(), self.orders[self.dice.usize(..self.orders.len())].clone());
        let currency = self.m.read(|_, ctx| Ok(ctx.site(SiteCode::Cn).currency));
        let wallet = Place { account: AccountKind::BuyerWallet, owner: hex::encode(self.m.key(&self.buyer).0) };
        let bank = Place { account: AccountKind::ProviderClearing, owner: "bank".to_owned() };
        let what = match self.dice.u32(..6) {
            0 => Correct::Posting { from: wallet, to: bank, line: None },
            1 => Correct::Posting { from: bank, to: wallet, line: None },
            _ => Correct::Refund { number },
        };
        let amount = Money::new(self.dice.i64(1..15_000), currency);
        self.attempt(format!("{what:?} {amount}"), |tx, ctx| correct(tx, ctx, &operator, &what, amount, "mends").map(|_| ()));
    }

    /// Answers a charge that waits, or caps what comes.
    fn on_use(&mut self) {
        if self.instances.is_empty() {
            return;
        }
        let (buyer, of) = (self.buyer.clone(), self.instances[self.dice.usize(..self.instances.len())].clone());
        let (yes, tenant) = (self.dice.bool(), Tenant::Buyer(self.m.key(&buyer)));
        let waiting = store::usage_hold::Filter { state: Some(domain::usage::HoldState::Waiting), ..store::usage_hold::Filter::default() };
        let holds = self.m.read(|tx, _| Ok(store::usage_hold::list(tx, tenant, &waiting, app::Page::first(1))?));
        if let Some(hold) = holds.first() {
            let id = hold.id.id();
            self.attempt(format!("hold: {yes}"), |tx, ctx| usage::decide_hold(tx, ctx, &buyer, tenant, id, yes).map(|_| ()));
            return;
        }
        let action = self.one_of(&[CapAction::Freeze, CapAction::Refuse]);
        let cap = yes.then(|| (self.dice.i64(1_000..90_000), action));
        self.attempt(format!("cap of {}: {cap:?}", of.id()), |tx, ctx| {
            usage::set_cap(tx, ctx, &buyer, CapSide::Buyer, of.id(), cap).map(|_| ())
        });
    }

    fn by_the_operator(&mut self) {
        if self.instances.is_empty() {
            return;
        }
        let (operator, id) = (self.m.operator(), self.instances[self.dice.usize(..self.instances.len())].id());
        if self.dice.bool() {
            self.attempt(format!("freeze {id}"), |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, id, "abuse").map(|_| ()));
        } else {
            self.attempt(format!("unfreeze {id}"), |tx, ctx| instance::unfreeze(tx, ctx, &operator, id).map(|_| ()));
        }
    }

    /// Pushes a record of one of the last hours: a new one, the same again, or a correction.
    fn use_something(&mut self) {
        let open = |b: &&Bought| self.m.instance(b.instance).seller_instance_id.is_some();
        let open: Vec<Bought> = self.instances.iter().filter(open).cloned().collect();
        if open.is_empty() {
            return;
        }
        let of = &open[self.dice.usize(..open.len())];
        let hour = (self.m.now() - jiff::SignedDuration::from_hours(self.dice.i64(1..30))).strftime("%Y-%m-%dT%H").to_string();
        let (sn, known) = (format!("sn-{}", self.records.len()), self.records.clone());
        let most = self.one_of(&[900, 900, 900, 40_000]);
        let mut record = self.m.record(of, &hour, &format!("{}.5", self.dice.u32(..most)), &sn);
        match known.get(self.dice.usize(..known.len().max(1) * 2)) {
            Some(old) if self.dice.bool() => record.metering_sn = Some(old.clone()),
            Some(old) => record.corrects = Some(old.clone()),
            None => {}
        }
        if self.dice.bool() {
            record.relate_pkg_instance = Some(self.m.sellers_id(&open[self.dice.usize(..open.len())]));
        }
        self.records.push(sn);
        let seller = self.m.seller();
        self.attempt(format!("push {record:?}"), |tx, ctx| usage::receive(tx, ctx, &seller, None, std::slice::from_ref(&record)));
    }

    fn step(&mut self) {
        match self.dice.u32(..23) {
            0..4 => self.buy(),
            4..9 => self.on_an_instance(),
            9..12 => self.on_an_order(),
            12 => self.by_the_operator(),
            13 | 14 => self.use_something(),
            15 => {
                let fault = self.one_of(&[Fault::None, Fault::None, Fault::Code000005, Fault::Asynchronous, Fault::NoData]);
                self.played.push(format!("fault {fault:?}"));
                self.m.server.fault("*", fault);
            }
            16 => {
                self.played.push("top up".to_owned());
                self.m.top_up(&self.buyer.clone(), "500.00");
            }
            17 => {
                if let Some(failed) = self.m.failed_calls().first() {
                    let id = failed.id.id();
                    self.attempt(format!("restart {}", failed.activity), |tx, ctx| call::restart(tx, ctx, Tenant::Any, id));
                }
            }
            18 => self.by_finance(),
            19 => self.on_use(),
            _ => {
                let by = self.one_of(&["60m", "4h", "2d", "20d", "45d"]);
                self.played.push(format!("advance {by}"));
                self.m.advance(by);
            }
        }
        self.m.settle();
    }
}

fn play(m: &Market, seed: u64) {
    // Every day for each site; there is no case here to tell of.
    m.execute("DELETE FROM jobs WHERE kind = 'supervision.open_cases'");
    let mut play = Play::new(m, seed);
    for n in 1..=STEPS {
        play.step();
        if n % 10 == 0 {
            m.verify();
        }
    }
    m.server.fault("*", Fault::None);
    m.advance("400d");
    m.verify();
    let open = Filter { state: Some(OrderState::Processing), ..Filter::default() };
    let open = m.read(|tx, _| Ok(store::order::list(tx, Tenant::Any, &open, app::Page::first(10))?));
    assert!(open.is_empty(), "an order that is paid ends: {open:?}");
}

fn with(settings: &mut app::Settings, currency: Currency) {
    let site = Site { currency, ..Site::of(SiteCode::Cn) };
    settings.sites = Sites::new(vec![site]).unwrap();
}

fn in_currency(currency: Currency) -> fn(&mut app::Settings) {
    match currency {
        Currency::Jpy => |s| with(s, Currency::Jpy),
        Currency::Kwd => |s| with(s, Currency::Kwd),
        _ => |_| (),
    }
}

#[test]
fn every_account_is_explained_after_any_sequence() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let (chosen, cases) = (number("YUNSHI_TEST_SEED"), number("YUNSHI_TEST_CASES"));
    for (engine, currency, count) in SEEDS {
        let seeds = chosen.map_or_else(|| (1..=cases.unwrap_or(count)).collect(), |seed| vec![seed]);
        for seed in seeds {
            let setup = Setup { seed, settings: in_currency(currency), ..Setup::default() };
            harness::on(engine, &setup, |m| play(m, seed));
        }
    }
}
