//! The crates that are linked, as Cargo resolves them.

use crate::{Part, texts};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

/// The tables of a manifest with their headers: `[package]` and what stands below it, and so on.
fn tables(manifest: &str) -> Vec<(&str, &str)> {
    let starts: Vec<usize> =
        manifest.match_indices('[').map(|(at, _)| at).filter(|at| *at == 0 || manifest[..*at].ends_with('\n')).collect();
    let ends = starts.iter().skip(1).copied().chain([manifest.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| manifest[*start..end].split_once('\n')).collect()
}

/// A manifest that has a package's dependencies and nothing else: no tests, no other crates of the workspace. What is
/// resolved for it is what is linked, with its features, and all of it was downloaded when the package is built.
#[must_use]
pub fn manifest(root: &Path, workspace: &str, package: &str) -> String {
    let root = root.display().to_string().replace('\\', "/");
    let mut out =
        "[package]\nname = \"linked\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n[workspace]\n".to_owned();
    let own = tables(package).into_iter().filter(|(header, _)| *header == "[dependencies]" || header.ends_with(".dependencies]"));
    let shared = tables(workspace).into_iter().filter(|(header, _)| *header == "[workspace.dependencies]");
    for (header, body) in own {
        out.push_str(&format!("\n{header}\n{body}\n"));
    }
    for (header, body) in shared {
        out.push_str(&format!("\n{header}\n{}\n", body.replace("path = \"", &format!("path = \"{root}/"))));
    }
    out
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value[name].as_array().into_iter().flatten()
}

fn part(package: &Value) -> Part {
    let folder = Path::new(text(package, "manifest_path")).parent().unwrap_or(Path::new(""));
    let mut found = texts::of(folder);
    if let Some(other) = package["license_file"].as_str().and_then(|name| texts::read(&folder.join(name)))
        && !found.contains(&other)
    {
        found.push(other);
    }
    Part {
        name: text(package, "name").to_owned(),
        version: text(package, "version").to_owned(),
        licence: text(package, "license").to_owned(),
        source: text(package, "repository").to_owned(),
        authors: list(package, "authors").filter_map(|a| Some(a.as_str()?.to_owned())).collect(),
        texts: found,
    }
}

/// The crates that the root of `cargo metadata` links, and where each lies: not what is needed for its tests or build
/// scripts alone, nor the crates of the workspace. Macros count, since what they write is compiled.
#[must_use]
pub fn linked(metadata: &Value) -> Vec<(Part, String)> {
    let by_id = |list: &'static str, all: &Value| -> HashMap<String, Value> {
        all[list].as_array().into_iter().flatten().map(|v| (text(v, "id").to_owned(), v.clone())).collect()
    };
    let (packages, nodes) = (by_id("packages", metadata), by_id("nodes", &metadata["resolve"]));
    let mut seen = HashSet::new();
    let mut waiting = vec![text(&metadata["resolve"], "root").to_owned()];
    while let Some(id) = waiting.pop() {
        if let Some(node) = nodes.get(&id)
            && seen.insert(id)
        {
            let normal = list(node, "deps").filter(|dep| list(dep, "dep_kinds").any(|kind| kind["kind"].is_null()));
            waiting.extend(normal.map(|dep| text(dep, "pkg").to_owned()));
        }
    }
    let foreign = seen.iter().filter_map(|id| packages.get(id)).filter(|package| !package["source"].is_null());
    let sorted: BTreeMap<(&str, &str), &Value> = foreign.map(|p| ((text(p, "name"), text(p, "version")), p)).collect();
    let folder = |p: &Value| text(p, "manifest_path").trim_end_matches("Cargo.toml").to_owned();
    sorted.into_values().map(|package| (part(package), folder(package))).collect()
}

/// Where Cargo could not be asked: names and versions of all that the lock file holds, more than is linked.
#[must_use]
pub fn locked(lock: &str) -> Vec<Part> {
    let field = |entry: &str, name: &str| {
        let value = entry.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"'));
        value.unwrap_or_default().to_owned()
    };
    let entries = lock.split("[[package]]").filter(|entry| entry.contains("\nsource = "));
    entries.map(|entry| Part { name: field(entry, "name"), version: field(entry, "version"), ..Part::default() }).collect()
}

