//! Runs the conformance suite against a seller's server: for the debugger, a review, the command line.

use crate::Client;
use app::{Clock, Ids, MovableClock, RandomIds, call::redact};
use domain::site::wire_time;
use jiff::SignedDuration;
use serde::Serialize;
use std::time::Duration;
use wire::{
    conformance::{Exchange, Moment, Prepared, Protocol, Reason, Scenario, Step, Suite, Verdict},
    saas_v2::Mistake,
};

/// One case and how it went.
#[derive(Debug, Clone, Serialize)]
pub struct CaseResult {
    pub name: String,
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
pub(crate) const QUESTIONS_MAX: usize = 10;

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

/// What is different each time, handed to whoever makes a request.
pub(crate) fn now<T>(with: impl FnOnce(&Moment<'_>) -> T) -> T {
    let now = MovableClock::default().wall();
    with(&Moment {
        now_ms: now.as_millisecond(),
        nonce: &random_hex(16),
        business_id: &random_hex(16),
        expire_time: &wire_time(now + SignedDuration::from_hours(24 * 365)),
    })
}

/// Where a prepared request goes.
pub(crate) fn address(subject: Subject<'_>, prepared: &Prepared) -> Result<url::Url, Reason> {
    let bad = |_| Reason { code: "bad_url", text: format!("{} is not an address", subject.url) };
    let mut full = url::Url::parse(subject.url).map_err(bad)?;
    if let (Some(path), Ok(mut segments)) = (&prepared.path, full.path_segments_mut()) {
        segments.pop_if_empty().extend(path.split('/'));
    }
    full.set_query((!prepared.query.is_empty()).then_some(prepared.query.as_str()));
    Ok(full)
}

/// Sends a request that its writer changed, signed anew, and says whether it succeeded.
///
/// # Errors
/// What is wrong with the text.
pub async fn send_edited(client: &Client, subject: Subject<'_>, text: &str, path: Option<&str>) -> Result<CaseResult, String> {
    let suite = Suite::new(subject.protocol, subject.key);
    let prepared = now(|moment| suite.edited(text, path, moment))?;
    let mut case = CaseResult::new("edited", false);
    match address(subject, &prepared) {
        Err(reason) => (case.result, case.reason) = ("fail", Some(reason)),
        Ok(full) => {
            let exchange = client.call(full.as_str(), prepared.body.as_deref(), &prepared.headers).await;
            match suite.judge_edited(&exchange) {
                Ok(()) => case.result = "pass",
                Err(reason) => {
                    if reason.code == "authentication_failed" {
                        case.mistakes.clone_from(&prepared.mistakes);
                    }
                    (case.result, case.reason) = ("fail", Some(reason));
                }
            }
            case.sent(prepared, full, &exchange);
        }
    }
    Ok(case)
}

impl CaseResult {
    pub(crate) fn new(name: &str, mandatory: bool) -> Self {
        Self {
            name: name.to_owned(),
            mandatory,
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
        }
    }

    /// Keeps what was sent and what came back.
    fn sent(&mut self, prepared: Prepared, full: url::Url, exchange: &Exchange) {
        self.activity = Some(prepared.activity);
        self.method = Some(if prepared.body.is_some() { "POST" } else { "GET" });
        self.url = Some(full.into());
        self.status = exchange.status;
        self.answer = exchange.body.as_deref().map(redact);
        self.duration_ms = exchange.duration_ms;
        self.steps = prepared.steps;
        self.request = Some(prepared.shown);
    }
}

async fn run_case(client: &Client, subject: Subject<'_>, scenario: Scenario, suite: &mut Suite) -> CaseResult {
    let mut case = CaseResult::new(scenario.name(), subject.protocol.mandatory(scenario));
    for question in 1..=QUESTIONS_MAX {
        let Some(prepared) = now(|moment| suite.prepare(scenario, moment)) else {
            case.reason = Some(Reason { code: "no_instance", text: "create gave no instanceId".to_owned() });
            return case;
        };
        let full = match address(subject, &prepared) {
            Ok(full) => full,
            Err(reason) => {
                (case.result, case.reason) = ("fail", Some(reason));
                return case;
            }
        };
        let sent = client.call(full.as_str(), prepared.body.as_deref(), &prepared.headers);
        if scenario == Scenario::Interrupted && question == 1 {
            // The marketplace goes away before the answer; it asks again below, as it would after a time-out.
            let _answer_is_lost = tokio::time::timeout(HANG_UP, sent).await;
            continue;
        }
        let exchange = sent.await;
        let verdict = suite.judge(scenario, &exchange);
        let mistakes = prepared.mistakes.clone();
        case.sent(prepared, full, &exchange);
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
                    case.mistakes = mistakes;
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
