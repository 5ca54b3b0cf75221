//! `cargo xtask tidy`: style as a test. Arrows between crates, sizes, banned names, leftovers, generated
//! files. A new rule goes into [`RULES`] with the reason that people read when it fails.

mod arrows;
mod engines;
mod generated;
mod licences;
mod lines;
mod sources;
mod tested;
mod tree;
mod unused;
mod words;

use std::{path::Path, process::ExitCode};

/// What a rule found wrong, a line each.
type Findings = Vec<String>;

/// How a rule is checked, given the root of the project.
enum Check {
    /// By reading files.
    Read(fn(&Path) -> Findings),
    /// By a tool that need not be installed: nothing was checked, for this reason.
    Ask(fn(&Path) -> Result<Findings, String>),
}
use Check::{Ask, Read};

/// The rules: a name that says what must hold, and how it is checked.
const RULES: &[(&str, Check)] = &[
    ("arrows between crates go one way", Read(arrows::check)),
    ("every dependency is used", Read(unused::check)),
    ("no file is longer than 450 lines, tests aside", Read(sources::sizes)),
    ("no line is longer than 140 columns", Read(lines::check)),
    ("no name that refuses nothing", Read(sources::names)),
    ("nothing left unfinished", Read(sources::leftovers)),
    ("only the database layer asks which engine runs", Read(engines::check)),
    ("words of the model are compared as what they are", Read(words::check)),
    ("tests wait for conditions, not for time", Read(sources::sleeping)),
    ("the rules of the marketplace are tested where they live", Read(tested::check)),
    ("every route of the API is in its description", Read(sources::routes)),
    ("licences, bans and sources of dependencies are as deny.toml says", Ask(licences::check)),
    ("the API's description and the web client are up to date", Read(generated::check)),
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
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, check) in RULES {
        let found = match check {
            Read(check) => Ok(check(&root)),
            Ask(check) => check(&root),
        };
        let (word, lines, count) = match found {
            Ok(found) if found.is_empty() => ("ok  ", found, &mut passed),
            Ok(found) => ("FAIL", found, &mut failed),
            Err(reason) => ("skip", vec![reason], &mut skipped),
        };
        println!("{word} {name}");
        for line in &lines {
            println!("     {line}");
        }
        *count += 1;
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
