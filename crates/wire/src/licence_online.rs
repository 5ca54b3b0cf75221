//! On-line opening of licences (`license-interface 4`): instances live as in SaaS 2.0, without a query; the buyer asks
//! for a licence, which the seller uploads under the event's id.
//!
//! ```
//! use yunshi_wire::licence_online::Application;
//!
//! let application = Application {
//!     instance_id: "i-1".into(),
//!     effective_time: "2023-10-27T10:30:15Z".parse().unwrap(),
//!     expire_time: None,
//!     event_id: "EV1".into(),
//!     device_fingerprint: Some("00-16-3E-00-00-01".into()),
//! };
//! assert!(application.to_body(None).contains(r#""effectiveTime":"2023-10-27 10:30:15 z""#));
//! ```

use crate::field::{Field, m, o};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const ACTIVITY: &str = "getLicenseAsync";

/// The table of `getLicenseAsync` (`license-interface 4.2`).
pub const FIELDS: &[Field] = &[
    m("activity", 20),
    m("instanceId", 64),
    m("effectiveTime", 32),
    o("expireTime", 32),
    m("eventId", 64),
    o("deviceFingerprint", 1024),
    o("testFlag", 2),
];

/// A buyer asks for a licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    pub instance_id: String,
    pub effective_time: jiff::Timestamp,
    /// Mandatory for products sold by period.
    pub expire_time: Option<jiff::Timestamp>,
    /// With the fingerprint it tells one application from others, also over repeats.
    pub event_id: String,
    pub device_fingerprint: Option<String>,
}

/// `2023-10-27 10:30:15 z`, UTC.
fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S z").to_string()
}

impl Application {
    /// The bytes to sign and send, as those of SaaS 2.0.
    #[must_use]
    pub fn to_body(&self, test_flag: Option<&str>) -> String {
        let mut fields = BTreeMap::from([
            ("activity", ACTIVITY.to_owned()),
            ("instanceId", self.instance_id.clone()),
            ("effectiveTime", time(self.effective_time)),
            ("eventId", self.event_id.clone()),
        ]);
        let optional = [
            ("expireTime", self.expire_time.map(time)),
            ("deviceFingerprint", self.device_fingerprint.clone()),
            ("testFlag", test_flag.map(str::to_owned)),
        ];
        fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        for value in fields.values_mut() {
            value.retain(|c| !c.is_control());
        }
        // A map of texts always serialises.
        serde_json::to_string(&fields).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_sends_the_fields_of_its_table_and_the_sample_s_time() {
        let application = Application {
            instance_id: "i".into(),
            effective_time: "2023-10-27T10:30:15Z".parse().unwrap(),
            expire_time: Some("2024-10-27T10:30:15Z".parse().unwrap()),
            event_id: "e-1".into(),
            device_fingerprint: Some("00-16-3E|disk|board|cpu".into()),
        };
        for sample in [application.clone(), Application { expire_time: None, device_fingerprint: None, ..application.clone() }] {
            crate::field::tests::fits(FIELDS, &serde_json::from_str(&sample.to_body(Some("0"))).unwrap());
        }
        assert!(application.to_body(None).contains(r#""effectiveTime":"2023-10-27 10:30:15 z""#));
    }
}
