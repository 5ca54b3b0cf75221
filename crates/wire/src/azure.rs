//! Azure's SaaS fulfilment API 2 and its metering API (`2018-08-31`), as publishers call them, and the events that a
//! publisher's webhook hears. Names and words are those of the public client `azuremarketplace`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub const API_VERSION: &str = "2018-08-31";
/// Usage events of one call.
pub const EVENTS_MAX: usize = 25;

/// What a subscription is (`saasSubscriptionStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubscriptionStatus {
    PendingFulfillmentStart,
    Subscribed,
    Suspended,
    Unsubscribed,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    Unsubscribe,
    ChangePlan,
    Suspend,
    Reinstate,
    Renew,
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationStatus {
    NotStarted,
    InProgress,
    Succeeded,
    Failed,
}

/// Who bought or uses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identifier {
    /// Empty when the customer passes none on.
    pub email_id: String,
    pub object_id: String,
    pub tenant_id: String,
    pub puid: String,
}

/// The present term; times are ISO 8601.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Term {
    pub start_date: Option<String>,
    pub end_date: Option<String>,
    /// `P1M` or `P1Y`; none for what has no end.
    pub term_unit: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// A GUID.
    pub id: String,
    pub publisher_id: String,
    pub offer_id: String,
    pub name: String,
    pub saas_subscription_status: SubscriptionStatus,
    pub beneficiary: Identifier,
    pub purchaser: Identifier,
    pub plan_id: String,
    pub quantity: i64,
    pub term: Term,
    pub auto_renew: bool,
    pub is_test: bool,
    pub is_free_trial: bool,
    pub allowed_customer_operations: Vec<String>,
    pub session_mode: String,
    pub sandbox_type: String,
    pub created: String,
}

/// What a purchase token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedSubscription {
    pub id: String,
    pub subscription_name: String,
    pub offer_id: String,
    pub plan_id: String,
    pub quantity: i64,
    pub subscription: Subscription,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub plan_id: String,
    pub display_name: String,
    pub is_private: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    pub id: String,
    pub activity_id: String,
    pub subscription_id: String,
    pub offer_id: String,
    pub publisher_id: String,
    pub plan_id: String,
    pub quantity: i64,
    pub action: Action,
    pub time_stamp: String,
    pub status: OperationStatus,
}

/// What a webhook is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[serde(flatten)]
    pub operation: Operation,
    pub operation_request_source: String,
    pub subscription: Subscription,
    pub purchase_token: Option<String>,
}

/// A plan and a quantity that a publisher names; either may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscriberPlan {
    pub plan_id: Option<String>,
    pub quantity: Option<Number>,
}

/// What a publisher says of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateOperation {
    #[serde(default)]
    pub plan_id: Option<String>,
    #[serde(default)]
    pub quantity: Option<Number>,
    pub status: Update,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Update {
    Success,
    Failure,
}

/// A whole number, or the same as text, or empty text for none: clients differ.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Number {
    Whole(i64),
    Text(String),
}

impl Number {
    /// The number, none for an empty text.
    ///
    /// # Errors
    /// The text, when it is no number.
    pub fn get(&self) -> Result<Option<i64>, &str> {
        match self {
            Self::Whole(n) => Ok(Some(*n)),
            Self::Text(t) if t.is_empty() => Ok(None),
            Self::Text(t) => t.parse().map(Some).map_err(|_| t.as_str()),
        }
    }
}

/// Use in an hour, as a publisher reports it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct UsageEvent {
    pub resource_id: Option<String>,
    pub resource_uri: Option<String>,
    /// A number, more than zero.
    pub quantity: Value,
    pub dimension: Option<String>,
    /// ISO 8601.
    pub effective_start_time: Option<String>,
    pub plan_id: Option<String>,
}

/// What became of a usage event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UsageStatus {
    Accepted,
    Duplicate,
    Expired,
    ResourceNotFound,
    ResourceNotActive,
    InvalidDimension,
    InvalidQuantity,
    BadArgument,
}

/// The answer to a usage event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_event_id: Option<String>,
    pub status: UsageStatus,
    pub message_time: String,
    pub resource_id: Option<String>,
    pub quantity: Value,
    pub dimension: Option<String>,
    pub effective_start_time: Option<String>,
    pub plan_id: Option<String>,
    /// Why it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<UsageFault>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageFault {
    pub code: UsageStatus,
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_come_as_numbers_as_text_and_empty() {
        let read = |v: Value| serde_json::from_value::<SubscriberPlan>(v).unwrap();
        assert_eq!(read(json!({ "planId": "gold", "quantity": "" })).quantity.unwrap().get(), Ok(None));
        assert_eq!(read(json!({ "quantity": 5 })).quantity.unwrap().get(), Ok(Some(5)));
        assert_eq!(read(json!({ "quantity": "5" })).quantity.unwrap().get(), Ok(Some(5)));
        assert_eq!(read(json!({ "quantity": "five" })).quantity.unwrap().get(), Err("five"));
        assert_eq!(read(json!({})), SubscriberPlan::default());
    }

    #[test]
    fn what_a_webhook_hears_has_the_operation_at_its_top() {
        let operation = Operation {
            id: "o".into(),
            activity_id: "a".into(),
            subscription_id: "s".into(),
            offer_id: "offer".into(),
            publisher_id: "p".into(),
            plan_id: "gold".into(),
            quantity: 1,
            action: Action::ChangePlan,
            time_stamp: "2026-01-02T03:04:05Z".into(),
            status: OperationStatus::InProgress,
        };
        let text = serde_json::to_value(&operation).unwrap();
        assert_eq!(
            text,
            json!({ "id": "o", "activityId": "a", "subscriptionId": "s", "offerId": "offer", "publisherId": "p", "planId": "gold",
                "quantity": 1, "action": "ChangePlan", "timeStamp": "2026-01-02T03:04:05Z", "status": "InProgress" })
        );
    }
}
