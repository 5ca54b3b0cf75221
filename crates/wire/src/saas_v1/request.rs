//! The parameter tables of SaaS 1.0 as types (`saas-interface 3.3`).

use crate::{
    base64,
    field::{Field, m, o},
    saas_v2::Status,
};

/// What every call carries.
const COMMON: [Field; 4] = [m("authToken", 50), m("timeStamp", 20), m("activity", 20), o("testFlag", 2)];

/// The tables of the reference, by activity; [`COMMON`] comes with each.
pub const FIELDS: &[(&str, &[Field])] = &[
    (
        "newInstance",
        &[
            m("customerId", 100),
            o("customerName", 64),
            o("userId", 64),
            o("userName", 64),
            o("mobilePhone", 256),
            o("email", 256),
            m("businessId", 64),
            m("orderId", 64),
            o("skuCode", 64),
            m("productId", 64),
            o("trialFlag", 2),
            o("expireTime", 20),
            o("chargingMode", 1),
            o("periodType", 10),
            o("periodNumber", 2),
            o("saasExtendParams", 2048),
            o("amount", 4),
            o("diskSize", 4),
            o("bandWidth", 4),
            o("orderAmount", 20),
            o("provisionType", 1),
        ],
    ),
    (
        "refreshInstance",
        &[
            m("orderId", 64),
            m("instanceId", 64),
            o("productId", 64),
            m("expireTime", 20),
            o("trialToFormal", 2),
            o("periodType", 10),
            o("periodNumber", 2),
            o("orderAmount", 20),
        ],
    ),
    ("expireInstance", &[m("instanceId", 64), o("orderId", 64)]),
    ("updateInstanceStatus", &[m("instanceId", 64), m("status", 32)]),
    ("releaseInstance", &[m("instanceId", 64), o("orderId", 64)]),
    ("upgrade", &[m("instanceId", 64), m("orderId", 64), m("skuCode", 64), m("productId", 64), o("amount", 4)]),
    ("queryInstance", &[m("instanceId", 64)]),
];

/// The table of an activity with what every call carries.
#[must_use]
pub fn fields_of(activity: &str) -> Option<Vec<Field>> {
    let (_, fields) = FIELDS.iter().find(|(name, _)| *name == activity)?;
    Some(COMMON.iter().chain(*fields).copied().collect())
}

/// How an order is paid, as its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charging {
    OnDemand,
    Period,
    OneTime,
}

impl Charging {
    fn number(self) -> &'static str {
        match self {
            Self::OnDemand => "0",
            Self::Period => "1",
            Self::OneTime => "3",
        }
    }
}

/// `year` or `month`, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub unit: &'static str,
    pub number: u32,
}

/// What was bought, as `newInstance` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub customer_id: String,
    pub customer_name: Option<String>,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    /// Encrypted, and only with the buyer's consent; see [`super::secret`].
    pub mobile_phone: Option<String>,
    pub email: Option<String>,
    /// Differs on every request.
    pub business_id: String,
    pub order_id: String,
    pub sku_code: Option<String>,
    pub product_id: String,
    pub trial: bool,
    /// UTC `yyyyMMddHHmmss`; none for one-time orders.
    pub expire_time: Option<String>,
    pub charging: Charging,
    pub period: Option<Period>,
    /// Order-time inputs: name and value.
    pub extend_params: Vec<(String, String)>,
    pub amount: Option<i64>,
    pub order_amount: Option<String>,
    /// 1 at purchase, 2 after acceptance.
    pub provision_type: u8,
}

/// A call on a seller's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    NewInstance(Box<Purchase>),
    RefreshInstance {
        order_id: String,
        instance_id: String,
        product_id: Option<String>,
        /// UTC `yyyyMMddHHmmss`.
        expire_time: String,
        trial_to_formal: bool,
        period: Option<Period>,
        order_amount: Option<String>,
    },
    ExpireInstance {
        instance_id: String,
    },
    UpdateInstanceStatus {
        instance_id: String,
        status: Status,
    },
    ReleaseInstance {
        instance_id: String,
        order_id: Option<String>,
    },
    Upgrade {
        instance_id: String,
        order_id: String,
        sku_code: String,
        product_id: String,
        amount: Option<i64>,
    },
    QueryInstance {
        instance_ids: Vec<String>,
    },
}

