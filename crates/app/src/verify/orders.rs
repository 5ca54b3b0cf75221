//! Orders: what was paid is in escrow, shared or given back, and every paid order ends or has somebody at work.

use super::{BATCH, Check, Found, text};
use crate::{Ctx, Error, Page, Tenant, catalogue, order::Sold};
use db::{Key, Tx};
use domain::{
    call::{Activity, CallState},
    listing::Specification,
    order::{OrderKind, OrderState},
    supervision::CaseState,
};
use std::collections::HashMap;
use store::{call, job, order, term, witness};

pub(super) const NAMES: &[&str] = &["orders_and_escrow", "no_stuck_order", "payments", "refunds", "paid_terms_lived"];

pub(super) fn checks(tx: &mut Tx, _: &Ctx) -> Result<Vec<Check>, Error> {
    let (mut money, mut stuck) = (Found::of("orders_and_escrow", 0), Found::of("no_stuck_order", 0));
    let mut after = None;
    loop {
        let listed = order::legible_list(tx, Tenant::Any, &order::Filter::default(), Page { after, ..Page::first(BATCH) })?;
        money.misfits(&listed.misfits);
        let page = listed.rows;
        let Some(last) = page.last() else { break };
        after = Some((last.created_at.micros(), last.id));
        money.saw(page.len());
        stuck.saw(page.len());
        escrow_of(tx, &page, &mut money)?;
        for o in page.iter().filter(|o| o.state == OrderState::Processing) {
            if !has_work(tx, o)? {
                stuck.differs(format!("order {} is processing and nothing will move it", o.number));
            }
        }
    }
    money.all(witness::wrong_totals(tx)?, "the order differs from its lines by");
    money.names(witness::unfit_lines(tx)?, "the order and its line do not fit by number, instance or completion, or no event tells of it");
    money.all(witness::escrow_of_no_line(tx)?, "is no order line of that currency, but there lies in its escrow");
    let mut payments = Found::of("payments", money.checked);
    payments.all(witness::unpaid(tx)?, "is paid, but no payment of it is posted, which is");
    let mut refunds = Found::of("refunds", money.checked);
    refunds.all(witness::wrong_refunds(tx)?, "what came back to the wallet differs by");
    refunds.all(witness::wrong_renewals(tx)?, "what was given back is not what was paid for the term; it differs by");
    refunds.names(witness::unlike_removed_terms(tx)?, "the renewal was given back and its term stands, or the other way about");
    refunds.all(witness::without_cause(tx)?, "what came back of the orders on its instance has no cause, or did not come back:");
    refunds.all(witness::kept_after_unsubscription(tx)?, "was unsubscribed, but was not given back");
    let mut lived = Found::of("paid_terms_lived", money.checked);
    lived.all(witness::paid_for_nothing(tx)?, "paid for a term that began after its instance had ended");
    Ok([money, stuck, payments, refunds, lived].map(Found::done).into())
}

fn escrow_of(tx: &mut Tx, orders: &[order::Order], found: &mut Found) -> Result<(), Error> {
    let by_id: HashMap<Key, &order::Order> = orders.iter().map(|o| (o.id, o)).collect();
    let store::Legible { rows: lines, misfits } = order::lines_of(tx, &by_id.keys().copied().collect::<Vec<_>>())?;
    found.misfits(&misfits);
    let numbers: Vec<String> = lines.iter().map(|l| l.number.clone()).collect();
    let fees = fees_of(tx, &lines)?;
    let held: HashMap<(String, String), i64> =
        witness::escrow(tx, &numbers)?.into_iter().map(|s| ((s.name, s.currency), s.amount)).collect();
    for line in &lines {
        let Some(o) = by_id.get(&line.order_id) else { continue };
        let escrow = held.get(&(line.number.clone(), o.currency.to_string())).copied().unwrap_or(0);
        line_money(o, line, escrow, found);
        let sold = match Sold::of(line) {
            Ok(sold) => sold,
            Err(e) => {
                found.differs(e.to_string());
                continue;
            }
        };
        if !is_as_sold(o, line, &sold) {
            found.differs(format!("line {}: its product, combination, period, quantity or amount is not what was sold", line.number));
        }
        if line.completed_at.is_some() && !fees_fit(&sold, fees.get(&line.id).map_or(&[], Vec::as_slice)) {
            found.differs(format!("line {}: its fees are for other terms or days than were sold", line.number));
        }
    }
    Ok(())
}

fn fees_of(tx: &mut Tx, lines: &[order::Line]) -> Result<HashMap<Key, Vec<term::TermFee>>, Error> {
    let mut by_line: HashMap<Key, Vec<term::TermFee>> = HashMap::new();
    for fee in term::fees_of_lines(tx, &lines.iter().map(|l| l.id).collect::<Vec<_>>())? {
        by_line.entry(fee.line_id).or_default().push(fee);
    }
    Ok(by_line)
}

