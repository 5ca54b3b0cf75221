//! Figures by month for the overviews: what a buyer spent, what a seller earned.

use crate::{Caller, Ctx, Error};
use db::{Key, Moment, Tx};
use domain::site::Month;
use ledger::AccountKind;
use store::{bill, ledger as postings};

/// Months that an overview shows, the present one included.
const MONTHS: usize = 12;

fn range(month: &Month) -> (Moment, Moment) {
    (Moment::of(month.start), Moment::of(month.end))
}

/// What the caller's wallet paid for orders and use less what came back, by month, the oldest first, in minor units.
///
/// # Errors
/// [`Error::Store`].
pub fn spending(tx: &mut Tx, ctx: &Ctx, caller: &Caller) -> Result<Vec<(Month, i64)>, Error> {
    let (site, owner) = (ctx.site(caller.site), hex::encode(Key::of(caller.account_id).0));
    let mut all = Vec::new();
    for month in site.months_until(ctx.now, MONTHS) {
        let moved = postings::moved_by_orders(tx, AccountKind::BuyerWallet, &owner, site.currency, range(&month))?;
        all.push((month, domain::money::difference(0, moved)?));
    }
    Ok(all)
}

/// What took effect for a seller in a month, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earned {
    /// Of original lines and of use.
    pub sold_minor: i64,
    /// Of refund lines; negative.
    pub refunded_minor: i64,
    /// After commission and tax.
    pub payable_minor: i64,
}

/// What the caller earned by month, the oldest first.
///
/// # Errors
/// [`Error::Store`].
pub fn revenue(tx: &mut Tx, ctx: &Ctx, caller: &Caller) -> Result<Vec<(Month, Earned)>, Error> {
    let site = ctx.site(caller.site);
    let mut all = Vec::new();
    for month in site.months_until(ctx.now, MONTHS) {
        let (sold_minor, refunded_minor, payable_minor) = bill::sums(tx, Key::of(caller.account_id), site.currency, range(&month))?;
        all.push((month, Earned { sold_minor, refunded_minor, payable_minor }));
    }
    Ok(all)
}
