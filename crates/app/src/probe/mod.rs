//! Probing (拨测): saved cases of products on sale are replayed twice a day; five failing days freeze trading
//! (`seller-domain 6.3`).

mod finish;
mod round;

pub use finish::{Probed, finish, finish_by_hand};
pub use round::{Prepared, next_of_seller, next_round, prepare, round};

use crate::{Ctx, Error};
use db::{Key, Moment, Tx};
use domain::probe::{FAILING_DAYS_MAX, failing_days};
use store::probe::{self, Day, Probe};

/// How a product's interface does.
#[derive(Debug, Clone)]
pub struct Health {
    pub newest: Option<Probe>,
    /// The last days with probes, newest first.
    pub days: Vec<Day>,
    pub failing_days: i64,
    /// Openings that failed this calendar month.
    pub failed_orders: i64,
}

/// Days that are shown.
const DAYS_SHOWN: i64 = 30;

/// The failing days of a product in a row, counted since probing froze it last.
fn failing(tx: &mut Tx, product: Key) -> Result<i64, Error> {
    let since = probe::any_last_freeze(tx, product)?.unwrap_or(i64::MIN);
    let days = probe::any_days(tx, product, since, FAILING_DAYS_MAX)?;
    Ok(failing_days(&days.iter().map(|d| d.passed).collect::<Vec<_>>()))
}

/// The health of a product at a site.
///
/// # Errors
/// [`Error::Store`].
pub fn health(tx: &mut Tx, ctx: &Ctx, product: Key, site: &domain::site::Site) -> Result<Health, Error> {
    let month = site.start_of(site.day_of(ctx.now).first_of_month());
    Ok(Health {
        newest: probe::any_newest(tx, product)?,
        days: probe::any_days(tx, product, i64::MIN, DAYS_SHOWN)?,
        failing_days: failing(tx, product)?,
        failed_orders: store::instance::any_failed_since(tx, product, Moment::of(month))?,
    })
}
