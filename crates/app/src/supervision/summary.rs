//! Every Monday a seller hears how many of his orders are under supervision (`seller-domain 7`).

use crate::{
    Ctx, Error,
    job::{self, JobKind},
    message,
};
use db::Tx;
use domain::{
    Timestamp,
    message::MessageEvent,
    site::{Site, SiteCode},
};
use jiff::{Span, civil::Weekday};
use store::supervision as rows;

/// The hour of the week's summary.
const HOUR: i8 = 10;

/// The next Monday at the hour of summaries.
fn next(site: &Site, now: Timestamp) -> Timestamp {
    let mut day = site.day_of(now);
    while day.weekday() != Weekday::Monday || site.at_hour(day, HOUR) <= now {
        day = day.saturating_add(Span::new().days(1));
    }
    site.at_hour(day, HOUR)
}

/// Plans the next summary of a site, unless it is planned.
///
/// # Errors
/// [`Error::Store`].
pub fn next_open_cases(tx: &mut Tx, ctx: &Ctx, site: &Site) -> Result<(), Error> {
    job::schedule_named(tx, ctx, JobKind::OpenCases, &format!("open_cases:{}", site.code), next(site, ctx.now))
}

/// Tells the sellers of a site how many of their orders are under supervision, and plans the next time.
///
/// # Errors
/// [`Error::Store`].
pub fn tell_open(tx: &mut Tx, ctx: &Ctx, name: &str) -> Result<(), Error> {
    let code: SiteCode = name.trim_start_matches("open_cases:").parse().map_err(|e| Error::row("jobs", name, e))?;
    let site = ctx.site(code);
    for open in rows::any_open_by_seller(tx, code.as_str())? {
        let params = [
            ("count", open.count.to_string().into()),
            ("waiting", open.waiting.to_string().into()),
            ("since", crate::order::moment(open.oldest.at()).into()),
        ];
        let about = site.day_of(ctx.now).to_string();
        let send = message::Send {
            event: MessageEvent::SaleOpenCases,
            account: Some(open.seller_id),
            order: None,
            subject: None,
            about,
            params: &params,
        };
        message::send(tx, ctx, &send)?;
    }
    next_open_cases(tx, ctx, &site)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_comes_on_mondays_at_ten() {
        let site = Site::of(SiteCode::Cn);
        let after = |at: &str| next(&site, at.parse().unwrap()).to_string();
        assert_eq!(after("2026-11-28T02:00:00Z"), "2026-11-30T02:00:00Z");
        assert_eq!(after("2026-11-30T01:59:59Z"), "2026-11-30T02:00:00Z");
        assert_eq!(after("2026-11-30T02:00:00Z"), "2026-12-07T02:00:00Z");
    }
}
