//! A recording of what a seller's servers were asked and answered, from the production-interface messages.

use super::activity;
use crate::{Error, Tenant, from_micros};
use db::{Key, Tx};
use domain::call::Activity;
use std::collections::HashMap;
use store::{
    Page,
    call::{self, Attempt, Filter},
};
use wire::{
    conformance::Protocol,
    recording::{Recorded, Recording},
};

/// Calls in one recording: the newest ones.
const CALLS_MAX: i64 = 500;

/// What a call was spoken in: by its activity, and the address it went to.
fn protocol(activity: Activity, url: &str) -> Protocol {
    match activity {
        Activity::Notify => Protocol::OrderNotify,
        Activity::RefreshCode | Activity::UpdateCodeStatus | Activity::ReleaseCode => Protocol::Licence,
        Activity::GetLicence | Activity::RefreshLicence | Activity::ExpireLicence | Activity::ReleaseLicence => Protocol::LicenceV1,
        Activity::Apply => Protocol::LicenceOnline,
        _ if activity.is_kit() => Protocol::Kit,
        _ if url.contains("authToken=") => Protocol::SaasV1,
        _ if url.contains("signature=") => Protocol::SaasV2,
        _ => Protocol::SaasAzure,
    }
}

/// What the wire calls it: 1.0 has names of its own for some (`saas-interface 3.2`).
fn sent_as(activity: Activity, request: &str) -> String {
    let sent = serde_json::from_str::<serde_json::Value>(request).ok();
    let named = sent.and_then(|r| r["activity"].as_str().map(str::to_owned));
    named.unwrap_or_else(|| activity.to_string())
}

/// The exchanges of a tenant's newest calls, oldest first; of one instance or order when so narrowed.
///
/// # Errors
/// [`Error::Store`].
pub fn recording(tx: &mut Tx, tenant: Tenant, instance: Option<Key>, order: Option<String>) -> Result<Recording, Error> {
    let filter = Filter { instance_id: instance, order_number: order, ..Filter::default() };
    let calls = call::list(tx, tenant, &filter, Page::first(CALLS_MAX))?;
    let activities = calls.iter().map(|c| Ok((c.id, activity(c)?))).collect::<Result<HashMap<Key, Activity>, Error>>()?;
    let ids: Vec<Key> = calls.iter().map(|c| c.id).collect();
    let recorded = |a: Attempt| {
        let activity = activities.get(&a.call_id).copied()?;
        Some(Recorded {
            at: from_micros(a.started_at).to_string(),
            protocol: protocol(activity, &a.url).name().to_owned(),
            activity: sent_as(activity, &a.request),
            request: a.request,
            status: a.status.and_then(|s| u16::try_from(s).ok()),
            answer: a.answer,
        })
    };
    Ok(Recording { exchanges: call::any_last_attempts(tx, &ids)?.into_iter().filter_map(recorded).collect() })
}
