//! What a seller's software asks about its authorisation codes: activate, query, usage statistics
//! (`license-interface 2.2`, `2.3`).
//!
//! ```
//! use yunshi_wire::open_api::licence::{Version, activation, question};
//!
//! let asked = activation(Version::Batch, br#"{"license_list":["PL001","PL002"]}"#).unwrap();
//! assert_eq!(asked.licences, ["PL001", "PL002"]);
//! assert!(question(Version::One, br#"{"license":"PL001"}"#).is_ok());
//! ```

use serde_json::{Map, Value};

/// Codes in one call, and reports of one code, at most.
pub const BATCH_MAX: usize = 100;

/// The result codes (`license-interface 2.3`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    Internal,
    /// Nothing was done, and the same may go through in a moment.
    Busy,
    /// A value that fits its type and is illegal all the same.
    InvalidParam,
    IllegalState,
    NotReceived,
    NoSuchCode,
    NotActivated,
    InvalidInBatch,
    /// A check of presence, form or length failed; the field is named.
    Field(String),
    Method,
    ContentType,
    NotReadable,
}

impl Refusal {
    /// HTTP status, `error_code` and `error_msg`.
    #[must_use]
    pub fn parts(&self) -> (u16, &'static str, String) {
        let (status, code, text) = match self {
            Self::Internal => (200, "92020001", "internal error"),
            Self::Busy => (503, "92020001", "internal error: busy, try again in a moment"),
            Self::InvalidParam => (200, "92020002", "invalid param"),
            Self::IllegalState => (200, "92020003", "illegal state"),
            Self::NotReceived => (200, "92020004", "can not active before user received."),
            Self::NoSuchCode => (200, "92020005", "license code notexist"),
            Self::NotActivated => (200, "92020011", "license code has been not activated."),
            Self::InvalidInBatch => (200, "92020020", "Invalid license code exists."),
            Self::Field(what) => return (400, "95000001", format!("req param is invalid: {what}")),
            Self::Method => (405, "95000002", "Request method not supported"),
            Self::ContentType => (415, "95000003", "Content type not supported"),
            Self::NotReadable => (400, "95000004", "req message is not readable"),
        };
        (status, code, text.to_owned())
    }
}

/// The code of success.
pub const SUCCESS: &str = "92020000";

/// Codes to be activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    pub licences: Vec<String>,
    /// The real delivery, to the second.
    pub real_effect_time: Option<jiff::Timestamp>,
}

/// Codes whose state is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub licences: Vec<String>,
    /// `heartbeatInfo.thirdPartyAccount` of older integrations.
    pub client: Option<String>,
}

/// What a day's report says of a code: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A client that was active; distinct ones are counted.
    Client(String),
    Active(u32),
}

/// Whether an interface takes one code or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    One,
    Batch,
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) | Err(_) => Err(Refusal::NotReadable),
    }
}

/// Text that may be absent. A number is taken for its digits, as real clients send them.
fn text(map: &Map<String, Value>, name: &str, max: usize) -> Result<Option<String>, Refusal> {
    let value = match map.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => return Err(Refusal::Field(format!("{name} must be text"))),
    };
    within(&value, name, max)?;
    Ok(Some(value).filter(|v| !v.is_empty()))
}

fn within(value: &str, name: &str, max: usize) -> Result<(), Refusal> {
    if value.chars().count() > max || value.chars().any(char::is_control) {
        return Err(Refusal::Field(format!("{name} has at most {max} characters and no control characters")));
    }
    Ok(())
}

fn mandatory(map: &Map<String, Value>, name: &str, max: usize) -> Result<String, Refusal> {
    text(map, name, max)?.ok_or_else(|| Refusal::Field(format!("{name} is mandatory")))
}

fn list<'a>(map: &'a Map<String, Value>, name: &str) -> Result<&'a Vec<Value>, Refusal> {
    match map.get(name) {
        Some(Value::Array(items)) if (1..=BATCH_MAX).contains(&items.len()) => Ok(items),
        _ => Err(Refusal::Field(format!("{name} must be a list of 1 to {BATCH_MAX}"))),
    }
}

