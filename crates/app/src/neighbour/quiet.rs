//! What a call would say to a seller that is not called: it is true at once, and the seller learns it by asking.

use super::{customer, guid};
use crate::{Ctx, Error, call};
use db::Tx;
use domain::call::{Activity, Outcome};
use store::{call::Call, instance::Instance};
use wire::{conformance::Protocol, saas_v2::AppInfo};

/// Ends a call that is due without making it, when the seller of its instance only asks.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn without_call(tx: &mut Tx, ctx: &Ctx, call: &Call, instance: &Instance, spoken: Protocol) -> Result<bool, Error> {
    if spoken != Protocol::SaasAws {
        return Ok(false);
    }
    let mut judged = call::Judged { outcome: Outcome::Success, instance_id: None, app: None, licence: None };
    if call::activity(call)? == Activity::Create {
        customer::of(tx, ctx, instance.seller_id, instance.buyer_id)?;
        judged.instance_id = Some(guid(instance));
        judged.app = Some(AppInfo::default());
    }
    call::succeeded_quietly(tx, ctx, call, instance, &judged)?;
    Ok(true)
}
