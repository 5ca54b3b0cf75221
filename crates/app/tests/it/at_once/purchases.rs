//! Purchases, renewals, changes, use, freezes, ends and payments of one buyer at once, in any mixture.

use super::{AT_ONCE, Deed, Played, SETS, Sets};
use app::{
    Caller, Tenant, instance,
    money::{self, Correct, correct},
    order::{self, Choice, PlaceChange, PlaceOrder},
    usage,
};
use db::{Key, Tx};
use domain::{
    money::{Currency, Money, TransferState},
    order::OrderState,
    usage::{CapAction, CapSide},
};
use harness::{Bought, Engine, Fault, Market, choice, pack, stopping_pack, unpaid};
use std::sync::Arc;
use store::order::Filter;

struct Play<'a> {
    m: &'a Market,
    dice: fastrand::Rng,
    buyer: Arc<Caller>,
    /// Buys of the same sellers.
    other: Arc<Caller>,
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
        let name = format!("buy {} {}, paid: {}", wanted.product, wanted.specification, cmd.pay);
        Deed::of(&self.buyer, name, move |tx, ctx| order::place(tx, ctx, &buyer, &cmd).map(drop))
    }

    /// What is done with an instance by its buyer.
    fn by_the_buyer(&mut self, found: &store::instance::Instance) -> Deed {
        let (who, buyer, id, pay) = (self.buyer.clone(), self.buyer.clone(), found.id.id(), self.dice.u32(..4) > 0);
        let period = self.one_of(&["1m", "1y"]).parse().unwrap();
        match self.dice.u32(..10) {
            0..3 => Deed::of(&who, format!("renew {id}"), move |tx, ctx| order::renew(tx, ctx, &buyer, id, period, pay).map(drop)),
            3 => Deed::of(&who, format!("convert {id}"), move |tx, ctx| order::convert(tx, ctx, &buyer, id, period, pay).map(drop)),
            4..6 => {
                let cmd = PlaceChange { instance: id, sku: self.one_of(&["basic/10", "pro/5"]).to_owned(), pay };
                Deed::of(&who, format!("change {id} to {}", cmd.sku), move |tx, ctx| order::change(tx, ctx, &buyer, &cmd).map(drop))
            }
            6 | 7 => {
                let wanted = pay.then_some(period);
                Deed::of(&who, format!("automatic renewal of {id}: {wanted:?}"), move |tx, ctx| {
                    order::set_auto_renewal(tx, ctx, &buyer, id, wanted).map(drop)
                })
            }
            8 => Deed::of(&who, format!("end {id}"), move |tx, ctx| instance::end_on_demand(tx, ctx, &buyer, id).map(drop)),
            _ => {
                let action = self.one_of(&[CapAction::Freeze, CapAction::Refuse]);
                let cap = pay.then(|| (self.dice.i64(1_000..50_000), action));
                Deed::of(&who, format!("cap {id}: {cap:?}"), move |tx, ctx| {
                    usage::set_cap(tx, ctx, &buyer, CapSide::Buyer, id, cap).map(drop)
                })
            }
        }
    }

    /// What happens to an instance otherwise.
    fn by_others(&mut self, found: &store::instance::Instance) -> Deed {
        let (who, operator, key, id) = (self.m.operator(), self.m.operator(), found.id, found.id.id());
        match self.dice.u32(..7) {
            0 => Deed::timed(format!("try to renew {id}"), move |tx, ctx| order::auto_renew(tx, ctx, key)),
            1 => Deed::of(&who, format!("freeze {id}"), move |tx, ctx| {
                instance::freeze_for_violation(tx, ctx, &operator, id, "abuse").map(drop)
            }),
            2 => Deed::of(&who, format!("unfreeze {id}"), move |tx, ctx| instance::unfreeze(tx, ctx, &operator, id).map(drop)),
            3 => Deed::timed(format!("expire {id}"), move |tx, ctx| instance::expire(tx, ctx, key)),
            4 => Deed::timed(format!("release {id}"), move |tx, ctx| instance::release_expired(tx, ctx, key)),
            5 if found.specification == "minutes" => {
                let rating = format!("usage:{}", hex::encode(key.0));
                Deed::timed(format!("rate {id}"), move |tx, ctx| usage::rate(tx, ctx, &rating))
            }
            _ => self.push(found),
        }
    }

    fn on_an_instance(&mut self, found: &store::instance::Instance) -> Deed {
        if self.dice.bool() { self.by_the_buyer(found) } else { self.by_others(found) }
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
        Deed::of(&self.m.seller(), format!("push {record:?}"), move |tx, ctx| {
            usage::receive(tx, ctx, &seller, None, std::slice::from_ref(&record)).map(drop)
        })
    }

    fn on_an_order(&mut self, of: &store::order::Order) -> Deed {
        let (who, buyer, number, id) = (self.buyer.clone(), self.buyer.clone(), of.number.clone(), of.id);
        match self.dice.u32(..8) {
            0..3 => Deed::of(&who, format!("give back {number}"), move |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &number).map(drop)),
            3 => Deed::of(&who, format!("cancel {number}"), move |tx, ctx| order::cancel(tx, ctx, &buyer, &number).map(drop)),
            4 => Deed::timed(format!("give up {number}"), move |tx, ctx| order::cancel_unpaid(tx, ctx, id)),
            5 => {
                let (who, operator) = (self.m.operator(), self.m.operator());
                let (amount, refund) = (Money::new(self.dice.i64(1..9_000), Currency::Cny), Correct::Refund { number: number.clone() });
                Deed::of(&who, format!("refund {amount} of {number}"), move |tx, ctx| {
                    correct(tx, ctx, &operator, &refund, amount, "a day without service").map(drop)
                })
            }
            _ => Deed::of(&who, format!("pay {number}"), move |tx, ctx| order::pay(tx, ctx, &buyer, &number).map(drop)),
        }
    }

    /// What another buyer does with what they have, or to have something.
    fn by_the_other(&mut self) -> Deed {
        let (who, other) = (self.other.clone(), self.other.clone());
        let own = Tenant::Buyer(self.m.key(&who));
        let has = self.m.read(|tx, _| Ok(store::order::list(tx, own, &Filter::default(), app::Page::first(4))?));
        let has = has.get(self.dice.usize(..4)).map(|o| (o.number.clone(), o.instance_id.map(db::Key::id)));
        match (has, self.dice.u32(..3)) {
            (Some((number, _)), 0) => Deed::of(&who, format!("the other gives back {number}"), move |tx, ctx| {
                order::unsubscribe(tx, ctx, &other, &number).map(drop)
            }),
            (Some((_, Some(id))), 1) => {
                let period = "1m".parse().unwrap();
                Deed::of(&who, format!("the other renews {id}"), move |tx, ctx| order::renew(tx, ctx, &other, id, period, true).map(drop))
            }
            _ => {
                let cmd = PlaceOrder { pay: true, ..unpaid(&choice("backup", "1m")) };
                Deed::of(&who, "the other buys".to_owned(), move |tx, ctx| order::place(tx, ctx, &other, &cmd).map(drop))
            }
        }
    }

    /// Money in, held charges, and what the platform does once a month.
    fn beside(&mut self) -> Option<Deed> {
        let (buyer, operator, own) = (self.buyer.clone(), self.m.operator(), Tenant::Buyer(self.m.key(&self.buyer)));
        let waiting = store::usage_hold::Filter { state: Some(domain::usage::HoldState::Waiting), ..store::usage_hold::Filter::default() };
        let (account, yes) = (self.m.key(&buyer), self.dice.bool());
        match self.dice.u32(..3) {
            0 => {
                let site = self.m.read(|_, ctx| Ok(ctx.site(buyer.site)));
                Some(Deed::timed("bills".to_owned(), move |tx, ctx| money::issue_bills(tx, ctx, &site).map(drop)))
            }
            1 => {
                let open = |tx: &mut Tx| store::transfer::list(tx, Some(account), Some(TransferState::Pending), app::Page::first(1));
                let transfer = self.m.read(|tx, _| Ok(open(tx)?)).first()?.id.id();
                Some(Deed::of(&self.m.operator(), format!("top up: {yes}"), move |tx, ctx| {
                    money::decide_transfer(tx, ctx, &operator, transfer, yes, Some("no money came")).map(drop)
                }))
            }
            _ => {
                let holds = self.m.read(|tx, _| Ok(store::usage_hold::list(tx, own, &waiting, app::Page::first(1))?));
                let hold = holds.first()?.id.id();
                Some(Deed::of(&self.buyer, format!("hold: {yes}"), move |tx, ctx| {
                    usage::decide_hold(tx, ctx, &buyer, own, hold, yes).map(drop)
                }))
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
                _ if self.dice.bool() => Some(self.by_the_other()),
                _ => self.beside(),
            };
            deeds.extend(next);
        }
        deeds
    }

    /// Time passes. Sometimes what falls due then, or what the set before left to do, happens beside the next set.
    fn pass_time(&mut self) {
        let ends = self.instances().iter().filter_map(|i| i.expires_at).map(app::Moment::at).min();
        match (self.dice.u32(..6), ends.filter(|at| *at > self.m.now())) {
            (0 | 1, _) => self.played.says("answers wait".to_owned()),
            (2, Some(end)) => {
                self.played.says(format!("approach {end}"));
                self.m.approach(end);
            }
            (3, _) => {
                self.m.settle();
                let due = self.m.next_due().unwrap();
                self.played.says(format!("approach {due}"));
                self.m.approach(due);
            }
            _ => {
                let by = self.one_of(&["1h", "1h", "26h", "15d", "31d"]);
                self.played.says(format!("advance {by}"));
                self.m.advance(by);
            }
        }
    }

    fn play_a_set(&mut self) {
        let deeds = self.set();
        self.played.at_once(self.m, deeds);
        let fault = self.one_of(&[Fault::None, Fault::None, Fault::Code000005, Fault::Asynchronous]);
        self.m.server.fault("*", fault);
        self.pass_time();
    }
}

