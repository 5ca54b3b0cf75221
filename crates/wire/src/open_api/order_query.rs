//! The answer of the order query, and the MOCK orders that sellers debug with (`open-api 3`).
//! What is not known is sent as `null`, as the real service does.
//!
//! ```
//! use yunshi_wire::open_api::order_query::mock;
//!
//! let order = mock("MOCKPERIODYEARNEW", "2024-01-05T02:00:00Z".parse().unwrap()).unwrap();
//! assert_eq!((order.order_type.as_str(), order.order_line[0].charging_mode.as_str()), ("NEW", "PERIOD"));
//! ```

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// `resultCode` of success on the wire.
pub const SUCCESS: &str = "MKT.0000";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderAnswer {
    pub result_code: String,
    pub result_msg: String,
    pub order_info: Option<OrderInfo>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderInfo {
    pub order_id: String,
    /// `NEW`, `TRIAL`, `TRIAL_TO_FORMAL`, `RENEW`, `CHANGE`, `UNSUBSCRIBE`.
    pub order_type: String,
    /// UTC `yyyyMMddHHmmss`.
    pub create_time: String,
    pub order_line: Vec<OrderLine>,
    pub buyer_info: Option<BuyerInfo>,
    pub extend_params: Vec<Param>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    pub order_line_id: String,
    /// `PERIOD`, `ONE_TIME`, `ON_DEMAND`, `ON_DEMAND_PKG`.
    pub charging_mode: String,
    /// `year`, `month`, `day`; only with `PERIOD`.
    pub period_type: Option<String>,
    pub period_number: Option<u32>,
    /// An estimate from the order's time and period.
    pub expire_time: Option<String>,
    pub product_info: Vec<ProductInfo>,
    pub extend_params: Vec<Param>,
    /// The amount as decimal text, despite its name.
    pub currency: Option<String>,
    pub currency_after_discount: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductInfo {
    pub product_id: String,
    pub sku_code: Option<String>,
    /// The quantity attribute.
    pub linear_value: Option<i64>,
    /// "product,specification,edition,billing".
    pub product_name: Option<String>,
}

/// An order-time input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Param {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BuyerInfo {
    /// Only with the buyer's consent, as `email`.
    pub mobile_phone: Option<String>,
    pub email: Option<String>,
    pub customer_id: Option<String>,
    pub customer_name: Option<String>,
    pub customer_real_name: Option<String>,
    /// 0 individual, 1 enterprise.
    pub customer_type: Option<u8>,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
}

impl OrderAnswer {
    #[must_use]
    pub fn found(order: OrderInfo) -> Self {
        Self { result_code: SUCCESS.to_owned(), result_msg: "Success".to_owned(), order_info: Some(order) }
    }
}

/// Id, kind, charging mode and period of a MOCK order.
pub type MockOrder = (&'static str, &'static str, &'static str, Option<(&'static str, u32)>);

/// The MOCK orders (`open-api 3.2`; `MONTY` is the real spelling).
pub const MOCK: [MockOrder; 9] = [
    ("MOCKPERIODYEARNEW", "NEW", "PERIOD", Some(("year", 1))),
    ("MOCKONETIMENEW", "NEW", "ONE_TIME", None),
    ("MOCKONDEMAND", "NEW", "ON_DEMAND", None),
    ("MOCKONDEMANDPKG", "NEW", "ON_DEMAND_PKG", None),
    ("MOCKPERIODDAYTRIAL", "TRIAL", "PERIOD", Some(("day", 7))),
    ("MOCKMONTYTRIALTOFORMAL", "TRIAL_TO_FORMAL", "PERIOD", Some(("month", 1))),
    ("MOCKMONTYUNSUBSCRIBE", "UNSUBSCRIBE", "PERIOD", Some(("month", 1))),
    ("MOCKMONTYRENEW", "RENEW", "PERIOD", Some(("month", 1))),
    ("MOCKMONTYCHANGE", "CHANGE", "PERIOD", Some(("month", 1))),
];

