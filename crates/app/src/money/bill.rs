//! Monthly bills: on the 3rd for the month before (`money 1.2`).

use crate::{Ctx, Error, message, micros};
use db::{Key, Lock, Moment, Tx};
use domain::{
    Timestamp,
    id::BillId,
    message::MessageEvent,
    money::{self, Currency, Money},
    refund::Extent,
    settlement::BillKind,
    site::Site,
};
use jiff::{SignedDuration, civil::Date};
use store::{
    Page, account,
    bill::{self, Bill, BillLine, Sides},
};

/// The day of the month on which bills are made.
const BILL_DAY: i8 = 3;

/// When the next bills of a site are made, after a moment.
#[must_use]
pub fn next_run(site: &Site, after: Timestamp) -> Timestamp {
    let today = site.day_of(after);
    let this_month = Date::new(today.year(), today.month(), BILL_DAY).unwrap_or(today);
    let run = site.start_of(this_month);
    if run > after {
        return run;
    }
    let next = this_month.saturating_add(jiff::Span::new().months(1));
    site.start_of(next)
}

/// The first moment of the month that a moment lies in, and the month before as `yyyy-MM`.
fn closed_month(site: &Site, at: Timestamp) -> (Timestamp, String) {
    let first = site.day_of(at).first_of_month();
    let before = first.yesterday().unwrap_or(first);
    (site.start_of(first), before.strftime("%Y-%m").to_string())
}

/// The bills of a site are made by one transaction at a time, and not while another puts something on an earlier month.
fn run_of(site: &Site) -> Key {
    let mut name = *b"bills-of-a-site:";
    name.iter_mut().rev().zip(site.code.as_str().bytes()).for_each(|(at, byte)| *at ^= byte);
    Key(name)
}

/// Until when a site's bills are made.
fn billed_until(site: &Site) -> String {
    format!("billed_until:{}", site.code)
}

/// Lets nobody else settle with a buyer, and no bill of their site be made, until the transaction ends. Whoever credits a wallet
/// or takes from it what was used holds the buyer before the wallet: one of them comes last and sees what the other did.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn hold_buyer(tx: &mut Tx, ctx: &Ctx, buyer: Key) -> Result<(), Error> {
    store::usage::hold_buyer(tx, buyer)?;
    match account::lookup(tx, buyer)?.map(|a| a.site) {
        Some(code) => Ok(db::dialect::many_at_a_time(tx, Lock::Bills, run_of(&ctx.site(code)))?),
        None => Ok(()),
    }
}

/// Whether the month of a moment is open: its bill is not made. It stays so until the transaction ends.
pub(super) fn is_open(tx: &mut Tx, ctx: &Ctx, site: &Site, at: Timestamp) -> Result<bool, Error> {
    let month = |at| site.day_of(at).first_of_month();
    if month(at) >= month(ctx.now) {
        return Ok(true);
    }
    db::dialect::many_at_a_time(tx, Lock::Bills, run_of(site))?;
    let until = store::setting::get(tx, &billed_until(site))?.and_then(|text| text.parse().ok()).unwrap_or(i64::MIN);
    let following = month(at).saturating_add(jiff::Span::new().months(1));
    Ok(micros(at) >= until && ctx.now < next_run(site, site.start_of(following)))
}

/// How use stands on a bill: the name of its line, and from when. It is on the bill of the month of its day while that is
/// open, also when it is charged after midnight; later it is on the running one, under the day and the month of the charge.
pub(super) fn use_on_bill(site: &Site, used: Timestamp, now: Timestamp, is_open: bool) -> (String, Timestamp) {
    let day = site.day_of(used);
    if is_open {
        return (day.to_string(), used);
    }
    (format!("{day}/{}", site.day_of(now).strftime("%Y-%m")), now)
}

