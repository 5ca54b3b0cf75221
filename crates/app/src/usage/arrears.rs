//! Charges that are due: taken from the wallet, oldest first. What it does not cover is arrears: a message,
//! some days of grace, the freeze, the retention, the release (`seller-domain 4.4`).

use super::{cap, later};
use crate::{
    Ctx, Error, Tenant, event, instance,
    job::{self, JobKind},
    money, order,
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    instance::{FreezeCause, InstanceState},
    message::MessageEvent,
    money::{Currency, Money},
};
use jiff::SignedDuration;
use ledger::AccountKind;
use serde_json::json;
use std::collections::{BTreeSet, HashMap, hash_map::Entry};
use store::Locked;
use store::{
    Written,
    instance::Instance,
    usage::{self as rows, Charge},
};

/// Charges that are read at a time.
const AT_ONCE: i64 = 1_000;

/// Takes what a buyer owes from the wallet as far as it goes; instances that owe nothing more work again soon
/// ([`paid_up`]), those that begin to owe are told of.
///
/// # Errors
/// [`Error::Store`].
pub fn settle(tx: &mut Tx, ctx: &Ctx, buyer: Key) -> Result<(), Error> {
    settle_but(tx, ctx, buyer, None)
}

/// As [`settle`]; the days of grace of one instance are over, and do not begin again.
fn settle_but(tx: &mut Tx, ctx: &Ctx, buyer: Key, over: Option<Key>) -> Result<(), Error> {
    money::hold_buyer(tx, ctx, buyer)?;
    let (mut open, mut paid) = (BTreeSet::new(), BTreeSet::new());
    // What one instance gives back may pay what another owes.
    while take_round(tx, ctx, buyer, &mut open, &mut paid)? > 0 {}
    for id in paid.difference(&open) {
        let found = lookup(tx, *id)?;
        if is_frozen(&found) || waits(tx, *id)? {
            // Instances are locked before their buyer, so each is let go by a unit of its own.
            job::schedule(tx, ctx, JobKind::PaidUp, Some(*id), ctx.now)?;
        }
    }
    for id in open.into_iter().filter(|id| Some(*id) != over) {
        let found = lookup(tx, id)?;
        begin_arrears(tx, ctx, &found)?;
    }
    Ok(())
}

/// Tries all that is due once; says how much was taken. `open` are the instances that owe something then.
fn take_round(tx: &mut Tx, ctx: &Ctx, buyer: Key, open: &mut BTreeSet<Key>, paid: &mut BTreeSet<Key>) -> Result<usize, Error> {
    open.clear();
    let mut till = Till { buyer, balances: HashMap::new(), back: HashMap::new(), taken: 0 };
    // What a correction gives back comes first, as far as the instance has paid for it.
    for id in rows::corrected_instances(tx, buyer)? {
        paid.insert(id);
        till.know(tx, id)?;
        till.give_back(tx, ctx, id)?;
    }
    let owing = rows::owing_instances(tx, buyer)?.len();
    let (mut after, mut together) = ((Moment::of(Timestamp::MIN), Key::LEAST), BTreeSet::new());
    while open.len() < owing {
        let page = rows::due(tx, buyer, after, AT_ONCE)?;
        let Some(last) = page.last() else { break };
        after = (last.created_at, last.id);
        for charge in &page {
            let id = charge.instance_id;
            // The oldest of an instance first: a smaller one does not overtake what the wallet does not cover.
            if open.contains(&id) || together.contains(&id) {
                continue;
            }
            if till.pay(tx, ctx, charge)? {
                paid.insert(id);
            } else if till.pay_all(tx, ctx, charge)? {
                together.insert(id);
                paid.insert(id);
            } else {
                open.insert(id);
            }
        }
    }
    Ok(till.taken)
}

/// What an instance has paid for its use, and what it is to be given back.
struct Back {
    paid_minor: i64,
    waiting: Vec<Charge>,
}

impl Back {
    fn waiting_minor(&self) -> i64 {
        self.waiting.iter().fold(0, |sum, charge| charge.amount_minor.saturating_add(sum))
    }
}

/// A buyer's wallet while charges are taken. An instance never gives more back than was taken for it: what corrects a
/// charge that is not paid waits for it, and pays a part of it.
struct Till {
    buyer: Key,
    balances: HashMap<Currency, i64>,
    /// Of instances that are to be given something back.
    back: HashMap<Key, Back>,
    taken: usize,
}

