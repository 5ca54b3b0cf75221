//! One suite of cases for a seller's server, by protocol: the debugger runs it, a review replays it, the
//! command line repeats it (`saas-interface 2.3`, `seller-domain 6.1`).
//!
//! The suite makes signed requests and judges answers; whoever runs it sends them.

mod cases;
mod prepare;
mod samples;

pub use cases::{Offered, Protocol, Scenario, USAGE_PUSH};
pub use prepare::{Moment, Prepared, Step};

use crate::{
    result_code::ResultCode,
    saas_v1,
    saas_v2::{Answer, AnswerError},
};

/// What came back from a seller's server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    pub status: Option<u16>,
    pub body: Option<Vec<u8>>,
    /// The header `Body-Sign` of SaaS 1.0.
    pub body_sign: Option<String>,
    /// Why there is no answer: a stable kind and a sentence.
    pub error: Option<(&'static str, String)>,
    pub duration_ms: i64,
}

/// What the suite says of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// The data have not come yet; ask again a little later.
    Again,
    Fail(Reason),
}

/// Why a case failed: a stable code, and the rule in words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reason {
    pub code: &'static str,
    pub text: String,
}

impl Reason {
    fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// A run of the cases: the protocol, the key, and what is remembered from case to case.
#[derive(Debug, Clone)]
pub struct Suite {
    protocol: Protocol,
    key: String,
    pub instance_id: Option<String>,
    license: Option<String>,
}

impl Suite {
    #[must_use]
    pub fn new(protocol: Protocol, key: &str) -> Self {
        Self { protocol, key: key.to_owned(), instance_id: None, license: None }
    }

    /// Judges an answer and remembers what later cases need.
    pub fn judge(&mut self, scenario: Scenario, exchange: &Exchange) -> Verdict {
        match self.check(scenario, exchange) {
            Ok(verdict) => verdict,
            Err(reason) => Verdict::Fail(reason),
        }
    }

    fn check(&mut self, scenario: Scenario, exchange: &Exchange) -> Result<Verdict, Reason> {
        let answer = read(exchange)?;
        if self.protocol.signs_answers() && scenario != Scenario::WrongSignature {
            read_body_sign(&self.key, exchange)?;
        }
        if let Some(field) = answer.too_long().first() {
            let text = format!("{} has {} characters; at most {} are allowed", field.field, field.found, field.max);
            return Err(Reason::new("field_too_long", text));
        }
        if scenario == Scenario::WrongSignature {
            return match answer.code {
                ResultCode::AuthenticationFailed => Ok(Verdict::Pass),
                other => Err(Reason::new(
                    "signature_not_checked",
                    format!("the signature was wrong on purpose; the answer should be 000001, not {}", other.code()),
                )),
            };
        }
        match (scenario, &answer.code) {
            (Scenario::Stale, ResultCode::AuthenticationFailed) => return Ok(Verdict::Pass),
            (Scenario::Stale, other) => {
                let text = format!(
                    "a request that was signed ten minutes ago should be answered 000001, not {}: it may be a replay",
                    other.code()
                );
                return Err(Reason::new("stale_accepted", text));
            }
            (Scenario::UnknownInstance, ResultCode::NoSuchInstance) => return Ok(Verdict::Pass),
            (Scenario::UnknownInstance, other) => {
                let text = format!("an instance that was never created should be answered 000003, not {}", other.code());
                return Err(Reason::new("unknown_instance_accepted", text));
            }
            (Scenario::ReleaseAgain, ResultCode::NoSuchInstance) => return Ok(Verdict::Pass),
            _ => {}
        }
        // In 1.0 the marketplace repeats a creation that is being processed until it is done.
        let asynchronous = matches!(self.protocol, Protocol::SaasV2 | Protocol::LicenceOnline)
            && matches!(scenario, Scenario::Create | Scenario::CreateAgain | Scenario::Interrupted | Scenario::Query | Scenario::Apply);
        match &answer.code {
            ResultCode::Success => {}
            ResultCode::Processing if asynchronous => {}
            code => return Err(wrong_code(code, answer.message.as_deref())),
        }
        match scenario {
            Scenario::Create | Scenario::CreateAgain | Scenario::Interrupted => self.created(scenario, &answer),
            Scenario::Query => self.queried(&answer),
            _ => Ok(Verdict::Pass),
        }
    }

