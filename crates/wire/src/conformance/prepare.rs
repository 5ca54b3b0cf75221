//! The signed sample requests of the cases, by protocol; MOCK orders make a seller's callback work.

use super::{Protocol, Scenario, Suite};
use crate::{
    kit, licence, licence_online, licence_v1, order_notify,
    saas_v1::{self, Charging, Period, Purchase},
    saas_v2::{self, Mistake, OrderIds, Scene, Status},
};
use std::collections::BTreeMap;

/// What is different each time a request is made.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    pub now_ms: i64,
    pub nonce: &'a str,
    pub business_id: &'a str,
    /// UTC `yyyyMMddHHmmss`, a year ahead.
    pub expire_time: &'a str,
}

/// One step of a signature, for people who look for a mistake.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// Stable: `body_hash`, `text`, `result`; 1.0: `joined`, `key`, `token`.
    pub name: &'static str,
    pub value: String,
}

/// A request that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub activity: &'static str,
    /// Below the address; mostly nothing.
    pub path: Option<String>,
    /// Behind the address, percent-encoded.
    pub query: String,
    pub headers: Vec<(&'static str, String)>,
    /// Posted as JSON; without one the call is a GET.
    pub body: Option<String>,
    /// What is asked, as JSON.
    pub shown: String,
    pub steps: Vec<Step>,
    /// What the usual mistakes would give.
    pub mistakes: Vec<Mistake>,
}

/// A documented MOCK order (`open-api 3.2`).
fn mock(order: &str) -> OrderIds {
    OrderIds { order_id: order.to_owned(), order_line_id: format!("{order}-000001") }
}

const WRONG_KEY: &str = "wrong-on-purpose";
/// An instance that no seller has.
const NEVER_CREATED: &str = "never-created-on-purpose";
/// Older than any server should take (`saas-interface 2.1`: 60 seconds).
const STALE_MS: i64 = 600_000;

/// What a fault case adds to a call.
fn more(scenario: Scenario) -> Option<(&'static str, String)> {
    match scenario {
        Scenario::UnknownFields => Some(("addedLater", "a field that is not documented yet".to_owned())),
        Scenario::BigUnicode => Some(("remark", "云市 𠮷𡈽 🧧 é+&=%/ ".repeat(60).trim_end().to_owned())),
        _ => None,
    }
}

/// A body with what the case adds, its names in natural order again.
fn with_more(scenario: Scenario, body: &str) -> String {
    let (Some((name, value)), Ok(mut fields)) = (more(scenario), serde_json::from_str::<BTreeMap<String, serde_json::Value>>(body)) else {
        return body.to_owned();
    };
    fields.insert(name.to_owned(), value.into());
    // A map of texts always serialises.
    serde_json::to_string(&fields).unwrap_or_default()
}

