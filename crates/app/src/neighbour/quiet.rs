//! What a call would say to a seller that is not called: it is true at once, and the seller learns it by asking. An
//! Azure subscription waits for the seller's activation; its webhook is called for what it has an event for.

use super::{azure, customer, guid};
use crate::{Ctx, Error, call};
use db::{Moment, Tx};
use domain::{
    Timestamp,
    call::{Activity, CallState, Outcome},
};
use jiff::SignedDuration;
use store::Locked;
use store::{
    call::{Call, Progress},
    instance::Instance,
};
use wire::{conformance::Protocol, saas_v2::AppInfo};

/// A subscription that is not activated for so long is cancelled, as Azure does.
const ACTIVATION_DAYS: i64 = 30;

/// What is to be done with a call that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// It is made.
    Made,
    /// It is over without having been made.
    Over,
    /// It waits for the seller until then.
    Until(Timestamp),
}

/// Whether a due call to a seller of a neighbour is made; what is true without it, is made true.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn without_call(tx: &mut Tx, ctx: &Ctx, call: &Call, instance: &Locked<Instance>, spoken: Protocol) -> Result<Quiet, Error> {
    let activity = call.activity;
    let mut judged = call::Judged { outcome: Outcome::Success, instance_id: None, app: None, licence: None };
    match (spoken, activity) {
        (Protocol::SaasAws, Activity::Create) => {
            customer::of(tx, ctx, instance.seller_id, instance.buyer_id)?;
            judged.instance_id = Some(guid(instance));
            judged.app = Some(AppInfo::default());
        }
        (Protocol::SaasAws, _) => {}
        (_, Activity::Create) => return until_activated(tx, ctx, call, instance),
        (_, Activity::Upgrade) => {
            // The webhook has heard of it and said nothing since: that is consent.
            let heard = store::call::attempts(tx, call.id)?.last().is_some_and(|a| a.outcome.as_deref() == Some(Outcome::Accepted.kind()));
            if !heard {
                return Ok(Quiet::Made);
            }
        }
        _ if azure::is_told(call)? => return Ok(Quiet::Made),
        _ => {}
    }
    call::succeeded_quietly(tx, ctx, call, instance, &judged)?;
    Ok(Quiet::Over)
}

fn until_activated(tx: &mut Tx, ctx: &Ctx, call: &Call, instance: &Locked<Instance>) -> Result<Quiet, Error> {
    let end = call.created_at.at() + SignedDuration::from_hours(24 * ACTIVATION_DAYS);
    if end <= ctx.now {
        let reason = format!("the seller did not activate the subscription within {ACTIVATION_DAYS} days");
        call::given_up_quietly(tx, ctx, call, instance, &reason)?;
        return Ok(Quiet::Over);
    }
    if instance.seller_instance_id.is_none() {
        let _ = store::instance::set_seller_id(tx, instance, &guid(instance))?;
    }
    let waits = Progress {
        id: call.id,
        state: CallState::Due,
        failures: call.failures,
        next_at: Some(Moment::of(end)),
        ended_at: None,
        error: None,
    };
    store::call::progress(tx, instance, &waits)?;
    Ok(Quiet::Until(end))
}
