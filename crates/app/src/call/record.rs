//! A recording of what a seller's servers were asked and answered, from the production-interface messages.

use crate::{Error, Tenant};
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
        _ if activity.is_kit() && url.contains("/produceAPI/v2/") => Protocol::Kit,
        _ if activity.is_kit() => Protocol::KitV1,
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

/// What is taken of a tenant's messages; everything when not narrowed.
#[derive(Debug, Clone, Default)]
pub struct Narrowed {
    pub instance: Option<Key>,
    pub order: Option<String>,
    /// URL of an interface address.
    pub url: Option<String>,
}

/// The exchanges of a tenant's newest calls, oldest first.
///
/// # Errors
/// [`Error::Store`].
pub fn recording(tx: &mut Tx, tenant: Tenant, of: &Narrowed) -> Result<Recording, Error> {
    let filter = Filter { instance_id: of.instance, order_number: of.order.clone(), ..Filter::default() };
    // Behind an address stands nothing, the query, or the path of the kit.
    let went_there = |url: &str| {
        let rest = of.url.as_ref().map_or(Some(""), |address| url.strip_prefix(address.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/']))
    };
    let calls = call::list(tx, tenant, &filter, Page::first(CALLS_MAX))?;
    let activities: HashMap<Key, Activity> = calls.iter().map(|c| (c.id, c.activity)).collect();
    let ids: Vec<Key> = calls.iter().map(|c| c.id).collect();
    let recorded = |a: Attempt| {
        let activity = activities.get(&a.call_id).copied().filter(|_| went_there(&a.url))?;
        Some(Recorded {
            at: a.started_at.at().to_string(),
            protocol: protocol(activity, &a.url).name().to_owned(),
            activity: sent_as(activity, &a.request),
            request: a.request,
            status: a.status.and_then(|s| u16::try_from(s).ok()),
            answer: a.answer,
        })
    };
    Ok(Recording { exchanges: call::any_last_attempts(tx, &ids)?.into_iter().filter_map(recorded).collect() })
}
