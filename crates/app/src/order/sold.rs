//! What a line sold, copied at the time: later edits of the listing never touch an order.

use crate::Error;
use domain::listing::{AccessType, Bilingual, Support};
use serde::{Deserialize, Serialize};
use store::order::Line;
use uuid::Uuid;

/// An order-time input and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub name: String,
    pub value: String,
}

/// The fee that an upgrade adds to a term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermFee {
    pub term: Uuid,
    pub fee_minor: i64,
    /// The whole days of the term that the fee is for.
    #[serde(default)]
    pub days: i64,
}

/// What a term costs by automatic renewal from a change on: the buyer saw it, and agreed to it by ordering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalPrice {
    pub period: String,
    pub minor: i64,
}

/// Names and choice as they were when sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    #[serde(default)]
    pub access_type: AccessType,
    /// Goes through service supervision before the order is complete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub supervised: bool,
    pub product_key: String,
    pub product_name: Bilingual,
    pub specification_name: Bilingual,
    pub sku_name: Bilingual,
    pub seller_name: String,
    pub support: Support,
    pub unit_minor: i64,
    pub units: i64,
    /// The same time at the monthly price, when that is more.
    pub by_month_minor: Option<i64>,
    pub sku_code: String,
    pub wire_product_id: String,
    pub inputs: Vec<Input>,
    /// Personal data that the buyer consented to pass on, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<String>,
    /// Where goods are sent, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<String>,
    /// Only on a change: what it adds to which term.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub term_fees: Vec<TermFee>,
    /// Only on a change: what its quote said of automatic renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal: Option<RenewalPrice>,
    /// Only on a change that somebody else asked for in the buyer's name, who has not paid it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
    /// Only on a renewal with change: the combination before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_from: Option<String>,
    /// On a change or a renewal with change: how the combination before it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_from_name: Option<Bilingual>,
}

impl Sold {
    /// # Errors
    /// [`Error::Row`] when the stored text does not fit.
    pub fn of(line: &Line) -> Result<Self, Error> {
        serde_json::from_str(&line.sold).map_err(|e| Error::row("order_lines", &line.number, e))
    }
}
