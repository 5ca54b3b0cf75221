//! The flight recorder on the wire.

use crate::views::TextView;
use app::order::TimelineEntry;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineItem {
    pub at: String,
    /// What happened, such as `order.paid`; consoles word it.
    pub kind: String,
    /// `good`, `bad`, `plain`, or `next` for what is to come.
    pub tone: String,
    pub actor: Option<String>,
    /// Why, when something says so.
    pub reason: Option<TextView>,
    /// What belongs to it, by kind.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Timeline {
    pub entries: Vec<TimelineItem>,
}

pub fn timeline_view(entries: Vec<TimelineEntry>) -> Timeline {
    let item = |e: TimelineEntry| TimelineItem {
        at: e.at.to_string(),
        kind: e.kind,
        tone: e.tone.to_string(),
        actor: e.actor,
        reason: e.data["reason"].as_str().map(|text| app::message::reason(text).into()),
        data: if e.data.is_object() { e.data } else { serde_json::json!({}) },
    };
    Timeline { entries: entries.into_iter().map(item).collect() }
}
