//! Requests: the parameter tables as types, and the one wire form that every verifier accepts
//! (`saas-interface 2.1`, `2.2`).

use crate::field::{Field, m, o};
use std::collections::BTreeMap;

const TEST_FLAG: Field = o("testFlag", 2);

/// The parameter tables of the reference, by activity.
pub const FIELDS: &[(&str, &[Field])] = &[
    ("newInstance", &[m("activity", 20), m("orderId", 64), m("orderLineId", 64), m("businessId", 64), TEST_FLAG]),
    ("queryInstance", &[m("activity", 20), m("instanceId", 100), TEST_FLAG]),
    (
        "refreshInstance",
        &[
            m("activity", 20),
            m("scene", 64),
            m("orderId", 64),
            m("orderLineId", 64),
            m("instanceId", 64),
            o("productId", 64),
            m("expireTime", 20),
            TEST_FLAG,
        ],
    ),
    ("updateInstanceStatus", &[m("activity", 32), m("instanceId", 64), m("status", 32), TEST_FLAG]),
    ("releaseInstance", &[m("activity", 32), m("instanceId", 64), o("orderId", 64), o("orderLineId", 64), TEST_FLAG]),
    ("changeInstanceCheck", &[m("activity", 32), m("instanceId", 64), m("productInfo", 1024), TEST_FLAG]),
    ("upgradeInstance", &[m("activity", 32), m("instanceId", 64), m("orderId", 64), m("orderLineId", 64), TEST_FLAG]),
];

/// The table of an activity.
#[must_use]
pub fn fields_of(activity: &str) -> Option<&'static [Field]> {
    FIELDS.iter().find(|(name, _)| *name == activity).map(|(_, fields)| *fields)
}

/// An order and its line, as sellers know them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OrderIds {
    pub order_id: String,
    pub order_line_id: String,
}

/// Why an instance is refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scene {
    TrialToFormal,
    Renewal,
    UnsubscribeRenewalPeriod,
    /// A renewal with another combination.
    RenewalChange,
}

impl Scene {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TrialToFormal => "TRIAL_TO_FORMAL",
            Self::Renewal => "RENEWAL",
            Self::UnsubscribeRenewalPeriod => "UNSUBSCRIBE_RENEWAL_PERIOD",
            Self::RenewalChange => "RENEWAL_CHANGE",
        }
    }
}

/// The status that a seller is to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Freeze,
    Unfreeze,
}

impl Status {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "FREEZE",
            Self::Unfreeze => "UNFREEZE",
        }
    }
}

/// What an instance is to become; on the wire a JSON text of its own.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetProduct {
    /// The quantity attribute.
    pub linear_value: String,
    pub product_id: String,
    pub sku_code: String,
}

/// A call on a seller's server.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "activity", rename_all = "camelCase")]
pub enum Request {
    NewInstance {
        order: OrderIds,
        /// Differs on every request; filled in when the request is sent.
        business_id: String,
    },
    QueryInstance {
        instance_ids: Vec<String>,
    },
    RefreshInstance {
        scene: Scene,
        order: OrderIds,
        instance_id: String,
        product_id: Option<String>,
        /// UTC `yyyyMMddHHmmss`.
        expire_time: String,
    },
    UpdateInstanceStatus {
        instance_id: String,
        status: Status,
    },
    ReleaseInstance {
        instance_id: String,
        order: Option<OrderIds>,
    },
    UpgradeInstance {
        instance_id: String,
        order: OrderIds,
    },
    /// Before a renewal with change is ordered.
    ChangeInstanceCheck {
        instance_id: String,
        product: TargetProduct,
    },
}