fn licences(map: &Map<String, Value>, version: Version) -> Result<Vec<String>, Refusal> {
    if version == Version::One {
        return Ok(vec![mandatory(map, "license", 64)?]);
    }
    let mut found: Vec<String> = Vec::new();
    for item in list(map, "license_list")? {
        let code = item.as_str().filter(|c| !c.is_empty()).ok_or_else(|| Refusal::Field("license_list holds texts".to_owned()))?;
        within(code, "license_list", 64)?;
        found.push(code.to_owned());
    }
    Ok(found)
}

/// UTC `yyyyMMddHHmmss`.
fn time(name: &str, value: &str) -> Result<jiff::Timestamp, Refusal> {
    let wrong = || Refusal::Field(format!("{name} is UTC yyyyMMddHHmmss"));
    if value.len() != 14 || !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    jiff::Timestamp::strptime("%Y%m%d%H%M%S%z", format!("{value}+0000")).map_err(|_| wrong())
}

/// Reads an activation (`license-interface 2.2.1`, `2.2.2`).
///
/// # Errors
/// [`Refusal::NotReadable`], [`Refusal::Field`]; [`Refusal::InvalidParam`] for a code that is named twice.
pub fn activation(version: Version, body: &[u8]) -> Result<Activation, Refusal> {
    let map = object(body)?;
    let licences = licences(&map, version)?;
    if (1..licences.len()).any(|i| licences[..i].contains(&licences[i])) {
        return Err(Refusal::InvalidParam);
    }
    let real = text(&map, "real_effect_time", 16)?.map(|t| time("real_effect_time", &t)).transpose()?;
    Ok(Activation { licences, real_effect_time: real })
}

/// Reads a question for states (`license-interface 2.2.3`, `2.2.4`).
///
/// # Errors
/// [`Refusal::NotReadable`], [`Refusal::Field`].
pub fn question(version: Version, body: &[u8]) -> Result<Question, Refusal> {
    let map = object(body)?;
    let client = match map.get("heartbeatInfo") {
        None | Some(Value::Null) => None,
        Some(Value::Object(info)) => {
            text(info, "ip", 32)?;
            Some(mandatory(info, "thirdPartyAccount", 256)?)
        }
        Some(_) => return Err(Refusal::Field("heartbeatInfo must be an object".to_owned())),
    };
    Ok(Question { licences: licences(&map, version)?, client })
}

fn report(item: &Value) -> Result<Report, Refusal> {
    let one = || Refusal::Field("software_usage_Info holds exactly one of id and active_num in each report".to_owned());
    let map = item.as_object().ok_or_else(one)?;
    match (text(map, "id", 256)?, text(map, "active_num", 9)?) {
        (Some(id), None) => Ok(Report::Client(id)),
        (None, Some(number)) => {
            let whole = || Refusal::Field("active_num is a whole number of at most 9 digits".to_owned());
            number.parse().map(Report::Active).map_err(|_| whole())
        }
        (Some(_), Some(_)) | (None, None) => Err(one()),
    }
}

