//! The requests of the cases, signed as each protocol wants it, and wrong where a case wants that.

use super::{
    Protocol, Scenario, Suite,
    samples::{mock, mock_tenant, request_kit, request_licence},
};
use crate::{
    kit::{self, Edition},
    licence, licence_online, order_notify, saas_v1,
    saas_v2::{self, Mistake},
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

const WRONG_KEY: &str = "wrong-on-purpose";
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
            Protocol::Kit | Protocol::KitV1 => {
                let (edition, request) = (self.protocol.kit()?, request_kit(scenario)?);
                let body = with_more(scenario, &request.to_body(edition, &mock_tenant(), true, moment.now_ms));
                Some(synced(edition, key, (request.path(), request.path()), body, moment))
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
            Protocol::Kit | Protocol::KitV1 => {
                let edition = self.protocol.kit().unwrap_or(Edition::V2);
                let path = path.unwrap_or("tenantSync");
                if !path.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    return Err("the path is one name, such as tenantSync".to_owned());
                }
                // In 1.0 the time stamp stands in the body and signs it.
                let body = if edition == Edition::V1 { stamped(object()?, moment) } else { text.to_owned() };
                Ok(synced(edition, &self.key, ("edited", path), body, moment))
            }
        }
    }

    /// As SaaS 2.0, but for the application for a licence; nothing is queried.
    fn request_online(&self, key: &str, scenario: Scenario, moment: &Moment<'_>) -> Option<Prepared> {
        if matches!(scenario, Scenario::Apply | Scenario::WrongSignature) {
            let body = self.online_application(moment)?.to_body(Some("1"));
            return Some(posted(key, licence_online::ACTIVITY, body, moment));
        }
        let request = self.request_v2(scenario, moment)?;
        Some(posted(key, request.activity(), with_more(scenario, &request.to_body(Some("1"))), moment))
    }
}

/// A body of kit 1.0 with the time stamp of now.
fn stamped(mut fields: serde_json::Map<String, serde_json::Value>, moment: &Moment<'_>) -> String {
    fields.insert("timeStamp".to_owned(), kit::time_stamp(moment.now_ms).into());
    serde_json::Value::Object(fields).to_string()
}

/// A call of the kit: its path below the address, its signature in headers.
fn synced(edition: Edition, key: &str, (activity, name): (&'static str, &str), body: String, moment: &Moment<'_>) -> Prepared {
    let headers = edition.headers(key, &body, moment.now_ms, moment.nonce);
    let sign = headers.last().map_or_else(String::new, |(_, value)| value.clone());
    let step = |name, value| Step { name, value };
    let steps = match edition {
        Edition::V1 => vec![step("joined", kit::joined(&body)), step("key", kit::time_stamp(moment.now_ms)), step("token", sign)],
        Edition::V2 => vec![step("text", format!("{}{}{body}", moment.nonce, moment.now_ms)), step("result", sign)],
    };
    Prepared {
        activity,
        path: Some(edition.below(name)),
        query: String::new(),
        shown: body.clone(),
        steps,
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
        let kit = Suite::new(Protocol::KitV1, "k").edited(r#"{"timeStamp":"old","flag":1}"#, Some("authSync"), &MOMENT).unwrap();
        assert_eq!(kit.path.as_deref(), Some("produceAPI/authSync"));
        let body = kit.body.as_deref().unwrap();
        assert!(body.contains("20231115061320000") && kit::verify_v1("k", body, &kit.headers[0].1), "stamped anew: {body}");
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
