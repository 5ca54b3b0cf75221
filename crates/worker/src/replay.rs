//! Plays a recording against a seller's server: the same questions, signed anew, and what is different.

use crate::{
    Client, Subject,
    debug::{CaseResult, QUESTIONS_MAX, Report, address, now},
};
use app::call::redact;
use serde::Serialize;
use std::time::{Duration, Instant};
use wire::{
    conformance::{Exchange, Reason},
    recording::{Compared, Difference, Recorded, Recording, Replay},
};

/// One question of a recording and what came of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Replayed {
    pub activity: String,
    /// When it was recorded.
    pub at: String,
    /// `same`, `differs`, `fail` (no answer, or one that cannot be read) or `skip`.
    pub result: &'static str,
    pub reason: Option<Reason>,
    pub differences: Vec<Difference>,
    pub url: Option<String>,
    pub request: Option<String>,
    pub recorded: Option<String>,
    pub status: Option<u16>,
    pub answer: Option<String>,
    pub duration_ms: i64,
}

/// The whole run.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayReport {
    pub protocol: &'static str,
    pub same: usize,
    /// Those that differ and those that failed.
    pub different: usize,
    pub skipped: usize,
    pub cases: Vec<Replayed>,
}

impl ReplayReport {
    /// Whether nothing that matters is different.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.different == 0 && self.same > 0
    }

    /// The same as a report of cases, for those who read JUnit XML.
    #[must_use]
    pub fn as_cases(&self) -> Report {
        let case = |(i, r): (usize, &Replayed)| {
            let differences: Vec<String> = r
                .differences
                .iter()
                .filter(|d| d.matters)
                .map(|d| format!("{} {}: {} → {}", d.pointer, d.kind, d.recorded, d.now))
                .collect();
            let told = || Reason { code: "differs", text: differences.join("; ") };
            let result = match r.result {
                "same" => "pass",
                "skip" => "skip",
                _ => "fail",
            };
            CaseResult {
                result,
                reason: r.reason.clone().or_else(|| (result == "fail").then(told)),
                request: r.request.clone(),
                answer: r.answer.clone(),
                duration_ms: r.duration_ms,
                ..CaseResult::new(&format!("{} {}", i + 1, r.activity), result != "skip")
            }
        };
        Report {
            protocol: self.protocol,
            passed: self.same,
            failed: self.different,
            cases: self.cases.iter().enumerate().map(case).collect(),
        }
    }
}

/// How a recording is played.
#[derive(Debug, Clone, Copy)]
pub struct Playing {
    /// Orders get new numbers.
    pub fresh: bool,
    /// What is not asked by then is skipped.
    pub within: Duration,
}

/// Plays those exchanges of a recording that are of the server's protocol, in their order.
pub async fn replay(client: &Client, subject: Subject<'_>, recording: &Recording, playing: Playing) -> ReplayReport {
    let mut replay = Replay::new(subject.protocol, subject.key, playing.fresh);
    let begun = Instant::now();
    let mut cases = Vec::new();
    for recorded in recording.exchanges.iter().filter(|r| r.protocol == subject.protocol.name()) {
        let skipped = if begun.elapsed() > playing.within {
            Some(("late", "the time for a replay was over; play a shorter recording, or on the command line"))
        } else if recorded.answer.is_none() {
            Some(("no_answer", "no answer was recorded"))
        } else {
            None
        };
        cases.push(match skipped {
            Some((code, text)) => {
                let reason = Some(Reason { code, text: text.to_owned() });
                Replayed { activity: recorded.activity.clone(), at: recorded.at.clone(), result: "skip", reason, ..Replayed::default() }
            }
            None => one(client, subject, &mut replay, recorded).await,
        });
    }
    let count = |results: &[&str]| cases.iter().filter(|c| results.contains(&c.result)).count();
    let (same, different, skipped) = (count(&["same"]), count(&["differs", "fail"]), count(&["skip"]));
    ReplayReport { protocol: subject.protocol.name(), same, different, skipped, cases }
}

async fn one(client: &Client, subject: Subject<'_>, replay: &mut Replay, recorded: &Recorded) -> Replayed {
    let mut case = Replayed {
        activity: recorded.activity.clone(),
        at: recorded.at.clone(),
        recorded: recorded.answer.clone(),
        result: "fail",
        ..Replayed::default()
    };
    let failed = |case: Replayed, reason| Replayed { reason: Some(reason), ..case };
    for question in 1..=QUESTIONS_MAX {
        let prepared = match now(|moment| replay.prepare(recorded, moment)) {
            Ok(prepared) => prepared,
            Err(text) => return failed(case, Reason { code: "bad_recording", text }),
        };
        let full = match address(subject, &prepared) {
            Ok(full) => full,
            Err(reason) => return failed(case, reason),
        };
        let exchange: Exchange = client.call(full.as_str(), prepared.body.as_deref(), &prepared.headers).await;
        case.url = Some(full.into());
        case.request = Some(prepared.shown);
        case.status = exchange.status;
        case.answer = exchange.body.as_deref().map(redact);
        case.duration_ms = exchange.duration_ms;
        match replay.compare(recorded, &exchange) {
            Compared::Same(differences) => return Replayed { result: "same", differences, ..case },
            Compared::Differs(differences) => return Replayed { result: "differs", differences, ..case },
            Compared::Unreadable(reason) => return failed(case, reason),
            Compared::Again if question < QUESTIONS_MAX => tokio::time::sleep(Duration::from_secs(1)).await,
            Compared::Again => {}
        }
    }
    failed(case, wire::conformance::Suite::no_data())
}