impl Till {
    /// Reads what an instance is to be given back, and what it has paid.
    fn know(&mut self, tx: &mut Tx, instance: Key) -> Result<(), Error> {
        let paid_minor = rows::paid_of_instance(tx, instance)?;
        let waiting = rows::due_charges(tx, self.buyer, instance)?.into_iter().filter(|charge| charge.amount_minor < 0).collect();
        self.back.insert(instance, Back { paid_minor, waiting });
        Ok(())
    }

    /// The corrections of an instance that wait, to be taken now.
    fn waiting(&mut self, instance: Key) -> Vec<Charge> {
        self.back.get_mut(&instance).map(|of| std::mem::take(&mut of.waiting)).unwrap_or_default()
    }

    fn balance(&mut self, tx: &mut Tx, currency: Currency) -> Result<&mut i64, Error> {
        match self.balances.entry(currency) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(empty) => {
                let balance = store::ledger::balance(tx, AccountKind::BuyerWallet, &hex::encode(self.buyer.0), currency)?;
                Ok(empty.insert(balance))
            }
        }
    }

    fn take(&mut self, tx: &mut Tx, ctx: &Ctx, charge: &Charge) -> Result<(), Error> {
        let too_much = || Error::row("usage_charges", hex::encode(charge.id.0), "does not fit into the wallet");
        let balance = self.balance(tx, charge.currency)?;
        *balance = balance.checked_sub(charge.amount_minor).ok_or_else(too_much)?;
        if let Some(of) = self.back.get_mut(&charge.instance_id) {
            of.paid_minor = of.paid_minor.checked_add(charge.amount_minor).ok_or_else(too_much)?;
        }
        self.taken = self.taken.saturating_add(1);
        take(tx, ctx, charge)
    }

    /// Gives back what an instance has paid for.
    fn give_back(&mut self, tx: &mut Tx, ctx: &Ctx, instance: Key) -> Result<(), Error> {
        let Some(of) = self.back.get_mut(&instance) else {
            return Ok(());
        };
        let mut rest = of.paid_minor;
        let (now, later) = std::mem::take(&mut of.waiting).into_iter().partition(|charge| {
            let left = rest.saturating_add(charge.amount_minor);
            let fits = left >= 0;
            rest = if fits { left } else { rest };
            fits
        });
        of.waiting = later;
        let now: Vec<Charge> = now;
        now.iter().try_for_each(|charge| self.take(tx, ctx, charge))
    }

    /// Pays all that the instance of a charge owes at once, with what corrects it, when the wallet covers what it comes to: a
    /// correction may be larger than any of the charges that it corrects.
    fn pay_all(&mut self, tx: &mut Tx, ctx: &Ctx, first: &Charge) -> Result<bool, Error> {
        let Some(back) = self.back.get(&first.instance_id).filter(|of| !of.waiting.is_empty()) else { return Ok(false) };
        let paid_minor = back.paid_minor;
        let due = rows::due_charges(tx, self.buyer, first.instance_id)?;
        let owed = due.iter().fold(0_i64, |sum, charge| sum.saturating_add(charge.amount_minor));
        if paid_minor.saturating_add(owed) < 0 || owed > *self.balance(tx, first.currency)? {
            return Ok(false);
        }
        self.waiting(first.instance_id);
        due.iter().try_for_each(|charge| self.take(tx, ctx, charge))?;
        Ok(true)
    }

    /// Pays a charge when the wallet covers it together with what waits to be given back.
    fn pay(&mut self, tx: &mut Tx, ctx: &Ctx, charge: &Charge) -> Result<bool, Error> {
        let (back, paid) = self.back.get(&charge.instance_id).map_or((0, 0), |of| (of.waiting_minor(), of.paid_minor));
        let balance = *self.balance(tx, charge.currency)?;
        if balance < charge.amount_minor {
            let whole = paid.saturating_add(charge.amount_minor).saturating_add(back) >= 0;
            if back == 0 || !whole || balance.saturating_sub(back) < charge.amount_minor {
                return Ok(false);
            }
            let waiting = self.waiting(charge.instance_id);
            waiting.iter().try_for_each(|charge| self.take(tx, ctx, charge))?;
        }
        self.take(tx, ctx, charge)?;
        self.give_back(tx, ctx, charge.instance_id)?;
        Ok(true)
    }
}

fn locked(tx: &mut Tx, id: Key) -> Result<Locked<Instance>, Error> {
    store::instance::lock(tx, Tenant::Any, id)?.ok_or_else(|| Error::row("usage_charges", hex::encode(id.0), "its instance is gone"))
}