/// The standard library, by what `rustc --version --verbose` says, with the licences that lie beside it.
#[must_use]
pub fn standard_library(version: &str, sysroot: &Path) -> Part {
    let release = version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or_default();
    let licences = sysroot.join("share/doc/rust/licenses");
    Part {
        name: "Rust standard library".to_owned(),
        version: release.to_owned(),
        licence: "MIT OR Apache-2.0".to_owned(),
        source: "https://github.com/rust-lang/rust".to_owned(),
        authors: vec!["The Rust Project Developers".to_owned()],
        texts: ["MIT.txt", "Apache-2.0.txt"].iter().filter_map(|name| texts::read(&licences.join(name))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_manifest_keeps_the_dependencies_alone() {
        let workspace = "[workspace]\nmembers = [\"crates/*\"]\n\n[workspace.dependencies]\na = { path = \"crates/a\" }\n\
                         b = { version = \"1\", features = [\n\"c\"] }\n[profile.dev]\ndebug = 1\n";
        let package = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\n\n[target.'cfg(unix)'.dependencies]\n\
                       b.workspace = true\n[dev-dependencies]\nd.workspace = true\n[build-dependencies]\ne.workspace = true\n";
        let made = manifest(Path::new("/root"), workspace, package);
        for kept in ["[dependencies]\na.workspace", "[target.'cfg(unix)'.dependencies]\nb.", "path = \"/root/crates/a\"", "[\n\"c\"] }"] {
            assert!(made.contains(kept), "{made}");
        }
        for left in ["members", "debug", "d.workspace", "e.workspace"] {
            assert!(!made.contains(left), "{made}");
        }
    }

    #[test]
    fn what_is_linked_is_reached_by_normal_dependencies() {
        let package = |id: &str, source: Value| {
            json!({ "id": id, "name": id, "version": "1.0.0", "source": source, "license": "MIT", "authors": ["Ann"],
                    "repository": "https://example.com", "manifest_path": format!("/nowhere/{id}/Cargo.toml") })
        };
        let dep = |id: &str, kinds: Value| json!({ "pkg": id, "dep_kinds": kinds });
        let (normal, build) = (json!([{ "kind": null, "target": null }]), json!([{ "kind": "build", "target": null }]));
        let both = json!([{ "kind": "dev" }, { "kind": null }]);
        let metadata = json!({
            "packages": [package("root", Value::Null), package("ours", Value::Null), package("b", json!("registry")),
                         package("a", json!("registry")), package("tool", json!("registry")), package("other", json!("registry"))],
            "resolve": { "root": "root", "nodes": [
                { "id": "root", "deps": [dep("ours", normal), dep("tool", build)] },
                { "id": "ours", "deps": [dep("a", both.clone())] },
                { "id": "a", "deps": [dep("b", both), dep("ours", json!([{ "kind": "dev" }]))] },
                { "id": "b", "deps": [] }, { "id": "tool", "deps": [] }, { "id": "other", "deps": [] },
            ] },
        });
        let found = linked(&metadata);
        let names: Vec<&str> = found.iter().map(|(part, _)| part.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!((found[0].0.licence.as_str(), found[0].0.texts.len(), found[0].1.as_str()), ("MIT", 0, "/nowhere/a/"));
        assert!(linked(&json!({})).is_empty());
    }

    #[test]
    fn a_lock_file_names_what_comes_from_elsewhere() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\nsource = \"registry\"\n\n\
                    [[package]]\nname = \"ours\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n";
        let found: Vec<(String, String)> = locked(lock).into_iter().map(|p| (p.name, p.version)).collect();
        assert_eq!(found, [("a".to_owned(), "1.2.3".to_owned())]);
    }

    #[test]
    fn the_standard_library_has_the_compilers_version() {
        let found = standard_library("rustc 1.95.0 (abc)\nrelease: 1.95.0\n", Path::new("/nowhere"));
        assert_eq!((found.version.as_str(), found.texts.len()), ("1.95.0", 0));
    }
}