/// The day of the marketplace (UTC+8) on which a period ends, at its last second, in UTC.
fn end(now: Timestamp, (unit, number): (&str, u32)) -> Option<String> {
    let china = TimeZone::fixed(jiff::tz::offset(8));
    let day: Date = now.to_zoned_datetime(china.clone()).date();
    let number = i64::from(number);
    let span = match unit {
        "year" => jiff::Span::new().years(number),
        "month" => jiff::Span::new().months(number),
        _ => jiff::Span::new().days(number),
    };
    let last = day.checked_add(span).ok()?.at(23, 59, 59, 0).to_zoned_datetime(china).ok()?;
    Some(stamp(last.timestamp()))
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

/// A MOCK order as of now, or nothing when the id is none of them.
#[must_use]
pub fn mock(order_id: &str, now: Timestamp) -> Option<OrderInfo> {
    let (id, kind, charging_mode, period) = MOCK.into_iter().find(|(id, ..)| *id == order_id)?;
    let param = |name: &str, value: &str| Param { name: name.to_owned(), value: value.to_owned() };
    let billing = match charging_mode {
        "PERIOD" => "包周期",
        "ONE_TIME" => "一次性",
        "ON_DEMAND" => "按需",
        _ => "按需套餐包",
    };
    let line = OrderLine {
        order_line_id: format!("{id}-000001"),
        charging_mode: charging_mode.to_owned(),
        period_type: period.map(|(unit, _)| unit.to_owned()),
        period_number: period.map(|(_, number)| number),
        expire_time: period.and_then(|p| end(now, p)),
        product_info: vec![ProductInfo {
            product_id: "MOCKPRODUCT-0001".to_owned(),
            sku_code: Some("MOCKSKU-0001".to_owned()),
            linear_value: Some(50),
            product_name: Some(format!("MOCK测试商品,测试规格,基础版,{billing}")),
        }],
        extend_params: vec![param("emailDomainName", "test.xxxx.com"), param("ip", "127.0.0.1")],
        currency: Some("100".to_owned()),
        currency_after_discount: Some("100".to_owned()),
    };
    let buyer = BuyerInfo {
        mobile_phone: Some("18688888888".to_owned()),
        email: Some("mock_user_01@example.com".to_owned()),
        customer_id: Some("mock_customer_01".to_owned()),
        customer_name: Some("mock_user_01".to_owned()),
        customer_real_name: Some("测试用户1".to_owned()),
        customer_type: Some(0),
        user_id: None,
        user_name: None,
    };
    Some(OrderInfo {
        order_id: id.to_owned(),
        order_type: kind.to_owned(),
        create_time: stamp(now),
        order_line: vec![line],
        buyer_info: Some(buyer),
        extend_params: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_answer_of_the_first_mock_order_is_given() {
        let now: Timestamp = "2022-07-26T06:47:36Z".parse().unwrap();
        let json = serde_json::to_value(OrderAnswer::found(mock("MOCKPERIODYEARNEW", now).unwrap())).unwrap();
        let line = &json["orderInfo"]["orderLine"][0];
        assert_eq!(json["resultCode"], "MKT.0000");
        assert_eq!(json["orderInfo"]["createTime"], "20220726064736");
        assert_eq!(line["expireTime"], "20230726155959", "23:59:59 of the marketplace");
        assert_eq!((&line["periodType"], &line["periodNumber"]), (&"year".into(), &1.into()));
        assert_eq!(line["productInfo"][0]["linearValue"], 50);
        assert_eq!(line["productInfo"][0]["productName"], "MOCK测试商品,测试规格,基础版,包周期");
        assert_eq!(line["extendParams"][1], serde_json::json!({ "name": "ip", "value": "127.0.0.1" }));
        assert_eq!((&line["currency"], &line["currencyAfterDiscount"]), (&"100".into(), &"100".into()));
        let buyer = &json["orderInfo"]["buyerInfo"];
        assert_eq!((&buyer["customerRealName"], &buyer["customerType"]), (&"测试用户1".into(), &0.into()));
        assert_eq!((&buyer["userId"], &buyer["userName"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    }

    #[test]
    fn every_mock_order_is_of_its_kind() {
        for (id, kind, charging, period) in MOCK {
            let order = mock(id, Timestamp::UNIX_EPOCH).unwrap();
            let line = &order.order_line[0];
            assert_eq!((order.order_type.as_str(), line.charging_mode.as_str()), (kind, charging));
            assert_eq!(line.period_type.is_some(), period.is_some());
            assert_eq!(line.expire_time.is_some(), period.is_some(), "{id}");
        }
        assert_eq!(mock("CS2207261447AUY4H", Timestamp::UNIX_EPOCH), None);
    }
}
