//! Purchases, renewals, changes, use, freezes, ends and payments of one buyer at once, in any mixture.

use super::{AT_ONCE, Deed, Played, SETS, deed, play_all};
use app::{
    Caller, Tenant, instance,
    money::{self, Correct, correct},
    order::{self, Choice, PlaceChange, PlaceOrder},
    usage,
};
use db::{Key, Tx};
use domain::{
    money::{Currency, Money},
    usage::{CapAction, CapSide},
};
use harness::{Bought, Engine, Fault, Market, Setup, choice, pack, stopping_pack, unpaid};
use std::sync::Arc;
use store::order::Filter;

struct Play<'a> {
    m: &'a Market,
    dice: fastrand::Rng,
    buyer: Arc<Caller>,
    records: usize,
    played: Played,
}

impl Play<'_> {
    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.dice.usize(..all.len())]
    }

    /// What the buyer has, the newest first.
    fn orders(&self) -> Vec<store::order::Order> {
        let own = Tenant::Buyer(self.m.key(&self.buyer));
        self.m.read(|tx, _| Ok(store::order::list(tx, own, &Filter::default(), app::Page::first(12))?))
    }

    fn instances(&self) -> Vec<store::instance::Instance> {
        let own = Tenant::Buyer(self.m.key(&self.buyer));
        self.m.read(|tx, _| Ok(store::instance::list(tx, own, None, app::Page::first(12))?))
    }

    fn buy(&mut self) -> Deed {
        let period = self.one_of(&["1m", "3m"]);
        let wanted = match self.dice.u32(..6) {
            0 | 1 => choice("backup", period),
            2 => Choice { trial: true, ..choice("backup", "") },
            3 => choice("transcribe", ""),
            4 => pack("s", "1m"),
            _ => stopping_pack(),
        };
        let cmd = PlaceOrder { pay: self.dice.bool(), ..unpaid(&wanted) };
        let buyer = self.buyer.clone();
        deed(format!("buy {} {}", wanted.product, wanted.specification), move |tx, ctx| order::place(tx, ctx, &buyer, &cmd).map(drop))
    }

    /// What is done with an instance, by whoever may.
    fn on_an_instance(&mut self, found: &store::instance::Instance) -> Deed {
        let (buyer, operator) = (self.buyer.clone(), self.m.operator());
        let (key, id, pay) = (found.id, found.id.id(), self.dice.u32(..4) > 0);
        let period = self.one_of(&["1m", "1y"]).parse().unwrap();
        match self.dice.u32(..16) {
            0..3 => deed(format!("renew {id}"), move |tx, ctx| order::renew(tx, ctx, &buyer, id, period, pay).map(drop)),
            3 => deed(format!("convert {id}"), move |tx, ctx| order::convert(tx, ctx, &buyer, id, period, pay).map(drop)),
            4 | 5 => {
                let cmd = PlaceChange { instance: id, sku: self.one_of(&["basic/10", "pro/5"]).to_owned(), pay };
                deed(format!("change {id} to {}", cmd.sku), move |tx, ctx| order::change(tx, ctx, &buyer, &cmd).map(drop))
            }
            6 => {
                let wanted = pay.then_some(period);
                deed(format!("automatic renewal of {id}: {wanted:?}"), move |tx, ctx| {
                    order::set_auto_renewal(tx, ctx, &buyer, id, wanted).map(drop)
                })
            }
            7 => deed(format!("try to renew {id}"), move |tx, ctx| order::auto_renew(tx, ctx, key)),
            8 => deed(format!("end {id}"), move |tx, ctx| instance::end_on_demand(tx, ctx, &buyer, id).map(drop)),
            9 => deed(format!("freeze {id}"), move |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, id, "abuse").map(drop)),
            10 => deed(format!("unfreeze {id}"), move |tx, ctx| instance::unfreeze(tx, ctx, &operator, id).map(drop)),
            11 => deed(format!("expire {id}"), move |tx, ctx| instance::expire(tx, ctx, key)),
            12 => deed(format!("release {id}"), move |tx, ctx| instance::release_expired(tx, ctx, key)),
            13 => {
                let action = self.one_of(&[CapAction::Freeze, CapAction::Refuse]);
                let cap = pay.then(|| (self.dice.i64(1_000..50_000), action));
                deed(format!("cap {id}: {cap:?}"), move |tx, ctx| usage::set_cap(tx, ctx, &buyer, CapSide::Buyer, id, cap).map(drop))
            }
            14 if found.specification == "minutes" => {
                let rating = format!("usage:{}", hex::encode(key.0));
                deed(format!("rate {id}"), move |tx, ctx| usage::rate(tx, ctx, &rating))
            }
            _ => self.push(found),
        }
    }

    fn push(&mut self, found: &store::instance::Instance) -> Deed {
        self.records += 1;
        let (seller, name) = (self.m.seller(), found.seller_instance_id.clone().unwrap_or_default());
        let hour = self.m.now() - jiff::SignedDuration::from_hours(self.dice.i64(1..20));
        let (begin, end) = (hour.strftime("%Y%m%dT%H0000Z").to_string(), hour + jiff::SignedDuration::from_hours(1));
        let record = wire::open_api::usage::Record {
            instance_id: name,
            record_time: end.strftime("%Y%m%dT%H0000Z").to_string(),
            begin_time: begin,
            end_time: end.strftime("%Y%m%dT%H0000Z").to_string(),
            usage_value: self.one_of(&["10", "300.5", "40000"]).to_owned(),
            metering_sn: Some(format!("sn-{}", self.records)),
            product_id: None,
            relate_pkg_instance: None,
            corrects: self.dice.bool().then(|| format!("sn-{}", self.dice.usize(..self.records))),
        };
        deed(format!("push {record:?}"), move |tx, ctx| usage::receive(tx, ctx, &seller, None, std::slice::from_ref(&record)).map(drop))
    }

    fn on_an_order(&mut self, of: &store::order::Order) -> Deed {
        let (buyer, operator, number, id) = (self.buyer.clone(), self.m.operator(), of.number.clone(), of.id);
        match self.dice.u32(..8) {
            0..3 => deed(format!("give back {number}"), move |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &number).map(drop)),
            3 => deed(format!("cancel {number}"), move |tx, ctx| order::cancel(tx, ctx, &buyer, &number).map(drop)),
            4 => deed(format!("give up {number}"), move |tx, ctx| order::cancel_unpaid(tx, ctx, id)),
            5 => {
                let (amount, refund) = (Money::new(self.dice.i64(1..9_000), Currency::Cny), Correct::Refund { number: number.clone() });
                deed(format!("refund {amount} of {number}"), move |tx, ctx| {
                    correct(tx, ctx, &operator, &refund, amount, "a day without service").map(drop)
                })
            }
            _ => deed(format!("pay {number}"), move |tx, ctx| order::pay(tx, ctx, &buyer, &number).map(drop)),
        }
    }

    /// Money in, held charges, and what the platform does once a month.
    fn beside(&mut self) -> Option<Deed> {
        let (buyer, operator, own) = (self.buyer.clone(), self.m.operator(), Tenant::Buyer(self.m.key(&self.buyer)));
        let waiting = store::usage_hold::Filter { state: Some("waiting".to_owned()), ..store::usage_hold::Filter::default() };
        let (account, yes) = (self.m.key(&buyer), self.dice.bool());
        match self.dice.u32(..3) {
            0 => {
                let site = self.m.read(|_, ctx| Ok(ctx.site(buyer.site)));
                Some(deed("bills".to_owned(), move |tx, ctx| money::issue_bills(tx, ctx, &site).map(drop)))
            }
            1 => {
                let open = |tx: &mut Tx| store::transfer::list(tx, Some(account), Some("pending"), app::Page::first(1));
                let transfer = self.m.read(|tx, _| Ok(open(tx)?)).first()?.id.id();
                Some(deed(format!("top up: {yes}"), move |tx, ctx| {
                    money::decide_transfer(tx, ctx, &operator, transfer, yes, Some("no money came")).map(drop)
                }))
            }
            _ => {
                let holds = self.m.read(|tx, _| Ok(store::usage_hold::list(tx, own, &waiting, app::Page::first(1))?));
                let hold = holds.first()?.id.id();
                Some(deed(format!("hold: {yes}"), move |tx, ctx| usage::decide_hold(tx, ctx, &buyer, own, hold, yes).map(drop)))
            }
        }
    }

    /// Half of a set is about one instance and its order.
    fn set(&mut self) -> Vec<Deed> {
        let (orders, instances) = (self.orders(), self.instances());
        let amount = Money::new(self.dice.i64(1_000..30_000), Currency::Cny);
        let buyer = self.buyer.clone();
        self.m.ok(&buyer, |tx, ctx| money::request_transfer(tx, ctx, &buyer, amount, "R"));
        let focus = instances.get(self.dice.usize(..instances.len().max(1))).cloned();
        let mut deeds = Vec::new();
        while deeds.len() < AT_ONCE {
            let next = match (self.dice.u32(..10), &focus) {
                (0 | 1, _) | (_, None) => Some(self.buy()),
                (2..6, Some(focus)) => Some(self.on_an_instance(focus)),
                (6 | 7, Some(focus)) => {
                    let own: Vec<_> = orders.iter().filter(|o| o.instance_id == Some(focus.id)).collect();
                    let of = own.get(self.dice.usize(..own.len().max(1))).map(|o| (*o).clone()).or_else(|| orders.first().cloned());
                    of.map(|of| self.on_an_order(&of))
                }
                (8, _) => {
                    let of = instances[self.dice.usize(..instances.len())].clone();
                    Some(self.on_an_instance(&of))
                }
                _ => self.beside(),
            };
            deeds.extend(next);
        }
        deeds
    }

    fn play_a_set(&mut self) {
        let deeds = self.set();
        self.played.at_once(self.m, &self.buyer, &deeds);
        let by = self.one_of(&["1h", "1h", "26h", "15d", "31d"]);
        self.played.says(format!("advance {by}"));
        let fault = self.one_of(&[Fault::None, Fault::None, Fault::Code000005, Fault::Asynchronous]);
        self.m.server.fault("*", fault);
        self.m.advance(by);
    }
}

