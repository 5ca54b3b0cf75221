//! Where goods are sent.

use crate::{listing_check::FieldError, text};
use serde::{Deserialize, Serialize};

/// A recipient and where he is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    pub recipient: String,
    pub phone: String,
    pub address: String,
}

impl Address {
    /// The fields that are not right, below `/shipping`.
    #[must_use]
    pub fn wrong(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        for (name, value, max) in [("recipient", &self.recipient, 60), ("phone", &self.phone, 32), ("address", &self.address, 200)] {
            if let Err(e) = text::line(value, max) {
                wrong.push(FieldError::new(format!("/shipping/{name}"), "shipping.bad_value", e.to_string()));
            }
        }
        let digits = self.phone.bytes().filter(u8::is_ascii_digit).count();
        if digits < 5 && wrong.iter().all(|w| w.pointer != "/shipping/phone") {
            wrong.push(FieldError::new("/shipping/phone", "shipping.bad_value", "write a phone number such as +86 138 0000 0000"));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_needs_a_name_a_phone_and_a_place() {
        let address = |recipient: &str, phone: &str, address: &str| Address {
            recipient: recipient.into(),
            phone: phone.into(),
            address: address.into(),
        };
        assert_eq!(address("李雷", "+86 138 0000 0000", "深圳市龙岗区坂田街道 1 号").wrong(), []);
        let wrong: Vec<String> = address("", "call me", " ").wrong().into_iter().map(|w| w.pointer).collect();
        assert_eq!(wrong, ["/shipping/recipient", "/shipping/address", "/shipping/phone"]);
    }
}
