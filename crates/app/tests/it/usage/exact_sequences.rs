//! A property: after any sequence of pushes, corrections, packages, caps and holds of any size, what an instance was charged
//! is the exact amount of its standing records rounded once, and no wallet got back what was not taken for the same
//! line. `YUNSHI_TEST_SEED=7` plays one seed alone.

use app::{
    Caller, Error,
    usage::{self, decide_hold, set_cap},
};
use domain::{
    instance::InstanceState,
    usage::{CapAction, CapSide, PriceModel, Quantity, Tier, cost, minor},
};
use harness::{Bought, Engine, Market, Setup, choice, money, on_demand, pack, stopping_pack};
use std::sync::Arc;
use wire::open_api::usage::Record;

const SEEDS: [(Engine, u64); 2] = [(Engine::Sqlite, 6), (Engine::Postgres, 2)];
const STEPS: usize = 50;
const SIZES: [&str; 7] = ["0.0001", "1", "12.5", "999.9999", "20000", "123456789.5", "999999999999.9999"];

struct Play<'a> {
    m: &'a Market,
    dice: fastrand::Rng,
    buyer: Arc<Caller>,
    instances: Vec<Bought>,
    sent: Vec<Record>,
    steps: Vec<String>,
}

impl Drop for Play<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.steps.join("\n"));
        }
    }
}

impl Play<'_> {
    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.dice.usize(..all.len())]
    }

    fn attempt<T>(&mut self, what: &str, who: &Arc<Caller>, work: impl FnMut(&mut db::Tx, &app::Ctx) -> Result<T, Error>) {
        let result = self.m.write(who, work);
        let outcome = result.as_ref().map_or_else(|e| e.code().unwrap_or("failure"), |_| "ok");
        self.steps.push(format!("{what}: {outcome}"));
        assert!(matches!(result, Ok(_) | Err(Error::Refused(_))), "{what}: {:?}", result.err());
        self.m.settle();
    }

    /// Up to thirty records of the last hours of one size: new ones, the same again, corrections.
    fn push(&mut self) {
        let (m, of) = (self.m, self.instances[self.dice.usize(..2)].clone());
        if m.instance(of.instance).state == InstanceState::Released {
            return;
        }
        let (size, count) = (self.one_of(&SIZES), self.dice.usize(1..30));
        let mut records = Vec::new();
        for n in 0..count {
            let hour = (m.now() - jiff::SignedDuration::from_hours(self.dice.i64(1..20))).strftime("%Y-%m-%dT%H").to_string();
            let mut record = m.record(&of, &hour, size, &format!("sn-{}-{n}", self.sent.len()));
            if let (0, false) = (self.dice.u32(..4), self.sent.is_empty()) {
                let old = self.sent[self.dice.usize(..self.sent.len())].clone();
                if self.dice.bool() { record = old } else { record.corrects = old.metering_sn }
            }
            if self.dice.u32(..4) == 0 {
                let package = self.instances[self.dice.usize(2..4)].clone();
                record.relate_pkg_instance = Some(m.sellers_id(&package));
            }
            records.push(record);
        }
        self.sent.extend(records.iter().cloned());
        let seller = m.seller();
        self.attempt(&format!("push {count} of {size}"), &seller, |tx, ctx| usage::receive(tx, ctx, &seller, None, &records));
    }

    fn step(&mut self) {
        let (m, buyer) = (self.m, self.buyer.clone());
        let of = self.instances[self.dice.usize(..2)].clone();
        match self.dice.u32(..10) {
            0..4 => self.push(),
            4 => {
                let amount = self.one_of(&[None, Some(5_000), Some(1_000_000), Some(i64::from(i32::MAX))]);
                let (side, action) = (self.one_of(CapSide::ALL), self.one_of(CapAction::ALL));
                let who = if side == CapSide::Buyer { buyer } else { m.seller() };
                let cap = amount.map(|amount| (amount, action));
                self.attempt(&format!("cap {cap:?}"), &who, |tx, ctx| set_cap(tx, ctx, &who, side, of.id(), cap).map(|_| ()));
            }
            5 | 6 => {
                if let Some(hold) = m.metered(&of).holds.first() {
                    let (yes, id, tenant) = (self.dice.bool(), hold.id.id(), app::Tenant::Buyer(m.key(&buyer)));
                    self.attempt(&format!("decide {yes}"), &buyer, |tx, ctx| decide_hold(tx, ctx, &buyer, tenant, id, yes).map(|_| ()));
                }
            }
            7 => {
                self.steps.push("top up".to_owned());
                m.top_up(&buyer, "50000.00");
            }
            _ => {
                let by = self.one_of(&["20m", "1h", "5h", "30h"]);
                self.steps.push(format!("advance {by}"));
                m.advance(by);
            }
        }
    }

    /// What the standing records of an instance come to, without packages.
    fn exact(&self, of: &Bought, tiers: &[Tier]) -> Option<(String, i64)> {
        let standing = self.m.read(|tx, _| {
            let charged = store::witness::charged_records(tx, of.instance)?;
            let mut replaced = Vec::new();
            for record in &charged {
                let mut before = record.corrects_id;
                while let Some(old) = before.map(|id| store::usage::any_record(tx, id)).transpose()?.flatten() {
                    before = old.corrects_id.filter(|_| old.charge_id.is_none());
                    replaced.extend(old.charge_id.map(|_| old.id));
                }
            }
            Ok(charged.into_iter().filter(|r| !replaced.contains(&r.id)).collect::<Vec<_>>())
        });
        let drawn = self.m.read(|tx, _| {
            let mut drawn = 0;
            for record in &standing {
                drawn += store::package::any_draws(tx, record.id)?.iter().map(|d| i128::from(d.quantity)).sum::<i128>();
            }
            Ok(drawn)
        });
        let sum: i128 = standing.iter().map(|r| i128::from(r.quantity.unwrap())).sum();
        let rest = Quantity(i64::try_from(sum - drawn).unwrap());
        let stops = standing.iter().any(|r| r.package_id == Some(self.instances[3].instance));
        (!stops).then(|| (rest.to_string(), minor(cost(PriceModel::Fixed, tiers, rest), domain::money::Currency::Cny).unwrap()))
    }

    fn check(&self) {
        self.m.verify();
        let tiers = [Tier { up_to: None, price: "0.01".parse().unwrap() }];
        let charges = self.m.read(|tx, _| Ok(store::witness::charges(tx, self.instances[0].instance)?));
        let charged: i64 = charges.iter().map(|c| c.amount_minor).sum();
        assert_eq!(Some(charged), self.exact(&self.instances[0], &tiers).map(|(_, amount)| amount), "one month, one cycle");
        // In the order in which they were taken, the line never got back more than it had paid.
        let mut paid: Vec<_> = charges.into_iter().filter_map(|c| Some((c.paid_at?, c.amount_minor < 0, c.amount_minor))).collect();
        paid.sort_unstable();
        let all: i64 = paid.iter().map(|(.., amount)| amount).sum();
        assert!(all >= 0, "{}", money(all));
    }
}

