//! Terms: appended by renewals, begun anew by conversions, removed by refunds.

use super::{end_of, id, site, timers};
use crate::{Ctx, Error, event, order::Sold};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    id::TermId,
    money,
    period::Period,
    pricing::{PaidTerm, TermPayment},
    site::Site,
    term::{self, Anchor, TermSpan},
};
use serde_json::json;
use store::Locked;
use store::{
    Written,
    instance::{self, Instance},
    order::Line,
    term::{self as terms, Term, TermFee},
};

struct Append<'a> {
    instance: &'a Locked<Instance>,
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
        seq: terms::count(tx, a.instance.id)?.saturating_add(1),
        start_at: Moment::of(span.start),
        end_at: Moment::of(span.end),
        period: a.period,
        price_minor: price_of_term(a.line)?,
        removed: false,
    };
    terms::insert(tx, &[(a.instance, row)])?;
    set_end(tx, ctx, a.instance, span.end)?;
    let about = event::About::order(a.line.order_id, Some(a.instance.id));
    let data = json!({ "start": span.start, "end": term::shown_end(span.end), "line": a.line.number });
    event::record(tx, ctx, "term.added", about, &data)?;
    Ok(span)
}

/// What a line pays for the term that it adds; the fees of a change belong to the terms before.
fn price_of_term(line: &Line) -> Result<i64, Error> {
    let fees = money::sum(Sold::of(line)?.term_fees.iter().map(|f| f.fee_minor))?;
    Ok(money::difference(line.amount_minor, fees)?)
}

/// A term that stands, and what the lines paid for it.
#[derive(Debug, Clone)]
pub struct Paid {
    pub term: Term,
    /// The line of the price first, then those of changes.
    pub payments: Vec<(Key, TermPayment)>,
}

impl Paid {
    /// The span of the term.
    #[must_use]
    pub fn span(&self) -> TermSpan {
        TermSpan { start: self.term.start_at.at(), end: self.term.end_at.at() }
    }

    /// The term as the price of a change sees it.
    #[must_use]
    pub fn priced(&self) -> PaidTerm {
        PaidTerm { span: self.span(), period: self.term.period, payments: self.payments.iter().map(|(_, payment)| *payment).collect() }
    }

    /// What was paid for the term in all.
    ///
    /// # Errors
    /// `amount.too_large`.
    pub fn sum(&self) -> Result<i64, Error> {
        Ok(money::sum(self.payments.iter().map(|(_, payment)| payment.amount_minor))?)
    }
}

/// The terms of an instance that stand, in order, with all that was paid for them.
///
/// # Errors
/// [`Error::Store`].
pub fn paid_terms(tx: &mut Tx, site: &Site, instance: Key) -> Result<Vec<Paid>, Error> {
    let all = terms::of_instance(tx, instance)?;
    let fees = terms::fees(tx, &all.iter().map(|t| t.id).collect::<Vec<_>>())?;
    let paid = |term: Term| {
        let mut paid = Paid { term, payments: Vec::new() };
        let price = TermPayment { amount_minor: paid.term.price_minor, days: term::days(site, paid.span()) };
        paid.payments.push((paid.term.line_id, price));
        let of_term = fees.iter().filter(|f| f.term_id == paid.term.id);
        paid.payments.extend(of_term.map(|f| (f.line_id, TermPayment { amount_minor: f.fee_minor, days: f.days })));
        paid
    };
    Ok(all.into_iter().map(paid).collect())
}

/// Adds what a line pays for a change to the terms that it is for.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn add_fees(tx: &mut Tx, instance: &Locked<Instance>, line: &Line) -> Result<(), Error> {
    let row = |f: &crate::order::TermFee| TermFee { term_id: Key::of(f.term), line_id: line.id, fee_minor: f.fee_minor, days: f.days };
    let fees: Vec<TermFee> = Sold::of(line)?.term_fees.iter().filter(|f| f.fee_minor > 0).map(row).collect();
    Ok(terms::insert_fees(tx, instance, &fees)?)
}

/// A part of what a line paid was given back while its terms stand: its payments for them are worth so much less.
pub(crate) fn lower_payments(tx: &mut Tx, site: &Site, instance: &Locked<Instance>, line: Key, minor: i64) -> Result<(), Error> {
    let standing = paid_terms(tx, site, instance.id)?;
    let paid = |t: &Paid| t.payments.iter().find(|(by, _)| *by == line).map_or(0, |(_, payment)| payment.amount_minor);
    let all: Vec<i64> = standing.iter().map(paid).collect();
    for (term, (was, less)) in standing.iter().zip(all.iter().zip(money::spread(minor, &all)?)) {
        if less != 0 {
            terms::set_paid(tx, instance, (&term.term, line), money::difference(*was, less)?)?;
        }
    }
    Ok(())
}

fn set_end(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, end: Timestamp) -> Result<(), Error> {
    instance::set_expiry(tx, instance, Some(Moment::of(end)))?;
    let site = site(tx, ctx, instance)?;
    timers::schedule(tx, ctx, instance.id, &site, end)
}

/// A renewal's term starts where the last one ends, also when bought while frozen (`order-life 1`).
pub fn append_term(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, line: &Line, period: Period) -> Result<TermSpan, Error> {
    let start = end_of(instance)?;
    let day = instance.anchor_day.and_then(|d| i8::try_from(d).ok()).unwrap_or(1);
    let anchor = Anchor::after(&site(tx, ctx, instance)?, start, day);
    append(tx, ctx, &Append { instance, line, period, start, anchor })
}

/// The trial's term ends and the paid one starts, now.
pub fn make_formal(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, line: &Line, period: Period) -> Result<TermSpan, Error> {
    // Also a trial that is over stays contiguous: its frozen days belong to it.
    if let Some(trial) = terms::of_instance(tx, instance.id)?.last() {
        terms::end(tx, instance, trial.id, ctx.moment())?;
    }
    let today = site(tx, ctx, instance)?.day_of(ctx.now);
    instance::set_formal(tx, instance, i64::from(today.day()))?;
    append(tx, ctx, &Append { instance, line, period, start: ctx.now, anchor: Anchor::first(today) })
}

/// Removes the last term; returns the new end.
pub fn remove_last_term(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, line: Key) -> Result<Timestamp, Error> {
    let mut all = terms::of_instance(tx, instance.id)?;
    let last = all.pop().filter(|t| t.line_id == line).ok_or_else(|| Error::row("terms", id(instance), "is not the last"))?;
    if terms::remove(tx, instance, last.id)? == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("refund.already_refunded", "the term was removed already"));
    }
    let end = all.last().map_or(ctx.now, |t| t.end_at.at());
    set_end(tx, ctx, instance, end)?;
    let about = event::About { instance: Some(instance.id), ..event::About::default() };
    event::record(tx, ctx, "term.removed", about, &json!({ "end": term::shown_end(end) }))?;
    Ok(end)
}
