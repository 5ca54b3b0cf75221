//! `yunshi replay`: a recording played against a seller's server, without the platform.

use super::junit;
use crate::{
    cli::Replay,
    output::{self, Failure},
};
use std::time::Duration;
use wire::{conformance::Protocol, recording::Recording};

/// Without an end, as far as anybody waits.
const WITHIN: Duration = Duration::from_secs(24 * 3600);

fn read(args: &Replay) -> Result<(Recording, Protocol), Failure> {
    let wrong = |text: String| Failure::WrongUse(format!("{}: {text}", args.file.display()));
    let text = std::fs::read_to_string(&args.file).map_err(|e| wrong(e.to_string()))?;
    let recording: Recording = serde_json::from_str(&text).map_err(|e| wrong(format!("no recording: {e}")))?;
    let first = recording.exchanges.first().and_then(|e| Protocol::from_name(&e.protocol));
    let protocol = args.protocol.or(first).ok_or_else(|| wrong("nothing is recorded; say --instance or --order".to_owned()))?;
    Ok((recording, protocol))
}

/// Plays a recording and compares the answers.
pub async fn replay(args: &Replay, json: bool) -> Result<(), Failure> {
    let (recording, protocol) = read(args)?;
    let limits = worker::Limits { loopback_allowed: true, ..worker::Limits::default() };
    let client = worker::Client::new(limits).map_err(Failure::failed)?;
    let subject = worker::Subject { protocol, url: &args.url, key: &args.key };
    let report = worker::replay(&client, subject, &recording, worker::Playing { fresh: args.fresh, within: WITHIN }).await;
    if let Some(path) = &args.junit {
        std::fs::write(path, junit::document(&report.as_cases())).map_err(|e| Failure::WrongUse(format!("{}: {e}", path.display())))?;
    }
    if json {
        output::document(true, &serde_json::to_value(&report).map_err(Failure::failed)?);
    } else {
        show(&report);
    }
    if report.ok() { Ok(()) } else { Err(Failure::Quiet(1)) }
}

fn show(report: &worker::ReplayReport) {
    for case in &report.cases {
        let mark = match case.result {
            "same" => "✓",
            "skip" => "–",
            _ => "✗",
        };
        println!("{mark} {}  {} ms", case.activity, case.duration_ms);
        if let Some(reason) = &case.reason {
            println!("    {}: {}", reason.code, reason.text);
        }
        for d in &case.differences {
            let kind = if d.matters { d.kind.to_owned() } else { format!("{} (does not matter)", d.kind) };
            println!("    {} {kind}: {} → {}", d.pointer, d.recorded, d.now);
        }
    }
    println!("{} the same, {} different, {} skipped", report.same, report.different, report.skipped);
}
