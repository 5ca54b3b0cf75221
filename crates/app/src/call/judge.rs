//! What an answer means, by activity; pure.

use domain::call::{Activity, Outcome};
use wire::{
    conformance::{self, Exchange, Protocol},
    result_code::ResultCode,
    saas_v1::secret::{self, Strength},
    saas_v2::{Answer, AppInfo},
};

/// An outcome with what the seller told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub outcome: Outcome,
    pub instance_id: Option<String>,
    pub app: Option<AppInfo>,
    /// Licence 1.x: the licence itself.
    pub licence: Option<String>,
}

impl Judged {
    fn plain(outcome: Outcome) -> Self {
        Self { outcome, instance_id: None, app: None, licence: None }
    }
}

/// The stored answer's longest text; the rest is cut.
const ANSWER_MAX: usize = 20_000;

/// How an answer is read: what the server speaks, and the key that signs a 1.0 answer.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    pub protocol: Protocol,
    pub secret: &'a str,
}

/// Judges what came back for an activity on an instance.
#[must_use]
pub fn judge(activity: Activity, wire_id: Option<&str>, reading: Reading<'_>, exchange: &Exchange) -> Judged {
    if reading.protocol == Protocol::SaasAzure && activity != Activity::Notify {
        return webhook(activity, exchange);
    }
    let v1 = matches!(reading.protocol, Protocol::SaasV1 | Protocol::LicenceV1);
    let read = conformance::read(exchange);
    let read = if reading.protocol.signs_answers() {
        read.and_then(|answer| conformance::read_body_sign(reading.secret, exchange).map(|()| answer))
    } else {
        read
    };
    let answer = match read {
        Ok(answer) => answer,
        Err(reason) => return Judged::plain(Outcome::failure(reason.code, reason.text)),
    };
    match (activity, &answer.code) {
        // 1.0 gives the data with the creation, and a creation that is being processed is repeated.
        (Activity::Create, ResultCode::Success) if v1 => opened_at_once(&answer, reading.secret),
        (Activity::GetLicence, ResultCode::Success) => licensed(&answer),
        (Activity::Create | Activity::Query | Activity::GetLicence, ResultCode::Processing) if v1 => Judged::plain(Outcome::NotYet),
        // Open once the seller gave an id: this interface has no query (license-interface 4.2).
        (Activity::Create, ResultCode::Success | ResultCode::Processing) if reading.protocol == Protocol::LicenceOnline => {
            let created = created(&answer);
            Judged { app: created.instance_id.is_some().then(AppInfo::default), ..created }
        }
        // The licence itself is uploaded.
        (Activity::Apply, ResultCode::Processing) => Judged::plain(Outcome::Success),
        (Activity::Create, ResultCode::Success | ResultCode::Processing) => created(&answer),
        (Activity::Query, ResultCode::Success | ResultCode::Processing) => queried(wire_id.unwrap_or_default(), &answer),
        (_, ResultCode::Success) | (Activity::Release | Activity::ReleaseCode | Activity::ReleaseLicence, ResultCode::NoSuchInstance) => {
            Judged::plain(Outcome::Success)
        }
        (_, code) => {
            let said = answer.message.as_deref().unwrap_or_default();
            let text = format!("resultCode {} {}", code.code(), said.chars().take(200).collect::<String>());
            Judged::plain(Outcome::failure(code.kind(), text.trim_end()))
        }
    }
}

/// An Azure webhook answers with its status alone.
fn webhook(activity: Activity, exchange: &Exchange) -> Judged {
    Judged::plain(match (&exchange.error, exchange.status.unwrap_or_default()) {
        (Some((kind, text)), _) => Outcome::failure(kind, text.clone()),
        (None, 200..300) if activity == Activity::Upgrade => Outcome::Accepted,
        (None, 200..300) => Outcome::Success,
        (None, status) => Outcome::failure("http_status", format!("HTTP {status}; a webhook answers 200 when it has taken note")),
    })
}

fn created(answer: &Answer) -> Judged {
    let Some(id) = answer.instance_id.clone() else {
        return Judged::plain(Outcome::failure("field_missing", "the answer has no instanceId"));
    };
    if id.chars().count() > 64 {
        return Judged::plain(Outcome::failure("field_too_long", "instanceId has more than 64 characters"));
    }
    let outcome = if answer.code == ResultCode::Success { Outcome::Success } else { Outcome::Accepted };
    Judged { outcome, instance_id: Some(id), app: None, licence: None }
}

/// The longest licence that is kept; the rest would be cut.
const LICENCE_MAX: usize = 16_000;

