//! Runs the conformance suite against a seller's server: for the debugger, a review, the command line.

use crate::Client;
use app::{Clock, Ids, MovableClock, RandomIds, call::redact};
use domain::site::wire_time;
use jiff::SignedDuration;
use serde::Serialize;
use std::time::Duration;
use wire::{
    conformance::{Reason, Scenario, Suite, Verdict},
    saas_v2::{self, Mistake, Steps},
};

/// One case and how it went.
#[derive(Debug, Clone, Serialize)]
pub struct CaseResult {
    pub name: &'static str,
    pub mandatory: bool,
    /// `pass`, `fail` or `skip`.
    pub result: &'static str,
    pub reason: Option<Reason>,
    pub activity: Option<&'static str>,
    pub url: Option<String>,
    pub request: Option<String>,
    pub status: Option<u16>,
    pub answer: Option<String>,
    pub duration_ms: i64,
    pub steps: Option<Steps>,
    /// What the usual mistakes would give, when the server computed another signature.
    pub mistakes: Vec<Mistake>,
}

/// The whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub protocol: &'static str,
    pub passed: usize,
    pub failed: usize,
    pub cases: Vec<CaseResult>,
}

impl Report {
    /// Whether every mandatory case passed.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.cases.iter().all(|c| !c.mandatory || c.result == "pass")
    }
}

/// How often data that have not come are asked for, a second apart.
const QUESTIONS_MAX: usize = 10;

/// Runs cases in order; later ones use the instance id that the first one got.
pub async fn run_suite(client: &Client, url: &str, key: &str, scenarios: &[Scenario]) -> Report {
    let mut suite = Suite::default();
    let mut cases = Vec::new();
    for scenario in scenarios {
        cases.push(run_case(client, url, key, *scenario, &mut suite).await);
    }
    let count = |result| cases.iter().filter(|c| c.result == result).count();
    Report { protocol: "saas-v2", passed: count("pass"), failed: count("fail"), cases }
}

async fn run_case(client: &Client, url: &str, key: &str, scenario: Scenario, suite: &mut Suite) -> CaseResult {
    let mut case = CaseResult {
        name: scenario.name(),
        mandatory: scenario.mandatory(),
        result: "skip",
        reason: None,
        activity: None,
        url: None,
        request: None,
        status: None,
        answer: None,
        duration_ms: 0,
        steps: None,
        mistakes: Vec::new(),
    };
    for question in 1..=QUESTIONS_MAX {
        let clock = MovableClock::default();
        let expire_time = wire_time(clock.wall() + SignedDuration::from_hours(24 * 365));
        let Some(request) = suite.request(scenario, &random_hex(16), &expire_time) else {
            case.reason = Some(Reason { code: "no_instance", text: "create gave no instanceId".to_owned() });
            return case;
        };
        let body = request.to_body(Some("1"));
        let (now_ms, nonce) = (clock.wall().as_millisecond(), random_hex(16));
        let signing_key = if scenario.wrong_signature() { "wrong-on-purpose" } else { key };
        let query = saas_v2::sign(signing_key, &body, now_ms, &nonce);
        let Ok(mut full) = url::Url::parse(url) else {
            case.result = "fail";
            case.reason = Some(Reason { code: "bad_url", text: format!("{url} is not an address") });
            return case;
        };
        full.query_pairs_mut().extend_pairs(query.pairs());
        let exchange = client.post(full.as_str(), &body).await;
        let verdict = suite.judge(scenario, &exchange);
        case.activity = Some(request.activity());
        case.url = Some(full.into());
        case.status = exchange.status;
        case.answer = exchange.body.as_deref().map(redact);
        case.duration_ms = exchange.duration_ms;
        case.steps = Some(saas_v2::steps(signing_key, &body, now_ms, &nonce));
        case.request = Some(body.clone());
        match verdict {
            Verdict::Pass => {
                case.result = "pass";
                return case;
            }
            Verdict::Again if question < QUESTIONS_MAX => tokio::time::sleep(Duration::from_secs(1)).await,
            Verdict::Again => {
                case.result = "fail";
                case.reason = Some(Suite::no_data());
            }
            Verdict::Fail(reason) => {
                if reason.code == "authentication_failed" {
                    case.mistakes = saas_v2::known_mistakes(key, &body, now_ms, &nonce);
                }
                case.result = "fail";
                case.reason = Some(reason);
                return case;
            }
        }
    }
    case
}

fn random_hex(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    RandomIds::default().random(&mut buffer);
    buffer.iter().map(|b| format!("{b:02x}")).collect()
}
