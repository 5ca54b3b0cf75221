//! Active clients of licences, as the software reports them day by day (`license-interface 2.2.5`).

use super::{held, refused};
use crate::{Caller, Ctx, Error};
use db::{Key, Tx};
use domain::licence::{LicenceState, Refused};
use sha2::{Digest, Sha256};
use store::licence;
use wire::open_api::licence::Report;

/// Counts what the caller's software reports, all codes or none.
///
/// # Errors
/// `licence.not_found`, `licence.not_activated`.
pub fn report(tx: &mut Tx, ctx: &Ctx, caller: &Caller, reports: &[(String, Vec<Report>)]) -> Result<(), Error> {
    let mut sorted: Vec<&(String, Vec<Report>)> = reports.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let codes: Vec<String> = sorted.iter().map(|(code, _)| code.clone()).collect();
    for (one, (_, said)) in held(tx, Key::of(caller.account_id), &codes)?.into_iter().zip(sorted) {
        if one.state(ctx)? == LicenceState::NotActivated {
            return Err(refused(&Refused::NotActivated));
        }
        let clients: Vec<&str> = said.iter().filter_map(|r| if let Report::Client(id) = r { Some(id.as_str()) } else { None }).collect();
        let highest = said.iter().filter_map(|r| if let Report::Active(n) = r { Some(i64::from(*n)) } else { None }).max();
        count(tx, ctx, one.licence.id, &clients, highest.unwrap_or(0))?;
    }
    Ok(())
}

/// Counts clients of today that were not counted yet, and the number that was reported.
pub(super) fn count(tx: &mut Tx, ctx: &Ctx, licence: Key, clients: &[&str], reported: i64) -> Result<(), Error> {
    let day = today(ctx);
    let mut hashes: Vec<Vec<u8>> = clients.iter().map(|c| Sha256::digest(c.as_bytes())[..16].to_vec()).collect();
    hashes.sort();
    hashes.dedup();
    let new = licence::count_clients(tx, licence, &day, &hashes)?;
    Ok(licence::count_day(tx, licence, &day, new, reported)?)
}

/// Days of these statistics are days of UTC: the software's own day is not known.
fn today(ctx: &Ctx) -> String {
    ctx.now.strftime("%Y-%m-%d").to_string()
}

/// Days that a licence's page shows at most.
const DAYS_SHOWN: i64 = 90;

/// Active clients by day, oldest first: the distinct ids, or the number that the software counted when that is more.
///
/// # Errors
/// [`Error::Store`].
pub fn by_day(tx: &mut Tx, licence: Key) -> Result<Vec<(String, i64)>, Error> {
    Ok(licence::days(tx, licence, DAYS_SHOWN)?.into_iter().map(|d| (d.day, d.clients.max(d.reported))).collect())
}
