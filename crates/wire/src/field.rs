//! Parameter tables of the interfaces: name, mandatory or not, greatest length.

/// A field of a call. A length counts characters; of a whole number its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub mandatory: bool,
    pub max: usize,
}

/// Mandatory (`M`).
pub(crate) const fn m(name: &'static str, max: usize) -> Field {
    Field { name, mandatory: true, max }
}

/// Optional (`O`).
pub(crate) const fn o(name: &'static str, max: usize) -> Field {
    Field { name, mandatory: false, max }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Field;
    use serde_json::{Map, Value};

    /// What is sent has every mandatory field of its table, no other field, and nothing that is too long.
    pub fn fits(fields: &[Field], sent: &Map<String, Value>) {
        for field in fields.iter().filter(|f| f.mandatory) {
            assert!(sent.contains_key(field.name), "{} is missing in {sent:?}", field.name);
        }
        for (name, value) in sent {
            let field = fields.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("{name} is not in the table"));
            let length = value.as_str().map_or_else(|| value.to_string().len(), |text| text.chars().count());
            assert!(length <= field.max, "{name}");
        }
    }
}
