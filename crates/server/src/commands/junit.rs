//! A conformance report as JUnit XML, as CI servers read it.

use std::fmt::Write;
use worker::Report;

/// What XML cannot hold is left out, the rest is escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// One suite named by the protocol; an optional case that fails is skipped, for it fails nothing.
pub fn document(report: &Report) -> String {
    let failures = report.cases.iter().filter(|c| c.mandatory && c.result == "fail").count();
    let skipped = report.cases.iter().filter(|c| c.result != "pass").count() - failures;
    let total = report.cases.len();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let name = report.protocol;
    let _ = writeln!(out, "<testsuite name=\"{name}\" tests=\"{total}\" failures=\"{failures}\" skipped=\"{skipped}\">");
    for case in &report.cases {
        let seconds = format!("{}.{:03}", case.duration_ms / 1000, case.duration_ms % 1000);
        let _ = write!(out, "  <testcase classname=\"{name}\" name=\"{}\" time=\"{seconds}\"", case.name);
        if case.result == "pass" {
            out.push_str("/>\n");
            continue;
        }
        let (code, text) = case.reason.as_ref().map_or(("", ""), |r| (r.code, r.text.as_str()));
        let element = if case.mandatory && case.result == "fail" { "failure" } else { "skipped" };
        let (request, answer) = (case.request.as_deref().unwrap_or_default(), case.answer.as_deref().unwrap_or_default());
        let _ = writeln!(out, ">\n    <{element} type=\"{}\" message=\"{}\">", escaped(code), escaped(text));
        let _ = writeln!(out, "{}\n{}</{element}>\n  </testcase>", escaped(request), escaped(answer));
    }
    out.push_str("</testsuite>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::conformance::Reason;

    #[test]
    fn failures_are_told_and_hostile_answers_stay_text() {
        let case = |name: &str, mandatory, result, answer: &str| worker::CaseResult {
            name: name.to_owned(),
            mandatory,
            result,
            reason: (result == "fail").then(|| Reason { code: "not_json", text: "no <json>".to_owned() }),
            activity: None,
            method: None,
            url: None,
            request: None,
            status: None,
            answer: Some(answer.to_owned()),
            duration_ms: 1_234,
            steps: vec![],
            mistakes: vec![],
        };
        let cases =
            vec![case("create", true, "pass", ""), case("query", true, "fail", "</failure>\u{0}&"), case("upgrade", false, "fail", "x")];
        let xml = document(&Report { protocol: "saas-v2", passed: 1, failed: 2, cases });
        assert!(xml.contains("tests=\"3\" failures=\"1\" skipped=\"1\""), "{xml}");
        assert!(xml.contains("<testcase classname=\"saas-v2\" name=\"create\" time=\"1.234\"/>"), "{xml}");
        assert!(xml.contains("message=\"no &lt;json&gt;\"") && xml.contains("&lt;/failure&gt;&amp;"), "{xml}");
        assert_eq!(xml.matches("</failure>").count(), 1, "{xml}");
    }
}
