//! Order notification (订单通知): a seller hears of a paid order and then asks what was bought
//! (`saas-interface 5`). Signed as SaaS 2.0, with the key of class general.
//!
//! ```
//! use yunshi_wire::{order_notify, saas_v2::OrderIds};
//!
//! let order = OrderIds { order_id: "CS1".into(), order_line_id: "CS1-000001".into() };
//! let body = order_notify::body(&order, false);
//! assert_eq!(order_notify::read(&body), Some(order));
//! ```

use crate::{
    field::{Field, m},
    saas_v2::OrderIds,
};
use std::collections::BTreeMap;

pub const ACTIVITY: &str = "orderNotify";

/// The parameter table of the reference.
pub const FIELDS: [Field; 4] = [m("activity", 20), m("orderId", 64), m("orderLineId", 64), m("testFlag", 2)];

/// The bytes to sign and send.
#[must_use]
pub fn body(order: &OrderIds, test: bool) -> String {
    let fields: BTreeMap<&str, &str> = BTreeMap::from([
        ("activity", ACTIVITY),
        ("orderId", &order.order_id),
        ("orderLineId", &order.order_line_id),
        ("testFlag", if test { "1" } else { "0" }),
    ]);
    // A map of texts always serialises.
    serde_json::to_string(&fields).unwrap_or_default()
}

/// Reads a notification on the seller's side; nothing when it is none.
#[must_use]
pub fn read(body: &str) -> Option<OrderIds> {
    let sent: BTreeMap<String, String> = serde_json::from_str(body).ok()?;
    let get = |name: &str| sent.get(name).cloned();
    (sent.get("activity").map(String::as_str) == Some(ACTIVITY)).then_some(())?;
    Some(OrderIds { order_id: get("orderId")?, order_line_id: get("orderLineId")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_the_fields_of_the_table_in_order() {
        let order = OrderIds { order_id: "CS1".into(), order_line_id: "CS1-000001".into() };
        let sent: BTreeMap<String, String> = serde_json::from_str(&body(&order, false)).unwrap();
        assert_eq!(sent.keys().map(String::as_str).collect::<Vec<_>>(), FIELDS.map(|f| f.name));
        assert_eq!(sent["testFlag"], "0");
        assert_eq!(read(&body(&order, true)), Some(order));
        assert_eq!(read(r#"{"activity":"newInstance","orderId":"a","orderLineId":"b"}"#), None);
    }
}
