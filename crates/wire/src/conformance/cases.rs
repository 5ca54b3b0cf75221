//! Which protocols there are, and the cases of each.

use crate::kit;

/// The cases in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    Create,
    CreateAgain,
    Query,
    Renew,
    Freeze,
    Unfreeze,
    Upgrade,
    /// Whether a renewal with change is possible.
    ChangeCheck,
    Notify,
    WrongSignature,
    /// 1.0: the term ended, the seller freezes.
    Expire,
    /// The connection breaks before the answer; the repeat gives the same instance.
    Interrupted,
    /// Fields may be added to a call.
    UnknownFields,
    /// Four-byte characters and a long text in the body are signed as bytes.
    BigUnicode,
    /// A genuine signature, ten minutes old.
    Stale,
    /// A renewal of an instance that was never created: calls may come in disorder.
    UnknownInstance,
    /// A release that is repeated.
    ReleaseAgain,
    /// On-line opening: the buyer asks for a licence.
    Apply,
    Release,
    TenantAdd,
    /// Adding and deleting twice succeeds (`saas-interface 4`).
    TenantAddAgain,
    AllDepartments,
    DepartmentAdd,
    ApplicationAdd,
    UsersAdd,
    UsersWithdraw,
    DepartmentDelete,
    ApplicationDelete,
    TenantDelete,
    TenantDeleteAgain,
}

/// The case that a seller's server passes by itself: it reports use for the instance that debugging created.
pub const USAGE_PUSH: &str = "usage_push";

/// What a listing offers, as far as it decides which cases are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offered {
    pub period: bool,
    pub on_demand: bool,
    pub upgrade: bool,
    pub renewal_change: bool,
}

/// What a seller's server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    SaasV2,
    SaasV1,
    OrderNotify,
    /// Authorisation code 2.0.
    Licence,
    /// Licence 1.x.
    LicenceV1,
    /// On-line opening of licences.
    LicenceOnline,
    /// Joint-SaaS kit 2.0.
    Kit,
    /// Joint-SaaS kit 1.0.
    KitV1,
    /// AWS Marketplace: the seller asks and meters; it is never called.
    SaasAws,
    /// Azure SaaS fulfilment 2: the seller asks, and its webhook hears of changes.
    SaasAzure,
}

/// The cases of each protocol in the order in which they run.
mod lists {
    #[allow(clippy::enum_glob_use, reason = "a list of cases reads as a list")]
    use super::Scenario::{self, *};

    pub const SAAS_V2: &[Scenario] = &[
        Create,
        CreateAgain,
        Interrupted,
        Query,
        Renew,
        Freeze,
        Unfreeze,
        Upgrade,
        ChangeCheck,
        WrongSignature,
        UnknownFields,
        BigUnicode,
        Stale,
        UnknownInstance,
        Release,
        ReleaseAgain,
    ];
    pub const SAAS_V1: &[Scenario] = &[
        Create,
        CreateAgain,
        Interrupted,
        Renew,
        Expire,
        Freeze,
        Unfreeze,
        Upgrade,
        Query,
        WrongSignature,
        UnknownFields,
        BigUnicode,
        UnknownInstance,
        Release,
        ReleaseAgain,
    ];
    pub const LICENCE: &[Scenario] = &[Renew, Freeze, Unfreeze, WrongSignature, UnknownFields, BigUnicode, Stale, Release, ReleaseAgain];
    pub const LICENCE_V1: &[Scenario] = &[
        Create,
        CreateAgain,
        Interrupted,
        Renew,
        Expire,
        WrongSignature,
        UnknownFields,
        BigUnicode,
        UnknownInstance,
        Release,
        ReleaseAgain,
    ];
    pub const LICENCE_ONLINE: &[Scenario] = &[
        Create,
        CreateAgain,
        Interrupted,
        Renew,
        Freeze,
        Unfreeze,
        Apply,
        WrongSignature,
        UnknownFields,
        BigUnicode,
        Stale,
        UnknownInstance,
        Release,
        ReleaseAgain,
    ];
    /// Nobody looks at the age of a call in 1.0.
    pub const KIT_V1: &[Scenario] = &[
        TenantAdd,
        TenantAddAgain,
        AllDepartments,
        DepartmentAdd,
        ApplicationAdd,
        UsersAdd,
        WrongSignature,
        UnknownFields,
        BigUnicode,
        UsersWithdraw,
        DepartmentDelete,
        ApplicationDelete,
        TenantDelete,
        TenantDeleteAgain,
    ];
    pub const KIT: &[Scenario] = &[
        TenantAdd,
        TenantAddAgain,
        AllDepartments,
        DepartmentAdd,
        ApplicationAdd,
        UsersAdd,
        WrongSignature,
        UnknownFields,
        BigUnicode,
        Stale,
        UsersWithdraw,
        DepartmentDelete,
        ApplicationDelete,
        TenantDelete,
        TenantDeleteAgain,
    ];
}

impl Protocol {
    pub const ALL: [Self; 10] = [
        Self::SaasV2,
        Self::SaasV1,
        Self::Kit,
        Self::KitV1,
        Self::Licence,
        Self::LicenceV1,
        Self::LicenceOnline,
        Self::OrderNotify,
        Self::SaasAws,
        Self::SaasAzure,
    ];

