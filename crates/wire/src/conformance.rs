//! One suite of cases for a seller's SaaS 2.0 server: the debugger runs it, a review replays it, the
//! command line repeats it (`saas-interface 2.3`).
//!
//! The suite makes requests and judges answers; whoever runs it sends them.

use crate::{
    result_code::ResultCode,
    saas_v2::{Answer, AnswerError, OrderIds, Request, Scene, Status},
};

/// What came back from a seller's server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    pub status: Option<u16>,
    pub body: Option<Vec<u8>>,
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
    WrongSignature,
    Release,
}

impl Scenario {
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::CreateAgain,
        Self::Query,
        Self::Renew,
        Self::Freeze,
        Self::Unfreeze,
        Self::Upgrade,
        Self::WrongSignature,
        Self::Release,
    ];

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
            Self::WrongSignature => "wrong_signature",
            Self::Release => "release",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Whether a seller of period products must pass it. Upgrades are for those who offer them; a server
    /// that checks no signature is dangerous for its owner, but upstream does not refuse it.
    #[must_use]
    pub fn mandatory(self) -> bool {
        match self {
            Self::Create | Self::CreateAgain | Self::Query | Self::Renew | Self::Freeze | Self::Unfreeze | Self::Release => true,
            Self::Upgrade | Self::WrongSignature => false,
        }
    }

    /// Whether the request is to be sent with a signature that is wrong on purpose.
    #[must_use]
    pub fn wrong_signature(self) -> bool {
        self == Self::WrongSignature
    }
}

/// The names of the cases that a listing needs (`saas-interface 2.3`).
#[must_use]
pub fn needed(period: bool, upgrade: bool) -> Vec<&'static str> {
    let mut cases = vec![Scenario::Create, Scenario::Query, Scenario::Release];
    if period {
        cases.extend([Scenario::Renew, Scenario::Freeze, Scenario::Unfreeze]);
    }
    if upgrade {
        cases.push(Scenario::Upgrade);
    }
    cases.into_iter().map(Scenario::name).collect()
}

/// What the suite remembers from case to case.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    pub instance_id: Option<String>,
}

/// A documented MOCK order (`open-api 3.2`).
fn mock(order: &str) -> OrderIds {
    OrderIds { order_id: order.to_owned(), order_line_id: format!("{order}-000001") }
}

impl Suite {
    /// The request of a case, or nothing when an earlier case gave no instance id.
    #[must_use]
    pub fn request(&self, scenario: Scenario, business_id: &str, expire_time: &str) -> Option<Request> {
        let id = || self.instance_id.clone();
        Some(match scenario {
            Scenario::Create | Scenario::CreateAgain => {
                Request::NewInstance { order: mock("MOCKPERIODYEARNEW"), business_id: business_id.to_owned() }
            }
            Scenario::Query | Scenario::WrongSignature => Request::QueryInstance { instance_ids: vec![id()?] },
            Scenario::Renew => Request::RefreshInstance {
                scene: Scene::Renewal,
                order: mock("MOCKMONTYRENEW"),
                instance_id: id()?,
                product_id: None,
                expire_time: expire_time.to_owned(),
            },
            Scenario::Freeze => Request::UpdateInstanceStatus { instance_id: id()?, status: Status::Freeze },
            Scenario::Unfreeze => Request::UpdateInstanceStatus { instance_id: id()?, status: Status::Unfreeze },
            Scenario::Upgrade => Request::UpgradeInstance { instance_id: id()?, order: mock("MOCKMONTYCHANGE") },
            Scenario::Release => Request::ReleaseInstance { instance_id: id()?, order: Some(mock("MOCKMONTYUNSUBSCRIBE")) },
        })
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
        let asynchronous = matches!(scenario, Scenario::Create | Scenario::CreateAgain | Scenario::Query);
        match &answer.code {
            ResultCode::Success => {}
            ResultCode::Processing if asynchronous => {}
            code => return Err(wrong_code(code, answer.message.as_deref())),
        }
        match scenario {
            Scenario::Create | Scenario::CreateAgain => self.created(scenario, &answer),
            Scenario::Query => self.queried(&answer),
            Scenario::Renew | Scenario::Freeze | Scenario::Unfreeze | Scenario::Upgrade | Scenario::WrongSignature | Scenario::Release => {
                Ok(Verdict::Pass)
            }
        }
    }

    fn created(&mut self, scenario: Scenario, answer: &Answer) -> Result<Verdict, Reason> {
        let id = answer.instance_id.clone().ok_or_else(|| Reason::new("field_missing", "instanceId is mandatory and is missing"))?;
        if scenario == Scenario::CreateAgain && self.instance_id.as_ref() != Some(&id) {
            let text = "the same orderId and orderLineId must give the same instanceId, however often they are sent";
            return Err(Reason::new("not_idempotent", text));
        }
        self.instance_id = Some(id);
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
        let mut suite = Suite::default();
        assert_eq!(suite.request(Scenario::Query, "b", "20271124155959"), None, "no instance id yet");
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
        let mut suite = Suite::default();
        let exchange = Exchange { status: Some(500), ..answer(r#"{"resultCode":"000000","instanceId":"i"}"#) };
        assert_eq!(suite.judge(Scenario::Create, &exchange), Verdict::Pass);
        let exchange = Exchange { status: Some(502), ..answer("Bad gateway") };
        assert_eq!(code(&mut suite, Scenario::Create, &exchange), "http_status");
    }

    #[test]
    fn listings_need_the_documented_cases() {
        assert_eq!(needed(true, false), ["create", "query", "release", "renew", "freeze", "unfreeze"]);
        assert_eq!(needed(false, false), ["create", "query", "release"]);
        assert!(needed(true, true).contains(&"upgrade"));
    }
}
