//! Usage records (话单) as sellers push them, in the new form, the old one and the oldest that is seen in the
//! wild (`open-api 4`).
//!
//! ```
//! use yunshi_wire::open_api::usage::{Form, parse, sign, signed_by};
//!
//! let body = br#"{"usage_records":[{
//!     "instance_id":"i-1","record_time":"20240131T090500Z","begin_time":"20240131T080000Z","end_time":"20240131T090000Z",
//!     "usage_value":"1.5","metering_sn":"sn-1"}]}"#;
//! assert_eq!(parse(Form::New, body).unwrap()[0].usage_value, "1.5");
//! let signature = sign("my-access-key", "1706688300000", "a-fresh-nonce", body);
//! assert!(signed_by("my-access-key", "1706688300000", "a-fresh-nonce", body, &signature));
//! ```

use crate::{base64, hmac_bytes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

/// Records in one call at most.
pub const RECORDS_MAX: usize = 1_000;

/// Which interface a push came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `…/global/v1/isv/usage-data`: `metering_sn` tells duplicates.
    New,
    /// `/rest/marketplace/v1/isv/usage-data`: instance, product, begin and end tell duplicates.
    Old,
    /// `/v1.0/{partnerId}/billing/bill-mgr/push-usage-data`, mapped to the old form; deprecated.
    Oldest,
}

/// A record as it was sent. Times and values are text: they are judged when the batch is worked on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub instance_id: String,
    pub record_time: String,
    pub begin_time: String,
    pub end_time: String,
    pub usage_value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metering_sn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relate_pkg_instance: Option<String>,
    /// Ours: the `metering_sn` of the record that this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
}

/// Why a push is refused as a whole (`open-api 3.3`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPush {
    #[error("the body is not a JSON object")]
    NotJson,
    #[error("{0} is mandatory")]
    Missing(String),
    #[error("{name} must be text of at most {max} characters")]
    Field { name: String, max: usize },
    #[error("at most {RECORDS_MAX} records in one call")]
    TooMany,
}

struct Names {
    list: &'static str,
    instance: &'static str,
    record: &'static str,
    begin: &'static str,
    end: &'static str,
}

const SNAKE: Names = Names { list: "usage_records", instance: "instance_id", record: "record_time", begin: "begin_time", end: "end_time" };
const CAMEL: Names = Names { list: "usageRecords", instance: "instanceId", record: "recordTime", begin: "beginTime", end: "endTime" };

struct Reader<'a> {
    place: String,
    fields: &'a Map<String, Value>,
}

impl Reader<'_> {
    /// A field within its length; numbers are taken for their text, as real sellers send them.
    fn optional(&self, name: &str, max: usize) -> Result<Option<String>, BadPush> {
        let bad = || BadPush::Field { name: format!("{}/{name}", self.place), max };
        let text = match self.fields.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => return Err(bad()),
        };
        if text.chars().count() > max || text.chars().any(char::is_control) {
            return Err(bad());
        }
        Ok(Some(text).filter(|t| !t.is_empty()))
    }

    fn mandatory(&self, name: &str, max: usize) -> Result<String, BadPush> {
        self.optional(name, max)?.ok_or_else(|| BadPush::Missing(format!("{}/{name}", self.place)))
    }
}

fn record(form: Form, names: &Names, r: &Reader<'_>) -> Result<Record, BadPush> {
    let usage_value = match (form, r.fields.get("usageEntity")) {
        (Form::Oldest, Some(Value::Object(entity))) => {
            Reader { place: format!("{}/usageEntity", r.place), fields: entity }.mandatory("times", 20)?
        }
        (Form::Oldest, _) => return Err(BadPush::Missing(format!("{}/usageEntity", r.place))),
        (Form::New | Form::Old, _) => r.mandatory("usage_value", 20)?,
    };
    Ok(Record {
        instance_id: r.mandatory(names.instance, 64)?,
        record_time: r.mandatory(names.record, 17)?,
        begin_time: r.mandatory(names.begin, 17)?,
        end_time: r.mandatory(names.end, 17)?,
        usage_value,
        metering_sn: if form == Form::New { Some(r.mandatory("metering_sn", 64)?) } else { None },
        product_id: if form == Form::Old { Some(r.mandatory("product_id", 64)?) } else { None },
        relate_pkg_instance: r.optional("relate_pkg_instance", 64)?,
        corrects: if form == Form::New { r.optional("corrects", 64)? } else { None },
    })
}

/// Reads a push.
///
/// # Errors
/// [`BadPush`], naming the field; nothing of the push is taken then.
pub fn parse(form: Form, body: &[u8]) -> Result<Vec<Record>, BadPush> {
    let Ok(Value::Object(whole)) = serde_json::from_slice(body) else {
        return Err(BadPush::NotJson);
    };
    let names = if form == Form::Oldest { CAMEL } else { SNAKE };
    let list = match whole.get(names.list) {
        Some(Value::Array(list)) if !list.is_empty() => list,
        _ => return Err(BadPush::Missing(names.list.to_owned())),
    };
    if list.len() > RECORDS_MAX {
        return Err(BadPush::TooMany);
    }
    let read = |(i, value): (usize, &Value)| match value {
        Value::Object(fields) => record(form, &names, &Reader { place: format!("{}/{i}", names.list), fields }),
        _ => Err(BadPush::Missing(format!("{}/{i}", names.list))),
    };
    list.iter().enumerate().map(read).collect()
}