/// Reads usage statistics, code by code (`license-interface 2.2.5`).
///
/// # Errors
/// [`Refusal::NotReadable`], [`Refusal::Field`].
pub fn usage(body: &[u8]) -> Result<Vec<(String, Vec<Report>)>, Refusal> {
    let map = object(body)?;
    let mut all = Vec::new();
    for item in list(&map, "usage_info")? {
        let entry = item.as_object().ok_or_else(|| Refusal::Field("usage_info holds objects".to_owned()))?;
        let reports = list(entry, "software_usage_Info")?.iter().map(report).collect::<Result<_, _>>()?;
        all.push((mandatory(entry, "license", 64)?, reports));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(refusal: &Refusal) -> &'static str {
        refusal.parts().1
    }

    #[test]
    fn activation_takes_one_code_or_a_list() {
        let one = activation(Version::One, br#"{"license":"PL1","real_effect_time":"20230726121646"}"#).unwrap();
        assert_eq!(one.licences, ["PL1"]);
        assert_eq!(one.real_effect_time.unwrap().to_string(), "2023-07-26T12:16:46Z");
        let many = activation(Version::Batch, br#"{"license_list":["PL1","PL2"]}"#).unwrap();
        assert_eq!((many.licences.len(), many.real_effect_time), (2, None));
    }

    #[test]
    fn what_is_wrong_with_a_body_has_its_documented_code() {
        let list = |n: usize| format!(r#"{{"license_list":[{}]}}"#, (0..n).map(|i| format!("\"PL{i}\"")).collect::<Vec<_>>().join(","));
        for (version, body, expected) in [
            (Version::One, "", "95000004"),
            (Version::One, "[]", "95000004"),
            (Version::One, "{", "95000004"),
            (Version::One, "{}", "95000001"),
            (Version::One, r#"{"license":""}"#, "95000001"),
            (Version::One, r#"{"license":{"a":1}}"#, "95000001"),
            (Version::One, r#"{"license":"PL1","real_effect_time":"2023-07-26"}"#, "95000001"),
            (Version::One, r#"{"license":"PL1","real_effect_time":"20230230000000"}"#, "95000001"),
            (Version::Batch, r#"{"license":"PL1"}"#, "95000001"),
            (Version::Batch, r#"{"license_list":[]}"#, "95000001"),
            (Version::Batch, r#"{"license_list":[1]}"#, "95000001"),
            (Version::Batch, r#"{"license_list":["PL1","PL1"]}"#, "92020002"),
            (Version::Batch, list(101).as_str(), "95000001"),
        ] {
            assert_eq!(code(&activation(version, body.as_bytes()).unwrap_err()), expected, "{body}");
        }
        assert!(activation(Version::Batch, list(100).as_bytes()).is_ok());
        let long = format!(r#"{{"license":"{}"}}"#, "P".repeat(65));
        assert_eq!(code(&question(Version::One, long.as_bytes()).unwrap_err()), "95000001");
    }

    #[test]
    fn the_old_heartbeat_still_names_its_client() {
        let sample = br#"{"license":"PL1","heartbeatInfo":{"thirdPartyAccount":"device-7","ip":"127.0.0.1"}}"#;
        assert_eq!(question(Version::One, sample).unwrap().client.as_deref(), Some("device-7"));
        let without = br#"{"license":"PL1","heartbeatInfo":{"ip":"127.0.0.1"}}"#;
        assert_eq!(code(&question(Version::One, without).unwrap_err()), "95000001");
        assert_eq!(question(Version::Batch, br#"{"license_list":["PL1","PL1"]}"#).unwrap().licences.len(), 2);
    }

    #[test]
    fn each_usage_report_says_exactly_one_thing() {
        let sample = br#"{"usage_info":[{"license":"PL1","software_usage_Info":[{"id":"a"},{"id":"b"}]},
            {"license":"PL2","software_usage_Info":[{"active_num":12}]}]}"#;
        let read = usage(sample).unwrap();
        assert_eq!(read[0].1, [Report::Client("a".into()), Report::Client("b".into())]);
        assert_eq!(read[1].1, [Report::Active(12)]);
        for reports in [
            r#"[{"id":"a","active_num":1}]"#,
            "[{}]",
            r#"[{"active_num":-1}]"#,
            r#"[{"active_num":1.5}]"#,
            "[]",
            "7",
            r#"[{"active_num":1234567890}]"#,
        ] {
            let body = format!(r#"{{"usage_info":[{{"license":"PL1","software_usage_Info":{reports}}}]}}"#);
            assert_eq!(code(&usage(body.as_bytes()).unwrap_err()), "95000001", "{reports}");
        }
    }
}