/// Parameters without control characters and blanks at the edges; unknown ones are left out or sent empty.
pub(crate) fn cleaned(all: Vec<(&'static str, Option<String>)>, send_empty: bool) -> Vec<(&'static str, String)> {
    let clean = |text: String| text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned();
    all.into_iter()
        .filter_map(|(name, value)| match value {
            Some(value) => Some((name, clean(value))),
            None => send_empty.then(|| (name, String::new())),
        })
        .collect()
}

/// Base64 of a JSON array of name and value; nothing when there are none.
fn extended(params: &[(String, String)]) -> Option<String> {
    let list: Vec<_> = params.iter().map(|(name, value)| serde_json::json!({ "name": name, "value": value })).collect();
    (!list.is_empty()).then(|| base64(serde_json::Value::from(list).to_string().as_bytes()))
}

impl Request {
    #[must_use]
    pub fn activity(&self) -> &'static str {
        match self {
            Self::NewInstance(_) => "newInstance",
            Self::RefreshInstance { .. } => "refreshInstance",
            Self::ExpireInstance { .. } => "expireInstance",
            Self::UpdateInstanceStatus { .. } => "updateInstanceStatus",
            Self::ReleaseInstance { .. } => "releaseInstance",
            Self::Upgrade { .. } => "upgrade",
            Self::QueryInstance { .. } => "queryInstance",
        }
    }

    /// The parameters to sign and send, but for `timeStamp` and `authToken`: no control characters, no
    /// blanks at the edges. Optional ones that are not known are left out, or sent empty for sellers who
    /// sign a fixed list.
    #[must_use]
    pub fn parameters(&self, test_flag: Option<&str>, send_empty: bool) -> Vec<(&'static str, String)> {
        let mut all = vec![("activity", Some(self.activity().to_owned())), ("testFlag", test_flag.map(str::to_owned))];
        all.extend(self.own());
        cleaned(all, send_empty)
    }

    fn own(&self) -> Vec<(&'static str, Option<String>)> {
        let given = |text: &String| Some(text.clone());
        match self {
            Self::NewInstance(purchase) => purchase.parameters(),
            Self::RefreshInstance { order_id, instance_id, product_id, expire_time, trial_to_formal, period, order_amount } => vec![
                ("orderId", given(order_id)),
                ("instanceId", given(instance_id)),
                ("productId", product_id.clone()),
                ("expireTime", given(expire_time)),
                ("trialToFormal", trial_to_formal.then(|| "1".to_owned())),
                ("periodType", period.as_ref().map(|p| p.unit.to_owned())),
                ("periodNumber", period.as_ref().map(|p| p.number.to_string())),
                ("orderAmount", order_amount.clone()),
            ],
            Self::ExpireInstance { instance_id } => vec![("instanceId", given(instance_id))],
            Self::UpdateInstanceStatus { instance_id, status } => {
                vec![("instanceId", given(instance_id)), ("status", Some(status.as_str().to_owned()))]
            }
            Self::ReleaseInstance { instance_id, order_id } => vec![("instanceId", given(instance_id)), ("orderId", order_id.clone())],
            Self::Upgrade { instance_id, order_id, sku_code, product_id, amount } => vec![
                ("instanceId", given(instance_id)),
                ("orderId", given(order_id)),
                ("skuCode", given(sku_code)),
                ("productId", given(product_id)),
                ("amount", amount.map(|n| n.to_string())),
            ],
            Self::QueryInstance { instance_ids } => vec![("instanceId", Some(instance_ids.join(",")))],
        }
    }
}