fn play(m: &Market, seed: u64) {
    m.execute("DELETE FROM jobs WHERE kind = 'supervision.open_cases'");
    let (buyer, other) = (m.new_buyer("player", "3000.00"), m.new_buyer("other", "900.00"));
    let mut play = Play { m, dice: fastrand::Rng::with_seed(seed), buyer: buyer.clone(), other, records: 0, played: Played::new(seed) };
    let _first: Bought = m.open(&buyer, &choice("backup", "1m"));
    for _ in 0..SETS {
        play.play_a_set();
    }
    m.server.fault("*", Fault::None);
    m.advance("120d");
    m.verify();
    let open = Filter { state: Some(OrderState::Processing), ..Filter::default() };
    let open = m.read(|tx, _| Ok(store::order::list(tx, Tenant::Any, &open, app::Page::first(10))?));
    assert!(open.is_empty(), "an order that is paid ends: {open:?}");
    let waits: Vec<Key> = play.instances().iter().filter_map(|i| i.open_order_id).collect();
    assert!(waits.is_empty(), "no instance waits for an order that is over");
}

pub(super) const SETS_OF_PURCHASES: Sets = Sets { name: "purchases", start: "2024-01-05T02:00:00Z", play };

#[test]
fn any_set_of_use_cases_at_once_leaves_the_books_right() {
    SETS_OF_PURCHASES.play_all(Engine::Sqlite, 1..11);
}

#[test]
fn any_other_set_of_use_cases_at_once_leaves_the_books_right() {
    SETS_OF_PURCHASES.play_all(Engine::Sqlite, 1001..1011);
}

#[test]
fn any_set_of_use_cases_at_once_leaves_the_books_right_on_postgres() {
    SETS_OF_PURCHASES.play_all(Engine::Postgres, 1..11);
}

#[test]
fn any_other_set_of_use_cases_at_once_leaves_the_books_right_on_postgres() {
    SETS_OF_PURCHASES.play_all(Engine::Postgres, 1001..1011);
}
