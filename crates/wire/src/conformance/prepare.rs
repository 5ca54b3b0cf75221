//! The signed sample requests of the cases, by protocol; MOCK orders make a seller's callback work.

use super::{Protocol, Scenario, Suite};
use crate::{
    order_notify,
    saas_v1::{self, Charging, Period, Purchase},
    saas_v2::{self, Mistake, OrderIds, Scene, Status},
};

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
    /// Behind the address, percent-encoded.
    pub query: String,
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

impl Suite {
    /// The request of a case, or nothing when an earlier case gave no instance id.
    #[must_use]
    pub fn prepare(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<Prepared> {
        let key = if scenario.wrong_signature() { WRONG_KEY } else { &self.key };
        match self.protocol {
            Protocol::SaasV2 => {
                let request = self.request_v2(scenario, moment)?;
                Some(posted(key, request.activity(), request.to_body(Some("1")), moment))
            }
            Protocol::SaasV1 => {
                let request = self.request_v1(scenario, moment)?;
                Some(asked(key, &request, moment))
            }
            Protocol::OrderNotify => {
                let body = order_notify::body(&mock("MOCKPERIODYEARNEW"), true);
                Some(posted(key, order_notify::ACTIVITY, body, moment))
            }
        }
    }

    fn request_v2(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<saas_v2::Request> {
        use saas_v2::Request;
        let id = || self.instance_id.clone();
        Some(match scenario {
            Scenario::Create | Scenario::CreateAgain => {
                Request::NewInstance { order: mock("MOCKPERIODYEARNEW"), business_id: moment.business_id.to_owned() }
            }
            Scenario::Query | Scenario::WrongSignature => Request::QueryInstance { instance_ids: vec![id()?] },
            Scenario::Renew => Request::RefreshInstance {
                scene: Scene::Renewal,
                order: mock("MOCKMONTYRENEW"),
                instance_id: id()?,
                product_id: None,
                expire_time: moment.expire_time.to_owned(),
            },
            Scenario::Freeze => Request::UpdateInstanceStatus { instance_id: id()?, status: Status::Freeze },
            Scenario::Unfreeze => Request::UpdateInstanceStatus { instance_id: id()?, status: Status::Unfreeze },
            Scenario::Upgrade => Request::UpgradeInstance { instance_id: id()?, order: mock("MOCKMONTYCHANGE") },
            Scenario::Release => Request::ReleaseInstance { instance_id: id()?, order: Some(mock("MOCKMONTYUNSUBSCRIBE")) },
            Scenario::Notify | Scenario::Expire => return None,
        })
    }

    fn request_v1(&self, scenario: Scenario, moment: &Moment<'_>) -> Option<saas_v1::Request> {
        use saas_v1::Request;
        let id = || self.instance_id.clone();
        let expire_time = || moment.expire_time.to_owned();
        Some(match scenario {
            Scenario::Create | Scenario::CreateAgain => Request::NewInstance(Box::new(Purchase {
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
                expire_time: Some(expire_time()),
                charging: Charging::Period,
                period: Some(Period { unit: "year", number: 1 }),
                extend_params: Vec::new(),
                amount: Some(1),
                order_amount: Some("100".to_owned()),
                provision_type: 1,
            })),
            Scenario::Renew | Scenario::WrongSignature => Request::RefreshInstance {
                order_id: "MOCKMONTYRENEW".to_owned(),
                instance_id: id()?,
                product_id: None,
                expire_time: expire_time(),
                trial_to_formal: false,
                period: Some(Period { unit: "month", number: 1 }),
                order_amount: None,
            },
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
            Scenario::Release => Request::ReleaseInstance { instance_id: id()?, order_id: Some("MOCKPERIODYEARNEW".to_owned()) },
            Scenario::Notify => return None,
        })
    }
}

/// A body with the double HMAC of 2.0.
fn posted(key: &str, activity: &'static str, body: String, moment: &Moment<'_>) -> Prepared {
    let steps = saas_v2::steps(key, &body, moment.now_ms, moment.nonce);
    let step = |name, value| Step { name, value };
    Prepared {
        activity,
        query: saas_v2::sign(key, &body, moment.now_ms, moment.nonce).encoded(),
        shown: body.clone(),
        steps: vec![step("body_hash", steps.body_hash), step("text", steps.text_after_key), step("result", steps.signature)],
        mistakes: saas_v2::known_mistakes(key, &body, moment.now_ms, moment.nonce),
        body: Some(body),
    }
}

/// A query with the token of 1.0.
fn asked(key: &str, request: &saas_v1::Request, moment: &Moment<'_>) -> Prepared {
    let signed = saas_v1::sign(key, moment.now_ms, request.parameters(Some("1"), false));
    let step = |name, value| Step { name, value };
    Prepared {
        activity: request.activity(),
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
                let creates = matches!(scenario, Scenario::Create | Scenario::CreateAgain);
                assert_eq!(suite.prepare(*scenario, &MOMENT).is_some(), creates, "{}", scenario.name());
            }
            suite.instance_id = Some("i".into());
            assert!(protocol.scenarios().iter().all(|s| suite.prepare(*s, &MOMENT).is_some()));
        }
    }

    #[test]
    fn a_request_is_genuine_unless_it_is_wrong_on_purpose() {
        for scenario in Protocol::SaasV1.scenarios() {
            let suite = Suite { instance_id: Some("i".into()), ..Suite::new(Protocol::SaasV1, "k") };
            let made = suite.prepare(*scenario, &MOMENT).unwrap();
            assert_eq!(saas_v1::verify("k", &made.query).is_ok(), !scenario.wrong_signature(), "{}", scenario.name());
        }
        let notify = Suite::new(Protocol::OrderNotify, "k").prepare(Scenario::Notify, &MOMENT).unwrap();
        let expected =
            r#"{"activity":"orderNotify","orderId":"MOCKPERIODYEARNEW","orderLineId":"MOCKPERIODYEARNEW-000001","testFlag":"1"}"#;
        assert_eq!(notify.body.as_deref(), Some(expected));
    }
}
