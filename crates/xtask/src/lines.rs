//! How long a line may be.

use crate::{Findings, tree::sources};
use std::path::Path;

/// What fits beside another file on a screen; rustfmt.toml has the same number.
const COLUMNS_MAX: usize = 140;
/// Written by a tool that breaks no lines.
const MADE: &[&str] = &["web/src/api/schema.ts"];

/// Nothing can be broken in a line that is one word behind its indent and comment mark: an address, a signed sample.
fn is_one_word(line: &str) -> bool {
    let rest = line.trim();
    let rest = ["//!", "///", "//", "#", "*"].iter().find_map(|mark| rest.strip_prefix(mark)).unwrap_or(rest);
    rest.split_whitespace().count() <= 1
}

fn is_too_long(line: &str) -> bool {
    line.chars().count() > COLUMNS_MAX && !is_one_word(line)
}

pub fn check(root: &Path) -> Findings {
    let mut found = Vec::new();
    for (name, text) in sources(root).into_iter().filter(|(name, _)| !MADE.contains(&name.as_str())) {
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| is_too_long(line)) {
            found.push(format!("{name}:{number} has {} columns", line.chars().count()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_140_characters_however_many_bytes_they_are() {
        assert!(!is_too_long(&"云 ".repeat(70)));
        assert!(is_too_long(&"云 a".repeat(47)));
    }

    #[test]
    fn one_long_word_may_stay() {
        let sample = "x".repeat(200);
        assert!(!is_too_long(&format!("    \"{sample}\",")));
        assert!(!is_too_long(&format!("//! https://example.com/{sample}")));
        assert!(is_too_long(&format!("let body = \"{sample}\";")));
    }
}
