//! `yunshi verify`: ledger, bills, orders, terms and jobs against each other (`order-life 7`).

mod money;

use crate::{Ctx, Error, Page, Tenant, event, micros};
use db::{Key, Tx};
use domain::{call::Activity, listing::AccessType};
use jiff::SignedDuration;
use ledger::AccountKind;
use serde::Serialize;
use std::collections::HashMap;
use store::{bill, call, instance, job, ledger as ledger_store, order, package, usage, usage_hold};

/// One check and what it found.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    pub checked: i64,
    pub differences: Vec<String>,
}

/// Differences listed per check at most.
const LISTED_MAX: usize = 50;
/// Rows read at a time.
const BATCH: i64 = 500;
/// Records are rated within the hour; older ones were forgotten.
const UNRATED: SignedDuration = SignedDuration::from_hours(2);
/// A job that is due this long and not done is stuck.
const STUCK: SignedDuration = SignedDuration::from_mins(10);

fn text(minor: i64) -> String {
    domain::money::Currency::Cny.text(minor)
}

fn check(name: &'static str, checked: i64, mut differences: Vec<String>) -> Check {
    let ok = differences.is_empty();
    differences.truncate(LISTED_MAX);
    Check { name, ok, checked, differences }
}

/// Runs all checks.
///
/// # Errors
/// [`Error::Store`].
pub fn verify(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Check>, Error> {
    let mut checks = ledger_checks(tx)?;
    checks.extend(orders_and_instances(tx)?);
    checks.extend(money::checks(tx)?);
    let (sealed, differences) = event::check_seals(tx)?;
    checks.push(check("event_chain", i64::try_from(sealed).unwrap_or(i64::MAX), differences));
    checks.push(charges(tx, ctx)?);
    let (count, differences) = crate::usage::recount(tx, ctx)?;
    checks.push(check("charges_are_their_records", count, differences));
    checks.push(jobs(tx, ctx)?);
    Ok(checks)
}

fn sums(rows: Vec<ledger_store::Sum>, what: &str) -> Vec<String> {
    rows.into_iter().map(|r| format!("{}: {what} {}", r.name, text(r.amount))).collect()
}

fn ledger_checks(tx: &mut Tx) -> Result<Vec<Check>, Error> {
    let entries = ledger_store::any_entry_count(tx)?;
    let unbalanced = sums(ledger_store::any_unbalanced(tx)?, "is out of balance by");
    let balances = sums(ledger_store::any_wrong_balances(tx)?, "differs from its postings by");
    let totals = sums(bill::any_wrong_totals(tx)?, "the bill differs from its lines by");
    let payable: HashMap<String, i64> =
        ledger_store::any_sums(tx, AccountKind::SellerPayable)?.into_iter().map(|s| (s.name, s.amount)).collect();
    let billed = bill::any_payable(tx)?;
    let mut differ = Vec::new();
    for (seller, amount) in &billed {
        let owner = hex::encode(seller.0);
        let posted = payable.get(&owner).copied().unwrap_or(0);
        if posted != *amount {
            differ.push(format!("seller {owner}: ledger {} but bill lines {}", text(posted), text(*amount)));
        }
    }
    let known = billed.len();
    for (owner, amount) in payable {
        if amount != 0 && !billed.iter().any(|(seller, _)| hex::encode(seller.0) == owner) {
            differ.push(format!("seller {owner}: ledger {} but no bill lines", text(amount)));
        }
    }
    Ok(vec![
        check("ledger_balanced", entries, unbalanced),
        check("balances", entries, balances),
        check("bills", i64::try_from(known).unwrap_or(0), totals),
        check("payable_is_billed", i64::try_from(known).unwrap_or(0), differ),
    ])
}

/// Paid = escrow + completed shares + refunded, per line; every paid order ends or has somebody at work.
fn orders_and_instances(tx: &mut Tx) -> Result<Vec<Check>, Error> {
    let escrow: HashMap<String, i64> = ledger_store::any_sums(tx, AccountKind::Escrow)?.into_iter().map(|s| (s.name, s.amount)).collect();
    let (mut money, mut stuck, mut terms) = (Vec::new(), Vec::new(), Vec::new());
    let (mut orders, mut instances) = (0, 0);
    let mut after = None;
    loop {
        let page = order::list(tx, Tenant::Any, &order::Filter::default(), Page { after, ..Page::first(BATCH) })?;
        let Some(last) = page.last() else { break };
        after = Some((last.created_at, last.id));
        let ids: Vec<Key> = page.iter().map(|o| o.id).collect();
        let lines = order::lines_of(tx, &ids)?;
        for o in &page {
            orders += 1;
            for line in lines.iter().filter(|l| l.order_id == o.id) {
                line_money(o, line, escrow.get(&line.number).copied().unwrap_or(0), &mut money);
            }
            if o.state == "processing" && !has_work(tx, o)? {
                stuck.push(format!("order {} is processing and nothing will move it", o.number));
            }
        }
    }
    let mut after = None;
    loop {
        let page = instance::list(tx, Tenant::Any, None, Page { after, ..Page::first(BATCH) })?;
        let Some(last) = page.last() else { break };
        after = Some((last.created_at, last.id));
        for i in &page {
            instances += 1;
            instance_terms(tx, i, &mut terms)?;
        }
    }
    Ok(vec![check("orders_and_escrow", orders, money), check("no_stuck_order", orders, stuck), check("terms", instances, terms)])
}

/// The charges of an instance are its totals, and the paid ones are what the ledger took for use.
fn charges(tx: &mut Tx, ctx: &Ctx) -> Result<Check, Error> {
    let mut differ: Vec<String> = usage::any_differences(tx)?
        .into_iter()
        .map(|d| {
            let id = d.instance_id.id::<domain::id::InstanceId>();
            format!(
                "instance {id}: use comes to {} but charges to {} (minor units), or their quantities differ",
                d.counted_minor, d.charged_minor
            )
        })
        .collect();
    for d in package::any_differences(tx)? {
        let (id, quantity) = (d.instance_id.id::<domain::id::InstanceId>(), |n| domain::usage::Quantity(n));
        differ.push(format!("package {id}: {} are used but records took {}", quantity(d.used), quantity(d.drawn)));
    }
    let (count, paid) = usage::any_paid(tx)?;
    let posted = ledger_store::any_usage(tx)?;
    if paid != posted {
        differ.push(format!("charges by use: {} are paid but the ledger took {}", text(paid), text(posted)));
    }
    for late in usage::any_unrated_before(tx, micros(ctx.now - UNRATED))? {
        // What waited for consent is older, and rated with the next job.
        if !job::any_named(tx, &crate::usage::rating_job(late))? {
            let id = late.id::<domain::id::InstanceId>();
            differ.push(format!("instance {id}: usage records are older than two hours, and nothing will charge them"));
        }
    }
    let loose = usage_hold::any_loose(tx)?;
    if loose > 0 {
        differ.push(format!("{loose} held charges or records of such wait for nothing"));
    }
    Ok(check("charges_by_use", count, differ))
}

fn line_money(o: &order::Order, line: &order::Line, escrow: i64, differences: &mut Vec<String>) {
    let paid = if o.paid_at.is_some() && o.kind != "unsubscribe" { line.amount_minor } else { 0 };
    // What is given back of a completed line goes through escrow and leaves none.
    let expected = if line.completed_at.is_some() { 0 } else { paid - line.released_minor - line.refunded_minor };
    if o.kind != "unsubscribe" && escrow != expected {
        let text = format!("line {}: escrow holds {} instead of {}", line.number, text(escrow), text(expected));
        differences.push(text);
    }
    if o.state == "cancelled" && paid != line.refunded_minor + line.released_minor {
        differences.push(format!(
            "line {}: cancelled, paid {}, refunded {} and shared {}",
            line.number,
            text(paid),
            text(line.refunded_minor),
            text(line.released_minor)
        ));
    }
    if o.state == "completed" && o.kind != "unsubscribe" && line.completed_at.is_none() {
        differences.push(format!("line {}: completed without its money being shared", line.number));
    }
}

fn has_work(tx: &mut Tx, o: &order::Order) -> Result<bool, Error> {
    let Some(instance) = o.instance_id else {
        return Ok(false);
    };
    // Under supervision somebody's turn it is, and a timer runs (seller-domain 5.4).
    if let Some(case) = store::supervision::of_order(tx, o.id)? {
        return Ok(case.state == "open" && !job::of_subject(tx, case.id)?.is_empty());
    }
    // A code that was sold before there was supervision waits for its activation.
    if store::licence::of_instance(tx, instance)?.is_some_and(|l| l.activated_at.is_none()) {
        return Ok(true);
    }
    let calls = call::of_instance(tx, instance)?;
    // A licence of 1.x that was not given waits for the seller's restart (license-interface 3.3).
    if calls.iter().any(|c| c.state == "failed" && c.activity == Activity::GetLicence.as_str()) {
        return Ok(true);
    }
    for c in calls.iter().filter(|c| c.state == "due") {
        if !job::of_subject(tx, c.id)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn instance_terms(tx: &mut Tx, i: &instance::Instance, differences: &mut Vec<String>) -> Result<(), Error> {
    let name = crate::instance::id(i);
    let terms = store::term::of_instance(tx, i.id)?;
    for pair in terms.windows(2) {
        if pair[0].end_at != pair[1].start_at {
            differences.push(format!("{name}: a term ends and the next does not begin there"));
        }
    }
    let end = terms.last().map(|t| t.end_at);
    if end != i.expires_at {
        differences.push(format!("{name}: its last term and its end differ"));
    }
    if i.state == "released" && (i.password.is_some() || i.front_end_url.is_some()) {
        differences.push(format!("{name}: released, but log-in data are kept"));
    }
    if i.access_type == AccessType::LicenceCode.as_str() {
        match store::licence::of_instance(tx, i.id)? {
            None => differences.push(format!("{name}: sold by code, but has none")),
            Some(l) if l.activated_at.is_some() != i.opened_at.is_some() => {
                differences.push(format!("{name}: its code's activation and its opening differ"));
            }
            Some(_) => {}
        }
    }
    let sent: Vec<_> = call::of_instance(tx, i.id)?;
    if sent.iter().filter(|c| c.state == "due").count() > 1 {
        differences.push(format!("{name}: two calls are due at once"));
    }
    Ok(())
}

fn jobs(tx: &mut Tx, ctx: &Ctx) -> Result<Check, Error> {
    let failed = job::any_failed(tx)?;
    let overdue = job::any_overdue(tx, micros(ctx.now - STUCK))?;
    let checked = failed.len() + overdue.len();
    let mut differences: Vec<String> =
        failed.iter().map(|j| format!("job {} failed: {}", j.kind, j.error.as_deref().unwrap_or("no reason"))).collect();
    differences.extend(overdue.iter().map(|j| format!("job {} is due since {}", j.kind, crate::from_micros(j.due_at))));
    Ok(check("no_stuck_job", i64::try_from(checked).unwrap_or(0), differences))
}
