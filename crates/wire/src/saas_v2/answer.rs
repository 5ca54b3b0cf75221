//! Answers: tolerant to what real sellers send (`saas-interface 2.1`, `2.2`).

use crate::result_code::ResultCode;
use serde_json::{Map, Value};

/// What the buyer needs to use an instance.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AppInfo {
    pub front_end_url: Option<String>,
    pub admin_url: Option<String>,
    pub user_name: Option<String>,
    /// Secret: never in logs, messages or exports.
    pub password: Option<String>,
    pub memo: Option<String>,
}

impl std::fmt::Debug for AppInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppInfo").field("front_end_url", &self.front_end_url).finish_non_exhaustive()
    }
}

/// One instance of a query's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    pub instance_id: Option<String>,
    pub app: AppInfo,
}

/// A seller's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub code: ResultCode,
    pub message: Option<String>,
    pub instance_id: Option<String>,
    /// SaaS 1.0: `1` AES-256, `2` AES-128.
    pub encrypt_type: Option<String>,
    /// Licence 1.x: the licence itself.
    pub license: Option<String>,
    pub info: Vec<Info>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("the answer is not a JSON object")]
    NotAnObject,
    #[error("the answer has no resultCode")]
    NoResultCode,
}

/// A field that is longer than documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLong {
    pub field: &'static str,
    pub found: usize,
    pub max: usize,
}

/// A text, number or boolean as text; null and blank count as missing.
fn text(map: &Map<String, Value>, name: &str) -> Option<String> {
    match map.get(name)? {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::String(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn app_info(map: &Map<String, Value>) -> AppInfo {
    let nested = match map.get("appInfo") {
        Some(Value::Object(inner)) => Some(inner.clone()),
        Some(Value::String(s)) => serde_json::from_str(s).ok(),
        _ => None,
    };
    let map = nested.as_ref().unwrap_or(map);
    AppInfo {
        front_end_url: text(map, "frontEndUrl"),
        admin_url: text(map, "adminUrl"),
        user_name: text(map, "userName"),
        password: text(map, "password"),
        memo: text(map, "memo"),
    }
}

impl Answer {
    /// Reads an answer's body: unknown fields are ignored, numbers may stand for text, `info` may be a
    /// list, an object, or its fields flat at the top.
    ///
    /// # Errors
    /// [`AnswerError`] when there is no object or no result code in it.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let Ok(Value::Object(map)) = serde_json::from_slice::<Value>(body) else {
            return Err(AnswerError::NotAnObject);
        };
        let code = text(&map, "resultCode").ok_or(AnswerError::NoResultCode)?;
        let read = |item: &Map<String, Value>| Info { instance_id: text(item, "instanceId"), app: app_info(item) };
        let info = match map.get("info") {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_object).map(read).collect(),
            Some(Value::Object(item)) => vec![read(item)],
            _ if map.contains_key("appInfo") || map.contains_key("frontEndUrl") => vec![read(&map)],
            _ => Vec::new(),
        };
        Ok(Self {
            code: ResultCode::parse(&code),
            message: text(&map, "resultMsg"),
            instance_id: text(&map, "instanceId"),
            encrypt_type: text(&map, "encryptType"),
            license: text(&map, "license"),
            info,
        })
    }

    /// The data of one instance: the entry with its id, or the only entry.
    #[must_use]
    pub fn info_of(&self, instance_id: &str) -> Option<&Info> {
        self.info.iter().find(|i| i.instance_id.as_deref() == Some(instance_id)).or(match self.info.as_slice() {
            [only] if only.instance_id.is_none() => Some(only),
            _ => None,
        })
    }

    /// Fields that are longer than the reference allows.
    #[must_use]
    pub fn too_long(&self) -> Vec<TooLong> {
        let mut fields = vec![("resultMsg", self.message.as_ref(), 255), ("instanceId", self.instance_id.as_ref(), 64)];
        for info in &self.info {
            fields.push(("info.instanceId", info.instance_id.as_ref(), 64));
            fields.push(("appInfo.frontEndUrl", info.app.front_end_url.as_ref(), 512));
            fields.push(("appInfo.adminUrl", info.app.admin_url.as_ref(), 512));
            fields.push(("appInfo.userName", info.app.user_name.as_ref(), 128));
            fields.push(("appInfo.password", info.app.password.as_ref(), 128));
            fields.push(("appInfo.memo", info.app.memo.as_ref(), 1024));
        }
        fields
            .into_iter()
            .filter_map(|(field, value, max)| {
                let found = value?.chars().count();
                (found > max).then_some(TooLong { field, found, max })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Answer {
        Answer::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn the_spellings_of_real_sellers_are_read() {
        let list = parse(r#"{"resultCode":"000000","info":[{"instanceId":"i","appInfo":{"frontEndUrl":"https://a"}}]}"#);
        let object = parse(r#"{"resultCode":0,"info":{"instanceId":"i","appInfo":{"frontEndUrl":"https://a"}},"x":1}"#);
        let flat = parse(r#"{"resultCode":"000000","instanceId":"i","appInfo":{"frontEndUrl":"https://a"},"resultMsg":null}"#);
        let in_text = parse(r#"{"resultCode":"000000","info":[{"appInfo":"{\"frontEndUrl\":\"https://a\"}"}]}"#);
        for answer in [list, object, flat, in_text] {
            assert_eq!(answer.info_of("i").unwrap().app.front_end_url.as_deref(), Some("https://a"));
        }
    }

    #[test]
    fn data_of_another_instance_are_not_taken() {
        let answer = parse(r#"{"resultCode":"000000","info":[{"instanceId":"other","appInfo":{"frontEndUrl":"https://a"}}]}"#);
        assert_eq!(answer.info_of("mine"), None);
    }

    #[test]
    fn what_is_no_answer_is_refused_and_lengths_are_checked() {
        assert_eq!(Answer::parse(b"<html>"), Err(AnswerError::NotAnObject));
        assert_eq!(Answer::parse(b"[1]"), Err(AnswerError::NotAnObject));
        assert_eq!(Answer::parse(b"{}"), Err(AnswerError::NoResultCode));
        let long = format!(r#"{{"resultCode":"000000","instanceId":"{}"}}"#, "x".repeat(65));
        assert_eq!(parse(&long).too_long(), [TooLong { field: "instanceId", found: 65, max: 64 }]);
    }

    #[test]
    fn a_password_is_not_printed() {
        let app = AppInfo { password: Some("secret".into()), ..AppInfo::default() };
        assert!(!format!("{app:?}").contains("secret"));
    }
}
