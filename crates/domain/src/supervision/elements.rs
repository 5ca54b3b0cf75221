//! The five key elements of a delivery under review (`seller-domain 5.5`): checked against the order, not trusted.

use crate::listing_check::FieldError;
use serde::{Deserialize, Serialize};

/// What the seller says that his document names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elements {
    /// `CS…`; several orders of a project in one document.
    pub order_numbers: Vec<String>,
    pub customer_name: String,
    pub product_name: String,
    pub specification_name: String,
    /// The screenshot of the authorisation's validity shows these days.
    pub valid_from: Option<jiff::civil::Date>,
    pub valid_to: Option<jiff::civil::Date>,
    /// License on cloud: the order of the cloud resources.
    #[serde(default)]
    pub resource_order: Option<String>,
}

/// What the order says.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    pub order_number: &'a str,
    pub customer_name: &'a str,
    /// In either language.
    pub product_names: [&'a str; 2],
    pub specification_names: [&'a str; 2],
    /// `SaaS` and licences must show how long the authorisation is valid.
    pub validity: bool,
}

/// Compares the elements with the order, field by field.
#[must_use]
pub fn check(elements: &Elements, expected: &Expected<'_>) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    let mut refuse = |pointer: &str, code: &str, detail: String| wrong.push(FieldError::new(format!("/elements/{pointer}"), code, detail));
    if !elements.order_numbers.iter().any(|n| n == expected.order_number) {
        refuse("order_numbers", "elements.order", format!("the document must name order {}", expected.order_number));
    }
    if elements.customer_name != expected.customer_name {
        refuse("customer_name", "elements.customer", format!("the customer's full name is {}", expected.customer_name));
    }
    let names = |text: &str, of: [&str; 2]| !text.is_empty() && of.contains(&text);
    if !names(&elements.product_name, expected.product_names) {
        refuse("product_name", "elements.product", format!("the product on the order is {}", expected.product_names[0]));
    }
    if !names(&elements.specification_name, expected.specification_names) {
        refuse(
            "specification_name",
            "elements.specification",
            format!("the specification on the order is {}", expected.specification_names[0]),
        );
    }
    match (elements.valid_from, elements.valid_to) {
        (Some(from), Some(to)) if from > to => refuse("valid_to", "elements.validity", "the validity ends before it begins".to_owned()),
        (Some(_), Some(_)) => {}
        _ if expected.validity => refuse("valid_from", "elements.validity", "say from when to when the authorisation is valid".to_owned()),
        _ => {}
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_that_of_the_order() {
        let expected = Expected {
            order_number: "CS2207261447AUY4H",
            customer_name: "示例公司",
            product_names: ["盾存", "Shield"],
            specification_names: ["标准版", "Standard"],
            validity: true,
        };
        let good = Elements {
            order_numbers: vec!["CS2207261447AUY4I".into(), "CS2207261447AUY4H".into()],
            customer_name: "示例公司".into(),
            product_name: "Shield".into(),
            specification_name: "标准版".into(),
            valid_from: Some("2026-01-01".parse().unwrap()),
            valid_to: Some("2026-12-31".parse().unwrap()),
            resource_order: None,
        };
        assert_eq!(check(&good, &expected), []);
        let codes = |e: &Elements| check(e, &expected).into_iter().map(|f| f.code).collect::<Vec<_>>();
        assert_eq!(
            codes(&Elements::default()),
            ["elements.order", "elements.customer", "elements.product", "elements.specification", "elements.validity"]
        );
        assert_eq!(codes(&Elements { valid_to: Some("2025-12-31".parse().unwrap()), ..good.clone() }), ["elements.validity"]);
        assert_eq!(codes(&Elements { customer_name: "示例".into(), ..good }), ["elements.customer"]);
    }
}
