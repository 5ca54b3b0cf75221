//! Runs the conformance suite against a seller's server: for the debugger, a review, the command line.

use crate::Client;
use app::{Clock, Ids, MovableClock, RandomIds, call::redact};
use domain::site::wire_time;
use jiff::SignedDuration;
use serde::Serialize;
use std::time::Duration;
use wire::{
    conformance::{Moment, Prepared, Protocol, Reason, Scenario, Step, Suite, Verdict},
    saas_v2::Mistake,
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
    /// `POST`, or `GET` in SaaS 1.0.
    pub method: Option<&'static str>,
    pub url: Option<String>,
    pub request: Option<String>,
    pub status: Option<u16>,
    pub answer: Option<String>,
    pub duration_ms: i64,
    /// How the signature came about.
    pub steps: Vec<Step>,
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

/// When the connection is broken on purpose: the request was sent, its answer was not read.
const HANG_UP: Duration = Duration::from_millis(5);
/// How often data that have not come are asked for, a second apart.
const QUESTIONS_MAX: usize = 10;

/// A seller's server to be tried.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub protocol: Protocol,
    pub url: &'a str,
    pub key: &'a str,
}

/// Runs cases in order; later ones use the instance id that the first one got.
pub async fn run_suite(client: &Client, subject: Subject<'_>, scenarios: &[Scenario]) -> Report {
    run(client, subject, scenarios, false).await
}

/// The same up to the first case that does not pass: for a replay, which wants to know only whether all do.
pub async fn run_while_passing(client: &Client, subject: Subject<'_>, scenarios: &[Scenario]) -> Report {
    run(client, subject, scenarios, true).await
}

async fn run(client: &Client, subject: Subject<'_>, scenarios: &[Scenario], stop: bool) -> Report {
    let mut suite = Suite::new(subject.protocol, subject.key);
    let mut cases: Vec<CaseResult> = Vec::new();
    for scenario in scenarios {
        if stop && cases.last().is_some_and(|c| c.result != "pass") {
            break;
        }
        cases.push(run_case(client, subject, *scenario, &mut suite).await);
    }
    let count = |result| cases.iter().filter(|c| c.result == result).count();
    Report { protocol: subject.protocol.name(), passed: count("pass"), failed: count("fail"), cases }
}

fn prepare(suite: &Suite, scenario: Scenario) -> Option<Prepared> {
    let now = MovableClock::default().wall();
    let moment = Moment {
        now_ms: now.as_millisecond(),
        nonce: &random_hex(16),
        business_id: &random_hex(16),
        expire_time: &wire_time(now + SignedDuration::from_hours(24 * 365)),
    };
    suite.prepare(scenario, &moment)
}

async fn run_case(client: &Client, subject: Subject<'_>, scenario: Scenario, suite: &mut Suite) -> CaseResult {
    let mut case = CaseResult {
        name: scenario.name(),
        mandatory: subject.protocol.mandatory(scenario),
        result: "skip",
        reason: None,
        activity: None,
        method: None,
        url: None,
        request: None,
        status: None,
        answer: None,
        duration_ms: 0,
        steps: Vec::new(),
        mistakes: Vec::new(),
    };
    for question in 1..=QUESTIONS_MAX {
        let Some(prepared) = prepare(suite, scenario) else {
            case.reason = Some(Reason { code: "no_instance", text: "create gave no instanceId".to_owned() });
            return case;
        };
        let Ok(mut full) = url::Url::parse(subject.url) else {
            case.result = "fail";
            case.reason = Some(Reason { code: "bad_url", text: format!("{} is not an address", subject.url) });
            return case;
        };
        if let (Some(path), Ok(mut segments)) = (&prepared.path, full.path_segments_mut()) {
            segments.pop_if_empty().extend(path.split('/'));
        }
        full.set_query((!prepared.query.is_empty()).then_some(prepared.query.as_str()));
        let sent = client.call(full.as_str(), prepared.body.as_deref(), &prepared.headers);
        if scenario == Scenario::Interrupted && question == 1 {
            // The marketplace goes away before the answer; it asks again below, as it would after a time-out.
            let _answer_is_lost = tokio::time::timeout(HANG_UP, sent).await;
            continue;
        }
        let exchange = sent.await;
        let verdict = suite.judge(scenario, &exchange);
        case.activity = Some(prepared.activity);
        case.method = Some(if prepared.body.is_some() { "POST" } else { "GET" });
        case.url = Some(full.into());
        case.status = exchange.status;
        case.answer = exchange.body.as_deref().map(redact);
        case.duration_ms = exchange.duration_ms;
        case.steps = prepared.steps;
        case.request = Some(prepared.shown);
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
                    case.mistakes = prepared.mistakes;
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