impl Request {
    #[must_use]
    pub fn activity(&self) -> &'static str {
        match self {
            Self::NewInstance { .. } => "newInstance",
            Self::QueryInstance { .. } => "queryInstance",
            Self::RefreshInstance { .. } => "refreshInstance",
            Self::UpdateInstanceStatus { .. } => "updateInstanceStatus",
            Self::ReleaseInstance { .. } => "releaseInstance",
            Self::UpgradeInstance { .. } => "upgradeInstance",
            Self::ChangeInstanceCheck { .. } => "changeInstanceCheck",
        }
    }

    /// The bytes to sign and send: keys sorted, compact, raw UTF-8, text values, no nulls, no control
    /// characters. `test_flag` is left out when it is `None`.
    #[must_use]
    pub fn to_body(&self, test_flag: Option<&str>) -> String {
        let mut fields = self.fields();
        fields.insert("activity", self.activity().to_owned());
        if let Some(flag) = test_flag {
            fields.insert("testFlag", flag.to_owned());
        }
        for value in fields.values_mut() {
            value.retain(|c| !c.is_control());
        }
        // A map of texts always serialises.
        serde_json::to_string(&fields).unwrap_or_default()
    }

    fn fields(&self) -> BTreeMap<&'static str, String> {
        let mut fields = BTreeMap::new();
        let mut order_of = |order: &OrderIds| {
            fields.insert("orderId", order.order_id.clone());
            fields.insert("orderLineId", order.order_line_id.clone());
        };
        match self {
            Self::NewInstance { order, business_id } => {
                order_of(order);
                fields.insert("businessId", business_id.clone());
            }
            Self::QueryInstance { instance_ids } => {
                fields.insert("instanceId", instance_ids.join(","));
            }
            Self::RefreshInstance { scene, order, instance_id, product_id, expire_time } => {
                order_of(order);
                fields.insert("scene", scene.as_str().to_owned());
                fields.insert("instanceId", instance_id.clone());
                fields.insert("expireTime", expire_time.clone());
                if let Some(product) = product_id {
                    fields.insert("productId", product.clone());
                }
            }
            Self::UpdateInstanceStatus { instance_id, status } => {
                fields.insert("instanceId", instance_id.clone());
                fields.insert("status", status.as_str().to_owned());
            }
            Self::ReleaseInstance { instance_id, order } => {
                if let Some(order) = order {
                    order_of(order);
                }
                fields.insert("instanceId", instance_id.clone());
            }
            Self::UpgradeInstance { instance_id, order } => {
                order_of(order);
                fields.insert("instanceId", instance_id.clone());
            }
            Self::ChangeInstanceCheck { instance_id, product } => {
                fields.insert("instanceId", instance_id.clone());
                fields.insert("productInfo", serde_json::to_string(product).unwrap_or_default());
            }
        }
        fields
    }

    /// Reads a request on the seller's side. Numbers and unknown fields are tolerated.
    ///
    /// # Errors
    /// [`BadRequest`], naming the field.
    pub fn from_body(body: &str) -> Result<Self, BadRequest> {
        let map: serde_json::Map<String, serde_json::Value> = serde_json::from_str(body).map_err(|_| BadRequest::NotAnObject)?;
        let get = |name: &'static str| match map.get(name) {
            Some(serde_json::Value::String(s)) if !s.is_empty() => Ok(s.clone()),
            Some(serde_json::Value::Number(n)) => Ok(n.to_string()),
            _ => Err(BadRequest::Missing(name)),
        };
        let order = || Ok(OrderIds { order_id: get("orderId")?, order_line_id: get("orderLineId")? });
        match get("activity")?.as_str() {
            "newInstance" => Ok(Self::NewInstance { order: order()?, business_id: get("businessId")? }),
            "queryInstance" => Ok(Self::QueryInstance { instance_ids: get("instanceId")?.split(',').map(str::to_owned).collect() }),
            "refreshInstance" => Ok(Self::RefreshInstance {
                scene: match get("scene")?.as_str() {
                    "TRIAL_TO_FORMAL" => Scene::TrialToFormal,
                    "RENEWAL" => Scene::Renewal,
                    "UNSUBSCRIBE_RENEWAL_PERIOD" | "CANCEL_RENEW" => Scene::UnsubscribeRenewalPeriod,
                    "RENEWAL_CHANGE" => Scene::RenewalChange,
                    _ => return Err(BadRequest::Missing("scene")),
                },
                order: order()?,
                instance_id: get("instanceId")?,
                product_id: get("productId").ok(),
                expire_time: get("expireTime")?,
            }),
            "updateInstanceStatus" => Ok(Self::UpdateInstanceStatus {
                instance_id: get("instanceId")?,
                status: match get("status")?.as_str() {
                    "FREEZE" => Status::Freeze,
                    "UNFREEZE" => Status::Unfreeze,
                    _ => return Err(BadRequest::Missing("status")),
                },
            }),
            "releaseInstance" => Ok(Self::ReleaseInstance { instance_id: get("instanceId")?, order: order().ok() }),
            "changeInstanceCheck" => {
                let bad = |_| BadRequest::Missing("productInfo");
                // Text or object, both are seen (saas-interface 2.2).
                let product = match map.get("productInfo") {
                    Some(serde_json::Value::String(text)) => serde_json::from_str(text).map_err(bad)?,
                    Some(object) => serde_json::from_value(object.clone()).map_err(bad)?,
                    None => return Err(BadRequest::Missing("productInfo")),
                };
                Ok(Self::ChangeInstanceCheck { instance_id: get("instanceId")?, product })
            }
            "upgradeInstance" => Ok(Self::UpgradeInstance { instance_id: get("instanceId")?, order: order()? }),
            other => Err(BadRequest::Activity(other.chars().take(40).collect())),
        }
    }
}

