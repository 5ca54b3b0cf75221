//! What the sources themselves must look like.

use crate::Findings;
use std::{
    fs,
    path::{Path, PathBuf},
};
use walkdir::WalkDir;

const LINES_MAX: usize = 450;
/// One declaration per table and nothing else: it grows with the database, not with ideas.
const LONG_ALLOWED: &[&str] = &["crates/db/src/schema.rs", "web/src/api/schema.ts"];
const BANNED: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc"];
/// Spelled in halves, so that this file does not find itself.
const LEFTOVERS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("unimple", "mented!("),
    concat!("to", "do!("),
    concat!("#[ig", "nore"),
    concat!("it.sk", "ip("),
    concat!("test.sk", "ip("),
    concat!("describe.sk", "ip("),
    concat!("it.on", "ly("),
    concat!("test.on", "ly("),
    concat!("describe.on", "ly("),
];
const SOURCES: &[&str] = &["rs", "ts", "tsx", "py", "mjs", "sh"];

fn files(root: &Path) -> Vec<(String, PathBuf)> {
    let skipped = ["target", "node_modules", "dist", ".git", "var"];
    WalkDir::new(root)
        .into_iter()
        .filter_entry(|e| !skipped.contains(&e.file_name().to_string_lossy().as_ref()))
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file())
        .map(|e| (e.path().strip_prefix(root).unwrap_or(e.path()).to_string_lossy().into_owned(), e.path().to_owned()))
        .collect()
}

fn sources(root: &Path) -> Vec<(String, String)> {
    let is_source = |path: &Path| path.extension().is_some_and(|e| SOURCES.contains(&e.to_string_lossy().as_ref()));
    let all = files(root).into_iter().filter(|(_, path)| is_source(path));
    all.filter_map(|(name, path)| Some((name, fs::read_to_string(path).ok()?))).collect()
}

/// The text without its inline tests.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

fn lines_with(root: &Path, wanted: impl Fn(&str) -> bool, found: impl Fn(&str) -> bool) -> Findings {
    let mut findings = Vec::new();
    for (name, text) in sources(root).into_iter().filter(|(name, _)| wanted(name)) {
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| found(line)) {
            findings.push(format!("{name}:{number}: {}", line.trim()));
        }
    }
    findings
}

pub fn sizes(root: &Path) -> Findings {
    let long = |(name, text): &(String, String)| {
        let lines = without_tests(text).lines().count();
        (lines > LINES_MAX && !LONG_ALLOWED.contains(&name.as_str()))
            .then(|| format!("{name} has {lines} lines: it has two subjects, name them"))
    };
    sources(root).iter().filter_map(long).collect()
}

pub fn names(root: &Path) -> Findings {
    let bad = |name: &String| {
        Path::new(name).components().any(|part| BANNED.contains(&part.as_os_str().to_string_lossy().split('.').next().unwrap_or_default()))
    };
    files(root).into_iter().map(|(name, _)| name).filter(bad).collect()
}

pub fn leftovers(root: &Path) -> Findings {
    lines_with(root, |_| true, |line| LEFTOVERS.iter().any(|word| line.contains(word)))
}

pub fn engines(root: &Path) -> Findings {
    lines_with(
        root,
        |name| name.starts_with("crates/") && !name.starts_with("crates/db/") && !name.starts_with("crates/xtask/"),
        |line| line.contains("Tx::Pg") || line.contains("Tx::Sqlite"),
    )
}

pub fn sleeping(root: &Path) -> Findings {
    let words = [concat!("time::sl", "eep("), concat!("thread::sl", "eep("), concat!("waitFor", "Timeout(")];
    lines_with(root, |name| name.contains("/tests/") || name.starts_with("crates/test"), |line| words.iter().any(|w| line.contains(w)))
}

/// Routes outside the described router are the few that are no API.
pub fn routes(root: &Path) -> Findings {
    let known = ["/api/v1/openapi.json", "/api/docs", "/healthz", "/readyz", "/metrics", "/products/{product}"];
    lines_with(
        root,
        |name| name.starts_with("crates/api/src"),
        |line| line.contains(".route(\"") && !known.iter().any(|k| line.contains(&format!("\"{k}\""))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_tests_do_not_count() {
        assert_eq!(without_tests("a\n\n#[cfg(test)]\nmod tests {\n}\n"), "a\n");
    }
}
