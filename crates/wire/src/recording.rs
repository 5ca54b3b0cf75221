//! Recorded exchanges with a seller's server, and their replay: the same questions, signed anew, and what is
//! different in the answers. A seller keeps a recording and plays it against the next build of its server.
//!
//! A replay makes requests and compares answers; whoever runs it sends them.

use crate::conformance::{Exchange, Moment, Prepared, Protocol, Reason, Suite, read_body_sign};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What was asked and answered, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    pub exchanges: Vec<Recorded>,
}

/// One question with its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// RFC 3339.
    pub at: String,
    /// Name of the protocol, such as `saas-v2`.
    pub protocol: String,
    pub activity: String,
    /// The body that was posted, or for the protocols that ask by GET the parameters as a JSON object.
    pub request: String,
    /// HTTP status; none when nothing came.
    pub status: Option<u16>,
    /// Passwords and licences are blotted out.
    pub answer: Option<String>,
}

/// What is different in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// JSON pointer into the answer; empty for the whole of it.
    pub pointer: String,
    /// `changed`, `missing`, `new`, `type` or `status`.
    pub kind: &'static str,
    pub recorded: String,
    pub now: String,
    /// Whether a marketplace would behave otherwise; other differences are only shown.
    pub matters: bool,
}

/// What a replay says of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// Nothing that matters is different.
    Same(Vec<Difference>),
    Differs(Vec<Difference>),
    /// The data have not come yet; ask again a little later.
    Again,
    /// No answer that can be read, or one whose signature is wrong.
    Unreadable(Reason),
}

/// A run of a recording against one server.
#[derive(Debug, Clone)]
pub struct Replay {
    protocol: Protocol,
    key: String,
    suite: Suite,
    fresh: bool,
    /// Ids as they were recorded, and as they are now.
    names: BTreeMap<String, String>,
}

/// How much of a value is shown.
const SHOWN_MAX: usize = 200;

impl Replay {
    /// `fresh` gives orders new numbers, for a server that remembers the former ones.
    #[must_use]
    pub fn new(protocol: Protocol, key: &str, fresh: bool) -> Self {
        Self { protocol, key: key.to_owned(), suite: Suite::new(protocol, key), fresh, names: BTreeMap::new() }
    }

    /// The recorded request with the ids of now, signed anew.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub fn prepare(&mut self, recorded: &Recorded, moment: &Moment<'_>) -> Result<Prepared, String> {
        let mut request: Value = serde_json::from_str(&recorded.request).map_err(|e| format!("the recorded request is no JSON: {e}"))?;
        let order = request["orderId"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
        if let Some(order) = order.filter(|_| self.fresh) {
            self.names.entry(order).or_insert_with_key(|id| renumbered(id, moment.nonce));
        }
        self.rename(&mut request);
        if let Some(id) = request.get_mut("businessId") {
            // Differs on every request (saas-interface 2.2).
            *id = moment.business_id.into();
        }
        // Names in natural order, as they were sent; compact.
        let text = serde_json::to_string(&request).map_err(|e| e.to_string())?;
        self.suite.edited(&text, Some(&recorded.activity), moment)
    }

