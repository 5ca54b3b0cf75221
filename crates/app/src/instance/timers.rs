//! Timers of an instance: reminders and automatic renewal before its end, the end itself (`order-life 3, 4`).

use crate::{
    Ctx, Error, Tenant,
    job::{self, JobKind},
    order,
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    instance::{AUTO_RENEWAL_DAYS, InstanceState, REMINDER_DAYS, REMINDER_HOUR},
    message::MessageEvent,
    site::Site,
    term,
};
use store::{auto_renewal, instance, job::Job};

/// Sets the timers for a new end; those for a former end go.
pub(super) fn schedule(tx: &mut Tx, ctx: &Ctx, id: Key, site: &Site, end: Timestamp) -> Result<(), Error> {
    store::job::cancel_all(tx, id)?;
    job::schedule_all(tx, &planned(ctx, id, site, end))?;
    if auto_renewal::of_instance(tx, id)?.is_some() {
        schedule_auto_renewal(tx, ctx, id, next(site, end, ctx.now, &AUTO_RENEWAL_DAYS))?;
    }
    Ok(())
}

/// The timers of an end: the expiry and the first reminder. Before a first term nothing can have set any.
pub(super) fn planned(ctx: &Ctx, id: Key, site: &Site, end: Timestamp) -> Vec<Job> {
    let reminder = next(site, end, ctx.now, &REMINDER_DAYS).map(|at| job::planned(ctx, JobKind::Reminder, Some(id), at));
    std::iter::once(job::planned(ctx, JobKind::Expiry, Some(id), end)).chain(reminder).collect()
}

/// Sets when automatic renewal is tried next, or that it is not.
pub(crate) fn schedule_auto_renewal(tx: &mut Tx, ctx: &Ctx, id: Key, at: Option<Timestamp>) -> Result<(), Error> {
    store::job::cancel(tx, JobKind::AutoRenewal, id)?;
    match at {
        Some(at) => job::schedule(tx, ctx, JobKind::AutoRenewal, Some(id), at),
        None => Ok(()),
    }
}

/// When automatic renewal is tried next for an end, and how often at most.
pub(crate) fn tries_left(site: &Site, end: Timestamp, after: Timestamp) -> (Option<Timestamp>, usize) {
    let ahead = AUTO_RENEWAL_DAYS.iter().filter(|days| at(site, end, **days) > after).count();
    (next(site, end, after, &AUTO_RENEWAL_DAYS), ahead)
}

/// The hour of reminders so many days before the last day.
fn at(site: &Site, end: Timestamp, days: i64) -> Timestamp {
    site.at_hour(term::last_day(site, end).saturating_sub(jiff::Span::new().days(days)), REMINDER_HOUR)
}

/// The first of these moments after another.
fn next(site: &Site, end: Timestamp, after: Timestamp, days: &[i64]) -> Option<Timestamp> {
    days.iter().map(|days| at(site, end, *days)).find(|at| *at > after)
}

/// Reminds the buyer that the last term ends, and sets the next reminder.
///
/// # Errors
/// [`Error::Store`].
pub fn remind(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let Some(found) = instance::lookup(tx, Tenant::Any, id)? else {
        return Ok(());
    };
    let (true, Some(end)) = (found.state == InstanceState::Running, found.expires_at.map(Moment::at)) else {
        return Ok(());
    };
    let site = super::site(tx, ctx, &found)?;
    let last = term::last_day(&site, end);
    let days = last.since(site.day_of(ctx.now)).map_or(0, |span| span.get_days());
    let until = order::moment(term::shown_end(end));
    // On the days of its tries, automatic renewal says itself what came of them.
    let tried = AUTO_RENEWAL_DAYS.contains(&i64::from(days)) && auto_renewal::of_instance(tx, id)?.is_some();
    if !tried {
        super::tell(tx, ctx, &found, MessageEvent::InstanceEnds, &[("days", days.to_string()), ("until", until)])?;
    }
    if let Some(at) = next(&site, end, ctx.now, &REMINDER_DAYS) {
        job::schedule(tx, ctx, JobKind::Reminder, Some(id), at)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::site::SiteCode;

    fn moments(days: &[i64]) -> Vec<String> {
        let site = Site::of(SiteCode::Cn);
        let end: Timestamp = "2026-03-31T16:00:00Z".parse().unwrap(); // the last day is 31 March
        let mut after: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let mut all = vec![];
        while let Some(at) = next(&site, end, after, days) {
            all.push(at.to_string());
            after = at;
        }
        all
    }

    #[test]
    fn reminders_come_15_7_3_and_1_days_before_at_ten() {
        assert_eq!(moments(&REMINDER_DAYS), ["16", "24", "28", "30"].map(|day| format!("2026-03-{day}T02:00:00Z")));
    }

    #[test]
    fn automatic_renewal_is_tried_7_3_and_1_days_before_and_on_the_last_day_at_ten() {
        assert_eq!(moments(&AUTO_RENEWAL_DAYS), ["24", "28", "30", "31"].map(|day| format!("2026-03-{day}T02:00:00Z")));
        let end = "2026-03-31T16:00:00Z".parse().unwrap();
        let left = |after: &str| tries_left(&Site::of(SiteCode::Cn), end, after.parse().unwrap()).1;
        assert_eq!((left("2026-03-24T02:00:00Z"), left("2026-03-31T01:59:59Z"), left("2026-03-31T02:00:00Z")), (3, 1, 0));
    }
}