fn play(m: &Market, seed: u64) {
    let buyer = m.new_buyer("player", "9000.00");
    m.list(&m.seller(), "metered", &on_demand("0.01"));
    let chosen = [choice("metered", ""), choice("transcribe", ""), pack("s", "1m"), stopping_pack()];
    let instances = chosen.iter().map(|c| m.open(&buyer, c)).collect();
    m.advance("30h");
    let mut play =
        Play { m, dice: fastrand::Rng::with_seed(seed), buyer, instances, sent: Vec::new(), steps: vec![format!("seed {seed}")] };
    for n in 1..=STEPS {
        play.step();
        // All within one month, so that there is one cycle.
        if m.now() > harness::at("2024-01-29T00:00:00Z") {
            break;
        }
        if n % 10 == 0 {
            play.check();
        }
    }
    m.advance("30m");
    play.check();
    m.top_up(&play.buyer.clone(), "9000000000.00");
    m.advance("60d");
    m.verify();
}

#[test]
fn charges_are_the_exact_amount_and_no_credit_is_without_its_charge() {
    let chosen: Option<u64> = std::env::var("YUNSHI_TEST_SEED").ok().map(|seed| seed.parse().unwrap());
    for (engine, count) in SEEDS {
        let seeds = chosen.map_or_else(|| (1..=count).collect(), |seed| vec![seed]);
        for seed in seeds {
            harness::on(engine, &Setup { seed, ..Setup::default() }, |m| play(m, seed));
        }
    }
}
