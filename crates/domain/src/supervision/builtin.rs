//! The templates of the reference (`seller-domain 5.3`), and ours where it has none.

use super::{Flow, template::Template};
use crate::listing::AccessType;
use jiff::civil::Date;

macro_rules! texts {
    ($($name:literal),+ $(,)?) => {
        /// Their texts, each a JSON document.
        pub const BUILT_IN: &[&str] = &[$(include_str!(concat!("../../templates/", $name, ".json"))),+];
    };
}

texts![
    "data-file.1",
    "hardware.1",
    "human-service.1",
    "human-service.2",
    "human-service-milestones.1",
    "license-code.1",
    "license-code.2",
    "license-code.3",
    "license-file.1",
    "license-identification.1",
    "license-package.1",
    "orchestration.1",
    "saas.1",
    "site-building.1",
];

/// The built-in templates; a test reads every one.
pub fn built_in() -> impl Iterator<Item = Template> {
    BUILT_IN.iter().filter_map(|text| serde_json::from_str(text).ok())
}

/// The template of an order: the newest that was valid on the day when the order was placed.
#[must_use]
pub fn choose(templates: &[Template], access_type: AccessType, flow: Flow, day: Date) -> Option<&Template> {
    let own = templates.iter().filter(|t| t.access_type == access_type && t.flow == flow && t.valid_from <= day);
    own.max_by_key(|t| (t.valid_from, t.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_delivered_under_the_rules_of_its_day() {
        let all: Vec<Template> = built_in().collect();
        let version = |access_type, day: &str| choose(&all, access_type, Flow::Standard, day.parse().unwrap()).map(|t| t.version);
        for (day, expected) in [("2024-09-13", 1), ("2024-09-14", 2), ("2025-05-21", 2), ("2025-05-22", 3), ("2026-11-28", 3)] {
            assert_eq!(version(AccessType::LicenceCode, day), Some(expected), "{day}");
        }
        assert_eq!(version(AccessType::HumanService, "2025-03-25"), Some(1));
        assert_eq!(version(AccessType::HumanService, "2025-03-26"), Some(2));
        assert_eq!(version(AccessType::HumanService, "2015-01-01"), None, "before all of them");
    }

    #[test]
    fn a_flow_that_the_reference_does_not_show_says_that_it_is_ours() {
        for template in built_in().filter(|t| t.flow != Flow::Standard) {
            assert!(template.source.contains("our design"), "{}", template.key);
        }
    }
}
