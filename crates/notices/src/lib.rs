//! The notice about third parties that a binary carries: every crate that is linked, the C sources that crates bring
//! along, and every package of the consoles, with name, version and licence, and the texts of the licences.
//!
//! A build script puts it together: [`manifest`] and [`linked`] tell which crates are linked, [`bundled`] what C
//! sources they hold, [`packages`] what the consoles consist of, and [`document`] writes it all down. Nothing here
//! fails: where a text is missing, the licence's name stands alone.

mod bundled;
mod krate;
mod npm;
mod texts;

pub use bundled::bundled;
pub use krate::{linked, locked, manifest, standard_library};
pub use npm::packages;

use std::{collections::HashMap, fmt::Write};

/// Something of others that is in the binary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    pub version: String,
    /// An SPDX expression, or what its author wrote.
    pub licence: String,
    /// Where its source can be had.
    pub source: String,
    /// Who made it, told where no text says so.
    pub authors: Vec<String>,
    /// Licences and notices as they came with it.
    pub texts: Vec<String>,
}

/// Some parts under a heading.
#[derive(Debug, Clone)]
pub struct Section {
    pub heading: &'static str,
    pub parts: Vec<Part>,
}

/// Texts that differ in white space, punctuation or `http` for `https` alone are one text.
fn key(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| if word == "https" { "http".to_owned() } else { word.to_lowercase() }).collect::<Vec<_>>().join(" ")
}

/// Numbers the texts, each once, in order of appearance.
#[derive(Default)]
struct Texts<'a> {
    numbers: HashMap<String, usize>,
    all: Vec<(&'a str, Vec<String>)>,
}

impl<'a> Texts<'a> {
    fn number(&mut self, text: &'a str, of: &Part) -> usize {
        let next = self.all.len();
        let at = *self.numbers.entry(key(text)).or_insert(next);
        if at == next {
            self.all.push((text, Vec::new()));
        }
        if let Some((_, parts)) = self.all.get_mut(at) {
            let name = format!("{} {}", of.name, of.version);
            if parts.last() != Some(&name) {
                parts.push(name);
            }
        }
        at + 1
    }
}

/// The whole notice, as plain text: what is in the binary, then the texts, each once.
#[must_use]
pub fn document(preamble: &str, sections: &[Section]) -> String {
    let mut texts = Texts::default();
    let mut out = format!("{}\n", preamble.trim_end());
    for section in sections {
        // Writing to a string does not fail, here and below.
        let _ = write!(out, "\n\n{}\n{}\n\n", section.heading, "=".repeat(section.heading.len()));
        for part in &section.parts {
            let licence = if part.licence.is_empty() { "see its source" } else { &part.licence };
            let _ = write!(out, "{} {}: {licence}", part.name, part.version);
            let mut numbers: Vec<usize> = part.texts.iter().map(|text| texts.number(text, part)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            match numbers.as_slice() {
                [] if part.authors.is_empty() => {}
                [] => out.push_str(&format!("; by {}", part.authors.join(", "))),
                numbers => {
                    let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                    let _ = write!(out, " [{}]", list.join(", "));
                }
            }
            if !part.source.is_empty() {
                let _ = write!(out, " <{}>", part.source);
            }
            out.push('\n');
        }
    }
    out.push_str("\n\nTexts\n=====\n");
    for (number, (text, parts)) in (1..).zip(&texts.all) {
        let _ = write!(out, "\n[{number}] {}\n\n{}\n", parts.join(", "), text.trim_matches(['\n', '\r']).trim_end());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, texts: &[&str]) -> Part {
        let texts = texts.iter().map(|t| (*t).to_owned()).collect();
        Part { name: name.to_owned(), version: "1.0.0".to_owned(), licence: "MIT".to_owned(), texts, ..Part::default() }
    }

    #[test]
    fn equal_texts_stand_once_and_name_all_their_parts() {
        let parts = vec![part("a", &["Do as\nyou like."]), part("b", &["Do as you\n  like\n", "Mind the dog."])];
        let text = document("Ours.", &[Section { heading: "Crates", parts }]);
        let expected = "Ours.\n\n\nCrates\n======\n\na 1.0.0: MIT [1]\nb 1.0.0: MIT [1, 2]\n\n\nTexts\n=====\n\n\
                        [1] a 1.0.0, b 1.0.0\n\nDo as\nyou like.\n\n[2] b 1.0.0\n\nMind the dog.\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn without_a_text_the_licence_and_the_authors_are_told() {
        let mut bare = part("a", &[]);
        bare.authors = vec!["Ann".to_owned(), "Bob".to_owned()];
        bare.source = "https://example.com/a".to_owned();
        let text = document("", &[Section { heading: "Crates", parts: vec![bare, Part::default()] }]);
        assert!(text.contains("\na 1.0.0: MIT; by Ann, Bob <https://example.com/a>\n"), "{text}");
        assert!(text.contains(": see its source\n"), "{text}");
    }
}
