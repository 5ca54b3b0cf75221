//! Files that are made from the code: they must be what the code makes now.

use crate::Findings;
use serde_json::Value;
use std::{fs, path::Path, process::Command};

const MEND: &str = "run `make openapi` and commit the result";

pub fn check(root: &Path) -> Findings {
    let mut found = Vec::new();
    let made = Command::new(root.join("target/debug/yunshi")).arg("openapi").output();
    let made: Option<Value> = made.ok().and_then(|o| serde_json::from_slice(&o.stdout).ok());
    let kept: Option<Value> = fs::read(root.join("crates/api/openapi.json")).ok().and_then(|b| serde_json::from_slice(&b).ok());
    match (made, kept) {
        (None, _) => found.push("target/debug/yunshi is missing; build it first".to_owned()),
        (Some(made), kept) if kept.as_ref() != Some(&made) => found.push(format!("crates/api/openapi.json is out of date: {MEND}")),
        (Some(_), _) => {}
    }
    let client = root.join("target/schema.ts");
    let run = Command::new("npx")
        .args(["--no-install", "openapi-typescript", "../crates/api/openapi.json", "-o"])
        .arg(&client)
        .current_dir(root.join("web"))
        .output();
    let fresh = run.ok().filter(|o| o.status.success()).and_then(|_| fs::read_to_string(&client).ok());
    if fresh.is_none() || fresh != fs::read_to_string(root.join("web/src/api/schema.ts")).ok() {
        found.push(format!("web/src/api/schema.ts is out of date: {MEND}"));
    }
    let tables = Command::new(root.join("target/debug/yunshi")).arg("interfaces").output().map(|o| o.stdout).unwrap_or_default();
    if fs::read(root.join("crates/wire/INTERFACES.md")).ok() != Some(tables) {
        found.push(format!("crates/wire/INTERFACES.md is out of date: {MEND}"));
    }
    let flows = Command::new(root.join("target/debug/yunshi")).arg("flows").output().map(|o| o.stdout).unwrap_or_default();
    if fs::read(root.join("docs/flows.md")).ok() != Some(flows) {
        found.push(format!("docs/flows.md is out of date: {MEND}"));
    }
    found
}
