//! Terms: appended by renewals, begun anew by conversions, removed by refunds.

use super::{id, site, timers};
use crate::{Ctx, Error, event, from_micros, micros, order::Sold};
use db::{Key, Tx};
use domain::{
    Timestamp,
    id::TermId,
    period::Period,
    term::{self, Anchor, TermSpan},
};
use serde_json::json;
use store::{
    Written,
    instance::{self, Instance, Term},
    order::Line,
};

struct Append<'a> {
    instance: &'a Instance,
    line: &'a Line,
    period: Period,
    start: Timestamp,
    anchor: Anchor,
}

fn append(tx: &mut Tx, ctx: &Ctx, a: &Append<'_>) -> Result<TermSpan, Error> {
    let site = site(tx, ctx, a.instance)?;
    let span = term::term(&site, a.start, a.anchor, a.period);
    let row = Term {
        id: Key::of(ctx.id::<TermId>()),
        instance_id: a.instance.id,
        line_id: a.line.id,
        seq: instance::term_count(tx, a.instance.id)? + 1,
        start_at: micros(span.start),
        end_at: micros(span.end),
        period: a.period.to_string(),
        // The fees of a change belong to the terms before.
        paid_minor: a.line.amount_minor - Sold::of(a.line)?.term_fees.iter().map(|f| f.fee_minor).sum::<i64>(),
        removed: false,
    };
    instance::insert_terms(tx, &[row])?;
    set_end(tx, ctx, a.instance, span.end)?;
    let about = event::About::order(a.line.order_id, Some(a.instance.id));
    let data = json!({ "start": span.start, "end": term::shown_end(span.end), "line": a.line.number });
    event::record(tx, ctx, "term.added", about, &data)?;
    Ok(span)
}

fn set_end(tx: &mut Tx, ctx: &Ctx, instance: &Instance, end: Timestamp) -> Result<(), Error> {
    instance::set_expiry(tx, instance.id, Some(micros(end)))?;
    let site = site(tx, ctx, instance)?;
    timers::schedule(tx, ctx, instance.id, &site, end)
}

/// A renewal's term starts where the last one ends, also when bought while frozen (`order-life 1`).
pub fn append_term(tx: &mut Tx, ctx: &Ctx, instance: &Instance, line: &Line, period: Period) -> Result<TermSpan, Error> {
    let start = instance.expires_at.map(from_micros).ok_or_else(|| Error::row("instances", id(instance), "has no end"))?;
    let day = instance.anchor_day.and_then(|d| i8::try_from(d).ok()).unwrap_or(1);
    let anchor = Anchor::after(&site(tx, ctx, instance)?, start, day);
    append(tx, ctx, &Append { instance, line, period, start, anchor })
}

/// The trial's term ends and the paid one starts, now.
pub fn make_formal(tx: &mut Tx, ctx: &Ctx, instance: &Instance, line: &Line, period: Period) -> Result<TermSpan, Error> {
    // Also a trial that is over stays contiguous: its frozen days belong to it.
    if let Some(trial) = instance::terms(tx, instance.id)?.last() {
        instance::end_term(tx, trial.id, ctx.now_micros())?;
    }
    let today = site(tx, ctx, instance)?.day_of(ctx.now);
    instance::set_formal(tx, instance.id, i64::from(today.day()))?;
    append(tx, ctx, &Append { instance, line, period, start: ctx.now, anchor: Anchor::first(today) })
}

/// Removes the last term; returns the new end.
pub fn remove_last_term(tx: &mut Tx, ctx: &Ctx, instance: &Instance, line: Key) -> Result<Timestamp, Error> {
    let mut terms = instance::terms(tx, instance.id)?;
    let last = terms.pop().filter(|t| t.line_id == line).ok_or_else(|| Error::row("terms", id(instance), "is not the last"))?;
    if instance::remove_term(tx, last.id)? == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("refund.already_refunded", "the term was removed already"));
    }
    let end = terms.last().map_or(ctx.now, |t| from_micros(t.end_at));
    set_end(tx, ctx, instance, end)?;
    let about = event::About { instance: Some(instance.id), ..event::About::default() };
    event::record(tx, ctx, "term.removed", about, &json!({ "end": term::shown_end(end) }))?;
    Ok(end)
}
