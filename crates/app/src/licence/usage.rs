//! Active clients of licences, as the software reports them day by day (`license-interface 2.2.5`).

use super::{Noted, held, refused};
use crate::{Caller, Ctx, Error};
use db::{Key, Tx};
use domain::licence::{LicenceState, Refused};
use sha2::{Digest, Sha256};
use store::licence;
use wire::open_api::licence::Report;

/// What the caller's software reports, to be counted: all codes or none.
///
/// # Errors
/// `licence.not_found`, `licence.not_activated`.
pub fn report(tx: &mut Tx, ctx: &Ctx, caller: &Caller, reports: &[(String, Vec<Report>)]) -> Result<Noted, Error> {
    let codes: Vec<String> = reports.iter().map(|(code, _)| code.clone()).collect();
    let mut noted = Noted::default();
    for (one, (_, said)) in held(tx, Key::of(caller.account_id), &codes)?.into_iter().zip(reports) {
        if one.state(ctx)? == LicenceState::NotActivated {
            return Err(refused(&Refused::NotActivated));
        }
        for report in said {
            match report {
                Report::Client(id) => noted.client(&today(ctx), one.licence.id, id),
                Report::Active(number) => noted.reported(&today(ctx), one.licence.id, i64::from(*number)),
            }
        }
    }
    Ok(noted)
}

/// Counts a client of today at once.
pub(super) fn count(tx: &mut Tx, ctx: &Ctx, licence: Key, client: &str) -> Result<(), Error> {
    Ok(licence::count_clients(tx, &today(ctx), &[(licence, client_hash(client))])?)
}

/// Who he is, is nobody's business.
pub(super) fn client_hash(client: &str) -> Vec<u8> {
    Sha256::digest(client.as_bytes())[..16].to_vec()
}

/// Days of these statistics are days of UTC: the software's own day is not known.
pub(super) fn today(ctx: &Ctx) -> String {
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