    /// Puts the ids of now for those that were recorded, also within lists of ids.
    fn rename(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let part = |part: &str| {
                    let known = self.names.iter().find(|(old, _)| part == *old || part.strip_prefix(*old).is_some_and(is_line));
                    known.map_or_else(|| part.to_owned(), |(old, new)| part.replacen(old.as_str(), new, 1))
                };
                *text = text.split(',').map(part).collect::<Vec<_>>().join(",");
            }
            Value::Array(items) => items.iter_mut().for_each(|v| self.rename(v)),
            Value::Object(fields) => fields.values_mut().for_each(|v| self.rename(v)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Compares an answer with the recorded one, and remembers the ids that it gives.
    pub fn compare(&mut self, recorded: &Recorded, exchange: &Exchange) -> Compared {
        if let Some((kind, text)) = &exchange.error {
            return Compared::Unreadable(Reason { code: kind, text: text.clone() });
        }
        if matches!(self.protocol, Protocol::SaasV1 | Protocol::LicenceV1)
            && let Err(reason) = read_body_sign(&self.key, exchange)
        {
            return Compared::Unreadable(reason);
        }
        let object = |body: &[u8]| serde_json::from_slice::<Value>(body).ok().filter(Value::is_object);
        let then = object(recorded.answer.as_deref().unwrap_or_default().as_bytes());
        let now = object(exchange.body.as_deref().unwrap_or_default());
        let mut all = Vec::new();
        if recorded.status != exchange.status {
            let text = |status: Option<u16>| status.map_or_else(String::new, |s| s.to_string());
            all.push(Difference {
                pointer: String::new(),
                kind: "status",
                recorded: text(recorded.status),
                now: text(exchange.status),
                matters: true,
            });
        }
        match (then, now) {
            (None, None) => {}
            (Some(then), None) => all.push(difference("", "missing", &then, &Value::Null, true)),
            (None, Some(now)) => all.push(difference("", "new", &Value::Null, &now, true)),
            (Some(then), Some(now)) => {
                if recorded.activity == "queryInstance" && is_filled(&then["info"]) && !is_filled(&now["info"]) && succeeded(&now) {
                    return Compared::Again;
                }
                // Early sellers of licences leave the id empty; nothing is to be called by that.
                let old = then["instanceId"].as_str().filter(|id| !id.is_empty());
                if let (Some(old), Some(new)) = (old, now["instanceId"].as_str()) {
                    self.names.insert(old.to_owned(), new.to_owned());
                }
                self.differences("", &then, &now, &mut all);
            }
        }
        if all.iter().any(|d| d.matters) { Compared::Differs(all) } else { Compared::Same(all) }
    }

    fn differences(&self, at: &str, then: &Value, now: &Value, all: &mut Vec<Difference>) {
        match (then, now) {
            (Value::Object(then), Value::Object(now)) => {
                for (name, old) in then {
                    let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    match now.get(name) {
                        None => all.push(difference(&at, "missing", old, &Value::Null, !old.is_null())),
                        Some(new) => self.differences(&at, old, new, all),
                    }
                }
                for (name, new) in now.iter().filter(|(name, _)| !then.contains_key(*name)) {
                    all.push(difference(&format!("{at}/{name}"), "new", &Value::Null, new, false));
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                if old.len() != new.len() {
                    all.push(difference(at, "changed", &old.len().into(), &new.len().into(), true));
                }
                for (i, (old, new)) in old.iter().zip(new).enumerate() {
                    self.differences(&format!("{at}/{i}"), old, new, all);
                }
            }
            (Value::String(old), _) if old == "***" => {}
            (old, new) => {
                let mut expected = old.clone();
                self.rename(&mut expected);
                if expected == *new {
                    return;
                }
                if std::mem::discriminant(old) != std::mem::discriminant(new) {
                    return all.push(difference(at, "type", old, new, true));
                }
                let code = at == "/resultCode" && !(succeeded_with(old) && succeeded_with(new));
                all.push(difference(at, "changed", old, new, code));
            }
        }
    }
}

/// The part behind an order's number that names a line.
fn is_line(rest: &str) -> bool {
    rest.strip_prefix('-').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Another number of the same length and kind.
fn renumbered(order: &str, nonce: &str) -> String {
    let (kept, tail) = order.split_at(order.char_indices().rev().nth(4).map_or(0, |(at, _)| at));
    let fresh = nonce.to_ascii_uppercase();
    format!("{kept}{}", fresh.get(..tail.len()).unwrap_or(tail))
}

fn is_filled(info: &Value) -> bool {
    match info {
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => false,
    }
}

/// Done, or being done: a server may answer at once the one time and later the other (`saas-interface 2.3`).
fn succeeded_with(code: &Value) -> bool {
    matches!(code.as_str(), Some("000000" | "000004"))
}

fn succeeded(answer: &Value) -> bool {
    succeeded_with(&answer["resultCode"])
}

fn difference(pointer: &str, kind: &'static str, then: &Value, now: &Value, matters: bool) -> Difference {
    let shown = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.chars().take(SHOWN_MAX).collect(),
        other => other.to_string().chars().take(SHOWN_MAX).collect(),
    };
    Difference { pointer: pointer.to_owned(), kind, recorded: shown(then), now: shown(now), matters }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Moment<'_> =
        Moment { now_ms: 1_700_000_000_000, nonce: "abcdef0123456789", business_id: "b-2", expire_time: "20271124155959" };

    fn recorded(activity: &str, request: &str, answer: &str) -> Recorded {
        let (protocol, status) = ("saas-v2".to_owned(), Some(200));
        Recorded {
            at: "2024-01-05T02:00:00Z".into(),
            protocol,
            activity: activity.into(),
            request: request.into(),
            status,
            answer: Some(answer.into()),
        }
    }

    fn answer(body: &str) -> Exchange {
        Exchange { status: Some(200), body: Some(body.as_bytes().to_vec()), ..Exchange::default() }
    }

    fn created() -> Recorded {
        let request =
            r#"{"activity":"newInstance","businessId":"b-1","orderId":"CS2611251827VLET0","orderLineId":"CS2611251827VLET0-000001"}"#;
        recorded("newInstance", request, r#"{"resultCode":"000000","resultMsg":"ok","instanceId":"old"}"#)
    }

    #[test]
    fn later_requests_carry_the_ids_that_are_given_now() {
        let mut replay = Replay::new(Protocol::SaasV2, "k", false);
        let made = replay.prepare(&created(), &MOMENT).unwrap();
        assert!(made.body.unwrap().contains(r#""businessId":"b-2","orderId":"CS2611251827VLET0""#));
        assert_eq!(
            replay.compare(&created(), &answer(r#"{"resultCode":"000000","resultMsg":"ok","instanceId":"new"}"#)),
            Compared::Same(vec![])
        );
        let query = recorded("queryInstance", r#"{"activity":"queryInstance","instanceId":"other,old"}"#, "{}");
        assert!(replay.prepare(&query, &MOMENT).unwrap().body.unwrap().contains(r#""instanceId":"other,new""#));
    }

    #[test]
    fn an_id_that_was_left_empty_renames_nothing() {
        let mut replay = Replay::new(Protocol::SaasV2, "k", false);
        let then = recorded("newInstance", "{}", r#"{"resultCode":"000000","instanceId":""}"#);
        replay.compare(&then, &answer(r#"{"resultCode":"000000","instanceId":"new"}"#));
        let later = recorded("x", r#"{"empty":"","instanceId":"other","line":"-1"}"#, "{}");
        assert_eq!(replay.prepare(&later, &MOMENT).unwrap().body.unwrap(), r#"{"empty":"","instanceId":"other","line":"-1"}"#);
    }

    #[test]
    fn fresh_orders_have_new_numbers_and_keep_their_lines() {
        let mut replay = Replay::new(Protocol::SaasV2, "k", true);
        let made = replay.prepare(&created(), &MOMENT).unwrap();
        let body = made.body.unwrap();
        assert!(body.contains(r#""orderId":"CS2611251827ABCDE","orderLineId":"CS2611251827ABCDE-000001""#), "{body}");
        assert_eq!(replay.prepare(&created(), &MOMENT).unwrap().body.unwrap(), body, "the same order keeps its number");
    }

    #[test]
    fn what_matters_is_told_from_what_is_only_different() {
        let then = concat!(
            r#"{"resultCode":"000000","resultMsg":"ok","#,
            r#""info":[{"instanceId":"i","appInfo":{"frontEndUrl":"https://a","password":"***"}}]}"#
        );
        let query = recorded("queryInstance", "{}", then);
        let kinds = |now: &str| match Replay::new(Protocol::SaasV2, "k", false).compare(&query, &answer(now)) {
            Compared::Same(all) => all.iter().map(|d| format!("{} {}", d.pointer, d.kind)).collect(),
            Compared::Differs(all) => all.iter().filter(|d| d.matters).map(|d| format!("! {} {}", d.pointer, d.kind)).collect(),
            Compared::Again => vec!["again".to_owned()],
            Compared::Unreadable(reason) => vec![reason.code.to_owned()],
        };
        assert_eq!(kinds(&then.replace("***", "pw-1")), Vec::<String>::new());
        assert_eq!(kinds(&then.replace("https://a", "https://b")), ["/info/0/appInfo/frontEndUrl changed"]);
        assert_eq!(kinds(&then.replace("\"resultMsg\":\"ok\",", "\"more\":1,")), ["! /resultMsg missing"]);
        assert_eq!(kinds(&then.replace("\"ok\"", "1")), ["! /resultMsg type"]);
        assert_eq!(kinds(&then.replace("000000", "000004")), ["/resultCode changed"]);
        assert_eq!(kinds(r#"{"resultCode":"000003","resultMsg":"ok"}"#), ["! /info missing", "! /resultCode changed"]);
        assert_eq!(kinds(r#"{"resultCode":"000000","resultMsg":"ok"}"#), ["again"]);
        assert_eq!(kinds("<html>"), ["!  missing"]);
    }

    #[test]
    fn an_answer_of_1_0_needs_its_signature() {
        let mut replay = Replay::new(Protocol::SaasV1, "k", false);
        let then = recorded("expireInstance", r#"{"activity":"expireInstance","instanceId":"i"}"#, r#"{"resultCode":"000000"}"#);
        assert!(replay.prepare(&then, &MOMENT).unwrap().query.contains("activity=expireInstance"));
        let unsigned = answer(r#"{"resultCode":"000000"}"#);
        assert!(matches!(replay.compare(&then, &unsigned), Compared::Unreadable(r) if r.code == "body_sign_missing"));
    }
}
