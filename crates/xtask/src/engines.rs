//! Who may ask which engine runs: the database layer, in functions with a name for what differs (`db::dialect`).

use crate::{
    Findings,
    tree::{sources, without_tests},
};
use std::path::Path;

/// The layer itself, and what tests it, measures it or checks it.
const MAY_ASK: &[&str] = &["db", "testdb", "testkit", "harness", "bench", "xtask"];
/// The variants and the connections behind them.
const KINDS: &[&str] =
    &["Tx::Pg", "Tx::Sqlite", "Db::Postgres", "Db::Sqlite", "PgConnection", "SqliteConnection", "diesel::pg", "diesel::sqlite"];
/// Their names, and the schemes of their addresses.
const NAMES: &[&str] = &["\"sqlite\"", "\"sqlite:", "\"postgres\"", "\"postgres:", "\"postgresql\"", "\"postgresql:"];
/// What stands before the engine's name where it is shown, in a log or on a page.
const SHOWN: &[&str] = &[", engine = ", "\"engine\": "];
/// What stands before a string where an address is written, not read.
const WRITTEN: &[&str] = &["format!(", ": &str = "];

/// What stands before each place where the line has the word.
fn before<'a>(line: &'a str, word: &str) -> Vec<&'a str> {
    line.match_indices(word).map(|(at, _)| &line[..at]).collect()
}

/// Whether the engine's name is only shown: `engine = path.to.db.engine()` among the fields of a log, or in a document.
fn is_shown(before: &str) -> bool {
    let object = before.trim_end_matches(|c: char| c.is_alphanumeric() || "_.".contains(c));
    SHOWN.iter().any(|mark| object.ends_with(mark))
}

fn asks(line: &str) -> bool {
    if line.trim_start().starts_with("//") {
        return false;
    }
    let engine = before(line, ".engine()").into_iter().any(|before| !is_shown(before));
    let name = |word| before(line, word).into_iter().any(|before| !WRITTEN.iter().any(|mark| before.ends_with(mark)));
    engine || KINDS.iter().any(|kind| line.contains(kind)) || NAMES.iter().any(|word| name(*word))
}

fn is_watched(name: &str) -> bool {
    let mut parts = name.split('/');
    let (top, krate, folder) = (parts.next(), parts.next(), parts.next());
    top == Some("crates") && folder == Some("src") && krate.is_some_and(|krate| !MAY_ASK.contains(&krate))
}

pub fn check(root: &Path) -> Findings {
    let mut found = Vec::new();
    for (name, text) in sources(root).into_iter().filter(|(name, _)| is_watched(name)) {
        for (number, line) in (1..).zip(without_tests(&text).lines()).filter(|(_, line)| asks(line)) {
            found.push(format!("{name}:{number}: {}", line.trim()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_question_is_found() {
        let questions = [
            "Tx::Pg(c) => one(c),",
            "if let Db::Sqlite(_) = db {",
            "if db.engine() == \"sqlite\" {",
            "match self.app.db.engine() {",
            "let engine = app.db.engine();",
            "    .engine()",
            "if config.database.starts_with(\"postgres\") { 32 } else { 16 }",
            "url.strip_prefix(\"sqlite:\")",
            "\"postgresql\" | \"postgres\" => 32,",
            "let is_small = engine != \"sqlite\";",
            "fn all(c: &mut SqliteConnection) {}",
            "use diesel::pg::Pg;",
        ];
        for line in questions {
            assert!(asks(line), "{line}");
        }
    }

    #[test]
    fn showing_the_engine_or_writing_an_address_asks_nothing() {
        let answers = [
            "tracing::info!(%address, engine = node.app.db.engine(), role, \"listening\");",
            "\"database\": { \"engine\": api.app.db.engine(), \"ok\": true },",
            "pub const DATABASE: &str = \"sqlite:var/yunshi.db\";",
            "let header = \"sqlite3/sqlite3.h\";",
            "None => format!(\"sqlite:{}\", path.display()),",
            "/// On `Tx::Pg` as on \"sqlite\".",
            "let options = db::Options::for_url(&config.database);",
        ];
        for line in answers {
            assert!(!asks(line), "{line}");
        }
    }

    #[test]
    fn the_layer_itself_and_tests_may_ask() {
        assert!(is_watched("crates/worker/src/engine.rs"));
        for name in ["crates/db/src/lib.rs", "crates/testdb/src/lib.rs", "crates/store/tests/it/lists.rs", "web/src/a.ts"] {
            assert!(!is_watched(name), "{name}");
        }
    }
}
