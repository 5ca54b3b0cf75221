//! `yunshi verify`: ledger, bills, orders, terms, use, events and jobs against each other (`order-life 7`). It reads in pages, and
//! keeps of what is wrong no more than it lists: its memory does not grow with the books or with their damage.

#![deny(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod books;
mod instances;
mod orders;
mod overdue;
mod usage;

pub(crate) use orders::expected_escrow;

use crate::{Ctx, Error, event};
use db::{Moment, Tx};
use domain::id::DeliveryId;
use jiff::SignedDuration;
use serde::Serialize;
use store::{
    Misfit, job, setting,
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

    /// Rows that cannot be read. Those at the end of a page come once more with the next.
    fn misfits(&mut self, misfits: &[Misfit]) {
        for misfit in misfits {
            let text = misfit.to_string();
            if !self.listed.contains(&text) {
                self.saw(1);
                self.differs(text);
            }
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

type Part = fn(&mut Tx, &Ctx) -> Result<Vec<Check>, Error>;

/// The parts, each with the names of its checks.
const PARTS: [(&[&str], Part); 7] = [
    (books::NAMES, books::checks),
    (orders::NAMES, orders::checks),
    (instances::NAMES, instances::checks),
    (&["event_chain"], chain),
    (usage::NAMES, usage::checks),
    (&["no_stuck_job"], jobs),
    (&["nothing_overdue"], overdue::checks),
];

/// Runs all checks. One that cannot be worked out, by a number that no sum holds or a word that does not exist, has failed; the
/// others go on.
///
/// # Errors
/// [`Error::Store`] when the transaction is lost.
pub fn verify(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Check>, Error> {
    let mut checks = Vec::new();
    for (names, part) in PARTS {
        match db::savepoint(tx, |tx| part(tx, ctx)) {
            Ok(done) => checks.extend(done),
            // Nothing can be read any more: that says nothing of the books.
            Err(e) if setting::get(tx, "clock_moves").is_err() => return Err(e),
            Err(e) => checks.extend(names.iter().map(|name| unreadable(name, &e))),
        }
    }
    Ok(checks)
}

fn unreadable(name: &'static str, e: &Error) -> Check {
    let mut found = Found::of(name, 0);
    let why = std::error::Error::source(e).map_or_else(|| e.to_string(), |cause| format!("{e}: {cause}"));
    found.differs(format!("this cannot be worked out: {why}"));
    found.done()
}

fn chain(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Check>, Error> {
    let (sealed, differences) = event::check_seals(tx, ctx)?;
    let mut found = Found::of("event_chain", 0);
    found.saw(sealed);
    differences.into_iter().for_each(|text| found.differs(text));
    Ok(vec![found.done()])
}

fn jobs(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Check>, Error> {
    let late = ctx.now.saturating_sub(STUCK).map_err(|e| Error::row("jobs", "clock", e))?;
    // Only a sandbox moves its clock. What is late while it moves is done at its next step.
    let moves = ctx.settings.loopback_allowed && setting::get(tx, "clock_moves")?.is_some_and(|value| !value.is_empty());
    let overdue = if moves { None } else { Some(job::any_overdue(tx, Moment::of(late))?) };
    let failed = job::any_failed(tx)?;
    let mut found = Found::of("no_stuck_job", 0);
    found.misfits(&failed.misfits);
    let overdue = overdue.map_or_else(Vec::new, |overdue| {
        found.misfits(&overdue.misfits);
        overdue.rows
    });
    found.saw(failed.rows.len().saturating_add(overdue.len()));
    for j in failed.rows {
        found.differs(format!("job {} failed: {}", j.kind, j.error.as_deref().unwrap_or("no reason")));
    }
    for j in overdue {
        found.differs(format!("job {} is due since {}", j.kind, j.due_at));
    }
    for forgotten in store::delivery::any_forgotten(tx, BATCH)? {
        found.differs(format!("delivery {} is due and nothing sends it; replay it, or start a node again", forgotten.id::<DeliveryId>()));
    }
    Ok(vec![found.done()])
}
