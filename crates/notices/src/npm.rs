//! The packages of the consoles, by npm's lock file.

use crate::{Part, texts};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// What the consoles consist of: all that the lock file wants for production. Texts are those in `folder`, where the
/// lock file lies, as far as packages are installed there.
#[must_use]
pub fn packages(lock: &Value, folder: &Path) -> Vec<Part> {
    let all = lock["packages"].as_object().into_iter().flatten();
    let wanted = all.filter(|(at, package)| !at.is_empty() && !["dev", "devOptional"].iter().any(|mark| package[mark] == true));
    let mut sorted = BTreeMap::new();
    for (at, package) in wanted {
        // The path ends in the name, `node_modules/@scope/name`, below the package that wants another version.
        let name = at.rsplit("node_modules/").next().unwrap_or(at).to_owned();
        let version = package["version"].as_str().unwrap_or_default().to_owned();
        let licence = package["license"].as_str().unwrap_or_default().to_owned();
        let part = Part { name: name.clone(), version: version.clone(), licence, texts: texts::of(&folder.join(at)), ..Part::default() };
        sorted.insert((name, version), part);
    }
    sorted.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::fs;

    #[test]
    fn packages_for_production_are_named_with_or_without_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let scoped = folder.path().join("node_modules/@x/a");
        fs::create_dir_all(&scoped).unwrap();
        fs::write(scoped.join("LICENSE"), "as you like").unwrap();
        let lock = json!({ "packages": {
            "": { "name": "ours" },
            "node_modules/b": { "version": "2.0.0", "license": "MIT" },
            "node_modules/@x/a": { "version": "1.0.0", "license": "ISC" },
            "node_modules/b/node_modules/@x/a": { "version": "0.9.0" },
            "node_modules/tool": { "version": "1.0.0", "dev": true },
            "node_modules/types": { "version": "1.0.0", "devOptional": true },
        } });
        let found = packages(&lock, folder.path());
        let names: Vec<String> = found.iter().map(|p| format!("{} {} {} {}", p.name, p.version, p.licence, p.texts.len())).collect();
        assert_eq!(names, ["@x/a 0.9.0  0", "@x/a 1.0.0 ISC 1", "b 2.0.0 MIT 0"]);
        assert!(packages(&json!(null), folder.path()).is_empty());
    }
}