impl Suite {
    /// The request of a case, or nothing when an earlier case gave no instance id.
    #[must_use]
    pub fn prepare(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<Prepared> {
        let key = if scenario.wrong_signature() { WRONG_KEY } else { &self.key };
        let signed_at = if scenario == Scenario::Stale { moment.now_ms - STALE_MS } else { moment.now_ms };
        let moment = &Moment { now_ms: signed_at, ..*moment };
        match self.protocol {
            Protocol::SaasV2 => {
                let request = self.request_v2(scenario, moment)?;
                Some(posted(key, request.activity(), with_more(scenario, &request.to_body(Some("1"))), moment))
            }
            Protocol::SaasV1 => {
                let request = self.request_v1(scenario, moment)?;
                let mut parameters = request.parameters(Some("1"), false);
                parameters.extend(more(scenario));
                Some(asked(key, request.activity(), parameters, moment))
            }
            Protocol::OrderNotify => {
                let body = order_notify::body(&mock("MOCKPERIODYEARNEW"), true);
                Some(posted(key, order_notify::ACTIVITY, body, moment))
            }
            Protocol::Licence => {
                let request = request_licence(scenario, moment)?;
                let body = with_more(scenario, &request.to_body(Some("1")));
                let query = licence::query(key, &body, moment.now_ms, moment.nonce);
                Some(Prepared { query, ..posted(key, request.activity(), body, moment) })
            }
            Protocol::LicenceV1 => {
                let request = self.request_licence_v1(scenario, moment)?;
                let mut parameters = request.parameters(Some("1"), false);
                parameters.extend(more(scenario));
                Some(asked(key, request.activity(), parameters, moment))
            }
            Protocol::LicenceOnline => self.request_online(key, scenario, moment),
            Protocol::Kit => {
                let (request, of) = (request_kit(scenario)?, mock_tenant());
                let body = with_more(scenario, &request.to_body(&of, true, moment.now_ms));
                Some(synced(key, request.path(), request.path(), body, moment))
            }
            Protocol::SaasAws | Protocol::SaasAzure => None,
        }
    }

    /// A request as its writer wants it, signed as the protocol does: a body to be posted, or parameters as a JSON
    /// object for the protocols that ask by GET. `path` goes below the address; only the kit has one.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn edited(&self, text: &str, path: Option<&str>, moment: &Moment<'_>) -> Result<Prepared, String> {
        let object =
            || serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).map_err(|e| format!("this is no JSON object: {e}"));
        let as_text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match self.protocol {
            Protocol::SaasAws | Protocol::SaasAzure => Err(format!("{} is not called with a request of your own", self.protocol.name())),
            Protocol::SaasV2 | Protocol::OrderNotify | Protocol::LicenceOnline => Ok(posted(&self.key, "edited", text.to_owned(), moment)),
            Protocol::Licence => {
                let query = licence::query(&self.key, text, moment.now_ms, moment.nonce);
                Ok(Prepared { query, ..posted(&self.key, "edited", text.to_owned(), moment) })
            }
            Protocol::SaasV1 | Protocol::LicenceV1 => {
                let sent = object()?;
                let parameters: Vec<(String, String)> = sent
                    .iter()
                    .filter(|(name, _)| !matches!(name.as_str(), "timeStamp" | "authToken"))
                    .map(|(name, value)| (name.clone(), as_text(value)))
                    .collect();
                Ok(asked(&self.key, "edited", parameters, moment))
            }
            Protocol::Kit => {
                let path = path.unwrap_or("tenantSync");
                if !path.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    return Err("the path is one name, such as tenantSync".to_owned());
                }
                Ok(synced(&self.key, "edited", path, text.to_owned(), moment))
            }
        }
    }

    fn request_v2(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<saas_v2::Request> {
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

    fn request_v1(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<saas_v1::Request> {
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

impl Suite {
    fn request_licence_v1(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<licence_v1::Request> {
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

    /// As SaaS 2.0, but for the application for a licence; nothing is queried.
    fn request_online(&self, key: &str, scenario: Scenario, moment: &Moment<'_>) -> Option<Prepared> {
        if matches!(scenario, Scenario::Apply | Scenario::WrongSignature) {
            let body = licence_online::Application {
                instance_id: self.instance_id.clone()?,
                effective_time: jiff::Timestamp::from_millisecond(moment.now_ms).ok()?,
                expire_time: jiff::Timestamp::from_millisecond(moment.now_ms).ok().map(|now| now + jiff::SignedDuration::from_hours(24)),
                event_id: moment.business_id.to_owned(),
                device_fingerprint: Some("00-16-3E-00-00-01|mock-disk|mock-board|mock-cpu".to_owned()),
            }
            .to_body(Some("1"));
            return Some(posted(key, licence_online::ACTIVITY, body, moment));
        }
        let request = self.request_v2(scenario, moment)?;
        Some(posted(key, request.activity(), with_more(scenario, &request.to_body(Some("1"))), moment))
    }
}

/// A code of the marketplace that no buyer holds; `testFlag` says so.
const TEST_CODE: &str = "PLTEST0000000001";

fn request_licence(scenario: Scenario, moment: &Moment<'_>) -> Option<licence::Request> {
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

fn request_kit(scenario: Scenario) -> Option<kit::Request> {
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

fn mock_tenant() -> kit::Of {
    kit::Of { instance_id: "mock-instance".to_owned(), tenant_id: "mock-tenant-id".to_owned() }
}

/// A call of the kit: its path below the address, its signature in headers.
fn synced(key: &str, activity: &'static str, path: &str, body: String, moment: &Moment<'_>) -> Prepared {
    let headers = kit::headers(key, &body, moment.now_ms, moment.nonce);
    let sign = headers.last().map_or_else(String::new, |(_, value)| value.clone());
    let step = |name, value| Step { name, value };
    Prepared {
        activity,
        path: Some(format!("produceAPI/v2/{path}")),
        query: String::new(),
        shown: body.clone(),
        steps: vec![step("text", format!("{}{}{body}", moment.nonce, moment.now_ms)), step("result", sign)],
        mistakes: Vec::new(),
        headers,
        body: Some(body),
    }
}

/// A body with the double HMAC of 2.0.
fn posted(key: &str, activity: &'static str, body: String, moment: &Moment<'_>) -> Prepared {
    let steps = saas_v2::steps(key, &body, moment.now_ms, moment.nonce);
    let step = |name, value| Step { name, value };
    Prepared {
        activity,
        path: None,
        headers: Vec::new(),
        query: saas_v2::sign(key, &body, moment.now_ms, moment.nonce).encoded(),
        shown: body.clone(),
        steps: vec![step("body_hash", steps.body_hash), step("text", steps.text_after_key), step("result", steps.signature)],
        mistakes: saas_v2::known_mistakes(key, &body, moment.now_ms, moment.nonce),
        body: Some(body),
    }
}

/// A query with the token of 1.0.
fn asked<N: Into<String>>(key: &str, activity: &'static str, parameters: Vec<(N, String)>, moment: &Moment<'_>) -> Prepared {
    let signed = saas_v1::sign(key, moment.now_ms, parameters);
    let step = |name, value| Step { name, value };
    Prepared {
        activity,
        path: None,
        headers: Vec::new(),
        shown: signed.shown(),
        steps: vec![
            step("joined", signed.joined.clone()),
            step("key", saas_v1::time_stamp(moment.now_ms)),
            step("token", signed.token.clone()),
        ],
        mistakes: saas_v1::known_mistakes(key, &signed),
        query: signed.query,
        body: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Moment<'_> = Moment { now_ms: 1_700_000_000_000, nonce: "n", business_id: "b", expire_time: "20271124155959" };

    #[test]
    fn every_case_but_the_creation_waits_for_an_instance() {
        for protocol in [Protocol::SaasV2, Protocol::SaasV1] {
            let mut suite = Suite::new(protocol, "k");
            for scenario in protocol.scenarios() {
                let creates =
                    matches!(scenario, Scenario::Create | Scenario::CreateAgain | Scenario::Interrupted | Scenario::UnknownInstance);
                assert_eq!(suite.prepare(*scenario, &MOMENT).is_some(), creates, "{}", scenario.name());
            }
            suite.instance_id = Some("i".into());
            assert!(protocol.scenarios().iter().all(|s| suite.prepare(*s, &MOMENT).is_some()));
        }
    }

    #[test]
    fn an_edited_request_is_signed_as_it_stands() {
        let body = r#"{"activity":"newInstance","orderId":"CS 1"}"#;
        let v2 = Suite::new(Protocol::SaasV2, "k").edited(body, None, &MOMENT).unwrap();
        assert_eq!(v2.body.as_deref(), Some(body));
        assert_eq!(v2.query, saas_v2::sign("k", body, MOMENT.now_ms, MOMENT.nonce).encoded());
        let v1 = Suite::new(Protocol::SaasV1, "k").edited(r#"{"activity":"x","amount":2,"timeStamp":"1"}"#, None, &MOMENT).unwrap();
        assert!(saas_v1::verify("k", &v1.query).is_ok() && v1.query.contains("amount=2"), "{}", v1.query);
        assert!(Suite::new(Protocol::SaasV1, "k").edited("no", None, &MOMENT).is_err());
        let kit = Suite::new(Protocol::Kit, "k").edited("{}", Some("authSync"), &MOMENT).unwrap();
        assert_eq!(kit.path.as_deref(), Some("produceAPI/v2/authSync"));
        assert!(Suite::new(Protocol::Kit, "k").edited("{}", Some("../x"), &MOMENT).is_err());
    }

    #[test]
    fn a_request_is_genuine_unless_it_is_wrong_on_purpose() {
        for scenario in Protocol::SaasV1.scenarios() {
            let suite = Suite { instance_id: Some("i".into()), ..Suite::new(Protocol::SaasV1, "k") };
            let made = suite.prepare(*scenario, &MOMENT).unwrap();
            assert_eq!(saas_v1::verify("k", &made.query).is_ok(), !scenario.wrong_signature(), "{}", scenario.name());
        }
        for (protocol, first) in [(Protocol::Kit, "tenantSync"), (Protocol::Licence, "refreshLicenseCode")] {
            let suite = Suite::new(protocol, "k");
            let all: Vec<Prepared> = protocol.scenarios().iter().map(|s| suite.prepare(*s, &MOMENT).unwrap()).collect();
            assert_eq!(all[0].activity, first);
        }
        let kit = Suite::new(Protocol::Kit, "k").prepare(Scenario::TenantAdd, &MOMENT).unwrap();
        assert_eq!(kit.path.as_deref(), Some("produceAPI/v2/tenantSync"));
        let given = kit::Given { timestamp: &kit.headers[0].1, nonce: &kit.headers[1].1, sign: &kit.headers[2].1 };
        let body = kit.body.as_deref().unwrap();
        assert!(kit::verify("k", body, given, MOMENT.now_ms + 60_000) && !kit::verify("k", body, given, MOMENT.now_ms + 60_001));
        assert!(!kit::verify("other", body, given, MOMENT.now_ms));
        let notify = Suite::new(Protocol::OrderNotify, "k").prepare(Scenario::Notify, &MOMENT).unwrap();
        let expected =
            r#"{"activity":"orderNotify","orderId":"MOCKPERIODYEARNEW","orderLineId":"MOCKPERIODYEARNEW-000001","testFlag":"1"}"#;
        assert_eq!(notify.body.as_deref(), Some(expected));
    }
}
