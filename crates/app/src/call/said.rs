//! What the marketplace says of an instance, in the words of its product: an instance, a code, a licence.

use crate::Error;
use domain::{call::Activity, id::CallId, instance::FreezeCause, listing::AccessType};
use store::{call::Call, instance::Instance};
use wire::{
    licence::{self, Scene as CodeScene},
    licence_online::{self, Application},
    saas_v2::{OrderIds, Request, Scene, Status},
};

/// A stored request.
#[derive(Debug, Clone)]
pub enum Said {
    Instance(Request),
    Code(licence::Request),
    /// Licence 1.x: what is wanted, with the activity that says it there.
    Licence(Activity, Request),
    Apply(Application),
    /// Of a company's people.
    Kit(wire::kit::Request),
}

impl Said {
    /// The words for an instance; none when its interface has no call for that.
    ///
    /// # Errors
    /// [`Error::Row`] for what a licence is never told; its listing cannot offer it.
    pub fn of(instance: &Instance, wanted: &Request) -> Result<Option<Self>, Error> {
        match instance.access_type {
            AccessType::Saas | AccessType::LicenceOnline => Ok(Some(Self::Instance(wanted.clone()))),
            AccessType::LicenceCode => code(wanted).map(|said| Some(Self::Code(said))),
            AccessType::LicenceV1 => Ok(licence_1x(instance, wanted)?.map(|activity| Self::Licence(activity, wanted.clone()))),
            // Delivered by hand: there is nobody to call.
            AccessType::LicenceIdentification
            | AccessType::LicenceFile
            | AccessType::LicencePackage
            | AccessType::HumanService
            | AccessType::DataFile
            | AccessType::Hardware
            | AccessType::Orchestration => Ok(None),
        }
    }

    /// What a stored call says.
    ///
    /// # Errors
    /// [`Error::Row`].
    pub fn read(call: &Call) -> Result<Self, Error> {
        let bad = |e: serde_json::Error| Error::row("calls", call.id.id::<CallId>(), e);
        match call.activity {
            Activity::RefreshCode | Activity::UpdateCodeStatus | Activity::ReleaseCode => {
                serde_json::from_str(&call.request).map(Self::Code).map_err(bad)
            }
            a @ (Activity::GetLicence | Activity::RefreshLicence | Activity::ExpireLicence | Activity::ReleaseLicence) => {
                serde_json::from_str(&call.request).map(|wanted| Self::Licence(a, wanted)).map_err(bad)
            }
            Activity::Apply => serde_json::from_str(&call.request).map(Self::Apply).map_err(bad),
            a if a.is_kit() => serde_json::from_str(&call.request).map(Self::Kit).map_err(bad),
            Activity::Create
            | Activity::Query
            | Activity::Refresh
            | Activity::UpdateStatus
            | Activity::Release
            | Activity::Upgrade
            | Activity::ChangeCheck
            | Activity::Notify
            | Activity::TenantSync
            | Activity::AllOrgSync
            | Activity::ApplicationSync
            | Activity::AuthSync
            | Activity::SingleOrgSync => serde_json::from_str(&call.request).map(Self::Instance).map_err(bad),
        }
    }

    /// The activity that says it.
    ///
    /// # Errors
    /// [`Error::Row`] for one that the wire knows and we do not.
    pub fn activity(&self) -> Result<Activity, Error> {
        self.name().parse().map_err(|e| Error::row("calls", self.name(), e))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Instance(request) => request.activity(),
            Self::Code(request) => request.activity(),
            Self::Licence(activity, _) => activity.as_str(),
            Self::Apply(_) => licence_online::ACTIVITY,
            Self::Kit(request) => request.path(),
        }
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`Error::Row`].
    pub fn text(&self) -> Result<String, Error> {
        let text = match self {
            Self::Instance(request) | Self::Licence(_, request) => serde_json::to_string(request),
            Self::Code(request) => serde_json::to_string(request),
            Self::Apply(application) => serde_json::to_string(application),
            Self::Kit(request) => serde_json::to_string(request),
        };
        text.map_err(|e| Error::row("calls", self.name(), e))
    }

    /// The order that was paid for it; releases and cancelled renewals are not purchases.
    #[must_use]
    pub fn purchase(&self) -> Option<&OrderIds> {
        match self {
            Self::Instance(wanted) | Self::Licence(_, wanted) => match wanted {
                Request::RefreshInstance { scene: Scene::UnsubscribeRenewalPeriod, .. }
                | Request::QueryInstance { .. }
                | Request::UpdateInstanceStatus { .. }
                | Request::ChangeInstanceCheck { .. }
                | Request::ReleaseInstance { .. } => None,
                Request::NewInstance { order, .. } | Request::RefreshInstance { order, .. } | Request::UpgradeInstance { order, .. } => {
                    Some(order)
                }
            },
            Self::Code(licence::Request::Refresh { scene: CodeScene::Renewal, order, .. }) => Some(order),
            Self::Code(_) | Self::Apply(_) | Self::Kit(_) => None,
        }
    }
}

fn never_said(wanted: &Request, of: &str) -> Error {
    Error::row("calls", wanted.activity(), format!("is not said of {of}"))
}

/// The same of a code (`license-interface 2.4`): the seller's id of its instance is the code.
fn code(wanted: &Request) -> Result<licence::Request, Error> {
    Ok(match wanted.clone() {
        Request::RefreshInstance { scene, order, instance_id, product_id, expire_time } => licence::Request::Refresh {
            scene: match scene {
                Scene::UnsubscribeRenewalPeriod => CodeScene::UnsubscribeRenewalPeriod,
                Scene::Renewal | Scene::TrialToFormal | Scene::RenewalChange => CodeScene::Renewal,
            },
            order,
            license: instance_id,
            product_id,
            expire_time,
        },
        Request::UpdateInstanceStatus { instance_id, status } => licence::Request::UpdateStatus { license: instance_id, status },
        Request::ReleaseInstance { instance_id, order } => licence::Request::Release { license: instance_id, order },
        Request::NewInstance { .. }
        | Request::QueryInstance { .. }
        | Request::UpgradeInstance { .. }
        | Request::ChangeInstanceCheck { .. } => {
            return Err(never_said(wanted, "a code"));
        }
    })
}

/// The activity of licence 1.x that says it. A freeze is told when the term ended, and a renewal ends that; for a
/// violation there is no call (`license-interface 3.2`).
fn licence_1x(instance: &Instance, wanted: &Request) -> Result<Option<Activity>, Error> {
    let by_end = instance.freeze_cause.is_none_or(|cause| cause == FreezeCause::Expired);
    Ok(match wanted {
        Request::NewInstance { .. } => Some(Activity::GetLicence),
        Request::RefreshInstance { .. } => Some(Activity::RefreshLicence),
        Request::UpdateInstanceStatus { status: Status::Freeze, .. } => by_end.then_some(Activity::ExpireLicence),
        Request::UpdateInstanceStatus { status: Status::Unfreeze, .. } => None,
        Request::ReleaseInstance { .. } => Some(Activity::ReleaseLicence),
        Request::QueryInstance { .. } | Request::UpgradeInstance { .. } | Request::ChangeInstanceCheck { .. } => {
            return Err(never_said(wanted, "a licence"));
        }
    })
}
