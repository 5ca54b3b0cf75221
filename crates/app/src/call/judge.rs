//! What an answer means, by activity; pure.

use domain::call::{Activity, Outcome};
use wire::{
    conformance::{self, Exchange},
    result_code::ResultCode,
    saas_v2::{Answer, AppInfo},
};

/// An outcome with what the seller told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub outcome: Outcome,
    pub instance_id: Option<String>,
    pub app: Option<AppInfo>,
}

impl Judged {
    fn plain(outcome: Outcome) -> Self {
        Self { outcome, instance_id: None, app: None }
    }
}

/// The stored answer's longest text; the rest is cut.
const ANSWER_MAX: usize = 20_000;

/// Judges what came back for an activity on an instance.
#[must_use]
pub fn judge(activity: Activity, wire_id: Option<&str>, exchange: &Exchange) -> Judged {
    let answer = match conformance::read(exchange) {
        Ok(answer) => answer,
        Err(reason) => return Judged::plain(Outcome::failure(reason.code, reason.text)),
    };
    match (activity, &answer.code) {
        (Activity::Create, ResultCode::Success | ResultCode::Processing) => created(&answer),
        (Activity::Query, ResultCode::Success | ResultCode::Processing) => queried(wire_id.unwrap_or_default(), &answer),
        (_, ResultCode::Success) | (Activity::Release, ResultCode::NoSuchInstance) => Judged::plain(Outcome::Success),
        (_, code) => {
            let said = answer.message.as_deref().unwrap_or_default();
            let text = format!("resultCode {} {}", code.code(), said.chars().take(200).collect::<String>());
            Judged::plain(Outcome::failure(code.kind(), text.trim_end()))
        }
    }
}

fn created(answer: &Answer) -> Judged {
    let Some(id) = answer.instance_id.clone() else {
        return Judged::plain(Outcome::failure("field_missing", "the answer has no instanceId"));
    };
    if id.chars().count() > 64 {
        return Judged::plain(Outcome::failure("field_too_long", "instanceId has more than 64 characters"));
    }
    let outcome = if answer.code == ResultCode::Success { Outcome::Success } else { Outcome::Accepted };
    Judged { outcome, instance_id: Some(id), app: None }
}

fn queried(wire_id: &str, answer: &Answer) -> Judged {
    match answer.info_of(wire_id) {
        Some(info) if info.app.front_end_url.is_some() => {
            Judged { outcome: Outcome::Success, instance_id: None, app: Some(info.app.clone()) }
        }
        _ => Judged::plain(Outcome::NotYet),
    }
}

/// An answer as it is kept: cut to a length, passwords blotted out.
#[must_use]
pub fn redact(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(mut value) => {
            blot(&mut value);
            value.to_string()
        }
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    text.chars().filter(|c| *c != '\0').take(ANSWER_MAX).collect()
}

fn blot(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if key.eq_ignore_ascii_case("password") {
                    *inner = Value::from("***");
                } else {
                    blot(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blot),
        Value::String(text) if text.contains("password") => {
            // An object carried as text.
            if let Ok(mut inner) = serde_json::from_str::<Value>(text) {
                blot(&mut inner);
                *text = inner.to_string();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(status: u16, body: &str) -> Exchange {
        Exchange { status: Some(status), body: Some(body.as_bytes().to_vec()), ..Exchange::default() }
    }

    fn kind(activity: Activity, exchange: &Exchange) -> String {
        judge(activity, Some("i"), exchange).outcome.kind().to_owned()
    }

    #[test]
    fn every_result_code_has_its_outcome() {
        let code = |c: &str| exchange(200, &format!(r#"{{"resultCode":"{c}","instanceId":"i"}}"#));
        for (activity, c, expected) in [
            (Activity::Create, "000000", "success"),
            (Activity::Create, "000004", "accepted"),
            (Activity::Create, "000100", "no_resource"),
            (Activity::Create, "000001", "authentication_failed"),
            (Activity::Create, "000002", "invalid_parameter"),
            (Activity::Create, "999999", "unknown_code"),
            (Activity::Query, "000000", "not_yet"),
            (Activity::Query, "000004", "not_yet"),
            (Activity::Query, "000003", "no_such_instance"),
            (Activity::Release, "000003", "success"),
            (Activity::Refresh, "000003", "no_such_instance"),
            (Activity::Refresh, "000004", "processing"),
            (Activity::UpdateStatus, "000005", "internal_error"),
            (Activity::Upgrade, "000000", "success"),
        ] {
            assert_eq!(kind(activity, &code(c)), expected, "{activity} {c}");
        }
    }

    #[test]
    fn broken_answers_fail_by_name() {
        for (status, body, expected) in [
            (200, "<html>", "not_json"),
            (200, r#"{"resultCode":"000000","instan"#, "not_json"),
            (500, "oops", "http_status"),
            (200, r#"{"a":1}"#, "field_missing"),
            (200, r#"{"resultCode":"000000"}"#, "field_missing"),
        ] {
            assert_eq!(kind(Activity::Create, &exchange(status, body)), expected, "{body}");
        }
        let timed_out = Exchange { error: Some(("timed_out", "no answer within 10 s".into())), ..Exchange::default() };
        assert_eq!(kind(Activity::Create, &timed_out), "timed_out");
    }

    #[test]
    fn passwords_are_not_kept() {
        let body = br#"{"info":[{"appInfo":{"password":"hunter2","userName":"u"}}],"text":"{\"password\":\"hunter2\"}"}"#;
        let kept = redact(body);
        assert!(!kept.contains("hunter2"), "{kept}");
        assert!(kept.contains("userName"));
    }
}
