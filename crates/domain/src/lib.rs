//! The rules of the marketplace, without I/O, SQL, clock or chance.
//!
//! Every decision that a use case takes is a function here: what a term is, what a renewal costs, who may
//! unsubscribe until when, how a payment is shared, when a call is repeated. The functions take the time
//! as a parameter and return either the new value or a refusal with a name.
//!
//! To add a rule: put it beside the noun it is about, cite its source (`seller-domain 2.5`), name every
//! state in each `match`, and write its table of cases as tests at the bottom of the file.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod access;
pub mod asset;
pub mod call;
pub mod correction;
pub mod domain_name;
pub mod id;
pub mod instance;
pub mod job;
pub mod kit;
pub mod licence;
pub mod licence_rules;
pub mod limit;
pub mod listing;
pub mod listing_check;
pub mod measure;
pub mod message;
pub mod money;
pub mod neighbour;
pub mod order;
pub mod organisation;
pub mod package;
pub mod period;
pub mod picture;
pub mod pricing;
pub mod probe;
pub mod refund;
pub mod seat;
pub mod settlement;
pub mod site;
#[doc(hidden)]
pub mod stored;
pub mod supervision;
pub mod term;
pub mod text;
pub mod usage;

pub use jiff::Timestamp;

/// A value that does not fit the model, with the word that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a {what}; known are {known}")]
pub struct Unknown {
    pub what: &'static str,
    pub value: String,
    pub known: String,
}

/// An enum whose values are words on the wire, in the database and in the interface.
///
/// Generates `as_str`, `FromStr`, `Display`, serde by word, and `ALL`; with the feature `diesel` also what a column of text needs.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident ($what:literal) { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every value, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for the value everywhere outside the code.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Unknown;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|v| v.as_str() == s).ok_or_else(|| $crate::Unknown {
                    what: $what,
                    value: s.chars().take(40).collect(),
                    known: [$($word),+].join(", "),
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(self.as_str()) }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let word = String::deserialize(d)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }

        $crate::stored_word!($name);
    };
}
