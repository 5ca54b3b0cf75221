//! What a node makes sure of before it works.

use super::{JobKind, schedule_named};
use crate::{Ctx, Error, message, money, probe, supervision};
use db::Tx;
use domain::site::Site;

/// Loads the built-in templates and schedules the jobs that run for ever, unless they are there, and those of what is to be sent
/// and lost its own.
///
/// # Errors
/// `site.currency`, `site.time_zone`.
pub fn prepare(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    supervision::load_built_in(tx, ctx)?;
    message::resume(tx, ctx)?;
    for site in ctx.settings.sites.all() {
        keep(tx, site)?;
        let name = format!("bills:{}", site.code);
        schedule_named(tx, ctx, JobKind::Bills, &name, money::next_bill_run(site, ctx.now))?;
        supervision::next_open_cases(tx, ctx, site)?;
        if ctx.settings.probing {
            probe::next_round(tx, ctx, site)?;
        }
    }
    Ok(())
}

/// What stays as it was once a site has accounts. Amounts are kept as numbers in the currency of their site: in another one each
/// would be another price. Terms, months and bills are of days of its time zone: by another one right books look wrong.
fn kept(site: &Site) -> [(&'static str, String, String); 2] {
    let fixed = || site.time_zone.to_fixed_offset().map_or_else(|_| "its own".to_owned(), |offset| format!("UTC{offset}"));
    let zone = site.time_zone.iana_name().map_or_else(fixed, str::to_owned);
    [
        ("site.currency", format!("site_currency:{}", site.code), site.currency.to_string()),
        ("site.time_zone", format!("site_time_zone:{}", site.code), zone),
    ]
}

fn check(tx: &mut Tx, site: &Site) -> Result<(), Error> {
    for (code, name, configured) in kept(site) {
        match store::setting::get(tx, &name)? {
            Some(kept) if kept != configured && store::account::any_of_site(tx, site.code.as_str())? => {
                let what = if code == "site.currency" { "currency" } else { "time zone" };
                let detail = format!(
                    "the books of site {} are kept in the {what} {kept}, and the configuration says {configured}: set it to {kept} again, \
                     or name the settings file of this database with --config; another {what} wants another database",
                    site.code
                );
                return Err(Error::conflict(code, detail));
            }
            _ => {}
        }
    }
    Ok(())
}

fn keep(tx: &mut Tx, site: &Site) -> Result<(), Error> {
    check(tx, site)?;
    kept(site).iter().try_for_each(|(_, name, configured)| Ok(store::setting::put(tx, name, configured)?))
}

/// Whether the configured sites are those that the books of a database are kept by.
///
/// # Errors
/// `site.currency`, `site.time_zone`.
pub fn check_sites(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    ctx.settings.sites.all().iter().try_for_each(|site| check(tx, site))
}
