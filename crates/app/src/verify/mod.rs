//! `yunshi verify`: ledger, bills, orders, terms, use, events and jobs against each other (`order-life 7`). It reads in pages, and
//! keeps of what is wrong no more than it lists: its memory does not grow with the books or with their damage.

#![deny(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod books;
mod instances;
mod orders;
mod overdue;
mod usage;

pub(crate) use orders::expected_escrow;

use crate::{Ctx, Error, event, micros};
use db::Tx;
use jiff::SignedDuration;
use serde::Serialize;
use store::{
    job, setting,
    witness::{Named, Sum},
};

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
/// A job that is due this long and not done is stuck.
const STUCK: SignedDuration = SignedDuration::from_mins(10);

/// What a check has found so far.
struct Found {
    name: &'static str,
    checked: i64,
    listed: Vec<String>,
    /// Those beyond the listed ones.
    more: u64,
}

impl Found {
    fn of(name: &'static str, checked: i64) -> Self {
        Self { name, checked, listed: Vec::new(), more: 0 }
    }

    fn saw(&mut self, rows: usize) {
        self.checked = self.checked.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX));
    }

    fn differs(&mut self, text: impl Into<String>) {
        if self.listed.len() < LISTED_MAX {
            self.listed.push(text.into());
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Names and amounts that one query found.
    fn all(&mut self, rows: Vec<Sum>, what: &str) {
        for r in rows {
            self.differs(format!("{}: {what} {}", r.name, text(r.amount, &r.currency)));
        }
    }

    /// Names that one query found.
    fn names(&mut self, rows: Vec<Named>, what: &str) {
        for r in rows {
            self.differs(format!("{}: {what}", r.name));
        }
    }

    fn done(mut self) -> Check {
        let ok = self.listed.is_empty();
        if self.more > 0 {
            self.listed.push("there are more".to_owned());
        }
        Check { name: self.name, ok, checked: self.checked, differences: self.listed }
    }
}

fn text(minor: i64, currency: &str) -> String {
    format!("{} {currency}", domain::money::text(minor, currency))
}

/// Runs all checks.
///
/// # Errors
/// [`Error::Store`].
pub fn verify(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Check>, Error> {
    let mut checks = books::checks(tx, ctx)?;
    checks.extend(orders::checks(tx)?);
    checks.extend(instances::checks(tx, ctx)?);
    checks.push(chain(tx, ctx)?);
    checks.extend(usage::checks(tx, ctx)?);
    checks.push(jobs(tx, ctx)?);
    checks.push(overdue::check(tx, ctx)?);
    Ok(checks)
}

fn chain(tx: &mut Tx, ctx: &Ctx) -> Result<Check, Error> {
    let (sealed, differences) = event::check_seals(tx, ctx)?;
    let mut found = Found::of("event_chain", 0);
    found.saw(sealed);
    differences.into_iter().for_each(|text| found.differs(text));
    Ok(found.done())
}

fn jobs(tx: &mut Tx, ctx: &Ctx) -> Result<Check, Error> {
    let late = ctx.now.saturating_sub(STUCK).map_err(|e| Error::row("jobs", "clock", e))?;
    // Only a sandbox moves its clock. What is late while it moves is done at its next step.
    let moves = setting::get(tx, "clock_moves")?.is_some_and(|value| !value.is_empty());
    let overdue = if moves { Vec::new() } else { job::any_overdue(tx, micros(late))? };
    let failed = job::any_failed(tx)?;
    let mut found = Found::of("no_stuck_job", 0);
    found.saw(failed.len().saturating_add(overdue.len()));
    for j in failed {
        found.differs(format!("job {} failed: {}", j.kind, j.error.as_deref().unwrap_or("no reason")));
    }
    for j in overdue {
        found.differs(format!("job {} is due since {}", j.kind, crate::from_micros(j.due_at)));
    }
    Ok(found.done())
}
