//! Licence by authorisation code 2.0: what the marketplace tells a seller of a code (`license-interface 2.4`).
//! Signed as SaaS 2.0, with the key of class licence and the signature in lower case.
//!
//! ```
//! use yunshi_wire::{licence::{self, Request}, saas_v2::{self, Status}};
//!
//! let body = Request::UpdateStatus { license: "PL001".into(), status: Status::Freeze }.to_body(None);
//! let query = licence::query("my-access-key", &body, 1_700_000_000_000, "a-fresh-nonce");
//! assert!(query.contains("timestamp=1700000000000"));
//! assert!(body.contains(r#""activity":"updateLicenseCodeStatus""#));
//! ```

use crate::{
    field::{Field, m, o},
    saas_v2::{self, OrderIds, Status},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const TEST_FLAG: Field = o("testFlag", 2);

/// The parameter tables of the reference, by activity (`license-interface 2.4.1`–`2.4.3`).
pub const FIELDS: &[(&str, &[Field])] = &[
    (
        "refreshLicenseCode",
        &[
            m("activity", 20),
            m("scene", 64),
            m("orderId", 64),
            m("orderLineId", 64),
            m("license", 64),
            o("productId", 64),
            m("expireTime", 20),
            TEST_FLAG,
        ],
    ),
    ("updateLicenseCodeStatus", &[m("activity", 32), m("license", 64), m("status", 32), TEST_FLAG]),
    ("releaseLicenseCode", &[m("activity", 32), m("license", 64), o("orderId", 64), o("orderLineId", 64), TEST_FLAG]),
];

/// Why the end of a code moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scene {
    Renewal,
    UnsubscribeRenewalPeriod,
}

impl Scene {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Renewal => "RENEWAL",
            Self::UnsubscribeRenewalPeriod => "UNSUBSCRIBE_RENEWAL_PERIOD",
        }
    }
}

/// A call about a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// The expiry changed; the order is the renewal or its cancellation, not the first one.
    Refresh {
        scene: Scene,
        order: OrderIds,
        license: String,
        product_id: Option<String>,
        /// UTC `yyyyMMddHHmmss`.
        expire_time: String,
    },
    UpdateStatus {
        license: String,
        status: Status,
    },
    Release {
        license: String,
        order: Option<OrderIds>,
    },
}

impl Request {
    #[must_use]
    pub fn activity(&self) -> &'static str {
        match self {
            Self::Refresh { .. } => "refreshLicenseCode",
            Self::UpdateStatus { .. } => "updateLicenseCodeStatus",
            Self::Release { .. } => "releaseLicenseCode",
        }
    }

    /// The bytes to sign and send, in the one form that every verifier accepts (`saas-interface 2.1`).
    #[must_use]
    pub fn to_body(&self, test_flag: Option<&str>) -> String {
        let mut fields = BTreeMap::from([("activity", self.activity().to_owned())]);
        let mut put = |name, value: &str| fields.insert(name, value.chars().filter(|c| !c.is_control()).collect());
        match self {
            Self::Refresh { scene, order, license, product_id, expire_time } => {
                put("scene", scene.as_str());
                put("orderId", &order.order_id);
                put("orderLineId", &order.order_line_id);
                put("license", license);
                put("expireTime", expire_time);
                if let Some(product) = product_id {
                    put("productId", product);
                }
            }
            Self::UpdateStatus { license, status } => {
                put("license", license);
                put("status", status.as_str());
            }
            Self::Release { license, order } => {
                put("license", license);
                if let Some(order) = order {
                    put("orderId", &order.order_id);
                    put("orderLineId", &order.order_line_id);
                }
            }
        }
        if let Some(flag) = test_flag {
            put("testFlag", flag);
        }
        // A map of texts always serialises.
        serde_json::to_string(&fields).unwrap_or_default()
    }
}

/// What goes behind the address; lower case, as this interface's samples have it.
#[must_use]
pub fn query(access_key: &str, body: &str, timestamp_ms: i64, nonce: &str) -> String {
    let mut query = saas_v2::sign(access_key, body, timestamp_ms, nonce);
    query.signature = query.signature.to_lowercase();
    query.encoded()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_answer_of_the_reference_is_met() {
        let body = Request::UpdateStatus { license: "PL001".into(), status: Status::Freeze }.to_body(Some("1"));
        assert_eq!(body, r#"{"activity":"updateLicenseCodeStatus","license":"PL001","status":"FREEZE","testFlag":"1"}"#);
        let query = query("testkey", &body, 1_666_677_988_730, "RLLUammMSInlrNWb");
        assert!(query.starts_with("signature=a775a48a3bf6c9a628ed9163d1fc1d16d8d40fee932f6a4d3718c669faeb821b&"), "{query}");
    }

    #[test]
    fn every_activity_sends_the_fields_of_its_table_and_no_others() {
        let order = OrderIds { order_id: "CS1".into(), order_line_id: "CS1-000001".into() };
        let samples = [
            Request::Refresh {
                scene: Scene::UnsubscribeRenewalPeriod,
                order: order.clone(),
                license: "PL1".into(),
                product_id: Some("OFFI1".into()),
                expire_time: "20230726155959".into(),
            },
            Request::UpdateStatus { license: "PL1".into(), status: Status::Unfreeze },
            Request::Release { license: "PL1".into(), order: Some(order) },
            Request::Release { license: "PL1".into(), order: None },
        ];
        for request in samples {
            let (_, fields) = FIELDS.iter().find(|(name, _)| *name == request.activity()).expect("a table for each activity");
            crate::field::tests::fits(fields, &serde_json::from_str(&request.to_body(Some("0"))).unwrap());
        }
    }
}