    /// What is said of the answer to a request that its writer changed: whether it succeeded.
    ///
    /// # Errors
    /// [`Reason`].
    pub fn judge_edited(&self, exchange: &Exchange) -> Result<(), Reason> {
        let answer = read(exchange)?;
        if self.protocol.signs_answers() {
            read_body_sign(&self.key, exchange)?;
        }
        match &answer.code {
            ResultCode::Success | ResultCode::Processing => Ok(()),
            code => Err(wrong_code(code, answer.message.as_deref())),
        }
    }

    fn created(&mut self, scenario: Scenario, answer: &Answer) -> Result<Verdict, Reason> {
        let id = answer.instance_id.clone().ok_or_else(|| Reason::new("field_missing", "instanceId is mandatory and is missing"))?;
        if scenario != Scenario::Create && self.instance_id.as_ref() != Some(&id) {
            let text = "the same orderId and orderLineId must give the same instanceId, however often they are sent";
            return Err(Reason::new("not_idempotent", text));
        }
        self.instance_id = Some(id);
        if self.protocol == Protocol::LicenceV1 {
            return self.licensed(scenario, answer);
        }
        Ok(Verdict::Pass)
    }

    /// In 1.x the licence comes with the creation, and the same one each time (`license-interface 3.2`).
    fn licensed(&mut self, scenario: Scenario, answer: &Answer) -> Result<Verdict, Reason> {
        let license = answer.license.clone().ok_or_else(|| Reason::new("field_missing", "license is mandatory and is missing"))?;
        if scenario != Scenario::Create && self.license.as_ref() != Some(&license) {
            return Err(Reason::new("not_idempotent", "the same orderId must give the licence that was made first"));
        }
        self.license = Some(license);
        Ok(Verdict::Pass)
    }

    fn queried(&self, answer: &Answer) -> Result<Verdict, Reason> {
        let id = self.instance_id.as_deref().unwrap_or_default();
        match answer.info_of(id) {
            None => Ok(Verdict::Again),
            Some(info) if info.app.front_end_url.is_none() => Ok(Verdict::Again),
            Some(_) => Ok(Verdict::Pass),
        }
    }

