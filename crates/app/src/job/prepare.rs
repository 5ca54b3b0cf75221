//! What a node makes sure of before it works.

use super::{JobKind, schedule_named};
use crate::{Ctx, Error, money, probe, supervision};
use db::Tx;
use domain::site::Site;

/// Loads the built-in templates and schedules the jobs that run for ever, unless they are there.
///
/// # Errors
/// `site.currency`.
pub fn prepare(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    supervision::load_built_in(tx, ctx)?;
    for site in ctx.settings.sites.all() {
        keeps_its_currency(tx, site)?;
        let name = format!("bills:{}", site.code);
        schedule_named(tx, ctx, JobKind::Bills, &name, money::next_bill_run(site, ctx.now))?;
        supervision::next_open_cases(tx, ctx, site)?;
        if ctx.settings.probing {
            probe::next_round(tx, ctx, site)?;
        }
    }
    Ok(())
}

/// Amounts are kept as numbers in the currency of their site: in another one each would be another price.
fn keeps_its_currency(tx: &mut Tx, site: &Site) -> Result<(), Error> {
    let (name, currency) = (format!("site_currency:{}", site.code), site.currency.as_str());
    match store::setting::get(tx, &name)? {
        Some(kept) if kept != currency && store::account::any_of_site(tx, site.code.as_str())? => {
            let code = site.code;
            let detail = format!(
                "the accounts of site {code} are kept in {kept}, and the configuration says {currency}: set it to {kept} again; \
                 another currency wants another database"
            );
            Err(Error::conflict("site.currency", detail))
        }
        _ => Ok(store::setting::put(tx, &name, currency)?),
    }
}
