//! What a node makes sure of before it works.

use super::{JobKind, schedule_named};
use crate::{Ctx, Error, money, probe, supervision};
use db::Tx;

/// Loads the built-in templates and schedules the jobs that run for ever, unless they are there.
///
/// # Errors
/// [`Error::Store`].
pub fn prepare(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    supervision::load_built_in(tx, ctx)?;
    for site in ctx.settings.sites.all() {
        let name = format!("bills:{}", site.code);
        schedule_named(tx, ctx, JobKind::Bills, &name, money::next_bill_run(site, ctx.now))?;
        supervision::next_open_cases(tx, ctx, site)?;
        if ctx.settings.probing {
            probe::next_round(tx, ctx, site)?;
        }
    }
    Ok(())
}
