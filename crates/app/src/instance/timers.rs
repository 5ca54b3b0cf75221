//! Timers of an instance: reminders before its end, the end itself (`order-life 4`).

use crate::{
    Ctx, Error, Tenant, from_micros,
    job::{self, JobKind},
    order,
};
use db::{Key, Tx};
use domain::{
    Timestamp,
    instance::{REMINDER_DAYS, REMINDER_HOUR},
    message::MessageEvent,
    site::Site,
    term,
};
use store::instance;

/// Sets the timers for a new end; those for a former end go.
pub(super) fn schedule(tx: &mut Tx, ctx: &Ctx, id: Key, site: &Site, end: Timestamp) -> Result<(), Error> {
    for kind in [JobKind::Expiry, JobKind::Reminder, JobKind::Release] {
        store::job::cancel(tx, kind.as_str(), id)?;
    }
    job::schedule(tx, ctx, JobKind::Expiry, Some(id), end)?;
    if let Some((at, _)) = next_reminder(site, end, ctx.now) {
        job::schedule(tx, ctx, JobKind::Reminder, Some(id), at)?;
    }
    Ok(())
}

/// The next reminder after a moment: when, and how many days before the last day.
fn next_reminder(site: &Site, end: Timestamp, after: Timestamp) -> Option<(Timestamp, i64)> {
    let last = term::last_day(site, end);
    REMINDER_DAYS
        .into_iter()
        .map(|days| (site.at_hour(last.saturating_sub(jiff::Span::new().days(days)), REMINDER_HOUR), days))
        .find(|(at, _)| *at > after)
}

/// Reminds the buyer that the last term ends, and sets the next reminder.
///
/// # Errors
/// [`Error::Store`].
pub fn remind(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let Some(found) = instance::lookup(tx, Tenant::Any, id)? else {
        return Ok(());
    };
    let (true, Some(end)) = (found.state == "running", found.expires_at.map(from_micros)) else {
        return Ok(());
    };
    let site = super::site(tx, ctx, &found)?;
    let last = term::last_day(&site, end);
    let days = last.since(site.day_of(ctx.now)).map_or(0, |span| span.get_days());
    let until = order::times(term::shown_end(end), &site);
    super::tell(tx, ctx, &found, MessageEvent::InstanceEnds, &[("days", days.to_string()), ("until", until)])?;
    if let Some((at, _)) = next_reminder(&site, end, ctx.now) {
        job::schedule(tx, ctx, JobKind::Reminder, Some(id), at)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::site::SiteCode;

    #[test]
    fn reminders_come_15_7_3_and_1_days_before_at_ten() {
        let site = Site::of(SiteCode::Cn);
        let end: Timestamp = "2026-03-31T16:00:00Z".parse().unwrap(); // the last day is 31 March
        let mut after: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let mut all = vec![];
        while let Some((at, days)) = next_reminder(&site, end, after) {
            all.push((at.to_string(), days));
            after = at;
        }
        let expected = [("16", 15), ("24", 7), ("28", 3), ("30", 1)];
        assert_eq!(all, expected.map(|(d, n)| (format!("2026-03-{d}T02:00:00Z"), n)));
    }
}
