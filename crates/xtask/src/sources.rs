//! What the sources themselves must look like.

use crate::{
    Findings,
    tree::{files, sources, without_tests},
};
use std::path::Path;

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
    use std::fs;

    /// A tree with one file.
    fn with(name: &str, text: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        root
    }

    #[test]
    fn a_long_file_is_refused_unless_its_tests_make_it_long() {
        assert_eq!(sizes(with("a.rs", &"x\n".repeat(451)).path()).len(), 1);
        let tested = format!("x\n\n#[cfg(test)]\nmod tests {{\n{}}}\n", "x\n".repeat(500));
        assert!(sizes(with("a.rs", &tested).path()).is_empty());
    }

    #[test]
    fn a_name_that_refuses_nothing_is_refused() {
        assert_eq!(names(with("crates/app/src/utils.rs", "").path()), ["crates/app/src/utils.rs"]);
        assert_eq!(names(with("web/src/common/a.ts", "").path()).len(), 1);
        assert!(names(with("web/src/commonly.ts", "").path()).is_empty());
    }

    #[test]
    fn what_is_left_unfinished_is_refused() {
        let line = concat!("// TO", "DO: the rest");
        assert_eq!(leftovers(with("scripts/x", line).path()), [format!("scripts/x:1: {line}")]);
    }

    #[test]
    fn a_test_that_waits_for_time_is_refused() {
        let line = concat!("tokio::time::sl", "eep(SECOND).await;");
        assert_eq!(sleeping(with("crates/app/tests/it/a.rs", line).path()).len(), 1);
        assert!(sleeping(with("crates/app/src/a.rs", line).path()).is_empty());
    }

    #[test]
    fn a_route_beside_the_description_is_refused() {
        assert_eq!(routes(with("crates/api/src/a.rs", ".route(\"/secret\", get(x))").path()).len(), 1);
        assert!(routes(with("crates/api/src/a.rs", ".route(\"/healthz\", get(x))").path()).is_empty());
    }
}
