//! Which crate may know which: pure rings in the middle, the edge outside (docs/architecture.md, 1).

use crate::Findings;
use std::{fs, path::Path};

/// A crate and the crates of ours that it may name outside its tests.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &[]),
    ("ledger", &["domain"]),
    ("db", &["domain"]),
    ("store", &["db", "domain", "ledger"]),
    ("app", &["db", "domain", "ledger", "store", "wire"]),
    ("worker", &["app", "db", "domain", "store", "wire"]),
    ("api", &["app", "db", "domain", "ledger", "store", "wire", "worker"]),
    ("server", &["api", "app", "db", "domain", "seller-rust", "store", "wire", "worker"]),
    ("notices", &[]),
    ("testdb", &["db"]),
    ("testkit", &["testdb", "wire"]),
    ("harness", &["app", "db", "domain", "ledger", "seller-rust", "store", "testdb", "wire"]),
    ("xtask", &[]),
    ("bench", &["app", "db", "store", "wire"]),
];

/// What the pure rings and the use cases never touch. An optional dependency is touched by nobody who does not ask for it.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("domain", &["diesel", "tokio", "reqwest", "axum", "getrandom"]),
    ("ledger", &["diesel", "tokio", "reqwest", "axum", "getrandom"]),
    ("wire", &["diesel", "tokio", "reqwest", "axum", "getrandom"]),
    ("store", &["tokio", "reqwest", "axum"]),
    ("app", &["diesel", "tokio", "reqwest", "axum"]),
    ("api", &["diesel", "reqwest"]),
    ("worker", &["diesel", "axum"]),
];

fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('[')).filter(|line| !line.contains("optional = true"));
    lines.filter_map(|line| line.split(['.', ' ', '=']).next()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

pub fn check(root: &Path) -> Findings {
    let mut found = Vec::new();
    let ours: Vec<&str> = ALLOWED.iter().map(|(name, _)| *name).chain(["seller-rust"]).collect();
    for (name, allowed) in ALLOWED {
        let path = root.join("crates").join(name).join("Cargo.toml");
        let Ok(manifest) = fs::read_to_string(&path) else {
            found.push(format!("{} is missing", path.display()));
            continue;
        };
        let forbidden = FORBIDDEN.iter().find(|(n, _)| n == name).map_or(&[][..], |(_, list)| *list);
        for dependency in dependencies(&manifest) {
            let wrong_arrow = ours.contains(&dependency.as_str()) && !allowed.contains(&dependency.as_str());
            if wrong_arrow || forbidden.contains(&dependency.as_str()) {
                found.push(format!("{name} must not know {dependency}"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_from_their_section_alone() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\ndb.workspace = true\nserde = \"1\"\n\
                        diesel = { workspace = true, optional = true }\n\n[dev-dependencies]\ntestdb = \"1\"\n";
        assert_eq!(dependencies(manifest), ["db", "serde"]);
    }
}