/// Issues the bills of a site for the month before; says how many. Lines of earlier months that were not
/// billed come along.
///
/// # Errors
/// [`Error::Store`].
pub fn issue(tx: &mut Tx, ctx: &Ctx, site: &Site) -> Result<usize, Error> {
    let (until, month) = closed_month(site, ctx.now);
    db::dialect::one_at_a_time(tx, Lock::Bills, run_of(site))?;
    store::setting::put(tx, &billed_until(site), &micros(until).to_string())?;
    let mut issued: usize = 0;
    for seller in bill::any_billable(tx, site.currency, Moment::of(until))? {
        let home = account::lookup(tx, seller)?.map(|a| a.site);
        if home != Some(site.code) {
            continue;
        }
        let row = Bill {
            id: Key::of(ctx.id::<BillId>()),
            seller_id: seller,
            month: month.clone(),
            currency: site.currency,
            total_minor: 0,
            issued_at: ctx.moment(),
        };
        let total = bill::issue(tx, &row, Moment::of(until))?;
        let send = message::Send {
            event: MessageEvent::BillIssued,
            account: Some(seller),
            order: None,
            subject: Some(row.id.id::<BillId>().to_string()),
            about: month.clone(),
            params: &[("month", month.clone().into()), ("amount", Money::new(total, site.currency).to_string().into())],
        };
        message::send(tx, ctx, &send)?;
        issued = issued.saturating_add(1);
    }
    Ok(issued)
}

/// What will be on the next bill: the total, and a page of the lines.
#[derive(Debug)]
pub struct Running {
    pub total_minor: i64,
    pub sides: Sides,
    pub lines: Vec<BillLine>,
}

/// What will be on the next bill of a seller, as it stands now.
///
/// # Errors
/// [`Error::Store`].
pub fn running(tx: &mut Tx, ctx: &Ctx, seller: Key, currency: Currency, page: Page) -> Result<Running, Error> {
    let until = Moment::of(ctx.now.saturating_add(SignedDuration::from_micros(1)).unwrap_or(Timestamp::MAX));
    let total_minor = bill::open_total(tx, seller, currency, until)?;
    let sides = bill::open_sides(tx, seller, currency, until)?;
    Ok(Running { total_minor, sides, lines: bill::open_lines(tx, seller, currency, until, page)? })
}

/// How much of what each line's order line was paid came back, on whatever bill; nothing comes back of use, which is charged
/// by the day.
///
/// # Errors
/// `amount.too_large`.
pub fn extents(tx: &mut Tx, lines: &[BillLine]) -> Result<Vec<Extent>, Error> {
    let ids: Vec<Key> = lines.iter().filter(|l| l.kind != BillKind::Usage).map(|l| l.line_id).collect();
    let amounts = bill::amounts_of(tx, &ids)?;
    let extent = |line: &BillLine| {
        let own = || amounts.iter().filter(|(of, _)| line.kind != BillKind::Usage && *of == line.line_id).map(|(_, minor)| *minor);
        let paid = money::sum(own().filter(|minor| *minor > 0))?;
        Ok(Extent::of(paid, money::difference(0, money::sum(own().filter(|minor| *minor < 0))?)?))
    };
    lines.iter().map(extent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::site::SiteCode;

    #[test]
    fn bills_are_made_on_the_third_of_the_site() {
        let site = Site::of(SiteCode::Cn);
        let at = |t: &str| t.parse::<Timestamp>().unwrap();
        assert_eq!(next_run(&site, at("2024-01-07T00:00:00Z")), at("2024-02-02T16:00:00Z"));
        assert_eq!(next_run(&site, at("2024-02-02T15:59:59Z")), at("2024-02-02T16:00:00Z"));
        assert_eq!(next_run(&site, at("2024-12-02T16:00:00Z")), at("2025-01-02T16:00:00Z"));
        let used = at("2024-01-31T15:00:00Z");
        assert_eq!(use_on_bill(&site, used, at("2024-02-02T15:59:59Z"), true), ("2024-01-31".to_owned(), used));
        let late = at("2024-02-02T16:00:00Z");
        assert_eq!(use_on_bill(&site, used, late, false), ("2024-01-31/2024-02".to_owned(), late));
        assert_eq!(closed_month(&site, at("2024-02-02T16:00:00Z")), (at("2024-01-31T16:00:00Z"), "2024-01".to_owned()));
    }
}