/// `base64(HMAC-SHA256(key, "ts={ts}&nonce={nonce}&body={body}"))` over the body as it is sent.
#[must_use]
pub fn sign(key: &str, ts: &str, nonce: &str, body: &[u8]) -> String {
    let signed = [format!("ts={ts}&nonce={nonce}&body=").as_bytes(), body].concat();
    base64(&hmac_bytes(key.as_bytes(), &signed))
}

/// Whether a signature fits the body as sent, or its compact form with sorted keys, which some sellers sign.
#[must_use]
pub fn signed_by(key: &str, ts: &str, nonce: &str, body: &[u8], signature: &str) -> bool {
    let fits = |body: &[u8]| sign(key, ts, nonce, body).as_bytes().ct_eq(signature.as_bytes()).into();
    // `Value` keeps its keys sorted.
    fits(body) || serde_json::from_slice::<Value>(body).is_ok_and(|v| fits(v.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn new_record() -> Value {
        json!({ "instance_id": "i-1", "record_time": "20240131T080500Z", "begin_time": "20240131T070000Z", "end_time": "20240131T080000Z",
            "usage_value": "8.5", "metering_sn": "sn-1" })
    }

    fn parsed(form: Form, body: &Value) -> Result<Vec<Record>, BadPush> {
        parse(form, body.to_string().as_bytes())
    }

    #[test]
    fn the_three_forms_are_read_into_one() {
        let new = parsed(Form::New, &json!({ "usage_records": [new_record()] })).unwrap();
        assert_eq!((new[0].usage_value.as_str(), new[0].metering_sn.as_deref()), ("8.5", Some("sn-1")));
        let mut old = new_record();
        old["product_id"] = json!("P1");
        old["usage_value"] = json!(8.5);
        let old = parsed(Form::Old, &json!({ "usage_records": [old] })).unwrap();
        assert_eq!((old[0].usage_value.as_str(), &old[0].metering_sn, old[0].product_id.as_deref()), ("8.5", &None, Some("P1")));
        let oldest = json!({ "usageRecords": [{ "instanceId": "i-1", "recordTime": "20240131T080500Z", "beginTime": "20240131T070000Z",
            "endTime": "20240131T080000Z", "usageEntity": { "times": 12 } }] });
        let oldest = parsed(Form::Oldest, &oldest).unwrap();
        assert_eq!((oldest[0].instance_id.as_str(), oldest[0].usage_value.as_str()), ("i-1", "12"));
    }

    #[test]
    fn a_push_with_a_field_that_does_not_fit_is_refused_by_its_name() {
        let with = |name: &str, value: Value| {
            let mut record = new_record();
            record[name] = value;
            parsed(Form::New, &json!({ "usage_records": [new_record(), record] })).unwrap_err().to_string()
        };
        assert_eq!(with("metering_sn", Value::Null), "usage_records/1/metering_sn is mandatory");
        assert_eq!(with("instance_id", json!("x".repeat(65))), "usage_records/1/instance_id must be text of at most 64 characters");
        assert_eq!(with("usage_value", json!({})), "usage_records/1/usage_value must be text of at most 20 characters");
        assert_eq!(parsed(Form::New, &json!({ "usage_records": [] })).unwrap_err().to_string(), "usage_records is mandatory");
        assert_eq!(parsed(Form::New, &json!([])), Err(BadPush::NotJson));
        let many: Vec<Value> = (0..=RECORDS_MAX).map(|_| new_record()).collect();
        assert_eq!(parsed(Form::New, &json!({ "usage_records": many })), Err(BadPush::TooMany));
    }

    #[test]
    fn a_body_is_known_by_its_signature_as_sent_and_in_sorted_compact_form() {
        let body = br#"{ "usage_records": [ {"b": "1", "a": "2"} ] }"#;
        let signature = sign("key", "1706688300000", "n-1", body);
        assert!(signed_by("key", "1706688300000", "n-1", body, &signature));
        let sorted = sign("key", "1706688300000", "n-1", br#"{"usage_records":[{"a":"2","b":"1"}]}"#);
        assert!(signed_by("key", "1706688300000", "n-1", body, &sorted));
        for (key, ts, nonce) in [("other", "1706688300000", "n-1"), ("key", "1706688300001", "n-1"), ("key", "1706688300000", "n-2")] {
            assert!(!signed_by(key, ts, nonce, body, &signature));
        }
        assert!(!signed_by("key", "1706688300000", "n-1", body, "not base64"));
    }
}
