//! How the calls of a seller went, by day, for its overview.

use crate::{Caller, Ctx, Error};
use db::{Key, Moment, Tx};
use domain::{call::CallState, measure};
use jiff::civil::Date;
use store::{call, instance};

/// Days that an overview shows, today included.
const DAYS: usize = 14;

const DAY_MICROS: i64 = 86_400_000_000;

/// The newest openings that are looked at.
const OPENINGS_MAX: i64 = 5_000;

/// The calls that began on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOfCalls {
    /// A day of the seller's site.
    pub day: Date,
    pub done: i64,
    pub failed: i64,
    /// Neither done nor given up.
    pub open: i64,
    /// Median time from payment to opening of what was bought on this day, in milliseconds.
    pub opening_ms: Option<i64>,
}

/// The caller's calls of the last days, the oldest day first.
///
/// # Errors
/// [`Error::Store`].
pub fn by_day(tx: &mut Tx, ctx: &Ctx, caller: &Caller) -> Result<Vec<DayOfCalls>, Error> {
    let site = ctx.site(caller.site);
    let back = jiff::Span::new().days(i64::try_from(DAYS).unwrap_or(0) - 1);
    let first = site.day_of(ctx.now).saturating_sub(back);
    let days = first.series(jiff::Span::new().days(1)).take(DAYS);
    let mut all: Vec<_> = days.map(|day| DayOfCalls { day, done: 0, failed: 0, open: 0, opening_ms: None }).collect();
    let (seller, since) = (Key::of(caller.account_id), Moment::of(site.start_of(first)));
    for (day, state, count) in call::results_by_day(tx, seller, since)? {
        let Some(of) = usize::try_from(day).ok().and_then(|d| all.get_mut(d)) else { continue };
        match state {
            CallState::Done => of.done += count,
            CallState::Failed => of.failed += count,
            CallState::Waiting | CallState::Due => of.open += count,
        }
    }
    let mut times: Vec<Vec<i64>> = vec![Vec::new(); DAYS];
    for (paid, opened) in instance::opened_since(tx, seller, since, OPENINGS_MAX)? {
        let day = usize::try_from((paid.micros() - since.micros()) / DAY_MICROS).ok();
        if let Some(of) = day.and_then(|d| times.get_mut(d)) {
            of.push((opened.micros() - paid.micros()).max(0) / 1_000);
        }
    }
    for (of, times) in all.iter_mut().zip(times) {
        of.opening_ms = measure::median(times);
    }
    Ok(all)
}
