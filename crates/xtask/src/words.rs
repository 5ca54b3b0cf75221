//! Words of the model are compared as what they are. A row that keeps one as text lets a comparison be misspelled, and forgets the
//! word that was added last; the compiler finds both where the row has the type.

use crate::{
    Findings,
    tree::{sources, without_tests},
};
use std::path::Path;

/// Where words are taken for what they are: the layers below know them as text.
const WATCHED: &[&str] = &["app", "api", "worker", "domain", "ledger"];
/// Fields whose values are words.
const FIELDS: &[&str] = &[
    "state",
    "kind",
    "site",
    "currency",
    "activity",
    "access_type",
    "freeze_cause",
    "charging_mode",
    "period",
    "account",
    "role",
    "party",
];

/// Whether the text begins with the name of a value and its word: `OrderState::Completed.as_str()`.
fn is_word_of_value(text: &str) -> bool {
    let path: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == ':' || *c == '_').collect();
    path.contains("::") && text[path.len()..].starts_with(".as_str()")
}

/// What stands behind each place where the line has the mark.
fn behind<'a>(line: &'a str, mark: &str) -> Vec<&'a str> {
    line.match_indices(mark).map(|(at, _)| &line[at + mark.len()..]).collect()
}

fn compares(line: &str) -> bool {
    if line.trim_start().starts_with("//") {
        return false;
    }
    let signs = [" == ", " != "];
    let value = signs.iter().flat_map(|sign| behind(line, sign)).any(|rest| is_word_of_value(rest.strip_prefix("Some(").unwrap_or(rest)));
    let field = |name: &&str| {
        let text = format!(".{name}");
        let compared =
            |rest: &str| signs.iter().any(|sign| rest.strip_prefix(sign).is_some_and(|r| r.starts_with('"') || r.starts_with("Some(\"")));
        behind(line, &text).into_iter().any(|rest| {
            let word = [".as_str()", ".as_deref()"].iter().find_map(|call| rest.strip_prefix(call));
            let matched = word.is_some_and(|rest| rest.starts_with(" {") || (rest.starts_with(',') && line.contains("matches!(")));
            compared(rest) || word.is_some_and(compared) || matched
        })
    };
    value || FIELDS.iter().any(field)
}

fn is_watched(name: &str) -> bool {
    let mut parts = name.split('/');
    let (top, krate, folder) = (parts.next(), parts.next(), parts.next());
    top == Some("crates") && folder == Some("src") && krate.is_some_and(|krate| WATCHED.contains(&krate))
}

/// Lines that compare words as text: the row is declared with `db::stored!` instead, and the values are compared.
pub fn check(root: &Path) -> Findings {
    let mut found = Vec::new();
    for (name, text) in sources(root).into_iter().filter(|(name, _)| is_watched(name)) {
        let lines = (1..).zip(without_tests(&text).lines()).filter(|(_, line)| compares(line));
        found.extend(lines.map(|(n, line)| format!("{name}:{n}: {}", line.trim())));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_spelling_of_a_comparison_is_found() {
        for line in [
            "if order.state == \"completed\" {",
            "all.retain(|o| o.kind != \"unsubscribe\");",
            "line.charging_mode == ChargingMode::OnDemand.as_str()",
            "k.class == InterfaceClass::Basic.as_str()",
            "matches!(c.state.as_str(), \"due\" | \"waiting\")",
            "match found.state.as_str() {",
            "i.freeze_cause.as_deref() == Some(FreezeCause::Arrears.as_str())",
            "i.freeze_cause.as_deref() == Some(\"violation\")",
        ] {
            assert!(compares(line), "{line}");
        }
    }

    #[test]
    fn what_compares_values_or_shows_words_is_left_alone() {
        for line in [
            "if order.state == OrderState::Completed {",
            "// state == \"completed\"",
            "word(o.state.as_str(), language),",
            "let version = version(&[found.state.as_str(), end]);",
            "if name == \"localhost\" {",
            "if config.state_file == \"none\" {",
        ] {
            assert!(!compares(line), "{line}");
        }
    }

    #[test]
    fn each_line_that_compares_is_named() {
        let root = tempfile::tempdir().unwrap();
        for file in ["app/src/a.rs", "store/src/b.rs"] {
            let file = root.path().join("crates").join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "a.state == \"x\"\nb.state == State::X\n").unwrap();
        }
        assert_eq!(check(root.path()), ["crates/app/src/a.rs:1: a.state == \"x\""], "the store knows words as text");
    }
}