fn lookup(tx: &mut Tx, id: Key) -> Result<Instance, Error> {
    store::instance::lookup(tx, Tenant::Any, id)?.ok_or_else(|| Error::row("usage_charges", hex::encode(id.0), "its instance is gone"))
}

fn take(tx: &mut Tx, ctx: &Ctx, charge: &Charge) -> Result<(), Error> {
    if rows::set_paid(tx, charge.id, ctx.moment())? == Written::SomeoneElseWasFirst {
        return Err(db::DbError::Raced.into());
    }
    if charge.amount_minor == 0 {
        return Ok(());
    }
    let found = lookup(tx, charge.instance_id)?;
    let line = store::order::any_line(tx, found.line_id)?.ok_or_else(|| Error::row("instances", instance::id(&found), "has no line"))?;
    let order = store::order::lookup(tx, Tenant::Any, line.order_id)?
        .ok_or_else(|| Error::row("instances", instance::id(&found), "has no order"))?;
    match money::charge_usage(tx, ctx, &order, &line, charge) {
        // An order was paid in between; the unit runs again and sees the balance that is left.
        Err(Error::Store(e)) if e.is_check_violation() => Err(db::DbError::Raced.into()),
        result => result,
    }
}

/// The first unpaid charge of a running instance: told once, and frozen after the days of grace.
fn begin_arrears(tx: &mut Tx, ctx: &Ctx, found: &Instance) -> Result<(), Error> {
    if !(found.state == InstanceState::Running || instance::is_capped(found)) || waits(tx, found.id)? {
        return Ok(());
    }
    let until = later(ctx.now, grace(ctx));
    job::schedule(tx, ctx, JobKind::Arrears, Some(found.id), until)?;
    let site = instance::site(tx, ctx, found)?;
    let amount = Money::new(rows::due_of_instance(tx, found.buyer_id, found.id)?, site.currency).to_string();
    let about = event::About { instance: Some(found.id), ..event::About::default() };
    event::record(tx, ctx, "instance.arrears", about, &json!({ "until": until }))?;
    instance::tell(tx, ctx, found, MessageEvent::UsageUnpaid, &[("amount", amount), ("until", order::moment(until))])
}

fn grace(ctx: &Ctx) -> SignedDuration {
    SignedDuration::from_hours(ctx.settings.arrears_grace_days.saturating_mul(24))
}

/// Whether the days of grace of an instance run.
fn waits(tx: &mut Tx, id: Key) -> Result<bool, Error> {
    Ok(store::job::of_subject(tx, id)?.iter().any(|j| j.kind == JobKind::Arrears))
}

/// Whether an instance is frozen for arrears.
fn is_frozen(found: &Instance) -> bool {
    found.state == InstanceState::Frozen && found.freeze_cause == Some(FreezeCause::Arrears)
}

/// An instance that owes nothing more works again, unless a cap stops it; says whether it owes nothing.
///
/// # Errors
/// [`Error::Store`].
pub fn paid_up(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<bool, Error> {
    let found = locked(tx, id)?;
    if rows::due_of_instance(tx, found.buyer_id, id)? > 0 {
        return Ok(false);
    }
    store::job::cancel(tx, JobKind::Arrears, id)?;
    if is_frozen(&found) {
        instance::unfreeze_after_arrears(tx, ctx, &found)?;
        let now = locked(tx, id)?;
        cap::stop_if_capped(tx, ctx, &now)?;
    }
    Ok(true)
}

/// The days of grace are over.
///
/// # Errors
/// [`Error::Store`].
pub fn freeze_for_arrears(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let buyer = locked(tx, id)?.buyer_id;
    settle_but(tx, ctx, buyer, Some(id))?;
    let found = locked(tx, id)?;
    // A cap hides no arrears: who owes could set one whenever the days of grace are over, and begin them anew.
    let at_work = found.state == InstanceState::Running || instance::is_capped(&found);
    if !at_work || rows::due_of_instance(tx, found.buyer_id, id)? <= 0 {
        return Ok(());
    }
    // What began the days of grace was paid, and what is owed now is younger.
    let oldest = rows::oldest_due(tx, found.buyer_id, id)?.map_or(ctx.now, Moment::at);
    if later(oldest, grace(ctx)) > ctx.now {
        return begin_arrears(tx, ctx, &found);
    }
    instance::freeze_unpaid(tx, ctx, &found, FreezeCause::Arrears, "charges by use are not paid")
}
