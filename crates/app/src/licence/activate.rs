//! Activation: the seller's software uses a code for the first time; the term begins and the order is complete
//! (`license-interface 2.2.1`, `2.2.2`).

use super::{Answer, Held, held, refused};
use crate::{Caller, Ctx, Error, event, from_micros, instance, micros, supervision};
use db::{Key, Tx};
use domain::{
    Timestamp,
    licence::{Refused, may_activate},
};
use serde_json::json;
use store::{Written, licence};
use wire::saas_v2::AppInfo;

/// Activates codes of the caller, all or none; answers what became of each.
///
/// # Errors
/// `licence.not_found`, `licence.state`, `licence.not_received`, `licence.real_effect_time`.
pub fn activate(tx: &mut Tx, ctx: &Ctx, caller: &Caller, codes: &[String], real: Option<Timestamp>) -> Result<Vec<Answer>, Error> {
    let seller = Key::of(caller.account_id);
    // Two calls with the same codes wait for each other in one order.
    let mut sorted = codes.to_vec();
    sorted.sort();
    for one in held(tx, seller, &sorted)? {
        if activate_one(tx, ctx, &one, real)? == Written::SomeoneElseWasFirst {
            return Err(refused(&Refused::ActivatedAlready));
        }
    }
    super::query::answers(tx, ctx, seller, codes)
}

/// Activates one code, unless somebody else did so at the same time.
///
/// # Errors
/// Those of [`activate`].
pub(super) fn activate_one(tx: &mut Tx, ctx: &Ctx, held: &Held, real: Option<Timestamp>) -> Result<Written, Error> {
    may_activate(held.state(ctx)?, from_micros(held.licence.ordered_at), real, ctx.now).map_err(|e| refused(&e))?;
    if licence::activate(tx, held.licence.id, ctx.now_micros(), real.map(micros))? == Written::SomeoneElseWasFirst {
        return Ok(Written::SomeoneElseWasFirst);
    }
    let Some(found) = &held.instance else {
        let about = event::About::account(held.licence.seller_id);
        event::record(tx, ctx, "licence.test_code_activated", about, &json!({}))?;
        return Ok(Written::Yes);
    };
    let about = event::About { instance: Some(found.id), order: found.open_order_id, ..event::About::default() };
    event::record(tx, ctx, "licence.activated", about, &json!({ "real_effect_time": real }))?;
    match supervision::activated(tx, ctx, found) {
        Ok(true) => Ok(Written::Yes),
        // Sold before there was supervision.
        Ok(false) => instance::opened(tx, ctx, found, &AppInfo::default()).map(|()| Written::Yes),
        Err(e) => Err(match e.code() {
            Some("supervision.not_taken") => refused(&Refused::NotReceived),
            Some("supervision.frozen" | "supervision.refund_agreed") => refused(&Refused::Frozen),
            // Not yet delivered: the buyer cannot have it.
            Some("supervision.not_awaited") => refused(&Refused::NotReceived),
            _ => e,
        }),
    }
}
