//! Licence 1.x: the seller makes the licence, asked by GET with an `authToken` (`license-interface 3`). Signed, and
//! its answers signed, as SaaS 1.0.
//!
//! ```
//! use yunshi_wire::{licence_v1::Request, saas_v1};
//!
//! let release = Request::Release { instance_id: "i-1".into(), order_id: "CS1".into() };
//! let signed = saas_v1::sign("my-access-key", 1_700_000_000_000, release.parameters(None, false));
//! assert_eq!(saas_v1::verify("my-access-key", &signed.query).unwrap()["activity"], "releaseLicense");
//! ```

use crate::{
    field::{Field, m, o},
    saas_v1::{Period, Purchase},
};

const COMMON: [Field; 4] = [m("authToken", 50), m("timeStamp", 20), m("activity", 20), o("testFlag", 2)];

/// The tables of the reference, by activity; [`fields_of`] adds what every call carries.
pub const FIELDS: &[(&str, &[Field])] = &[
    (
        "getLicense",
        &[
            m("customerId", 100),
            o("customerName", 64),
            m("businessId", 64),
            m("orderId", 64),
            o("skuCode", 64),
            m("productId", 64),
            o("expireTime", 20),
            o("periodType", 10),
            o("periodNumber", 2),
            o("amount", 4),
            o("chargingMode", 1),
            o("provisionType", 1),
            o("saasExtendParams", 2048),
            o("userId", 64),
            o("userName", 64),
        ],
    ),
    (
        "refreshLicense",
        &[m("orderId", 64), m("instanceId", 64), o("productId", 64), m("expireTime", 20), o("periodType", 10), o("periodNumber", 2)],
    ),
    ("expireLicense", &[m("instanceId", 64), o("orderId", 64)]),
    ("releaseLicense", &[m("orderId", 64), m("instanceId", 64)]),
];

/// The table of an activity with what every call carries.
#[must_use]
pub fn fields_of(activity: &str) -> Option<Vec<Field>> {
    let (_, fields) = FIELDS.iter().find(|(name, _)| *name == activity)?;
    Some(COMMON.iter().chain(*fields).copied().collect())
}

/// A call on a seller's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Get(Box<Purchase>),
    Refresh {
        /// The renewal.
        order_id: String,
        instance_id: String,
        product_id: Option<String>,
        /// UTC `yyyyMMddHHmmss`.
        expire_time: String,
        period: Option<Period>,
    },
    Expire {
        instance_id: String,
    },
    Release {
        instance_id: String,
        /// The first purchase.
        order_id: String,
    },
}

impl Request {
    #[must_use]
    pub fn activity(&self) -> &'static str {
        match self {
            Self::Get(_) => "getLicense",
            Self::Refresh { .. } => "refreshLicense",
            Self::Expire { .. } => "expireLicense",
            Self::Release { .. } => "releaseLicense",
        }
    }

    /// The parameters to sign and send with [`crate::saas_v1::sign`]: no control characters, no blanks at the edges.
    /// Optional ones that are not known are left out, or sent empty for sellers who sign a fixed list.
    #[must_use]
    pub fn parameters(&self, test_flag: Option<&str>, send_empty: bool) -> Vec<(&'static str, String)> {
        let mut all = vec![("activity", Some(self.activity().to_owned())), ("testFlag", test_flag.map(str::to_owned))];
        all.extend(self.own());
        crate::saas_v1::cleaned(all, send_empty)
    }

    fn own(&self) -> Vec<(&'static str, Option<String>)> {
        let given = |text: &String| Some(text.clone());
        match self {
            Self::Get(purchase) => {
                let known = FIELDS[0].1;
                purchase.parameters().into_iter().filter(|(name, _)| known.iter().any(|f| f.name == *name)).collect()
            }
            Self::Refresh { order_id, instance_id, product_id, expire_time, period } => vec![
                ("orderId", given(order_id)),
                ("instanceId", given(instance_id)),
                ("productId", product_id.clone()),
                ("expireTime", given(expire_time)),
                ("periodType", period.as_ref().map(|p| p.unit.to_owned())),
                ("periodNumber", period.as_ref().map(|p| p.number.to_string())),
            ],
            Self::Expire { instance_id } => vec![("instanceId", given(instance_id))],
            Self::Release { instance_id, order_id } => vec![("instanceId", given(instance_id)), ("orderId", given(order_id))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saas_v1::{self, Charging};

    fn purchase() -> Purchase {
        Purchase {
            customer_id: "c".into(),
            customer_name: Some("n".into()),
            user_id: None,
            user_name: None,
            mobile_phone: Some("hidden".into()),
            email: None,
            business_id: "b".into(),
            order_id: "CS1".into(),
            sku_code: None,
            product_id: "OFFI1".into(),
            trial: false,
            expire_time: None,
            charging: Charging::OneTime,
            period: None,
            extend_params: Vec::new(),
            amount: Some(2),
            order_amount: Some("1.00".into()),
            provision_type: 1,
        }
    }

    #[test]
    fn every_activity_sends_the_fields_of_its_table_and_no_others() {
        let samples = [
            Request::Get(Box::new(purchase())),
            Request::Refresh {
                order_id: "CS2".into(),
                instance_id: "i".into(),
                product_id: None,
                expire_time: "20250105155959".into(),
                period: Some(Period { unit: "year", number: 1 }),
            },
            Request::Expire { instance_id: "i".into() },
            Request::Release { instance_id: "i".into(), order_id: "CS1".into() },
        ];
        for request in samples {
            let signed = saas_v1::sign("k", 1_700_000_000_000, request.parameters(Some("0"), false));
            let mut sent: serde_json::Map<String, serde_json::Value> =
                signed.parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
            sent.insert("authToken".into(), signed.token.clone().into());
            crate::field::tests::fits(&fields_of(request.activity()).unwrap(), &sent);
        }
    }

    #[test]
    fn the_known_answer_of_the_reference_is_met() {
        // 2024-01-01T00:00:00Z
        let request = Request::Release { instance_id: "i-1".into(), order_id: "CS1".into() };
        let signed = saas_v1::sign("testkey", 1_704_067_200_000, request.parameters(None, false));
        assert_eq!(signed.token, "yWVDsl/umIshHis7Sm1wTake53Fvz6Q3VYt2AQ5dmIY=");
    }
}