/// Why a request cannot be read; answered with `000002`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    #[error("the body is not a JSON object")]
    NotAnObject,
    #[error("{0} is missing or not one of the documented values")]
    Missing(&'static str),
    #[error("the activity {0:?} is not known")]
    Activity(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> OrderIds {
        OrderIds { order_id: "CS2207261447AUY4H".into(), order_line_id: "CS2207261447AUY4H-000001".into() }
    }

    fn samples() -> Vec<Request> {
        let id = || "i-1".to_owned();
        vec![
            Request::NewInstance { order: order(), business_id: "b1".into() },
            Request::QueryInstance { instance_ids: vec!["i-1".into(), "i-2".into()] },
            Request::RefreshInstance {
                scene: Scene::Renewal,
                order: order(),
                instance_id: id(),
                product_id: Some("OFFI1".into()),
                expire_time: "20230726155959".into(),
            },
            Request::UpdateInstanceStatus { instance_id: id(), status: Status::Freeze },
            Request::ReleaseInstance { instance_id: id(), order: Some(order()) },
            Request::ReleaseInstance { instance_id: id(), order: None },
            Request::UpgradeInstance { instance_id: id(), order: order() },
            Request::ChangeInstanceCheck {
                instance_id: id(),
                product: TargetProduct { linear_value: "1".into(), product_id: "OFFI1".into(), sku_code: "S-1".into() },
            },
        ]
    }

    #[test]
    fn every_activity_sends_the_fields_of_its_table_and_no_others() {
        for request in samples() {
            let body = request.to_body(Some("1"));
            let sent: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&body).unwrap();
            assert!(sent.values().all(serde_json::Value::is_string), "all values are texts: {body}");
            crate::field::tests::fits(fields_of(request.activity()).expect("a table for each activity"), &sent);
            assert_eq!(Request::from_body(&body).as_ref(), Ok(&request));
        }
    }

    #[test]
    fn the_body_is_sorted_compact_raw_and_without_nulls() {
        let request = Request::UpdateInstanceStatus { instance_id: "实例/1\u{7}".into(), status: Status::Freeze };
        assert_eq!(
            request.to_body(Some("1")),
            r#"{"activity":"updateInstanceStatus","instanceId":"实例/1","status":"FREEZE","testFlag":"1"}"#
        );
        assert!(!request.to_body(None).contains("testFlag"));
        let release = Request::ReleaseInstance { instance_id: "i".into(), order: None };
        assert_eq!(release.to_body(None), r#"{"activity":"releaseInstance","instanceId":"i"}"#);
    }

    #[test]
    fn a_missing_field_is_named() {
        let read = |body| Request::from_body(body).unwrap_err();
        assert_eq!(read("[]"), BadRequest::NotAnObject);
        assert_eq!(read(r#"{"activity":"newInstance","orderId":"a"}"#), BadRequest::Missing("orderLineId"));
        assert_eq!(read(r#"{"activity":"dance"}"#), BadRequest::Activity("dance".into()));
    }
}
