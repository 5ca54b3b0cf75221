//! Text from outside, checked once: length in characters, no control characters, no blanks at the ends.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    #[error("must not be empty")]
    Empty,
    #[error("has {found} characters; at most {max} are allowed")]
    TooLong { found: usize, max: usize },
    #[error("holds a control character at position {0}; remove it")]
    Control(usize),
}

/// Checks one line of text of 1 to `max` characters and trims its ends.
///
/// # Errors
/// [`BadText`], naming the first rule that is broken.
pub fn line(text: &str, max: usize) -> Result<String, BadText> {
    check(text, max, |_| false)
}

/// Like [`line`], but line breaks and tabs are allowed.
///
/// # Errors
/// [`BadText`].
pub fn block(text: &str, max: usize) -> Result<String, BadText> {
    check(text, max, |c| matches!(c, '\n' | '\r' | '\t'))
}

fn check(text: &str, max: usize, allowed: impl Fn(char) -> bool) -> Result<String, BadText> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(BadText::Empty);
    }
    let found = trimmed.chars().count();
    if found > max {
        return Err(BadText::TooLong { found, max });
    }
    match trimmed.chars().position(|c| c.is_control() && !allowed(c)) {
        Some(at) => Err(BadText::Control(at.saturating_add(1))),
        None => Ok(trimmed.to_owned()),
    }
}

/// One line of at most `MAX` characters, empty refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    /// # Errors
    /// [`BadText`].
    pub fn parse(text: &str) -> Result<Self, BadText> {
        line(text, MAX).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Line<MAX> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_counted_in_characters_and_kept_clean() {
        assert_eq!(line("  云备份 ", 3).as_deref(), Ok("云备份"));
        assert_eq!(line("云备份了", 3), Err(BadText::TooLong { found: 4, max: 3 }));
        assert_eq!(line(" \t", 9), Err(BadText::Empty));
        assert_eq!(line("a\u{0}b", 9), Err(BadText::Control(2)));
        assert_eq!(line("a\nb", 9), Err(BadText::Control(2)));
        assert_eq!(block("a\nb", 9).as_deref(), Ok("a\nb"));
    }
}