fn play(m: &Market, seed: u64) {
    m.execute("DELETE FROM jobs WHERE kind = 'supervision.open_cases'");
    let buyer = m.new_buyer("player", "3000.00");
    let mut play = Play { m, dice: fastrand::Rng::with_seed(seed), buyer: buyer.clone(), records: 0, played: Played::new(seed) };
    let _first: Bought = m.open(&buyer, &choice("backup", "1m"));
    for _ in 0..SETS {
        play.play_a_set();
    }
    m.server.fault("*", Fault::None);
    m.advance("120d");
    m.verify();
    let open = Filter { state: Some("processing".to_owned()), ..Filter::default() };
    let open = m.read(|tx, _| Ok(store::order::list(tx, Tenant::Any, &open, app::Page::first(10))?));
    assert!(open.is_empty(), "an order that is paid ends: {open:?}");
    let waits: Vec<Key> = play.instances().iter().filter_map(|i| i.open_order_id).collect();
    assert!(waits.is_empty(), "no instance waits for an order that is over");
}

#[test]
fn any_set_of_use_cases_at_once_leaves_the_books_right() {
    play_all(Engine::Sqlite, 1..11, &Setup::default(), play);
}

#[test]
fn any_other_set_of_use_cases_at_once_leaves_the_books_right() {
    play_all(Engine::Sqlite, 1001..1011, &Setup::default(), play);
}

#[test]
fn any_set_of_use_cases_at_once_leaves_the_books_right_on_postgres() {
    play_all(Engine::Postgres, 1..11, &Setup::default(), play);
}

#[test]
fn any_other_set_of_use_cases_at_once_leaves_the_books_right_on_postgres() {
    play_all(Engine::Postgres, 1001..1011, &Setup::default(), play);
}
