//! Activation: the seller's software uses a code for the first time; the term begins and the order is complete
//! (`license-interface 2.2.1`, `2.2.2`).

use super::{Locked, locked, refused};
use crate::{Caller, Ctx, Error, Tenant, event, instance, supervision};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    licence::{Refused, may_activate},
};
use serde_json::json;
use store::{Written, instance::Instance, licence};
use wire::saas_v2::AppInfo;

/// Activates codes of the caller, all or none. What became of them is asked by [`query`](super::query).
///
/// # Errors
/// `licence.not_found`, `licence.state`, `licence.not_received`, `licence.real_effect_time`.
pub fn activate(tx: &mut Tx, ctx: &Ctx, caller: &Caller, codes: &[String], real: Option<Timestamp>) -> Result<(), Error> {
    let seller = Key::of(caller.account_id);
    let found = locked(tx, seller, codes)?;
    if activate_all(tx, ctx, &found, real)? == Written::SomeoneElseWasFirst {
        return Err(refused(&Refused::ActivatedAlready));
    }
    Ok(())
}

/// Activates codes, unless somebody else did so at the same time with one of them; then the transaction is to be rolled
/// back.
///
/// # Errors
/// Those of [`activate`].
pub(super) fn activate_all(tx: &mut Tx, ctx: &Ctx, held: &[Locked], real: Option<Timestamp>) -> Result<Written, Error> {
    for one in held {
        may_activate(one.state(ctx)?, one.licence.ordered_at.at(), real, ctx.now).map_err(|e| refused(&e))?;
    }
    let codes: Vec<_> = held.iter().map(|one| (one.licence.id, one.instance.as_ref())).collect();
    if licence::activate(tx, &codes, ctx.moment(), real.map(Moment::of))? == Written::SomeoneElseWasFirst {
        return Ok(Written::SomeoneElseWasFirst);
    }
    for one in held {
        recorded(tx, ctx, one, real)?;
    }
    let instances: Vec<&Instance> = held.iter().filter_map(|one| one.instance.as_deref()).collect();
    match supervision::activated(tx, ctx, &instances) {
        // Sold before there was supervision.
        Ok(others) => {
            for found in others {
                let locked = instance::locked(tx, Tenant::Any, instance::id(found))?;
                instance::opened(tx, ctx, &locked, &AppInfo::default())?;
            }
        }
        Err(e) => {
            return Err(match e.code() {
                Some("supervision.not_taken") => refused(&Refused::NotReceived),
                Some("supervision.frozen" | "supervision.refund_agreed" | "supervision.refund_open") => refused(&Refused::Frozen),
                // Not yet delivered: the buyer cannot have it.
                Some("supervision.not_awaited") => refused(&Refused::NotReceived),
                _ => e,
            });
        }
    }
    Ok(Written::Yes)
}

fn recorded(tx: &mut Tx, ctx: &Ctx, held: &Locked, real: Option<Timestamp>) -> Result<(), Error> {
    match &held.instance {
        None => event::record(tx, ctx, "licence.test_code_activated", event::About::account(held.licence.seller_id), &json!({})),
        Some(found) => {
            let about = event::About { instance: Some(found.id), order: found.open_order_id, ..event::About::default() };
            event::record(tx, ctx, "licence.activated", about, &json!({ "real_effect_time": real }))
        }
    }
}