    /// The reason when the data did not come after several questions.
    #[must_use]
    pub fn no_data() -> Reason {
        Reason::new("field_missing", "info with instanceId and appInfo.frontEndUrl is mandatory and did not come")
    }
}

/// Reads an exchange: the body first, also when the status is an error (`saas-interface 1.1`).
///
/// # Errors
/// [`Reason`], by the rule that was broken.
pub fn read(exchange: &Exchange) -> Result<Answer, Reason> {
    if let Some((kind, text)) = &exchange.error {
        return Err(Reason::new(kind, text.clone()));
    }
    let status = exchange.status.unwrap_or_default();
    match Answer::parse(exchange.body.as_deref().unwrap_or_default()) {
        Ok(answer) => Ok(answer),
        Err(_) if !(200..300).contains(&status) => {
            Err(Reason::new("http_status", format!("HTTP {status} without a readable body; answer 200 and a JSON body with resultCode")))
        }
        Err(AnswerError::NotAnObject) => Err(Reason::new("not_json", "the body is not a JSON object in UTF-8")),
        Err(AnswerError::NoResultCode) => Err(Reason::new("field_missing", "resultCode is mandatory and is missing")),
    }
}

/// Checks the signature of a 1.0 answer.
///
/// # Errors
/// [`Reason`], in the terms of the documented debugging errors.
pub fn read_body_sign(access_key: &str, exchange: &Exchange) -> Result<(), Reason> {
    saas_v1::verify_body_sign(access_key, exchange.body_sign.as_deref(), exchange.body.as_deref().unwrap_or_default())
        .map_err(|e| Reason::new(e.kind(), e.to_string()))
}

fn wrong_code(code: &ResultCode, message: Option<&str>) -> Reason {
    let said = message.map(|m| format!(" ({})", m.chars().take(200).collect::<String>())).unwrap_or_default();
    let text = match code {
        ResultCode::AuthenticationFailed => {
            format!("the server answered 000001{said}: it computed another signature, although ours is right")
        }
        code => format!("resultCode is {}{said}; expected is 000000", code.code()),
    };
    Reason::new(code.kind(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Exchange {
        Exchange { status: Some(200), body: Some(body.as_bytes().to_vec()), ..Exchange::default() }
    }

    fn code(suite: &mut Suite, scenario: Scenario, exchange: &Exchange) -> &'static str {
        match suite.judge(scenario, exchange) {
            Verdict::Pass => "pass",
            Verdict::Again => "again",
            Verdict::Fail(reason) => reason.code,
        }
    }

    #[test]
    fn answers_are_judged_by_the_rule_they_break() {
        let mut suite = Suite::new(Protocol::SaasV2, "k");
        for (scenario, body, expected) in [
            (Scenario::Create, r#"{"resultCode":"000000"}"#, "field_missing"),
            (Scenario::Create, r#"{"resultMsg":"x"}"#, "field_missing"),
            (Scenario::Create, "<html>", "not_json"),
            (Scenario::Create, r#"{"resultCode":"000001"}"#, "authentication_failed"),
            (Scenario::Create, r#"{"resultCode":"000100"}"#, "no_resource"),
            (Scenario::Create, r#"{"resultCode":"000004","instanceId":"i"}"#, "pass"),
            (Scenario::CreateAgain, r#"{"resultCode":"000000","instanceId":"j"}"#, "not_idempotent"),
            (Scenario::CreateAgain, r#"{"resultCode":"000000","instanceId":"i"}"#, "pass"),
            (Scenario::Query, r#"{"resultCode":"000000"}"#, "again"),
            (Scenario::Query, r#"{"resultCode":"000000","info":[{"instanceId":"i","appInfo":{"frontEndUrl":"https://a"}}]}"#, "pass"),
            (Scenario::Renew, r#"{"resultCode":"000004"}"#, "processing"),
            (Scenario::Freeze, r#"{"resultCode":"000000"}"#, "pass"),
            (Scenario::WrongSignature, r#"{"resultCode":"000000"}"#, "signature_not_checked"),
            (Scenario::WrongSignature, r#"{"resultCode":"000001"}"#, "pass"),
            (Scenario::Release, r#"{"resultCode":"999999"}"#, "unknown_code"),
        ] {
            assert_eq!(code(&mut suite, scenario, &answer(body)), expected, "{} {body}", scenario.name());
        }
    }

    #[test]
    fn an_error_status_with_a_readable_body_is_read() {
        let mut suite = Suite::new(Protocol::SaasV2, "k");
        let exchange = Exchange { status: Some(500), ..answer(r#"{"resultCode":"000000","instanceId":"i"}"#) };
        assert_eq!(suite.judge(Scenario::Create, &exchange), Verdict::Pass);
        let exchange = Exchange { status: Some(502), ..answer("Bad gateway") };
        assert_eq!(code(&mut suite, Scenario::Create, &exchange), "http_status");
    }

    #[test]
    fn an_answer_of_1_0_is_read_only_with_its_signature() {
        let mut suite = Suite::new(Protocol::SaasV1, "k");
        let good = r#"{"resultCode":"000000","resultMsg":"ok","instanceId":"i"}"#;
        let signed = |body: &str, key: &str| Exchange { body_sign: Some(saas_v1::body_sign(key, body.as_bytes())), ..answer(body) };
        assert_eq!(code(&mut suite, Scenario::Create, &answer(good)), "body_sign_missing");
        assert_eq!(code(&mut suite, Scenario::Create, &signed(good, "other")), "body_sign_wrong");
        let bent = Exchange { body_sign: Some("HMAC-SHA256 abc".into()), ..answer(good) };
        assert_eq!(code(&mut suite, Scenario::Create, &bent), "body_sign_malformed");
        assert_eq!(code(&mut suite, Scenario::Create, &signed(good, "k")), "pass");
        let processing = r#"{"resultCode":"000004"}"#;
        assert_eq!(code(&mut suite, Scenario::Create, &signed(processing, "k")), "processing");
    }

    #[test]
    fn listings_need_the_documented_cases() {
        let v2 = Protocol::SaasV2;
        let offered = |period, on_demand, upgrade| Offered { period, on_demand, upgrade, renewal_change: false };
        let change = Offered { renewal_change: true, ..offered(true, false, false) };
        assert!(v2.needed(change).contains(&"change_check"));
        assert_eq!(v2.needed(offered(true, false, false)), ["create", "query", "renew", "freeze", "unfreeze", "release"]);
        assert_eq!(v2.needed(offered(false, false, false)), ["create", "query", "release"]);
        assert_eq!(v2.needed(offered(false, true, false)), ["create", "query", "freeze", "unfreeze", "release", "usage_push"]);
        assert!(v2.needed(offered(true, false, true)).contains(&"upgrade"));
        assert_eq!(Protocol::SaasV1.needed(offered(true, false, false)), ["create", "renew", "expire", "release"]);
        assert_eq!(Protocol::SaasV1.needed(offered(false, false, false)), ["create", "release"]);
        assert_eq!(Protocol::OrderNotify.needed(offered(true, true, true)), ["notify"]);
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::from_name(protocol.name()), Some(protocol));
        }
    }
}
