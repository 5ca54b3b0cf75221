//! The sample requests of the cases, by protocol; MOCK orders make a seller's callback work.

use super::{Moment, Scenario, Suite};
use crate::{
    kit, licence, licence_online, licence_v1,
    saas_v1::{self, Charging, Period, Purchase},
    saas_v2::{self, OrderIds, Scene, Status},
};

/// A documented MOCK order (`open-api 3.2`).
pub(super) fn mock(order: &str) -> OrderIds {
    OrderIds { order_id: order.to_owned(), order_line_id: format!("{order}-000001") }
}

/// An instance that no seller has.
const NEVER_CREATED: &str = "never-created-on-purpose";
impl Suite {
    pub(super) fn request_v2(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<saas_v2::Request> {
        use saas_v2::Request;
        let id = || self.instance_id.clone();
        Some(match scenario {
            Scenario::Create | Scenario::CreateAgain | Scenario::Interrupted => {
                Request::NewInstance { order: mock("MOCKPERIODYEARNEW"), business_id: moment.business_id.to_owned() }
            }
            Scenario::Query | Scenario::WrongSignature => Request::QueryInstance { instance_ids: vec![id()?] },
            Scenario::Renew | Scenario::UnknownFields | Scenario::BigUnicode | Scenario::Stale | Scenario::UnknownInstance => {
                Request::RefreshInstance {
                    scene: Scene::Renewal,
                    order: mock("MOCKMONTYRENEW"),
                    instance_id: if scenario == Scenario::UnknownInstance { NEVER_CREATED.to_owned() } else { id()? },
                    product_id: None,
                    expire_time: moment.expire_time.to_owned(),
                }
            }
            Scenario::Freeze => Request::UpdateInstanceStatus { instance_id: id()?, status: Status::Freeze },
            Scenario::Unfreeze => Request::UpdateInstanceStatus { instance_id: id()?, status: Status::Unfreeze },
            Scenario::ChangeCheck => Request::ChangeInstanceCheck {
                instance_id: id()?,
                product: saas_v2::TargetProduct {
                    linear_value: "1".to_owned(),
                    product_id: "MOCKPRODUCT-0002".to_owned(),
                    sku_code: "MOCKSKU-0002".to_owned(),
                },
            },
            Scenario::Upgrade => Request::UpgradeInstance { instance_id: id()?, order: mock("MOCKMONTYCHANGE") },
            Scenario::Release | Scenario::ReleaseAgain => {
                Request::ReleaseInstance { instance_id: id()?, order: Some(mock("MOCKMONTYUNSUBSCRIBE")) }
            }
            _ => return None,
        })
    }

    pub(super) fn request_v1(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<saas_v1::Request> {
        use saas_v1::Request;
        let id = || self.instance_id.clone();
        let expire_time = || moment.expire_time.to_owned();
        Some(match scenario {
            Scenario::Create | Scenario::CreateAgain | Scenario::Interrupted => Request::NewInstance(Box::new(purchase(moment))),
            Scenario::Renew | Scenario::WrongSignature | Scenario::UnknownFields | Scenario::BigUnicode | Scenario::UnknownInstance => {
                Request::RefreshInstance {
                    order_id: "MOCKMONTYRENEW".to_owned(),
                    instance_id: if scenario == Scenario::UnknownInstance { NEVER_CREATED.to_owned() } else { id()? },
                    product_id: None,
                    expire_time: expire_time(),
                    trial_to_formal: false,
                    period: Some(Period { unit: "month", number: 1 }),
                    order_amount: None,
                }
            }
            Scenario::Expire => Request::ExpireInstance { instance_id: id()? },
            Scenario::Freeze => Request::UpdateInstanceStatus { instance_id: id()?, status: Status::Freeze },
            Scenario::Unfreeze => Request::UpdateInstanceStatus { instance_id: id()?, status: Status::Unfreeze },
            Scenario::Upgrade => Request::Upgrade {
                instance_id: id()?,
                order_id: "MOCKMONTYCHANGE".to_owned(),
                sku_code: "MOCKSKU-0002".to_owned(),
                product_id: "MOCKPRODUCT-0002".to_owned(),
                amount: Some(1),
            },
            Scenario::Query => Request::QueryInstance { instance_ids: vec![id()?] },
            Scenario::Release | Scenario::ReleaseAgain => {
                Request::ReleaseInstance { instance_id: id()?, order_id: Some("MOCKPERIODYEARNEW".to_owned()) }
            }
            _ => return None,
        })
    }

    pub(super) fn online_application(&self, moment: &Moment<'_>) -> Option<licence_online::Application> {
        Some(licence_online::Application {
            instance_id: self.instance_id.clone()?,
            effective_time: jiff::Timestamp::from_millisecond(moment.now_ms).ok()?,
            expire_time: jiff::Timestamp::from_millisecond(moment.now_ms).ok().map(|now| now + jiff::SignedDuration::from_hours(24)),
            event_id: moment.business_id.to_owned(),
            device_fingerprint: Some("00-16-3E-00-00-01|mock-disk|mock-board|mock-cpu".to_owned()),
        })
    }

    pub(super) fn request_licence_v1(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<licence_v1::Request> {
        use licence_v1::Request;
        let id = || self.instance_id.clone();
        Some(match scenario {
            Scenario::Create | Scenario::CreateAgain | Scenario::Interrupted => Request::Get(Box::new(purchase(moment))),
            Scenario::Renew | Scenario::WrongSignature | Scenario::UnknownFields | Scenario::BigUnicode | Scenario::UnknownInstance => {
                Request::Refresh {
                    order_id: "MOCKMONTYRENEW".to_owned(),
                    instance_id: if scenario == Scenario::UnknownInstance { NEVER_CREATED.to_owned() } else { id()? },
                    product_id: None,
                    expire_time: moment.expire_time.to_owned(),
                    period: Some(Period { unit: "month", number: 1 }),
                }
            }
            Scenario::Expire => Request::Expire { instance_id: id()? },
            Scenario::Release | Scenario::ReleaseAgain => Request::Release { instance_id: id()?, order_id: "MOCKPERIODYEARNEW".to_owned() },
            _ => return None,
        })
    }
}

/// What the MOCK order of a year bought.
fn purchase(moment: &Moment<'_>) -> Purchase {
    Purchase {
        customer_id: "mock_customer_01".to_owned(),
        customer_name: Some("mock_user_01".to_owned()),
        user_id: None,
        user_name: None,
        mobile_phone: None,
        email: None,
        business_id: moment.business_id.to_owned(),
        order_id: "MOCKPERIODYEARNEW".to_owned(),
        sku_code: Some("MOCKSKU-0001".to_owned()),
        product_id: "MOCKPRODUCT-0001".to_owned(),
        trial: false,
        expire_time: Some(moment.expire_time.to_owned()),
        charging: Charging::Period,
        period: Some(Period { unit: "year", number: 1 }),
        extend_params: Vec::new(),
        amount: Some(1),
        order_amount: Some("100".to_owned()),
        provision_type: 1,
    }
}

/// A code of the marketplace that no buyer holds; `testFlag` says so.
const TEST_CODE: &str = "PLTEST0000000001";

pub(super) fn request_licence(scenario: Scenario, moment: &Moment<'_>) -> Option<licence::Request> {
    use licence::Request;
    let license = TEST_CODE.to_owned();
    Some(match scenario {
        Scenario::Renew | Scenario::WrongSignature | Scenario::UnknownFields | Scenario::BigUnicode | Scenario::Stale => Request::Refresh {
            scene: licence::Scene::Renewal,
            order: mock("MOCKMONTYRENEW"),
            license,
            product_id: None,
            expire_time: moment.expire_time.to_owned(),
        },
        Scenario::Freeze => Request::UpdateStatus { license, status: Status::Freeze },
        Scenario::Unfreeze => Request::UpdateStatus { license, status: Status::Unfreeze },
        Scenario::Release | Scenario::ReleaseAgain => Request::Release { license, order: Some(mock("MOCKMONTYUNSUBSCRIBE")) },
        _ => return None,
    })
}

pub(super) fn request_kit(scenario: Scenario) -> Option<kit::Request> {
    use kit::{Change, Department, Member, Request};
    let text = str::to_owned;
    let tenant = |change| Request::Tenant {
        change,
        order_id: text("MOCKPERIODYEARNEW"),
        tenant_code: text("mock-tenant"),
        name: text("测试企业"),
        domain_name: text("mock-tenant"),
    };
    let application = |change| Request::Application {
        change,
        app_id: text("mock-app"),
        name: text("测试应用"),
        client_id: text("mock-client"),
        client_secret: text("bW9jay1zZWNyZXQ="),
    };
    let top = Department { code: text("d-1"), name: text("总部"), parent: None };
    let below = Department { code: text("d-2"), name: text("研发"), parent: Some(text("d-1")) };
    let users = |change| {
        let user = Member {
            user_name: text("mock-user"),
            name: text("测试用户1"),
            org_code: text("d-1"),
            administrator: true,
            enabled: true,
            ..kit::Member::default()
        };
        Request::Users { change, app_id: text("mock-app"), users: vec![user] }
    };
    Some(match scenario {
        Scenario::TenantAdd
        | Scenario::TenantAddAgain
        | Scenario::WrongSignature
        | Scenario::UnknownFields
        | Scenario::BigUnicode
        | Scenario::Stale => tenant(Change::Add),
        Scenario::AllDepartments => Request::AllDepartments { departments: vec![top] },
        Scenario::DepartmentAdd => Request::Department { change: Change::Add, department: below },
        Scenario::ApplicationAdd => application(Change::Add),
        Scenario::UsersAdd => users(Change::Add),
        Scenario::UsersWithdraw => users(Change::Withdraw),
        Scenario::DepartmentDelete => Request::Department { change: Change::Delete, department: below },
        Scenario::ApplicationDelete => application(Change::Delete),
        Scenario::TenantDelete | Scenario::TenantDeleteAgain => tenant(Change::Delete),
        _ => return None,
    })
}

pub(super) fn mock_tenant() -> kit::Of {
    kit::Of { instance_id: "mock-instance".to_owned(), tenant_id: "mock-tenant-id".to_owned() }
}