/// Whether the fees that a line added to terms are for the terms and days that it sold: a later refund takes the value left by
/// them. Their amounts follow what is given back (`terms`).
fn fees_fit(sold: &Sold, stored: &[term::TermFee]) -> bool {
    let wanted: HashMap<Key, i64> = sold.term_fees.iter().filter(|f| f.fee_minor > 0).map(|f| (Key::of(f.term), f.days)).collect();
    wanted.len() == stored.len() && stored.iter().all(|f| wanted.get(&f.term_id) == Some(&f.days))
}

fn gone(line: &order::Line) -> i128 {
    i128::from(line.released_minor).saturating_add(i128::from(line.refunded_minor))
}

/// What lies in escrow for a line: what was paid and is neither shared nor given back. What is given back of a completed line
/// goes through escrow and leaves none.
pub(crate) fn expected_escrow(o: &order::Order, line: &order::Line) -> i128 {
    if o.paid_at.is_none() || line.completed_at.is_some() || o.kind == OrderKind::Unsubscribe {
        return 0;
    }
    i128::from(line.amount_minor).saturating_sub(gone(line))
}

/// Paid = escrow + completed shares + refunded.
fn line_money(o: &order::Order, line: &order::Line, escrow: i64, found: &mut Found) {
    if o.kind == OrderKind::Unsubscribe {
        return;
    }
    let (wide, text) = (i128::from, |minor: i64| text(minor, o.currency.as_str()));
    let paid = if o.paid_at.is_some() { line.amount_minor } else { 0 };
    let (gone, expected) = (gone(line), expected_escrow(o, line));
    if wide(escrow) != expected {
        found.differs(format!("line {}: escrow holds {} instead of {expected} minor units", line.number, text(escrow)));
    }
    if line.refunded_minor < 0 || line.released_minor < 0 || wide(line.refunded_minor) > wide(line.amount_minor.max(0)) {
        found.differs(format!("line {}: {} were given back of {}", line.number, text(line.refunded_minor), text(line.amount_minor)));
    }
    if o.state == OrderState::Cancelled && wide(paid) != gone {
        let (back, shared) = (text(line.refunded_minor), text(line.released_minor));
        found.differs(format!("line {}: cancelled, paid {}, refunded {back} and shared {shared}", line.number, text(paid)));
    }
    if o.state == OrderState::Completed && line.completed_at.is_none() {
        found.differs(format!("line {}: completed without its money being shared", line.number));
    }
    if o.state == OrderState::Completed && o.paid_at.is_none() {
        found.differs(format!("line {}: completed, but not paid", line.number));
    }
}

/// Whether a line is what its copy of the listing says: the codes name product, combination and unit of the period, and price,
/// time and quantity make the amount.
fn is_as_sold(o: &order::Order, line: &order::Line, sold: &Sold) -> bool {
    let period = line.period;
    let spec = Specification { key: line.specification.clone(), ..Specification::default() };
    if sold.sku_code != catalogue::sku_code(line.product_id, &spec, &line.sku)
        || sold.wire_product_id != catalogue::wire_product_id(line.product_id, &spec.key, &line.sku, period.map(|p| p.unit))
    {
        return false;
    }
    let fees: i128 = sold.term_fees.iter().map(|f| i128::from(f.fee_minor)).sum();
    let wide = i128::from;
    let price = wide(sold.unit_minor).saturating_mul(wide(sold.units)).saturating_mul(wide(line.quantity));
    match o.kind {
        OrderKind::Unsubscribe | OrderKind::Trial => true,
        OrderKind::Change => wide(line.amount_minor) == fees,
        OrderKind::New | OrderKind::TrialToFormal | OrderKind::Renew => {
            wide(line.amount_minor) == price.saturating_add(fees) && period.is_none_or(|p| sold.units == i64::from(p.count))
        }
    }
}

fn has_work(tx: &mut Tx, o: &order::Order) -> Result<bool, Error> {
    let Some(instance) = o.instance_id else {
        return Ok(false);
    };
    // Under supervision somebody's turn it is, and a timer runs (seller-domain 5.4).
    if let Some(case) = store::supervision::of_order(tx, o.id)? {
        return Ok(case.state == CaseState::Open && !job::of_subject(tx, case.id)?.is_empty());
    }
    // A code that was sold before there was supervision waits for its activation.
    if store::licence::of_instance(tx, instance)?.is_some_and(|l| l.activated_at.is_none()) {
        return Ok(true);
    }
    let calls = call::of_instance(tx, instance)?;
    // A licence of 1.x that was not given waits for the seller's restart (license-interface 3.3).
    if calls.iter().any(|c| c.state == CallState::Failed && c.activity == Activity::GetLicence) {
        return Ok(true);
    }
    for c in calls.iter().filter(|c| c.state == CallState::Due) {
        if !job::of_subject(tx, c.id)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
