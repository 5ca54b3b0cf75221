//! Charges that are due: taken from the wallet, oldest first. What it does not cover is arrears: a message,
//! some days of grace, the freeze, the retention, the release (`seller-domain 4.4`).

use crate::{
    Ctx, Error, Tenant, event, instance,
    job::{self, JobKind},
    money, order,
};
use db::{Key, Tx};
use domain::{instance::FreezeCause, message::MessageEvent, money::Money};
use jiff::SignedDuration;
use ledger::AccountKind;
use serde_json::json;
use std::collections::{BTreeSet, HashMap, hash_map::Entry};
use store::{
    Written,
    instance::Instance,
    usage::{self as rows, Charge},
};

/// Charges taken in one transaction.
const AT_ONCE: i64 = 1_000;

/// Takes what a buyer owes from the wallet as far as it goes; instances that owe nothing more work again,
/// those that begin to owe are told of.
///
/// # Errors
/// [`Error::Store`].
pub fn settle(tx: &mut Tx, ctx: &Ctx, buyer: Key) -> Result<(), Error> {
    let (mut open, mut paid) = (BTreeSet::new(), BTreeSet::new());
    while take_page(tx, ctx, buyer, &mut open, &mut paid)? {}
    for id in paid.difference(&open) {
        let found = lookup(tx, *id)?;
        // What is beyond the page that could not be paid is owed all the same.
        if rows::due_of_instance(tx, buyer, *id)? > 0 {
            continue;
        }
        store::job::cancel(tx, JobKind::Arrears.as_str(), *id)?;
        instance::unfreeze_after_arrears(tx, ctx, &found)?;
    }
    for id in open {
        let found = lookup(tx, id)?;
        begin_arrears(tx, ctx, &found)?;
    }
    Ok(())
}

/// Takes a page of charges; says whether there may be more that can be paid.
fn take_page(tx: &mut Tx, ctx: &Ctx, buyer: Key, open: &mut BTreeSet<Key>, paid: &mut BTreeSet<Key>) -> Result<bool, Error> {
    let mut due = rows::due(tx, buyer, AT_ONCE)?;
    let full = i64::try_from(due.len()).unwrap_or(0) == AT_ONCE;
    // What a correction gives back comes first: it may pay for what it corrects.
    due.sort_by_key(|charge| charge.amount_minor >= 0);
    let mut balances = HashMap::<String, i64>::new();
    for charge in due {
        let balance = match balances.entry(charge.currency.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(empty) => {
                let balance = store::ledger::balance(tx, AccountKind::BuyerWallet, &hex::encode(buyer.0), &charge.currency)?;
                empty.insert(balance)
            }
        };
        // The oldest of an instance first: a smaller one does not overtake what the wallet does not cover.
        let covered = *balance >= charge.amount_minor && !open.contains(&charge.instance_id);
        if charge.amount_minor > 0 && !covered {
            open.insert(charge.instance_id);
            continue;
        }
        *balance -= charge.amount_minor;
        take(tx, ctx, &charge)?;
        paid.insert(charge.instance_id);
    }
    Ok(full && open.is_empty())
}

fn lookup(tx: &mut Tx, id: Key) -> Result<Instance, Error> {
    store::instance::lookup(tx, Tenant::Any, id)?.ok_or_else(|| Error::row("usage_charges", hex::encode(id.0), "its instance is gone"))
}

fn take(tx: &mut Tx, ctx: &Ctx, charge: &Charge) -> Result<(), Error> {
    if rows::set_paid(tx, charge.id, ctx.now_micros())? == Written::SomeoneElseWasFirst {
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
    let waits = store::job::of_subject(tx, found.id)?.iter().any(|j| j.kind == JobKind::Arrears.as_str());
    if found.state != "running" || waits {
        return Ok(());
    }
    let until = ctx.now + SignedDuration::from_hours(24 * ctx.settings.arrears_grace_days);
    job::schedule(tx, ctx, JobKind::Arrears, Some(found.id), until)?;
    let site = instance::site(tx, ctx, found)?;
    let amount = Money::new(rows::due_of_instance(tx, found.buyer_id, found.id)?, site.currency).to_string();
    let about = event::About { instance: Some(found.id), ..event::About::default() };
    event::record(tx, ctx, "instance.arrears", about, &json!({ "until": until }))?;
    instance::tell(tx, ctx, found, MessageEvent::UsageUnpaid, &[("amount", amount), ("until", order::moment(until))])
}

/// The days of grace are over.
///
/// # Errors
/// [`Error::Store`].
pub fn freeze_for_arrears(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let found = lookup(tx, id)?;
    if found.state != "running" || rows::due_of_instance(tx, found.buyer_id, id)? <= 0 {
        return Ok(());
    }
    instance::freeze_unpaid(tx, ctx, &found, FreezeCause::Arrears, "charges by use are not paid")
}
