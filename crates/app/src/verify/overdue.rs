//! What should have happened by now, by business time. The slack is more than a worker needs that runs.

use super::{Check, Found};
use crate::{Ctx, Error, job::JobKind, micros, money};
use db::Tx;
use domain::{Timestamp, site::Site};
use jiff::SignedDuration;
use store::witness;

const SLACK: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn checks(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Check>, Error> {
    let by_now = ctx.now.saturating_sub(SLACK).map_err(|e| Error::row("jobs", "clock", e))?;
    let mut found = Found::of("nothing_overdue", 0);
    found.all(witness::late_payments(tx, micros(by_now))?, "waits for payment for too long:");
    found.names(witness::late_ends(tx, micros(by_now))?, "its last term is over, and it runs");
    let kinds = [JobKind::UnpaidOrder, JobKind::Expiry, JobKind::UsageHold, JobKind::AutoRenewal].map(JobKind::as_str);
    let soon = ctx.now.saturating_add(SLACK).map_err(|e| Error::row("jobs", "clock", e))?;
    found.names(witness::lost_jobs(tx, kinds, micros(soon))?, "nothing will end or renew it in time: its job is gone, or late");
    found.all(witness::covered_charges(tx)?, "covers what its buyer owes for use, and it was not taken:");
    found.all(witness::not_given_back(tx)?, "its corrections give back what was paid, and it did not come back:");
    let sites = ctx.settings.sites.all();
    for of in witness::billed_where(tx)? {
        if !sites.iter().any(|s| of.site.as_deref() == Some(s.code.as_str()) && of.currency == s.currency.as_str()) {
            found.differs(format!("{}: no site bills its seller in {}", of.name, of.currency));
        }
    }
    for site in sites {
        let names = (site.code.as_str(), site.currency.as_str());
        let late = witness::unbilled(tx, names, micros(billed_until(site, by_now)))?;
        found.all(late, "its month is closed, and it is on no bill:");
        let run = format!("{}:{}", JobKind::Bills, site.code);
        // One that failed and is tried again is due soon.
        let next = money::next_bill_run(site, ctx.now).max(soon);
        let run = (run.as_str(), micros(next));
        found.names(witness::without_bill_run(tx, names, run)?, "nothing will bill it: the job is gone, or late");
    }
    Ok(vec![found.done()])
}

/// What took effect before is on a bill.
fn billed_until(site: &Site, now: Timestamp) -> Timestamp {
    let month = site.day_of(now).first_of_month();
    let first = site.start_of(month);
    if now >= money::next_bill_run(site, first) { first } else { site.start_of(month.yesterday().unwrap_or(month).first_of_month()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::site::SiteCode;

    #[test]
    fn months_are_billed_from_the_third_on() {
        let site = Site::of(SiteCode::Cn);
        let until = |now: &str| billed_until(&site, now.parse().unwrap()).to_string();
        assert_eq!(until("2024-02-02T15:59:59Z"), "2023-12-31T16:00:00Z");
        assert_eq!(until("2024-02-02T16:00:00Z"), "2024-01-31T16:00:00Z");
        assert_eq!(until("2024-02-29T16:00:00Z"), "2024-01-31T16:00:00Z");
    }
}