impl Purchase {
    pub(crate) fn parameters(&self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("customerId", Some(self.customer_id.clone())),
            ("customerName", self.customer_name.clone()),
            ("userId", self.user_id.clone()),
            ("userName", self.user_name.clone()),
            ("mobilePhone", self.mobile_phone.clone()),
            ("email", self.email.clone()),
            ("businessId", Some(self.business_id.clone())),
            ("orderId", Some(self.order_id.clone())),
            ("skuCode", self.sku_code.clone()),
            ("productId", Some(self.product_id.clone())),
            ("trialFlag", self.trial.then(|| "1".to_owned())),
            ("expireTime", self.expire_time.clone()),
            ("chargingMode", Some(self.charging.number().to_owned())),
            ("periodType", self.period.as_ref().map(|p| p.unit.to_owned())),
            ("periodNumber", self.period.as_ref().map(|p| p.number.to_string())),
            ("saasExtendParams", extended(&self.extend_params)),
            ("amount", self.amount.map(|n| n.to_string())),
            ("diskSize", None),
            ("bandWidth", None),
            ("orderAmount", self.order_amount.clone()),
            ("provisionType", Some(self.provision_type.to_string())),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    pub(crate) fn purchase() -> Purchase {
        Purchase {
            customer_id: "acc_1".into(),
            customer_name: Some(" 青禾 ".into()),
            user_id: None,
            user_name: Some("林夏".into()),
            mobile_phone: None,
            email: None,
            business_id: "b".into(),
            order_id: "CS1".into(),
            sku_code: Some("sku".into()),
            product_id: "OFFI1".into(),
            trial: true,
            expire_time: Some("20230726155959".into()),
            charging: Charging::Period,
            period: Some(Period { unit: "month", number: 1 }),
            extend_params: vec![("domain".into(), "a.example".into())],
            amount: Some(2),
            order_amount: Some("100.00".into()),
            provision_type: 1,
        }
    }

    fn samples() -> Vec<Request> {
        let id = || "i-1".to_owned();
        vec![
            Request::NewInstance(Box::new(purchase())),
            Request::RefreshInstance {
                order_id: "CS2".into(),
                instance_id: id(),
                product_id: Some("OFFI2".into()),
                expire_time: "20230726155959".into(),
                trial_to_formal: true,
                period: Some(Period { unit: "year", number: 1 }),
                order_amount: Some("1.00".into()),
            },
            Request::ExpireInstance { instance_id: id() },
            Request::UpdateInstanceStatus { instance_id: id(), status: Status::Freeze },
            Request::ReleaseInstance { instance_id: id(), order_id: Some("CS1".into()) },
            Request::Upgrade { instance_id: id(), order_id: "CS3".into(), sku_code: "s".into(), product_id: "p".into(), amount: Some(1) },
            Request::QueryInstance { instance_ids: vec![id()] },
        ]
    }

    #[test]
    fn every_activity_sends_the_parameters_of_its_table_and_no_others() {
        for request in samples() {
            for send_empty in [false, true] {
                let sent: BTreeMap<_, _> = request.parameters(Some("1"), send_empty).into_iter().collect();
                let fields = fields_of(request.activity()).expect("a table for each activity");
                for field in fields.iter().filter(|f| f.mandatory && !matches!(f.name, "authToken" | "timeStamp")) {
                    assert!(!sent[field.name].is_empty(), "{} lacks {}", request.activity(), field.name);
                }
                for (name, value) in &sent {
                    let field = fields.iter().find(|f| f.name == *name).unwrap_or_else(|| panic!("{name} is not in the table"));
                    assert!(value.chars().count() <= field.max, "{name}");
                    assert_eq!(value, value.trim(), "{name}");
                }
            }
        }
    }

    #[test]
    fn optional_parameters_are_left_out_or_sent_empty() {
        let request = Request::NewInstance(Box::new(purchase()));
        let (short, long) = (request.parameters(None, false), request.parameters(None, true));
        assert!(!short.iter().any(|(name, value)| *name == "email" || value.is_empty()));
        assert!(long.contains(&("email", String::new())) && long.contains(&("testFlag", String::new())));
        let extended = short.iter().find(|(name, _)| *name == "saasExtendParams").unwrap().1.clone();
        assert_eq!(extended, base64(br#"[{"name":"domain","value":"a.example"}]"#));
        assert!(short.contains(&("chargingMode", "1".to_owned())) && short.contains(&("trialFlag", "1".to_owned())));
    }
}
