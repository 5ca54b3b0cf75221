//! The rates by which the use of a month is shared: those of its first charge. What is corrected within the month takes back
//! what was shared, also when the rates of the site have changed meanwhile (`money 1.3`).

use crate::{Ctx, Error};
use db::Tx;
use domain::settlement::Rates;
use store::setting;

/// The rates of the use of a month, `yyyy-MM`.
pub(super) fn of_use(tx: &mut Tx, ctx: &Ctx, month: &str) -> Result<Rates, Error> {
    let name = format!("rates_of_use:{month}");
    let Some(text) = setting::get(tx, &name)? else {
        let rates = ctx.settings.rates;
        setting::put(tx, &name, &format!("{} {}", rates.fee, rates.fee_tax))?;
        return Ok(rates);
    };
    let bad = || Error::row("settings", &name, format!("{text:?} is no pair of rates"));
    let (fee, tax) = text.split_once(' ').ok_or_else(bad)?;
    Ok(Rates { fee: fee.parse().map_err(|_| bad())?, fee_tax: tax.parse().map_err(|_| bad())? })
}
