//! What the marketplace says of an instance, in the words of its product: of an instance, or of a code.

use super::activity;
use crate::Error;
use domain::{call::Activity, id::CallId, listing::AccessType};
use store::{call::Call, instance::Instance};
use wire::{
    licence::{self, Scene as CodeScene},
    saas_v2::{OrderIds, Request, Scene},
};

/// A stored request.
#[derive(Debug, Clone)]
pub enum Said {
    Instance(Request),
    Code(licence::Request),
}

impl Said {
    /// The words for an instance.
    ///
    /// # Errors
    /// [`Error::Row`] for what a code is not told; a listing of codes cannot offer it.
    pub fn of(instance: &Instance, wanted: &Request) -> Result<Self, Error> {
        let access: AccessType = instance.access_type.parse().map_err(|e| Error::row("instances", crate::instance::id(instance), e))?;
        match access {
            AccessType::Saas => Ok(Self::Instance(wanted.clone())),
            AccessType::LicenceCode => code(wanted).map(Self::Code),
        }
    }

    /// What a stored call says.
    ///
    /// # Errors
    /// [`Error::Row`].
    pub fn read(call: &Call) -> Result<Self, Error> {
        let bad = |e: serde_json::Error| Error::row("calls", call.id.id::<CallId>(), e);
        match activity(call)? {
            Activity::RefreshCode | Activity::UpdateCodeStatus | Activity::ReleaseCode => {
                serde_json::from_str(&call.request).map(Self::Code).map_err(bad)
            }
            Activity::Create
            | Activity::Query
            | Activity::Refresh
            | Activity::UpdateStatus
            | Activity::Release
            | Activity::Upgrade
            | Activity::ChangeCheck
            | Activity::Notify => serde_json::from_str(&call.request).map(Self::Instance).map_err(bad),
        }
    }

    #[must_use]
    pub fn activity(&self) -> &'static str {
        match self {
            Self::Instance(request) => request.activity(),
            Self::Code(request) => request.activity(),
        }
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`Error::Row`].
    pub fn text(&self) -> Result<String, Error> {
        let text = match self {
            Self::Instance(request) => serde_json::to_string(request),
            Self::Code(request) => serde_json::to_string(request),
        };
        text.map_err(|e| Error::row("calls", self.activity(), e))
    }

    /// The order that was paid for it; releases and cancelled renewals are not purchases.
    #[must_use]
    pub fn purchase(&self) -> Option<&OrderIds> {
        match self {
            Self::Instance(
                Request::RefreshInstance { scene: Scene::UnsubscribeRenewalPeriod, .. }
                | Request::QueryInstance { .. }
                | Request::UpdateInstanceStatus { .. }
                | Request::ChangeInstanceCheck { .. }
                | Request::ReleaseInstance { .. },
            )
            | Self::Code(
                licence::Request::Refresh { scene: CodeScene::UnsubscribeRenewalPeriod, .. }
                | licence::Request::UpdateStatus { .. }
                | licence::Request::Release { .. },
            ) => None,
            Self::Instance(
                Request::NewInstance { order, .. } | Request::RefreshInstance { order, .. } | Request::UpgradeInstance { order, .. },
            )
            | Self::Code(licence::Request::Refresh { order, .. }) => Some(order),
        }
    }
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
            return Err(Error::row("calls", wanted.activity(), "is not said of a code"));
        }
    })
}