    /// Stable: on the command line, in declarations and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SaasV2 => "saas-v2",
            Self::SaasV1 => "saas-v1",
            Self::OrderNotify => "order-notify",
            Self::Licence => "license",
            Self::LicenceV1 => "license-v1",
            Self::LicenceOnline => "license-online",
            Self::Kit => "kit",
            Self::KitV1 => "kit-v1",
            Self::SaasAws => "saas-aws",
            Self::SaasAzure => "saas-azure",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// The kit that it is, if it is one.
    #[must_use]
    pub fn kit(self) -> Option<kit::Edition> {
        match self {
            Self::Kit => Some(kit::Edition::V2),
            Self::KitV1 => Some(kit::Edition::V1),
            _ => None,
        }
    }

    /// Whether the seller signs its answers with `Body-Sign`.
    #[must_use]
    pub fn signs_answers(self) -> bool {
        matches!(self, Self::SaasV1 | Self::LicenceV1 | Self::KitV1)
    }

    /// Its cases in the order in which they run.
    #[must_use]
    pub fn scenarios(self) -> &'static [Scenario] {
        match self {
            Self::SaasV2 => lists::SAAS_V2,
            Self::SaasV1 => lists::SAAS_V1,
            Self::OrderNotify => &[Scenario::Notify, Scenario::WrongSignature],
            Self::Licence => lists::LICENCE,
            Self::LicenceV1 => lists::LICENCE_V1,
            Self::LicenceOnline => lists::LICENCE_ONLINE,
            // Nothing to try: they ask, and what an Azure webhook hears of must be there to be asked about.
            Self::SaasAws | Self::SaasAzure => &[],
            Self::Kit => lists::KIT,
            Self::KitV1 => lists::KIT_V1,
        }
    }

    /// Whether a seller of period products must pass a case. Upgrades are for those who offer them; a server
    /// that checks no signature is dangerous for its owner, but upstream does not refuse it.
    #[must_use]
    pub fn mandatory(self, scenario: Scenario) -> bool {
        match scenario {
            Scenario::Upgrade | Scenario::ChangeCheck | Scenario::WrongSignature => false,
            // What goes wrong on the way: advice, not a condition.
            _ if scenario.is_fault() => false,
            // In 1.0 they are for arrears and violations, and the data come with the creation; a seller of codes may
            // only ask (license-interface 2.1).
            Scenario::Freeze | Scenario::Unfreeze => matches!(self, Self::SaasV2 | Self::LicenceOnline),
            Scenario::Query => self == Self::SaasV2,
            _ => true,
        }
    }

    /// The names of the cases that a listing needs (`saas-interface 2.3`, `seller-domain 6.1`).
    #[must_use]
    pub fn needed(self, offered: Offered) -> Vec<&'static str> {
        let Offered { period, on_demand, upgrade, renewal_change } = offered;
        let wanted = |s: &Scenario| match s {
            Scenario::Create | Scenario::Release | Scenario::Notify | Scenario::Apply => true,
            Scenario::Query => self == Self::SaasV2,
            Scenario::Renew | Scenario::Expire => period,
            // On-demand instances are frozen when charges are not paid (`saas-interface 2.4`).
            Scenario::Freeze | Scenario::Unfreeze => (period || on_demand) && matches!(self, Self::SaasV2 | Self::LicenceOnline),
            Scenario::Upgrade => upgrade,
            Scenario::ChangeCheck => renewal_change,
            _ => false,
        };
        let asked = self.scenarios().iter().copied().filter(wanted).map(Scenario::name);
        asked.chain((on_demand && self == Self::SaasV2).then_some(USAGE_PUSH)).collect()
    }
}

impl Scenario {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::CreateAgain => "create_again",
            Self::Query => "query",
            Self::Renew => "renew",
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::Upgrade => "upgrade",
            Self::ChangeCheck => "change_check",
            Self::Notify => "notify",
            Self::WrongSignature => "wrong_signature",
            Self::Expire => "expire",
            Self::Interrupted => "interrupted",
            Self::UnknownFields => "unknown_fields",
            Self::BigUnicode => "big_unicode",
            Self::Stale => "stale",
            Self::UnknownInstance => "unknown_instance",
            Self::ReleaseAgain => "release_again",
            Self::Apply => "apply",
            Self::Release => "release",
            Self::TenantAdd => "tenant_add",
            Self::TenantAddAgain => "tenant_add_again",
            Self::AllDepartments => "all_departments",
            Self::DepartmentAdd => "department_add",
            Self::ApplicationAdd => "application_add",
            Self::UsersAdd => "users_add",
            Self::UsersWithdraw => "users_withdraw",
            Self::DepartmentDelete => "department_delete",
            Self::ApplicationDelete => "application_delete",
            Self::TenantDelete => "tenant_delete",
            Self::TenantDeleteAgain => "tenant_delete_again",
        }
    }

    /// Whether the case tries what goes wrong on the way, rather than what is documented.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Self::Interrupted | Self::UnknownFields | Self::BigUnicode | Self::Stale | Self::UnknownInstance | Self::ReleaseAgain
        )
    }

    /// Whether the request is to be sent with a signature that is wrong on purpose.
    #[must_use]
    pub fn wrong_signature(self) -> bool {
        self == Self::WrongSignature
    }
}
