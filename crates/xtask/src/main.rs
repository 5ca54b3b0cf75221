//! `cargo xtask tidy`: style as a test. Arrows between crates, sizes, banned names, leftovers, generated
//! files. A new rule goes into [`RULES`] with the reason that people read when it fails.

mod arrows;
mod engines;
mod generated;
mod lines;
mod sources;
mod tree;
mod unused;

use std::{path::Path, process::ExitCode};

/// What a rule found wrong, a line each.
type Findings = Vec<String>;

/// How a rule is checked, given the root of the project.
type Check = fn(&Path) -> Findings;

/// The rules: a name that says what must hold, and how it is checked.
const RULES: &[(&str, Check)] = &[
    ("arrows between crates go one way", arrows::check),
    ("every dependency is used", unused::check),
    ("no file is longer than 450 lines, tests aside", sources::sizes),
    ("no line is longer than 140 columns", lines::check),
    ("no name that refuses nothing", sources::names),
    ("nothing left unfinished", sources::leftovers),
    ("only the database layer asks which engine runs", engines::check),
    ("tests wait for conditions, not for time", sources::sleeping),
    ("every route of the API is in its description", sources::routes),
    ("the API's description and the web client are up to date", generated::check),
];

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy   checks the structure of the sources, and that generated files are up to date; needs target/debug/yunshi
  help   prints this";

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy(),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn tidy() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut failed = 0;
    for (name, check) in RULES {
        let found = check(&root);
        println!("{} {name}", if found.is_empty() { "ok  " } else { "FAIL" });
        for line in &found {
            println!("     {line}");
        }
        failed += usize::from(!found.is_empty());
    }
    println!("{} passed, {failed} failed", RULES.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
