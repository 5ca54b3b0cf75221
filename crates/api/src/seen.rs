//! Decisions carry the version that they were made on: `If-Match` with the `version` of what was shown.
//!
//! The guard puts it into the caller, and the use case compares (`Ctx::require_seen`).

use axum::http::{HeaderMap, header};
use utoipa::openapi::{
    ObjectBuilder, OpenApi, RefOr, Required, Type,
    path::{Parameter, ParameterBuilder, ParameterIn},
};

/// The operations that decide something about others, whose use cases compare the version.
const DECISIONS: [&str; 21] = [
    "application_approve",
    "application_reject",
    "product_freeze",
    "product_unfreeze",
    "seller_approve",
    "seller_reject",
    "correction_confirm",
    "correction_refuse",
    "transfer_confirm",
    "transfer_refuse",
    "instance_freeze",
    "instance_unfreeze",
    "supervision_act",
    "supervision_review",
    "supervision_appeal",
    "supervision_state_case",
    "supervision_decide",
    "supervision_ask_refund",
    "supervision_step_refund",
    "supervision_confirm_refund",
    "supervision_carrier",
];

/// The operations that order something, whose use cases compare the price.
const ORDERS: [&str; 4] = ["order_place", "instance_renew", "instance_convert", "instance_change"];

/// The version that a decision was made on; any when there is none, or `*`.
pub fn version(headers: &HeaderMap) -> Option<String> {
    let named = headers.get(header::IF_MATCH)?.to_str().unwrap_or_default().trim();
    (named != "*").then(|| named.trim_start_matches("W/").trim_matches('"').to_owned())
}

fn parameter(says: &str) -> Parameter {
    ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(says))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(40))))
        .build()
}

/// States the version at each decision of a description.
pub fn describe(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.post, &mut item.put].into_iter().flatten() {
            let Some(id) = operation.operation_id.as_deref() else { continue };
            let says = if DECISIONS.contains(&id) {
                "The `version` that was decided on. Another one is refused with `decision.stale`; without it any is decided on."
            } else if ORDERS.contains(&id) {
                "The `version` of the price that was shown. Another price is refused with `price.changed`; without it today's is taken."
            } else {
                continue;
            };
            operation.parameters.get_or_insert_default().push(RefOr::T(parameter(says)));
        }
    }
}
