//! Rules of a licence by code as clients write and read them.

use crate::views::TextView;
use app::Error;
use domain::licence_rules::{Feature, FeatureValue, LicenceRules};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a licence by code allows. Numbers are of one unit bought.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LicenceRulesBody {
    #[schema(max_items = 50)]
    pub features: Vec<FeatureBody>,
    /// How many clients may work at the same time, 1 to 10,000; null: they are not counted.
    pub seats: Option<u32>,
    /// 1 to 10,080.
    pub lease_minutes: u32,
    /// Whose seat a client may take when all are held: its `own`, an `idle` one too, or the `oldest`.
    pub take_over: String,
    /// How many machines it may be used on, 1 to 10,000; null: any number.
    pub nodes: Option<u32>,
    /// A machine is the same when every part of its fingerprint is (`exact`), or more than half (`most`).
    pub node_match: String,
    /// How many machines the buyer may release in 30 days.
    pub node_releases: u32,
    /// Days after the end on which the software still works, 0 to 15.
    pub grace_days: u16,
    /// Whether signed files are given for machines without network.
    pub files: bool,
    /// The longest life of a file, 1 to 3,660; null: until the end of the term.
    pub file_days: Option<u16>,
}

impl Default for LicenceRulesBody {
    fn default() -> Self {
        Self::of(&LicenceRules::default())
    }
}

/// Something that the software unlocks.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureBody {
    /// As the software asks for it.
    pub code: String,
    pub name: TextView,
    /// `true`, `false`, a whole number, or a text of up to 200 characters.
    pub value: String,
}

impl LicenceRulesBody {
    pub fn of(rules: &LicenceRules) -> Self {
        let feature = |f: &Feature| FeatureBody { code: f.code.clone(), name: f.name.clone().into(), value: f.value.to_string() };
        Self {
            features: rules.features.iter().map(feature).collect(),
            seats: rules.seats,
            lease_minutes: rules.lease_minutes,
            take_over: rules.take_over.to_string(),
            nodes: rules.nodes,
            node_match: rules.node_match.to_string(),
            node_releases: rules.node_releases,
            grace_days: rules.grace_days,
            files: rules.files,
            file_days: rules.file_days,
        }
    }

    /// The rules at a place of a listing.
    pub fn read(self, at: &str) -> Result<LicenceRules, Error> {
        let bad = |field: &str, e: domain::Unknown| Error::field(&format!("{at}/{field}"), "body.bad_field", e.to_string());
        let feature = |f: FeatureBody| Feature { value: FeatureValue::of_text(&f.value), code: f.code, name: f.name.into() };
        Ok(LicenceRules {
            features: self.features.into_iter().map(feature).collect(),
            seats: self.seats,
            lease_minutes: self.lease_minutes,
            take_over: self.take_over.parse().map_err(|e| bad("take_over", e))?,
            nodes: self.nodes,
            node_match: self.node_match.parse().map_err(|e| bad("node_match", e))?,
            node_releases: self.node_releases,
            grace_days: self.grace_days,
            files: self.files,
            file_days: self.file_days,
        })
    }
}
