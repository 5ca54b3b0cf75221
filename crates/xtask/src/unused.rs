//! Dependencies that nothing names: each costs building time, and a line in every audit.

use crate::{
    Findings,
    tree::{files, without_tests},
};
use std::{collections::BTreeSet, fs, path::Path};
use toml::Table;

/// A crate, a dependency that its sources do not name, and why it has it.
const UNNAMED: &[(&str, &str, &str)] = &[
    ("yunshi-ledger", "serde", "named by what `domain::words!` expands to"),
    ("yunshi-db", "libsqlite3-sys", "builds SQLite itself: the feature `bundled`"),
    ("yunshi-db", "pq-sys", "builds libpq itself: the feature `bundled_without_openssl`"),
];

/// Where the uses of a table of dependencies are looked for.
const TABLES: &[(&str, &[&str])] = &[
    ("dependencies", &["src/"]),
    ("build-dependencies", &["build.rs", "build/"]),
    ("dev-dependencies", &["src/", "tests/", "benches/", "examples/"]),
];

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a line names the crate: `name::…` that is no part of a longer path, or `use name`.
fn names(line: &str, krate: &str) -> bool {
    line.match_indices(krate).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + krate.len()..]);
        let alone = !before.ends_with(is_word) && !before.strip_suffix("::").is_some_and(|path| path.ends_with(is_word));
        let used = after.trim_start().starts_with("::");
        let imported = ["use ", "extern crate "].iter().any(|word| before.ends_with(word)) && !after.starts_with(is_word);
        alone && (used || imported)
    })
}

fn is_used(krate: &str, texts: &[&str]) -> bool {
    texts.iter().flat_map(|text| text.lines()).any(|line| !line.trim_start().starts_with("//") && names(line, krate))
}

fn keys<'a>(manifest: &'a Table, table: &str) -> impl Iterator<Item = &'a String> + use<'a> {
    manifest.get(table).and_then(|t| t.as_table()).into_iter().flat_map(Table::keys)
}

/// What one crate does not use. `texts` are its Rust files by their paths below the manifest.
fn unused(manifest: &Table, texts: &[(String, String)]) -> Findings {
    let package = manifest.get("package").and_then(|p| p.get("name")).and_then(|n| n.as_str()).unwrap_or("?");
    let mut found = Vec::new();
    for (table, places) in TABLES {
        let inline = *table != "dependencies";
        let looked = texts.iter().filter(|(name, _)| places.iter().any(|place| name.starts_with(place)));
        let looked: Vec<&str> = looked.map(|(_, text)| if inline { text } else { without_tests(text) }).collect();
        for name in keys(manifest, table).filter(|name| !is_used(&name.replace('-', "_"), &looked)) {
            if !UNNAMED.iter().any(|(krate, known, _)| *krate == package && known == name) {
                found.push(format!("{package} does not use {name} of its [{table}]"));
            }
        }
    }
    found
}

/// What the workspace declares and no crate takes.
fn untaken(workspace: &Table, manifests: &[Table]) -> Findings {
    let taken: BTreeSet<&String> = manifests.iter().flat_map(|m| TABLES.iter().flat_map(|(table, _)| keys(m, table))).collect();
    let declared = workspace.get("workspace").and_then(|w| w.as_table());
    let declared = declared.into_iter().flat_map(|w| keys(w, "dependencies"));
    declared.filter(|name| !taken.contains(name)).map(|name| format!("no crate takes {name} of [workspace.dependencies]")).collect()
}

pub fn check(root: &Path) -> Findings {
    let all = files(root);
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let (mut found, mut manifests) = (Vec::new(), Vec::new());
    for (name, path) in all.iter().filter(|(name, _)| name.ends_with("/Cargo.toml")) {
        let Ok(manifest) = read(path).parse::<Table>() else {
            found.push(format!("{name} cannot be read"));
            continue;
        };
        let folder = name.trim_end_matches("Cargo.toml");
        let rust = all.iter().filter(|(name, _)| name.starts_with(folder) && name.ends_with(".rs"));
        let texts: Vec<(String, String)> = rust.map(|(name, path)| (name[folder.len()..].to_owned(), read(path))).collect();
        found.extend(unused(&manifest, &texts));
        manifests.push(manifest);
    }
    if let Ok(workspace) = read(&root.join("Cargo.toml")).parse::<Table>() {
        found.extend(untaken(&workspace, &manifests));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_named_by_a_path_or_an_import() {
        for line in ["use url::Url;", "x: ::url::Url", "pub use url as address;", "url::Url::parse(x)", "#[derive(url::Derive)]"] {
            assert!(names(line, "url"), "{line}");
        }
        for line in ["let url = 1;", "crate::url::parse()", "my_url::parse()", "use crate::url;", "urls::all()"] {
            assert!(!names(line, "url"), "{line}");
        }
    }

    #[test]
    fn each_table_is_looked_for_in_its_own_place() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na-b.workspace = true\nc = \"1\"\nd = \"1\"\n\
                        [dev-dependencies]\ne = \"1\"\nf = \"1\"\n[build-dependencies]\ng = \"1\"\n";
        let texts = [
            ("src/lib.rs", "use a_b::X;\n// c::Y\n\n#[cfg(test)]\nmod tests {\n    use d::Z;\n    use e::Z;\n}\n"),
            ("tests/it/main.rs", "c::y(f::z());"),
            ("build.rs", "fn main() {}"),
        ];
        let found = unused(&manifest.parse().unwrap(), &texts.map(|(name, text)| (name.to_owned(), text.to_owned())));
        let expected = ["c of its [dependencies]", "d of its [dependencies]", "g of its [build-dependencies]"];
        assert_eq!(found, expected.map(|rest| format!("x does not use {rest}")));
    }

    #[test]
    fn what_the_workspace_declares_is_taken() {
        let workspace: Table = "[workspace.dependencies]\na = \"1\"\nb = \"1\"\n".parse().unwrap();
        let one: Table = "[dev-dependencies]\na.workspace = true\n".parse().unwrap();
        assert_eq!(untaken(&workspace, &[one]), ["no crate takes b of [workspace.dependencies]"]);
    }
}