/// A licence of 1.x. Early sellers leave the id empty; the order's number stands for it then.
fn licensed(answer: &Answer) -> Judged {
    let Some(licence) = answer.license.clone() else {
        return Judged::plain(Outcome::failure("field_missing", "the answer has no license"));
    };
    if answer.instance_id.as_ref().is_some_and(|id| id.chars().count() > 64) || licence.chars().count() > LICENCE_MAX {
        return Judged::plain(Outcome::failure("field_too_long", "instanceId has more than 64 characters, or license more than 16,000"));
    }
    Judged { outcome: Outcome::Success, instance_id: answer.instance_id.clone(), app: Some(AppInfo::default()), licence: Some(licence) }
}

/// Stands for a user name or password that the seller's key does not decrypt.
const UNREADABLE: &str = "could not be decrypted";

fn opened_at_once(answer: &Answer, access_key: &str) -> Judged {
    let created = created(answer);
    if created.instance_id.is_none() {
        return created;
    }
    let mut app = answer.info.first().map(|info| info.app.clone()).unwrap_or_default();
    let strength = Strength::of(answer.encrypt_type.as_deref());
    for value in [&mut app.user_name, &mut app.password].into_iter().flatten() {
        *value = secret::decrypt(access_key, value, strength).unwrap_or_else(|| UNREADABLE.to_owned());
    }
    Judged { app: Some(app), ..created }
}

fn queried(wire_id: &str, answer: &Answer) -> Judged {
    match answer.info_of(wire_id) {
        Some(info) if info.app.front_end_url.is_some() => {
            Judged { outcome: Outcome::Success, instance_id: None, app: Some(info.app.clone()), licence: None }
        }
        _ => Judged::plain(Outcome::NotYet),
    }
}

/// An answer as it is kept: cut to a length, passwords and licences blotted out.
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
                if ["password", "license"].iter().any(|secret| key.eq_ignore_ascii_case(secret)) {
                    *inner = Value::from("***");
                } else {
                    blot(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blot),
        Value::String(text) if text.contains("password") || text.contains("license") => {
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

    const V2: Reading<'_> = Reading { protocol: Protocol::SaasV2, secret: "k" };

    fn kind(activity: Activity, exchange: &Exchange) -> String {
        judge(activity, Some("i"), V2, exchange).outcome.kind().to_owned()
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

    fn v1(body: &str, key: &str) -> Judged {
        let reading = Reading { protocol: Protocol::SaasV1, secret: "k" };
        let signed = wire::saas_v1::body_sign(key, body.as_bytes());
        judge(Activity::Create, None, reading, &Exchange { body_sign: Some(signed), ..exchange(200, body) })
    }

    #[test]
    fn a_creation_of_1_0_opens_at_once_with_decrypted_data() {
        for (encrypt_type, strength) in [("1", Strength::Aes256), ("2", Strength::Aes128)] {
            let password = secret::encrypt("k", "hunter2", "abcdefghij123456", strength).unwrap();
            let app = format!(r#"{{"frontEndUrl":"https://a","userName":"cut off","password":"{password}"}}"#);
            let body =
                format!(r#"{{"resultCode":"000000","resultMsg":"ok","instanceId":"i+/=","encryptType":"{encrypt_type}","appInfo":{app}}}"#);
            let judged = v1(&body, "k");
            let app = judged.app.unwrap();
            assert_eq!((judged.outcome, judged.instance_id.as_deref()), (Outcome::Success, Some("i+/=")));
            assert_eq!((app.password.as_deref(), app.user_name.as_deref()), (Some("hunter2"), Some(UNREADABLE)));
        }
        let bare = r#"{"resultCode":"000000","instanceId":"i"}"#;
        assert_eq!(v1(bare, "k").app, Some(AppInfo::default()), "appInfo is optional");
        assert_eq!(v1(bare, "other").outcome.kind(), "body_sign_wrong");
        assert_eq!(v1(r#"{"resultCode":"000004"}"#, "k").outcome, Outcome::NotYet);
        assert_eq!(v1(r#"{"resultCode":"000100"}"#, "k").outcome.kind(), "no_resource");
    }

    #[test]
    fn passwords_are_not_kept() {
        let body = br#"{"info":[{"appInfo":{"password":"hunter2","userName":"u"}}],"text":"{\"password\":\"hunter2\"}"}"#;
        let kept = redact(body);
        assert!(!kept.contains("hunter2"), "{kept}");
        assert!(kept.contains("userName"));
    }
}
