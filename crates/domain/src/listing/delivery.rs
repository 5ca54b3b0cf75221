//! How a product under service supervision is delivered.

use super::Bilingual;
use crate::{id::DocumentId, supervision::Flow};
use serde::{Deserialize, Serialize};

/// How a product under service supervision is delivered, as its page and its cases show it (`seller-domain 2.4`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// The acceptance criteria (商品交付模板).
    pub template: Bilingual,
    /// What the buyer is asked for (需求模板).
    #[serde(skip_serializing_if = "Bilingual::is_empty")]
    pub request: Bilingual,
    /// The same as a form to be filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_file: Option<DocumentId>,
    /// Days in which the seller delivers (交付 SLA).
    pub sla_days: Option<u16>,
    /// Which flow a human service has.
    #[serde(skip_serializing_if = "Flow::is_standard")]
    pub flow: Flow,
    /// SaaS 1.0: the interface is called when the buyer has accepted, not at purchase (`saas-interface 3.3`,
    /// `provisionType` 2).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub call_after_acceptance: bool,
}
