//! The ledger and the bills, each entry with its cause.

use super::{BATCH, Check, Found};
use crate::{Ctx, Error, micros, money::transfer_event};
use db::{Key, Moment, Tx};
use domain::{id::BillId, money::Money};
use std::collections::BTreeMap;
use store::witness;

pub(super) const NAMES: &[&str] = &["ledger_balanced", "balances", "entries_have_causes", "bills", "payable_is_billed"];

pub(super) fn checks(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Check>, Error> {
    let entries = witness::entry_count(tx)?;
    let mut balanced = Found::of("ledger_balanced", entries);
    balanced.all(witness::unbalanced(tx)?, "is out of balance by");
    let mut balances = Found::of("balances", entries);
    balances.all(witness::wrong_balances(tx)?, "the balance differs from its postings by");
    balances.all(witness::nobodys_wallets(tx)?, "is a wallet of nobody, and holds");
    let mut causes = Found::of("entries_have_causes", entries);
    causes.all(witness::unexplained(tx)?, "is not what was paid, shared, given back, used, transferred or corrected; it differs by");
    causes.names(witness::misplaced(tx)?, "is of no known kind, or of another moment or line than its cause");
    causes.names(witness::untold(tx)?, "was confirmed, but no event tells of it");
    waiting_transfers(tx, &mut causes)?;
    let mut billed = Found::of("payable_is_billed", entries);
    billed.all(witness::due_not_billed(tx)?, "the ledger owes the seller what the lines of the bills do not say:");
    billed.all(witness::shares_not_billed(tx)?, "differs from the lines of the bills by");
    let bills = bills(tx, ctx, entries)?;
    Ok([balanced, balances, causes, bills, billed].map(Found::done).into())
}

/// A transfer that waits is what was announced: confirmed it would be money.
fn waiting_transfers(tx: &mut Tx, found: &mut Found) -> Result<(), Error> {
    let mut after = Key::LEAST;
    loop {
        let page = witness::waiting_transfers(tx, after, BATCH)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        let mut told: BTreeMap<String, bool> = BTreeMap::new();
        for w in page {
            let currency = w.currency.parse().map_err(|e| Error::row("transfers", &w.name, e))?;
            let announced = transfer_event(Money::new(w.amount_minor, currency), &w.reference);
            let is_so = w.event.and_then(|data| serde_json::from_str(&data).ok()) == Some(announced);
            let told = told.entry(w.name).or_default();
            *told = *told || is_so;
        }
        let untold = told.iter().filter(|(_, told)| !**told);
        untold.for_each(|(name, _)| found.differs(format!("{name}: waits, but is not what was announced")));
    }
}

fn bills(tx: &mut Tx, ctx: &Ctx, entries: i64) -> Result<Found, Error> {
    let mut found = Found::of("bills", entries);
    found.all(witness::wrong_bills(tx)?, "the bill differs from its lines by");
    found.all(witness::wrong_bill_lines(tx)?, "the line of a bill does not add up, or is on another's bill:");
    found.names(witness::unfit_bill_lines(tx)?, "the line of a bill is of another order, seller or time than its order line");
    found.all(witness::unreleased(tx)?, "what is on bills is not what was shared and kept; it differs by");
    let mut after = Key::LEAST;
    loop {
        let page = witness::bills(tx, after, BATCH)?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.id;
        page.iter().filter(|b| !is_of_its_month(ctx, b)).for_each(|b| {
            found.differs(format!("bill {} of {} was made in another month, or has lines of a later one", b.id.id::<BillId>(), b.month));
        });
    }
}

/// A bill is made for the month before, over what took effect until then.
fn is_of_its_month(ctx: &Ctx, bill: &witness::Billed) -> bool {
    let (code, issued) = (bill.site.as_deref().and_then(|code| code.parse().ok()), Moment::of_micros(bill.issued_at));
    let (Some(code), Some(issued)) = (code, issued) else { return false };
    let site = ctx.site(code);
    let first = site.day_of(issued.at()).first_of_month();
    let month = first.yesterday().unwrap_or(first).strftime("%Y-%m").to_string();
    month == bill.month && bill.last_at.is_none_or(|at| at < micros(site.start_of(first)))
}
