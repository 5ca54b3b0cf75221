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
/// Files that compare words of tables whose rows keep them as text yet, and how often. No new ones: declare the row with
/// `db::stored!` instead. A number that has become smaller is lowered here.
const LEFT: &[(&str, usize)] = &[
    ("crates/api/src/koogallery/market_event.rs", 1),
    ("crates/app/src/licence/apply.rs", 1),
    ("crates/app/src/order/timeline.rs", 2),
    ("crates/app/src/supervision/effects.rs", 1),
    ("crates/app/src/verify/instances.rs", 2),
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

fn check_with(root: &Path, left: &[(&str, usize)]) -> Findings {
    let mut found = Vec::new();
    for (name, text) in sources(root).into_iter().filter(|(name, _)| is_watched(name)) {
        let lines: Vec<String> = (1..)
            .zip(without_tests(&text).lines())
            .filter(|(_, line)| compares(line))
            .map(|(n, line)| format!("{name}:{n}: {}", line.trim()))
            .collect();
        let known = left.iter().find(|(file, _)| *file == name).map_or(0, |(_, count)| *count);
        match lines.len() {
            more if more > known => found.extend(lines),
            fewer if fewer < known => found.push(format!("{name} compares {fewer} words as text and not {known}: lower the number")),
            _ => {}
        }
    }
    found
}

pub fn check(root: &Path) -> Findings {
    check_with(root, LEFT)
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
    fn a_file_has_as_many_as_it_is_known_for() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("crates/app/src/a.rs");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "a.state == \"x\"\nb.state == \"y\"\n").unwrap();
        assert_eq!(check_with(root.path(), &[]).len(), 2);
        assert_eq!(check_with(root.path(), &[("crates/app/src/a.rs", 1)]).len(), 2, "a new one");
        assert!(check_with(root.path(), &[("crates/app/src/a.rs", 2)]).is_empty());
        assert_eq!(check_with(root.path(), &[("crates/app/src/a.rs", 3)]).len(), 1, "one fewer");
    }
}
